"""Pairing a set of results with a set of needs, both ways."""

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.indexing.documents import document_of_result
from market.matching.pairing import CANDIDATES_BY_WORDS, Matcher
from market.matching.score import (
    ENTERPRISE_WEIGHTS,
    INSTITUTE_WEIGHTS,
    features,
    mutual_score,
    side,
    text_fit,
)
from schemas.listings import Need, Result
from schemas.matching import Match, Reason
from search.coverage import Demand, TextCatalogue
from search.documents import document_words
from search.synonyms import Synonyms
from tests.market.factories import bare_need, bare_result, make_need, make_result

# Classes have no English names of their own: they are named after their division.
FOOTWEAR = "Manufacture of leather, fur, feather and related products and footwear"
AS_OF = date(2026, 11, 23)
ROOT = Path(__file__).parents[3]

# Words of no dictionary: each has the same background weight and is cut nowhere.
WORDS = ("zorvane", "quilmet", "brantix", "fendrol", "kaspeld", "jovurn", "wexlim")


def matcher(results: Sequence[Result], needs: Sequence[Need], **options: Any) -> Matcher:
    return Matcher(results, needs, as_of=AS_OF, **{"synonyms": Synonyms([]), **options})


def results_for(
    results: Sequence[Result], *needs: Need, top: int = 10, **options: Any
) -> list[list[str]]:
    """The ids of each need's best results."""
    found = matcher(results, needs, **options).results_for_needs(top=top)
    return [[match.result_id for match in matches] for matches in found]


def scores_of(found: Iterable[list[Match]]) -> dict[tuple[str, str], float]:
    return {(match.need_id, match.result_id): match.score for matches in found for match in matches}


def simple_results(count: int) -> list[Result]:
    """Results of two words each: one that all share and one of their own."""
    return [
        bare_result(f"R{place}", f"zorvane item{place}x", industries=("A0111",))
        for place in range(count)
    ]


RESULTS = [
    make_result(),
    make_result(id="R2", title="锂离子电池隔膜", summary="陶瓷涂层隔膜", industries=("C3841",)),
    make_result(id="R3", title="陶瓷釉料", summary="低温快烧釉", industries=("C3071",), trl=3),
]
NEEDS = [
    make_need(),
    make_need(id="N2", title="电池隔膜涂层", description="隔膜热收缩大", industries=("C3841",)),
    make_need(id="N3", title="墙地砖釉料配方", description="釉料发色不稳", industries=("C3071",)),
]


def test_each_need_gets_its_result_first() -> None:
    found = results_for(RESULTS, *NEEDS, top=1)

    assert found == [["R1"], ["R2"], ["R3"]]


def test_each_result_gets_its_need_first() -> None:
    found = matcher(RESULTS, NEEDS).needs_for_results(top=1)

    assert [[match.need_id for match in matches] for matches in found] == [["N1"], ["N2"], ["N3"]]


def test_a_match_is_the_worked_out_pair() -> None:
    need, result = make_need(indicators=""), make_result()
    catalogue = TextCatalogue()
    words = catalogue.add(document_words(document_of_result(result)))
    demand = Demand(need.title, need.description, catalogue=catalogue, synonyms=Synonyms([]))
    known = features(need, result, text=text_fit(demand.coverage(words)), as_of=AS_OF)
    enterprise, institute = side(known, ENTERPRISE_WEIGHTS), side(known, INSTITUTE_WEIGHTS)

    ((match,),) = matcher([result], [need]).results_for_needs(top=10)

    assert match == Match(
        need_id="N1",
        result_id="R1",
        score=round(mutual_score(enterprise.log_odds, institute.log_odds), 1),
        enterprise=enterprise,
        institute=institute,
        reasons=match.reasons,
    )
    assert match.reasons[1:] == (
        Reason("industry", True, "行业一致：橡胶鞋制造 C1954"),
        Reason("price", True, "报价 60 万元 在预算 80 万元 之内"),
        Reason("mode", True, "合作方式相合：需求 技术许可，成果 技术许可、技术服务"),
    )


