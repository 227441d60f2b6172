"""Filters of a Meilisearch search, built from values; every value is a code and quoted."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

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
# The server copies the text of a condition once for each value in it.
_VALUES_A_CONDITION = 20

# What every hit meets: conditions, or lists of conditions of which it meets one.
Clause = str | list[str]
Filter = list[Clause]

NOTHING = 'key = ""'


def all_of(clauses: Iterable[Clause]) -> str:
    """The clauses as one condition; of none the empty one, which keeps everything."""
    kept = [f"({_as_condition(clause)})" for clause in clauses]
    return kept[0][1:-1] if len(kept) == 1 else " AND ".join(kept)


def _as_condition(clause: Clause) -> str:
    alternatives = [clause] if isinstance(clause, str) else clause or [NOTHING]
    if len(alternatives) == 1:
        return alternatives[0]
    return " OR ".join(f"({each})" for each in alternatives)


def one_of(field: str, codes: Sequence[str]) -> list[str]:
    """The field has one of these values, as alternatives."""
    return [
        holds(field, part[0]) if len(part) == 1 else f"{field} IN [{', '.join(map(quoted, part))}]"
        for part in _parts(codes)
    ]


def none_of(field: str, codes: Sequence[str]) -> Filter:
    return [f"{field} NOT IN [{', '.join(map(quoted, part))}]" for part in _parts(codes)]


def _parts(codes: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(codes), _VALUES_A_CONDITION):
        yield codes[start : start + _VALUES_A_CONDITION]


def quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def holds(field: str, code: str) -> str:
    return f"{field} = {quoted(code)}"


def has_word(word: str) -> str:
    return holds("words", word_code(word))


def has_words(words: Iterable[str]) -> str:
    return all_of(map(has_word, words))


def has_character(character: str) -> str:
    return holds("characters", word_code(character))


def has_phrase(parts: Sequence[str]) -> str:
    """The parts (search.text.characters) stand one after the other.

    To be exact, each stands beside the next: a text that has all these pairs, each somewhere
    else, counts as well.
    """
    if len(parts) == 1:
        return has_character(parts[0])
    return all_of(holds("pairs", pair_code(*pair)) for pair in pairwise(parts))


class Scope(msgspec.Struct, frozen=True):
    """Where is searched: documents that meet all clauses, of `keys` if these are told."""

    clauses: tuple[Clause, ...] = ()
    keys: tuple[str, ...] = ()

    def having(self, *clauses: Clause) -> "Scope":
        return Scope((*clauses, *self.clauses), self.keys)

    @property
    def filter(self) -> Filter:
        return [*self.clauses, *([one_of("key", self.keys)] if self.keys else [])]

    def parts(self, size: int) -> list["Scope"]:
        """The same documents in scopes of so many keys at most, none of them in two."""
        if len(self.keys) <= size:
            return [self]
        starts = range(0, len(self.keys), size)
        return [Scope(self.clauses, self.keys[start : start + size]) for start in starts]


def scope_of(filters: Filters) -> Scope:
    alternatives = (
        ("fields", map(value_code, filters.fields)),
        ("industries", map(prefix_code, filters.industries)),
        ("divisions", map(prefix_code, filters.divisions)),
        ("modes", map(value_code, filters.modes)),
    )
    clauses: Filter = [
        one_of(field, accepted)
        for field, values in alternatives
        if (accepted := list(dict.fromkeys(values)))
    ]
    clauses += _named(spelled_out(filters.organisation)[:MAX_ORGANISATION_CHARACTERS])
    clauses += _overlapping("trl", filters.trl_min, filters.trl_max)
    clauses += _overlapping("price", filters.price_min_cny, filters.price_max_cny)
    if filters.published_since_s is not None:
        clauses.append(f"published_at_s >= {_within_64_bits(filters.published_since_s)}")
    return Scope(tuple(clauses), tuple(dict.fromkeys(map(key_of, filters.ids))))


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
