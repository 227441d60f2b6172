"""GB/T 2260: the table, and the ways in which people write places."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocab import Entry, division_prefix, divisions

SAMPLE = Path(__file__).parents[1] / "bench" / "data"


def found_code(text: str) -> str | None:
    entry = divisions().find(text)
    return entry.code if entry else None


def test_the_levels_have_their_official_sizes() -> None:
    levels = Counter(divisions().level(entry) for entry in divisions())

    assert levels == {1: 34, 2: 333, 3: 2843}


def test_quanzhou_has_its_twelve_counties() -> None:
    rows = [entry for entry in divisions() if entry.code.startswith("3505")]

    assert rows == [
        Entry("350500", "泉州市", "Quanzhou", "350000"),
        Entry("350502", "鲤城区", "Licheng", "350500"),
        Entry("350503", "丰泽区", "Fengze", "350500"),
        Entry("350504", "洛江区", "Luojiang", "350500"),
        Entry("350505", "泉港区", "Quangang", "350500"),
        Entry("350521", "惠安县", "Hui'an", "350500"),
        Entry("350524", "安溪县", "Anxi", "350500"),
        Entry("350525", "永春县", "Yongchun", "350500"),
        Entry("350526", "德化县", "Dehua", "350500"),
        Entry("350527", "金门县", "Jinmen", "350500"),
        Entry("350581", "石狮市", "Shishi", "350500"),
        Entry("350582", "晋江市", "Jinjiang", "350500"),
        Entry("350583", "南安市", "Nan'an", "350500"),
    ]


def test_every_code_has_six_digits() -> None:
    assert [e.code for e in divisions() if not (len(e.code) == 6 and e.code.isdecimal())] == []


def test_every_parent_contains_its_children() -> None:
    outside = [
        entry.code
        for entry in divisions()
        if entry.parent and not entry.code.startswith(division_prefix(entry.parent))
    ]

    assert outside == []


def test_only_provinces_stand_at_the_top() -> None:
    top = [entry.code for entry in divisions() if entry.parent is None]

    assert len(top) == 34
    assert [code for code in top if not code.endswith("0000")] == []


def test_a_county_without_a_prefecture_stands_under_its_province() -> None:
    parents = {code: divisions()[code].parent for code in ("429004", "110105", "500112", "659001")}

    assert parents == {
        "429004": "420000",
        "110105": "110000",
        "500112": "500000",
        "659001": "650000",
    }


def test_no_row_is_a_group_or_zone_of_the_statistics_bureau() -> None:
    invented = {"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"}

    assert [entry.code for entry in divisions() if entry.zh in invented] == []
    assert [entry.code for entry in divisions() if 71 <= int(entry.code[4:]) <= 79] == []


def test_every_province_has_an_english_name() -> None:
    assert [entry.code for entry in divisions() if entry.parent is None and not entry.en] == []


def test_every_region_of_the_sample_is_in_the_table() -> None:
    rows = [
        json.loads(line)
        for name in ("results.jsonl", "needs-dev.jsonl")
        for line in (SAMPLE / name).read_text(encoding="utf-8").splitlines()
    ]

    assert [row["id"] for row in rows if row["region"] not in divisions()] == []


@pytest.mark.parametrize(
    ("code", "prefix"), [("350000", "35"), ("350500", "3505"), ("350582", "350582")]
)
def test_the_prefix_of_a_division_is_that_of_all_within_it(code: str, prefix: str) -> None:
    assert division_prefix(code) == prefix


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("350582", "350582"),
        ("３５０５８２", "350582"),
        ("350582 晋江市", "350582"),
        ("35", "350000"),
        ("3505", "350500"),
        ("350582001000", "350582"),
        ("350599", "350500"),
        ("359999", "350000"),
        ("999999", None),
        ("35058", None),
        ("3505820", None),
        ("0", None),
    ],
)
def test_a_division_is_found_by_its_code_or_the_one_around_it(text: str, code: str | None) -> None:
    assert found_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("晋江市", "350582"),
        ("晋江", "350582"),
        ("福建省", "350000"),
        ("福建", "350000"),
        ("中国福建省", "350000"),
        ("内蒙古", "150000"),
        ("广西", "450000"),
        ("新疆", "650000"),
        ("香港", "810000"),
        ("恩施", "422800"),
        ("延边朝鲜族自治州", "222400"),
        ("浦东", "310115"),
        ("仙桃", "429004"),
        ("金门", "350527"),
    ],
)
def test_a_division_is_found_by_its_name_long_or_short(text: str, code: str) -> None:
    assert found_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("福建省泉州市晋江市", "350582"),
        ("福建泉州晋江", "350582"),
        ("泉州晋江", "350582"),
        ("福建晋江", "350582"),
        ("福建省-泉州市-晋江市", "350582"),
        ("福建省 / 泉州市", "350500"),
        ("北京市市辖区朝阳区", "110105"),
        ("北京市北京市朝阳区", "110105"),
        ("上海浦东", "310115"),
        ("湖北仙桃", "429004"),
        ("吉林吉林市", "220200"),
        ("泉州厦门", None),
        ("晋江泉州", None),
    ],
)
def test_a_division_is_found_by_a_path_of_names_from_above(text: str, code: str | None) -> None:
    assert found_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("朝阳区", None),
        ("鼓楼", None),
        ("鼓楼区", None),
        ("市中区", None),
        ("北京朝阳", "110105"),
        ("长春朝阳区", "220104"),
        ("福州鼓楼", "350102"),
        ("南京鼓楼区", "320106"),
    ],
)
def test_a_shared_name_needs_the_division_above_it(text: str, code: str | None) -> None:
    assert found_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("吉林", "220000"),
        ("吉林市", "220200"),
        ("海南", "460000"),
        ("河南", "410000"),
        ("南昌", "360100"),
        ("南昌县", "360121"),
        ("朝阳", "211300"),
    ],
)
def test_a_name_on_several_levels_is_the_highest(text: str, code: str) -> None:
    assert found_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("泉州开发区", "350500"),
        ("台商投资区", "350500"),
        ("泉州台商投资区", "350500"),
        ("福建省泉州市台商投资区", "350500"),
        ("晋江经济开发区", "350582"),
        ("苏州工业园区", "320500"),
    ],
)
def test_a_functional_zone_is_its_city(text: str, code: str) -> None:
    assert found_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("福建省泉州市晋江市罗山街道世纪大道888号", "350582"),
        ("泉州市丰泽区城华北路269号", "350503"),
        ("海南岛", None),
        ("福建人", None),
        ("罗山街道世纪大道", None),
    ],
)
def test_an_address_is_found_by_its_official_beginning(text: str, code: str | None) -> None:
    assert found_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("长泰县", "350605"),
        ("龙海市", "350604"),
        ("沙县", "350405"),
        ("福建省三明市沙县", "350405"),
        ("米林县", "540481"),
        ("350681", "350600"),
    ],
)
def test_an_abolished_county_leads_to_its_successor(text: str, code: str) -> None:
    assert found_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Quanzhou", "350500"),
        ("NAN'AN", "350583"),
        ("Inner Mongolia", "150000"),
        ("Quanzhou, Fujian", "350500"),
        ("Jinjiang City, Quanzhou, Fujian Province, P.R. China", "350582"),
        ("Fujian, Quanzhou", None),
        (",", None),
        ("China", None),
    ],
)
def test_a_place_is_found_by_its_english_address(text: str, code: str | None) -> None:
    assert found_code(text) == code


@given(st.sampled_from(list(divisions())))
def test_the_full_path_of_names_finds_every_division(entry: Entry) -> None:
    names = [part.zh for part in divisions().path(entry.code)]

    assert divisions().find("".join(names)) == entry


@given(st.sampled_from(list(divisions())), st.text(alphabet="市县区州福建泉吉林朝阳", max_size=30))
def test_names_that_follow_a_full_path_never_lead_outside_its_province(
    entry: Entry, tail: str
) -> None:
    names = [part.zh for part in divisions().path(entry.code)]

    found = divisions().find("".join(names) + tail)

    assert found is not None
    assert found.code[:2] == entry.code[:2]