def test_reasons_are_in_the_asked_language() -> None:
    ((match,),) = matcher([make_result()], [make_need()], lang="en").results_for_needs(top=10)

    assert match.reasons[1:3] == (
        Reason(
            "industry",
            True,
            f"Same industry: {FOOTWEAR} C1954",
        ),
        Reason("price", True, "The price of 600,000 CNY is within the budget of 800,000 CNY"),
    )


def test_a_match_tells_the_words_shared_and_the_synonyms_met() -> None:
    needs = [bare_need("N1", "zorvane quilmet brantix")]
    results = [bare_result("R1", "zorvane fendrol wexlim"), bare_result("R2", "kaspeld")]
    synonyms = Synonyms(["=\tquilmet|fendrol wexlim|jovurn"])

    ((match, _),) = matcher(results, needs, lang="en", synonyms=synonyms).results_for_needs(top=2)

    assert match.reasons == (
        Reason(
            "text",
            True,
            "The texts meet: 1 of 3 key words are shared: zorvane"
            "; other words for the same: quilmet ≈ fendrol wexlim",
        ),
    )


def test_a_synonym_lifts_a_result_that_shares_no_word() -> None:
    results = [bare_result("R1", "kaspeld"), bare_result("R2", "quilmet")]
    need = bare_need("N1", "zorvane")

    assert results_for(results, need) == [["R1", "R2"]]
    assert results_for(results, need, synonyms=Synonyms(["=\tzorvane|quilmet"])) == [["R2", "R1"]]


def test_the_keywords_of_a_need_are_part_of_what_it_asks() -> None:
    results = [bare_result("R1", "kaspeld"), bare_result("R2", "quilmet")]

    assert results_for(results, bare_need("N1", "zorvane", keywords=("quilmet",))) == [["R2", "R1"]]


def test_the_keywords_of_a_result_are_part_of_what_it_offers() -> None:
    results = [bare_result("R1", "kaspeld"), bare_result("R2", "fendrol", keywords=("quilmet",))]

    assert results_for(results, bare_need("N1", "quilmet")) == [["R2", "R1"]]


def test_the_shipped_synonyms_are_used_unless_others_are_given() -> None:
    results = [bare_result("R1", "锂离子电池隔膜"), bare_result("R2", "激光切割头")]

    found = results_for(results, bare_need("N1", "雷射"), top=1, synonyms=None)

    assert found == [["R2"]]


def test_the_day_that_counts_as_today_decides_what_is_in_time() -> None:
    need, result = make_need(deadline=date(2027, 5, 31)), make_result(ready_on=date(2026, 1, 1))

    early, late = (
        scores_of(Matcher([result], [need], as_of=day).results_for_needs(top=1))["N1", "R1"]
        for day in (date(2026, 2, 1), date(2028, 2, 1))
    )

    assert early > late


@pytest.mark.parametrize("top", [0, 1, 2, 3, 100])
def test_top_limits_the_matches_and_keeps_the_best(top: int) -> None:
    everything = list(matcher(RESULTS, NEEDS).results_for_needs(top=3))

    found = list(matcher(RESULTS, NEEDS).results_for_needs(top=top))

    assert found == [matches[:top] for matches in everything]


def test_matches_come_by_falling_score() -> None:
    for matches in matcher(RESULTS, NEEDS).results_for_needs(top=10):
        scores = [match.score for match in matches]

        assert scores == sorted(scores, reverse=True)
        assert len(scores) == len(RESULTS)


def test_rankings_are_the_matches_without_explanations() -> None:
    pairing = matcher(RESULTS, NEEDS)

    ranked = list(pairing.rank_results_for_needs(top=2))
    ranked_back = list(pairing.rank_needs_for_results(top=2))

    explained = [[pairing.explain(pair) for pair in pairs] for pairs in ranked]
    explained_back = [[pairing.explain(pair) for pair in pairs] for pairs in ranked_back]
    assert explained == list(matcher(RESULTS, NEEDS).results_for_needs(top=2))
    assert explained_back == list(matcher(RESULTS, NEEDS).needs_for_results(top=2))


def test_both_directions_give_a_pair_the_same_score() -> None:
    pairing = matcher(RESULTS, NEEDS)

    forth = scores_of(pairing.results_for_needs(top=10))
    back = scores_of(pairing.needs_for_results(top=10))

    assert forth == back
    assert len(forth) == len(RESULTS) * len(NEEDS)


