"""Jobs that kill their worker's whole process."""

import asyncio

from market.db import Database
from market.jobs import Job, enqueue
from tests.market.job_process import start
from tests.market.job_trials import (
    KIND,
    change_jobs,
    effects,
    make_effects_table,
    put,
    rows,
    until,
)

MAX_ATTEMPTS = 2


async def test_job_that_kills_its_worker_ends_dead_and_takes_no_other_along(
    database_url: str, database: Database
) -> None:
    await make_effects_table(database)
    await put(database, 5)
    async with database.writing() as session:
        await enqueue(session, KIND, {"n": "kill"})
    await put(database, 5)
    await change_jobs(database, max_attempts=MAX_ATTEMPTS)
    killer = (await rows(database))[5].id

    deaths = await _run_workers(database_url, database)

    jobs = await rows(database)
    assert deaths == MAX_ATTEMPTS
    assert [job.id for job in jobs if job.state == "dead"] == [killer]
    assert {job.state for job in jobs if job.id != killer} == {"done"}
    assert await effects(database) == {job.id: 1 for job in jobs if job.id != killer}


async def _run_workers(url: str, database: Database) -> int:
    """One worker after the other until no job is left; how many were killed."""

    async def all_ended() -> bool:
        return {job.state for job in await rows(database)} <= {"done", "dead"}

    deaths = 0
    while True:
        worker = await start("work", url, 0.4)
        ended = asyncio.create_task(until(all_ended))
        died = asyncio.create_task(worker.wait())
        await asyncio.wait([ended, died], return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            died.cancel()
            worker.kill()
            await worker.communicate()
            ended.result()
            return deaths
        ended.cancel()
        assert worker.returncode == 9
        await worker.communicate()
        deaths += 1


async def test_other_workers_take_over_what_a_killed_one_had_in_hand(
    database_url: str, database: Database
) -> None:
    await make_effects_table(database)
    await put(database, 3)
    await change_jobs(database, Job.kind == KIND, payload={"n": "kill"})
    worker = await start("work", database_url, 0.2)
    await worker.communicate()
    await change_jobs(database, Job.kind == KIND, payload={"n": "good"})

    deaths = await _run_workers(database_url, database)

    jobs = await rows(database)
    assert (worker.returncode, deaths) == (9, 0)
    assert [(job.state, job.attempts) for job in jobs] == [("done", 2)] * 3
    assert await effects(database) == {job.id: 1 for job in jobs}
