"""The door to finding: what one asks of a search engine and what it answers."""

from collections.abc import Iterable, Sequence
from typing import Literal, Protocol, get_args

import msgspec

from search.documents import SearchDocument
from search.synonyms import Synonyms

FacetName = Literal["fields", "industry_sections", "provinces", "modes", "trl", "price_bands"]
FACETS: tuple[FacetName, ...] = get_args(FacetName)
Sort = Literal["relevance", "newest", "price_up", "price_down", "trl_up", "trl_down"]

# Upper edges of the price bands, in 元: a document belongs to the first band it is below.
PRICE_BANDS_CNY: tuple[tuple[str, int | None], ...] = (
    ("under_100k", 100_000),
    ("100k_500k", 500_000),
    ("500k_1m", 1_000_000),
    ("1m_5m", 5_000_000),
    ("5m_up", None),
)


class SearchError(Exception):
    """Any failure of an engine that its caller can name."""


class SearchUnavailable(SearchError):
    """The engine can't answer now; asking again later may work."""


class IndexMissing(SearchUnavailable):
    """The engine answers, but has no such index: make it from its source."""


class IndexOutdated(SearchError):
    """The index was made by another version of the schema or of the text pipeline: rebuild it."""


class IndexCorrupt(SearchError):
    """The index can't be read: rebuild it from its source."""


class IndexLocked(SearchError):
    """Another process holds the one writer of this index."""


class DocumentRefused(SearchError):
    """A document that no index can hold: its id is empty or too long, or a number too large."""


class DocumentsRefused(DocumentRefused):
    """Documents, named in `ids`, that the engine could not write. All others were written."""

    def __init__(self, message: str, ids: tuple[str, ...]) -> None:
        super().__init__(message)
        self.ids = ids


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions that every hit meets. Values within one tuple are alternatives.

    `industries` and `divisions` are prefixes of codes ("C19", "3505"); `organisation` is found
    as a part of the name, folded. Ranges include both ends and keep documents whose own range
    overlaps them; a document without the number is left out. An empty condition asks nothing.
    """

    ids: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    divisions: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    organisation: str = ""
    trl_min: int | None = None
    trl_max: int | None = None
    price_min_cny: int | None = None
    price_max_cny: int | None = None
    published_since_s: int | None = None


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A search as a person types it. An empty `text` lists every document that the filters keep.

    Words in double quotes must stand next to each other. `limit` 0 asks for counts only.
    """

    text: str = ""
    filters: Filters = Filters()
    facets: tuple[FacetName, ...] = ()
    sort: Sort = "relevance"
    limit: int = 20
    offset: int = 0
    highlight: bool = False


class WeightedTerm(msgspec.Struct, frozen=True):
    """A token of the text pipeline with the weight that it has in a long text."""

    token: str
    weight: float


class Neighbourhood(msgspec.Struct, frozen=True, kw_only=True):
    """Industries, as beginnings of their codes, that deserve a closer look.

    Of their documents those `limit` are meant that share most of `terms`. Where fewer share any,
    the first `limit` by id are meant as well.
    """

    industries: tuple[str, ...]
    terms: tuple[WeightedTerm, ...]
    limit: int


class Span(msgspec.Struct, frozen=True):
    """A found place in the original text: `text[start:end]`, counted in code points."""

    start: int
    end: int


class Hit(msgspec.Struct, frozen=True):
    """One found document, best first. `highlights` names fields (title, keywords, body)."""

    id: str
    score: float
    highlights: dict[str, tuple[Span, ...]] = {}


def distinct_hits(hits: Iterable[Hit]) -> list[Hit]:
    """The first hit of each document."""
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.id, hit)
    return list(first.values())


class SearchPage(msgspec.Struct, frozen=True):
    """One page of hits; `total` and `facets` count all hits, not this page only.

    `is_degraded`: an index that stands in for another gave it, and may lag behind.
    """

    hits: tuple[Hit, ...]
    total: int
    facets: dict[str, dict[str, int]] = {}
    is_degraded: bool = False


class SearchEngine(Protocol):
    """What both engines do, on one index of one kind of listing.

    Every method raises SearchUnavailable when the engine can't answer in time. Writes are
    idempotent: the last write of an id wins, deleting an unknown id is no error, and both
    return when the next search sees them.
    """

    async def upsert(self, documents: Iterable[SearchDocument]) -> None: ...

    async def delete(self, ids: Iterable[str]) -> None: ...

    async def search(self, query: SearchQuery) -> SearchPage: ...

    async def candidates(
        self, terms: Sequence[WeightedTerm], *, filters: Filters = Filters(), limit: int = 200
    ) -> list[Hit]:
        """Documents that share any of the terms, by the weighted sum of their scores."""
        ...

    async def candidates_and_neighbours(
        self, terms: Sequence[WeightedTerm], neighbourhood: Neighbourhood, *, limit: int = 200
    ) -> list[Hit]:
        """The `candidates` without filters, followed by the neighbours that are none of them.

        A neighbour that shares no term has the score 0. Asked at once this takes less time.
        """
        ...

    async def suggest(self, typed: str, *, limit: int = 8) -> list[str]:
        """Words of the index that begin with what was typed, the most frequent first."""
        ...

    async def versions(self) -> dict[str, int]:
        """Every id in the index with the version that it holds."""
        ...

    def use_synonyms(self, synonyms: Synonyms | None) -> None:
        """Searches from now on know these synonyms; the index stays as it is."""
        ...
