"""Calendars as another reader reads them: whole, folded, and the same bytes for the same events."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from market.fairs.calendars import CalendarEvent, calendar_of

BEGINS = datetime(2027, 6, 18, 1, 0, tzinfo=UTC)
CHANGED = datetime(2027, 6, 1, 8, 30, tzinfo=UTC)
EVENT = CalendarEvent(
    uid="f.a.b@duijie",
    sequence=2,
    changed_at=CHANGED,
    begins_at=BEGINS,
    ends_at=BEGINS + timedelta(minutes=20),
    is_cancelled=False,
    summary="对接：刺桐大学（A-01）",
    location="晋江国际会展中心，1号馆，A-01",
    lines=["科技成果面对面", "2027-06-18 09:00–09:20 (Asia/Shanghai)"],
    url="https://e.cn/api/v1/fairs/1/meetings/2",
)
# What a database may hold, and more.
_TEXTS = st.text(max_size=120)


def read(content: bytes) -> list[dict[str, Any]]:
    """The events as a reader of RFC 5545 has them."""
    return [
        {name.lower(): getattr(value, "dt", value) for name, value in event.items()}
        for event in Calendar.from_ical(content).walk("VEVENT")
    ]


def unfolded(content: bytes) -> list[str]:
    return content.decode().replace("\r\n ", "").split("\r\n")


def test_an_event_as_it_is_read() -> None:
    (event,) = read(calendar_of("鞋服专场", "Asia/Shanghai", [EVENT]))

    assert event == {
        "uid": "f.a.b@duijie",
        "sequence": 2,
        "dtstamp": CHANGED,
        "last-modified": CHANGED,
        "dtstart": BEGINS,
        "dtend": BEGINS + timedelta(minutes=20),
        "status": "CONFIRMED",
        "summary": "对接：刺桐大学（A-01）",
        "location": "晋江国际会展中心，1号馆，A-01",
        "description": "科技成果面对面\n2027-06-18 09:00–09:20 (Asia/Shanghai)",
        "url": "https://e.cn/api/v1/fairs/1/meetings/2",
    }


def test_a_calendar_as_it_is_written() -> None:
    lines = unfolded(calendar_of("鞋服专场", "Asia/Shanghai", [EVENT]))

    assert sorted(line for line in lines if not line.startswith("DESCRIPTION")) == sorted(
        [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Duijie//Fair//ZH",
            "METHOD:PUBLISH",
            "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
            "X-PUBLISHED-TTL:PT15M",
            "X-WR-CALNAME:鞋服专场",
            "X-WR-TIMEZONE:Asia/Shanghai",
            "BEGIN:VEVENT",
            "SUMMARY:对接：刺桐大学（A-01）",
            "DTSTART:20270618T010000Z",
            "DTEND:20270618T012000Z",
            "DTSTAMP:20270601T083000Z",
            "UID:f.a.b@duijie",
            "SEQUENCE:2",
            "LAST-MODIFIED:20270601T083000Z",
            "LOCATION:晋江国际会展中心，1号馆，A-01",
            "STATUS:CONFIRMED",
            "URL:https://e.cn/api/v1/fairs/1/meetings/2",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ]
    )


def test_what_is_cancelled_says_so() -> None:
    cancelled = msgspec.structs.replace(EVENT, is_cancelled=True, sequence=3)

    (event,) = read(calendar_of("x", "UTC", [cancelled]))

    assert (event["status"], event["sequence"], event["uid"]) == ("CANCELLED", 3, EVENT.uid)


def test_events_come_in_the_order_of_time_whatever_the_order_of_rows() -> None:
    events = [
        msgspec.structs.replace(EVENT, uid=f"{number}", begins_at=BEGINS + timedelta(hours=hours))
        for number, hours in enumerate((5, 1, 1, 3))
    ]

    content = calendar_of("x", "UTC", events)

    assert [event["uid"] for event in read(content)] == ["1", "2", "3", "0"]
    assert content == calendar_of("x", "UTC", events[::-1])


def test_an_empty_calendar_is_one_too() -> None:
    assert read(calendar_of("空", "Asia/Shanghai", [])) == []


@pytest.mark.parametrize("moment", ["2027-03-14T06:59:59", "2027-11-07T05:30:00", "2028-02-29"])
def test_times_are_moments_whatever_zone_they_come_in(moment: str) -> None:
    """Also those that clocks skip or show twice, and the last day of a long February."""
    begins = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    event = msgspec.structs.replace(EVENT, begins_at=begins, ends_at=begins + timedelta(minutes=1))

    (found,) = read(calendar_of("x", "America/New_York", [event]))

    assert (found["dtstart"], found["dtend"]) == (begins, begins + timedelta(minutes=1))


@given(_TEXTS, _TEXTS, st.lists(_TEXTS, max_size=4))
def test_whatever_people_write_is_one_event_of_short_lines(
    summary: str, location: str, lines: list[str]
) -> None:
    hostile = msgspec.structs.replace(EVENT, summary=summary, location=location, lines=lines)

    content = calendar_of(summary, "Asia/Shanghai", [hostile])

    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert b"\0" not in content
    content.decode()
    (event,) = read(content)
    assert (event["uid"], event["status"], event["dtstart"]) == (EVENT.uid, "CONFIRMED", BEGINS)
    assert len(Calendar.from_ical(content).walk("VEVENT")) == 1


@pytest.mark.parametrize(
    "text", ["甲\r\nEND:VEVENT\r\nBEGIN:VALARM", "a;b,c\\n:d", "ATTENDEE:mailto:x@y.cn", "\ud800甲"]
)
def test_no_text_becomes_a_property(text: str) -> None:
    hostile = msgspec.structs.replace(EVENT, summary=text, location=text, lines=[text])

    lines = unfolded(calendar_of(text, "UTC", [hostile]))

    assert [line for line in lines if line.startswith(("BEGIN", "END"))] == [
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    assert not any(line.startswith(("ATTENDEE", "BEGIN:VALARM")) for line in lines)
