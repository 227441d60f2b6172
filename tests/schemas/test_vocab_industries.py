"""GB/T 4754-2017: the table, and the ways in which people write its codes."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vocab import Entry, industries

SAMPLE = Path(__file__).parents[1] / "bench" / "data"


def found_code(text: str) -> str | None:
    entry = industries().find(text)
    return entry.code if entry else None


def test_the_levels_have_their_official_sizes() -> None:
    # The two copies compared agree on 1,381 classes; the head of the file tells of the 1,382nd.
    assert Counter(len(entry.code) for entry in industries()) == {1: 20, 3: 97, 4: 473, 5: 1381}


def test_the_sections_run_from_a_to_t() -> None:
    sections = [entry.code for entry in industries() if entry.parent is None]

    assert "".join(sections) == "ABCDEFGHIJKLMNOPQRST"


def test_the_divisions_are_numbered_without_a_gap() -> None:
    numbers = [int(entry.code[1:]) for entry in industries() if len(entry.code) == 3]

    assert numbers == list(range(1, 98))


def test_every_parent_is_the_code_without_its_last_place() -> None:
    expected = {
        entry.code: None
        if len(entry.code) == 1
        else entry.code[: 1 if len(entry.code) == 3 else -1]
        for entry in industries()
    }

    assert {entry.code: entry.parent for entry in industries()} == expected


def test_every_group_has_a_class() -> None:
    with_class = {entry.parent for entry in industries() if len(entry.code) == 5}

    assert [e.code for e in industries() if len(e.code) == 4 and e.code not in with_class] == []


def test_a_group_of_one_class_shares_its_name_with_it() -> None:
    classes = [entry for entry in industries() if len(entry.code) == 5 and entry.code[-1] == "0"]

    assert [e.code for e in classes if industries()[e.code[:-1]].zh != e.zh] == []


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("C1954", "橡胶鞋制造"),
        ("C3915", "信息安全设备制造"),
        ("C3962", "智能车载设备制造"),
        ("C3499", "其他未列明通用设备制造业"),
        ("I6513", "应用软件开发"),
        ("G5435", "危险货物道路运输"),
        ("C2832", "生物基、淀粉基新材料制造"),
        ("C3032", "建筑用石加工"),
        ("B0711", "陆地石油开采"),
        ("S9291", "消防管理机构"),
        ("C339", "铸造及其他金属制品制造"),
        ("C3531", "食品、酒、饮料及茶生产专用设备制造"),
        ("C37", "铁路、船舶、航空航天和其他运输设备制造业"),
        ("C15", "酒、饮料和精制茶制造业"),
    ],
)
def test_numbers_are_those_of_2017_not_of_2011(code: str, name: str) -> None:
    assert industries()[code].zh == name


def test_a_class_stands_under_its_group_division_and_section() -> None:
    assert industries().path("C1954") == (
        Entry("C", "制造业", "Manufacturing"),
        Entry(
            "C19",
            "皮革、毛皮、羽毛及其制品和制鞋业",
            "Manufacture of leather, fur, feather and related products and footwear",
            "C",
        ),
        Entry("C195", "制鞋业", "", "C19"),
        Entry("C1954", "橡胶鞋制造", "", "C195"),
    )


def test_every_section_and_division_has_an_english_name() -> None:
    assert [entry.code for entry in industries() if len(entry.code) <= 3 and not entry.en] == []


def test_no_two_entries_share_an_english_name() -> None:
    names = Counter(entry.en for entry in industries() if entry.en)

    assert [name for name, count in names.items() if count > 1] == []


def test_every_industry_of_the_sample_is_in_the_table_under_its_name() -> None:
    rows = [
        json.loads(line)
        for name in ("results.jsonl", "needs-dev.jsonl")
        for line in (SAMPLE / name).read_text(encoding="utf-8").splitlines()
    ]
    written = {industry for row in rows for industry in row["industries"]}

    found = {text: industries()[text.split(" ")[0]].zh for text in written}

    assert found == {text: text.split(" ")[1] for text in written}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("C1954", "C1954"),
        ("1954", "C1954"),
        ("c1954 橡胶鞋制造", "C1954"),
        ("C1954橡胶鞋制造", "C1954"),
        ("C1954-橡胶鞋制造", "C1954"),
        ("（C1954）橡胶鞋制造", "C1954"),
        ("Ｃ１９５４", "C1954"),
        ("橡胶鞋制造", "C1954"),
        ("C195", "C195"),
        ("C19", "C19"),
        ("19", "C19"),
        ("01", "A01"),
        ("0111", "A0111"),
        ("皮革、毛皮、羽毛及其制品和制鞋业", "C19"),
        ("皮革毛皮羽毛及其制品和制鞋业", "C19"),
        ("C", "C"),
        ("c 制造业", "C"),
        ("C制造业", "C"),
        ("制造业", "C"),
        ("Manufacturing", "C"),
        ("manufacture of furniture", "C21"),
    ],
)
def test_an_industry_is_found_by_code_name_or_both(text: str, code: str) -> None:
    assert found_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("制糖业", "C134"),
        ("教育", "P"),
        ("房地产业", "K"),
        ("国际组织", "T"),
        ("C1340 制糖业", "C1340"),
        ("K70 房地产业", "K70"),
    ],
)
def test_a_name_on_several_levels_is_the_highest_unless_a_code_tells(text: str, code: str) -> None:
    assert found_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("C1955", "C195"),
        ("C1999", "C19"),
        ("1999", "C19"),
        ("I6510", "I651"),
        ("I6510 软件开发", "I651"),
        ("C1999 鞋的什么", "C19"),
    ],
)
def test_an_unknown_code_falls_back_to_what_it_begins_with(text: str, code: str) -> None:
    assert found_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("C3963 集成电路制造", "C3973"),  # 2011
        ("C1953 橡胶鞋制造", "C1954"),
        ("Z9999 橡胶鞋制造", None),
    ],
)
def test_a_known_name_beats_a_number_of_another_edition(text: str, code: str | None) -> None:
    assert found_code(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "D1954",
        "Z",
        "1",
        "99",
        "9999",
        "19546",
        "C19546",
        "C19C20",
        "C19/C20",
        "A",
        "鞋",
        "A股",
        "1954年",
    ],
)
def test_what_is_no_industry_finds_none_or_its_section(text: str) -> None:
    expected = {"A": "A", "1954年": "C1954"}

    assert found_code(text) == expected.get(text)


@given(st.sampled_from(list(industries())), st.integers(0, 9999))
def test_whatever_number_follows_a_division_stays_inside_its_section(
    entry: Entry, number: int
) -> None:
    text = f"{entry.code[:3]}{number}"[:5]

    found = industries().find(text)

    assert found is None or found.code[0] == entry.code[0]
