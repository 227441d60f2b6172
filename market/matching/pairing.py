"""Pairs a fixed set of results with a fixed set of needs: candidates, score, explanation."""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from typing import NamedTuple

from market.indexing import document_of_need, document_of_result, text_of_need
from market.matching.reasons import Subject, reasons
from market.matching.score import (
    ENTERPRISE_WEIGHTS,
    INSTITUTE_WEIGHTS,
    Features,
    features,
    log_odds,
    mutual_score,
    side,
    text_fit,
    veto,
)
from schemas.listings import Need, Result
from schemas.matching import Match
from schemas.vocab import Lang
from search.coverage import Demand, DocumentWords, TextCatalogue
from search.documents import SearchDocument
from search.embedded import EmbeddedEngine
from search.port import Filters, Hit, SearchQuery, WeightedTerm
from search.synonyms import Synonyms, shipped_synonyms

# So many candidates are scored, or twice as many as are wanted in the end; beyond them words
# and codes hardly ever find a good pair.
CANDIDATES_BY_WORDS = 200
CANDIDATES_BY_INDUSTRY = 100

# How many listings ahead of the scoring the engine may search, in its own thread.
_SEARCHED_AHEAD = 4

_INDUSTRY_GROUP_LENGTH = 4
_PROGRESS_EVERY_DOCUMENTS = 500


class RankedPair(NamedTuple):
    """A scored pair by the places of its need and its result in the input; score 0–100."""

    score: float
    need: int
    result: int


class Shelf:
    """The listings of one side, ready to be found: an index, and the words of each."""

    def __init__(
        self, documents: Iterable[SearchDocument], progress: Callable[[int], None] | None = None
    ) -> None:
        self.catalogue = TextCatalogue()
        self._progress = progress
        self.words: list[DocumentWords] = []
        self.places: dict[str, int] = {}
        self._engine = EmbeddedEngine.in_memory()
        self._engine.upsert_now(self._noting(documents))

    def _noting(self, documents: Iterable[SearchDocument]) -> Iterator[SearchDocument]:
        for document in documents:
            self.places[document.id] = len(self.words)
            self.words.append(self.catalogue.add(document.title, document.keywords, document.body))
            if self._progress and len(self.words) % _PROGRESS_EVERY_DOCUMENTS == 0:
                self._progress(len(self.words))
            yield document

    def candidates(self, demand: Demand, industries: Sequence[str], *, top: int) -> list[int]:
        """Places of the listings worth scoring: near in words, or of the same industry group.

        Of a group, listings that share a word with the demand go before those that share none.
        """
        limit = max(CANDIDATES_BY_WORDS, 2 * top)
        if len(self.words) <= limit:
            return list(range(len(self.words)))
        terms = demand.terms()
        found = self._engine.candidates_now(terms, limit=limit)
        if groups := tuple({code[:_INDUSTRY_GROUP_LENGTH]: None for code in industries}):
            found += self._of_industry(terms, Filters(industries=groups))
        return sorted({self.places[hit.id] for hit in found})

    def _of_industry(self, terms: Sequence[WeightedTerm], group: Filters) -> list[Hit]:
        limit = CANDIDATES_BY_INDUSTRY
        found = self._engine.candidates_now(terms, filters=group, limit=limit)
        if len(found) == limit:
            return found
        return list(self._engine.search_now(SearchQuery(filters=group, limit=limit)).hits) + found


