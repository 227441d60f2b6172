"""The SQLite library of this process, and how its connections are set up."""

import importlib.util
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from market.db import Database
from market.sqlite import (
    LIBRARY,
    has_wal_reset_bug,
    keep_write_ahead_log,
    library_version,
    sqlite_engine,
    sqlite_reader,
)


@pytest.mark.parametrize(
    ("version", "has_bug"),
    [
        ((3, 6, 23), False),
        ((3, 7, 0), True),
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 44, 9), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 0), True),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 53, 4), False),
        ((4, 0, 0), False),
    ],
)
def test_versions_with_the_wal_reset_bug(version: tuple[int, int, int], has_bug: bool) -> None:
    assert has_wal_reset_bug(version) == has_bug


def test_newer_library_is_used_where_it_is_installed() -> None:
    is_installed = importlib.util.find_spec("pysqlite3") is not None

    assert LIBRARY.__name__ == ("pysqlite3.dbapi2" if is_installed else "sqlite3")
    assert not (is_installed and has_wal_reset_bug(library_version()))


def test_standard_library_stays_as_it_is() -> None:
    assert sqlite3.__name__ == "sqlite3"
    assert sqlite3.dbapi2.__name__ == "sqlite3.dbapi2"


async def test_connections_run_the_chosen_library(tmp_path: Path) -> None:
    engine = sqlite_engine(tmp_path / "some.db", pool_size=1, read_only=False, synchronous="FULL")

    async with engine.connect() as connection:
        version = (await connection.execute(text("SELECT sqlite_version()"))).scalar_one()
    await engine.dispose()

    assert version == LIBRARY.sqlite_version


@pytest.mark.parametrize(
    ("synchronous", "read_only", "wanted"),
    [
        ("FULL", False, ["wal", 2, 10_000, 1, -20_000, 0]),
        ("NORMAL", False, ["wal", 1, 10_000, 1, -20_000, 0]),
        ("FULL", True, ["wal", 2, 10_000, 1, -20_000, 1]),
    ],
)
async def test_every_connection_is_set_up(
    tmp_path: Path, synchronous: str, read_only: bool, wanted: list[object]
) -> None:
    engine = sqlite_engine(
        tmp_path / "some.db", pool_size=1, read_only=read_only, synchronous=synchronous
    )
    names = (
        "journal_mode",
        "synchronous",
        "busy_timeout",
        "foreign_keys",
        "cache_size",
        "query_only",
    )

    async with engine.connect() as connection:
        found = [(await connection.execute(text(f"PRAGMA {name}"))).scalar_one() for name in names]
    await engine.dispose()

    assert found == wanted


async def test_files_with_unusual_names_are_opened_as_they_are_named(tmp_path: Path) -> None:
    path = tmp_path / "数据 ?mode=ro#x%20.db"
    engine = sqlite_engine(path, pool_size=1, read_only=False, synchronous="FULL")

    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE kept (id INTEGER)"))
    await engine.dispose()

    assert path.exists()


async def test_writing_takes_the_lock_at_its_beginning(tmp_path: Path) -> None:
    """So that what was read is still so when it is written back."""
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'some.db'}")
    other = LIBRARY.connect(str(tmp_path / "some.db"), timeout=0, isolation_level=None)

    async with database.writing() as session:
        await session.execute(text("SELECT 1"))
        with pytest.raises(LIBRARY.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()
    await database.close()


async def test_reading_takes_no_lock(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'some.db'}")
    other = LIBRARY.connect(str(tmp_path / "some.db"), timeout=0, isolation_level=None)
    other.execute("CREATE TABLE kept (id INTEGER)")

    async with database.reading() as session:
        await session.execute(text("SELECT * FROM kept"))
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO kept VALUES (1)")
        other.execute("COMMIT")
        within = (await session.execute(text("SELECT count(*) FROM kept"))).scalar_one()
    other.close()
    await database.close()

    assert within == 0


def test_reader_of_single_statements_runs_the_chosen_library_and_cannot_write(
    tmp_path: Path,
) -> None:
    path = tmp_path / "数据 ?mode=ro#x%20.db"
    other = LIBRARY.connect(str(path), isolation_level=None)
    other.execute("CREATE TABLE kept (id INTEGER)")
    engine = sqlite_reader(path, pool_size=1)

    with engine.connect() as connection:
        version = connection.execute(text("SELECT sqlite_version()")).scalar_one()
        with pytest.raises(OperationalError, match="readonly"):
            connection.execute(text("INSERT INTO kept VALUES (1)"))
    engine.dispose()

    assert version == LIBRARY.sqlite_version
    assert other.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    other.close()


def test_reader_of_single_statements_holds_no_old_state(tmp_path: Path) -> None:
    """A statement that ended must leave no snapshot open, which would also keep the WAL long."""
    path = tmp_path / "some.db"
    other = LIBRARY.connect(str(path), isolation_level=None)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("CREATE TABLE kept (id INTEGER)")
    engine = sqlite_reader(path, pool_size=1)

    with engine.connect() as connection:
        before = connection.execute(text("SELECT count(*) FROM kept")).scalar_one()
        other.execute("INSERT INTO kept VALUES (1)")
        after = connection.execute(text("SELECT count(*) FROM kept")).scalar_one()
        checkpoint = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    engine.dispose()
    other.close()

    assert (before, after, checkpoint) == (0, 1, (0, 0, 0))


def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    for number in range(40):
        path = tmp_path / f"{number}.db"
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(keep_write_ahead_log, [path] * 8))

        with LIBRARY.connect(str(path)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_is_no_database_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(LIBRARY.OperationalError, match="unable to open"):
        keep_write_ahead_log(tmp_path)
