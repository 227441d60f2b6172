"""Agendas as calendars: read back by another reader's rules, stable ids, no contact leaks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from market.exchange.fair_agendas import FairView
from market.exchange.fair_book import FairMeeting, FairSlot
from market.exchange.fair_calendars import calendar_of
from tests.market.exchange.fair_books import (
    BOOK,
    HOSTILE_TEXTS,
    OPEN_LINE,
    PLANNED_AT,
    QUIET_NAME,
    SECRET_EMAIL,
    SECRET_PHONE,
    english_book,
    hostile_book,
    make_view,
)
from tests.market.exchange.test_pairs_workbook import CHINESE


def calendars(view: FairView) -> dict[str, bytes]:
    return {agenda.participant.id: calendar_of(agenda, view) for agenda in view.agendas()}


def events(content: bytes) -> list[dict[str, Any]]:
    calendar = Calendar.from_ical(content)
    return [
        {key.lower(): getattr(value, "dt", value) for key, value in event.items()}
        for event in calendar.walk("VEVENT")
    ]


def test_calendar_of_an_institute() -> None:
    first, cancelled, second = events(calendars(make_view())["P1"])

    zone = first["dtstart"].tzinfo
    assert first == {
        "uid": "m-1",
        "sequence": 0,
        "dtstamp": PLANNED_AT,
        "dtstart": datetime(2027, 6, 18, 9, 0, tzinfo=zone),
        "dtend": datetime(2027, 6, 18, 9, 20, tzinfo=zone),
        "status": "CONFIRMED",
        "summary": "对接：晋江某鞋业有限公司（A-01）",
        "location": "晋江国际会展中心，晋江市世纪大道，1号馆，A-01",
        "description": (
            "科技成果面对面·鞋服专场\n成果：高湿摩擦系数橡胶鞋底材料\n需求：橡胶鞋底湿摩擦系数不够\n"
            "+ 行业一致\n+ 同属新材料领域"
        ),
    }
    assert (cancelled["uid"], cancelled["status"], cancelled["sequence"]) == ("m-0", "CANCELLED", 2)
    assert (second["uid"], second["summary"]) == ("m-2", "对接：海丝基金（A-01）")


def test_partner_gets_the_contacts_of_those_who_consent() -> None:
    (event,) = events(calendars(make_view())["P2"])

    assert event["description"].splitlines()[-1] == f"联系人：{OPEN_LINE}"


def test_cancelled_meeting_tells_no_contact() -> None:
    meetings = (FairMeeting(uid="m-1", pair="A", slot="S1", table="T1", state="cancelled"),)
    (event,) = events(calendars(make_view(meetings=meetings))["P2"])

    assert "open@example.org" not in str(event)
    assert event["status"] == "CANCELLED"


def test_no_calendar_holds_what_nobody_consented_to() -> None:
    texts = b"".join(calendars(make_view()).values()).decode().replace("\r\n ", "")

    secrets = (SECRET_PHONE, SECRET_EMAIL, QUIET_NAME, "李强")
    assert [secret for secret in secrets if secret in texts] == []
    assert "open@example.org" in texts


def test_time_zone_is_told_in_full() -> None:
    calendar = Calendar.from_ical(calendars(make_view())["P1"])

    (zone,) = calendar.walk("VTIMEZONE")
    assert str(zone["tzid"]) == "Asia/Shanghai"
    assert [each["tzoffsetto"].to_ical() for each in zone.walk("STANDARD")] == ["+0800"]


def test_calendar_over_a_change_of_clocks_tells_both_offsets() -> None:
    slots = tuple(
        FairSlot(
            id=f"S{number}",
            begins_at=datetime(2027, 10, day, 8, 0, tzinfo=UTC),
            ends_at=datetime(2027, 10, day, 8, 20, tzinfo=UTC),
        )
        for number, day in enumerate((30, 31, 31), 1)
    )
    view = make_view(time_zone="Europe/Berlin", slots=slots)

    content = calendars(view)["P1"]
    begins = [event["dtstart"] for event in events(content)]

    assert [at.hour for at in begins] == [10, 10, 9]
    assert [at.utcoffset() for at in begins] == [timedelta(hours=2)] * 2 + [timedelta(hours=1)]
    assert content.count(b"BEGIN:DAYLIGHT") == 1
    assert content.count(b"BEGIN:STANDARD") == 1


def test_participant_without_meetings_gets_an_empty_calendar() -> None:
    view = make_view(meetings=())

    assert events(calendars(view)["P1"]) == []


def test_english_calendar() -> None:
    content = calendars(FairView(english_book()))["P2"]

    (event,) = events(content)
    assert CHINESE.findall(content.decode()) == []
    assert event["summary"] == "Meeting: Harbour University (A-01)"
    assert event["description"].splitlines() == [
        "Face to face",
        "Result: Rubber sole",
        "Need: Soles slip",
        "+ same trade",
        "Contact: Ann Dean +86 1",
    ]


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_hostile_text_adds_no_line_of_its_own(text: str) -> None:
    for content in calendars(FairView(hostile_book(text))).values():
        lines = content.replace(b"\r\n ", b"").split(b"\r\n")

        assert content.count(b"\nBEGIN:VEVENT") == 1
        assert [line for line in lines if line.startswith(b"ATTENDEE")] == []
        assert b"\n" not in content.replace(b"\r\n", b"")
        assert all(len(line) <= 75 for line in content.split(b"\r\n"))
        assert len(events(content)) == 1


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_name_comes_back(name: str) -> None:
    shown = " ".join(name.encode("utf-8", "replace").decode().split())
    participants = tuple(msgspec.structs.replace(each, name=name) for each in BOOK.participants)

    (event,) = events(calendars(make_view(participants=participants))["P2"])

    kept = "".join(letter for letter in shown if letter.isalnum())
    assert kept == "".join(
        letter
        for letter in event["summary"].removeprefix("对接：").removesuffix("（A-01）")
        if letter.isalnum()
    )


def test_same_plan_gives_the_same_bytes_and_a_change_keeps_the_uid() -> None:
    moved = FairMeeting(uid="m-1", pair="A", slot="S3", table="T2", sequence=1)
    before, again = calendars(make_view()), calendars(make_view())
    after = events(calendars(make_view(meetings=(moved,)))["P2"])

    assert again == before
    assert [(event["uid"], event["sequence"]) for event in after] == [("m-1", 1)]
    assert after[0]["dtstart"].hour == 9
    assert after[0]["dtstart"].minute == 40
