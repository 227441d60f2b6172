"""The agenda of one organisation as a calendar (RFC 5545)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone

from market.exchange.cells import showable
from market.exchange.fair_agendas import Agenda, Appointment, FairView
from market.exchange.fair_book import Participant
from market.exchange.fair_tables import contact_line
from market.exchange.fair_words import LISTINGS, said, word

_PRODUCT = "-//Duijie//Fair//ZH"
_STATUS = {"cancelled": "CANCELLED"}


def calendar_of(agenda: Agenda, view: FairView) -> bytes:
    """All meetings of one participant; a cancelled one tells the reader's calendar to drop it.

    An event keeps its UID for good and its SEQUENCE grows with each change, so that the file can
    be imported again and again. DTSTAMP is the plan's time: the same plan, the same bytes.
    """
    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _line_of(f"{view.book.name} · {agenda.participant.name}"))
    calendar.add("x-wr-timezone", view.book.time_zone)
    days = [view.day(slot) for slot in view.book.slots]
    if agenda.appointments and view.book.time_zone != "UTC":
        calendar.add_component(_time_zone(view.book.time_zone, min(days), max(days)))
    for appointment in agenda.appointments:
        calendar.add_component(_event(appointment, agenda.participant, view))
    return bytes(calendar.to_ical())


@lru_cache(maxsize=8)
def _time_zone(name: str, first: date, last: date) -> Timezone:
    # A day on either side: the offset before a meeting's midnight may be another one.
    margin = timedelta(days=1)
    return Timezone.from_tzinfo(ZoneInfo(name), first_date=first - margin, last_date=last + margin)


def _event(appointment: Appointment, own: Participant, view: FairView) -> Event:
    meeting, slot = appointment.meeting, appointment.slot
    event = Event()
    event.add("uid", _line_of(meeting.uid))
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", view.book.planned_at.astimezone(UTC))
    event.add("dtstart", _at(slot.begins_at, view))
    event.add("dtend", _at(slot.ends_at, view))
    event.add("status", _STATUS.get(meeting.state, "CONFIRMED"))
    event.add("summary", _line_of(_summary(appointment, own, view)))
    event.add("location", _line_of(_place(appointment, view)))
    event.add("description", showable("\n".join(_description(appointment, own, view))))
    return event


def _at(at: datetime, view: FairView) -> datetime:
    return at.astimezone(ZoneInfo(view.book.time_zone))


def _summary(appointment: Appointment, own: Participant, view: FairView) -> str:
    partner, table = appointment.partner_of(own).name, appointment.table.name
    return said((f"对接：{partner}（{table}）", f"Meeting: {partner} ({table})"), view.lang)


def _place(appointment: Appointment, view: FairView) -> str:
    table = appointment.table
    where = (view.book.venue, view.book.address, table.hall, table.name)
    return said(("，", ", "), view.lang).join(filter(None, where))


def _description(appointment: Appointment, own: Participant, view: FairView) -> Iterator[str]:
    partner, pair = appointment.partner_of(own), appointment.pair
    yield view.book.name
    for kind, listing_id in (("result", pair.result_id), ("need", pair.need_id)):
        if title := view.listing_title(listing_id):
            yield _told(word(LISTINGS, kind, view.lang), title, view)
    for reason in pair.reasons:
        yield f"+ {reason}"
    # People consented to be reached for a meeting that is to be, not for one that is off.
    for delegate in partner.shown_delegates if appointment.is_on else ():
        yield _told(said(("联系人", "Contact"), view.lang), contact_line(delegate), view)


def _told(name: str, text: str, view: FairView) -> str:
    return said((f"{name}：{text}", f"{name}: {text}"), view.lang)


def _line_of(text: str) -> str:
    return " ".join(showable(text).split())
