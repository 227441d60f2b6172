"""The table of jobs: enqueueing, claims, leases, and how jobs end."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncSession

from market.claiming import DueHead, claim, due_heads
from market.db import ENQUEUED, Database
from market.jobs import (
    LATER,
    MAX_ATTEMPTS,
    NOW,
    SOON,
    Job,
    LeaseLost,
    backoff_s,
    enqueue,
    enqueue_all,
    extend,
    fail,
    finish,
    give_back,
)
from tests.market.job_trials import (
    KIND,
    START,
    change_jobs,
    effects,
    in_unit,
    leave_effects,
    make_effects_table,
    put,
    rows,
    states,
    take,
    the_job,
)

AN_HOUR_AGO = START - timedelta(hours=1)


async def test_job_is_there_exactly_when_the_change_that_asks_for_it_is(
    database: Database,
) -> None:
    with pytest.raises(RuntimeError):
        await in_unit(database, _enqueue_and_break)
    await put(database)

    assert [job.payload for job in await rows(database)] == [{"n": 0}]


@pytest.mark.parametrize("priority", [NOW, SOON, LATER])
async def test_jobs_enqueued_together_are_as_those_enqueued_alone(
    database: Database, priority: int
) -> None:
    async with database.writing() as session:
        await enqueue(session, KIND, {"n": 0}, priority=priority)
        await enqueue_all(session, KIND, [{"n": 1}, {"n": 2}], priority=priority)

    alone, *together = await rows(database)
    claimed = await take(database, limit=5)
    assert [job.payload for job in (alone, *together)] == [{"n": 0}, {"n": 1}, {"n": 2}]
    for job in together:
        assert _own(job) == _own(alone)
        assert abs(job.run_at - alone.run_at) < timedelta(minutes=1)
        assert abs(job.created_at - alone.created_at) < timedelta(minutes=1)
    assert {job.id for job in claimed} == {alone.id, *(job.id for job in together)}


def _own(job: Job) -> tuple[Any, ...]:
    times = job.lease, job.lease_until, job.done_at
    return job.kind, job.state, job.priority, job.attempts, job.max_attempts, job.error, times


async def test_jobs_enqueued_together_go_with_their_unit_of_work(database: Database) -> None:
    async def enqueue_and_break(session: AsyncSession) -> None:
        await enqueue_all(session, KIND, [{"n": "lost"}])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await in_unit(database, enqueue_and_break)
    assert await rows(database) == []


@pytest.mark.parametrize(("payloads", "heard"), [([], 0), ([{"n": 1}, {"n": 2}], 1)])
async def test_workers_hear_once_of_jobs_enqueued_together(
    database: Database, payloads: list[dict[str, Any]], heard: int
) -> None:
    told: list[str] = []
    database.when_enqueued.append(lambda: told.append("look"))

    async with database.writing() as session:
        await enqueue_all(session, KIND, payloads)

    assert len(told) == heard


async def test_no_priority_of_its_own_for_jobs_enqueued_together(database: Database) -> None:
    with pytest.raises(ValueError, match="There is no priority 7"):
        await in_unit(database, lambda session: enqueue_all(session, KIND, [{}], priority=7))


async def _enqueue_and_break(session: object) -> None:
    await enqueue(session, KIND, {"n": "lost"})  # type: ignore[arg-type]
    raise RuntimeError


async def test_new_job_is_queued_and_due_at_once(database: Database) -> None:
    await put(database)

    job = await the_job(database)
    (claimed,) = await take(database)
    assert (job.kind, job.state, job.priority, job.attempts) == (KIND, "queued", NOW, 0)
    assert (claimed.id, claimed.attempts, claimed.max_attempts) == (job.id, 1, MAX_ATTEMPTS)


async def test_same_dedupe_is_enqueued_once_even_when_done(database: Database) -> None:
    async def one(session: object) -> bool:
        return await enqueue(session, KIND, {}, dedupe="once")  # type: ignore[arg-type]

    first = await in_unit(database, one)
    second = await in_unit(database, one)
    await leave_no_effects(database)
    third = await in_unit(database, one)

    assert (first, second, third) == (True, False, False)
    assert await states(database) == ["done"]


async def leave_no_effects(database: Database) -> None:
    jobs = await take(database)
    await in_unit(database, lambda session: finish(session, jobs))


async def test_twenty_at_once_enqueue_one_dedupe_once(database: Database) -> None:
    await asyncio.gather(*(put(database, dedupe="once") for _ in range(20)))

    assert await states(database) == ["queued"]


async def test_unknown_priority_is_a_mistake_of_the_caller(database: Database) -> None:
    with pytest.raises(ValueError, match="no priority 3"):
        await put(database, priority=3)


async def test_unit_of_work_that_enqueues_tells_the_listeners_after_its_commit(
    database: Database,
) -> None:
    told: list[str] = []
    database.when_enqueued.append(lambda: told.append("news"))

    async with database.writing() as session:
        await enqueue(session, KIND, {})
        within = list(told)
    async with database.writing() as session:
        await session.execute(text("SELECT 1"))
        marked = session.info.get(ENQUEUED)

    assert (within, told, marked) == ([], ["news"], None)


async def test_unit_of_work_that_fails_tells_nobody(database: Database) -> None:
    told: list[str] = []
    database.when_enqueued.append(lambda: told.append("news"))

    with pytest.raises(RuntimeError):
        await in_unit(database, _enqueue_and_break)

    assert told == []


async def test_claims_take_the_urgent_first_and_the_older_before_the_younger(
    database: Database,
) -> None:
    wanted = [(LATER, 5), (NOW, 1), (SOON, 9), (NOW, 2), (SOON, 3)]
    for priority, minutes in wanted:
        run_at = START - timedelta(minutes=minutes)
        await put(database, priority=priority, run_at=run_at)

    claimed = await take(database, now=START)

    order = [job.id for job in await rows(database)]
    assert [order.index(job.id) for job in claimed] == [3, 1, 2, 4, 0]


async def test_claim_takes_only_the_kinds_and_the_priority_asked_for(database: Database) -> None:
    for kind in (KIND, "other"):
        for priority in (NOW, SOON):
            await put(database, kind=kind, priority=priority)

    claimed = await take(database, [KIND], priority=SOON)

    taken = [job for job in await rows(database) if job.id in {each.id for each in claimed}]
    assert [(job.kind, job.priority) for job in taken] == [(KIND, SOON)]


async def test_claim_leaves_what_is_not_due_done_or_dead(database: Database) -> None:
    await put(database, 4, run_at=START)
    first, second, third, _ = (job.id for job in await rows(database))
    await change_jobs(database, Job.id == first, state="done")
    await change_jobs(database, Job.id == second, state="dead")
    await change_jobs(database, Job.id == third, run_at=START + timedelta(seconds=1))

    claimed = await take(database, now=START)

    assert [job.payload for job in claimed] == [{"n": 3}]


async def test_no_kinds_means_no_jobs(database: Database) -> None:
    await put(database)

    async with database.reading() as session:
        heads = await due_heads(session, [])
    assert (await take(database, []), heads) == ([], [])


async def test_many_claimers_at_once_never_get_the_same_job(database: Database) -> None:
    await put(database, 120)

    hands = await asyncio.gather(*(take(database, limit=10) for _ in range(20)))

    taken = [job.id for hand in hands for job in hand]
    # Workers on PostgreSQL skip what another is just taking, so a hand may stay empty.
    taken += [job.id for job in await take(database, limit=200)]
    assert sorted(taken) == [job.id for job in await rows(database)]
    assert {job.attempts for job in await rows(database)} == {1}


async def test_lease_keeps_a_job_until_it_runs_out(database: Database) -> None:
    await put(database, run_at=START)
    await take(database, lease_s=60, now=START)

    within = await take(database, now=START + timedelta(seconds=60))
    after = await take(database, now=START + timedelta(seconds=61))

    assert (within, [job.attempts for job in after]) == ([], [2])


async def test_extended_lease_keeps_a_job_longer(database: Database) -> None:
    await put(database, run_at=START)
    jobs = await take(database, lease_s=60, now=START)

    later = START + timedelta(seconds=50)
    held = await in_unit(database, lambda session: extend(session, jobs, lease_s=60, now=later))
    taken = await take(database, now=START + timedelta(seconds=100))

    assert (held, taken) == (1, [])


async def test_extending_counts_only_what_is_still_held(database: Database) -> None:
    await put(database, 3, run_at=START)
    jobs = await take(database, now=START)
    await change_jobs(database, Job.id == jobs[1].id, lease=None)

    held = await in_unit(database, lambda session: extend(session, jobs, lease_s=60))

    assert held == 2


async def test_finish_without_the_lease_undoes_the_effect(database: Database) -> None:
    await make_effects_table(database)
    await put(database, run_at=START)
    late = await take(database, now=START)
    others = await take(database, now=START + timedelta(hours=1))

    with pytest.raises(LeaseLost):
        await leave_effects(database, late)
    before = await effects(database)
    await leave_effects(database, others)

    assert before == {}
    assert await effects(database) == {others[0].id: 1}
    assert await states(database) == ["done"]


async def test_one_lost_lease_of_many_undoes_all_effects(database: Database) -> None:
    await make_effects_table(database)
    await put(database, 3)
    jobs = await take(database)
    await change_jobs(database, Job.id == jobs[2].id, lease=None, state="queued")

    with pytest.raises(LeaseLost):
        await leave_effects(database, jobs)

    assert await effects(database) == {}
    assert await states(database) == ["running", "running", "queued"]


async def test_old_lease_of_a_job_does_not_count_beside_a_new_one(database: Database) -> None:
    """A hand that mixes two claims must not finish one job by the lease of the other."""
    await put(database, run_at=START)
    (old,) = await take(database, now=START)
    await put(database, run_at=START)
    await change_jobs(database, attempts=0)
    again = await take(database, now=START + timedelta(hours=1))
    (other,) = (job for job in again if job.id != old.id)

    with pytest.raises(LeaseLost):
        await in_unit(database, lambda session: finish(session, [old, other]))

    assert len(again) == 2
    assert await states(database) == ["running", "running"]


async def test_finishing_twice_is_a_lost_lease(database: Database) -> None:
    await put(database)
    jobs = await take(database)
    await in_unit(database, lambda session: finish(session, jobs))

    with pytest.raises(LeaseLost):
        await in_unit(database, lambda session: finish(session, jobs))


async def test_finishing_nothing_is_no_error(database: Database) -> None:
    await in_unit(database, lambda session: finish(session, []))

    assert await rows(database) == []


async def test_more_jobs_than_a_statement_has_parameters_end_together(
    database: Database,
) -> None:
    async with database.writing() as session:
        session.add_all(
            Job(kind=KIND, payload={}, run_at=START, created_at=START) for _ in range(2_500)
        )

    jobs = await take(database, limit=3_000)
    held = await in_unit(database, lambda session: extend(session, jobs, lease_s=60))
    await in_unit(database, lambda session: finish(session, jobs))

    assert (len(jobs), held) == (2_500, 2_500)
    assert set(await states(database)) == {"done"}


async def test_failed_job_waits_and_then_comes_again(database: Database) -> None:
    await put(database, run_at=START)
    (job,) = await take(database, now=START)

    await in_unit(database, lambda session: fail(session, job, "ValueError: no", now=START))

    stored = await the_job(database)
    assert (stored.state, stored.error, stored.lease) == ("queued", "ValueError: no", None)
    assert START + timedelta(seconds=1) <= stored.run_at <= START + timedelta(seconds=2)
    assert await take(database, now=START + timedelta(seconds=0.9)) == []
    assert [job.attempts for job in await take(database, now=stored.run_at)] == [2]


async def test_job_is_dead_when_its_attempts_are_used_up(database: Database) -> None:
    await put(database, run_at=START)
    now = START
    for _ in range(MAX_ATTEMPTS):
        now += timedelta(hours=2)
        (job,) = await take(database, now=now)
        async with database.writing() as session:
            await fail(session, job, "no", now=START)

    stored = await the_job(database)
    assert (stored.state, stored.attempts, stored.done_at) == ("dead", MAX_ATTEMPTS, START)
    assert await take(database, now=now + timedelta(days=1)) == []


async def test_failure_without_retry_is_dead_at_once(database: Database) -> None:
    await put(database)
    (job,) = await take(database)

    was_held = await in_unit(database, lambda session: fail(session, job, "no", retry=False))

    assert (was_held, await states(database)) == (True, ["dead"])


async def test_failing_or_returning_without_the_lease_changes_nothing(database: Database) -> None:
    await put(database, run_at=START)
    late = await take(database, now=START)
    await take(database, now=START + timedelta(hours=1))
    before = await the_job(database)

    failed = await in_unit(database, lambda session: fail(session, late[0], "no"))
    returned = await in_unit(database, lambda session: give_back(session, late, delay_s=0))

    after = await the_job(database)
    assert (failed, returned) == (False, 0)
    assert (after.state, after.lease, after.attempts) == ("running", before.lease, 2)


@pytest.mark.parametrize("error", ["a\0b", "half \ud83d of a pair", "错" * 5_000])
async def test_any_error_text_can_be_stored(database: Database, error: str) -> None:
    await put(database)
    (job,) = await take(database)

    await in_unit(database, lambda session: fail(session, job, error))

    stored = (await the_job(database)).error
    kept = {"a\0b": "ab", "half \ud83d of a pair": "half ? of a pair"}
    assert stored == kept.get(error, "错" * 2_000)


async def test_job_given_back_has_lost_no_attempt(database: Database) -> None:
    await put(database, run_at=START)
    jobs = await take(database, now=START)

    await in_unit(database, lambda session: give_back(session, jobs, delay_s=5, now=START))

    assert await take(database, now=START + timedelta(seconds=4)) == []
    assert [job.attempts for job in await take(database, now=START + timedelta(seconds=5))] == [1]


async def test_worker_that_falls_silent_at_every_attempt_leaves_a_dead_job(
    database: Database,
) -> None:
    await put(database, run_at=START)
    await change_jobs(database, max_attempts=3)
    hands = [
        await take(database, lease_s=60, now=START + timedelta(hours=hour)) for hour in range(5)
    ]

    stored = await the_job(database)
    # At the third look it was put off.
    assert [len(hand) for hand in hands] == [1, 1, 0, 1, 0]
    assert (stored.state, stored.attempts, stored.lease) == ("dead", 3, None)
    assert stored.error == "The worker died or fell silent."


async def test_job_of_workers_that_keep_dying_waits_longer_each_time(database: Database) -> None:
    await put(database, run_at=START)
    now = START
    waits_s: list[float] = []
    while len(waits_s) < 6:
        if await take(database, lease_s=2, now=now):
            now += timedelta(seconds=3)
            continue
        stored = await the_job(database)
        assert (stored.state, stored.lease) == ("queued", None)
        waits_s.append((stored.run_at - now).total_seconds())
        now = stored.run_at

    full_s = [4, 8, 16, 32, 64, 128]
    assert [full / 2 <= wait <= full for full, wait in zip(full_s, waits_s, strict=True)] == [
        True
    ] * 6


async def test_dead_ones_do_not_hide_the_due_ones_behind_them(database: Database) -> None:
    await put(database, 3, run_at=AN_HOUR_AGO)
    used_up = {"state": "running", "attempts": 8, "lease_until": AN_HOUR_AGO}
    await change_jobs(database, **used_up)
    await put(database, run_at=START)

    claimed = await take(database, limit=2, now=START)

    assert [job.attempts for job in claimed] == [1]
    assert await states(database) == ["dead", "dead", "dead", "running"]


async def test_job_that_was_tried_before_is_claimed_alone(database: Database) -> None:
    await put(database, 5, run_at=AN_HOUR_AGO)
    order = [job.id for job in await rows(database)]
    await change_jobs(database, Job.id.in_([order[0], order[3]]), attempts=1)

    hands = [await take(database, now=START) for _ in range(4)]

    placed = [sorted(order.index(job.id) for job in hand) for hand in hands]
    assert placed == [[0], [1, 2, 4], [3], []]


async def test_heads_tell_where_due_jobs_wait_without_taking_them(database: Database) -> None:
    for kind, priority, minutes in [
        (KIND, SOON, 9), (KIND, SOON, 5), (KIND, NOW, 1), ("other", NOW, 3), ("foreign", NOW, 8),
    ]:  # fmt: skip
        await put(database, kind=kind, priority=priority, run_at=START - timedelta(minutes=minutes))
    await put(database, kind="other", priority=LATER, run_at=START + timedelta(minutes=1))

    async with database.reading() as session:
        heads = await due_heads(session, [KIND, "other"], now=START)

    assert heads == [
        DueHead("other", NOW, START - timedelta(minutes=3)),
        DueHead(KIND, NOW, START - timedelta(minutes=1)),
        DueHead(KIND, SOON, START - timedelta(minutes=9)),
    ]
    assert set(await states(database)) == {"queued"}


async def test_look_for_due_jobs_reads_nothing_but_the_index(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses its plan by the size of the table.")
    asked: list[tuple[str, Any]] = []
    async with database.reading() as session:
        connection = await session.connection()
        event.listen(
            connection.sync_connection,
            "before_cursor_execute",
            lambda _c, _cursor, statement, values, *_: asked.append((statement, values)),
        )
        await due_heads(session, [KIND])
        statement, values = asked[-1]
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)).all()

    assert [row.detail for row in plan] == [
        "SEARCH jobs USING COVERING INDEX ix_jobs_due (kind=?)",
        "USE TEMP B-TREE FOR ORDER BY",
    ]


@given(attempts=st.integers(1, 2_000))
def test_backoff_grows_to_an_hour_and_is_spread(attempts: int) -> None:
    full_s = min(3600.0, 2.0 ** min(attempts, 12))

    assert full_s / 2 <= backoff_s(attempts) <= full_s


async def test_times_of_jobs_are_those_of_the_database(database: Database) -> None:
    """So a worker or a web process with a wrong clock neither delays jobs nor takes leases."""
    if database.is_sqlite:
        pytest.skip("SQLite has the clock of its one machine.")
    async with database.writing() as session:
        await enqueue(session, KIND, {})
        enqueued_at = await session.scalar(text("SELECT now()"))
    async with database.writing() as session:
        jobs = await claim(session, [KIND], limit=1, lease_s=60)
        claimed_at = await session.scalar(text("SELECT now()"))
    claimed = await the_job(database)
    async with database.writing() as session:
        await finish(session, jobs)
        done_at = await session.scalar(text("SELECT now()"))

    done = await the_job(database)
    assert (claimed.run_at, claimed.lease_until) == (
        enqueued_at,
        claimed_at + timedelta(seconds=60),
    )
    assert done.done_at == done_at
