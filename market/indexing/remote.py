"""Both indexes on a Meilisearch server: who writes them, and how they are made and mended."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import NamedTuple

from market.db import Database
from market.indexing.upkeep import KINDS, Batches, Kind, Mended, Source
from market.indexing.writer_lease import WriterLease
from market.settings import Settings
from search.admin import MeilisearchAdmin
from search.documents import SearchDocument
from search.meilisearch import MeilisearchConnection, MeilisearchEngine
from search.port import (
    Filters,
    Hit,
    IndexLocked,
    IndexMissing,
    IndexOutdated,
    Neighbourhood,
    SearchPage,
    SearchQuery,
    SearchUnavailable,
    WeightedTerm,
)
from search.synonyms import Synonyms

_NAMES: dict[Kind, str] = {"result": "results", "need": "needs"}
_NO_FILTERS = Filters()
_PROBE_EVERY_S = 30.0
_log = logging.getLogger("duijie.indexing")


def index_uid(prefix: str, kind: Kind) -> str:
    """What the index of a kind is called on the server."""
    return prefix + _NAMES[kind]


class RemoteIndex:
    """A SearchEngine on the server that this process writes only while it is the writer."""

    def __init__(
        self,
        reading: MeilisearchEngine,
        writing: MeilisearchEngine,
        may_write: Callable[[], bool],
        lost: Callable[[], None],
    ) -> None:
        """`lost` is called when the server turns out to have no such index."""
        self._reading = reading
        self._writing = writing
        self._may_write = may_write
        self._lost = lost

    def use_synonyms(self, synonyms: Synonyms | None) -> None:
        self._reading.use_synonyms(synonyms)

    async def upsert(self, documents: Iterable[SearchDocument]) -> None:
        with self._noticing_loss():
            await self._writing.upsert(documents)

    async def delete(self, ids: Iterable[str]) -> None:
        with self._noticing_loss():
            await self._writing.delete(ids)

    async def probe(self) -> None:
        """Look whether the index is there. Raises SearchUnavailable."""
        with self._noticing_loss():
            await self._writing.search(SearchQuery(limit=0))

    @contextmanager
    def _noticing_loss(self) -> Iterator[None]:
        if not self._may_write():
            raise SearchUnavailable("This process does not write the search index now.")
        try:
            yield
        except (IndexMissing, IndexOutdated) as error:
            self._lost()
            raise SearchUnavailable(str(error)) from error

    async def search(self, query: SearchQuery) -> SearchPage:
        return await self._reading.search(query)

    async def candidates(
        self, terms: Sequence[WeightedTerm], *, filters: Filters = _NO_FILTERS, limit: int = 200
    ) -> list[Hit]:
        return await self._reading.candidates(terms, filters=filters, limit=limit)

    async def candidates_and_neighbours(
        self, terms: Sequence[WeightedTerm], neighbourhood: Neighbourhood, *, limit: int = 200
    ) -> list[Hit]:
        return await self._reading.candidates_and_neighbours(terms, neighbourhood, limit=limit)

    async def suggest(self, typed: str, *, limit: int = 8) -> list[str]:
        return await self._reading.suggest(typed, limit=limit)

    async def versions(self) -> dict[str, int]:
        return await self._writing.versions()


class Server(NamedTuple):
    """One server, asked with the rights to search, to write and to administer."""

    reading: MeilisearchConnection
    writing: MeilisearchConnection
    admin: MeilisearchAdmin


class RemoteIndexes:
    """The indexes of results and needs on one server, made of the documents of `source`.

    One process of all machines writes, the holder of the lease. A write never begins while its
    index is made anew: it would end in the old index and be gone with it. The index jobs wait.
    """

    def __init__(
        self,
        server: Server,
        lease: WriterLease,
        source: Source,
        *,
        prefix: str,
        synonyms: Synonyms | None,
        mended: Mended,
    ) -> None:
        """`mended` is called after a rebuild that nobody asked for."""
        self._server = server
        self._lease = lease
        self._source = source
        self._mended = mended
        self._uids = {kind: index_uid(prefix, kind) for kind in KINDS}
        self._ready: set[Kind] = set()
        self._mending = asyncio.Lock()
        self._is_closed = False
        self._probes_at_s = 0.0
        self._indexes = {kind: self._index(kind, synonyms) for kind in KINDS}

    def _index(self, kind: Kind, synonyms: Synonyms | None) -> RemoteIndex:
        uid = self._uids[kind]
        return RemoteIndex(
            MeilisearchEngine(self._server.reading, uid, synonyms=synonyms),
            MeilisearchEngine(self._server.writing, uid),
            partial(self._may_write, kind),
            partial(self._ready.discard, kind),
        )

    def of(self, kind: Kind) -> RemoteIndex:
        return self._indexes[kind]

    def copies_of(self, kind: Kind) -> tuple[RemoteIndex, ...]:
        return (self._indexes[kind],)

    @property
    def can_write(self) -> bool:
        return all(map(self._may_write, KINDS))

    def _may_write(self, kind: Kind) -> bool:
        return kind in self._ready and self._lease.is_held

    async def become_writer(self) -> bool:
        return await self._lease.take()

    async def take_up_writing(self) -> None:
        """Raises SearchUnavailable, and Unavailable for the database."""
        async with self._mending:
            if self._is_closed or not await self._lease.take():
                self._ready.clear()
                return
            async with self._lease.kept():
                await self._probe()
                for kind in KINDS:
                    if kind not in self._ready:
                        await self._prepare(kind)

    async def _probe(self) -> None:
        """Now and then, whether the server still has the indexes: searches alone mend nothing."""
        if time.monotonic() < self._probes_at_s:
            return
        self._probes_at_s = time.monotonic() + _PROBE_EVERY_S
        for kind in list(self._ready):
            with suppress(SearchUnavailable):
                await self._indexes[kind].probe()

    async def _prepare(self, kind: Kind) -> None:
        try:
            await self._server.admin.prepare(self._uids[kind])
        except (IndexMissing, IndexOutdated) as error:
            # That a new marketplace has no index yet is nothing to warn of.
            level = logging.INFO if isinstance(error, IndexMissing) else logging.WARNING
            _log.log(level, "the index of %ss is made anew: %s", kind, error)
            await self._server.admin.rebuild(self._uids[kind], self._source(kind))
            await self._mended(kind)
        self._ready.add(kind)

    async def rebuild(self, kind: Kind, batches: Batches) -> None:
        async with self._mending:
            if not await self._lease.take():
                raise IndexLocked("Another process writes the search indexes.")
            self._ready.discard(kind)
            async with self._lease.kept():
                await self._server.admin.rebuild(self._uids[kind], batches)
            self._ready.add(kind)

    async def close(self) -> None:
        self._is_closed = True
        async with self._mending:
            was_writer = self._lease.is_held
            self._ready.clear()
            if was_writer:
                await self._lease.give_back()
            await self._server.reading.aclose()
            await self._server.writing.aclose()


def open_remote(
    settings: Settings,
    database: Database,
    source: Source,
    synonyms: Synonyms | None,
    mended: Mended,
) -> RemoteIndexes:
    """The indexes on the server of the settings. Nothing is asked of it yet."""
    reader, writer, administrator = settings.keys_of_search
    url, timeout_s = settings.search_url, settings.search_timeout_ms / 1000
    return RemoteIndexes(
        Server(
            MeilisearchConnection(url, reader, timeout_s=timeout_s),
            MeilisearchConnection(url, writer, timeout_s=timeout_s),
            MeilisearchAdmin(url, administrator),
        ),
        # The server's address is no part of the name: two names of one server would let two write.
        WriterLease(database, f"{settings.search_prefix}indexes"),
        source,
        prefix=settings.search_prefix,
        synonyms=synonyms,
        mended=mended,
    )
