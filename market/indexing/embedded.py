"""Both embedded indexes in their folders: who writes them, and how they are mended."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

from market.indexing.folder_index import FolderIndex
from market.indexing.folder_lock import FolderLock
from market.indexing.upkeep import KINDS, Batches, Kind, Mended, Source
from search.documents import SearchDocument
from search.port import IndexCorrupt, IndexLocked, IndexOutdated, SearchUnavailable
from search.synonyms import Synonyms

_FOLDERS: dict[Kind, str] = {"result": "results", "need": "needs"}
_log = logging.getLogger("duijie.indexing")


async def nobody_hears(_kind: Kind) -> None:
    return None


class EmbeddedIndexes:
    """The indexes of results and needs in one folder, made of the documents of `source`.

    One process writes; any number read. Only the writer mends what is missing, damaged or of
    another version; the others find it mended at their next search.
    """

    def __init__(
        self,
        folder: Path,
        source: Source,
        synonyms: Synonyms | None = None,
        mended: Mended = nobody_hears,
    ) -> None:
        """`mended` is called after a rebuild that nobody asked for."""
        self._source = source
        self._mended = mended
        self._lock = FolderLock(folder)
        self._indexes = {kind: FolderIndex(folder / _FOLDERS[kind], synonyms) for kind in KINDS}
        self._mending = asyncio.Lock()
        self._is_closed = False

    def of(self, kind: Kind) -> FolderIndex:
        return self._indexes[kind]

    def copies_of(self, kind: Kind) -> tuple[FolderIndex, ...]:
        return (self._indexes[kind],)

    @property
    def can_write(self) -> bool:
        return all(index.is_writable for index in self._indexes.values())

    async def become_writer(self) -> bool:
        """Whether this process is the writer, from now on or since before."""
        return self._lock.take()

    async def rebuild(self, kind: Kind, batches: Batches) -> None:
        """Make one index anew; searches go on in the old one. Raises IndexLocked.

        Index jobs wait meanwhile, so no change gets lost: what is committed after its batch was
        read is still queued when the new index counts.
        """
        async with self._mending:
            if not self._lock.take():
                raise IndexLocked("Another process writes the search indexes.")
            await self._rebuild(kind, batches)

    async def take_up_writing(self) -> None:
        """Open for writing what is not open yet, and mend it first if need be.

        Does nothing while another process is the writer.
        """
        async with self._mending:
            if self._is_closed or not self._lock.take():
                return
            for kind in KINDS:
                if not self._indexes[kind].is_writable:
                    await self._open_or_rebuild(kind)

    async def _open_or_rebuild(self, kind: Kind) -> None:
        try:
            await asyncio.to_thread(self._indexes[kind].open_for_writing)
        except (IndexCorrupt, IndexOutdated) as error:
            # That a new data folder has no index yet is nothing to warn of.
            level = logging.WARNING if self._indexes[kind].is_there else logging.INFO
            _log.log(level, "the index of %ss is made anew: %s", kind, error)
            await self._rebuild(kind, self._source(kind))
            await self._mended(kind)

    async def _rebuild(self, kind: Kind, batches: Batches) -> None:
        pulled = _Pulled(asyncio.get_running_loop(), batches)
        building = asyncio.create_task(
            asyncio.to_thread(self._indexes[kind].rebuild, pulled), name=f"rebuild {kind}"
        )
        try:
            await asyncio.shield(building)
        except asyncio.CancelledError:
            # A thread can't be cancelled: it ends where it would take the next batch.
            pulled.stop()
            await asyncio.gather(building, return_exceptions=True)
            raise

    async def close(self) -> None:
        """Give the writer's locks back. Nothing may be asked of the indexes any more."""
        self._is_closed = True
        async with self._mending:
            for index in self._indexes.values():
                await asyncio.to_thread(index.finish_writing)
            self._lock.give_back()


class _Pulled:
    """What a loop reads, batch by batch, for a thread: never more than one batch in memory."""

    def __init__(self, loop: asyncio.AbstractEventLoop, batches: Batches) -> None:
        self._loop = loop
        self._batches = batches
        self._is_stopped = False

    def stop(self) -> None:
        self._is_stopped = True

    def __iter__(self) -> Iterator[SearchDocument]:
        while (batch := self._following()) is not None:
            yield from batch

    def _following(self) -> list[SearchDocument] | None:
        return asyncio.run_coroutine_threadsafe(self._next(), self._loop).result()

    async def _next(self) -> list[SearchDocument] | None:
        if self._is_stopped:
            raise SearchUnavailable("The rebuild was stopped.")
        return await anext(self._batches, None)