def test_a_direction_may_be_asked_twice() -> None:
    pairing = matcher(RESULTS, NEEDS)

    assert list(pairing.results_for_needs(top=2)) == list(pairing.results_for_needs(top=2))
    assert list(pairing.needs_for_results(top=2)) == list(pairing.needs_for_results(top=2))


def test_leaving_early_stops_the_search_ahead() -> None:
    found = matcher(RESULTS, NEEDS).results_for_needs(top=1)

    first = next(found)
    found.close()  # type: ignore[attr-defined]

    assert [match.result_id for match in first] == ["R1"]


# --- the score of every match follows from its parts

words = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
codes = st.sampled_from([(), ("C1954",), ("C1953", "I6513"), ("C",), ("Z9999",)])
some_results = st.lists(
    st.builds(
        Result,
        id=st.uuids().map(str),
        title=words,
        industries=codes,
        trl=st.none() | st.integers(1, 9),
        price_min_cny=st.none() | st.integers(0, 10**7),
        division=st.sampled_from([None, "350582", "440300"]),
        rights=st.sampled_from([None, "encumbered"]),
    ),
    max_size=5,
)
some_needs = st.lists(
    st.builds(
        Need,
        id=st.uuids().map(str),
        title=words,
        industries=codes,
        trl_min=st.none() | st.integers(1, 9),
        budget_max_cny=st.none() | st.integers(0, 10**7),
        division=st.sampled_from([None, "350582", "350000"]),
    ),
    max_size=5,
)


@settings(deadline=None, max_examples=30)
@given(some_results, some_needs)
def test_every_match_adds_up(results: list[Result], needs: list[Need]) -> None:
    pairing = matcher(results, needs)

    found = [*pairing.results_for_needs(top=9), *pairing.needs_for_results(top=9)]

    assert len(found) == len(needs) + len(results)
    for match in (match for matches in found for match in matches):
        for one_side in (match.enterprise, match.institute):
            points = sum(part.points for part in one_side.parts)
            assert one_side.log_odds == pytest.approx(one_side.base + points, abs=1e-9)
            assert all(0 <= part.value <= 1 for part in one_side.parts)
        whole = mutual_score(match.enterprise.log_odds, match.institute.log_odds)
        assert match.score == pytest.approx(whole, abs=0.05 + 1e-9)


@settings(deadline=None, max_examples=30)
@given(some_results, some_needs)
def test_both_directions_of_any_listings_agree(results: list[Result], needs: list[Need]) -> None:
    pairing = matcher(results, needs)

    forth = scores_of(pairing.results_for_needs(top=9))
    back = scores_of(pairing.needs_for_results(top=9))

    free = [result for result in results if result.rights is None]
    assert forth == back
    assert len(forth) == len(free) * len(needs)


# --- few, empty and odd listings


def test_without_results_each_need_gets_an_empty_list() -> None:
    assert results_for([], *NEEDS) == [[], [], []]
    assert list(matcher([], NEEDS).needs_for_results(top=3)) == []


def test_without_needs_each_result_gets_an_empty_list() -> None:
    assert results_for(RESULTS) == []
    assert list(matcher(RESULTS, []).needs_for_results(top=3)) == [[], [], []]


def test_without_anything_nothing_is_found() -> None:
    assert list(matcher([], []).results_for_needs(top=3)) == []
    assert list(matcher([], []).needs_for_results(top=3)) == []


def test_one_of_each_is_one_pair() -> None:
    assert results_for([make_result()], make_need()) == [["R1"]]


@pytest.mark.parametrize("empty", ["", " ", "？？？", "的", "\x00"])
def test_listings_without_words_are_paired_by_their_codes(empty: str) -> None:
    results = [
        make_result(id="other", title=empty, summary=empty, keywords=(), industries=("I6513",)),
        make_result(id="same", title=empty, summary=empty, keywords=()),
    ]
    need = make_need(title=empty, description=empty, indicators=empty)

    assert results_for(results, need) == [["same", "other"]]
    assert results_for([*results, make_result(id="words")], need)[0][0] != "other"


