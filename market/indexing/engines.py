"""The search engines of the marketplace: one index for each kind of listing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import msgspec

from market.db import Database
from market.indexing.embedded import EmbeddedIndexes
from market.indexing.fallback import IndexesWithFallback
from market.indexing.published import published_documents
from market.indexing.remote import RemoteIndexes, open_remote
from market.indexing.upkeep import KINDS, Batches, Kind, Upkeep, kept
from market.jobs import SOON, enqueue
from market.settings import Settings
from search.embedded import EmbeddedEngine
from search.port import SearchEngine
from search.synonyms import shipped_synonyms

__all__ = ["KINDS", "Indexes", "Kind", "Upkeep", "indexes_in_memory", "open_indexes"]

# The job that compares indexes and database, and repairs the difference; its payload is empty.
RECONCILE = "index.reconcile"
_RETRY_S = 2.0


class Indexes(msgspec.Struct, frozen=True):
    """The engine of the results and that of the needs. Without `upkeep` they are in memory."""

    results: SearchEngine
    needs: SearchEngine
    upkeep: Upkeep | None = None

    def of(self, kind: str) -> SearchEngine:
        return self.results if kind == "result" else self.needs

    def copies_of(self, kind: Kind) -> tuple[SearchEngine, ...]:
        """Every index that must hold the listings of a kind."""
        return (self.of(kind),) if self.upkeep is None else self.upkeep.copies_of(kind)

    @property
    def can_write(self) -> bool:
        """Whether this process may do index jobs now: of several only one may."""
        return self.upkeep is None or self.upkeep.can_write

    async def rebuild(self, kind: Kind, batches: Batches) -> None:
        """Make one index anew. Raises IndexLocked where another process is the writer."""
        if self.upkeep is None:
            await _replace_documents(self.of(kind), batches)
        else:
            await self.upkeep.rebuild(kind, batches)


async def _replace_documents(engine: SearchEngine, batches: Batches) -> None:
    surplus = set(await engine.versions())
    async for batch in batches:
        await engine.upsert(batch)
        surplus -= {document.id for document in batch}
    await engine.delete(surplus)


def indexes_in_memory() -> Indexes:
    """For tests and trials: gone with the process."""
    return Indexes(EmbeddedEngine.in_memory(), EmbeddedEngine.in_memory())


@asynccontextmanager
async def open_indexes(
    settings: Settings,
    database: Database,
    *,
    for_writing: bool,
    waits: bool = True,
    retry_s: float = _RETRY_S,
) -> AsyncIterator[Indexes]:
    """The indexes of the settings, for this process, until the end of the block.

    `for_writing`: this process does index jobs, as soon as no other process does. It looks
    every `retry_s` seconds, and rebuilds from the database what is missing, damaged or of
    another version. With `waits` a rebuild that is needed at the start is done before the block
    begins; else searches raise SearchUnavailable until it is done.
    """
    upkeep = upkeep_of(settings, database)
    engines = Indexes(upkeep.of("result"), upkeep.of("need"), upkeep)
    try:
        if for_writing:
            async with kept(upkeep, waits=waits, retry_s=retry_s):
                yield engines
        else:
            yield engines
    finally:
        await upkeep.close()


def upkeep_of(settings: Settings, database: Database) -> Upkeep:
    """The indexes of the settings, not opened yet for reading or writing; close it in the end."""
    if not settings.search_url:
        return _embedded(settings, database)
    if settings.search_fallback == "none":
        return _remote(settings, database)
    return IndexesWithFallback(
        _remote(settings, database),
        _embedded(settings, database),
        partial(published_documents, database),
    )


def _embedded(settings: Settings, database: Database) -> EmbeddedIndexes:
    return EmbeddedIndexes(
        settings.index_folder,
        partial(published_documents, database),
        shipped_synonyms(),
        partial(_look_for_more, database),
    )


def _remote(settings: Settings, database: Database) -> RemoteIndexes:
    return open_remote(
        settings,
        database,
        partial(published_documents, database),
        shipped_synonyms(),
        partial(_look_for_more, database),
    )


async def _look_for_more(database: Database, _kind: Kind) -> None:
    # Where an index was outdated the words of the listings are, too.
    async with database.writing() as session:
        await enqueue(session, RECONCILE, {}, priority=SOON)
