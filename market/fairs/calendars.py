"""Meetings as a calendar (RFC 5545). Pure functions.

An event keeps its UID whatever becomes of the meeting, and its SEQUENCE grows with each change:
a calendar may be subscribed to, and a file imported again and again. Times are in UTC; the text
has them in the fair's zone. The same events are the same bytes.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from icalendar import Calendar, Event, vDuration

from market.exchange.cells import showable

MEDIA_TYPE = "text/calendar"
_PRODUCT = "-//Duijie//Fair//ZH"
# How often those who subscribed should look.
_LOOK_EVERY = timedelta(minutes=15)


class CalendarEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One meeting. `changed_at` is when anything about it changed last."""

    uid: str
    sequence: int
    changed_at: datetime
    begins_at: datetime
    ends_at: datetime
    is_cancelled: bool
    summary: str
    location: str
    lines: Sequence[str]
    url: str


def calendar_of(name: str, zone: str, events: Sequence[CalendarEvent]) -> bytes:
    """The calendar of this name; `zone` is the one that readers may show it in."""
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _line(name))
    calendar.add("x-wr-timezone", zone)
    # RFC 7986, and what was there before it.
    calendar.add("refresh-interval", _LOOK_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(_LOOK_EVERY))
    for event in sorted(events, key=_order):
        calendar.add_component(_event(event))
    return bytes(calendar.to_ical())


def _order(event: CalendarEvent) -> tuple[datetime, str]:
    return event.begins_at, event.uid


def _event(told: CalendarEvent) -> Event:
    event = Event()
    event.add("uid", told.uid)
    event.add("sequence", told.sequence)
    event.add("dtstamp", told.changed_at.astimezone(UTC))
    event.add("last-modified", told.changed_at.astimezone(UTC))
    event.add("dtstart", told.begins_at.astimezone(UTC))
    event.add("dtend", told.ends_at.astimezone(UTC))
    event.add("status", "CANCELLED" if told.is_cancelled else "CONFIRMED")
    event.add("summary", _line(told.summary))
    event.add("location", _line(told.location))
    event.add("description", "\n".join(map(_line, told.lines)))
    event.add("url", told.url)
    return event


def _line(text: str) -> str:
    """In one line, without what no calendar may hold: controls and unpaired surrogates."""
    return " ".join(showable(text).split())
