"""Filters, facets and orders of the embedded engine, built from values."""

from collections.abc import Iterable, Sequence
from typing import Any

from tantivy import FieldType, Occur, Order, Query, Schema

from search.fields import I64_MAX, I64_MIN, prefix_term
from search.port import PRICE_BANDS_CNY, FacetName, Filters, Sort
from search.text import clean, spelled_out
from search.typed import MAX_ORGANISATION_CHARACTERS

_MAX_FACET_VALUES = 1_000
# Up to so many values single terms are faster than a set, whose automaton costs 0.15 ms.
_FEW_VALUES = 32

# A document that knows a range counts by its lower end, in the facets and in the orders.
ORDERS: dict[Sort, tuple[str, Order]] = {
    "newest": ("published_at_s", Order.Desc),
    "price_up": ("price_min_cny", Order.Asc),
    "price_down": ("price_min_cny", Order.Desc),
    "trl_up": ("trl_min", Order.Asc),
    "trl_down": ("trl_min", Order.Desc),
}


def filtered(query: Query, conditions: Sequence[Query]) -> Query:
    """Documents of `query` that meet all conditions, with the score that `query` gives them."""
    if not conditions:
        return query
    return Query.boolean_query(
        [(Occur.Must, query)]
        + [(Occur.Must, Query.const_score_query(condition, 0.0)) for condition in conditions]
    )


def filter_conditions(schema: Schema, filters: Filters) -> list[Query]:
    alternatives = (
        ("id", map(clean, filters.ids)),
        ("fields", map(clean, filters.fields)),
        ("industry_prefixes", map(prefix_term, filters.industries)),
        ("division_prefixes", map(prefix_term, filters.divisions)),
        ("modes", map(clean, filters.modes)),
    )
    conditions = [
        _any_of(schema, field, accepted)
        for field, values in alternatives
        if (accepted := list(values))
    ]
    if part := spelled_out(filters.organisation)[:MAX_ORGANISATION_CHARACTERS]:
        conditions.append(adjacent(schema, "organisation", part))
    conditions += _overlapping(schema, "trl", filters.trl_min, filters.trl_max)
    conditions += _overlapping(schema, "price", filters.price_min_cny, filters.price_max_cny)
    if filters.published_since_s is not None:
        conditions.append(number_range(schema, "published_at_s", filters.published_since_s, None))
    return conditions


def _any_of(schema: Schema, field: str, accepted: Sequence[str]) -> Query:
    if len(accepted) > _FEW_VALUES:
        return Query.term_set_query(schema, field, accepted)
    terms = [Query.term_query(schema, field, value) for value in accepted]
    if len(terms) == 1:
        return terms[0]
    return Query.boolean_query([(Occur.Should, term) for term in terms])


def adjacent(schema: Schema, field: str, words: Sequence[str]) -> Query:
    """Documents that hold the words next to each other. `words` is not empty."""
    if len(words) == 1:
        # The engine panics on a phrase of one word.
        return Query.term_query(schema, field, words[0])
    return Query.phrase_query(schema, field, list(words))


def number_range(schema: Schema, field: str, lowest: int | None, highest: int | None) -> Query:
    """Documents whose number lies within both ends; numbers past 64 bits are brought inside."""
    return Query.range_query(
        schema, field, FieldType.Integer, _within_64_bits(lowest), _within_64_bits(highest)
    )


def _within_64_bits(number: int | None) -> int | None:
    return None if number is None else max(I64_MIN, min(number, I64_MAX))


def _overlapping(
    schema: Schema, name: str, lowest: int | None, highest: int | None
) -> Iterable[Query]:
    if lowest is not None:
        yield number_range(schema, f"{name}_high", lowest, None)
    if highest is not None:
        yield number_range(schema, f"{name}_low", None, highest)


def facet_request(facets: Iterable[FacetName]) -> dict[str, Any]:
    return {
        name: _price_band_request()
        if name == "price_bands"
        else {"terms": {"field": name, "size": _MAX_FACET_VALUES}}
        for name in facets
    }


def _price_band_request() -> dict[str, Any]:
    ranges: list[dict[str, Any]] = []
    lower: int | None = None
    for band, upper in PRICE_BANDS_CNY:
        edges = {"from": lower, "to": upper}
        ranges.append({"key": band} | {k: float(v) for k, v in edges.items() if v is not None})
        lower = upper
    return {"range": {"field": "price_min_cny", "ranges": ranges}}


def facet_counts(answer: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Counts by value, the most frequent first; values that no hit has are left out."""
    return {
        name: {
            str(bucket["key"]): bucket["doc_count"]
            for bucket in sorted(found["buckets"], key=lambda b: (-b["doc_count"], str(b["key"])))
            if bucket["doc_count"]
        }
        for name, found in answer.items()
    }
