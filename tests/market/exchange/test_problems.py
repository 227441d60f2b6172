"""The sentences that tell of files and rows: one line, both languages, nothing missing."""

from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.exchange.problems import (
    _FILE_MESSAGES,
    _ROW_MESSAGES,
    Lang,
    RowProblem,
    Source,
    printable,
    quoted,
)
from market.exchange.tables import named_headers

SOURCE = Source(Path("r.csv"), "zh")
TEMPLATES = {code: (m.zh, m.en) for code, m in _ROW_MESSAGES.items()} | _FILE_MESSAGES


def blanks(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("code", TEMPLATES)
def test_both_languages_say_the_same(code: str) -> None:
    chinese, english = TEMPLATES[code]

    assert blanks(chinese) == blanks(english)
    assert not chinese.isascii()
    assert (
        english.replace("元", "")
        .replace("万", "")
        .translate(dict.fromkeys(map(ord, "“”×–")))
        .isascii()
    )


def test_no_code_stands_for_a_row_and_for_a_file() -> None:
    assert _ROW_MESSAGES.keys() & _FILE_MESSAGES.keys() == set()


@pytest.mark.parametrize(
    ("problem", "zh", "en"),
    [
        (
            RowProblem("r.csv", 7, "", "title_missing"),
            "r.csv 第 7 行：没有名称",
            "r.csv, row 7: the title is missing",
        ),
        (
            RowProblem("r.csv", 7, "报价", "money_unread", {"value": "八百"}),
            "r.csv 第 7 行 “报价”列：金额“八百”无法理解",
            "r.csv, row 7, column “报价”: the amount “八百” is not understood",
        ),
        (
            RowProblem("r.xlsx", 0, "", "other_sheets", {"sheet": "甲", "others": "乙"}),
            "r.xlsx：只读取了工作表“甲”，未读取：乙",
            "r.xlsx: only the sheet “甲” was read, not: 乙",
        ),
    ],
)
def test_problem_names_its_place_and_its_reason(problem: RowProblem, zh: str, en: str) -> None:
    assert (problem.text("zh"), problem.text("en")) == (zh, en)


@pytest.mark.parametrize(
    ("code", "kind"),
    [("title_missing", "refused"), ("id_too_long", "refused"), ("patent_wrong", "warning")],
)
def test_kind_of_a_problem_follows_from_its_code(code: str, kind: str) -> None:
    assert RowProblem("r.csv", 1, "", code).kind == kind


@given(st.text(st.characters(exclude_categories=()), max_size=200), st.sampled_from(["zh", "en"]))
def test_whatever_a_cell_holds_the_sentence_stays_one_short_line(text: str, lang: Lang) -> None:
    problem = RowProblem(text[:80], 1, text, "money_unread", {"value": text})

    assert problem.text(lang).isprintable()
    assert len(problem.text(lang)) < 80 + 60 + 60 + 60


@given(st.text(st.characters(exclude_categories=()), max_size=100))
def test_quoted_text_keeps_its_beginning(text: str) -> None:
    assert len(quoted(text)) <= 60
    assert quoted(text)[:59] == printable(text)[:59]


def test_braces_in_a_value_are_text() -> None:
    problem = RowProblem("r.csv", 1, "", "money_unread", {"value": "{value!r:>99}"})

    assert problem.reason("en") == "the amount “{value!r:>99}” is not understood"


@given(st.lists(st.sampled_from(["", " ", "甲", "甲 ", "甲 (2)", "乙", "列1", "列2"]), max_size=9))
def test_named_headers_differ_from_each_other(cells: list[str]) -> None:
    names, warnings = named_headers(SOURCE, 3, cells)

    assert len(set(names)) == len(names) == len(cells)
    assert all(names)
    assert {(w.line, w.code) for w in warnings} <= {(3, "header_repeated")}


def test_repeated_header_is_numbered_and_told() -> None:
    assert named_headers(SOURCE, 3, ["甲", " 甲\n", "", "甲 (2)", "甲"]) == (
        ("甲", "甲 (2)", "列3", "甲 (2) (2)", "甲 (3)"),
        [
            RowProblem("r.csv", 3, "甲", "header_repeated", {"name": "甲 (2)"}),
            RowProblem("r.csv", 3, "甲 (2)", "header_repeated", {"name": "甲 (2) (2)"}),
            RowProblem("r.csv", 3, "甲", "header_repeated", {"name": "甲 (3)"}),
        ],
    )
