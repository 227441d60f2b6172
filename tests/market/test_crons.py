"""Recurring jobs: slots, and that each is enqueued exactly once."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.crons import Cron, next_slot, tick
from market.db import Database
from market.jobs import LATER
from tests.market.job_trials import START, Clock, rows

HOUR = timedelta(hours=1)
HOURLY = Cron("hourly", "hourly", HOUR)
NIGHTLY = Cron("nightly", "nightly", time(19), {"deep": True})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "now", "slot"),
    [
        (HOUR, "2026-10-30 22:30", "2026-10-30 23:00"),
        (HOUR, "2026-10-30 23:00", "2026-10-31 00:00"),
        (timedelta(minutes=10), "2026-12-31 23:55", "2027-01-01 00:00"),
        (timedelta(days=1), "2026-02-28 00:00", "2026-03-01 00:00"),
        (time(19), "2026-10-31 18:59:59", "2026-10-31 19:00"),
        (time(19), "2026-10-31 19:00", "2026-11-01 19:00"),
        (time(3, 30), "2028-02-28 12:00", "2028-02-29 03:30"),
    ],
)
def test_next_slot(every: timedelta | time, now: str, slot: str) -> None:
    assert next_slot(every, at(now)) == at(slot)


def test_slots_are_those_of_utc_whatever_the_clock_shows() -> None:
    in_china = datetime(2026, 11, 1, 2, 59, tzinfo=timezone(timedelta(hours=8)))

    assert next_slot(time(19), in_china) == at("2026-10-31 19:00")


@given(
    now=st.floats(0, 4e9).map(lambda s: datetime.fromtimestamp(s, UTC)),
    every=st.one_of(
        st.integers(60, 90_000).map(lambda s: timedelta(seconds=s)),
        st.times().filter(lambda t: t.tzinfo is None),
    ),
)
def test_next_slot_lies_ahead_and_none_between(now: datetime, every: timedelta | time) -> None:
    slot = next_slot(every, now)

    period = every if isinstance(every, timedelta) else timedelta(days=1)
    assert now < slot <= now + period
    assert next_slot(every, slot) == slot + period


async def test_cron_begins_with_its_next_slot(database: Database) -> None:
    enqueued = [await tick(database, [HOURLY], START + delay) for delay in (timedelta(), HOUR / 3)]

    assert enqueued == [0, 0]
    assert await rows(database) == []


async def test_slot_becomes_a_job_that_may_wait(database: Database) -> None:
    await tick(database, [NIGHTLY], at("2026-10-31 12:00"))

    enqueued = await tick(database, [NIGHTLY], at("2026-10-31 19:00"))

    assert enqueued == 1
    assert [(job.kind, job.payload, job.priority, job.dedupe) for job in await rows(database)] == [
        ("nightly", {"deep": True}, LATER, "cron:nightly:2026-10-31T19:00:00+00:00")
    ]


async def test_slots_that_passed_while_no_worker_ran_count_as_one(database: Database) -> None:
    await tick(database, [HOURLY], START)

    later = START + timedelta(days=3)
    enqueued = [await tick(database, [HOURLY], later) for _ in range(3)]

    assert enqueued == [1, 0, 0]
    assert [job.dedupe for job in await rows(database)] == ["cron:hourly:2026-10-30T23:00:00+00:00"]


async def test_three_workers_enqueue_each_slot_exactly_once(
    database_url: str, database: Database
) -> None:
    """Over the end of a month, and the night in which Europe and America turn their clocks."""
    clock = Clock(at("2026-10-30 23:59"))
    workers = [database, Database(database_url), Database(database_url)]
    await tick(database, [HOURLY, NIGHTLY], clock.now)

    for _ in range(48):
        clock.step(hours=1)
        await asyncio.gather(*(tick(each, [HOURLY, NIGHTLY], clock.now) for each in workers))
    for each in workers[1:]:
        await each.close()

    hours = [at("2026-10-31 00:00") + HOUR * n for n in range(48)]
    nights = [at("2026-10-31 19:00"), at("2026-11-01 19:00")]
    wanted = [f"cron:hourly:{slot.isoformat()}" for slot in hours]
    wanted += [f"cron:nightly:{slot.isoformat()}" for slot in nights]
    assert Counter(job.dedupe for job in await rows(database)) == Counter(wanted)


async def test_workers_whose_clocks_differ_enqueue_each_slot_once(database: Database) -> None:
    clock = Clock(at("2026-10-30 23:59"))
    wrong_by = [timedelta(minutes=minutes) for minutes in (0, 10, -10)]
    await tick(database, [HOURLY], clock.now)

    for _ in range(30):
        clock.step(minutes=12)
        await asyncio.gather(*(tick(database, [HOURLY], clock.now + wrong) for wrong in wrong_by))

    slots = [at("2026-10-31 00:00") + HOUR * n for n in range(7)]
    assert Counter(job.dedupe for job in await rows(database)) == Counter(
        f"cron:hourly:{slot.isoformat()}" for slot in slots
    )


async def test_no_crons_cost_no_look(database: Database) -> None:
    assert await tick(database, [], START) == 0
