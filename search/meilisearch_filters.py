"""Filters of a Meilisearch search, built from values; every value is a code and quoted."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from search.fields import I64_MAX, I64_MIN, prefix_term
from search.meilisearch_codes import key_of, pair_code, value_code, value_of_code, word_code
from search.meilisearch_documents import MAX_ENDING_CHARACTERS, ending_code
from search.port import Filters, Sort
from search.text import spelled_out
from search.typed import MAX_ORGANISATION_CHARACTERS

# A document that knows a range counts by its lower end; those without the number come last.
ORDERS: dict[Sort, tuple[str, ...]] = {
    "relevance": ("key:asc",),
    "newest": ("published_at_s:desc", "key:asc"),
    "price_up": ("price_min_cny:asc", "key:asc"),
    "price_down": ("price_min_cny:desc", "key:asc"),
    "trl_up": ("trl_min:asc", "key:asc"),
    "trl_down": ("trl_min:desc", "key:asc"),
}
# The time of a longer list grows with its square.
_VALUES_A_LIST = 500

NOTHING = 'key = ""'


def all_of(conditions: Iterable[str]) -> str:
    """The conjunction; of none the empty filter, which keeps everything."""
    kept = list(dict.fromkeys(filter(None, conditions)))
    return kept[0] if len(kept) == 1 else " AND ".join(f"({each})" for each in kept)


def any_of(conditions: Iterable[str]) -> str:
    """The disjunction; of none a filter that keeps nothing."""
    kept = list(dict.fromkeys(conditions))
    if not kept:
        return NOTHING
    return kept[0] if len(kept) == 1 else " OR ".join(f"({each})" for each in kept)


def one_of(field: str, codes: Sequence[str]) -> str:
    """The field has one of these values."""
    if len(codes) == 1:
        return f"{field} = {quoted(codes[0])}"
    return any_of(
        f"{field} IN [{', '.join(map(quoted, codes[start : start + _VALUES_A_LIST]))}]"
        for start in range(0, len(codes), _VALUES_A_LIST)
    )


def quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def has_word(word: str) -> str:
    return f"words = {quoted(word_code(word))}"


def has_words(words: Iterable[str]) -> str:
    return all_of(map(has_word, words))


def has_character(character: str) -> str:
    return f"characters = {quoted(word_code(character))}"


def has_phrase(parts: Sequence[str]) -> str:
    """The parts (search.text.characters) stand one after the other.

    To be exact, each stands beside the next: a text that has all these pairs, each somewhere
    else, counts as well.
    """
    if len(parts) == 1:
        return has_character(parts[0])
    return all_of(f"pairs = {quoted(pair_code(*pair))}" for pair in pairwise(parts))


def filter_conditions(filters: Filters) -> list[str]:
    alternatives = (
        ("key", map(key_of, filters.ids)),
        ("fields", map(value_code, filters.fields)),
        ("industries", map(prefix_code, filters.industries)),
        ("divisions", map(prefix_code, filters.divisions)),
        ("modes", map(value_code, filters.modes)),
    )
    conditions = [
        one_of(field, accepted)
        for field, values in alternatives
        if (accepted := list(dict.fromkeys(values)))
    ]
    conditions += _named(spelled_out(filters.organisation)[:MAX_ORGANISATION_CHARACTERS])
    conditions += _overlapping("trl", filters.trl_min, filters.trl_max)
    conditions += _overlapping("price", filters.price_min_cny, filters.price_max_cny)
    if filters.published_since_s is not None:
        conditions.append(f"published_at_s >= {_within_64_bits(filters.published_since_s)}")
    return conditions


def prefix_code(code: str) -> str:
    """The beginning of a code, as it stands in the fields of beginnings."""
    return value_code(prefix_term(code))


def _named(part: Sequence[str]) -> Iterable[str]:
    for start in range(0, len(part), MAX_ENDING_CHARACTERS):
        yield f"organisation STARTS WITH {quoted(ending_code(part[start:]))}"


def _overlapping(name: str, lowest: int | None, highest: int | None) -> Iterable[str]:
    if lowest is not None:
        yield f"{name}_high >= {_within_64_bits(lowest)}"
    if highest is not None:
        yield f"{name}_low <= {_within_64_bits(highest)}"


def _within_64_bits(number: int) -> int:
    return max(I64_MIN, min(number, I64_MAX))


def facet_counts(found: Mapping[str, int]) -> dict[str, int]:
    """Counts by value, the most frequent first."""
    counts = {value_of_code(code): count for code, count in found.items()}
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
