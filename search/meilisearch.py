"""The Meilisearch engine: one index of a server, over HTTP.

Written for and tested with Meilisearch 1.50.0, without its experimental features.
"""

from collections.abc import Iterable, Sequence

from search import text
from search.documents import SearchDocument
from search.highlight import highlights
from search.meilisearch_candidates import candidates, candidates_and_neighbours
from search.meilisearch_codes import word_code, word_of_code
from search.meilisearch_filters import facet_counts
from search.meilisearch_http import MeilisearchConnection
from search.meilisearch_reading import IndexReader
from search.meilisearch_search import Ranked, TypedSearch
from search.meilisearch_writing import IndexWriter
from search.port import Filters, Hit, Neighbourhood, SearchPage, SearchQuery, WeightedTerm
from search.synonyms import Synonyms
from search.text import clean
from search.typed import read_typed

__all__ = ["MeilisearchConnection", "MeilisearchEngine"]

NO_FILTERS = Filters()
_TEXTS = ("key", "title", "keywords", "body")


class MeilisearchEngine:
    """A SearchEngine on one index of a Meilisearch server.

    The index must be there: search.admin makes it. Beside what the port tells, writes raise
    DocumentsRefused for documents that the server could not take, after all others are written.
    A hit's score is 0 in other orders than relevance, and past the first few hundred hits.
    Keyword highlights are places in `highlight.joined_keywords(document.keywords)`.
    """

    def __init__(
        self,
        connection: MeilisearchConnection,
        index_uid: str,
        *,
        synonyms: Synonyms | None = None,
    ) -> None:
        self._reader = IndexReader(connection, index_uid)
        self._writer = IndexWriter(connection, index_uid)
        self._synonyms = synonyms

    def use_synonyms(self, synonyms: Synonyms | None) -> None:
        """Searches from now on know these synonyms; the index stays as it is."""
        self._synonyms = synonyms

    async def upsert(self, documents: Iterable[SearchDocument]) -> None:
        try:
            await self._writer.upsert(documents)
        finally:
            self._reader.forget()

    async def delete(self, ids: Iterable[str]) -> None:
        try:
            await self._writer.delete(ids)
        finally:
            self._reader.forget()

    async def search(self, query: SearchQuery) -> SearchPage:
        typed = read_typed(query.text, self._synonyms)
        if typed.finds_nothing and not typed.is_blank:
            return SearchPage(hits=(), total=0, facets={name: {} for name in query.facets})
        page = await TypedSearch(self._reader, typed, query).page()
        marked = typed.marked_words if query.highlight else frozenset[str]()
        return SearchPage(
            hits=tuple(await self._hits(page.hits, marked)),
            total=page.total,
            facets={name: facet_counts(page.facets.get(name, {})) for name in query.facets},
        )

    async def _hits(self, found: Sequence[Ranked], marked: frozenset[str]) -> list[Hit]:
        if not marked or not found:
            return [Hit(each.id, each.score) for each in found]
        stored = await self._reader.stored([each.key for each in found], fields=_TEXTS)
        places = {
            each.key: highlights(
                title=each.title, keywords=each.keywords, body=each.body, words=marked
            )
            for each in stored
        }
        return [Hit(each.id, each.score, places.get(each.key, {})) for each in found]

    async def candidates(
        self, terms: Sequence[WeightedTerm], *, filters: Filters = NO_FILTERS, limit: int = 200
    ) -> list[Hit]:
        return await candidates(self._reader, terms, filters, limit)

    async def candidates_and_neighbours(
        self, terms: Sequence[WeightedTerm], neighbourhood: Neighbourhood, *, limit: int = 200
    ) -> list[Hit]:
        return await candidates_and_neighbours(self._reader, terms, neighbourhood, limit)

    async def suggest(self, typed: str, *, limit: int = 8) -> list[str]:
        """Completes the last word of what was typed."""
        parts = text.fold(clean(typed)).split()
        if not parts or limit <= 0:
            return []
        found = await self._reader.codes_like("title_words", word_code(parts[-1]))
        return [word_of_code(code) for code, _ in found[:limit]]

    async def versions(self) -> dict[str, int]:
        return await self._reader.versions()
