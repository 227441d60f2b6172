"""Weights of words in Chinese text at large."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.background import MODEL_IDF, QUANTITY_IDF, UNKNOWN_IDF, background_idf
from search.make_background import LARGEST_TABLE, background_rows
from search.text import data_lines, fold, words


def table() -> list[tuple[str, str]]:
    rows = [line.split("\t") for line in data_lines("idf.tsv")]
    return [(word, idf) for word, idf in rows]


def test_the_table_has_as_many_words_as_its_maker_allows() -> None:
    assert len(table()) == LARGEST_TABLE


def test_the_words_are_folded_sorted_and_distinct() -> None:
    found = [word for word, _ in table()]

    assert found == sorted({fold(word) for word in found})


def test_the_weights_have_two_decimals_and_lie_below_an_unknown_word() -> None:
    malformed = [idf for _, idf in table() if re.fullmatch(r"\d{1,2}\.\d\d", idf) is None]

    assert malformed == []
    assert max(float(idf) for _, idf in table()) < UNKNOWN_IDF


@pytest.mark.parametrize(
    ("token", "idf"),
    [("的", 0.88), ("希望", 5.21), ("解决", 5.34), ("检测", 6.85), ("橡胶", 7.37), ("涂层", 10.01)],
)
def test_a_word_of_the_table_has_its_own_weight(token: str, idf: float) -> None:
    assert background_idf(token) == idf


@pytest.mark.parametrize("token", ["石墨烯", "mes", "pu", "🤝", "ﾊ", "\ud800", "x" * 10_240])
def test_a_word_that_the_table_lacks_is_rare(token: str) -> None:
    assert background_idf(token) == UNKNOWN_IDF


@pytest.mark.parametrize("token", ["gcr15", "6061-t6", "5g", "3c", "iso9001", "tc4"])
def test_a_name_of_letters_and_digits_is_rarest(token: str) -> None:
    assert background_idf(token) == MODEL_IDF


@pytest.mark.parametrize(
    "token", ["60", "3.5", "1,200", "120mm", "mm", "95%", "60°c", "μ", "r", "5mpa", ""]
)
def test_a_quantity_says_little(token: str) -> None:
    assert background_idf(token) == QUANTITY_IDF


@given(st.text())
def test_every_token_has_a_weight_of_the_corpus_range(text: str) -> None:
    assert all(0 < background_idf(token) <= MODEL_IDF for token in words(text))


def test_boilerplate_weighs_less_than_the_thing_itself() -> None:
    boilerplate = [background_idf(word) for word in ("希望", "解决", "技术", "合作", "企业")]
    things = [background_idf(word) for word in ("硅烷", "聚氨酯", "锂电池", "振动盘", "高岭土")]

    assert max(boilerplate) < min(things)


def test_the_maker_keeps_dictionary_words_and_the_lightest_spelling() -> None:
    idf_lines = ["橡膠 9.5", "橡胶 7.25", "不在词典 1.0", "鞋 6.0", "大底 7.25"]
    dictionary_lines = ["橡胶 949 n", "橡膠 2 n", "鞋 100 n", "大底 3 n"]

    rows = background_rows(idf_lines, dictionary_lines)

    assert rows == [("鞋", 6.0), ("大底", 7.25), ("橡胶", 7.25)]


def test_the_maker_gives_the_same_file_for_the_same_files(tmp_path: Path) -> None:
    idf, dictionary = tmp_path / "idf.txt", tmp_path / "dict.txt"
    idf.write_text("鞋 6.004\n底 5.0\n", encoding="utf-8")
    dictionary.write_text("鞋 100 n\n底 3 n\n", encoding="utf-8")
    command = [sys.executable, "-m", "search.make_background", str(idf), str(dictionary)]

    made = [subprocess.run(command, capture_output=True, check=True).stdout for _ in range(2)]

    assert made[0] == made[1]
    assert made[0].decode().splitlines()[-2:] == ["底\t5.00", "鞋\t6.00"]
