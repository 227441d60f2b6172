"""From one row's cells to a Result or a Need, whole values compared."""

from datetime import date, datetime
from typing import Any

import pytest

from market.exchange.headers import Column, columns_of
from market.exchange.headings import ListingKind
from market.exchange.problems import RowProblem
from market.exchange.rows import Row, RowError, need_of, result_of
from schemas.listings import Need, Result

FILE = "r.csv"
LINE = 7
GOOD_CODE = "91110000600037341L"


def row_of(kind: ListingKind, cells: dict[str, object]) -> Row:
    columns, _ = columns_of(list(cells), kind)
    return Row(FILE, LINE, columns, list(cells.values()))


def read_result(cells: dict[str, object]) -> tuple[Result, list[RowProblem]]:
    row = row_of("result", {"成果名称": "鞋底", **cells})
    return result_of(row), row.warnings


def read_need(cells: dict[str, object]) -> tuple[Need, list[RowProblem]]:
    row = row_of("need", {"需求名称": "鞋底", **cells})
    return need_of(row), row.warnings


def result(**values: Any) -> Result:
    return Result(**{"id": str(LINE), "title": "鞋底", **values})


def need(**values: Any) -> Need:
    return Need(**{"id": str(LINE), "title": "鞋底", **values})


def problem(column: str, code: str, **values: str) -> RowProblem:
    return RowProblem(FILE, LINE, column, code, values)


def refusal_of(kind: ListingKind, cells: dict[str, object]) -> RowProblem:
    title = "成果名称" if kind == "result" else "需求名称"
    with pytest.raises(RowError) as refused:
        (result_of if kind == "result" else need_of)(row_of(kind, {title: "鞋底", **cells}))
    return refused.value.problem


def test_result_with_every_column_is_read_whole() -> None:
    cells: dict[str, object] = {
        "成果编号": "0012",
        "成果名称": " 高湿摩擦橡胶鞋底 ",
        "成果简介": "白炭黑补强。",
        "创新点": "湿摩擦 0.55",
        "关键词": "鞋底；橡胶",
        "技术领域": "新材料",
        "所属行业": "C1954 橡胶鞋制造、2913",
        "技术成熟度": "TRL 7",
        "合作方式": "技术许可、技术服务",
        "转让价格（万元）": "60-80",
        "所在地区": "福建省泉州市丰泽区",
        "完成单位": "刺桐大学",
        "统一社会信用代码": GOOD_CODE,
        "专利号": "ZL202210094654.X",
        "权利状态": "已授权",
        "可交付日期": "2027年5月",
        "展位": "A-12",
        "联系电话": "0595-0000",
    }

    assert read_result(cells) == (
        Result(
            id="0012",
            title="高湿摩擦橡胶鞋底",
            summary="白炭黑补强。\n湿摩擦 0.55",
            keywords=("鞋底", "橡胶"),
            fields=("materials",),
            industries=("C1954", "C2913"),
            trl=7,
            modes=("licence", "service"),
            price_min_cny=600_000,
            price_max_cny=800_000,
            division="350503",
            institute="刺桐大学",
            credit_code=GOOD_CODE,
            patents=("ZL202210094654.X",),
            rights="granted",
            ready_on=date(2027, 5, 1),
            extra={"展位": "A-12"},
            contacts={"联系电话": "0595-0000"},
        ),
        [],
    )


def test_need_with_every_column_is_read_whole() -> None:
    cells: dict[str, object] = {
        "need_id": "N-1",
        "title": "鞋底打滑",
        "description": "湿地面上打滑。",
        "background": "出口订单",
        "keywords": ["鞋底", "防滑"],
        "indicators": "湿摩擦系数≥0.5",
        "field": "新材料",
        "industries": ["C1954"],
        "trl_min": 6,
        "trl_max": 9,
        "cooperation_modes": "技术许可",
        "budget_cny": "≤80万",
        "deadline": "2027-05",
        "region": 350582,
        "enterprise": "晋江某鞋业有限公司",
        "credit_code": GOOD_CODE,
        "booth": "B-3",
        "email": "a@example.org",
    }
    row = row_of("need", cells)

    assert need_of(row) == Need(
        id="N-1",
        title="鞋底打滑",
        description="湿地面上打滑。\n出口订单",
        keywords=("鞋底", "防滑"),
        indicators="湿摩擦系数≥0.5",
        fields=("materials",),
        industries=("C1954",),
        trl_min=6,
        trl_max=9,
        modes=("licence",),
        budget_max_cny=800_000,
        deadline=date(2027, 5, 31),
        division="350582",
        enterprise="晋江某鞋业有限公司",
        credit_code=GOOD_CODE,
        extra={"booth": "B-3"},
        contacts={"email": "a@example.org"},
    )
    assert row.warnings == []


def test_row_with_a_title_alone_is_enough() -> None:
    assert read_result({}) == (result(), [])
    assert read_need({}) == (need(), [])


