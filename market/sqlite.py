"""The SQLite library of this process, and engines on it.

Debian 12's SQLite 3.40.1 may lose commits when two connections commit and checkpoint at once
(the WAL-reset bug, https://sqlite.org/wal.html#walresetbug). On Linux a newer library comes from
PyPI, given to SQLAlchemy as its `module`: the standard library's sqlite3 stays as it is for
everyone else. Two libraries on one file in one process would delete each other's WAL, so every
file of ours is opened by `sqlite_engine` alone.
"""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import aiosqlite
import msgspec
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool

from market.sqlite_cursor import OneCallLibrary

try:
    import pysqlite3.dbapi2 as _newest
except ImportError:
    _newest = sqlite3

LIBRARY: ModuleType = _newest
BUSY_TIMEOUT_MS = 10_000
POOL_TIMEOUT_S = 10
_WAIT_FOR_LOG_S = 0.01
_ROWS_A_FETCH = 64
_BUG_FIRST = (3, 7, 0)
_BUG_FIXED_FROM = (3, 51, 3)
_BUG_FIXED_IN = {(3, 50): 7, (3, 44): 6}
_ERRORS = (
    "Warning",
    "Error",
    "InterfaceError",
    "DataError",
    "DatabaseError",
    "OperationalError",
    "InternalError",
    "IntegrityError",
    "ProgrammingError",
    "NotSupportedError",
)


def library_version() -> tuple[int, int, int]:
    major, minor, patch = (int(part) for part in LIBRARY.sqlite_version.split("."))
    return major, minor, patch


def has_wal_reset_bug(version: tuple[int, int, int]) -> bool:
    """Whether a version may lose commits: 3.7.0 to 3.51.2, but for 3.50.7 and 3.44.6 on."""
    if not _BUG_FIRST <= version < _BUG_FIXED_FROM:
        return False
    fixed_from = _BUG_FIXED_IN.get(version[:2])
    return fixed_from is None or version[2] < fixed_from


def sqlite_engine(
    path: Path,
    *,
    pool_size: int,
    read_only: bool,
    synchronous: str,
    foreign_keys: bool = True,
) -> AsyncEngine:
    """An engine of connections to one file.

    Units of work that write open with BEGIN IMMEDIATE: a plain BEGIN fails at once when its
    snapshot is old, and Python's own implicit one loses updates. Those that read open with BEGIN.
    """

    async def connect() -> aiosqlite.Connection:
        connection = aiosqlite.Connection(
            lambda: LIBRARY.connect(
                str(path), timeout=10, check_same_thread=False, isolation_level=None
            ),
            iter_chunk_size=_ROWS_A_FETCH,
        )
        # As SQLAlchemy's own creator does: a forgotten connection must not keep a process alive.
        connection._thread.daemon = True  # noqa: SLF001
        try:
            return await connection
        except BaseException:
            # Its thread ends by itself then, but it must not do so after the event loop.
            await asyncio.to_thread(connection._thread.join)  # noqa: SLF001
            raise

    engine = create_async_engine(
        "sqlite+aiosqlite://",
        module=_adapted_library(),
        async_creator=connect,
        # Without a path in its URL, SQLAlchemy would take the database for one in memory.
        poolclass=AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        # Lists of listings hold many small values: reading and writing them counts.
        json_serializer=json_text,
        json_deserializer=msgspec.json.decode,
    )
    event.listen(engine.sync_engine, "connect", _configure(synchronous, read_only, foreign_keys))
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
    event.listen(engine.sync_engine, "begin", _begin_with(begin))
    return engine


def sqlite_reader(path: Path, *, pool_size: int) -> Engine:
    """A blocking engine for single statements that read, each of which sees one state.

    Its connections open no transactions, so a statement is all that is sent to the library, and
    one call of a thread runs it. Through `sqlite_engine` it takes a call for each step.
    """

    def connect() -> Any:
        return LIBRARY.connect(str(path), timeout=10, check_same_thread=False, isolation_level=None)

    engine = create_engine(
        "sqlite://",
        module=LIBRARY,
        creator=connect,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        # Each connection has a cache of pages: the one used last knows the most.
        pool_use_lifo=True,
        # There is nothing to roll back.
        pool_reset_on_return=None,
        json_deserializer=msgspec.json.decode,
    )
    configure = _configure(synchronous="FULL", read_only=True, foreign_keys=False)
    event.listen(engine, "connect", configure)
    return engine


def keep_write_ahead_log(path: Path) -> None:
    """Turn a file to write-ahead logging for good, made when missing. Blocks: up to 10 seconds.

    SQLite does not wait for others at this step, whatever its busy_timeout: two processes that
    open a new file at once would meet "database is locked". Raises the library's error at last.
    """
    give_up_at = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    with closing(LIBRARY.connect(str(path), timeout=BUSY_TIMEOUT_MS / 1000)) as connection:
        while not _is_turned_to_log(connection, is_last=time.monotonic() > give_up_at):
            time.sleep(_WAIT_FOR_LOG_S)


def _is_turned_to_log(connection: Any, is_last: bool) -> bool:
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    except LIBRARY.OperationalError as error:
        if is_last or "locked" not in str(error):
            raise
        return False
    return True


def json_text(value: Any) -> str:
    """What a JSON column holds: Chinese as it is, without escapes."""
    return msgspec.json.encode(value).decode()


def _adapted_library() -> OneCallLibrary:
    adapted = OneCallLibrary(aiosqlite, LIBRARY)
    for name in _ERRORS:
        setattr(adapted, name, getattr(LIBRARY, name))
    return adapted


def _configure(synchronous: str, read_only: bool, foreign_keys: bool) -> Any:
    pragmas = (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        f"synchronous={synchronous}",
        f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
        "cache_size=-20000",
        f"query_only={'ON' if read_only else 'OFF'}",
    )

    def configure(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return configure


def _begin_with(begin: str) -> Any:
    def open_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return open_transaction
