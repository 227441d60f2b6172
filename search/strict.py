"""Whether a document fits a search, word by word: what both engines find before they relax.

No index is asked, so a new document can be held against thousands of searches. A document fits
when it holds every required word (or the words of a synonym in its place), every quoted phrase,
and meets every filter. One with only some of the words does not fit, however high an engine
would rank it.
"""

from collections.abc import Iterator
from typing import NamedTuple

from search.documents import SearchDocument
from search.fields import both_ends, prefix_term, prefixes
from search.port import Filters
from search.synonyms import Synonyms
from search.text import characters, clean, fold, spelled_out, words_of_folded
from search.typed import MAX_ORGANISATION_CHARACTERS, TypedText, read_typed, wordings

# Stands between texts in the run of characters, so that no phrase reaches over their ends.
_BAR = "|"

Range = tuple[int, int] | None


class Held(NamedTuple):
    """What a document holds, made ready once to be compared with many searches."""

    id: str
    words: frozenset[str]
    run: str
    organisation: str
    fields: frozenset[str]
    modes: frozenset[str]
    industries: frozenset[str]
    divisions: frozenset[str]
    trl: Range
    price: Range
    published_at_s: int | None

    def codes(self) -> Iterator[str]:
        """Every code that a filter may ask for, each marked with the filter that it is of."""
        yield from (f"field:{code}" for code in self.fields)
        yield from (f"mode:{code}" for code in self.modes)
        yield from (f"industry:{code}" for code in self.industries)
        yield from (f"division:{code}" for code in self.divisions)


class StrictSearch(NamedTuple):
    """A search, made ready. Of each group of `wordings` one alternative must be there whole."""

    words: tuple[str, ...]
    wordings: tuple[tuple[tuple[str, ...], ...], ...]
    phrases: tuple[str, ...]
    finds_nothing: bool
    filters: Filters

    def fits(self, held: Held) -> bool:
        return (
            not self.finds_nothing
            and held.words.issuperset(self.words)
            and all(any(map(held.words.issuperset, group)) for group in self.wordings)
            and all(phrase in held.run for phrase in self.phrases)
            and meets(self.filters, held)
        )

    def keys(self) -> list[str]:
        """Words or codes of which a document that fits holds at least one; none: it may be any.

        A word is told by "=", a code as in `Held.codes`. The longest required word says most.
        """
        if self.words:
            return ["=" + max(self.words, key=len)]
        if self.wordings:
            return ["=" + max(each, key=len) for each in self.wordings[0]]
        for name, codes in (
            ("division", map(prefix_term, self.filters.divisions)),
            ("industry", map(prefix_term, self.filters.industries)),
            ("field", map(clean, self.filters.fields)),
            ("mode", map(clean, self.filters.modes)),
        ):
            if found := [f"{name}:{code}" for code in codes]:
                return found
        return []


def strict_search(text: str, filters: Filters, synonyms: Synonyms | None = None) -> StrictSearch:
    """The search of a typed text and filters; a blank text asks for the filters alone."""
    typed: TypedText = read_typed(text, synonyms)
    return StrictSearch(
        words=tuple(dict.fromkeys(typed.fixed)),
        wordings=tuple(
            tuple(tuple(each) for each in wordings(expansion) if each)
            for expansion in typed.expansions
        ),
        phrases=tuple(f" {' '.join(phrase)} " for phrase in typed.phrases),
        finds_nothing=typed.finds_nothing and not typed.is_blank,
        filters=filters,
    )


def held_by(document: SearchDocument) -> Held:
    """What a document holds, as the indexes of both engines see it."""
    title, body = fold(clean(document.title)), fold(clean(document.body))
    keywords = fold("|".join(map(clean, document.keywords)))
    runs = (_BAR, *_run(title), _BAR, *_run(keywords), _BAR, *_run(body), _BAR)
    return Held(
        id=document.id,
        words=frozenset().union(*map(words_of_folded, (title, keywords, body))),
        run=f" {' '.join(runs)} ",
        organisation="".join(spelled_out(document.organisation)),
        fields=frozenset(map(clean, document.fields)),
        modes=frozenset(map(clean, document.modes)),
        industries=frozenset(prefixes(document.industries)),
        divisions=frozenset(prefixes((document.division,)) if document.division else ()),
        trl=both_ends(document.trl_min, document.trl_max),
        price=both_ends(document.price_min_cny, document.price_max_cny),
        published_at_s=document.published_at_s,
    )


def _run(folded: str) -> Iterator[str]:
    for place, part in enumerate(folded.split(_BAR)):
        if place:
            yield _BAR
        yield from characters(part)


def meets(filters: Filters, held: Held) -> bool:
    """Whether a document meets every condition (search.port.Filters)."""
    return (
        (not filters.ids or held.id in map(clean, filters.ids))
        and _any(map(clean, filters.fields), held.fields)
        and _any(map(clean, filters.modes), held.modes)
        and _any(map(prefix_term, filters.industries), held.industries)
        and _any(map(prefix_term, filters.divisions), held.divisions)
        and _names(filters.organisation, held.organisation)
        and _overlap(filters.trl_min, filters.trl_max, held.trl)
        and _overlap(filters.price_min_cny, filters.price_max_cny, held.price)
        and _since(filters.published_since_s, held.published_at_s)
    )


def _any(accepted: Iterator[str], held: frozenset[str]) -> bool:
    wanted = set(accepted)
    return not wanted or not wanted.isdisjoint(held)


def _names(part: str, name: str) -> bool:
    return "".join(spelled_out(part)[:MAX_ORGANISATION_CHARACTERS]) in name if part else True


def _overlap(lowest: int | None, highest: int | None, own: Range) -> bool:
    if lowest is None and highest is None:
        return True
    if own is None:
        return False
    return (lowest is None or own[1] >= lowest) and (highest is None or own[0] <= highest)


def _since(earliest_s: int | None, published_at_s: int | None) -> bool:
    return earliest_s is None or (published_at_s is not None and published_at_s >= earliest_s)
