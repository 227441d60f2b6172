"""Statements by one call of the connection's thread: what they bring, and how they fail."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from market.sqlite import sqlite_engine
from market.sqlite_cursor import OneCallConnection, OneCallCursor

pytestmark = pytest.mark.asyncio(loop_scope="function")


@pytest_asyncio.fixture(loop_scope="function")
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    """With a table of three rows."""
    made = sqlite_engine(tmp_path / "some.db", pool_size=1, read_only=False, synchronous="FULL")
    async with made.begin() as connection:
        await connection.execute(text("CREATE TABLE kept (id INTEGER PRIMARY KEY, name TEXT)"))
        await connection.execute(
            text("INSERT INTO kept VALUES (:id, :name)"),
            [{"id": number, "name": name} for number, name in enumerate("甲乙丙", 1)],
        )
    yield made
    await made.dispose()


async def rows(connection: AsyncConnection, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await connection.execute(text(statement), values)]


async def calls_of(connection: AsyncConnection, statement: str) -> int:
    """How often the thread of the connection is called for a statement."""
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    made: list[object] = []
    ask = driver._execute

    async def counted(*given: Any) -> Any:
        made.append(given)
        return await ask(*given)

    driver._execute = counted
    try:
        (await connection.execute(text(statement))).all()
    finally:
        driver._execute = ask
    return len(made)


async def test_a_statement_with_its_rows_is_one_call(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        raw: Any = await connection.get_raw_connection()
        assert type(raw.dbapi_connection) is OneCallConnection
        await connection.execute(text("SELECT 1"))

        assert await calls_of(connection, "SELECT * FROM kept") == 1


async def test_rows_come_in_order_with_the_names_of_their_columns(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT id, name FROM kept ORDER BY id"))

        assert list(found.keys()) == ["id", "name"]
        assert [tuple(row) for row in found] == [(1, "甲"), (2, "乙"), (3, "丙")]


async def test_rows_are_fetched_one_by_one_in_parts_and_all_that_is_left(
    engine: AsyncEngine,
) -> None:
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT id FROM kept ORDER BY id"))
        first, some, rest = found.fetchone(), found.fetchmany(1), found.fetchall()
        empty = (await connection.execute(text("SELECT id FROM kept WHERE id > 9"))).fetchone()

    assert (first, some, rest, empty) == ((1,), [(2,)], [(3,)], None)


async def test_a_cursor_tells_what_a_change_did(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        changed = await connection.execute(text("UPDATE kept SET name = '丁' WHERE id > 1"))
        added = await connection.execute(text("INSERT INTO kept (name) VALUES ('戊')"))
        returned = await rows(connection, "DELETE FROM kept WHERE id < 3 RETURNING id")

        assert (changed.rowcount, added.rowcount, added.lastrowid) == (2, 1, 4)
        assert sorted(returned) == [(1,), (2,)]
        assert await rows(connection, "SELECT * FROM kept") == [(3, "丁"), (4, "戊")]


async def test_many_changes_are_one_call_and_one_count(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        changed = await connection.execute(
            text("UPDATE kept SET name = :name WHERE id = :id"),
            [{"id": 1, "name": "子"}, {"id": 2, "name": "丑"}, {"id": 9, "name": "寅"}],
        )

    assert changed.rowcount == 2


async def test_failures_keep_their_classes_and_leave_the_connection_usable(
    engine: AsyncEngine,
) -> None:
    async with engine.connect() as connection:
        with pytest.raises(IntegrityError, match="UNIQUE"):
            await connection.execute(text("INSERT INTO kept VALUES (1, '又')"))
        with pytest.raises(OperationalError, match="no such table"):
            await connection.execute(text("SELECT * FROM gone"))

        assert await rows(connection, "SELECT count(*) FROM kept") == [(3,)]


async def test_what_is_rolled_back_is_not_there(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(text("DELETE FROM kept"))
        await connection.rollback()

        assert await rows(connection, "SELECT count(*) FROM kept") == [(3,)]


async def test_a_stream_reads_on_while_it_is_told(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        found = await connection.stream(text("SELECT id FROM kept ORDER BY id"))

        assert [row.id async for row in found] == [1, 2, 3]


async def test_statements_of_several_tasks_on_one_connection_do_not_mix(
    engine: AsyncEngine,
) -> None:
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
        told = await asyncio.gather(
            *(rows(connection, "SELECT :number", number=number) for number in range(20))
        )

    assert told == [[(number,)] for number in range(20)]


async def test_a_new_cursor_has_told_nothing(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        raw: Any = await connection.get_raw_connection()
        cursor = raw.dbapi_connection.cursor()

    assert type(cursor) is OneCallCursor
    assert (cursor.description, cursor.rowcount, cursor.lastrowid) == (None, -1, None)
    assert (cursor.fetchone(), cursor.fetchall()) == (None, [])


async def test_what_was_committed_is_not_rolled_back_by_a_call_as_well(
    engine: AsyncEngine,
) -> None:
    async with engine.connect() as connection:
        raw: Any = await connection.get_raw_connection()
        driver = raw.driver_connection
        calls: list[str] = []
        ask = driver._execute

        async def noted(work: Any, *given: Any) -> Any:
            calls.append(getattr(work, "__name__", ""))
            return await ask(work, *given)

        driver._execute = noted
        await connection.execute(text("DELETE FROM kept WHERE id = 1"))
        await connection.commit()
        await connection.execute(text("DELETE FROM kept WHERE id = 2"))
    driver._execute = ask

    assert [each for each in calls if each != "_run"] == ["commit", "rollback"]
    async with engine.connect() as connection:
        assert await rows(connection, "SELECT id FROM kept") == [(2,), (3,)]


async def test_a_cancelled_unit_of_work_leaves_nothing_open(engine: AsyncEngine) -> None:
    async def work() -> None:
        async with engine.begin() as connection:
            await connection.execute(text("DELETE FROM kept"))
            await connection.execute(_SLOW)

    for delay_s in (0.0, 0.001, 0.01):
        task = asyncio.create_task(work())
        await asyncio.sleep(delay_s)
        task.cancel()
        await asyncio.wait([task])

        async with engine.begin() as connection:
            assert await rows(connection, "SELECT count(*) FROM kept") == [(3,)]


_SLOW = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000)"
    " SELECT count(*) FROM n"
)
