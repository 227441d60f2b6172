"""What one cell becomes: clean text, the items of a list, the codes of its words."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.exchange.cells import (
    MAX_CELL_CHARACTERS,
    CellError,
    cell_text,
    clean,
    defuse,
    is_dangerous,
    is_error_value,
    items,
    known_items,
    undefuse,
)
from market.exchange.rows import FIELDS, INDUSTRIES, MODES

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    ANY_TEXT,
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(), ANY_TEXT),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=12,
)


def refusal_of(cell: object) -> tuple[str, dict[str, str]]:
    with pytest.raises(CellError) as refused:
        cell_text(cell)
    return refused.value.code, refused.value.values


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        ("", ""),
        ("  \u3000\t\n", ""),
        (" 鞋底 ", "鞋底"),
        ("\u3000全角空格\u3000", "全角空格"),
        ("甲\r\n乙\r丙\n丁", "甲\n乙\n丙\n丁"),
        ("响\x07铃\x7f\x85", "响 铃"),
        ("\ufffe甲\uffff乙", "甲 乙"),
        ("全角ＡＢＣ１２３", "全角ＡＢＣ１２３"),
        ("𠮷野家", "𠮷野家"),
        (0, "0"),
        (80, "80"),
        (80.0, "80"),
        (12.5, "12.5"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "0.0000001"),
        (1e20, "100000000000000000000"),
        (123456789012345678, "123456789012345678"),
        (True, "TRUE"),
        (False, "FALSE"),
        (date(2027, 5, 31), "2027-05-31"),
        (datetime(2027, 5, 31), "2027-05-31"),  # noqa: DTZ001 - as a workbook has it
        (datetime(2027, 5, 31, 8, 30, tzinfo=UTC), "2027-05-31T08:30:00+00:00"),
        (time(8, 30), "08:30:00"),
        (timedelta(hours=26), "1 day, 2:00:00"),
        ([], ""),
        (["甲", None, "", 3, 2.5], "甲、3、2.5"),
        ([["甲"], 1], '[["甲"],1]'),
        ({"甲": {"乙": [1, None]}}, '{"甲":{"乙":[1,null]}}'),
    ],
)
def test_cell_becomes_clean_text(cell: object, text: str) -> None:
    assert cell_text(cell) == text


@pytest.mark.parametrize(
    ("cell", "code", "values"),
    [
        ("甲\x00乙", "nul", {}),
        ("\x00" * 40_000, "nul", {}),
        ("甲\ud800", "surrogate", {}),
        (["甲", "\udfff"], "surrogate", {}),
        ([["\ud800"]], "surrogate", {}),
        ({"甲": "\ud800"}, "surrogate", {}),
        ({"\ud800": 1}, "surrogate", {}),
        ("长" * 32_768, "cell_too_long", {"length": "32768", "limit": "32767"}),
        ("长" * 100_000, "cell_too_long", {"length": "100000", "limit": "32767"}),
        ([["长" * 32_767]], "cell_too_long", {"length": "32773", "limit": "32767"}),
        (10**400, "cell_too_long", {"length": "> 300", "limit": "300"}),
    ],
)
def test_cell_that_no_listing_can_hold_is_refused(
    cell: object, code: str, values: dict[str, str]
) -> None:
    assert refusal_of(cell) == (code, values)


def test_cell_of_the_greatest_length_is_kept_whole() -> None:
    longest = "长" * MAX_CELL_CHARACTERS

    assert cell_text(longest) == longest


@given(SCALARS | JSON)
def test_cell_is_read_or_refused_and_raises_nothing_else(cell: object) -> None:
    try:
        text = cell_text(cell)
    except CellError as refusal:
        code = refusal.code
    else:
        code = "read"
        assert text == clean(text)

    assert code in {"read", "nul", "surrogate", "cell_too_long"}


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.integers(-(10**12), 10**12), st.integers(0, 3))
def test_number_of_a_workbook_is_written_as_it_is_shown(units: int, places: int) -> None:
    number = Decimal(units).scaleb(-places)

    text = cell_text(float(number))

    assert Decimal(text) == number
    assert "e" not in text.lower()


@given(st.text() | st.from_regex(r"'*[=+\-@\t\r＝＋－＠].*", fullmatch=True))
def test_defused_text_comes_back_as_it_was(text: str) -> None:
    assert undefuse(defuse(text)) == text


@given(st.text() | st.from_regex(r"'*[=+\-@\t\r＝＋－＠].*", fullmatch=True))
def test_defused_text_begins_with_nothing_that_runs(text: str) -> None:
    assert defuse(text)[:1] not in set("=+-@\t\r＝＋－＠")


@pytest.mark.parametrize(
    ("text", "defused"),
    [
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("+1", "'+1"),
        ("-5℃", "'-5℃"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1+1", "'＝1+1"),
        ("\t=1", "'\t=1"),
        ("'=1", "''=1"),
        ("'引号", "'引号"),
        ("1=1", "1=1"),
        ("", ""),
    ],
)
def test_only_what_a_spreadsheet_would_run_is_defused(text: str, defused: str) -> None:
    assert defuse(text) == defused
    assert is_dangerous(text) == (text != defused)


@pytest.mark.parametrize("text", ["'引号", "'", "''", "''引", ""])
def test_apostrophe_that_defuses_nothing_is_left_alone(text: str) -> None:
    assert undefuse(text) == text


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!"])
def test_error_of_a_formula_is_told_from_text(text: str) -> None:
    assert is_error_value(text)


@pytest.mark.parametrize("text", ["", "#", "#1 车间", "# N/A", "#N/A ", "N/A", "#n/a"])
def test_text_with_a_number_sign_is_no_error(text: str) -> None:
    assert not is_error_value(text)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (None, ()),
        ("鞋底", ("鞋底",)),
        ("甲、乙；丙,丁，戊;己/庚|辛｜壬\n癸", tuple("甲乙丙丁戊己庚辛壬癸")),
        (" 鞋底 、、 橡胶 ；", ("鞋底", "橡胶")),
        ("鞋底、橡胶、鞋底", ("鞋底", "橡胶")),
        (["鞋底", "橡胶、助剂", None, 7], ("鞋底", "橡胶", "助剂", "7")),
        ("carbon fibre", ("carbon fibre",)),
        ([["鞋底"]], ('[["鞋底"]]',)),
    ],
)
def test_list_cell_falls_into_its_items(cell: object, expected: tuple[str, ...]) -> None:
    assert items(cell) == expected


@pytest.mark.parametrize(
    ("cell", "codes", "unknown"),
    [
        ("技术转让、技术许可", ("transfer", "licence"), ()),
        ("技术转让/技术转让", ("transfer",), ()),
        ("技术转让；以物易物", ("transfer",), ("以物易物",)),
        (["技术服务", "技术转让"], ("service", "transfer"), ()),
        ("Licence; transfer", ("licence", "transfer"), ()),
        ("", (), ()),
    ],
)
def test_modes_are_found_by_name(
    cell: object, codes: tuple[str, ...], unknown: tuple[str, ...]
) -> None:
    assert known_items(cell, MODES) == (codes, unknown)


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        ("C1954 橡胶鞋制造", ("C1954",)),
        ("橡胶鞋制造、1954", ("C1954",)),
        ("皮革、毛皮、羽毛及其制品和制鞋业", ("C19",)),
        ("橡胶鞋制造、皮革、毛皮、羽毛及其制品和制鞋业、C2913", ("C1954", "C19", "C2913")),
        (["C1954 橡胶鞋制造", "C2913 橡胶零件制造"], ("C1954", "C2913")),
    ],
)
def test_separator_inside_the_name_of_an_industry_parts_nothing(
    cell: object, codes: tuple[str, ...]
) -> None:
    assert known_items(cell, INDUSTRIES) == (codes, ())


def test_description_in_the_column_of_fields_is_no_field() -> None:
    text = "新材料" * 100

    assert known_items(text, FIELDS) == ((), (text,))
