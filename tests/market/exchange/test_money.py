"""Amounts of money: every way to write one, and what is not understood."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.exchange.money import Money, money_text, parse_amount, parse_money

WAN = 10_000
YI = 100_000_000
AMOUNTS = st.integers(0, 10**15)


@pytest.mark.parametrize(
    ("text", "cny"),
    [
        ("80万", 800_000),
        ("80万元", 800_000),
        ("80 万 元", 800_000),
        ("８０万元", 800_000),
        ("80萬元", 800_000),
        ("80w", 800_000),
        ("80W", 800_000),
        ("1.2亿", 120_000_000),
        ("1.2亿元人民币", 120_000_000),
        ("3百万", 3_000_000),
        ("2千万元", 20_000_000),
        ("5十万", 500_000),
        ("8千元", 8_000),
        ("500元整", 500),
        ("12000元", 12_000),
        ("人民币80万元", 800_000),
        ("¥800,000", 800_000),
        ("￥８００，０００", 800_000),
        ("¥80", 80),
        ("RMB 800,000", 800_000),
        ("CNY 1.5 million", 1_500_000),
        ("0.5 million yuan", 500_000),
        ("2bn", 2_000_000_000),
        ("800k", 800_000),
        ("5m", 5_000_000),
        ("约80万元", 800_000),
        ("80万元左右", 800_000),
        ("about 80k", 80_000),
        ("80万元（可议）", 800_000),
        ("80(万元)", 800_000),
        ("50000（万元）", 500_000_000),
        ("5（亿元）", 500_000_000),
        ("10000.5元", 10_001),
        ("0.005元", 0),
        ("0", 0),
        ("免费", 0),
        ("无偿转让", 0),
        ("free", 0),
    ],
)
def test_single_amount_is_both_ends(text: str, cny: int) -> None:
    assert parse_money(text) == Money(cny, cny)


@pytest.mark.parametrize(
    ("text", "money"),
    [
        ("80-120万", Money(800_000, 1_200_000)),
        ("80万-120万", Money(800_000, 1_200_000)),
        ("80万元～120万元", Money(800_000, 1_200_000)),
        ("80—120万元", Money(800_000, 1_200_000)),
        ("80至120万", Money(800_000, 1_200_000)),
        ("80万到1亿", Money(800_000, 100_000_000)),
        ("80k to 120k", Money(80_000, 120_000)),
        ("¥80-100", Money(80, 100)),
        ("约50-80万", Money(500_000, 800_000)),
        ("50万-50万", Money(500_000, 500_000)),
        ("≤50万", Money(None, 500_000)),
        ("<=50万", Money(None, 500_000)),
        ("＜50万", Money(None, 500_000)),
        ("不超过50万元", Money(None, 500_000)),
        ("50万以内", Money(None, 500_000)),
        ("50万元及以下", Money(None, 500_000)),
        ("up to 50k", Money(None, 50_000)),
        ("≥50万", Money(500_000, None)),
        ("不低于50万元", Money(500_000, None)),
        ("100万元以上", Money(1_000_000, None)),
        ("50万起", Money(500_000, None)),
        ("100万+", Money(1_000_000, None)),
        ("from 50k", Money(50_000, None)),
    ],
)
def test_range_has_two_ends_or_one(text: str, money: Money) -> None:
    assert parse_money(text) == money


@pytest.mark.parametrize(
    "text",
    ["", "  ", "面议", "价格面议", "待定", "双方协商确定", "-", "——", "/", "无", "N/A", "TBD"],
)
def test_open_amount_is_unknown(text: str) -> None:
    assert parse_money(text, unit_cny=WAN) == Money(None, None)


@pytest.mark.parametrize(
    ("text", "unit_cny", "money"),
    [
        ("80", WAN, Money(800_000, 800_000)),
        ("80-120", WAN, Money(800_000, 1_200_000)),
        ("≤80", WAN, Money(None, 800_000)),
        ("12000", WAN, Money(120_000_000, 120_000_000)),
        ("1.5", YI, Money(150_000_000, 150_000_000)),
        ("80", 1, Money(80, 80)),
        # What the cell says goes before what its header says.
        ("80元", WAN, Money(80, 80)),
        ("80万", 1, Money(800_000, 800_000)),
        ("1亿", WAN, Money(YI, YI)),
        # The sign alone is decoration under a header with a unit.
        ("¥80", WAN, Money(800_000, 800_000)),
    ],
)
def test_header_gives_the_unit_that_the_cell_lacks(text: str, unit_cny: int, money: Money) -> None:
    assert parse_money(text, unit_cny=unit_cny) == money


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("80", 800_000, 800_000),
        ("0.5", 5_000, 5_000),
        ("80~120", 800_000, 1_200_000),
        ("9999", 99_990_000, 99_990_000),
        ("10000", 10_000, 10_000),
        ("1,200,000", 1_200_000, 1_200_000),
        ("9000-12000", 9_000, 12_000),
    ],
)
def test_unit_is_assumed_where_nobody_names_one(text: str, low: int, high: int) -> None:
    assert parse_money(text) == Money(low, high, unit_assumed=True)


@pytest.mark.parametrize(
    "text",
    [
        "八百多吧",
        "八十万",
        "万",
        "-5万",
        "120-80万",
        "10-20-30万",
        "80、100万",
        "80,",
        "1,2",
        "1e6",
        "$100",
        "100美元",
        "80万元/年",
        "80万-",
        "10万以上20万以下",
        "NaN",
        "Infinity",
        "TRUE",
        "99999999亿",
        "1" * 21,
        "1" * 101,
        "80万" + " " * 100,
    ],
)
def test_amount_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_money(text)


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (None, None, ""),
        (0, 0, "0元"),
        (80, 80, "80元"),
        (80, 120, "80-120元"),
        (None, 120, "≤120元"),
        (80, None, "≥80元"),
    ],
)
def test_money_is_written_in_whole_yuan(low: int | None, high: int | None, text: str) -> None:
    assert money_text(low, high) == text


@given(st.none() | AMOUNTS, st.none() | AMOUNTS, st.sampled_from([None, 1, WAN, YI]))
def test_written_money_is_read_back(one: int | None, two: int | None, unit: int | None) -> None:
    low, high = (one, two) if one is None or two is None else sorted((one, two))

    assert parse_money(money_text(low, high), unit_cny=unit) == Money(low, high)


@given(st.text(max_size=110))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        money = parse_money(text)
    except ValueError:
        return

    low, high = money.min_cny, money.max_cny
    assert low is None or high is None or 0 <= low <= high


@pytest.mark.parametrize(
    ("text", "unit_cny", "amount_cny"),
    [
        ("352.55亿元", None, 35_255_000_000),
        ("3.5亿", None, 350_000_000),
        ("¥800,000", None, 800_000),
        ("1234.5", 10_000, 12_345_000),
        ("2亿", 10_000, 200_000_000),
        ("50（万元）", None, 500_000),
        ("0", None, 0),
        ("免费", None, 0),
        ("面议", None, None),
        ("", None, None),
    ],
)
def test_an_exact_amount_is_read(text: str, unit_cny: int | None, amount_cny: int | None) -> None:
    assert parse_amount(text, unit_cny=unit_cny) == amount_cny


@pytest.mark.parametrize(
    "text",
    ["80", "80-120万", "≤50万", "50万以上", "约50万", "0.00000001万", "1.5元", "三亿", "1e9元"],
)
def test_what_is_no_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_amount(text)


@given(st.integers(0, 10**13), st.sampled_from([("亿元", 8), ("万元", 4), ("元", 0)]))
def test_no_amount_loses_a_yuan(amount_cny: int, unit: tuple[str, int]) -> None:
    name, places = unit
    text = f"{Decimal(amount_cny).scaleb(-places):f}{name}"

    assert parse_amount(text) == amount_cny