def test_empty_cells_leave_nothing_behind() -> None:
    cells: dict[str, object] = {
        "成果编号": "",
        "关键词": None,
        "技术成熟度": " ",
        "转让价格": "\u3000",
        "展位": "",
        "电话": None,
    }

    assert read_result(cells) == (result(), [])


@pytest.mark.parametrize(
    ("cell", "level"),
    [
        ("7", 7),
        (7, 7),
        (7.0, 7),
        ("TRL7", 7),
        ("trl 7", 7),
        ("ＴＲＬ７", 7),
        ("7级", 7),
        ("6-8", 6),
        ("TRL6～8", 6),
        ("不限", None),
        ("—", None),
        ("N/A", None),
        ("", None),
    ],
)
def test_maturity_of_a_result_counts_from_its_lower_end(cell: object, level: int | None) -> None:
    assert read_result({"技术成熟度": cell}) == (result(trl=level), [])


@pytest.mark.parametrize("stage", ["研发阶段", "小试", "中试", "产业化", "pilot"])
def test_stage_name_is_a_maturity_on_both_sides(stage: str) -> None:
    found, _ = read_result({"成果阶段": stage})
    wanted, warnings = read_need({"期望阶段": stage})

    assert found.trl is not None
    assert (found.trl, warnings) == (wanted.trl_min, [])
    assert wanted.trl_max is not None
    assert wanted.trl_max >= found.trl


@pytest.mark.parametrize(
    ("cells", "low", "high"),
    [
        ({"期望成熟度": "7"}, 7, 7),
        ({"期望成熟度": "6-8"}, 6, 8),
        ({"最低成熟度": 6}, 6, None),
        ({"最高成熟度": 8}, None, 8),
        ({"最低成熟度": "6", "最高成熟度": "8"}, 6, 8),
        ({"期望成熟度": "5-9", "最低成熟度": "6"}, 6, 9),
        ({"最低成熟度": "不限", "最高成熟度": "8"}, None, 8),
    ],
)
def test_maturity_of_a_need_has_two_bounds(
    cells: dict[str, object], low: int | None, high: int | None
) -> None:
    assert read_need(cells) == (need(trl_min=low, trl_max=high), [])


@pytest.mark.parametrize(
    ("cell", "budget"),
    [
        ("面议", {}),
        ("80", {"budget_min_cny": 800_000, "budget_max_cny": 800_000}),
        (80, {"budget_min_cny": 800_000, "budget_max_cny": 800_000}),
        (80.5, {"budget_min_cny": 805_000, "budget_max_cny": 805_000}),
        ("≤80", {"budget_max_cny": 800_000}),
        ("80万以上", {"budget_min_cny": 800_000}),
        ("500000元", {"budget_min_cny": 500_000, "budget_max_cny": 500_000}),
    ],
)
def test_budget_under_a_header_with_its_unit(cell: object, budget: dict[str, int]) -> None:
    assert read_need({"预算（万元）": cell}) == (need(**budget), [])


def test_amount_without_any_unit_is_read_with_a_warning() -> None:
    assert read_result({"报价": "80"}) == (
        result(price_min_cny=800_000, price_max_cny=800_000),
        [problem("报价", "unit_assumed", value="80")],
    )


@pytest.mark.parametrize(
    "cell",
    [date(2027, 5, 31), datetime(2027, 5, 31), 46538, 46538.0, "2027-05", "2027年5月"],  # noqa: DTZ001
)
def test_deadline_is_the_last_day_of_its_period(cell: object) -> None:
    assert read_need({"截止日期": cell}) == (need(deadline=date(2027, 5, 31)), [])


@pytest.mark.parametrize("cell", ["长期", "尽快", ""])
def test_open_deadline_is_none(cell: str) -> None:
    assert read_need({"截止日期": cell}) == (need(), [])


def test_year_and_month_as_a_number_are_read_where_they_are_clear() -> None:
    assert read_need({"截止日期": 2027.11}) == (need(deadline=date(2027, 11, 30)), [])


@pytest.mark.parametrize(
    ("kind", "cells", "refused"),
    [
        ("result", {"转让价格": "八百"}, problem("转让价格", "money_unread", value="八百")),
        ("result", {"价格（万元）": True}, problem("价格（万元）", "money_unread", value="TRUE")),
        ("need", {"预算": "120-80万"}, problem("预算", "money_unread", value="120-80万")),
        ("need", {"截止日期": "明年"}, problem("截止日期", "date_unread", value="明年")),
        # As a number October and January look the same.
        ("need", {"截止日期": 2027.1}, problem("截止日期", "date_unread", value="2027.1")),
        (
            "need",
            {"截止日期": date(1900, 1, 5)},
            problem("截止日期", "date_unread", value="1900-01-05"),
        ),
        ("result", {"技术成熟度": "10"}, problem("技术成熟度", "trl_unread", value="10")),
        ("result", {"技术成熟度": "很高"}, problem("技术成熟度", "trl_unread", value="很高")),
        ("result", {"技术成熟度": 7.5}, problem("技术成熟度", "trl_unread", value="7.5")),
        (
            "need",
            {"最低成熟度": 8, "最高成熟度": 6},
            problem("最高成熟度", "trl_order", low="8", high="6"),
        ),
        ("result", {"备注": "\x00"}, problem("备注", "nul")),
        ("result", {"电话": "\ud800"}, problem("电话", "surrogate")),
        (
            "result",
            {"成果简介": "长" * 100_000},
            problem("成果简介", "cell_too_long", length="100000", limit="32767"),
        ),
        ("result", {"成果名称": ""}, problem("", "title_missing")),
        ("need", {"需求名称": " \u3000"}, problem("", "title_missing")),
        ("result", {"成果名称": "#N/A"}, problem("", "title_missing")),
        (
            "result",
            {"成果编号": "R" * 513},
            problem("成果编号", "id_too_long", size="513", limit="512"),
        ),
        (
            "need",
            {"需求编号": "号" * 171},
            problem("需求编号", "id_too_long", size="513", limit="512"),
        ),
    ],
)
def test_cell_that_makes_no_sense_refuses_the_row(
    kind: ListingKind, cells: dict[str, object], refused: RowProblem
) -> None:
    assert refusal_of(kind, cells) == refused


