"""Of all processes one writes the indexes on a server, and another one soon after it has died."""

import asyncio
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from market.db import Database, utc_now
from market.indexing.models import IndexWriter
from market.indexing.writer_lease import WriterLease

LONG_S = 600.0


async def let_it_run_out(database: Database, name: str = "indexes") -> None:
    async with database.writing() as session:
        await session.execute(
            update(IndexWriter)
            .where(IndexWriter.name == name)
            .values(until=utc_now() - timedelta(seconds=5))
        )


async def terms(database: Database) -> dict[str, float]:
    """How many seconds are left of each row's term."""
    async with database.reading() as session:
        rows = await session.scalars(select(IndexWriter))
        return {row.name: (row.until - utc_now()).total_seconds() for row in rows}


def leases(database: Database, count: int = 2, *, lease_s: float = LONG_S) -> list[WriterLease]:
    return [WriterLease(database, "indexes", lease_s=lease_s) for _ in range(count)]


async def test_the_first_has_it_and_the_second_has_not(database: Database) -> None:
    first, second = leases(database)

    taken = [await first.take(), await second.take(), await first.take()]

    assert taken == [True, False, True]
    assert (first.is_held, second.is_held) == (True, False)


async def test_of_many_at_once_one_has_it(database: Database) -> None:
    many = leases(database, 20)

    taken = await asyncio.gather(*(lease.take() for lease in many))

    assert sorted(taken) == [False] * 19 + [True]
    assert [lease.is_held for lease in many] == taken


async def test_other_names_are_other_leases(database: Database) -> None:
    (first,) = leases(database, 1)
    other = WriterLease(database, "test_indexes")

    assert [await first.take(), await other.take()] == [True, True]
    assert set(await terms(database)) == {"indexes", "test_indexes"}


async def test_whose_term_is_over_loses_it_to_the_next(database: Database) -> None:
    first, second = leases(database)
    await first.take()
    await let_it_run_out(database)

    taken = [await second.take(), await first.take()]

    assert taken == [True, False]
    assert (first.is_held, second.is_held) == (False, True)


async def test_a_lease_given_back_may_be_taken_at_once(database: Database) -> None:
    first, second = leases(database)
    await first.take()

    await first.give_back()

    assert first.is_held is False
    assert [await second.take(), await first.take()] == [True, False]


async def test_giving_back_what_another_holds_changes_nothing(database: Database) -> None:
    first, second = leases(database)
    await first.take()
    await second.take()

    await second.give_back()

    assert [first.is_held, await second.take()] == [True, False]


async def test_holder_stops_before_others_may_begin(database: Database) -> None:
    (lease,) = leases(database, 1)

    await lease.take()

    left_s = (await terms(database))["indexes"]
    stops_in_s = lease._held_until_s - time.monotonic()
    # By a third of the term, which is 200 s here.
    assert 0 < stops_in_s < left_s - 190


async def test_kept_lease_outlives_its_term(database: Database) -> None:
    first, second = leases(database, lease_s=1.2)
    await first.take()

    taken = []
    async with first.kept():
        for _ in range(4):
            await asyncio.sleep(0.5)
            taken.append(await second.take())

    assert (taken, first.is_held) == ([False] * 4, True)


async def test_lease_is_not_held_before_it_is_taken(database: Database) -> None:
    assert [lease.is_held for lease in leases(database)] == [False, False]


@pytest.mark.parametrize("is_taken", [True, False])
async def test_giving_back_twice_is_no_error(database: Database, is_taken: bool) -> None:
    (lease,) = leases(database, 1)
    if is_taken:
        await lease.take()

    await lease.give_back()
    await lease.give_back()

    assert lease.is_held is False
