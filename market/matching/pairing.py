"""Pairs a fixed set of results with a fixed set of needs: candidates, score, explanation."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from operator import attrgetter
from typing import NamedTuple

from market.indexing.documents import document_of_need, document_of_result
from market.matching.asking import Asking, sides_of, wish_of_need, wish_of_result
from market.matching.reasons import reasons
from schemas.listings import Need, Result
from schemas.matching import Match
from schemas.vocab import Lang
from search.coverage import Demand, DocumentWords, TextCatalogue
from search.documents import SearchDocument, document_words
from search.embedded import EmbeddedEngine
from search.port import Neighbourhood, WeightedTerm
from search.synonyms import Synonyms, shipped_synonyms

# So many candidates are scored, or twice as many as are wanted in the end. On the development
# set 60 and 40 give the same order as all 360; a large catalogue has more that come near.
CANDIDATES_BY_WORDS = 120
CANDIDATES_BY_INDUSTRY = 60

_TERMS_WITHIN_INDUSTRY = 16

_INDUSTRY_GROUP_LENGTH = 4
_PROGRESS_EVERY_DOCUMENTS = 500


def industry_groups(industries: Sequence[str]) -> tuple[str, ...]:
    """The groups (制鞋业, not 鞋底) of these industries: who else works in them is worth a look."""
    return tuple({code[:_INDUSTRY_GROUP_LENGTH]: None for code in industries})


def neighbours_in_industry(
    terms: Sequence[WeightedTerm], industries: Sequence[str]
) -> Neighbourhood | None:
    """Listings of the same industry groups; those that share a word go before the others."""
    groups = industry_groups(industries)
    if not groups:
        return None
    # Within a group the heaviest words tell the near listings; more only cost time.
    heaviest = heapq.nlargest(_TERMS_WITHIN_INDUSTRY, terms, key=attrgetter("weight"))
    return Neighbourhood(industries=groups, terms=tuple(heaviest), limit=CANDIDATES_BY_INDUSTRY)


class RankedPair(NamedTuple):
    """A scored pair by the places of its need and its result in the input; score 0–100."""

    score: float
    need: int
    result: int


class ReadResult(NamedTuple):
    """A result with its words (search.documents.document_words), where they are cut already."""

    result: Result
    words: Sequence[str]


class Shelf:
    """The listings of one side, ready to be found: an index, and the words of each."""

    def __init__(
        self,
        documents: Iterable[tuple[SearchDocument, Sequence[str]]],
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """`documents` come with their words (search.documents.document_words)."""
        self.catalogue = TextCatalogue()
        self.words: list[DocumentWords] = []
        self.places: dict[str, int] = {}
        self._progress = progress
        self._engine = EmbeddedEngine.in_memory()
        self._engine.hold_candidates(self._noting(documents))

    def _noting(
        self, documents: Iterable[tuple[SearchDocument, Sequence[str]]]
    ) -> Iterator[tuple[SearchDocument, Sequence[str]]]:
        for document, words in documents:
            self.places[document.id] = len(self.words)
            self.words.append(self.catalogue.add(words))
            if self._progress and len(self.words) % _PROGRESS_EVERY_DOCUMENTS == 0:
                self._progress(len(self.words))
            yield document, words

    def candidates(self, demand: Demand, industries: Sequence[str], *, top: int) -> list[int]:
        """Places of the listings worth scoring: near in words, or of the same industry group."""
        limit = max(CANDIDATES_BY_WORDS, 2 * top)
        if len(self.words) <= limit:
            return list(range(len(self.words)))
        terms = demand.terms()
        neighbours = neighbours_in_industry(terms, industries)
        if neighbours is None:
            found = self._engine.candidates_now(terms, limit=limit)
        else:
            found = self._engine.candidates_and_neighbours_now(terms, neighbours, limit=limit)
        return sorted({self.places[hit.id] for hit in found})


class Matcher:
    """Finds for each need its best results, and for each result its best needs.

    Both directions give a pair the same score; equal scores keep the order of the input. The
    results are taken one by one; `progress` gets the number of those indexed so far, now and
    then. Ids must differ within each side.
    """

    def __init__(
        self,
        results: Iterable[Result | ReadResult],
        needs: Sequence[Need],
        *,
        as_of: date,
        lang: Lang = "zh",
        synonyms: Synonyms | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self.results: list[Result] = []
        self.needs = needs
        self.as_of = as_of
        self._lang: Lang = lang
        self._synonyms = synonyms if synonyms is not None else shipped_synonyms()
        self._results_shelf = Shelf(self._taken(results), progress)
        self._needs_shelf: Shelf | None = None
        self._asking: dict[int, Asking] = {}

    def _taken(
        self, results: Iterable[Result | ReadResult]
    ) -> Iterator[tuple[SearchDocument, Sequence[str]]]:
        for each in results:
            result, words = each if isinstance(each, ReadResult) else (each, None)
            self.results.append(result)
            document = document_of_result(result)
            yield document, document_words(document) if words is None else words

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
        for place in range(len(self.needs)):
            yield self.best_results(place, top=top)
            self.forget(place)

    def rank_needs_for_results(self, *, top: int) -> Iterator[list[RankedPair]]:
        """As needs_for_results, without the explanations."""
        for place in range(len(self.results)):
            yield self.best_needs(place, top=top)

    def best_results(self, place: int, *, top: int) -> list[RankedPair]:
        """The `top` best results of the need at this place, best first."""
        shelf, results, asking = self._results_shelf, self.results, self._asking_of(place)
        found = shelf.candidates(asking.demand, asking.need.industries, top=top)
        scored = [(-asking.score(results[each], shelf.words[each]), place, each) for each in found]
        return _best(scored, top)

    def best_needs(self, place: int, *, top: int) -> list[RankedPair]:
        """The `top` best needs of the result at this place, best first."""
        shelf, result = self.index_needs(), self.results[place]
        statistics = shelf.catalogue.statistics
        wish = wish_of_result(result, statistics=statistics, synonyms=self._synonyms)
        demand = Demand.of(wish, shelf.catalogue)
        found = shelf.candidates(demand, result.industries, top=top)
        words = self._results_shelf.words[place]
        scored = [(-self._asking_of(each).score(result, words), each, place) for each in found]
        return _best(scored, top)

    def forget(self, place: int) -> None:
        """Let go of what was worked out for a need: ten thousand of them would fill the memory."""
        self._asking.pop(place, None)

    def index_needs(self) -> Shelf:
        """The needs, ready to be found; made once, at the latest by the first `best_needs`."""
        if self._needs_shelf is None:
            documents = map(document_of_need, self.needs)
            self._needs_shelf = Shelf((each, document_words(each)) for each in documents)
        return self._needs_shelf

    def _asking_of(self, place: int) -> Asking:
        if place not in self._asking:
            need = self.needs[place]
            catalogue = self._results_shelf.catalogue
            wish = wish_of_need(need, statistics=catalogue.statistics, synonyms=self._synonyms)
            self._asking[place] = Asking(need, Demand.of(wish, catalogue), as_of=self.as_of)
        return self._asking[place]

    def explain(self, pair: RankedPair) -> Match:
        """The pair with the parts of its score and its reasons in the asked language."""
        asking, result = self._asking_of(pair.need), self.results[pair.result]
        words = self._results_shelf.words[pair.result]
        subject = asking.subject(result, words, self._lang)
        sides = sides_of(subject.known)
        return Match(
            need_id=subject.need.id,
            result_id=subject.result.id,
            score=round(pair.score, 1),
            enterprise=sides[0],
            institute=sides[1],
            reasons=reasons(subject, sides),
        )


def _best(negated: list[tuple[float, int, int]], top: int) -> list[RankedPair]:
    """The pairs of the `top` highest scores among (−score, need, result), ties by place."""
    return [
        RankedPair(-score, need, result)
        for score, need, result in heapq.nsmallest(top, negated)
        if score <= 0
    ]
