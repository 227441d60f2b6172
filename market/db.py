"""The database: units of work on SQLite or PostgreSQL, and the types of columns.

A unit of work commits at the end of its block, before any answer leaves; services flush and
never commit. A failed commit is the caller's failure.
"""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
import uuid_utils.compat
from sqlalchemy import JSON, DateTime, Dialect, MetaData, Row, Select, TypeDecorator, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase

from market.errors import Conflict, Unavailable
from market.sqlite import POOL_TIMEOUT_S, json_text, sqlite_engine, sqlite_reader

_NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# Connections that read one SQLite file, of units of work and of single statements each.
_SQLITE_READERS = 4

# A unit of work marks its `info` with this when it enqueues jobs.
ENQUEUED = "enqueued"

Json = JSON().with_variant(JSONB(), "postgresql")


class Model(DeclarativeBase):
    metadata = MetaData(naming_convention=_NAMES)


class UtcTime(TypeDecorator[datetime]):
    """An aware time, stored and read as UTC: SQLite would drop the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone can't be stored.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def new_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562): ids sort by the time they were made at, so indexes grow at one end."""
    return uuid_utils.compat.uuid7()


def utc_now() -> datetime:
    return datetime.now(UTC)


def time_of(session: AsyncSession) -> Any:
    """The time that counts: on PostgreSQL its own, on SQLite that of the one machine it is on."""
    return utc_now() if session.get_bind().dialect.name == "sqlite" else func.now()


class Database:
    """Units of work on one database.

    On SQLite writers queue for the one writing connection of the process, which is fairer than
    SQLite's own waiting. Every way in which the database can be away is told as Unavailable.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        synchronous: str = "FULL",
        statement_timeout_s: int = 5,
    ) -> None:
        """`statement_timeout_s` counts on PostgreSQL; SQLite waits up to 10 s for its lock."""
        self.url = url
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite:
            path = Path(parsed.database or "")
            self._writing = sqlite_engine(
                path, pool_size=1, read_only=False, synchronous=synchronous
            )
            self._reading = sqlite_engine(
                path, pool_size=_SQLITE_READERS, read_only=True, synchronous=synchronous
            )
            self._statements: _Statements = _SqliteStatements(path)
        else:
            self._writing = _postgresql_engine(url, pool_size, statement_timeout_s)
            self._reading = self._writing
            self._statements = _PostgresqlStatements(self._reading)
        self._write_session = async_sessionmaker(self._writing, expire_on_commit=False)
        self._read_session = async_sessionmaker(self._reading, expire_on_commit=False)
        # Called after each commit that enqueued jobs, so that a worker in this process need not
        # wait for its next look. They must not fail.
        self.when_enqueued: list[Callable[[], None]] = []

    @property
    def engine(self) -> AsyncEngine:
        """The engine that writes, for migrations and the doctor."""
        return self._writing

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A unit of work that commits at the end of the block, or not at all."""
        with _told_as_unavailable():
            async with self._write_session.begin() as session:
                yield session
        if session.info.get(ENQUEUED):
            for tell in self.when_enqueued:
                tell()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A unit of work that sees one state of the database and writes nothing."""
        with _told_as_unavailable():
            async with self._read_session() as session:
                if not self.is_sqlite:
                    await session.connection(
                        execution_options={
                            "isolation_level": "REPEATABLE READ",
                            "postgresql_readonly": True,
                        }
                    )
                yield session

    async def read_once(
        self, statement: Select[*tuple[Any, ...]], parameters: Mapping[str, Any]
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of one SELECT, which sees one state of the database.

        Costs a fraction of a unit of work that asks one question.
        """
        with _told_as_unavailable():
            return await self._statements.rows(statement, parameters)

    async def close(self) -> None:
        await self._statements.close()
        await self._writing.dispose()
        await self._reading.dispose()


class _Statements(Protocol):
    """Single statements that read, outside any unit of work."""

    async def rows(
        self, statement: Select[*tuple[Any, ...]], parameters: Mapping[str, Any]
    ) -> Sequence[Row[*tuple[Any, ...]]]: ...

    async def close(self) -> None: ...


class _SqliteStatements:
    """As many threads as connections: who waits, waits for a thread."""

    def __init__(self, path: Path) -> None:
        self._engine = sqlite_reader(path, pool_size=_SQLITE_READERS)
        self._threads = ThreadPoolExecutor(_SQLITE_READERS, "sqlite-reader")

    async def rows(
        self, statement: Select[*tuple[Any, ...]], parameters: Mapping[str, Any]
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._rows, statement, parameters)

    def _rows(
        self, statement: Select[*tuple[Any, ...]], parameters: Mapping[str, Any]
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        with self._engine.connect() as connection:
            return connection.execute(statement, parameters).all()

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()


class _PostgresqlStatements:
    """On the connections of the units of work, but without BEGIN and ROLLBACK around."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")

    async def rows(
        self, statement: Select[*tuple[Any, ...]], parameters: Mapping[str, Any]
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        async with self._engine.connect() as connection:
            return (await connection.execute(statement, parameters)).all()

    async def close(self) -> None:
        """Its engine is closed by whoever made it."""


class _told_as_unavailable:  # noqa: N801 - a context manager reads like a statement.
    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, IntegrityError):
            raise Conflict(
                "conflict", "与已有数据冲突", "This conflicts with what is stored."
            ) from error
        if is_database_away(error):
            raise Unavailable(
                "database_unavailable",
                "数据库暂时不可用，请稍后再试",
                "The database can't answer just now; please try again.",
            ) from error


def is_database_away(error: BaseException | None) -> bool:
    """Whether asking again later may help: no connection, a full pool, a lock, a deadlock."""
    if isinstance(error, OperationalError) and _OWN_MISTAKE.search(str(error.orig)):
        return False
    if isinstance(error, PoolTimeout | OperationalError | InterfaceError):
        return True
    return isinstance(error, DBAPIError) and error.connection_invalidated


# SQLite tells of wrong statements by the same class as of locks.
_OWN_MISTAKE = re.compile(r"no such |syntax error|has no column")


def _postgresql_engine(url: str, pool_size: int, statement_timeout_s: int) -> AsyncEngine:
    connect: dict[str, Any] = {
        "connect_timeout": 5,
        "options": f"-c statement_timeout={statement_timeout_s * 1000} "
        "-c lock_timeout=5000 -c timezone=UTC",
    }
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        pool_pre_ping=True,
        json_serializer=json_text,
        json_deserializer=msgspec.json.decode,
        connect_args=connect,
    )
