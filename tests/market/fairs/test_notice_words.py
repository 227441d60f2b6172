"""What people are told of fairs: both languages, and times in the fair's own zone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.fairs.notice_words import (
    MOST_LINES,
    MeetingTold,
    agenda_lines,
    change_lines,
    fair_line,
    meeting_line,
    place_line,
    times,
    title,
    who,
)

BEGINS = datetime(2027, 6, 18, 1, 0, tzinfo=UTC)
ENDS = BEGINS + timedelta(minutes=20)
MEETING = MeetingTold("刺桐大学", BEGINS, ENDS, "1号馆", "A-01")
CHINA = "Asia/Shanghai"


@pytest.mark.parametrize(
    ("begins", "ends", "zone", "told"),
    [
        (BEGINS, ENDS, CHINA, "2027-06-18 09:00–09:20 (Asia/Shanghai)"),
        (BEGINS, ENDS, "UTC", "2027-06-18 01:00–01:20 (UTC)"),
        (
            BEGINS,
            BEGINS + timedelta(days=1),
            CHINA,
            "2027-06-18 09:00–2027-06-19 09:00 (Asia/Shanghai)",
        ),
        # 23:50 in China: the meeting ends on the next day there, on the same day in UTC.
        (
            datetime(2027, 6, 18, 15, 50, tzinfo=UTC),
            datetime(2027, 6, 18, 16, 10, tzinfo=UTC),
            CHINA,
            "2027-06-18 23:50–2027-06-19 00:10 (Asia/Shanghai)",
        ),
        # The end of a month, and the night in which New York's clocks go back.
        (
            datetime(2027, 2, 28, 16, 0, tzinfo=UTC),
            datetime(2027, 2, 28, 16, 30, tzinfo=UTC),
            CHINA,
            "2027-03-01 00:00–00:30 (Asia/Shanghai)",
        ),
        (
            datetime(2027, 11, 7, 5, 30, tzinfo=UTC),
            datetime(2027, 11, 7, 6, 30, tzinfo=UTC),
            "America/New_York",
            "2027-11-07 01:30–01:30 (America/New_York)",
        ),
    ],
)
def test_times_are_those_of_the_fair(
    begins: datetime, ends: datetime, zone: str, told: str
) -> None:
    assert times(begins, ends, zone) == told


def test_one_line_a_meeting() -> None:
    assert meeting_line("moved", MEETING, CHINA) == (
        "改为：2027-06-18 09:00–09:20 (Asia/Shanghai)，1号馆 A-01，刺桐大学",
        "moved to: 2027-06-18 09:00–09:20 (Asia/Shanghai), 1号馆 A-01, 刺桐大学",
    )
    assert meeting_line("cancelled", MEETING._replace(hall="", reason="改期"), "UTC") == (
        "取消：2027-06-18 01:00–01:20 (UTC)，A-01，刺桐大学（改期）",
        "cancelled: 2027-06-18 01:00–01:20 (UTC), A-01, 刺桐大学 (改期)",
    )


def test_an_agenda_is_its_number_and_its_first_meeting() -> None:
    later = MEETING._replace(begins_at=ENDS, ends_at=ENDS + timedelta(minutes=20), partner="别人")

    assert agenda_lines([later, MEETING], CHINA) == [
        ("共 2 场对接", "Meetings: 2"),
        (
            "首场：2027-06-18 09:00–09:20 (Asia/Shanghai)，1号馆 A-01，刺桐大学",
            "The first: 2027-06-18 09:00–09:20 (Asia/Shanghai), 1号馆 A-01, 刺桐大学",
        ),
    ]
    assert agenda_lines([], CHINA) == [
        ("目前没有安排给您的对接", "No meetings were arranged for you so far")
    ]


@given(st.lists(st.integers(0, 500), max_size=60))
def test_changes_come_in_the_order_of_time_and_the_rest_is_counted(minutes: list[int]) -> None:
    meetings = [
        MEETING._replace(
            begins_at=BEGINS + timedelta(minutes=each), ends_at=ENDS + timedelta(minutes=each)
        )
        for each in minutes
    ]

    lines = change_lines([("added", each) for each in meetings], CHINA)

    shown = [meeting_line("added", each, CHINA) for each in sorted(meetings)[:MOST_LINES]]
    assert lines[:MOST_LINES] == shown
    rest = len(minutes) - MOST_LINES
    assert lines[MOST_LINES:] == (
        [(f"另有 {rest} 场，见日程", f"{rest} more: see the agenda")] if rest > 0 else []
    )


def test_what_is_open_is_not_told() -> None:
    assert fair_line(None, ENDS, CHINA) == fair_line(BEGINS, None, CHINA) == []
    assert fair_line(BEGINS, ENDS, "UTC") == [
        ("时间：2027-06-18 01:00–01:20 (UTC)", "Time: 2027-06-18 01:00–01:20 (UTC)")
    ]
    assert place_line("", "") == []
    assert place_line("会展中心", "") == [("地点：会展中心", "Place: 会展中心")]
    assert place_line("会展中心", "世纪大道") == [
        ("地点：会展中心，世纪大道", "Place: 会展中心, 世纪大道")
    ]


def test_titles_name_the_fair_in_both_languages() -> None:
    assert title("approved", "鞋服专场") == (
        "报名已通过：鞋服专场",
        "Your registration was approved: 鞋服专场",
    )
    assert who("晋江某鞋业") == ("单位：晋江某鞋业", "Organisation: 晋江某鞋业")
