"""What operators and the clock do with jobs."""

import uuid
from datetime import datetime, timedelta

import pytest

from market.db import Database
from market.job_upkeep import (
    PRUNED_AT_ONCE,
    count_jobs,
    drop_jobs,
    listed_jobs,
    oldest_due_at,
    prune_jobs,
    retry_dead_jobs,
    retry_jobs,
)
from market.jobs import Job, State
from tests.market.job_trials import START, change_jobs, in_unit, put, rows, states, take

DAY = timedelta(days=1)


async def _stock(database: Database) -> dict[str, uuid.UUID]:
    """One job in each state, a second dead one of another kind, and one whose worker died."""
    names = ("queued", "running", "done", "dead", "dead other", "silent")
    for name in names:
        await put(database, kind="other" if name == "dead other" else "trial", run_at=START)
    ids = dict(zip(names, [job.id for job in await rows(database)], strict=True))
    ended = {"done_at": START, "attempts": 8, "error": "no"}
    leased = {"state": "running", "attempts": 1, "lease": uuid.uuid4()}
    await change_jobs(database, Job.id == ids["running"], lease_until=START + DAY, **leased)
    await change_jobs(database, Job.id == ids["silent"], lease_until=START - DAY, **leased)
    await change_jobs(database, Job.id == ids["done"], state="done", **ended)
    await change_jobs(database, Job.id.in_([ids["dead"], ids["dead other"]]), state="dead", **ended)
    return ids


@pytest.mark.parametrize(
    ("state", "kind", "limit", "names"),
    [
        (None, None, 9, ["silent", "dead other", "dead", "done", "running", "queued"]),
        (None, None, 2, ["silent", "dead other"]),
        ("dead", None, 9, ["dead other", "dead"]),
        ("dead", "trial", 9, ["dead"]),
        (None, "other", 9, ["dead other"]),
        ("queued", "other", 9, []),
    ],
)
async def test_list_tells_the_youngest_of_a_state_and_kind(
    database: Database, state: State | None, kind: str | None, limit: int, names: list[str]
) -> None:
    ids = await _stock(database)

    async with database.reading() as session:
        found = await listed_jobs(session, state=state, kind=kind, limit=limit)

    assert [job.id for job in found] == [ids[name] for name in names]


async def test_counts_are_by_kind_and_state(database: Database) -> None:
    await _stock(database)

    async with database.reading() as session:
        everything = await count_jobs(session)
        dead = await count_jobs(session, state="dead")
        other = await count_jobs(session, kind="other")

    assert everything == {
        "other": {"dead": 1},
        "trial": {"dead": 1, "done": 1, "queued": 1, "running": 2},
    }
    assert dead == {"other": {"dead": 1}, "trial": {"dead": 1}}
    assert other == {"other": {"dead": 1}}


async def test_oldest_due_job_is_the_one_that_waits_longest(database: Database) -> None:
    async def oldest(now: datetime) -> datetime | None:
        async with database.reading() as session:
            return await oldest_due_at(session, now)

    await put(database, run_at=START)
    await put(database, run_at=START - DAY)
    await put(database, run_at=START - 2 * DAY)
    third = (await rows(database))[2]
    await change_jobs(database, Job.id == third.id, state="done")

    assert await oldest(START) == START - DAY
    assert await oldest(START - 1.5 * DAY) is None


async def test_retry_makes_dead_and_waiting_jobs_due_with_all_their_attempts(
    database: Database,
) -> None:
    ids = await _stock(database)
    await change_jobs(database, Job.id == ids["queued"], run_at=START + DAY, attempts=3)

    again = await in_unit(
        database, lambda session: retry_jobs(session, [*ids.values(), uuid.uuid4()], START)
    )

    wanted = {ids[name] for name in ("queued", "dead", "dead other")}
    jobs = [job for job in await rows(database) if job.id in wanted]
    assert again == wanted
    assert [(job.state, job.attempts, job.run_at, job.done_at) for job in jobs] == [
        ("queued", 0, START, None)
    ] * 3
    assert {job.state for job in await rows(database) if job.id not in wanted} == {
        "running",
        "done",
    }


@pytest.mark.parametrize(
    ("kind", "names"), [(None, {"dead", "dead other"}), ("other", {"dead other"})]
)
async def test_retry_of_all_dead_jobs_leaves_the_others(
    database: Database, kind: str | None, names: set[str]
) -> None:
    ids = await _stock(database)

    again = await in_unit(database, lambda session: retry_dead_jobs(session, START, kind=kind))

    assert again == {ids[name] for name in names}
    assert (await states(database)).count("dead") == 2 - len(names)


async def test_retried_job_is_claimed_again(database: Database) -> None:
    ids = await _stock(database)
    await in_unit(database, lambda session: retry_jobs(session, [ids["dead"]], START))

    claimed = await take(database, now=START)

    assert ids["dead"] in {job.id for job in claimed}


async def test_retry_tells_the_workers_of_this_process(database: Database) -> None:
    ids = await _stock(database)
    told: list[str] = []
    database.when_enqueued.append(lambda: told.append("news"))

    await in_unit(database, lambda session: retry_jobs(session, [ids["dead"]], START))

    assert told == ["news"]


async def test_drop_takes_away_all_but_what_a_worker_has_in_hand(database: Database) -> None:
    ids = await _stock(database)

    dropped = await in_unit(database, lambda session: drop_jobs(session, [*ids.values()], START))

    assert dropped == set(ids.values()) - {ids["running"]}
    assert [job.id for job in await rows(database)] == [ids["running"]]


async def test_drop_leaves_what_was_not_named(database: Database) -> None:
    ids = await _stock(database)

    dropped = await in_unit(
        database, lambda session: drop_jobs(session, [ids["dead"], uuid.uuid4()], START)
    )

    assert dropped == {ids["dead"]}
    assert len(await rows(database)) == 5


async def test_prune_removes_what_ended_long_ago(database: Database) -> None:
    await put(database, 6)
    ages = [("done", 8), ("done", 6), ("dead", 91), ("dead", 89), ("dead", 8), ("queued", 999)]
    for job, (state, days) in zip(await rows(database), ages, strict=True):
        await change_jobs(database, Job.id == job.id, state=state, done_at=START - days * DAY)

    removed = await in_unit(database, lambda session: prune_jobs(session, START))

    assert removed == 2
    assert await states(database) == ["done", "dead", "dead", "queued"]


async def test_prune_goes_in_parts(database: Database) -> None:
    async with database.writing() as session:
        session.add_all(
            Job(
                kind="trial",
                payload={},
                state="done",
                run_at=START,
                created_at=START,
                done_at=START - 8 * DAY,
            )
            for _ in range(PRUNED_AT_ONCE + 10)
        )

    parts = [await in_unit(database, lambda session: prune_jobs(session, START)) for _ in range(3)]

    assert parts == [PRUNED_AT_ONCE, 10, 0]
