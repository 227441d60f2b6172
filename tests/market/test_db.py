"""Units of work: whole or not at all, exact under pressure, honest when the database is away."""

import asyncio
import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from market.db import Database, UtcTime, is_database_away, new_id
from market.errors import Conflict, Unavailable
from market.jobs import CronSlot
from tests.market.job_process import add_one, start
from tests.market.job_trials import START

TIMES = 75


async def _make(database: Database, statement: str, *more: str) -> None:
    async with database.writing() as session:
        for each in (statement, *more):
            await session.execute(text(each))


async def _value(database: Database, query: str) -> object:
    async with database.reading() as session:
        return await session.scalar(text(query))


async def test_unit_of_work_is_stored_at_its_end(database: Database) -> None:
    async with database.writing() as session:
        session.add(CronSlot(name="slot", next_at=START))

    assert await _value(database, "SELECT name FROM cron_slots") == "slot"


async def test_unit_of_work_that_fails_leaves_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.writing() as session:
            await session.execute(insert(CronSlot).values(name="slot", next_at=START))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()

    assert await _value(database, "SELECT count(*) FROM cron_slots") == 0


async def test_reading_sees_one_state_of_the_database(database: Database) -> None:
    async with database.reading() as session:
        before = await session.scalar(text("SELECT count(*) FROM cron_slots"))
        await _make(database, "DELETE FROM cron_slots")
        async with database.writing() as other:
            other.add(CronSlot(name="slot", next_at=START))
        within = await session.scalar(text("SELECT count(*) FROM cron_slots"))

    assert (before, within, await _value(database, "SELECT count(*) FROM cron_slots")) == (0, 0, 1)


async def test_reading_cannot_write(database: Database) -> None:
    async def write_in_reading() -> None:
        async with database.reading() as session:
            await session.execute(insert(CronSlot).values(name="slot", next_at=START))
            await session.commit()

    with pytest.raises((DBAPIError, Unavailable)):
        await write_in_reading()

    assert await _value(database, "SELECT count(*) FROM cron_slots") == 0


async def test_reading_only_does_not_stick_to_the_connection(database: Database) -> None:
    for _ in range(12):
        await _value(database, "SELECT 1")

    await _make(database, "DELETE FROM cron_slots")


_SLOTS = select(CronSlot.name, CronSlot.next_at).where(
    CronSlot.name.in_(bindparam("names", expanding=True))
)


async def _store_slots(database: Database, *names: str) -> None:
    async with database.writing() as session:
        session.add_all(CronSlot(name=name, next_at=START) for name in names)


async def test_single_statement_reads_what_was_committed_with_its_types(
    database: Database,
) -> None:
    await _store_slots(database, "first", "second", "third")

    rows = await database.read_once(_SLOTS.order_by(CronSlot.name), {"names": ["third", "first"]})

    assert [tuple(row) for row in rows] == [("first", START), ("third", START)]


async def test_single_statements_at_once_all_read_and_keep_no_connection(
    database: Database,
) -> None:
    await _store_slots(database, "slot")

    answers = await asyncio.gather(
        *(database.read_once(_SLOTS, {"names": ["slot"]}) for _ in range(40))
    )

    assert [[tuple(row) for row in rows] for rows in answers] == [[("slot", START)]] * 40
    assert _checked_out(database) == [0, 0]


async def test_single_statement_sees_nothing_of_an_open_unit_of_work(database: Database) -> None:
    async with database.writing() as session:
        session.add(CronSlot(name="slot", next_at=START))
        await session.flush()
        before = await database.read_once(_SLOTS, {"names": ["slot"]})
    after = await database.read_once(_SLOTS, {"names": ["slot"]})

    assert (list(before), [tuple(row) for row in after]) == ([], [("slot", START)])


async def test_cancelled_single_statements_leave_the_next_ones_whole(database: Database) -> None:
    await _store_slots(database, "slot")

    asked = [
        asyncio.create_task(database.read_once(_SLOTS, {"names": ["slot"]})) for _ in range(20)
    ]
    await asyncio.sleep(0)
    for task in asked[::2]:
        task.cancel()
    ends = await asyncio.gather(*asked, return_exceptions=True)

    kept = [[tuple(row) for row in end] for end in ends if not isinstance(end, BaseException)]
    assert kept == [[("slot", START)]] * 10
    again = await database.read_once(_SLOTS, {"names": ["slot"]})
    assert [tuple(row) for row in again] == [("slot", START)]


