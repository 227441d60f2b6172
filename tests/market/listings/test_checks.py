"""What owners send is checked all at once, and becomes columns."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from market.errors import Invalid
from market.listings.checks import LONGEST_PUBLICATION_DAYS, checked_columns
from schemas.listing_forms import Change, Form, NeedChange, NeedForm, ResultChange, ResultForm
from tests.market.listings.factories import NEED_FORM, RESULT_FORM, TODAY

YESTERDAY = (TODAY - timedelta(days=1)).isoformat()


def result_form(**changes: Any) -> ResultForm:
    return msgspec.convert(RESULT_FORM | changes, ResultForm)


def need_form(**changes: Any) -> NeedForm:
    return msgspec.convert(NEED_FORM | changes, NeedForm)


def result_change(**changes: Any) -> ResultChange:
    return msgspec.convert(changes, ResultChange)


def need_change(**changes: Any) -> NeedChange:
    return msgspec.convert(changes, NeedChange)


def mistakes(sent: Form | Change, **present: Any) -> list[tuple[str, str]]:
    """Where and what, in Chinese, is refused."""
    with pytest.raises(Invalid) as refusal:
        checked_columns(sent, TODAY, present)
    return [(each.place, each.zh) for each in refusal.value.errors]


def test_form_of_a_result_becomes_columns() -> None:
    assert checked_columns(result_form(), TODAY) == {
        "title": "高湿摩擦系数橡胶鞋底材料",
        "text": RESULT_FORM["summary"],
        "reference": "CG-018",
        "keywords": ["鞋底", "白炭黑", "湿摩擦系数"],
        "fields": ["materials"],
        "industries": ["C1954"],
        "modes": ["licence", "service"],
        "division": "350503",
        "trl": 7,
        "rights": "granted",
        "patents": ["ZL95115608.X"],
        "price_min_cny": 600_000,
        "price_max_cny": 900_000,
        "price_floor_cny": 450_000,
        "ready_on": date(2027, 5, 1),
        "shows_organisation": True,
        "shows_terms": True,
        "private_note": "只和本省企业谈独占许可",
        "contacts": {"联系人": "林工", "电话": "0595-22690001"},
        "expires_on": None,
    }


def test_form_of_a_need_becomes_columns() -> None:
    assert checked_columns(need_form(), TODAY) == {
        "title": "橡胶鞋底湿摩擦系数不够",
        "text": NEED_FORM["description"],
        "reference": "XQ-007",
        "keywords": ["鞋底", "防滑", "橡胶"],
        "indicators": [
            {"name": "湿摩擦系数", "comparator": ">=", "value": 0.5, "text": "湿摩擦系数≥0.5"},
            {"name": "通过 GB/T 3903 检测", "text": "通过 GB/T 3903 检测"},
        ],
        "fields": ["materials"],
        "industries": ["C1954"],
        "modes": ["licence"],
        "division": "350582",
        "trl_min": 6,
        "trl_max": 9,
        "budget_min_cny": 300_000,
        "budget_max_cny": 800_000,
        "deadline": date(2099, 11, 30),
        "shows_organisation": False,
        "shows_terms": True,
        "private_note": "上限可以到一百万",
        "contacts": {"联系人": "许厂长", "电话": "0595-85550002"},
        "expires_on": None,
    }


def test_shortest_form_is_enough_for_a_draft() -> None:
    columns = checked_columns(msgspec.convert({"title": "鞋底"}, ResultForm), TODAY)

    assert {name for name, value in columns.items() if value} == {
        "title",
        "shows_organisation",
        "shows_terms",
    }


def test_indicators_one_by_one_get_words_of_their_own() -> None:
    form = need_form(
        indicators_text="",
        indicators=[
            {"name": "强度", "comparator": "between", "value": 5, "value_max": 8, "unit": "MPa"},
            {"name": "通过检测"},
            {"name": "寿命", "comparator": ">=", "value": 5, "unit": "年", "text": "寿命五年以上"},
        ],
    )

    assert checked_columns(form, TODAY)["indicators"] == [
        {
            "name": "强度",
            "comparator": "between",
            "value": 5.0,
            "value_max": 8.0,
            "unit": "MPa",
            "text": "强度5–8 MPa",
        },
        {"name": "通过检测", "text": "通过检测"},
        {"name": "寿命", "comparator": ">=", "value": 5.0, "unit": "年", "text": "寿命五年以上"},
    ]


@pytest.mark.parametrize(
    ("given", "kept"),
    [("C1954", "C1954"), ("1954", "C1954"), ("c1954", "C1954"), ("C19", "C19"), ("19", "C19")],
)
def test_codes_of_industries_get_their_canonical_form(given: str, kept: str) -> None:
    assert checked_columns(result_form(industries=[given]), TODAY)["industries"] == [kept]


def test_blanks_around_texts_are_cut_off() -> None:
    columns = checked_columns(
        result_form(title=" 鞋底\n".strip("\n"), keywords=[" 白炭黑 "], reference=" A1 "), TODAY
    )

    assert (columns["title"], columns["keywords"], columns["reference"]) == (
        "鞋底",
        ["白炭黑"],
        "A1",
    )


def test_change_names_only_what_was_sent() -> None:
    assert checked_columns(result_change(title="鞋底", trl=8), TODAY) == {"title": "鞋底", "trl": 8}


def test_null_clears() -> None:
    change = result_change(
        summary=None,
        keywords=None,
        contacts=None,
        private_note=None,
        trl=None,
        division=None,
        price_max_cny=None,
        reference=None,
    )

    assert checked_columns(change, TODAY) == {
        "text": "",
        "keywords": [],
        "contacts": {},
        "private_note": "",
        "trl": None,
        "division": None,
        "price_max_cny": None,
        "reference": None,
    }


def test_null_clears_indicators() -> None:
    assert checked_columns(need_change(indicators=None), TODAY) == {"indicators": []}


def test_empty_text_of_indicators_clears_them() -> None:
    assert checked_columns(need_change(indicators_text=""), TODAY) == {"indicators": []}


@pytest.mark.parametrize(
    ("changes", "pointer", "sentence"),
    [
        ({"fields": ["materials", "magic"]}, "#/fields/1", "没有代码“magic”"),
        (
            {"fields": ["新材料"]},
            "#/fields/0",
            "没有代码“新材料”；您是否指 materials（新材料）？",
        ),
        (
            {"industries": ["橡胶鞋制造"]},
            "#/industries/0",
            "没有代码“橡胶鞋制造”；您是否指 C1954（橡胶鞋制造）？",
        ),
        (
            {"industries": ["C1999"]},
            "#/industries/0",
            "没有代码“C1999”；您是否指 C19（皮革、毛皮、羽毛及其制品和制鞋业）？",
        ),
        ({"industries": ["?"]}, "#/industries/0", "没有代码“?”"),
        (
            {"modes": ["license"]},
            "#/modes/0",
            "没有代码“license”；您是否指 licence（技术许可）？",
        ),
        ({"division": "晋江"}, "#/division", "没有代码“晋江”；您是否指 350582（晋江市）？"),
        ({"division": "999999"}, "#/division", "没有代码“999999”"),
        ({"keywords": ["鞋底", "白炭黑", "鞋底"]}, "#/keywords/2", "重复"),
        ({"industries": ["C1954", "1954"]}, "#/industries/1", "重复"),
        ({"patents": ["ZL95115608.X", "zl95115608.x"]}, "#/patents/1", "重复"),
        (
            {"price_min_cny": 900_001},
            "#/price_max_cny",
            "price_min_cny 不能大于 price_max_cny",
        ),
        (
            {"price_floor_cny": 900_001},
            "#/price_floor_cny",
            "price_floor_cny 不能大于 price_max_cny",
        ),
        ({"expires_on": YESTERDAY}, "#/expires_on", "不能早于今天"),
        ({"expires_on": "2099-01-01"}, "#/expires_on", "最长五年"),
    ],
)
def test_one_mistake_of_a_result(changes: dict[str, Any], pointer: str, sentence: str) -> None:
    assert mistakes(result_form(**changes)) == [(pointer, sentence)]


def indicator(**values: Any) -> dict[str, Any]:
    return {"indicators_text": "", "indicators": [{"name": "强度"} | values]}


@pytest.mark.parametrize(
    ("changes", "pointer", "sentence"),
    [
        ({"trl_min": 8, "trl_max": 7}, "#/trl_max", "trl_min 不能大于 trl_max"),
        ({"budget_min_cny": 800_001}, "#/budget_max_cny", "budget_min_cny 不能大于 budget_max_cny"),
        ({"deadline": YESTERDAY}, "#/deadline", "不能早于今天"),
        (
            {"indicators": [{"name": "强度"}]},
            "#/indicators_text",
            "indicators 与 indicators_text 只能填一个",
        ),
        (indicator(value=5), "#/indicators/0/comparator", "有数值时请选择比较方式"),
        (indicator(name=" "), "#/indicators/0/name", "请填写指标"),
        (indicator(comparator=">="), "#/indicators/0/value", "请填写数值"),
        (indicator(comparator="between", value=5), "#/indicators/0/value_max", "应不小于 value"),
        (
            indicator(comparator="between", value=5, value_max=4),
            "#/indicators/0/value_max",
            "应不小于 value",
        ),
        (
            indicator(comparator="<", value=5, value_max=6),
            "#/indicators/0/value_max",
            "只用于 between",
        ),
    ],
)
def test_one_mistake_of_a_need(changes: dict[str, Any], pointer: str, sentence: str) -> None:
    assert mistakes(need_form(**changes)) == [(pointer, sentence)]


def test_every_mistake_is_told_at_once() -> None:
    form = need_form(
        fields=["magic"],
        industries=["C1954", "C1954"],
        division="晋江",
        indicators_text="",
        indicators=[{"name": "强度", "comparator": ">="}, {"name": "寿命", "value": 3}],
        trl_min=9,
        trl_max=1,
        deadline=YESTERDAY,
        expires_on=YESTERDAY,
    )

    assert [pointer for pointer, _ in mistakes(form)] == [
        "#/fields/0",
        "#/division",
        "#/industries/1",
        "#/indicators/0/value",
        "#/indicators/1/comparator",
        "#/trl_max",
        "#/deadline",
        "#/expires_on",
    ]


def test_mistakes_are_told_in_english_too() -> None:
    with pytest.raises(Invalid) as refusal:
        checked_columns(result_form(division="晋江", fields=["magic"]), TODAY)

    assert [each.en for each in refusal.value.errors] == [
        "There is no code “magic”.",
        "There is no code “晋江”; did you mean 350582 (Jinjiang)?",
    ]


@pytest.mark.parametrize(
    ("change", "present", "pointer"),
    [
        ({"price_min_cny": 10}, {"price_max_cny": 9}, "#/price_min_cny"),
        ({"price_max_cny": 8}, {"price_min_cny": 9}, "#/price_max_cny"),
        ({"price_max_cny": 8}, {"price_floor_cny": 9}, "#/price_max_cny"),
    ],
)
def test_range_is_checked_with_the_end_that_stays(
    change: dict[str, Any], present: dict[str, Any], pointer: str
) -> None:
    assert [place for place, _ in mistakes(result_change(**change), **present)] == [pointer]


def test_clearing_one_end_of_a_range_is_no_mistake() -> None:
    columns = checked_columns(
        result_change(price_max_cny=None, price_min_cny=10), TODAY, {"price_max_cny": 9}
    )

    assert columns == {"price_max_cny": None, "price_min_cny": 10}


def test_past_deadline_that_stood_before_is_no_mistake() -> None:
    past = TODAY - timedelta(days=9)
    change = need_change(deadline=past.isoformat(), trl_min=7)

    assert checked_columns(change, TODAY, {"deadline": past}) == {"deadline": past, "trl_min": 7}


def test_today_and_the_last_day_of_five_years_are_no_mistakes() -> None:
    latest = TODAY + timedelta(days=LONGEST_PUBLICATION_DAYS)
    form = need_form(deadline=TODAY.isoformat(), expires_on=latest.isoformat())

    columns = checked_columns(form, TODAY)

    assert (columns["deadline"], columns["expires_on"]) == (TODAY, latest)


def test_wrong_check_digit_of_a_patent_is_no_mistake() -> None:
    assert checked_columns(result_change(patents=["ZL95115608.1"]), TODAY) == {
        "patents": ["ZL95115608.1"]
    }


@pytest.mark.parametrize(
    "body",
    [
        {"title": " "},
        {"title": "a", "status": "published"},
        {"title": "a", "version": 3},
        {"title": "a", "organisation_id": "x"},
        {"title": "a", "published_at": "2027-01-01T00:00:00Z"},
        {"title": "a", "extra": {"a": "b"}},
        {"title": "a" * 201},
        {"title": "a\x00"},
        {"title": "a", "keywords": ["x"] * 21},
        {"title": "a", "keywords": [" "]},
        {"title": "a", "keywords": ["x" * 41]},
        {"title": "a", "fields": ["x"] * 11},
        {"title": "a", "price_min_cny": -1},
        {"title": "a", "price_min_cny": 10**13 + 1},
        {"title": "a", "price_min_cny": 1.5},
        {"title": "a", "trl": 10},
        {"title": "a", "contacts": {str(n): "x" for n in range(11)}},
        {"title": "a", "contacts": {"": "x"}},
        {"title": "a", "contacts": {"电话\n": "x"}},
        {"title": "a", "contacts": {"电话": "x\n"}},
        {"title": "a", "keywords": ["x\n"]},
        {"title": "a", "reference": "x\n"},
        {"title": "a", "private_note": "x" * 20_001},
        {"title": "a", "ready_on": "2027-13-01"},
        {"title": "a", "rights": "mine"},
        {"title": "a", "patents": ["x"] * 31},
        {},
    ],
)
def test_forms_refuse_what_is_too_much_or_not_theirs(body: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(body, ResultForm)


@pytest.mark.parametrize(
    "body",
    [
        {"title": None},
        {"shows_terms": None},
        {"shows_organisation": None},
        {"id": "x"},
        {"status": "published"},
        {"created_at": "2027-01-01T00:00:00Z"},
        {"allowed_actions": []},
        {"labels": {}},
        {"summary": "x"},
        {"price_min_cny": 5},
        {"indicators": [{"name": "x"}] * 31},
        {"indicators": [{"name": "x", "value": 1e16}]},
        {"indicators": [{"comparator": ">="}]},
        {"indicators": [{"name": "x", "unit": "mm\n"}]},
        {"indicators_text": "x" * 4_001},
    ],
)
def test_changes_of_a_need_refuse_what_is_read_only_or_of_results(body: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(body, NeedChange)