@pytest.mark.parametrize(
    "listing_id",
    [
        "R" * 512,
        "号" * 170,
        "00012",
        "甲 乙",
        "甲\n乙",
        "a\tb",
        "=1+1",
        "'x",
        "\u200b",
        "🧪",
        "../x",
        "a,b",
    ],
)
def test_id_is_kept_as_it_was_given(listing_id: str) -> None:
    assert read_result({"成果编号": listing_id}) == (result(id=listing_id), [])


@pytest.mark.parametrize(("cell", "listing_id"), [(12, "12"), (12.0, "12"), (1e15, "1" + "0" * 15)])
def test_id_that_is_a_number_has_no_decimal_point(cell: object, listing_id: str) -> None:
    assert read_result({"成果编号": cell}) == (result(id=listing_id), [])


@pytest.mark.parametrize(
    ("header", "cell", "values", "kept"),
    [
        ("技术领域", "新材料、炼金术", {"fields": ("materials",)}, "炼金术"),
        ("所属行业", "C1954、造船厂子", {"industries": ("C1954",)}, "造船厂子"),
        ("合作方式", "以物易物", {}, "以物易物"),
        ("所在地区", "火星", {}, "火星"),
        ("权利状态", "打官司", {}, "打官司"),
    ],
)
def test_word_of_no_vocabulary_is_kept_with_a_warning(
    header: str, cell: str, values: dict[str, Any], kept: str
) -> None:
    assert read_result({header: cell}) == (
        result(extra={header: kept}, **values),
        [problem(header, "unknown_word", value=kept)],
    )


@pytest.mark.parametrize(
    ("cell", "division"),
    [
        ("350582", "350582"),
        (350582, "350582"),
        ("晋江市", "350582"),
        ("福建省泉州市晋江市", "350582"),
        ("泉州", "350500"),
        ("福建", "350000"),
        ("", None),
    ],
)
def test_division_is_found_by_code_or_name(cell: object, division: str | None) -> None:
    assert read_result({"所在地区": cell}) == (result(division=division), [])


@pytest.mark.parametrize(
    ("cell", "rights"),
    [
        ("已授权", "granted"),
        ("In force", "granted"),
        ("审查中", "pending"),
        ("专有技术", "know_how"),
        ("已质押", "encumbered"),
        ("", None),
    ],
)
def test_rights_are_found_by_their_words(cell: str, rights: str | None) -> None:
    assert read_result({"权利状态": cell}) == (result(rights=rights), [])


def test_wrong_credit_code_and_patent_are_kept_with_a_warning_each() -> None:
    patents = ("ZL202210094654.7", "CN113456789A", "ZL2022")

    assert read_result({"信用代码": "123", "专利号": "、".join(patents)}) == (
        result(credit_code="123", patents=patents),
        [
            problem("信用代码", "credit_code_wrong", value="123"),
            problem("专利号", "patent_wrong", value="ZL202210094654.7"),
            problem("专利号", "patent_wrong", value="ZL2022"),
        ],
    )


def test_error_value_counts_as_empty_with_a_warning() -> None:
    assert read_result({"转让价格": "#REF!", "展位": "#N/A"}) == (
        result(),
        [
            problem("转让价格", "error_value", value="#REF!"),
            problem("展位", "error_value", value="#N/A"),
        ],
    )


def test_contacts_and_extra_columns_are_kept_apart() -> None:
    listing, _ = read_result({"展位": "A", "联系人": "张三", "手机": 13900001111, "备注": {"a": 1}})

    assert listing == result(
        extra={"展位": "A", "备注": '{"a":1}'},
        contacts={"联系人": "张三", "手机": "13900001111"},
    )


def test_column_that_repeats_a_field_changes_nothing_of_it() -> None:
    columns = (Column("成果名称", "field", "title"), Column("项目名称", "extra"))

    row = Row(FILE, LINE, columns, ["鞋底", "项目"])

    assert result_of(row) == result(extra={"项目名称": "项目"})
