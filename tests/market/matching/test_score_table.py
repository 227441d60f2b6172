"""A set of results scored at once: the same numbers as one by one."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.indexing.documents import document_of_result
from market.matching.asking import VETOED, Asking, wish_of_need
from market.matching.score import (
    ENTERPRISE_WEIGHTS,
    INSTITUTE_WEIGHTS,
    features,
    fits,
    log_odds,
)
from market.matching.score_table import ScoreTable
from schemas.listings import Need, Result
from search.coverage import Demand, DocumentWords, TextCatalogue
from search.documents import document_words
from search.synonyms import shipped_synonyms
from tests.bench.generator import synthetic_needs, synthetic_results
from tests.market.factories import bare_need, bare_result, make_need, make_result

AS_OF = date(2027, 5, 1)
_WORDS = ("鞋底", "防滑", "橡胶", "白炭黑", "zorvane", "")
_CODE = "91350500MA2XXXXX8A"

texts = st.lists(st.sampled_from(_WORDS), max_size=4).map(" ".join)
days = st.none() | st.dates(date(2027, 1, 1), date(2028, 12, 31))
amounts = st.none() | st.integers(10_000, 5_000_000)
places = st.sampled_from((None, "350500", "350503", "350582", "350000", "429004", "429005"))
trl = st.none() | st.integers(1, 9)


def some(*codes: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(codes), max_size=2, unique=True).map(tuple)


industries = some("C1954", "C1953", "C195", "C19", "A01")
fields = some("materials", "energy")
modes = some("licence", "licence_exclusive", "service", "equity")
codes = st.sampled_from(("", _CODE))
names = st.sampled_from(("", "刺桐大学", " 刺桐大學".strip(), "刺桐 大学", "北辰大学"))

results = st.builds(
    Result,
    id=st.just("R"),
    title=texts,
    summary=texts,
    fields=fields,
    industries=industries,
    modes=modes,
    trl=trl,
    price_min_cny=amounts,
    division=places,
    ready_on=days,
    institute=names,
    credit_code=codes,
    rights=st.sampled_from((None, "clear", "encumbered")),
)
needs = st.builds(
    Need,
    id=st.just("N"),
    title=texts,
    description=texts,
    fields=fields,
    industries=industries,
    modes=modes,
    trl_min=trl,
    budget_max_cny=amounts,
    division=places,
    deadline=days,
    enterprise=names,
    credit_code=codes,
)


class Set:
    """Results with their words, and needs that ask for them."""

    def __init__(self, listings: Sequence[Result]) -> None:
        self.catalogue = TextCatalogue()
        self.listings = listings
        self.words: list[DocumentWords] = [
            self.catalogue.add(document_words(document_of_result(each))) for each in listings
        ]
        self.table = ScoreTable(listings, self.words, as_of=AS_OF)

    def asking(self, need: Need) -> Asking:
        statistics = self.catalogue.statistics
        wish = wish_of_need(need, statistics=statistics, synonyms=shipped_synonyms())
        return Asking(need, Demand.of(wish, self.catalogue), as_of=AS_OF)

    def one_by_one(self, need: Need) -> list[float]:
        asking = self.asking(need)
        return [
            asking.score(each, words) for each, words in zip(self.listings, self.words, strict=True)
        ]

    def log_odds(self, need: Need, weights: Any) -> list[float]:
        asking = self.asking(need)
        return [
            log_odds(
                features(need, each, text=asking.text_fit(words), as_of=AS_OF),
                weights,
            )
            for each, words in zip(self.listings, self.words, strict=True)
        ]


@given(listings=st.lists(results, max_size=6), asked=st.lists(needs, min_size=1, max_size=3))
def test_a_table_scores_as_one_by_one(listings: list[Result], asked: list[Need]) -> None:
    kept = Set(listings)

    for need in asked:
        scores = kept.table.scores(kept.asking(need))
        assert scores.mutual == kept.one_by_one(need)
        assert scores.enterprise == pytest.approx(kept.log_odds(need, ENTERPRISE_WEIGHTS))
        assert scores.institute == pytest.approx(kept.log_odds(need, INSTITUTE_WEIGHTS))


def test_a_table_of_listings_as_files_bring_them_scores_as_one_by_one() -> None:
    kept = Set(list(synthetic_results(60)))

    for need in synthetic_needs(20):
        assert kept.table.scores(kept.asking(need)).mutual == kept.one_by_one(need)


def test_pairs_that_cannot_be_are_vetoed() -> None:
    kept = Set(
        [
            make_result(),
            make_result(rights="encumbered"),
            make_result(credit_code=_CODE),
            make_result(institute="晋江 某鞋业有限公司"),
        ]
    )
    need = make_need(credit_code=_CODE)

    scores = kept.table.scores(kept.asking(need)).mutual

    assert scores[0] > 60
    assert scores[1:] == [VETOED] * 3


def test_listings_without_names_and_codes_are_not_one_organisation() -> None:
    kept = Set([bare_result("R1", "防滑鞋底")])

    (score,) = kept.table.scores(kept.asking(bare_need("N1", "防滑鞋底"))).mutual

    assert score > 0


def test_a_need_without_words_is_scored_by_what_else_it_says() -> None:
    kept = Set([make_result(), make_result(industries=("A01",))])
    need = bare_need("N1", "", industries=("C1954",))

    scores = kept.table.scores(kept.asking(need)).mutual

    assert scores == kept.one_by_one(need)
    assert scores[0] > scores[1]


def test_an_empty_table_has_no_scores() -> None:
    kept = Set([])

    assert kept.table.scores(kept.asking(make_need())) == ([], [], [])


def test_the_features_come_in_one_order_everywhere() -> None:
    told = [fit.feature for fit in fits(AS_OF)]

    assert told == list(features(_full_need(), _full_result(), text=None, as_of=AS_OF))


def _full_need() -> Need:
    return make_need(deadline=date(2027, 6, 1))


def _full_result() -> Result:
    return make_result(ready_on=date(2027, 5, 1))
