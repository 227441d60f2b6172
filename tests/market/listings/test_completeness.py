"""What a listing lacks before it may be published, and what would make it clearer."""

from typing import Any

import pytest

from market.listings.completeness import advice, is_complete, missing_for_publication
from tests.market.listings.factories import need_row, result_row

OWNER = "刺桐大学"
LONG = "在湿地面上摩擦系数由0.32提升到0.55，" * 6


def codes(*suggestions: Any) -> list[tuple[str, str]]:
    return [(each.code, each.pointer) for each in suggestions]


def test_complete_listings_lack_nothing() -> None:
    assert [missing_for_publication(each) for each in (result_row(), need_row())] == [[], []]


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"text": "打滑"}, ["#/summary"]),
        ({"text": " " * 40}, ["#/summary"]),
        ({"fields": [], "industries": []}, ["#/fields"]),
        ({"fields": []}, []),
        ({"industries": []}, []),
        (
            {"title": " ", "text": "", "fields": [], "industries": []},
            ["#/title", "#/summary", "#/fields"],
        ),
    ],
)
def test_what_a_result_lacks(changes: dict[str, Any], pointers: list[str]) -> None:
    result = result_row(**changes)

    columns = {name: getattr(result, name) for name in ("title", "text", "fields", "industries")}

    assert [each.place for each in missing_for_publication(result)] == pointers
    assert is_complete(columns) is (pointers == [])


@pytest.mark.parametrize(
    ("text", "said", "pointers"),
    [
        ("打滑", "", ["#/description"]),
        ("橡胶鞋底在湿地面打滑", "湿摩擦系数≥0.5", ["#/description"]),
        ("橡胶鞋底在湿地面打滑", "湿摩擦系数≥0.5，耐磨不降", []),
        ("", "", ["#/description"]),
    ],
)
def test_indicators_count_as_text_of_a_need(text: str, said: str, pointers: list[str]) -> None:
    need = need_row(text=text, indicators=[{"name": said, "text": said}])

    assert [each.place for each in missing_for_publication(need)] == pointers


def test_what_is_missing_is_told_in_both_languages() -> None:
    missing = missing_for_publication(result_row(text="短"))

    assert [(each.zh, each.en) for each in missing] == [
        ("请写明内容，至少 20 个字", "Say more: at least 20 characters.")
    ]


def test_good_result_gets_no_advice() -> None:
    assert advice(result_row(text=LONG), OWNER) == []


def test_good_need_gets_no_advice() -> None:
    assert advice(need_row(text=LONG), OWNER) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"text": "技术国际领先。" + LONG}, ("empty_praise", "#/summary")),
        ({"text": "An excellent result. " + LONG}, ("empty_praise", "#/summary")),
        ({"text": "湿摩擦系数0.55"}, ("short_text", "#/summary")),
        ({"text": "在湿地面上摩擦系数有提升，" * 9}, ("no_number", "#/summary")),
        ({"keywords": ["鞋底", "橡胶"]}, ("few_keywords", "#/keywords")),
        ({"trl": None}, ("no_trl", "#/trl")),
        ({"price_min_cny": None, "price_max_cny": None}, ("no_price", "#/price_min_cny")),
        ({"modes": []}, ("no_mode", "#/modes")),
        ({"patents": ["ZL95115608.X", "ZL95115608.1"]}, ("patent_check_digit", "#/patents/1")),
        ({"shows_organisation": False, "title": "刺桐大学的胶料"}, ("names_owner", "#/summary")),
    ],
)
def test_each_advice_on_a_result(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    result = result_row(**({"text": LONG} | changes))

    assert codes(*advice(result, OWNER)) == [expected]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"text": "求先进的配方。" + LONG}, ("empty_praise", "#/description")),
        ({"text": "打滑"}, ("short_text", "#/description")),
        ({"keywords": []}, ("few_keywords", "#/keywords")),
        (
            {"indicators": [{"name": "通过检测", "text": "通过检测"}]},
            ("no_indicator", "#/indicators"),
        ),
        ({"indicators": []}, ("no_indicator", "#/indicators")),
        ({"budget_min_cny": None, "budget_max_cny": None}, ("no_budget", "#/budget_max_cny")),
        ({"deadline": None}, ("no_deadline", "#/deadline")),
        ({"modes": []}, ("no_mode", "#/modes")),
        ({"text": LONG + "刺桐大学"}, ("names_owner", "#/description")),
    ],
)
def test_each_advice_on_a_need(changes: dict[str, Any], expected: tuple[str, str]) -> None:
    need = need_row(**({"text": LONG} | changes))

    assert codes(*advice(need, OWNER)) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "性能领先，湿摩擦系数达到0.55。" + LONG,
        "Superior grip of 0.55 on wet floors. " + LONG,
        "减少磨耗3.5%的优良胶料。" + LONG,
    ],
)
def test_praise_with_a_number_in_its_sentence_is_fine(text: str) -> None:
    assert advice(result_row(text=text), OWNER) == []


def test_name_of_the_owner_is_fine_where_it_is_shown() -> None:
    assert advice(result_row(text=LONG + OWNER, shows_organisation=True), OWNER) == []


def test_empty_draft_hears_of_everything_at_once() -> None:
    draft = need_row(
        text="求先进技术",
        keywords=[],
        indicators=[],
        budget_min_cny=None,
        budget_max_cny=None,
        deadline=None,
        modes=[],
    )

    assert codes(*advice(draft, OWNER)) == [
        ("empty_praise", "#/description"),
        ("short_text", "#/description"),
        ("few_keywords", "#/keywords"),
        ("no_indicator", "#/indicators"),
        ("no_budget", "#/budget_max_cny"),
        ("no_deadline", "#/deadline"),
        ("no_mode", "#/modes"),
    ]


def test_praise_is_quoted_in_both_languages() -> None:
    suggestion = advice(need_row(text="求国际领先的配方。" + LONG), OWNER)[0]

    assert (suggestion.zh, suggestion.en) == (
        "“领先”没有数字支撑：请写明指标和数值",
        "“领先” stands without a number: name the measure and its value.",
    )
