"""Key terms of a text and how telling a word is."""

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.background import MODEL_IDF, background_idf
from search.port import WeightedTerm
from search.terms import (
    BACKGROUND_DOCUMENTS,
    BOILERPLATE_WEIGHT,
    NUMBER_WEIGHT,
    TITLE_WEIGHT,
    WordStatistics,
    boilerplate,
    key_terms,
)
from search.text import data_lines, fold, words

# Words of no dictionary: each has the same background weight and is cut nowhere.
WORDS = ("zorvane", "quilmet", "brantix", "fendrol", "kaspeld")
FIRST_PLACE = 1.2


def statistics_of(*documents: list[str]) -> WordStatistics:
    statistics = WordStatistics()
    for document in documents:
        statistics.add(document)
    return statistics


def tokens_of(terms: list[WeightedTerm]) -> list[str]:
    return [term.token for term in terms]


def test_a_word_of_no_catalogue_has_its_background_weight() -> None:
    statistics = WordStatistics()

    assert statistics.idf("橡胶") == background_idf("橡胶") / MODEL_IDF


def test_a_word_repeated_in_one_document_counts_as_one_document() -> None:
    statistics = statistics_of(["zorvane", "zorvane", "quilmet"], ["zorvane"])

    assert statistics.documents == 2
    assert statistics.frequencies == Counter({"zorvane": 2, "quilmet": 1})


def test_counts_of_words_are_taken_as_words() -> None:
    statistics = WordStatistics()

    statistics.add(Counter({"zorvane": 9, "quilmet": 1}))

    assert statistics.frequencies == Counter({"zorvane": 1, "quilmet": 1})


@pytest.mark.parametrize("documents", [1, 2, 30, 3_000])
def test_idf_falls_with_every_document_that_holds_the_word(documents: int) -> None:
    statistics = WordStatistics()
    statistics.documents = documents
    weights = []

    for frequency in range(documents + 1):
        statistics.frequencies["zorvane"] = frequency
        weights.append(statistics.idf("zorvane"))

    assert weights == sorted(set(weights), reverse=True)
    assert 0 < weights[-1] < weights[0] <= 1


@given(st.lists(st.lists(st.sampled_from([*WORDS, "橡胶", "的", "60"])), max_size=30))
def test_idf_is_above_0_and_at_most_1(documents: list[list[str]]) -> None:
    statistics = statistics_of(*documents)

    weights = [statistics.idf(word) for word in (*WORDS, "橡胶", "的", "60", "gcr15", "")]

    assert all(0 < weight <= 1 + 1e-9 for weight in weights)


def test_catalogue_and_background_have_equal_shares_at_the_turning_point() -> None:
    statistics = WordStatistics()
    statistics.documents = BACKGROUND_DOCUMENTS

    absent = statistics.idf("橡胶")

    assert absent == pytest.approx((1 + background_idf("橡胶") / MODEL_IDF) / 2)


def test_in_a_large_catalogue_its_own_counts_decide() -> None:
    large = WordStatistics()
    large.documents = 1_000_000
    large.frequencies["石墨烯"] = 1_000_000

    assert large.idf("石墨烯") < 0.01
    assert large.idf("希望") > 0.99


def test_the_weight_follows_the_documented_formula() -> None:
    statistics = WordStatistics()
    idf = statistics.idf("zorvane")

    terms = key_terms("zorvane", "quilmet brantix quilmet", statistics)

    assert tokens_of(terms) == ["quilmet", "zorvane", "brantix"]
    assert [term.weight for term in terms] == pytest.approx(
        [
            idf * (1 + math.log(2)) * (1 + 0.2 / (1 + 1 / 20)),
            idf * TITLE_WEIGHT * FIRST_PLACE,
            idf * (1 + 0.2 / (1 + 2 / 20)),
        ]
    )


def test_equally_telling_words_stand_in_the_order_of_the_text() -> None:
    assert tokens_of(key_terms("", " ".join(WORDS), WordStatistics())) == list(WORDS)


def test_a_word_of_the_title_outweighs_the_same_word_of_the_text() -> None:
    statistics = WordStatistics()

    titled = key_terms("zorvane", "", statistics)[0].weight
    told = key_terms("", "zorvane", statistics)[0].weight

    assert titled == pytest.approx(TITLE_WEIGHT * told)


def test_a_word_rare_in_the_catalogue_outweighs_a_common_one() -> None:
    statistics = statistics_of(*([["zorvane"]] * 400), ["quilmet"])

    assert tokens_of(key_terms("", "zorvane quilmet", statistics)) == ["quilmet", "zorvane"]


def test_a_repeated_word_outweighs_a_single_one() -> None:
    assert tokens_of(key_terms("", "zorvane quilmet quilmet", WordStatistics())) == [
        "quilmet",
        "zorvane",
    ]


@pytest.mark.parametrize("word", ["希望", "寻求", "技术"])
def test_boilerplate_keeps_a_quarter_of_its_weight(word: str) -> None:
    statistics = WordStatistics()

    terms = key_terms("", word, statistics)

    assert tokens_of(terms) == [word]
    assert terms[0].weight == pytest.approx(BOILERPLATE_WEIGHT * FIRST_PLACE * statistics.idf(word))


@pytest.mark.parametrize("number", ["1200", "3.5", "60"])
def test_a_bare_number_keeps_a_quarter_of_its_weight(number: str) -> None:
    statistics = WordStatistics()

    terms = key_terms("", number, statistics)

    assert tokens_of(terms) == [number]
    assert terms[0].weight == pytest.approx(NUMBER_WEIGHT * FIRST_PLACE * statistics.idf(number))


def test_things_come_before_boilerplate_and_numbers_even_at_the_end() -> None:
    terms = key_terms("", "希望 寻求 技术 1200 60 zorvane", WordStatistics())

    assert terms[0].token == "zorvane"


def test_names_of_models_are_no_numbers() -> None:
    terms = key_terms("", "1200 gcr15", WordStatistics())

    assert tokens_of(terms) == ["gcr15", "1200"]


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_the_limit_keeps_the_heaviest(limit: int) -> None:
    text = "高湿摩擦系数溶聚丁苯橡胶鞋底材料的白炭黑填料"
    all_terms = key_terms("", text, WordStatistics())

    assert key_terms("", text, WordStatistics(), limit=limit) == all_terms[:limit]


@pytest.mark.parametrize("empty", ["", " \n", "？！——", "的"])
def test_a_text_without_words_has_no_key_terms(empty: str) -> None:
    assert key_terms(empty, empty, WordStatistics()) == []


def test_other_spellings_have_the_same_key_terms() -> None:
    statistics = WordStatistics()

    assert key_terms("鋰離子電池", "ＳｉＣ", statistics) == key_terms(
        "锂离子电池", "SiC", statistics
    )


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=200))
def test_key_terms_are_the_distinct_words_by_falling_positive_weight(title: str, text: str) -> None:
    terms = key_terms(title, text, WordStatistics(), limit=1_000)

    assert sorted(tokens_of(terms)) == sorted(set(words(title) + words(text)))
    weights = [term.weight for term in terms]
    assert weights == sorted(weights, reverse=True)
    assert all(0 < weight < math.inf for weight in weights)


def test_boilerplate_is_folded_and_each_word_stands_once() -> None:
    listed = [word for line in data_lines("boilerplate.txt") for word in line.split()]

    assert sorted(listed) == sorted({fold(word) for word in listed})
    assert boilerplate() == frozenset(listed)
