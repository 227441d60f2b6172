"""A need that looks at results: the score of each pair, and what speaks for and against it."""

from datetime import date

from market.indexing.documents import text_of_need
from market.matching.reasons import Subject
from market.matching.score import (
    ENTERPRISE_WEIGHTS,
    INSTITUTE_WEIGHTS,
    Features,
    NeedScore,
    features,
    side,
    text_fit,
    veto,
)
from schemas.listings import Need, Result
from schemas.matching import Side
from schemas.vocab import Lang
from search.coverage import Demand, DocumentWords, Wish
from search.synonyms import Synonyms
from search.terms import WordStatistics

VETOED = -1.0


class Asking:
    """A need, ready to be scored with many results.

    Whoever looks for partners, the need asks and the result covers: a pair has one score.
    """

    def __init__(self, need: Need, demand: Demand, *, as_of: date) -> None:
        self.need = need
        self.demand = demand
        self._as_of = as_of
        self._need_score = NeedScore(need, as_of=as_of)

    def score(self, result: Result, words: DocumentWords) -> float:
        """The mutual score, or VETOED for a pair that can't be."""
        if veto(self.need, result):
            return VETOED
        return self._need_score.of(result, text=self.text_fit(words))

    def text_fit(self, words: DocumentWords) -> float | None:
        if self.demand.has_words and words.length:
            return text_fit(self.demand.coverage(words))
        return None

    def subject(self, result: Result, words: DocumentWords, lang: Lang) -> Subject:
        """The pair, for whoever writes sentences about it."""
        shared, asked = self.demand.shared_words(words)
        return Subject(
            need=self.need,
            result=result,
            known=features(self.need, result, text=self.text_fit(words), as_of=self._as_of),
            shared_words=shared,
            asked_words=asked,
            met_synonyms=self.demand.met_synonyms(words),
            lang=lang,
        )


def sides_of(known: Features) -> tuple[Side, Side]:
    """The parts of the enterprise's and of the institute's log-odds."""
    return side(known, ENTERPRISE_WEIGHTS), side(known, INSTITUTE_WEIGHTS)


def wish_of_need(need: Need, *, statistics: WordStatistics, synonyms: Synonyms) -> Wish:
    """What a need looks for in results."""
    text = "\n".join((*need.keywords, text_of_need(need)))
    return Wish(need.title, text, statistics=statistics, synonyms=synonyms)


def wish_of_result(result: Result, *, statistics: WordStatistics, synonyms: Synonyms) -> Wish:
    """What a result looks for in needs; it finds candidates and scores none."""
    text = "\n".join((*result.keywords, result.summary))
    return Wish(result.title, text, statistics=statistics, synonyms=synonyms)