async def test_single_statement_leaves_units_of_work_as_they_were(database: Database) -> None:
    """On PostgreSQL both share their connections, and a statement runs in autocommit."""
    for _ in range(12):
        await database.read_once(_SLOTS, {"names": ["slot"]})

    async def fail() -> None:
        async with database.writing() as session:
            await session.execute(insert(CronSlot).values(name="slot", next_at=START))
            raise RuntimeError

    for _ in range(12):
        with pytest.raises(RuntimeError):
            await fail()
    assert await _value(database, "SELECT count(*) FROM cron_slots") == 0


async def test_broken_constraint_is_a_conflict(database: Database) -> None:
    await _make(database, "CREATE TABLE parent (id INTEGER PRIMARY KEY)")

    with pytest.raises(Conflict):
        await _make(
            database, "INSERT INTO parent (id) VALUES (1)", "INSERT INTO parent (id) VALUES (1)"
        )

    assert await _value(database, "SELECT count(*) FROM parent") == 0


async def test_references_are_enforced(database: Database) -> None:
    await _make(
        database,
        "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
        "CREATE TABLE child (parent_id INTEGER REFERENCES parent (id))",
    )

    with pytest.raises(Conflict):
        await _make(database, "INSERT INTO child (parent_id) VALUES (7)")


async def test_times_come_back_in_utc(database: Database) -> None:
    in_china = datetime(2026, 11, 1, 3, 0, tzinfo=timezone(timedelta(hours=8)))
    async with database.writing() as session:
        session.add(CronSlot(name="slot", next_at=in_china))

    async with database.reading() as session:
        stored = await session.scalar(select(CronSlot.next_at))

    assert stored == in_china
    assert stored.tzinfo is UTC


async def test_time_without_a_zone_is_refused(database: Database) -> None:
    async def store() -> None:
        async with database.writing() as session:
            session.add(CronSlot(name="slot", next_at=START.replace(tzinfo=None)))

    with pytest.raises(StatementError, match="without a zone"):
        await store()

    assert await _value(database, "SELECT count(*) FROM cron_slots") == 0


def test_no_time_stays_no_time(database: Database) -> None:
    dialect = database.engine.dialect

    assert UtcTime().process_bind_param(None, dialect) is None
    assert UtcTime().process_result_value(None, dialect) is None


def test_ids_grow_with_time() -> None:
    ids = [new_id() for _ in range(1_000)]

    assert sorted(ids) == ids
    assert {each.version for each in ids} == {7}


async def count_in_two_processes(url: str, database: Database, times: int) -> object:
    """Two processes of eight coroutines each read a counter and write it back one higher."""
    await _make(
        database,
        "CREATE TABLE counter (value INTEGER NOT NULL)",
        "INSERT INTO counter (value) VALUES (0)",
    )
    other = await start("count", url, times)
    await asyncio.gather(*(add_one(database, times) for _ in range(8)))
    await other.communicate()
    assert other.returncode == 0
    return await _value(database, "SELECT value FROM counter")


async def test_two_processes_that_read_then_write_lose_no_update(
    database_url: str, database: Database
) -> None:
    assert await count_in_two_processes(database_url, database, TIMES) == 2 * 8 * TIMES


