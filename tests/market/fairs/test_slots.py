"""Days are cut into slots that never overlap, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.fairs.slots import (
    dated,
    day_errors,
    hall_errors,
    is_time_zone,
    slots_of,
    tables_of,
)
from schemas.fairs import MOST_SLOTS, Break, FairDay, Hall, SeriesDay, Zone

SHANGHAI = "Asia/Shanghai"
DAY = date(2027, 6, 18)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@st.composite
def _days(draw: st.DrawFn) -> FairDay:
    begins = draw(st.integers(0, 23 * 60))
    ends = draw(st.integers(begins + 1, 24 * 60 - 1))
    starts = draw(st.lists(st.integers(0, 24 * 60 - 2), max_size=3))
    return FairDay(
        on=draw(st.dates(date(2020, 1, 1), date(2035, 12, 31))),
        begins=_clock(begins),
        ends=_clock(ends),
        slot_min=draw(st.integers(5, 240)),
        gap_min=draw(st.integers(0, 60)),
        breaks=[
            Break(begins=_clock(start), ends=_clock(draw(st.integers(start + 1, 24 * 60 - 1))))
            for start in starts
        ],
    )


def test_a_morning_with_a_break_in_the_time_of_the_fair() -> None:
    morning = FairDay(
        on=DAY,
        begins="09:00",
        ends="11:05",
        slot_min=30,
        gap_min=5,
        breaks=[Break(begins="09:40", ends="10:00")],
    )

    found = [(slot.number, slot.begins_at, slot.ends_at) for slot in slots_of([morning], SHANGHAI)]

    def utc(hour: int, minute: int) -> datetime:
        return datetime(2027, 6, 18, hour, minute, tzinfo=UTC)

    assert found == [
        (1, utc(1, 0), utc(1, 30)),
        (2, utc(2, 0), utc(2, 30)),
        (3, utc(2, 35), utc(3, 5)),
    ]


def test_days_come_in_the_order_of_the_calendar_and_numbers_run_through() -> None:
    days = [FairDay(on=DAY + timedelta(days=1), begins="09:00", ends="09:20")]
    days += [FairDay(on=DAY, begins="14:00", ends="14:40")]

    found = [(slot.number, slot.day) for slot in slots_of(days, SHANGHAI)]

    assert found == [(1, DAY), (2, DAY), (3, DAY + timedelta(days=1))]


def test_slot_is_as_long_as_ever_on_the_day_on_which_clocks_are_changed() -> None:
    # In Berlin the hour from two to three is missing on that day.
    day = FairDay(on=date(2027, 3, 28), begins="01:00", ends="05:00", slot_min=60)

    found = slots_of([day], "Europe/Berlin")

    assert [slot.begins_at.hour for slot in found] == [0, 1, 2]
    assert {slot.ends_at - slot.begins_at for slot in found} == {timedelta(hours=1)}


@given(
    st.lists(_days(), max_size=4, unique_by=lambda day: day.on),
    st.sampled_from([SHANGHAI, "America/New_York"]),
)
def test_slots_lie_one_after_the_other_outside_breaks(days: list[FairDay], zone: str) -> None:
    found = slots_of(days, zone)

    assert [slot.number for slot in found] == list(range(1, len(found) + 1))
    by_day = {day.on: day for day in days}
    for slot in found:
        day = by_day[slot.day]
        assert slot.ends_at - slot.begins_at == timedelta(minutes=day.slot_min)
    for before, after in pairwise(found):
        if before.day == after.day:
            gap = timedelta(minutes=by_day[before.day].gap_min)
            assert after.begins_at >= before.ends_at
            assert after.begins_at - before.ends_at >= min(gap, after.begins_at - before.ends_at)


@given(_days())
def test_no_slot_touches_a_break_in_a_place_without_summer_time(day: FairDay) -> None:
    for slot in slots_of([day], SHANGHAI):
        for pause in day.breaks:
            offset = timedelta(hours=8)
            begins = (slot.begins_at + offset).strftime("%H:%M")
            ends = (slot.ends_at + offset).strftime("%H:%M")
            assert ends <= pause.begins or begins >= pause.ends


@pytest.mark.parametrize(
    ("days", "places"),
    [
        ([{"begins": "10:00", "ends": "09:00"}], ["#/days/0/ends"]),
        ([{"breaks": [Break(begins="12:00", ends="12:00")]}], ["#/days/0/breaks/0/ends"]),
        ([{}, {}], ["#/days/1/on"]),
        ([{}, {"on": date(2027, 12, 1)}], ["#/days"]),
        ([{"on": DAY + timedelta(days=day), "slot_min": 5} for day in range(3)], ["#/days"]),
        ([{}], []),
    ],
)
def test_wrong_days_are_told_at_their_places(
    days: list[dict[str, object]], places: list[str]
) -> None:
    usual: dict[str, object] = {"on": DAY, "begins": "09:00", "ends": "17:00"}
    made = [FairDay(**usual | day) for day in days]  # type: ignore[arg-type]

    assert [error.place for error in day_errors(made, SHANGHAI)] == places
    assert len(slots_of([made[0]], SHANGHAI)) <= MOST_SLOTS


def test_tables_are_numbered_through_and_named_after_their_hall() -> None:
    halls = [Hall(name="1号馆", tables=2, prefix="A-", zone="shoes"), Hall(name="2号馆", tables=1)]

    assert [tuple(table) for table in tables_of(halls)] == [
        (1, "A-01", "1号馆", "shoes"),
        (2, "A-02", "1号馆", "shoes"),
        (3, "01", "2号馆", None),
    ]


def test_names_of_tables_differ_where_halls_are_large() -> None:
    names = [table.name for table in tables_of([Hall(name="大厅", tables=1_200)])]

    assert len(set(names)) == 1_200
    assert (names[0], names[-1]) == ("0001", "1200")


def test_halls_of_zones_that_are_not_there_and_of_one_prefix_are_told() -> None:
    halls = [Hall(name="甲", tables=1_500, zone="x"), Hall(name="乙", tables=1_500)]
    zones = [Zone(code="a", name="综合"), Zone(code="a", name="鞋服")]

    assert [error.place for error in hall_errors(halls, zones)] == [
        "#/halls/0/zone",
        "#/halls/1/prefix",
        "#/halls",
        "#/zones",
    ]


def test_days_of_a_template_get_their_dates() -> None:
    template = [
        SeriesDay(begins="09:00", ends="10:00"),
        SeriesDay(day=3, begins="09:00", ends="10:00"),
    ]

    assert [day.on for day in dated(template, DAY)] == [DAY, DAY + timedelta(days=2)]


@pytest.mark.parametrize(
    ("name", "is_known"),
    [(SHANGHAI, True), ("UTC", True), ("Mars/Olympus", False), ("../etc", False)],
)
def test_time_zones_are_those_of_the_database(name: str, is_known: bool) -> None:
    assert is_time_zone(name) is is_known
