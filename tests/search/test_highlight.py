from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.highlight import highlights, is_one_slip_away, joined_keywords, merged, spans
from search.port import Span


def marked(original: str, *words: str) -> str:
    """The text with brackets around its highlights."""
    pieces, place = [], 0
    for span in spans(original, frozenset(words)):
        pieces += [original[place : span.start], "[", original[span.start : span.end], "]"]
        place = span.end
    return "".join([*pieces, original[place:]])


@pytest.mark.parametrize(
    ("original", "words", "expected"),
    [
        ("电池回收", ("电池",), "[电池]回收"),
        ("鋰離子電池回收", ("电池",), "鋰離子[電池]回收"),
        ("电池与电池", ("电池",), "[电池]与[电池]"),
        ("用ＴＰＵ做鞋底", ("tpu",), "用[ＴＰＵ]做鞋底"),
        ("电池回收", ("电池", "回收"), "[电池回收]"),
        ("厚120mm的板", ("120",), "厚[120mm]的板"),
        ("厚120mm的板", ("mm",), "厚[120mm]的板"),
        ("polyurethane foam", ("polyurethene",), "[polyurethane] foam"),
        ("polyurethane foam", ("foan",), "polyurethane [foam]"),
        ("tpu", ("tpv",), "tpu"),
        ("电池回收", ("涂料",), "电池回收"),
        ("电池回收", (), "电池回收"),
        ("", ("电池",), ""),
        ("㎡电池", ("电池",), "㎡[电池]"),
    ],
)
def test_found_words_are_marked_in_the_original(
    original: str, words: tuple[str, ...], expected: str
) -> None:
    assert marked(original, *words) == expected


def test_highlights_name_only_fields_that_have_some() -> None:
    found = highlights(
        title="电池", keywords=("涂料", "电池"), body="鞋底", words=frozenset({"电池"})
    )

    assert found == {"title": (Span(0, 2),), "keywords": (Span(3, 5),)}


def test_keyword_highlights_are_places_in_the_joined_keywords() -> None:
    keywords = ("涂料", "电池", "锂电池")

    (first, second) = highlights(title="", keywords=keywords, body="", words=frozenset({"电池"}))[
        "keywords"
    ]

    joined = joined_keywords(keywords)
    assert joined == "涂料、电池、锂电池"
    assert joined[first.start : first.end] == "电池"
    assert joined[second.start : second.end].endswith("电池")


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([], ()),
        ([(0, 2)], (Span(0, 2),)),
        ([(3, 5), (0, 2)], (Span(0, 2), Span(3, 5))),
        ([(0, 2), (2, 4)], (Span(0, 4),)),
        ([(0, 9), (2, 4)], (Span(0, 9),)),
        ([(0, 2), (0, 2)], (Span(0, 2),)),
        ([(0, 3), (2, 5), (5, 6), (8, 9)], (Span(0, 6), Span(8, 9))),
    ],
)
def test_places_that_touch_become_one(
    places: list[tuple[int, int]], expected: tuple[Span, ...]
) -> None:
    assert merged(places) == expected


PLACES = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 8)).map(lambda pair: (pair[0], sum(pair)))
)


@given(PLACES)
def test_merged_places_cover_the_same_and_keep_apart(places: list[tuple[int, int]]) -> None:
    joined = merged(places)

    covered = {point for start, end in places for point in range(start, end)}
    assert {point for span in joined for point in range(span.start, span.end)} == covered
    assert all(one.end < two.start for one, two in pairwise(joined))


@pytest.mark.parametrize(
    ("word", "other", "near"),
    [
        ("foam", "foam", True),
        ("foam", "foan", True),
        ("foam", "foams", True),
        ("foams", "foam", True),
        ("foam", "faom", True),
        ("foam", "ofam", True),
        ("foam", "foma", True),
        ("xfoam", "foam", True),
        ("foam", "fxam", True),
        ("foam", "fxym", False),
        ("foam", "foamxx", False),
        ("foam", "moaf", False),
        ("foam", "abcd", False),
        ("tpu", "tpv", False),
        ("tpus", "tpu", False),
    ],
)
def test_a_slip_is_one_letter_or_one_swap(word: str, other: str, *, near: bool) -> None:
    assert is_one_slip_away(word, other) is near


LETTERS = st.text("abc", min_size=4, max_size=8)


@given(LETTERS, LETTERS)
def test_slips_go_both_ways(word: str, other: str) -> None:
    assert is_one_slip_away(word, other) == is_one_slip_away(other, word)


@given(LETTERS, st.integers(0, 8), st.sampled_from("abcd"))
def test_every_single_slip_is_near(word: str, place: int, letter: str) -> None:
    place = min(place, len(word) - 1)
    inserted = word[:place] + letter + word[place:]
    replaced = word[:place] + letter + word[place + 1 :]
    removed = word[:place] + word[place + 1 :]
    swapped = word[:place] + word[place : place + 2][::-1] + word[place + 2 :]

    near = [is_one_slip_away(other, word) for other in (inserted, replaced, removed, swapped)]

    assert near == [True, True, True, True]