class Matcher:
    """Finds for each need its best results, and for each result its best needs.

    Both directions give a pair the same score. `progress` gets the number of results indexed so
    far, now and then. Ids must differ within each side. The order of equal scores is that of
    the input.
    """

    def __init__(
        self,
        results: Sequence[Result],
        needs: Sequence[Need],
        *,
        as_of: date,
        lang: Lang = "zh",
        synonyms: Synonyms | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.results = results
        self.needs = needs
        self._as_of = as_of
        self._lang: Lang = lang
        self._synonyms = synonyms if synonyms is not None else shipped_synonyms()
        self._results_shelf = Shelf(map(document_of_result, results), progress)
        self._needs_shelf: Shelf | None = None
        self._demands: dict[int, Demand] = {}

    def results_for_needs(self, *, top: int) -> Iterator[list[Match]]:
        """For each need in turn its `top` best results, best first, explained."""
        for ranked in self.rank_results_for_needs(top=top):
            yield [self.explain(pair) for pair in ranked]

    def needs_for_results(self, *, top: int) -> Iterator[list[Match]]:
        """For each result in turn its `top` best needs, best first, explained."""
        for ranked in self.rank_needs_for_results(top=top):
            yield [self.explain(pair) for pair in ranked]

    def rank_results_for_needs(self, *, top: int) -> Iterator[list[RankedPair]]:
        """As results_for_needs, without the explanations."""
        for need, found in self._ahead(len(self.needs), self._candidate_results, top):
            yield _best(
                (RankedPair(self._score(need, result), need, result) for result in found), top
            )
            # Ten thousand demands would fill the memory, and most runs need each only once.
            self._demands.pop(need, None)

    def rank_needs_for_results(self, *, top: int) -> Iterator[list[RankedPair]]:
        """As needs_for_results, without the explanations."""
        self._needs_shelf = self._needs_shelf or Shelf(map(document_of_need, self.needs))
        for result, found in self._ahead(len(self.results), self._candidate_needs, top):
            yield _best(
                (RankedPair(self._score(need, result), need, result) for need in found), top
            )

    def _ahead(
        self, count: int, candidates: Callable[[int, int], list[int]], top: int
    ) -> Iterator[tuple[int, list[int]]]:
        # The engine lets other threads run while it searches, so that the next searches and
        # the scoring of this one share the time.
        with ThreadPoolExecutor(1) as pool:
            pending: deque[Future[list[int]]] = deque()
            for place in range(count + _SEARCHED_AHEAD):
                if place < count:
                    pending.append(pool.submit(candidates, place, top))
                if place >= _SEARCHED_AHEAD:
                    yield place - _SEARCHED_AHEAD, pending.popleft().result()

    def _candidate_results(self, place: int, top: int) -> list[int]:
        need = self.needs[place]
        return self._results_shelf.candidates(self._demand(place), need.industries, top=top)

    def _candidate_needs(self, place: int, top: int) -> list[int]:
        result = self.results[place]
        if self._needs_shelf is None:
            return []
        text = "\n".join((*result.keywords, result.summary))
        wish = self._demand_for(result.title, text, self._needs_shelf.catalogue)
        return self._needs_shelf.candidates(wish, result.industries, top=top)

    def _demand(self, place: int) -> Demand:
        if place not in self._demands:
            need = self.needs[place]
            text = "\n".join((*need.keywords, text_of_need(need)))
            self._demands[place] = self._demand_for(need.title, text, self._results_shelf.catalogue)
        return self._demands[place]

    def _demand_for(self, title: str, text: str, catalogue: TextCatalogue) -> Demand:
        return Demand(title, text, catalogue=catalogue, synonyms=self._synonyms)

    def _features(self, need: int, result: int) -> Features:
        return features(
            self.needs[need],
            self.results[result],
            text=self._text_fit(self._demand(need), self._results_shelf.words[result]),
            as_of=self._as_of,
        )

    def _text_fit(self, demand: Demand, words: DocumentWords) -> float | None:
        return text_fit(demand.coverage(words)) if demand.has_words and words.length else None

    def _score(self, need: int, result: int) -> float:
        """The mutual score, or −1 for a pair that can't be."""
        if veto(self.needs[need], self.results[result]):
            return -1.0
        known = self._features(need, result)
        return mutual_score(log_odds(known, ENTERPRISE_WEIGHTS), log_odds(known, INSTITUTE_WEIGHTS))

    def explain(self, pair: RankedPair) -> Match:
        """The pair with the parts of its score and its reasons in the asked language."""
        _, need, result = pair
        known = self._features(need, result)
        sides = side(known, ENTERPRISE_WEIGHTS), side(known, INSTITUTE_WEIGHTS)
        demand, words = self._demand(need), self._results_shelf.words[result]
        shared, asked = demand.shared_words(words)
        subject = Subject(
            need=self.needs[need],
            result=self.results[result],
            known=known,
            shared_words=shared,
            asked_words=asked,
            met_synonyms=demand.met_synonyms(words),
            lang=self._lang,
        )
        return Match(
            need_id=subject.need.id,
            result_id=subject.result.id,
            score=round(pair.score, 1),
            enterprise=sides[0],
            institute=sides[1],
            reasons=reasons(subject, sides),
        )


def _best(scored: Iterable[RankedPair], top: int) -> list[RankedPair]:
    possible = (pair for pair in scored if pair.score >= 0)
    return heapq.nsmallest(top, possible, key=lambda pair: (-pair.score, pair.need, pair.result))
