"""A second index in the data folder that answers while the server is away."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

import msgspec

from market.indexing.upkeep import KINDS, Batches, Kind, Source, Upkeep
from search.documents import SearchDocument
from search.port import (
    Filters,
    Hit,
    Neighbourhood,
    SearchEngine,
    SearchPage,
    SearchQuery,
    SearchUnavailable,
    WeightedTerm,
)
from search.synonyms import Synonyms

T = TypeVar("T")
_NO_FILTERS = Filters()
_REST_S = 5.0
_log = logging.getLogger("duijie.indexing")


class EngineWithFallback:
    """Asks `first`, and `second` when that is away; writes to both, or raises.

    After a failure `first` is left in peace for some seconds, so that not every search waits for
    it in vain. What people search for comes from `second`, marked as degraded. Matching does not:
    pairs that an old index chose would stay.
    """

    def __init__(self, first: SearchEngine, second: SearchEngine) -> None:
        self._first = first
        self._second = second
        self._rests_until_s = 0.0

    def use_synonyms(self, synonyms: Synonyms | None) -> None:
        self._first.use_synonyms(synonyms)
        self._second.use_synonyms(synonyms)

    async def upsert(self, documents: Iterable[SearchDocument]) -> None:
        # Read once, and in a thread: the iterable makes them one by one, and cuts their words.
        held = await asyncio.to_thread(list, documents)
        await self._first.upsert(held)
        await self._second.upsert(held)

    async def delete(self, ids: Iterable[str]) -> None:
        gone = list(ids)
        await self._first.delete(gone)
        await self._second.delete(gone)

    async def search(self, query: SearchQuery) -> SearchPage:
        async def instead() -> SearchPage:
            page = await self._second.search(query)
            return msgspec.structs.replace(page, is_degraded=True)

        return await self._either(lambda: self._first.search(query), instead)

    async def suggest(self, typed: str, *, limit: int = 8) -> list[str]:
        return await self._either(
            lambda: self._first.suggest(typed, limit=limit),
            lambda: self._second.suggest(typed, limit=limit),
        )

    async def candidates(
        self, terms: Sequence[WeightedTerm], *, filters: Filters = _NO_FILTERS, limit: int = 200
    ) -> list[Hit]:
        return await self._first.candidates(terms, filters=filters, limit=limit)

    async def candidates_and_neighbours(
        self, terms: Sequence[WeightedTerm], neighbourhood: Neighbourhood, *, limit: int = 200
    ) -> list[Hit]:
        return await self._first.candidates_and_neighbours(terms, neighbourhood, limit=limit)

    async def versions(self) -> dict[str, int]:
        return await self._first.versions()

    async def _either(
        self, ask: Callable[[], Awaitable[T]], instead: Callable[[], Awaitable[T]]
    ) -> T:
        if time.monotonic() < self._rests_until_s:
            return await instead()
        try:
            return await ask()
        except SearchUnavailable as away:
            _log.warning("the index in the data folder answers instead: %s", away)
            self._rests_until_s = time.monotonic() + _REST_S
        return await instead()


class IndexesWithFallback:
    """The indexes on the server, and those of the data folder that stand in for them.

    The process that writes holds both. It asks for the folder first: on one machine, two
    processes that hold one each would wait for each other for ever.
    """

    def __init__(self, server: Upkeep, folder: Upkeep, source: Source) -> None:
        self._server = server
        self._folder = folder
        self._source = source
        self._engines = {
            kind: EngineWithFallback(server.of(kind), folder.of(kind)) for kind in KINDS
        }

    def of(self, kind: Kind) -> EngineWithFallback:
        return self._engines[kind]

    def copies_of(self, kind: Kind) -> tuple[SearchEngine, ...]:
        return (*self._server.copies_of(kind), *self._folder.copies_of(kind))

    @property
    def can_write(self) -> bool:
        return self._server.can_write and self._folder.can_write

    async def become_writer(self) -> bool:
        return await self._folder.become_writer() and await self._server.become_writer()

    async def take_up_writing(self) -> None:
        await self._folder.take_up_writing()
        if self._folder.can_write:
            await self._server.take_up_writing()

    async def rebuild(self, kind: Kind, batches: Batches) -> None:
        await self._server.rebuild(kind, batches)
        await self._folder.rebuild(kind, self._source(kind))

    async def close(self) -> None:
        await self._server.close()
        await self._folder.close()
