"""What is shown of a listing in tables and in .jsonl, in either language."""

import re
from datetime import date

import pytest

from market.exchange.columns import (
    NEED_FIELDS,
    RESULT_FIELDS,
    Value,
    cell_value,
    json_value,
)
from market.exchange.problems import Lang
from schemas import vocab
from tests.market.factories import bare_need, bare_result, make_need, make_result

CHINESE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
# Free text is data and stays as it is in every language.
FREE_TEXT = {"description", "summary", "keywords", "indicators", "enterprise", "institute"}


@pytest.mark.parametrize(
    ("lang", "expected"), [("zh", "湿摩擦系数、鞋底"), ("en", "湿摩擦系数; 鞋底")]
)
def test_list_is_joined_as_the_language_does(lang: Lang, expected: str) -> None:
    assert cell_value(("湿摩擦系数", "鞋底"), lang) == expected


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ((), None),
        ("", None),
        (None, None),
        (0, 0),
        (0.0, 0.0),
        (600_000, 600_000),
        ("007", "007"),
        (date(2027, 5, 31), "2027-05-31"),
        (("one",), "one"),
    ],
)
def test_cell_of_a_value(value: Value, cell: object, lang: Lang) -> None:
    assert cell_value(value, lang) == cell


@pytest.mark.parametrize(
    ("value", "expected"),
    [(("a", "b"), ["a", "b"]), ((), []), ("a、b", "a、b"), (None, None), (7, 7)],
)
def test_json_keeps_lists_apart(value: Value, expected: object) -> None:
    assert json_value(value) == expected


@pytest.mark.parametrize(
    ("code", "lang", "expected"),
    [
        ("C1954", "zh", "橡胶鞋制造 C1954"),
        (
            "C1954",
            "en",
            "Manufacture of leather, fur, feather and related products and footwear C1954",
        ),
        ("C", "en", "Manufacturing C"),
        ("X99", "zh", "X99"),
        ("X99", "en", "X99"),
    ],
)
def test_code_is_named_with_itself(code: str, lang: Lang, expected: str) -> None:
    assert vocab.industries().with_code(code, lang) == expected


def test_every_industry_and_division_has_an_english_name() -> None:
    named = [
        vocabulary.with_code(entry.code, "en")
        for vocabulary in (vocab.industries(), vocab.divisions())
        for entry in vocabulary
    ]

    assert len(named) > 1_000
    assert [name for name in named if CHINESE.search(name)] == []


def test_english_fields_hold_no_chinese_but_the_data() -> None:
    need = make_need(fields=("materials",), modes=("licence", "service"), deadline=date(2027, 5, 1))
    result = make_result(rights="pending", patents=("ZL1",), industries=("C1954", "C3463"))

    shown = [
        cell_value(field.value(need, "en"), "en")
        for field in NEED_FIELDS
        if field.key not in FREE_TEXT
    ] + [
        cell_value(field.value(result, "en"), "en")
        for field in RESULT_FIELDS
        if field.key not in FREE_TEXT
    ]

    assert [text for text in shown if CHINESE.search(str(text))] == []
    assert "Pending" not in shown
    assert "pending" in shown


def test_headers_are_those_of_the_language_and_each_differs() -> None:
    zh = [*(f.header("zh") for f in NEED_FIELDS), *(f.header("zh") for f in RESULT_FIELDS)]
    en = [*(f.header("en") for f in NEED_FIELDS), *(f.header("en") for f in RESULT_FIELDS)]

    assert len(set(zh)) == len(set(en)) == len(NEED_FIELDS) + len(RESULT_FIELDS)
    assert [header for header in en if CHINESE.search(header)] == []
    assert [header for header in zh if not CHINESE.search(header)] == []


def test_need_is_shown_with_names_instead_of_codes() -> None:
    need = make_need(trl_max=8, deadline=date(2027, 5, 31), credit_code="91350582MA2XXXXX0A")

    shown = {field.key: cell_value(field.value(need, "zh"), "zh") for field in NEED_FIELDS}

    assert shown == {
        "description": "现有橡胶鞋底在湿地面上打滑，求配方。",
        "keywords": None,
        "indicators": "湿摩擦系数≥0.5",
        "fields": "新材料",
        "industries": "橡胶鞋制造 C1954",
        "trl_min": 6,
        "trl_max": 8,
        "modes": "技术许可",
        "budget_min_cny": None,
        "budget_max_cny": 800_000,
        "deadline": "2027-05-31",
        "division": "晋江市 350582",
        "enterprise": "晋江某鞋业有限公司",
        "credit_code": "91350582MA2XXXXX0A",
    }


def test_result_is_shown_with_names_instead_of_codes() -> None:
    result = make_result(rights="know_how", ready_on=date(2026, 2, 1), patents=("ZL1", "ZL2"))

    shown = {field.key: cell_value(field.value(result, "zh"), "zh") for field in RESULT_FIELDS}

    assert shown == {
        "summary": "用白炭黑补强橡胶，湿摩擦系数由0.32提升到0.55。",
        "keywords": "鞋底、湿摩擦系数",
        "fields": "新材料",
        "industries": "橡胶鞋制造 C1954",
        "trl": 7,
        "modes": "技术许可、技术服务",
        "price_min_cny": 600_000,
        "price_max_cny": 600_000,
        "division": "丰泽区 350503",
        "institute": "刺桐大学",
        "credit_code": None,
        "patents": "ZL1、ZL2",
        "rights": "专有技术",
        "ready_on": "2026-02-01",
    }


def test_what_is_unknown_is_an_empty_cell() -> None:
    need, result = bare_need("N", "鞋底"), bare_result("R", "鞋底")

    cells = [cell_value(field.value(need, "zh"), "zh") for field in NEED_FIELDS]
    cells += [cell_value(field.value(result, "en"), "en") for field in RESULT_FIELDS]

    assert set(cells) == {None}
