"""What a search of published listings answers."""

import msgspec
from msgspec import UNSET, UnsetType

from schemas.listing_views import ListingSummary


class FoundListing(ListingSummary, kw_only=True, frozen=True):
    """A listing that a search found.

    `score` compares hits of one search sorted by relevance; it is 0 in other orders. `highlights`
    holds the found places [start, end) of "title", "keywords" (joined by "、") and "snippet",
    counted in code points; `snippet` is the part of the text around the first found word.
    """

    score: float
    highlights: dict[str, list[tuple[int, int]]] | UnsetType = UNSET
    snippet: str | UnsetType = UNSET


class FacetCount(msgspec.Struct, kw_only=True, frozen=True):
    """How many of all found listings have a value; `label` names it in the language asked for."""

    code: str
    label: str
    count: int


class FoundPage(msgspec.Struct, kw_only=True):
    """One page of found listings, best first; `total` and `facets` count all that were found.

    A page may hold fewer items than were asked for: listings that were withdrawn a moment ago
    are left out. `next_cursor` is None on the last page. `degraded` tells that the search engine
    is away, and that an index that may lag behind answered instead.
    """

    items: list[FoundListing]
    total: int
    facets: dict[str, list[FacetCount]]
    next_cursor: str | None = None
    degraded: bool = False


class Suggestions(msgspec.Struct, kw_only=True):
    """Words of titles that complete the last word typed, the most frequent first."""

    items: list[str]
