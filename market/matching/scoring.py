"""Scores listings of the market with their candidates. Pure: no I/O, no clock."""

import uuid
from collections.abc import Iterable, Sequence
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


class Scorer:
    """Scores results with needs, each pair on its own.

    The words of each result and the demand of each need are worked out once. Of what the needs
    ask for only words of these results get ids: what none can cover costs no time.
    """

    def __init__(self, scale: Scale, results: Iterable[PublishedResult]) -> None:
        self._scale = scale
        self._catalogue = scale.wishes.results.catalogue()
        self._words = {each.listing.id: self._catalogue.add(each.words) for each in results}
        self._asking: dict[str, Asking] = {}

    def pairs(self, own: Published, others: Iterable[Published]) -> list[ScoredPair]:
        """The listing with each of the others, which are of the other kind."""
        if isinstance(own, PublishedNeed):
            return [self.pair(each, own) for each in others if isinstance(each, PublishedResult)]
        return [self.pair(own, each) for each in others if isinstance(each, PublishedNeed)]

    def pair(self, result: PublishedResult, need: PublishedNeed) -> ScoredPair:
        asking, words = self._asking_of(need), self._words[result.listing.id]
        return ScoredPair(asking.score(result.listing, words), result, need, asking, words)

    def _asking_of(self, need: PublishedNeed) -> Asking:
        known = self._asking.get(need.listing.id)
        if known is None:
            known = self._scale.asking(need, self._catalogue)
            self._asking[need.listing.id] = known
        return known


def explanation_of(pair: ScoredPair, languages: Sequence[Lang] = _LANGUAGES) -> dict[str, Any]:
    """Both sides' parts, the reasons in each language, and the words that the reasons name.

    The words stand apart too, so that a reader who may not see the terms of the need is told
    of the others only.
    """
    subject = pair.asking.subject(pair.result.listing, pair.words, languages[0])
    sides = sides_of(subject.known)
    told = {lang: reasons(msgspec.structs.replace(subject, lang=lang), sides) for lang in languages}
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
