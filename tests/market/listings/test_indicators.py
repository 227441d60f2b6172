"""Indicators: what is read off a text, what is not, and how they are written out again."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.listings.indicators import (
    parse_indicators,
    render_indicator,
    text_of,
    with_text,
)
from schemas.listings import Indicator


def read(text: str) -> list[tuple[Any, ...]]:
    """Name, comparator, values and unit of what a text says."""
    return [
        (each.name, each.comparator, each.value, each.value_max, each.unit)
        for each in parse_indicators(text)
    ]


def test_whole_form_is_read_piece_by_piece() -> None:
    text = (
        "湿摩擦系数≥0.5；剥离强度80-100 N/cm；循环寿命不低于2000次；良率99.5%以上；"
        "误差±0.1mm；通过 GB/T 3903 检测"
    )

    assert parse_indicators(text) == [
        Indicator(name="湿摩擦系数", comparator=">=", value=0.5, text="湿摩擦系数≥0.5"),
        Indicator(
            name="剥离强度",
            comparator="between",
            value=80.0,
            value_max=100.0,
            unit="N/cm",
            text="剥离强度80-100 N/cm",
        ),
        Indicator(
            name="循环寿命", comparator=">=", value=2000.0, unit="次", text="循环寿命不低于2000次"
        ),
        Indicator(name="良率", comparator=">=", value=99.5, unit="%", text="良率99.5%以上"),
        Indicator(
            name="误差",
            comparator="between",
            value=-0.1,
            value_max=0.1,
            unit="mm",
            text="误差±0.1mm",
        ),
        Indicator(name="通过 GB/T 3903 检测", text="通过 GB/T 3903 检测"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("恢复≤1小时", ("恢复", "<=", 1.0, None, "小时")),
        ("换型不超过5分钟", ("换型", "<=", 5.0, None, "分钟")),
        ("≥60件/分", ("", ">=", 60.0, None, "件/分")),
        ("寿命至少5年", ("寿命", ">=", 5.0, None, "年")),
        ("重金属含量<10ppm", ("重金属含量", "<", 10.0, None, "ppm")),
        ("误差＜０.５％", ("误差", "<", 0.5, None, "%")),
        ("噪声低于45dB", ("噪声", "<", 45.0, None, "dB")),
        ("续航超过500公里", ("续航", ">", 500.0, None, "公里")),
        ("续航超过500公里以上", ("续航", ">=", 500.0, None, "公里")),
        ("误差3个点内", ("误差", "<=", 3.0, None, "个点")),
        ("投资2000万元以内", ("投资", "<=", 2e7, None, "元")),
        ("市场约3亿元", ("市场", "=", 3e8, None, "元")),
        ("产能≥10万件/年", ("产能", ">=", 1e5, None, "件/年")),
        ("价格不超过1,000元", ("价格", "<=", 1000.0, None, "元")),
        ("-20~105℃", ("", "between", -20.0, 105.0, "℃")),
        ("工作温度：-40 ～ 85 ℃", ("工作温度", "between", -40.0, 85.0, "℃")),
        ("厚度0.3至0.5毫米", ("厚度", "between", 0.3, 0.5, "毫米")),
        ("透光率80%–90%", ("透光率", "between", 80.0, 90.0, "%")),
        ("硬度62±2 Shore A", ("硬度", "between", 60.0, 64.0, "Shore A")),
        ("去除负荷1.2 kg/(m³·d)", ("去除负荷", "=", 1.2, None, "kg/(m³·d)")),
        ("冲击强度≥60 kJ/m2（23℃）", ("冲击强度", ">=", 60.0, None, "kJ/m2")),
        ("yield at least 99.5 %", ("yield", ">=", 99.5, None, "%")),
        ("Noise below 45 dB", ("Noise", "<", 45.0, None, "dB")),
        ("cost not more than 3e4 yuan", ("cost", "<=", 30_000.0, None, "yuan")),
        ("粒径：≤5μm。", ("粒径", "<=", 5.0, None, "μm")),
        ("耐磨、耐撕裂≥5 kN/m", ("耐磨、耐撕裂", ">=", 5.0, None, "kN/m")),
        ("成本降25%", ("成本降", "=", 25.0, None, "%")),
    ],
)
def test_one_comparison(text: str, expected: tuple[Any, ...]) -> None:
    assert read(text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "通过 GB/T 3903 检测",
        "符合GB 3903-2020",
        "通过ISO9001",
        "一分钟一只",
        "尺寸 100×200 mm",
        "长度5.5",
        "≥5MPa且不断裂",
        "0.3≤x≤0.5",
        "从90降到80%",
        "效果国际领先",
        "强度" + "高" * 400 + "≥5",
    ],
)
def test_what_is_no_single_comparison_is_kept_as_stated(text: str) -> None:
    assert parse_indicators(text) == [Indicator(name=text, text=text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("UGR≤16，整灯≥105lm/W", ["UGR", "整灯"]),
        ("磨耗不大于120 mm³，硬度62±2 Shore A", ["磨耗", "硬度"]),
        ("价格不超过1,000元，寿命至少5年", ["价格", "寿命"]),
        ("强度≥5，通过GB检测", ["强度", "通过GB检测"]),
        ("经过100次水洗，强度保持率≥90%", ["经过100次水洗，强度保持率"]),
        ("防滑、耐磨，不增加设备", ["防滑、耐磨，不增加设备"]),
        ("a≥1;b≥2\nc≥3\r\nd≥4", ["a", "b", "c", "d"]),
    ],
)
def test_commas_part_comparisons_and_nothing_else(text: str, names: list[str]) -> None:
    assert [each.name for each in parse_indicators(text)] == names


@pytest.mark.parametrize("text", ["", " ", "；；\n ;"])
def test_nothing_is_read_off_nothing(text: str) -> None:
    assert parse_indicators(text) == []


def test_the_hundred_and_first_piece_is_kept_as_stated() -> None:
    indicators = parse_indicators("；".join(f"x{n}≥{n}次" for n in range(102)))

    assert [each.comparator for each in indicators] == [">="] * 100 + ["stated"] * 2
    assert indicators[-1] == Indicator(name="x101≥101次", text="x101≥101次")


@pytest.mark.parametrize(
    ("indicator", "written"),
    [
        (Indicator(name="湿摩擦系数", comparator=">=", value=0.5), "湿摩擦系数≥0.5"),
        (Indicator(name="寿命", comparator="<=", value=2000.0, unit="次"), "寿命≤2000次"),
        (Indicator(name="强度", comparator=">", value=12.5, unit="MPa"), "强度>12.5 MPa"),
        (Indicator(name="良率", comparator="=", value=99.0, unit="%"), "良率=99%"),
        (
            Indicator(name="剥离", comparator="between", value=80, value_max=100, unit="N/cm"),
            "剥离80–100 N/cm",
        ),
        (
            Indicator(name="误差", comparator="between", value=-0.1, value_max=0.1, unit="mm"),
            "误差±0.1 mm",
        ),
        (Indicator(name="通过检测"), "通过检测"),
        (Indicator(name="通过", text="通过 GB/T 3903 检测"), "通过 GB/T 3903 检测"),
        (Indicator(name="含量", comparator="<", value=2e-9, unit="g"), "含量<2e-09 g"),
        (Indicator(name="投资", comparator="<=", value=1e15, unit="元"), "投资≤1000000000000000元"),
        (Indicator(name="偏差", comparator="=", value=0.0), "偏差=0"),
    ],
)
def test_how_an_indicator_is_written(indicator: Indicator, written: str) -> None:
    assert render_indicator(indicator) == written


def test_words_of_the_source_stay_and_missing_ones_are_written() -> None:
    said = Indicator(name="强度", comparator=">=", value=5.0, text="强度不低于5")
    unsaid = Indicator(name="强度", comparator=">=", value=5.0)

    assert [with_text(said).text, with_text(unsaid).text] == ["强度不低于5", "强度≥5"]


_WORDS = st.sampled_from(
    [
        *("湿摩擦系数", "≥", "≤0.5", "100", " N/cm", "不低于", "2000次", "以上", "±", "0.1", "mm"),
        *("80-100", "~", "通过 GB/T 3903", "（", ")", "万", "元", "、", "，", "；", ";", "\n"),
        *(",", "1,000"),
    ]
)
_TEXTS = st.one_of(st.text(max_size=60), st.lists(_WORDS, max_size=12).map("".join))
_SEPARATORS = re.compile(r"[\s;；,，、]")


def _letters(text: str) -> str:
    """A text without what parts its pieces."""
    return _SEPARATORS.sub("", text)


@given(_TEXTS)
def test_no_character_but_separators_is_ever_lost(text: str) -> None:
    assert _letters(text_of(parse_indicators(text))) == _letters(text)


@given(_TEXTS)
def test_indicators_are_well_formed_whatever_the_text(text: str) -> None:
    for each in parse_indicators(text):
        has_value, has_range = each.value is not None, each.value_max is not None
        assert (has_value, has_range) == (
            each.comparator != "stated",
            each.comparator == "between",
        )
        assert each.value_max is None or each.value is None or each.value <= each.value_max


_NAMED = st.sampled_from(["湿摩擦系数", "剥离强度", "良率", "noise"])
_UNITS = st.sampled_from(["", "次", "%", " N/cm", " mm", "元"])
_VALUES = st.integers(0, 10**6).map(lambda n: n / 100)
_SIGNS = {"≥": ">=", "≤": "<=", ">": ">", "<": "<", "=": "="}


@given(_NAMED, st.sampled_from(sorted(_SIGNS)), _VALUES, _UNITS)
def test_what_is_written_is_read_again(name: str, sign: str, value: float, unit: str) -> None:
    indicator = parse_indicators(f"{name}{sign}{value}{unit}")[0]

    again = parse_indicators(render_indicator(indicator))[0]

    assert (indicator.name, indicator.comparator, indicator.value) == (name, _SIGNS[sign], value)
    assert (again.name, again.comparator, again.value, again.unit) == (
        indicator.name,
        indicator.comparator,
        indicator.value,
        indicator.unit,
    )
