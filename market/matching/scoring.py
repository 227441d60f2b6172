"""Scores listings of the market with their candidates. Pure: no I/O, no clock."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

import msgspec

from market.matching.asking import Asking, sides_of, wish_of_need, wish_of_result
from market.matching.catalogue import Published, PublishedNeed, PublishedResult
from market.matching.reasons import SHOWN_WORDINGS, SHOWN_WORDS, reasons
from market.matching.statistics import KindStatistics
from schemas.vocab import Lang
from search.coverage import Demand, DocumentWords, TextCatalogue, Wish
from search.port import WeightedTerm
from search.synonyms import Synonyms

_LANGUAGES: tuple[Lang, ...] = ("zh", "en")


class Wishes:
    """What needs look for, worked out once a version: the same needs are near to many results."""

    # Some 10 KB each.
    _MOST = 4_000

    def __init__(self, results: KindStatistics, synonyms: Synonyms) -> None:
        self.results = results
        self.synonyms = synonyms
        self._known: dict[tuple[str, int], Wish] = {}

    def are_of(self, results: KindStatistics, synonyms: Synonyms) -> bool:
        """Whether they were worked out with these very objects."""
        return self.results is results and self.synonyms is synonyms

    def of(self, need: PublishedNeed) -> Wish:
        key = need.listing.id, need.version
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= self._MOST:
                self._known.clear()
            known = self._known[key] = wish_of_need(
                need.listing, statistics=self.results.words, synonyms=self.synonyms
            )
        return known


class Scale(NamedTuple):
    """What scores are worked out with: the same for all pairs of one rematch."""

    wishes: Wishes
    needs: KindStatistics
    as_of: date

    def asking(self, need: PublishedNeed, catalogue: TextCatalogue) -> Asking:
        return Asking(need.listing, Demand.of(self.wishes.of(need), catalogue), as_of=self.as_of)


class ScoredPair(NamedTuple):
    """A pair with its score, and what it takes to explain it."""

    score: float
    result: PublishedResult
    need: PublishedNeed
    asking: Asking
    words: DocumentWords

    def partner_of(self, kind: str) -> uuid.UUID:
        """The id of the other side of a listing of this kind."""
        return uuid.UUID((self.need if kind == "result" else self.result).listing.id)


def terms_of(own: Published, scale: Scale) -> list[WeightedTerm]:
    """What an engine looks for on the other side, with weights."""
    if isinstance(own, PublishedNeed):
        return Demand.of(scale.wishes.of(own), scale.wishes.results.catalogue()).terms()
    wish = wish_of_result(own.listing, statistics=scale.needs.words, synonyms=scale.wishes.synonyms)
    return Demand.of(wish, scale.needs.catalogue()).terms()


def scored_pairs(own: Published, others: Iterable[Published], scale: Scale) -> list[ScoredPair]:
    """The listing with each of the others, which are of the other kind."""
    if isinstance(own, PublishedNeed):
        results = [each for each in others if isinstance(each, PublishedResult)]
        return _of_need(own, results, scale)
    needs = (each for each in others if isinstance(each, PublishedNeed))
    return list(_of_result(own, needs, scale))


def _of_need(need: PublishedNeed, results: list[PublishedResult], scale: Scale) -> list[ScoredPair]:
    catalogue = scale.wishes.results.catalogue()
    shelf = [catalogue.add(each.words) for each in results]
    asking = scale.asking(need, catalogue)
    return [
        ScoredPair(asking.score(result.listing, words), result, need, asking, words)
        for result, words in zip(results, shelf, strict=True)
    ]


def _of_result(
    result: PublishedResult, needs: Iterable[PublishedNeed], scale: Scale
) -> Iterator[ScoredPair]:
    # Only this result's words get ids: what no need can find here costs no time.
    catalogue = scale.wishes.results.catalogue()
    words = catalogue.add(result.words)
    for need in needs:
        asking = scale.asking(need, catalogue)
        yield ScoredPair(asking.score(result.listing, words), result, need, asking, words)


def explanation_of(pair: ScoredPair) -> dict[str, Any]:
    """Both sides' parts, the reasons in both languages, and the words that the reasons name.

    The words stand apart too, so that a reader who may not see the terms of the need is told
    of the others only.
    """
    subject = pair.asking.subject(pair.result.listing, pair.words, _LANGUAGES[0])
    sides = sides_of(subject.known)
    told = {
        lang: reasons(msgspec.structs.replace(subject, lang=lang), sides) for lang in _LANGUAGES
    }
    plain: dict[str, Any] = msgspec.to_builtins(
        {
            "enterprise": sides[0],
            "institute": sides[1],
            "reasons": told,
            "words": subject.shared_words[:SHOWN_WORDS],
            "wordings": subject.met_synonyms[:SHOWN_WORDINGS],
        }
    )
    return plain
