"""Charts: valid, told in words, the same for the same numbers, and nothing in them that runs."""

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.deals.charts import WIDTH, Bar, Line, Words, bar_chart, line_chart, nice_top

SVG = "{http://www.w3.org/2000/svg}"
WORDS = Words("对接漏斗 · 鞋服专场", "报名 110；签到 95")
BARS = [Bar("报名", 110), Bar("签到", 95, "上一步的 86%"), Bar("实际对接", 0)]
texts = st.text(max_size=60)
values = st.integers(0, 10**12)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def bars_of(svg: str) -> list[float]:
    """The lengths of the bars; the first rectangle is the ground."""
    return [float(each.attrib["width"]) for each in list(parsed(svg).iter(f"{SVG}rect"))[1:]]


def shown(svg: str) -> list[str]:
    return ["".join(each.itertext()) for each in parsed(svg).iter(f"{SVG}text")]


def test_a_chart_tells_what_it_shows() -> None:
    root = parsed(bar_chart(WORDS, BARS))

    assert root.attrib["role"] == "img"
    named = root.attrib["aria-labelledby"].split()
    told = {each.attrib["id"]: each.text for each in root if "id" in each.attrib}
    assert told == {"title": WORDS.title, "desc": WORDS.description}
    assert named == ["title", "desc"]
    titles = [each.findtext(f"{SVG}title") for each in root.iter(f"{SVG}g")]
    assert titles == ["报名: 110", "签到: 95 · 上一步的 86%", "实际对接: 0"]


def test_bars_are_as_long_as_their_numbers() -> None:
    svg = bar_chart(WORDS, BARS)

    longest, second, none = bars_of(svg)
    assert second == pytest.approx(longest * 95 / 110, abs=0.1)
    assert none == 0
    assert shown(svg) == [
        WORDS.title,
        *("报名", "110"),
        *("签到", "95 · 上一步的 86%"),
        *("实际对接", "0"),
    ]


def test_a_chart_of_nothing_is_a_chart() -> None:
    assert bars_of(bar_chart(WORDS, [Bar("报名", 0)])) == [0]
    assert shown(bar_chart(WORDS, [])) == [WORDS.title]
    assert parsed(line_chart(WORDS, [], [])).tag == f"{SVG}svg"
    assert parsed(line_chart(WORDS, ["2026"], [Line("合同", [0])])).tag == f"{SVG}svg"


def test_lines_go_through_their_values() -> None:
    svg = line_chart(
        WORDS, ["2024", "2025", "2026"], [Line("意向", [5, 10, 20]), Line("合同", [0, 5, 10])]
    )

    first, second = (
        [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        for line in parsed(svg).iter(f"{SVG}polyline")
    )
    assert [x for x, _ in first] == [x for x, _ in second]
    # Downwards on the screen: the higher the value, the smaller y.
    heights = [second[0][1] - y for _, y in first]
    assert heights == pytest.approx([heights[2] / 4, heights[2] / 2, heights[2]], abs=0.2)
    assert second[2][1] == first[1][1]
    titles = [each.findtext(f"{SVG}title") for each in parsed(svg).iter(f"{SVG}circle")]
    assert titles[:3] == ["意向 2024: 5", "意向 2025: 10", "意向 2026: 20"]
    assert {"2024", "2025", "2026", "意向", "合同", "0", "20"} <= set(shown(svg))


def test_lines_can_be_told_apart_without_colours() -> None:
    lines = [Line(name, [1, 2]) for name in ("对接", "意向", "合同")]

    dashes = {
        each.attrib["stroke-dasharray"]
        for each in parsed(line_chart(WORDS, ["1", "2"], lines)).iter(f"{SVG}polyline")
    }

    assert len(dashes) == 3
    with pytest.raises(ValueError, match="4"):
        line_chart(WORDS, ["1", "2"], [*lines, Line("登记", [0, 0])])


def test_a_line_has_a_value_for_each_place() -> None:
    with pytest.raises(ValueError, match="zip"):
        line_chart(WORDS, ["1", "2"], [Line("合同", [1])])


@given(texts, texts, st.lists(st.builds(Bar, texts, values, texts), max_size=8))
def test_any_words_and_numbers_make_a_valid_picture(
    title: str, description: str, bars: list[Bar]
) -> None:
    svg = bar_chart(Words(title, description), bars)

    root = parsed(svg)
    assert svg == bar_chart(Words(title, description), bars)
    names = {each.tag.removeprefix(SVG) for each in root.iter()}
    assert names <= {"svg", "title", "desc", "rect", "text", "g"}
    attributes = {name for each in root.iter() for name in each.attrib}
    assert not any(name.startswith("on") or "href" in name for name in attributes)
    lengths = bars_of(svg)
    assert all(0 <= length < WIDTH for length in lengths)
    pairs = sorted(zip([bar.value for bar in bars], lengths, strict=True))
    assert all(first[1] <= second[1] for first, second in pairwise(pairs))


@given(st.lists(st.tuples(texts, values, values), min_size=1, max_size=12))
def test_any_line_stays_in_the_picture(points: list[tuple[str, int, int]]) -> None:
    places = [place for place, _, _ in points]
    lines = [Line("意向", [a for _, a, _ in points]), Line("<b>&", [b for _, _, b in points])]

    root = parsed(line_chart(WORDS, places, lines))

    for circle in root.iter(f"{SVG}circle"):
        assert 0 <= float(circle.attrib["cx"]) <= WIDTH
        assert 0 <= float(circle.attrib["cy"]) <= float(root.attrib["height"])


@given(st.integers(0, 10**15))
def test_the_top_of_an_axis_is_near_and_even(most: int) -> None:
    top = nice_top(most)

    assert top >= max(most, 5)
    assert top == 5 or top < 3 * most
    assert top % 5 == 0