def test_codes_that_no_vocabulary_knows_are_paired_all_the_same() -> None:
    odd = {"industries": ("Z9999",), "fields": ("magic",), "modes": ("barter",), "division": "9"}

    ((match,),) = matcher([make_result(**odd)], [make_need(**odd)]).results_for_needs(top=1)

    industry = Reason("industry", True, "行业一致：Z9999")
    assert [reason for reason in match.reasons if reason.feature == "industry"] == [industry]


@pytest.mark.parametrize(
    "text", ["x" * 100_000, "锂离子电池" * 10_000, "a\u0301" * 5_000, '"(){}[]^~*?:\\/ AND OR']
)
def test_hostile_texts_are_paired_all_the_same(text: str) -> None:
    results = [bare_result("R1", text, text), bare_result("R2", "zorvane")]

    assert results_for(results, bare_need("N1", "zorvane"), bare_need("N2", text, text))[0] == [
        "R2",
        "R1",
    ]


def test_equal_scores_keep_the_order_of_the_input() -> None:
    twins = [bare_result(name, "zorvane quilmet") for name in ("Z", "10", "9", "A", "甲", "b")]
    needs = [bare_need(name, "zorvane quilmet") for name in ("n9", "n10", "m")]

    pairing = matcher(twins, needs)

    assert results_for(twins, *needs) == [["Z", "10", "9", "A", "甲", "b"]] * 3
    assert [[m.need_id for m in found] for found in pairing.needs_for_results(top=2)] == [
        ["n9", "n10"]
    ] * 6


# --- vetoes


VETOED: list[dict[str, Any]] = [
    {"rights": "encumbered"},
    {"institute": "晋江某鞋业有限公司"},
    {"credit_code": "91350582MA2Y000000"},
]


@pytest.mark.parametrize("change", VETOED)
def test_a_vetoed_pair_never_appears_though_it_fits_best(change: dict[str, Any]) -> None:
    need = make_need(credit_code="91350582MA2Y000000")
    perfect = make_result(id="best", title=need.title, summary=need.description)
    poor = make_result(id="poor", title="陶瓷釉料", summary="", keywords=(), industries=("I65",))
    vetoed = msgspec.structs.replace(perfect, id="leak", **change)

    pairing = matcher([vetoed, poor, perfect], [need])

    assert results_for([vetoed, poor, perfect], need) == [["best", "poor"]]
    assert [len(found) for found in pairing.needs_for_results(top=5)] == [0, 1, 1]


@pytest.mark.parametrize("change", VETOED)
def test_a_need_whose_only_result_is_vetoed_gets_none(change: dict[str, Any]) -> None:
    need = make_need(credit_code="91350582MA2Y000000")

    assert results_for([make_result(**change)], need) == [[]]


def test_a_vetoed_pair_never_appears_among_many_either() -> None:
    many = simple_results(400)
    many[7] = msgspec.structs.replace(many[7], rights="encumbered")

    (found,) = results_for(many, bare_need("N1", "item7x item8x"), top=400)

    assert found[0] == "R8"
    assert "R7" not in found


# --- so many listings that the engine chooses the candidates


def test_among_many_each_need_finds_its_own_result_first() -> None:
    needs = [bare_need(f"N{place}", f"item{place}x zorvane") for place in range(0, 400, 57)]

    found = results_for(simple_results(400), *needs, top=1)

    assert found == [[f"R{place}"] for place in range(0, 400, 57)]


def test_among_many_each_result_finds_its_own_need_first() -> None:
    needs = [bare_need(f"N{place}", f"item{place}x zorvane") for place in range(400)]
    results = simple_results(400)[::57]

    found = matcher(results, needs).needs_for_results(top=1)

    assert [[match.need_id for match in matches] for matches in found] == [
        [f"N{place}"] for place in range(0, 400, 57)
    ]


@pytest.mark.parametrize("count", [CANDIDATES_BY_WORDS, CANDIDATES_BY_WORDS + 1])
def test_up_to_the_limit_every_result_is_scored_and_beyond_it_the_nearest(count: int) -> None:
    (found,) = results_for(simple_results(count), bare_need("N1", "zorvane"), top=count)

    assert len(found) == count


def with_a_neighbour_in_industry() -> list[Result]:
    """399 results near in words, then one of the need's industry that shares a common word."""
    near = [
        bare_result(f"R{place}", "zorvane quilmet brantix", industries=("A0111",))
        for place in range(399)
    ]
    return [*near, bare_result("neighbour", "zorvane fendrol", industries=("C1953",))]


