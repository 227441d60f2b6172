"""Filters as the server is sent them, and what they keep."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.fields import I64_MAX, I64_MIN
from search.meilisearch_codes import characters_code, value_code, word_code
from search.meilisearch_documents import MAX_ENDING_CHARACTERS, stored_document
from search.meilisearch_filters import (
    NOTHING,
    Scope,
    all_of,
    facet_counts,
    has_phrase,
    has_words,
    holds,
    none_of,
    one_of,
    quoted,
    scope_of,
)
from search.port import Filters
from tests.search.contract import HOSTILE_TEXTS, three_listings
from tests.search.factories import make_document
from tests.search.filter_language import keeps, meets


def test_filters_as_clauses() -> None:
    scope = scope_of(
        Filters(
            ids=("r1", "r2", "r1"),
            fields=("energy",),
            industries=("C19", "C20"),
            divisions=("35 05",),
            modes=("a", "b"),
            organisation="大 学",
            trl_min=3,
            trl_max=5,
            price_min_cny=-(10**30),
            price_max_cny=10**30,
            published_since_s=7,
        )
    )

    assert scope == Scope(
        (
            ['fields = "energy"'],
            [f'industries IN ["{value_code("C19")}", "{value_code("C20")}"]'],
            ['divisions = "3505"'],
            ['modes IN ["a", "b"]'],
            f'organisation STARTS WITH "{characters_code("大学")}"',
            "trl_high >= 3",
            "trl_low <= 5",
            f"price_high >= {I64_MIN}",
            f"price_low <= {I64_MAX}",
            "published_at_s >= 7",
        ),
        ("r1", "r2"),
    )


def test_no_filters_are_no_clauses() -> None:
    assert scope_of(Filters()) == Scope()
    assert Scope().filter == []


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        (Filters(ids=("r1", "r9")), ["r1"]),
        (Filters(fields=("energy", "materials")), ["r1", "r2", "r3"]),
        (Filters(industries=("C26", "D")), ["r2", "r3"]),
        (Filters(divisions=("3505",)), ["r1"]),
        (Filters(organisation="材料科学"), ["r1"]),
        (Filters(organisation="大材"), []),
        (Filters(trl_min=6, price_max_cny=60_000), ["r1"]),
    ],
)
def test_filter_keeps_the_documents_that_are_sent(filters: Filters, kept: list[str]) -> None:
    sent = map(stored_document, three_listings())

    assert [each["key"] for each in sent if keeps(scope_of(filters).filter, each)] == kept


@given(st.text(max_size=20))
def test_quoted_value_is_read_back(value: str) -> None:
    assert meets(f"field = {quoted(value)}", {"field": value})
    assert not meets(f"field = {quoted(value)}", {"field": value + "x"})


@pytest.mark.parametrize("value", HOSTILE_TEXTS, ids=lambda value: ascii(value[:12]))
def test_hostile_values_stay_values(value: str) -> None:
    scope = scope_of(
        Filters(
            ids=(value,),
            fields=(value,),
            industries=(value,),
            divisions=(value,),
            modes=(value,),
            organisation=value,
        )
    )

    assert not keeps(scope.filter, stored_document(make_document("r1", fields=("energy",))))
    conditions = [
        each for part in scope.filter for each in ([part] if isinstance(part, str) else part)
    ]
    assert max(map(len, conditions)) < 500


def test_long_part_of_a_name_is_looked_for_in_pieces() -> None:
    name = "大" * (MAX_ENDING_CHARACTERS - 1) + "小学院"

    clauses = scope_of(Filters(organisation=name)).clauses

    assert len(clauses) == 2
    assert keeps(clauses, stored_document(make_document("r1", organisation=f"某{name}部")))
    assert not keeps(clauses, stored_document(make_document("r1", organisation=name[:-1])))


@given(st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=60, unique=True))
def test_values_are_alternatives_whatever_their_number(codes: list[str]) -> None:
    for code in ("a", "b", "ab", "bbb"):
        document = {"field": [code, "z"]}
        assert keeps([one_of("field", codes)], document) == (code in codes)
        assert keeps(none_of("field", codes), document) == (code not in codes)


def test_many_values_are_many_short_conditions() -> None:
    conditions = one_of("key", [f"r{place}" for place in range(1_001)])

    assert len(conditions) == 51
    assert max(map(len, conditions)) < 200
    assert conditions[-1] == 'key = "r1000"'


def test_conditions_together() -> None:
    assert all_of([]) == ""
    assert all_of(["a = 1"]) == "a = 1"
    assert all_of(["a = 1", ["b = 1", "c = 1"]]) == "(a = 1) AND ((b = 1) OR (c = 1))"
    assert all_of(["a = 1", []]) == f"(a = 1) AND ({NOTHING})"


@pytest.mark.parametrize(
    ("phrase", "is_kept"),
    [(("离",), True), (("离", "子"), True), (("离", "子", "电"), True), (("子", "离"), False)],
)
def test_phrase_asks_for_its_pairs(phrase: tuple[str, ...], *, is_kept: bool) -> None:
    document = stored_document(make_document("r1", title="锂离子电池"))

    assert meets(has_phrase(phrase), document) == is_kept


def test_words_are_all_asked_for() -> None:
    document = stored_document(make_document("r1", title="电池涂料"))

    assert meets(has_words(["电池", "涂料"]), document)
    assert not meets(has_words(["电池", "鞋底"]), document)
    assert holds("words", word_code("电池")) in has_words(["电池", "涂料"])


@pytest.mark.parametrize(("count", "size", "parts"), [(0, 5, 1), (5, 5, 1), (6, 5, 2), (11, 5, 3)])
def test_parts_of_a_scope_hold_each_key_once(count: int, size: int, parts: int) -> None:
    scope = Scope(("a = 1",), tuple(f"r{place}" for place in range(count)))

    found = scope.parts(size)

    assert len(found) == parts
    assert tuple(key for part in found for key in part.keys) == scope.keys
    assert {part.clauses for part in found} == {scope.clauses}


def test_more_clauses_narrow_a_scope() -> None:
    scope = Scope(("a = 1",), ("r1",)).having("b = 1", ["c = 1", "d = 1"])

    assert scope.filter == ["b = 1", ["c = 1", "d = 1"], "a = 1", ['key = "r1"']]


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        ({}, []),
        ({"a": 1, "b": 3, "c": 1}, [("b", 3), ("a", 1), ("c", 1)]),
        ({value_code("C"): 2, value_code("能源"): 2}, [("C", 2), ("能源", 2)]),
        ({"under_100k": 1}, [("under_100k", 1)]),
    ],
)
def test_facets_are_told_by_value_the_most_frequent_first(
    told: dict[str, int], counts: list[Any]
) -> None:
    assert list(facet_counts(told).items()) == counts
