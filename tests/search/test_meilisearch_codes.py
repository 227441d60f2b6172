"""Codes of words, ids and values: different for what differs, and plain letters on the wire."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.fields import MAX_ID_BYTES
from search.meilisearch_codes import (
    MAX_WORD_CHARACTERS,
    characters_code,
    ideograph_code,
    key_of,
    pair_code,
    value_code,
    value_of_code,
    word_code,
    word_of_code,
)
from search.text import words

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
LATIN_WORDS = st.text("abcjqvxz019", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("电池", "vgkbvcbc"),
        ("polyurethane", "polyurethane"),
        ("5g", "5g"),
        ("zhang", "zhang"),
        # It could be the code of a character.
        ("zhou", characters_code("zhou")),
        ("0.5mm", characters_code("0.5mm")),
        ("𠮷", characters_code("𠮷")),
    ],
)
def test_word_as_the_server_keeps_it(word: str, code: str) -> None:
    assert word_code(word) == code
    assert word_of_code(code) == word


@given(WORDS | LATIN_WORDS)
def test_code_of_a_word_is_letters_and_digits_and_gives_the_word_back(word: str) -> None:
    code = word_code(word)

    assert re.fullmatch("[a-z0-9]+", code)
    assert word_of_code(code) == word


@given(WORDS | LATIN_WORDS, WORDS | LATIN_WORDS)
def test_no_word_has_the_code_of_another_or_of_an_ideograph(word: str, other: str) -> None:
    assert (word_code(word) == word_code(other)) == (word == other)
    assert word_code(word) != ideograph_code(other[0])


@given(st.text("电池离子材料", min_size=1, max_size=12), st.integers(1, 12))
def test_beginning_of_a_chinese_word_is_the_beginning_of_its_code(word: str, length: int) -> None:
    assert word_code(word).startswith(word_code(word[:length]))


@given(st.text("电池离子材料", min_size=1, max_size=6), st.text("电池离子", min_size=1, max_size=3))
def test_no_other_word_is_a_beginning_of_a_code(word: str, beginning: str) -> None:
    is_beginning = word.startswith(beginning)

    assert word_code(word).startswith(word_code(beginning)) == is_beginning


def test_words_are_compared_by_their_first_characters() -> None:
    longest = "a" * MAX_WORD_CHARACTERS

    assert word_code(longest + "b") == word_code(longest + "c") == longest
    assert len(word_code("电" * 100)) == len(word_code("𠮷" * 100)) == 4 * MAX_WORD_CHARACTERS


def test_pairs_keep_their_halves_apart() -> None:
    assert pair_code("ab", "c") != pair_code("a", "bc")
    assert pair_code("离", "子") == f"{word_code('离')}-{word_code('子')}"


def test_every_word_of_the_pipeline_has_a_code() -> None:
    found = words("石墨烯foam复合 5G通信，-40~85℃、ＴＰＵ鞋底 C++ ZL202210094654.7 😀")

    assert [word_of_code(word_code(word)) for word in found] == found


@pytest.mark.parametrize("document_id", ["r1", "0190f5d2-8a3c-7c1e-9f00-0123456789ab", "0", "a-"])
def test_plain_ids_are_keys(document_id: str) -> None:
    assert key_of(document_id) == document_id


@given(st.text(min_size=1, max_size=200), st.text(min_size=1, max_size=200))
def test_keys_are_what_the_server_holds_and_differ(one: str, other: str) -> None:
    assert re.fullmatch("[a-z0-9_-]{1,511}", key_of(one))
    assert (key_of(one) == key_of(other)) == (one == other)


def test_keys_of_ids_that_differ_by_case_differ_without_it() -> None:
    assert key_of("R1").lower() != key_of("r1").lower()
    assert len(key_of("x" * MAX_ID_BYTES)) < 100


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_values_come_back(value: str) -> None:
    code = value_code(value)

    assert re.fullmatch("[a-z0-9_-]*", code)
    assert value_of_code(code) == value


@given(st.text("C19abz", min_size=1, max_size=8), st.text("C19abz", min_size=1, max_size=8))
def test_values_differ_by_case(one: str, other: str) -> None:
    assert (value_code(one).lower() == value_code(other).lower()) == (one == other)


@pytest.mark.parametrize("value", ["", "\ud800", "电" * 100_000, "a" * 100_000, "_43"])
def test_hostile_values_have_short_codes_of_their_own(value: str) -> None:
    code = value_code(value)

    assert len(code) < 468
    assert code != value_code("C")
    value_of_code(code)