async def cancel_at_random(database: Database, tasks: int, seed: int) -> tuple[object, object]:
    """Move money between two accounts in tasks that are cancelled at any point.

    The sum of the accounts, and how many moves were written down less how many were made.
    """
    await _make(
        database,
        "CREATE TABLE account (id INTEGER PRIMARY KEY, cents INTEGER NOT NULL)",
        "CREATE TABLE moved (cents INTEGER NOT NULL)",
        "INSERT INTO account (id, cents) VALUES (1, 1000000), (2, 0)",
    )
    delays = random.Random(seed)
    for _ in range(tasks // 20):
        group = [asyncio.create_task(_move(database)) for _ in range(20)]
        for task in group:
            await asyncio.sleep(delays.uniform(0, 0.004))
            delays.choice(group).cancel()
            task.cancel()
        await asyncio.gather(*group, return_exceptions=True)
    await _move(database)
    return (
        await _value(database, "SELECT sum(cents) FROM account"),
        await _value(
            database,
            "SELECT (SELECT cents FROM account WHERE id = 2) - (SELECT count(*) FROM moved)",
        ),
    )


async def _move(database: Database) -> None:
    async with database.writing() as session:
        await session.execute(text("UPDATE account SET cents = cents - 1 WHERE id = 1"))
        await asyncio.sleep(0)
        await session.execute(text("INSERT INTO moved (cents) VALUES (1)"))
        await session.execute(text("UPDATE account SET cents = cents + 1 WHERE id = 2"))


async def test_cancelled_tasks_tear_no_unit_of_work_and_keep_no_connection(
    database: Database,
) -> None:
    ends = await cancel_at_random(database, tasks=100, seed=11)

    assert ends == (1_000_000, 0)
    assert _checked_out(database) == [0, 0]


def _checked_out(database: Database) -> list[int]:
    pools = [database.engine.pool, database._reading.pool]
    return [pool.checkedout() for pool in pools]  # type: ignore[attr-defined]


async def test_full_pool_is_told_as_unavailable_and_is_whole_again_after(
    database_url: str,
) -> None:
    narrow = Database(database_url, pool_size=1)
    narrow.engine.pool._timeout = 0.05  # type: ignore[attr-defined]

    async with narrow.writing() as session:
        await session.execute(text("SELECT 1"))
        with pytest.raises(Unavailable) as refused:
            await _make(narrow, "DELETE FROM cron_slots")
    await _make(narrow, "DELETE FROM cron_slots")

    assert (refused.value.code, refused.value.retry_after_s) == ("database_unavailable", 5)
    assert _checked_out(narrow) == [0, 0]
    await narrow.close()


async def test_writer_waits_for_another_process_that_holds_the_lock(
    database_url: str, database: Database
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL locks rows, not the whole file.")
    other = await start("lock", database_url, 3)
    assert other.stdout is not None
    said = await other.stdout.readline()

    async with database.writing() as session:
        session.add(CronSlot(name="patient", next_at=START))
    await other.communicate()

    assert (said, other.returncode) == (b"locked\n", 0)
    assert await _value(database, "SELECT name FROM cron_slots") == "patient"


async def test_writer_that_waited_in_vain_is_told_and_the_next_one_writes(
    database_url: str, database: Database
) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL locks rows, not the whole file.")
    other = Database(database_url)
    await _make(database, "PRAGMA busy_timeout = 50")

    async with other.writing() as holder:
        await holder.execute(text("SELECT 1"))
        for _ in range(3):
            with pytest.raises(Unavailable):
                await _make(database, "DELETE FROM cron_slots")
    await _make(database, "DELETE FROM cron_slots")
    await other.close()

    assert _checked_out(database) == [0, 0]


async def test_database_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    nowhere = Database(f"sqlite+aiosqlite:///{tmp_path / 'no such folder' / 'duijie.db'}")

    with pytest.raises(Unavailable):
        await _value(nowhere, "SELECT 1")
    with pytest.raises(Unavailable):
        await nowhere.read_once(_SLOTS, {"names": ["slot"]})
    await nowhere.close()


async def test_server_that_does_not_listen_is_unavailable() -> None:
    nobody = Database("postgresql+psycopg://nobody@127.0.0.1:1/nothing")

    with pytest.raises(Unavailable):
        await _value(nobody, "SELECT 1")
    with pytest.raises(Unavailable):
        await nobody.read_once(_SLOTS, {"names": ["slot"]})
    await nobody.close()


async def test_terminated_connection_is_unavailable_once_and_replaced(
    database: Database,
) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no server that could end a connection.")

    async def be_terminated() -> None:
        async with database.writing() as session:
            session.add(CronSlot(name="lost", next_at=START))
            await session.flush()
            own = await session.scalar(text("SELECT pg_backend_pid()"))
            await _value(database, f"SELECT pg_terminate_backend({own})")
            await session.scalar(text("SELECT 1"))

    with pytest.raises(Unavailable):
        await be_terminated()
    async with database.writing() as session:
        session.add(CronSlot(name="stored", next_at=START))

    assert await _value(database, "SELECT string_agg(name, ' ') FROM cron_slots") == "stored"
    assert _checked_out(database) == [0, 0]


@pytest.mark.parametrize("error", [None, ValueError("no"), OSError("no"), TimeoutError()])
def test_other_failures_do_not_mean_that_the_database_is_away(
    error: BaseException | None,
) -> None:
    assert not is_database_away(error)
