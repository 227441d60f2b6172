"""The embedded engine: a tantivy index in memory or in a folder, inside this process."""

import asyncio
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tantivy import Index, IndexWriter, Query

from search import text
from search.documents import SearchDocument
from search.embedded_filters import ORDERS, filter_conditions, filtered
from search.embedded_folder import (
    Stamp,
    commit_stamp,
    discard,
    let_generation_count,
    manifest_stamp,
    new_generation,
    open_generation,
)
from search.embedded_queries import QueryBuilder, TypedQuery, weighted_any
from search.embedded_schema import build_schema, register_tokenizers
from search.embedded_snapshot import Found, FoundPage, Snapshot
from search.embedded_writing import IndexWriting, MadeDocument, made_documents, open_writer
from search.highlight import highlights
from search.port import (
    Filters,
    Hit,
    IndexCorrupt,
    Neighbourhood,
    SearchPage,
    SearchQuery,
    SearchUnavailable,
    WeightedTerm,
    distinct_hits,
)
from search.synonyms import Synonyms
from search.text import clean
from search.typed import FEW_HITS, TypedText, read_typed

NO_FILTERS = Filters()


class EmbeddedEngine:
    """A SearchEngine in this process.

    Each method of the port has a twin without `async`, named `…_now`, for batch work; the
    asynchronous one runs it in a thread. All may be called from any thread at once.

    One engine in one process may write to a folder; any number may read it, and see a commit
    at their next search. A hit's score is 0 in other orders than relevance. Keyword
    highlights are places in `highlight.joined_keywords(document.keywords)`.
    """

    def __init__(
        self,
        index: Index,
        *,
        generation: Path | None,
        writable: bool,
        synonyms: Synonyms | None,
    ) -> None:
        self._synonyms = synonyms
        self._index = index
        self._generation = generation
        self._known_ids: dict[int, str] = {}
        self._refreshing = threading.Lock()
        self._stamps = self._read_stamps()
        self._snapshot = Snapshot(index.searcher(), index.schema, self._known_ids)
        self._writing = IndexWriting(index, self._snapshot) if writable else None

    @classmethod
    def in_memory(cls, *, synonyms: Synonyms | None = None) -> Self:
        index = register_tokenizers(Index(build_schema()))
        index.config_reader(reload_policy="manual")
        return cls(index, generation=None, writable=True, synonyms=synonyms)

    @classmethod
    def open(cls, folder: Path, *, writable: bool, synonyms: Synonyms | None = None) -> Self:
        """The index in a folder, as it is.

        Raises IndexCorrupt when there is none or it can't be read, IndexOutdated when another
        version made it (`rebuild` helps in both cases), IndexLocked when `writable` and
        another engine writes to it.
        """
        index, generation = open_generation(folder)
        return cls(index, generation=generation, writable=writable, synonyms=synonyms)

    @classmethod
    def rebuild(
        cls,
        folder: Path,
        documents: Iterable[SearchDocument] = (),
        *,
        synonyms: Synonyms | None = None,
    ) -> Self:
        """A new index of these documents in place of what the folder holds, open for writing.

        Readers have the old index until the new one is complete, then the new one. A failure
        leaves the old index as it was. Raises IndexLocked while another engine writes to it.
        """
        predecessor = _lock_predecessor(folder)
        try:
            return cls._build_beside(folder, documents, synonyms)
        finally:
            if predecessor:
                predecessor.wait_merging_threads()

    @classmethod
    def _build_beside(
        cls, folder: Path, documents: Iterable[SearchDocument], synonyms: Synonyms | None
    ) -> Self:
        index, generation = new_generation(folder)
        engine = cls(index, generation=generation, writable=True, synonyms=synonyms)
        try:
            engine.upsert_now(documents)
            let_generation_count(folder, generation)
        except BaseException:
            engine.close()
            discard(generation)
            raise
        engine._stamps = engine._read_stamps()
        return engine

    def use_synonyms(self, synonyms: Synonyms | None) -> None:
        """Searches from now on know these synonyms; the index stays as it is."""
        self._synonyms = synonyms

    def finish_writing(self) -> None:
        """Give the writer's lock back and end its threads. Reading goes on."""
        if self._writing:
            self._writing.close()
            self._writing = None

    def close(self) -> None:
        """Give the writer's lock back. The engine must not be used any more."""
        self.finish_writing()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def upsert_now(self, documents: Iterable[SearchDocument]) -> None:
        """Write all documents in one commit: all of them are there afterwards or none is.

        The documents are read one by one, so they may be many. Raises DocumentRefused,
        SearchUnavailable, and what the iterable raises; nothing is written then.
        """
        self.upsert_made(made_documents(documents))

    def upsert_made(self, documents: Iterable[MadeDocument]) -> None:
        """As `upsert_now`, for those who made documents of several writes side by side."""
        self._writer().upsert(documents)
        self._reload()

    def hold_candidates(self, documents: Iterable[tuple[SearchDocument, Sequence[str]]]) -> None:
        """Fill an empty index with documents and their words (search.documents.document_words).

        It then answers `candidates` and searches without text, both with filters by industry
        alone, and takes no more documents; that is done in a third of the time of `upsert_now`.
        Ids must differ.
        """
        self._writer().add_candidates(documents)
        self._reload()
        self.finish_writing()

    def delete_now(self, ids: Iterable[str]) -> None:
        self._writer().delete(ids)
        self._reload()

    def _writer(self) -> IndexWriting:
        if self._writing is None:
            raise SearchUnavailable("This search index is open for reading only.")
        return self._writing

    def search_now(self, query: SearchQuery) -> SearchPage:
        snapshot = self._fresh()
        typed = read_typed(query.text, self._synonyms)
        wanted, page = self._found(snapshot, query, typed)
        marked = typed.marked_words if query.highlight else frozenset[str]()
        return SearchPage(
            hits=tuple(_hit(snapshot, found, marked) for found in page.found),
            total=page.total or 0,
            facets=snapshot.facets(wanted, query.facets),
        )

    def _found(
        self, snapshot: Snapshot, query: SearchQuery, typed: TypedText
    ) -> tuple[Query, FoundPage]:
        """The documents asked for, and the page of them."""
        conditions = filter_conditions(snapshot.schema, query.filters)
        if typed.is_blank:
            wanted = filtered(Query.all_query(), conditions)
            return wanted, _listed(snapshot, wanted, query)
        if typed.finds_nothing:
            return Query.empty_query(), FoundPage([], 0)
        builder = QueryBuilder(snapshot.schema, snapshot.searcher)
        found = _typed_page(snapshot, builder.strict(typed), conditions, query)
        if (found[1].total or 0) >= FEW_HITS:
            return found
        return _typed_page(snapshot, builder.relaxed(typed), conditions, query)

    def candidates_now(
        self, terms: Sequence[WeightedTerm], *, filters: Filters = NO_FILTERS, limit: int = 200
    ) -> list[Hit]:
        if limit <= 0:
            return []
        snapshot = self._fresh()
        wanted = weighted_any(snapshot.schema, terms)
        conditions = filter_conditions(snapshot.schema, filters)
        page = snapshot.by_relevance(
            filtered(wanted, conditions), offset=0, limit=limit, count=False
        )
        return [Hit(found.id, found.score) for found in page.found]

    def candidates_and_neighbours_now(
        self, terms: Sequence[WeightedTerm], neighbourhood: Neighbourhood, *, limit: int = 200
    ) -> list[Hit]:
        filters = Filters(industries=neighbourhood.industries)
        wanted = neighbourhood.limit
        near = self.candidates_now(neighbourhood.terms, filters=filters, limit=wanted)
        if len(near) < wanted:
            near += self.search_now(SearchQuery(filters=filters, limit=wanted)).hits
        return distinct_hits([*self.candidates_now(terms, limit=limit), *near])

    def suggest_now(self, typed: str, *, limit: int = 8) -> list[str]:
        """Completes the last word of what was typed."""
        parts = text.fold(clean(typed)).split()
        if not parts or limit <= 0:
            return []
        return list(self._fresh().words_with_prefix("title", parts[-1], limit))

    def versions_now(self) -> dict[str, int]:
        return self._fresh().versions()

    def _fresh(self) -> Snapshot:
        """The snapshot of the last commit, whoever made it."""
        if self._generation is not None and self._read_stamps() != self._stamps:
            self._reload()
        return self._snapshot

    def _reload(self) -> None:
        with self._refreshing:
            stamps = self._read_stamps()
            try:
                self._reopen_if_rebuilt(stamps)
                self._index.reload()
                searcher = self._index.searcher()
            except (ValueError, OSError) as error:
                raise SearchUnavailable(f"The search index changes just now: {error}.") from error
            self._snapshot = Snapshot(searcher, self._index.schema, self._known_ids)
            self._stamps = stamps

    def _reopen_if_rebuilt(self, stamps: tuple[Stamp | None, Stamp | None]) -> None:
        if self._generation is None or self._writing or stamps[0] == self._stamps[0]:
            return
        self._index, self._generation = open_generation(self._generation.parent)

    def _read_stamps(self) -> tuple[Stamp | None, Stamp | None]:
        if self._generation is None:
            return None, None
        return manifest_stamp(self._generation.parent), commit_stamp(self._generation)

    async def upsert(self, documents: Iterable[SearchDocument]) -> None:
        await asyncio.to_thread(self.upsert_now, documents)

    async def delete(self, ids: Iterable[str]) -> None:
        await asyncio.to_thread(self.delete_now, ids)

    async def search(self, query: SearchQuery) -> SearchPage:
        return await asyncio.to_thread(self.search_now, query)

    async def candidates(
        self, terms: Sequence[WeightedTerm], *, filters: Filters = NO_FILTERS, limit: int = 200
    ) -> list[Hit]:
        return await asyncio.to_thread(self.candidates_now, terms, filters=filters, limit=limit)

    async def candidates_and_neighbours(
        self, terms: Sequence[WeightedTerm], neighbourhood: Neighbourhood, *, limit: int = 200
    ) -> list[Hit]:
        return await asyncio.to_thread(
            self.candidates_and_neighbours_now, terms, neighbourhood, limit=limit
        )

    async def suggest(self, typed: str, *, limit: int = 8) -> list[str]:
        return await asyncio.to_thread(self.suggest_now, typed, limit=limit)

    async def versions(self) -> dict[str, int]:
        return await asyncio.to_thread(self.versions_now)


