"""Questions to one Meilisearch index, and its answers."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from search.meilisearch_http import MeilisearchConnection
from search.meilisearch_settings import MAX_FACET_VALUES, MAX_HITS

# A query of more words is answered as if it had no others.
MAX_QUERY_WORDS = 10
_KEYS_A_FETCH = 10_000
_VERSIONS_A_FETCH = 20_000


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One query of a multi-search. Without words it finds all that the filter keeps.

    `words` are codes that must all be there; hits come best first, then as `sort` says.
    """

    filter: str = ""
    words: Sequence[str] = ()
    sort: Sequence[str] = ("key:asc",)
    facets: Sequence[str] = ()
    offset: int = 0
    limit: int = 0

    def body(self, index_uid: str) -> dict[str, Any]:
        made: dict[str, Any] = {
            "indexUid": index_uid,
            "q": " ".join(self.words[:MAX_QUERY_WORDS]),
            "matchingStrategy": "all",
            "offset": min(self.offset, MAX_HITS),
            "limit": min(self.limit, MAX_HITS),
            "attributesToRetrieve": ["key", "id"],
        }
        if self.filter:
            made["filter"] = self.filter
        if self.limit:
            made["sort"] = self.sort
            made["showRankingScore"] = bool(self.words)
        if self.facets:
            made["facets"] = self.facets
        return made


class FoundKey(msgspec.Struct, frozen=True):
    """A found document; `id` is told where the key is not the id."""

    key: str
    id: str = ""
    score: float = msgspec.field(default=0.0, name="_rankingScore")


class Found(msgspec.Struct, frozen=True):
    """The answer to one question; `total` counts all that is found, shown or not."""

    hits: list[FoundKey]
    total: int = msgspec.field(name="estimatedTotalHits")
    facets: dict[str, dict[str, int]] = msgspec.field(default={}, name="facetDistribution")


class Stored(msgspec.Struct, frozen=True):
    """Fields of a document; those that were not asked for are empty."""

    key: str
    id: str = ""
    version: int = 0
    title: str = ""
    keywords: tuple[str, ...] = ()
    body: str = ""
    industries: tuple[str, ...] = ()
    w0: str = ""
    w1: str = ""
    w2: str = ""
    w3: str = ""
    w4: str = ""
    w5: str = ""
    w6: str = ""
    c0: str = ""
    c1: str = ""
    c2: str = ""


class _Answers(msgspec.Struct, frozen=True):
    results: list[Found]


class _Fetched(msgspec.Struct, frozen=True):
    results: list[Stored]
    total: int


class _FacetHit(msgspec.Struct, frozen=True):
    value: str
    count: int


class _FacetHits(msgspec.Struct, frozen=True, rename="camel"):
    facet_hits: list[_FacetHit]


class IndexReader:
    """Reads one index. Every method raises SearchUnavailable, IndexMissing, IndexOutdated."""

    def __init__(self, connection: MeilisearchConnection, index_uid: str) -> None:
        self._connection = connection
        self._index_uid = index_uid

    async def answers(self, questions: Iterable[Question]) -> list[Found]:
        """The answers to all questions, in their order, from one request."""
        queries = [question.body(self._index_uid) for question in questions]
        body = {"queries": queries}
        found = await self._connection.read("POST", "/multi-search", body, answer=_Answers)
        return found.results

    async def stored_where(
        self, condition: str, *, fields: Sequence[str], limit: int
    ) -> list[Stored]:
        """The first documents by key that meet the filter."""
        body = {"filter": condition, "fields": fields, "limit": limit, "sort": ["key:asc"]}
        return (await self._fetched(body)).results

    async def stored(self, keys: Sequence[str], *, fields: Sequence[str]) -> list[Stored]:
        """The documents with these keys that are there, in no order that means anything."""
        if not keys:
            return []
        body = {"ids": keys, "fields": fields, "limit": len(keys)}
        return (await self._fetched(body)).results

    async def versions(self) -> dict[str, int]:
        found: dict[str, int] = {}
        total = 1
        for offset in range(0, MAX_HITS * 100, _VERSIONS_A_FETCH):
            if offset >= total:
                break
            body = {
                "fields": ["key", "id", "version"],
                "offset": offset,
                "limit": _VERSIONS_A_FETCH,
            }
            page = await self._fetched(body)
            found |= {each.id or each.key: each.version for each in page.results}
            total = page.total
        return found

    async def _fetched(self, body: dict[str, Any]) -> _Fetched:
        path = f"/indexes/{self._index_uid}/documents/fetch"
        return await self._connection.read("POST", path, body, answer=_Fetched)

    async def codes_like(self, field: str, beginning: str) -> list[tuple[str, int]]:
        """Values of a field that begin so, with their documents counted, the most frequent first.

        In the field `latin` one slip in the beginning is forgiven. At most MAX_FACET_VALUES.
        """
        path = f"/indexes/{self._index_uid}/facet-search"
        body = {"facetName": field, "facetQuery": beginning}
        found = await self._connection.read("POST", path, body, answer=_FacetHits)
        return [(hit.value, hit.count) for hit in found.facet_hits[:MAX_FACET_VALUES]]
