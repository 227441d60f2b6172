"""The settings of a Meilisearch index, and the mark by which an outdated one is known."""

from typing import Any

from search.meilisearch_documents import SEARCHED_FIELDS
from search.port import FACETS
from search.text import PIPELINE_VERSION

# Raise this number with every change of the stored fields or of what stands in them: indexes
# made with another number are rebuilt by their owners.
SCHEMA_VERSION = 1

PRIMARY_KEY = "key"
# No document has this attribute. Its name tells which version made the index, at the one place
# of an index where a name may stand without costing anything.
MADE_BY = f"made-by-schema-{SCHEMA_VERSION}-pipeline-{PIPELINE_VERSION}"

# Hits past this place can't be reached, and longer lists are not counted to their end.
MAX_HITS = 1_000_000
# Also how many words one question for the words with a beginning may bring.
MAX_FACET_VALUES = 1_000
_CUTOFF_MS = 10_000
_TOLD = ["key", "id", "version", "title", "keywords", "body", "industries", *SEARCHED_FIELDS]
_NUMBERS = ["published_at_s", "price_low", "price_high", "trl_low", "trl_high"]
_ORDERED = [PRIMARY_KEY, "published_at_s", "price_min_cny", "trl_min"]
_COMPARED = [
    PRIMARY_KEY,
    "characters",
    "pairs",
    "industries",
    "divisions",
    "organisation",
    *FACETS,
    MADE_BY,
]
# The server keeps a list of the words of these, to complete one.
_COMPLETED = ["words", "title_words"]
# Here with one slip forgiven.
_SLIPPED = ["latin"]


def settings() -> dict[str, Any]:
    """All settings that matter, as the server tells them when they are in force."""
    return {
        "displayedAttributes": _TOLD,
        "searchableAttributes": [*SEARCHED_FIELDS],
        "filterableAttributes": [
            _filterable(_COMPARED),
            _filterable(_NUMBERS, is_number=True),
            _filterable([*_COMPLETED, *_SLIPPED], is_completed=True),
        ],
        "sortableAttributes": _ORDERED,
        # For one word the first three make the order of BM25, ties by key.
        "rankingRules": ["words", "attributeRank", "sort"],
        "stopWords": [],
        "synonyms": {},
        "distinctAttribute": None,
        # Places of words are not asked for; without them an index is made in half the time.
        "proximityPrecision": "byAttribute",
        "prefixSearch": "disabled",
        "facetSearch": True,
        "typoTolerance": {
            "enabled": True,
            "minWordSizeForTypos": {"oneTypo": 4, "twoTypos": 255},
            "disableOnWords": [],
            "disableOnAttributes": [*SEARCHED_FIELDS, *_COMPLETED],
            "disableOnNumbers": False,
        },
        "faceting": {
            "maxValuesPerFacet": MAX_FACET_VALUES,
            "sortFacetValuesBy": {"*": "count"},
        },
        "pagination": {"maxTotalHits": MAX_HITS},
        "searchCutoffMs": _CUTOFF_MS,
    }


def _filterable(
    names: list[str], *, is_number: bool = False, is_completed: bool = False
) -> dict[str, Any]:
    return {
        "attributePatterns": names,
        "features": {
            "facetSearch": is_completed,
            "filter": {"equality": True, "comparison": is_number},
        },
    }
