"""Cells of a fair's sheets: times, ranges of slots, numbers, and the names of columns."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.exchange.fair_headings import (
    FAIR_HEADINGS,
    KIND_WORDS,
    SHEET_NAMES,
    WISH_WORDS,
    OwnSheet,
    code_meant,
    fair_fields,
    is_help,
    names_of,
    setting_field,
    sheet_kind,
)
from market.exchange.fair_rows import FairRow, RefusedRow
from market.exchange.fair_words import KINDS, WISHES


def row(**cells: object) -> FairRow:
    return FairRow("表", 2, {field: field.upper() for field in cells}, cells)


@pytest.mark.parametrize(
    ("cell", "clock"),
    [
        ("09:00", time(9)),
        ("9：05", time(9, 5)),
        ("9点", time(9)),
        ("14时30分", time(14, 30)),
        ("14:30:59", time(14, 30)),
        (" 9 : 00 ", time(9)),
        (time(9, 30, 12), time(9, 30)),
        (datetime(1899, 12, 31, 9, 30), time(9, 30)),  # noqa: DTZ001 - cells have no zone
        (timedelta(hours=9, minutes=15), time(9, 15)),
        (0.375, time(9)),
        (0.999, time(23, 59)),
        ("", None),
    ],
)
def test_clock_is_read_as_people_and_spreadsheets_write_it(
    cell: object, clock: time | None
) -> None:
    assert row(begins=cell).clock("begins") == clock


@pytest.mark.parametrize("cell", ["24:00", "9:60", "早上", "9", 1.5, -0.1, 0.99999, "9:00-10:00"])
def test_what_is_no_time_is_refused(cell: object) -> None:
    with pytest.raises(RefusedRow) as refusal:
        row(begins=cell).clock("begins")

    problem = refusal.value.problem
    assert (problem.file, problem.line, problem.column) == ("表", 2, "BEGINS")
    assert problem.code == "time_unread"


@given(st.times())
def test_every_minute_of_the_day_comes_back(clock: time) -> None:
    minute = clock.replace(second=0, microsecond=0, tzinfo=None)
    fraction = (minute.hour * 60 + minute.minute) / 1440

    assert row(begins=f"{minute:%H:%M}").clock("begins") == minute
    assert row(begins=fraction).clock("begins") == minute


@given(st.sets(st.integers(1, 40), max_size=12))
def test_slot_numbers_come_back_however_they_are_parted(numbers: set[int]) -> None:
    for separator in ("、", ",", "；", " ", "\n"):
        text = separator.join(map(str, sorted(numbers)))
        assert row(absent=text).slot_numbers("absent", 40) == numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1-3", {1, 2, 3}), ("1—2、4", {1, 2, 4}), ("2 至 3", None), ("2至3", {2, 3}), ("5", {5})],
)
def test_ranges_of_slots(text: str, numbers: set[int] | None) -> None:
    if numbers is None:
        with pytest.raises(RefusedRow):
            row(absent=text).slot_numbers("absent", 5)
    else:
        assert row(absent=text).slot_numbers("absent", 5) == numbers


@pytest.mark.parametrize("cell", ["1", 1, 1.0, "10", 10])
def test_whole_numbers_are_read(cell: object) -> None:
    assert row(teams=cell).number("teams", 1, 10) == int(str(cell).removesuffix(".0"))


@pytest.mark.parametrize("cell", ["0", 11, "1.5", "十", "²", "1e1", -1, "9" * 40, True])
def test_other_numbers_are_refused(cell: object) -> None:
    with pytest.raises(RefusedRow) as refusal:
        row(teams=cell).number("teams", 1, 10)

    assert refusal.value.problem.code == "number_unread"


def test_cell_that_no_text_may_hold_refuses_its_row() -> None:
    with pytest.raises(RefusedRow) as refusal:
        row(name="a\x00b")

    assert (refusal.value.problem.code, refusal.value.problem.column) == ("nul", "NAME")


def test_error_value_counts_as_empty() -> None:
    assert row(name="#N/A").text("name") == ""


@pytest.mark.parametrize("sheet", list(FAIR_HEADINGS))
def test_every_name_of_a_column_means_its_field(sheet: OwnSheet) -> None:
    for heading in FAIR_HEADINGS[sheet]:
        for name in names_of(heading):
            assert fair_fields([name], sheet) == [heading.field]
            assert fair_fields([f" *{name.upper()}（必填） "], sheet) == [heading.field]


def test_second_column_of_a_field_is_not_used() -> None:
    assert fair_fields(["单位名称", "单位", "靠窗", ""], "participants") == ["name", "", "", ""]


def test_sheets_are_known_by_every_name() -> None:
    for kind, name in SHEET_NAMES.items():
        for each in (name.zh, name.en, name.en.upper(), *name.synonyms.split()):
            assert sheet_kind(each) == kind
    assert sheet_kind("盒饭") is None
    assert [is_help(name) for name in ("说明", "Help", "成果")] == [True, True, False]
    assert [setting_field(name) for name in ("主办单位", "time zone", "天气")] == [
        *("organizer", "time_zone", None),
    ]


def test_words_that_are_written_are_read_back() -> None:
    for code, words in KINDS.items():
        assert [code_meant(word, KIND_WORDS) for word in words] == [code, code]
    for code, words in WISHES.items():
        assert [code_meant(word, WISH_WORDS) for word in words] == [code, code]
    assert code_meant("外星人", KIND_WORDS) is None
