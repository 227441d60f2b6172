"""What the indexes of either engine need beside searches and writes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Literal, Protocol

from sqlalchemy.exc import SQLAlchemyError

from market.errors import DuijieError
from search.documents import SearchDocument
from search.port import SearchEngine, SearchError

Kind = Literal["result", "need"]
KINDS: tuple[Kind, ...] = ("result", "need")
Batches = AsyncIterator[list[SearchDocument]]
# The documents that an index of a kind must hold, read anew at each call.
Source = Callable[[Kind], Batches]
# Hears of a rebuild that nobody asked for.
Mended = Callable[[Kind], Awaitable[None]]

_log = logging.getLogger("duijie.indexing")


class Upkeep(Protocol):
    """The indexes of both kinds: one process writes them, any number read."""

    def of(self, kind: Kind) -> SearchEngine: ...

    def copies_of(self, kind: Kind) -> tuple[SearchEngine, ...]:
        """Every index that must hold the listings of a kind: more than one where one stands in."""
        ...

    @property
    def can_write(self) -> bool:
        """Whether this process may write both indexes now."""
        ...

    async def become_writer(self) -> bool:
        """Whether this process is the writer, from now on or since before."""
        ...

    async def take_up_writing(self) -> None:
        """Make ready for writing what is not yet, and mend it first if need be.

        Does nothing while another process is the writer.
        """
        ...

    async def rebuild(self, kind: Kind, batches: Batches) -> None:
        """Make one index anew of these documents; searches go on in the old one.

        Index jobs wait meanwhile, so no change gets lost: what is committed after its batch was
        read is still queued when the new index counts. Raises IndexLocked where another process
        is the writer.
        """
        ...

    async def close(self) -> None:
        """Let another process write. Nothing may be asked of the indexes any more."""
        ...


@asynccontextmanager
async def kept(upkeep: Upkeep, *, waits: bool, retry_s: float) -> AsyncIterator[None]:
    """Within the block this process takes up writing as soon as it can, again and again.

    With `waits` the block begins after the first try, rebuilds included.
    """
    if waits:
        await _try_to_take_up(upkeep)
    keeping = asyncio.create_task(_keep(upkeep, retry_s), name="keep indexes")
    try:
        yield
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping


async def _keep(upkeep: Upkeep, retry_s: float) -> None:
    while True:
        await _try_to_take_up(upkeep)
        await asyncio.sleep(retry_s)


async def _try_to_take_up(upkeep: Upkeep) -> None:
    try:
        await upkeep.take_up_writing()
    except (SearchError, DuijieError, SQLAlchemyError, OSError) as error:
        _log.warning("the indexes can't be written yet: %s", error)