def test_a_result_of_the_industry_is_scored_though_it_shares_no_rare_word() -> None:
    text = "zorvane quilmet brantix"
    results = with_a_neighbour_in_industry()

    (by_words,) = results_for(results, bare_need("N1", text), top=100)
    (by_both,) = results_for(results, bare_need("N1", text, industries=("C1954",)), top=100)

    assert "neighbour" not in by_words
    assert by_both[0] == "neighbour"


def test_a_result_of_the_industry_is_scored_though_it_shares_no_word_at_all() -> None:
    results = [
        *(bare_result(f"R{place}", "zorvane", industries=("A0111",)) for place in range(300)),
        bare_result("stranger", "quilmet", industries=("C1954",), trl=9, modes=("transfer",)),
    ]
    many_words = "zorvane " + " ".join(f"asked{place}x" for place in range(30))
    need = bare_need("N1", many_words, industries=("C1954",), trl_min=5, modes=("transfer",))

    (found,) = results_for(results, need, top=100)

    assert found[0] == "stranger"


def test_more_than_two_hundred_are_found_when_more_are_wanted() -> None:
    (found,) = results_for(simple_results(700), bare_need("N1", "zorvane"), top=300)

    assert len(found) == 300


def test_a_need_of_the_industry_is_scored_though_it_shares_no_rare_word() -> None:
    needs = [
        bare_need(each.id, each.title, industries=each.industries)
        for each in with_a_neighbour_in_industry()
    ]
    result = bare_result("R1", "zorvane quilmet brantix", industries=("C1954",))

    (found,) = matcher([result], needs).needs_for_results(top=100)

    assert found[0].need_id == "neighbour"


def test_among_many_equal_scores_keep_the_order_of_the_input() -> None:
    twins = [bare_result(f"{900 - place}", "zorvane") for place in range(300)]

    (found,) = results_for(twins, bare_need("N1", "zorvane"), top=100)

    assert len(found) == 100
    assert found == sorted(found, reverse=True)


def test_among_many_a_need_without_words_and_codes_finds_nothing() -> None:
    assert results_for(simple_results(400), bare_need("N1", "？")) == [[]]


def test_among_many_the_keywords_of_a_result_find_its_need() -> None:
    needs = [bare_need(f"N{place}", f"item{place}x zorvane") for place in range(400)]
    result = bare_result("R1", "zorvane", keywords=("item77x",))

    (found,) = matcher([result], needs).needs_for_results(top=1)

    assert [match.need_id for match in found] == ["N77"]


def test_among_many_both_directions_agree_where_they_meet() -> None:
    results = simple_results(250)
    needs = [bare_need(f"N{place}", f"item{place}x zorvane") for place in range(250)]
    pairing = matcher(results, needs)

    forth = scores_of(pairing.results_for_needs(top=20))
    back = scores_of(pairing.needs_for_results(top=20))

    both = forth.keys() & back.keys()
    assert {(f"N{place}", f"R{place}") for place in range(250)} <= both
    assert {pair: forth[pair] for pair in both} == {pair: back[pair] for pair in both}


# --- same input, same output


def test_the_same_listings_give_the_same_matches() -> None:
    first, second = (list(matcher(RESULTS, NEEDS).results_for_needs(top=3)) for _ in range(2))

    assert msgspec.json.encode(first) == msgspec.json.encode(second)


_PAIR_AND_PRINT = """
import sys
from datetime import date
import msgspec
from market.matching.pairing import Matcher
from tests.market.matching.test_pairing import NEEDS, RESULTS, simple_results

pairing = Matcher([*RESULTS, *simple_results(260)], NEEDS, as_of=date(2026, 11, 23))
found = [*pairing.results_for_needs(top=9), *pairing.needs_for_results(top=2)]
sys.stdout.buffer.write(msgspec.json.encode(found))
"""


def test_the_seed_of_hashing_changes_no_byte() -> None:
    first, second = (
        subprocess.run(
            [sys.executable, "-c", _PAIR_AND_PRINT],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "4242")
    )

    assert first == second
    assert len(first) > 1_000