def _lock_predecessor(folder: Path) -> IndexWriter | None:
    # Its lock keeps writers out until the new index is in place. An index that can't be
    # opened has no writer to wait for.
    try:
        index, _ = open_generation(folder, any_version=True)
    except IndexCorrupt:
        return None
    return open_writer(index)


def _typed_page(
    snapshot: Snapshot, typed: TypedQuery, conditions: Sequence[Query], query: SearchQuery
) -> tuple[Query, FoundPage]:
    wanted = filtered(typed.finding, conditions)
    if query.sort != "relevance" or query.limit <= 0:
        return wanted, _listed(snapshot, wanted, query)
    ranked = filtered(typed.ranked, conditions)
    return wanted, snapshot.by_relevance(ranked, offset=max(0, query.offset), limit=query.limit)


def _listed(snapshot: Snapshot, wanted: Query, query: SearchQuery) -> FoundPage:
    """A page in an order that no score decides."""
    offset, limit = max(0, query.offset), max(0, query.limit)
    if limit == 0:
        return FoundPage([], snapshot.count(wanted))
    if query.sort == "relevance":
        return snapshot.by_id(wanted, offset=offset, limit=limit)
    field, order = ORDERS[query.sort]
    return snapshot.by_number(wanted, field, order, offset=offset, limit=limit)


def _hit(snapshot: Snapshot, found: Found, marked: frozenset[str]) -> Hit:
    if not marked:
        return Hit(found.id, found.score)
    original = snapshot.original(found.address)
    places = highlights(
        title=original.title, keywords=original.keywords, body=original.body, words=marked
    )
    return Hit(found.id, found.score, places)
