"""Questions to one Meilisearch index, and its answers."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from search.meilisearch_filters import Scope, holds
from search.meilisearch_http import MeilisearchConnection
from search.meilisearch_settings import MAX_FACET_VALUES, MAX_HITS

# A query of more words is answered as if it had no others.
MAX_QUERY_WORDS = 10
# The time of a search grows with the square of the keys in its filter.
_KEYS_A_SEARCH = 400
_COUNTS_LAST_S = 60.0
_MOST_COUNTS = 100_000
_VERSIONS_A_FETCH = 20_000


class Question(msgspec.Struct, frozen=True):
    """How many documents are there? With `limit` also: which hold all words, best first by key?

    `words` are codes; without any the hits are the first by key.
    """

    scope: Scope = Scope()
    facets: Sequence[str] = ()
    words: Sequence[str] = ()
    limit: int = 0

    def body(self, index_uid: str, scope: Scope) -> dict[str, Any]:
        made: dict[str, Any] = {
            "indexUid": index_uid,
            "q": " ".join(self.words[:MAX_QUERY_WORDS]),
            "matchingStrategy": "all",
            "limit": min(self.limit, MAX_HITS),
            "attributesToRetrieve": ["key", "id"],
        }
        if scope.filter:
            made["filter"] = scope.filter
        if self.limit:
            made |= {"sort": ["key:asc"], "showRankingScore": bool(self.words)}
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
    facets: Mapping[str, Mapping[str, int]] = msgspec.field(default={}, name="facetDistribution")


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
    c3: str = ""


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


def _together(parts: Sequence[Found], limit: int) -> Found:
    """One answer of those to the same question on different documents."""
    if len(parts) == 1:
        return parts[0]
    facets: dict[str, Counter[str]] = {}
    for part in parts:
        for name, counts in part.facets.items():
            facets.setdefault(name, Counter()).update(counts)
    hits = sorted(
        (hit for part in parts for hit in part.hits), key=lambda hit: (-hit.score, hit.key)
    )
    return Found(hits[:limit], sum(part.total for part in parts), dict(facets))


class IndexReader:
    """Reads one index. Every method raises SearchUnavailable, IndexMissing, IndexOutdated."""

    def __init__(self, connection: MeilisearchConnection, index_uid: str) -> None:
        self._connection = connection
        self._index_uid = index_uid
        self._counts: dict[tuple[str, str], int] = {}
        self._counts_since = time.monotonic()

    def forget(self) -> None:
        """The index was written: what was counted in it is of no account any more."""
        self._counts = {}

    async def counted(
        self, field: str, codes: Iterable[str], questions: Iterable[Question]
    ) -> tuple[int, dict[str, int], list[Found]]:
        """How many documents there are, how many hold each code in the field, and the answers
        to other questions, all from one request.

        Counts of codes may be a minute old: most codes are asked for again and again.
        """
        recent = self._recent_counts()
        codes = list(dict.fromkeys(codes))
        counts = {code: recent[field, code] for code in codes if (field, code) in recent}
        new = [code for code in codes if code not in counts]
        counting = (Question(Scope((holds(field, code),))) for code in new)
        everything, *answers = await self.answers([Question(), *counting, *questions])
        for code, answer in zip(new, answers, strict=False):
            counts[code] = answer.total
            # A code that stands nowhere may stand in the next document.
            if answer.total:
                recent[field, code] = answer.total
        return everything.total, counts, answers[len(new) :]

    def _recent_counts(self) -> dict[tuple[str, str], int]:
        now = time.monotonic()
        if now - self._counts_since > _COUNTS_LAST_S or len(self._counts) > _MOST_COUNTS:
            self._counts, self._counts_since = {}, now
        return self._counts

    async def answers(self, questions: Iterable[Question]) -> list[Found]:
        """The answers to all questions, in their order, from one request."""
        asked = [(question, question.scope.parts(_KEYS_A_SEARCH)) for question in questions]
        queries = [
            question.body(self._index_uid, part) for question, parts in asked for part in parts
        ]
        answer = await self._connection.read(
            "POST", "/multi-search", {"queries": queries}, answer=_Answers
        )
        found = iter(answer.results)
        return [
            _together([next(found) for _ in parts], question.limit) for question, parts in asked
        ]

    async def stored_where(
        self,
        scope: Scope,
        *,
        fields: Sequence[str],
        limit: int,
        offset: int = 0,
        order: Sequence[str] = ("key:asc",),
    ) -> list[Stored]:
        """Documents of the scope in this order, the first of all by key."""
        body = {
            "filter": scope.filter,
            "fields": fields,
            "sort": order,
            "offset": min(offset, MAX_HITS),
            "limit": min(limit, MAX_HITS),
        }
        return (await self._fetched(body)).results if limit else []

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
