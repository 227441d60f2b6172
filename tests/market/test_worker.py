"""The worker: groups, failures, leases, stopping, and what it outlives."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import pytest
import pytest_asyncio
from sqlalchemy import insert, text

from market.crons import Cron
from market.db import Database, utc_now
from market.errors import Unavailable
from market.jobs import LATER, NOW, SOON, ClaimedJob, CronSlot, Job, JobKind, enqueue, finish
from market.settings import Settings
from market.worker import Pace, Worker, pace_of
from search.port import SearchUnavailable
from tests.market.job_trials import (
    KIND,
    START,
    Clock,
    Gate,
    change_jobs,
    effects,
    failing,
    in_unit,
    leave_effects,
    make_all_due,
    make_effects_table,
    put,
    rows,
    states,
    take,
    the_job,
    until,
    well_behaved,
)

QUICK = Pace(poll_s=0.01, shutdown_s=5)
AWAY = Unavailable("away", "不在", "It is away.")


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def effects_table(database: Database) -> AsyncIterator[None]:
    await make_effects_table(database)
    yield


async def test_every_due_job_is_done_once(database: Database) -> None:
    await put(database, 25)

    await Worker(database, {KIND: well_behaved(database, batch=10)}).run_until_idle()

    jobs = await rows(database)
    assert {job.state for job in jobs} == {"done"}
    assert await effects(database) == {job.id: 1 for job in jobs}


async def test_jobs_that_jobs_enqueue_are_done_too(database: Database) -> None:
    async def pass_on(jobs: Sequence[ClaimedJob]) -> None:
        async with database.writing() as session:
            await enqueue(session, "second", {})
            await finish(session, jobs)

    await put(database, kind="first")

    kinds = {"first": JobKind(pass_on), "second": well_behaved(database)}
    await Worker(database, kinds).run_until_idle()

    assert await states(database) == ["done", "done"]


async def test_jobs_put_off_and_of_unknown_kinds_stay(database: Database) -> None:
    await put(database, run_at=utc_now() + timedelta(hours=1))
    await put(database, kind="unknown")

    await Worker(database, {KIND: well_behaved(database)}).run_until_idle()

    assert await states(database) == ["queued", "queued"]


async def test_group_is_of_one_kind_and_priority_and_no_larger_than_asked(
    database: Database,
) -> None:
    groups: list[list[tuple[str, int]]] = []

    async def note(jobs: Sequence[ClaimedJob]) -> None:
        groups.append([(job.kind, job.payload["n"]) for job in jobs])
        await leave_effects(database, jobs)

    await put(database, 3, kind="a", priority=NOW)
    await put(database, 2, kind="a", priority=SOON)
    await put(database, 1, kind="b", priority=NOW)

    kinds = {"a": JobKind(note, batch=2), "b": JobKind(note, batch=2)}
    await Worker(database, kinds).run_until_idle()

    assert sorted(groups) == [
        [("a", 0), ("a", 1)],
        [("a", 0), ("a", 1)],
        [("a", 2)],
        [("b", 0)],
    ]


async def test_flood_of_urgent_jobs_does_not_starve_the_others(database: Database) -> None:
    order: list[str] = []

    async def flood(jobs: Sequence[ClaimedJob]) -> None:
        order.extend(job.payload["n"] for job in jobs)
        is_late_one = jobs[0].payload["n"] == "late"
        async with database.writing() as session:
            await finish(session, jobs)
            # As long as the one that may wait was not served, there is always an urgent one.
            if not is_late_one and "late" not in order:
                await enqueue(session, KIND, {"n": "urgent"})

    async with database.writing() as session:
        await enqueue(session, KIND, {"n": "late"}, priority=LATER, run_at=START)
        await enqueue(session, KIND, {"n": "urgent"})

    async with asyncio.timeout(60):
        await Worker(database, {KIND: JobKind(flood)}).run_until_idle()

    assert order.count("late") == 1


@pytest.mark.parametrize("at_once", [1, 3])
async def test_kind_runs_as_often_at_once_as_it_says(database: Database, at_once: int) -> None:
    running, seen, full = 0, [0], asyncio.Event()

    async def count(jobs: Sequence[ClaimedJob]) -> None:
        nonlocal running
        running += 1
        seen.append(running)
        if running == at_once:
            full.set()
        await full.wait()
        await leave_effects(database, jobs)
        running -= 1

    await put(database, 6)

    async with asyncio.timeout(20):
        await Worker(database, {KIND: JobKind(count, at_once=at_once)}).run_until_idle()

    assert max(seen) == at_once
    assert set(await states(database)) == {"done"}


async def test_patient_jobs_come_in_smaller_groups(database: Database) -> None:
    sizes: list[int] = []

    async def note(jobs: Sequence[ClaimedJob]) -> None:
        sizes.append(len(jobs))
        await in_unit(database, lambda session: finish(session, jobs))

    for count, priority in ((4, NOW), (5, SOON), (6, LATER)):
        await put(database, count, priority=priority)

    await Worker(database, {KIND: JobKind(note, batch=4, patient_batch=3)}).run_until_idle()

    assert sorted(sizes) == [2, 3, 3, 3, 4]


@pytest.mark.parametrize("patient_at_once", [1, 2])
async def test_patient_jobs_leave_places_to_urgent_ones(
    database: Database, patient_at_once: int
) -> None:
    running: list[int] = []
    seen: list[list[int]] = []
    full = asyncio.Event()

    async def note(jobs: Sequence[ClaimedJob]) -> None:
        running.append(jobs[0].priority)
        seen.append(sorted(running))
        if len(running) == 3:
            full.set()
        await full.wait()
        await leave_effects(database, jobs)
        running.remove(jobs[0].priority)

    async def are_waiting() -> bool:
        return len(running) == patient_at_once

    async def are_done() -> bool:
        return set(await states(database)) == {"done"}

    await put(database, 4, priority=SOON)
    await put(database, 3, priority=LATER)
    kinds = {KIND: JobKind(note, at_once=3, patient_at_once=patient_at_once)}

    async with asyncio.timeout(20), Worker(database, kinds, pace=QUICK).running():
        await until(are_waiting)
        await put(database, 2, priority=NOW)
        await until(are_done)

    assert max(sum(priority != NOW for priority in each) for each in seen) == patient_at_once
    assert [NOW, *[SOON] * patient_at_once] in seen


async def test_claimed_job_knows_how_urgent_it_is(database: Database) -> None:
    for priority in (LATER, NOW, SOON):
        await put(database, priority=priority)

    assert [job.priority for job in await take(database)] == [NOW, SOON, LATER]


@pytest.mark.parametrize(
    ("priority", "waited", "first"),
    [
        (SOON, timedelta(), "bulk"),
        (LATER, timedelta(), "bulk"),
        (NOW, timedelta(), "following"),
        (SOON, timedelta(minutes=6), "following"),
    ],
)
async def test_patient_job_gives_way_for_some_minutes(
    database: Database, priority: int, waited: timedelta, first: str
) -> None:
    begun: list[str] = []

    async def note(jobs: Sequence[ClaimedJob]) -> None:
        begun.append(jobs[0].kind)
        await in_unit(database, lambda session: finish(session, jobs))

    now = utc_now()
    await put(database, 3, kind="bulk", priority=SOON, run_at=now)
    await put(database, kind="following", priority=priority, run_at=now - waited)
    kinds = {"bulk": JobKind(note), "following": JobKind(note, yields_to=frozenset({"bulk"}))}

    await Worker(database, kinds, pace=Pace(at_once=1)).run_until_idle()

    assert begun == sorted(["following", *["bulk"] * 3], reverse=first == "following")


async def test_impossible_kind_is_left_to_others(database: Database) -> None:
    await put(database, kind="impossible")
    await put(database, kind="possible")

    kinds = {
        "impossible": well_behaved(database, is_possible=lambda: False),
        "possible": well_behaved(database),
    }
    await Worker(database, kinds).run_until_idle()

    assert [(job.kind, job.state, job.attempts) for job in await rows(database)] == [
        ("impossible", "queued", 0),
        ("possible", "done", 1),
    ]


async def test_failure_is_stored_without_the_values_of_its_statement(
    database: Database,
) -> None:
    async def take_twice(_jobs: Sequence[ClaimedJob]) -> None:
        async with database.engine.begin() as connection:
            slot = insert(CronSlot).values(name="13900001111", next_at=START)
            await connection.execute(slot)
            await connection.execute(slot)

    await put(database)

    await Worker(database, {KIND: JobKind(take_twice)}).run_until_idle()

    told = {
        True: "IntegrityError: UNIQUE constraint failed: cron_slots.name",
        False: 'UniqueViolation: duplicate key value violates unique constraint "pk_cron_slots"',
    }
    job = await the_job(database)
    assert (job.state, job.attempts, job.error) == ("queued", 1, told[database.is_sqlite])


async def test_poison_job_ends_dead_and_the_others_are_done_in_their_first_attempt(
    database: Database,
) -> None:
    async def handle(jobs: Sequence[ClaimedJob]) -> None:
        if any(job.payload["n"] == 3 for job in jobs):
            raise ValueError("poison")
        await leave_effects(database, jobs)

    await put(database, 8)
    await change_jobs(database, max_attempts=3)

    for _ in range(4):
        await Worker(database, {KIND: JobKind(handle, batch=8)}).run_until_idle()
        await make_all_due(database)

    jobs = await rows(database)
    ends = [(job.state, job.attempts) for job in jobs]
    assert ends == [("dead" if n == 3 else "done", 3 if n == 3 else 1) for n in range(8)]
    assert await effects(database) == {job.id: 1 for job in jobs if job.state == "done"}


@pytest.mark.parametrize("error", [AWAY, SearchUnavailable("gone"), OSError("no")])
async def test_what_is_away_costs_no_attempt_and_anything_else_does(
    database: Database, error: Exception
) -> None:
    await put(database, 3)
    before = utc_now()

    await Worker(database, {KIND: failing(lambda: error, batch=3)}).run_until_idle()

    attempts = 1 if isinstance(error, OSError) else 0
    jobs = await rows(database)
    assert [(job.state, job.attempts) for job in jobs] == [("queued", attempts)] * 3
    assert all(job.run_at > before for job in jobs)


async def test_kind_whose_needs_are_away_rests_while_others_go_on(database: Database) -> None:
    clock, tried = Clock(), [0]

    async def away(_jobs: Sequence[ClaimedJob]) -> None:
        tried[0] += 1
        raise AWAY

    await put(database, 5, kind="away", run_at=START)
    await put(database, 2, kind="fine", run_at=START)
    kinds = {"away": JobKind(away), "fine": well_behaved(database)}
    worker = Worker(database, kinds, clock=clock)

    await worker.run_until_idle()
    at_first = tried[0]
    clock.step(seconds=4)
    await worker.run_until_idle()
    within_the_rest = tried[0]
    clock.step(seconds=2)
    await worker.run_until_idle()

    assert (at_first, within_the_rest, tried[0]) == (1, 1, 2)
    assert {job.state for job in await rows(database) if job.kind == "fine"} == {"done"}


async def test_what_comes_back_in_the_middle_of_a_group_returns_the_rest_unharmed(
    database: Database,
) -> None:
    async def handle(jobs: Sequence[ClaimedJob]) -> None:
        if len(jobs) > 1:
            raise ValueError("together it fails")
        if jobs[0].payload["n"] == 2:
            raise AWAY
        await leave_effects(database, jobs)

    await put(database, 4)

    await Worker(database, {KIND: JobKind(handle, batch=4)}).run_until_idle()

    assert [(job.state, job.attempts) for job in await rows(database)] == [
        ("done", 1),
        ("done", 1),
        ("queued", 0),
        ("queued", 0),
    ]


async def test_statement_that_runs_out_of_time_is_the_jobs_own_failure(
    database_url: str, database: Database
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no time limit for statements.")
    hasty = Database(database_url, statement_timeout_s=1)

    async def sleep(_jobs: Sequence[ClaimedJob]) -> None:
        async with hasty.writing() as session:
            await session.execute(text("SELECT pg_sleep(3)"))

    await put(database)

    await Worker(database, {KIND: JobKind(sleep)}).run_until_idle()
    await hasty.close()

    assert [(job.state, job.attempts) for job in await rows(database)] == [("queued", 1)]


async def test_long_work_keeps_its_lease(database: Database) -> None:
    gate = Gate(database)
    await put(database)
    working = asyncio.create_task(
        Worker(database, {KIND: JobKind(gate.handle)}, pace=Pace(lease_s=0.6)).run_until_idle()
    )
    await gate.entered.wait()
    leased_until = (await the_job(database)).lease_until
    assert leased_until is not None

    async def is_extended() -> bool:
        return (await the_job(database)).lease_until != leased_until

    await until(is_extended)
    gate.open.set()
    await working

    done = await the_job(database)
    assert (done.state, done.attempts) == ("done", 1)


async def test_jobs_that_wait_for_their_turn_keep_their_leases(database: Database) -> None:
    async def is_second_extended() -> bool:
        second = (await rows(database))[1]
        return second.lease_until != leases[0]

    async def handle(jobs: Sequence[ClaimedJob]) -> None:
        if len(jobs) > 1:
            leases.append((await rows(database))[1].lease_until)
            raise ValueError("together it fails")
        if jobs[0].payload["n"] == 0:
            await until(is_second_extended)
        await leave_effects(database, jobs)

    leases: list[datetime | None] = []
    await put(database, 2)

    kinds = {KIND: JobKind(handle, batch=2)}
    await Worker(database, kinds, pace=Pace(lease_s=0.6)).run_until_idle()

    assert [(job.state, job.attempts) for job in await rows(database)] == [("done", 1)] * 2


async def test_handler_whose_lease_is_lost_is_cut_short(database: Database) -> None:
    gate = Gate(database)
    await put(database)
    pace = Pace(lease_s=0.3)
    working = asyncio.create_task(
        Worker(database, {KIND: JobKind(gate.handle)}, pace=pace).run_until_idle()
    )
    await gate.entered.wait()
    others = await take(database, now=utc_now() + timedelta(hours=1), lease_s=3_600)

    await working

    job = await the_job(database)
    assert gate.was_cancelled
    assert (job.state, job.lease, job.attempts) == ("running", others[0].lease, 2)


async def test_lost_job_of_a_group_leaves_the_others_to_be_done(database: Database) -> None:
    stolen = asyncio.Event()

    async def handle(jobs: Sequence[ClaimedJob]) -> None:
        if len(jobs) > 1:
            await change_jobs(database, Job.id == jobs[1].id, lease=None, state="dead")
            stolen.set()
        await leave_effects(database, jobs)

    await put(database, 3)

    await Worker(database, {KIND: JobKind(handle, batch=3)}).run_until_idle()

    assert stolen.is_set()
    assert await states(database) == ["done", "dead", "done"]
    assert sorted((await effects(database)).values()) == [1, 1]


async def test_handler_that_takes_too_long_fails(database: Database) -> None:
    gate = Gate(database)
    await put(database)

    await Worker(database, {KIND: JobKind(gate.handle)}, pace=Pace(limit_s=0.05)).run_until_idle()

    job = await the_job(database)
    assert gate.was_cancelled
    assert (job.state, job.attempts, job.error) == ("queued", 1, "TimeoutError: ")


async def test_handler_that_cancels_itself_fails_like_any_other(database: Database) -> None:
    await put(database)

    await Worker(database, {KIND: failing(asyncio.CancelledError)}).run_until_idle()

    job = await the_job(database)
    assert (job.attempts, job.error) == (1, "RuntimeError: The handler cancelled itself.")


async def test_stop_lets_running_jobs_finish(database: Database) -> None:
    gate = Gate(database)
    await put(database, 2)
    worker = Worker(database, {KIND: JobKind(gate.handle)}, pace=QUICK)
    working = asyncio.create_task(worker.run())
    await gate.entered.wait()

    worker.stop()
    gate.open.set()
    await working

    assert [(job.state, job.attempts) for job in await rows(database)] == [
        ("done", 1),
        ("queued", 0),
    ]


async def test_stop_returns_what_runs_on_too_long(database: Database) -> None:
    gate = Gate(database)
    await put(database, 3)
    worker = Worker(
        database, {KIND: JobKind(gate.handle, batch=3)}, pace=Pace(poll_s=0.01, shutdown_s=0.05)
    )

    async with worker.running():
        await gate.entered.wait()

    assert gate.was_cancelled
    jobs = await rows(database)
    assert [(job.state, job.attempts, job.lease) for job in jobs] == [("queued", 0, None)] * 3


async def test_stop_in_the_middle_of_a_group_returns_what_was_not_begun(
    database: Database,
) -> None:
    async def handle(jobs: Sequence[ClaimedJob]) -> None:
        if len(jobs) > 1:
            raise ValueError("together it fails")
        worker.stop()
        await leave_effects(database, jobs)

    await put(database, 4)
    worker = Worker(database, {KIND: JobKind(handle, batch=4)}, pace=QUICK)

    await worker.run()

    assert [(job.state, job.attempts) for job in await rows(database)] == [
        ("done", 1),
        ("queued", 0),
        ("queued", 0),
        ("queued", 0),
    ]


async def test_cancelled_worker_returns_its_jobs(database: Database) -> None:
    gate = Gate(database)
    await put(database)
    working = asyncio.create_task(Worker(database, {KIND: JobKind(gate.handle)}, pace=QUICK).run())
    await gate.entered.wait()

    working.cancel()
    await asyncio.wait([working])

    job = await the_job(database)
    assert (working.cancelled(), job.state, job.attempts) == (True, "queued", 0)
    assert database.when_enqueued == []


async def test_job_enqueued_in_this_process_wakes_the_worker(database: Database) -> None:
    """The next look would come in an hour: only the news of the commit can bring it now."""
    done = asyncio.Event()

    async def handle(jobs: Sequence[ClaimedJob]) -> None:
        await leave_effects(database, jobs)
        done.set()

    async def is_listening() -> bool:
        return bool(database.when_enqueued)

    worker = Worker(database, {KIND: JobKind(handle)}, pace=Pace(poll_s=3_600))
    async with worker.running():
        await until(is_listening)
        await put(database)
        async with asyncio.timeout(20):
            await done.wait()

    assert await states(database) == ["done"]


async def test_job_enqueued_elsewhere_is_found_at_the_next_look(
    database_url: str, database: Database
) -> None:
    done = asyncio.Event()

    async def handle(jobs: Sequence[ClaimedJob]) -> None:
        await leave_effects(database, jobs)
        done.set()

    elsewhere = Database(database_url)
    async with Worker(database, {KIND: JobKind(handle)}, pace=QUICK).running():
        await put(elsewhere)
        async with asyncio.timeout(20):
            await done.wait()
    await elsewhere.close()

    assert await states(database) == ["done"]


async def test_worker_outlives_failures_of_its_own_looks(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    asked = [0]

    def is_possible() -> bool:
        asked[0] += 1
        if asked[0] == 1:
            raise RuntimeError("broken look")
        if asked[0] == 2:
            raise AWAY
        return True

    async def is_done() -> bool:
        return await states(database) == ["done"]

    await put(database)
    kinds = {KIND: well_behaved(database, is_possible=is_possible)}
    worker = Worker(database, kinds, pace=QUICK)

    with caplog.at_level(logging.WARNING, "market.worker"):
        async with worker.running():
            await until(is_done)

    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", "The worker failed to look for jobs; it goes on."),
        ("WARNING", "The database is away; looking again soon: 不在 · It is away."),
    ]


async def test_worker_enqueues_what_is_due_by_the_clock(database: Database) -> None:
    clock = Clock()
    hourly = Cron("trial", KIND, timedelta(hours=1), {"n": 1})
    foreign = Cron("foreign", "unknown", timedelta(hours=1))
    kinds = {KIND: well_behaved(database)}
    await Worker(database, kinds, [hourly, foreign], clock=clock).run_once()
    await change_jobs(database, run_at=START)

    clock.step(hours=1)
    await Worker(database, kinds, [hourly, foreign], clock=clock).run_once()

    jobs = await rows(database)
    assert [(job.kind, job.payload, job.dedupe) for job in jobs] == [
        (KIND, {"n": 1}, "cron:trial:2026-10-30T23:00:00+00:00")
    ]


async def test_workers_side_by_side_do_each_job_once(database_url: str, database: Database) -> None:
    await put(database, 60)
    others = [Database(database_url) for _ in range(2)]

    await asyncio.gather(
        *(
            Worker(each, {KIND: well_behaved(each, batch=3)}).run_until_idle()
            for each in (database, *others)
        )
    )
    await Worker(database, {KIND: well_behaved(database)}).run_until_idle()
    for each in others:
        await each.close()

    jobs = await rows(database)
    assert {(job.state, job.attempts) for job in jobs} == {("done", 1)}
    assert await effects(database) == {job.id: 1 for job in jobs}


def test_pace_follows_the_settings() -> None:
    settings = Settings(worker_lease_s=30, worker_poll_ms=250, shutdown_s=7)

    assert pace_of(settings) == Pace(lease_s=30, poll_s=0.25, shutdown_s=7)
