"""A statement by one call of the connection's thread.

aiosqlite makes a call for each step: a cursor, the statement, its rows, the end of the cursor. Each
wakes two threads, which for small statements costs more than SQLite itself.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util.concurrency import await_


class _Told(NamedTuple):
    """What a cursor told of its statement before it was closed."""

    rows: Sequence[Any] = ()
    description: Any = None
    rowcount: int = -1
    lastrowid: Any = None


class OneCallCursor(AsyncAdapt_aiosqlite_cursor):
    """Holds no cursor of the library: what one statement brought, and its rows."""

    __slots__ = ("_told", "arraysize")

    def __init__(self, adapt_connection: AsyncAdapt_aiosqlite_connection) -> None:
        # Not that of the base, which opens a cursor by a call.
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection  # noqa: SLF001 - as the base does.
        self._rows = deque()
        self._told = _Told()
        self.arraysize = 1

    @property
    def description(self) -> Any:
        return self._told.description

    @property
    def rowcount(self) -> int:
        return self._told.rowcount

    @property
    def lastrowid(self) -> Any:
        return self._told.lastrowid

    async def _async_soft_close(self) -> None:
        """Nothing is open."""

    def close(self) -> None:
        self._rows.clear()

    async def _execute_async(self, operation: Any, parameters: Any) -> None:
        await self._call("execute", operation, () if parameters is None else parameters)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> None:
        await self._call("executemany", operation, seq_of_parameters)

    async def _call(self, method: str, operation: Any, parameters: Any) -> None:
        async with self._adapt_connection._execute_mutex:  # noqa: SLF001 - as the base does.
            library = self._connection._conn  # noqa: SLF001 - aiosqlite's way to its thread.
            told = await self._connection._execute(_run, library, method, operation, parameters)  # noqa: SLF001
        self._told = told
        self._rows = deque(told.rows)


def _run(library: Any, method: str, operation: Any, parameters: Any) -> _Told:
    cursor = library.cursor()
    try:
        getattr(cursor, method)(operation, parameters)
        rows = cursor.fetchall() if cursor.description else ()
        return _Told(rows, cursor.description, cursor.rowcount, cursor.lastrowid)
    finally:
        cursor.close()


class OneCallConnection(AsyncAdapt_aiosqlite_connection):
    """Calls its thread for statements and commits, and for a rollback where there is one to do."""

    __slots__ = ()

    _cursor_cls = OneCallCursor  # type: ignore[assignment]  # declared as the one class it had.

    def rollback(self) -> None:
        # A pool rolls back what it gets back, which was committed a moment ago. Nothing else
        # runs on the connection then: one whose statement was cancelled does not come back.
        library = self._connection._connection  # noqa: SLF001 - as the base does.
        if library is not None and library.in_transaction:
            super().rollback()


class OneCallLibrary(AsyncAdapt_aiosqlite_dbapi):
    """aiosqlite as SQLAlchemy takes it, with connections that run a statement by one call."""

    def connect(self, *_given: Any, async_creator_fn: Any, **_more: Any) -> OneCallConnection:
        return OneCallConnection(self, await_(async_creator_fn()))
