"""The Meilisearch engine: one index of a server, over HTTP."""

from collections.abc import Iterable, Sequence

from search.documents import SearchDocument
from search.meilisearch_http import MeilisearchConnection
from search.port import Filters, Hit, SearchPage, SearchQuery, WeightedTerm
from search.synonyms import Synonyms

__all__ = ["MeilisearchConnection", "MeilisearchEngine"]

NO_FILTERS = Filters()


class MeilisearchEngine:
    """A SearchEngine on one index of a Meilisearch server."""

    def __init__(
        self,
        connection: MeilisearchConnection,
        index_uid: str,
        *,
        synonyms: Synonyms | None = None,
    ) -> None:
        self._connection = connection
        self._index_uid = index_uid
        self._synonyms = synonyms

    def use_synonyms(self, synonyms: Synonyms | None) -> None:
        """Searches from now on know these synonyms; the index stays as it is."""
        self._synonyms = synonyms

    async def upsert(self, documents: Iterable[SearchDocument]) -> None:
        raise NotImplementedError

    async def delete(self, ids: Iterable[str]) -> None:
        raise NotImplementedError

    async def search(self, query: SearchQuery) -> SearchPage:
        raise NotImplementedError

    async def candidates(
        self, terms: Sequence[WeightedTerm], *, filters: Filters = NO_FILTERS, limit: int = 200
    ) -> list[Hit]:
        raise NotImplementedError

    async def suggest(self, typed: str, *, limit: int = 8) -> list[str]:
        raise NotImplementedError

    async def versions(self) -> dict[str, int]:
        raise NotImplementedError
