"""A fair's book looked at from each side: who meets whom, when and where."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from market.exchange.fair_book import (
    BroughtListing,
    FairBook,
    FairMeeting,
    FairSlot,
    FairTable,
    MatchedPair,
    Participant,
)
from market.exchange.fair_words import WEEKDAYS, said

# What takes a place at a table; cancelled meetings are told of in calendars and lists alone.
_HELD_STATES = frozenset({"planned", "held", "no_show"})


class Appointment(NamedTuple):
    """A meeting with all that it names."""

    meeting: FairMeeting
    pair: MatchedPair
    slot: FairSlot
    table: FairTable
    first: Participant
    second: Participant

    @property
    def is_on(self) -> bool:
        return self.meeting.state in _HELD_STATES

    def partner_of(self, participant: Participant) -> Participant:
        return self.second if participant.id == self.first.id else self.first


class Agenda(NamedTuple):
    """A participant's meetings in the order of their slots."""

    participant: Participant
    appointments: tuple[Appointment, ...]


class FairView:
    """A book with its names looked up. Raises KeyError for a book that names what it lacks."""

    def __init__(self, book: FairBook) -> None:
        self.book = book
        self.lang = book.lang
        self.participants = {each.id: each for each in book.participants}
        self.pairs = {each.id: each for each in book.pairs}
        self.tables = {each.id: each for each in book.tables}
        self.slots = {each.id: each for each in book.slots}
        self.slot_numbers = {each.id: number for number, each in enumerate(book.slots, 1)}
        self.listings: dict[str, BroughtListing] = {
            listing.id: listing for each in book.participants for listing in each.listings
        }
        self._zone = ZoneInfo(book.time_zone)

    @cached_property
    def appointments(self) -> tuple[Appointment, ...]:
        """All meetings, by slot and table, those that take no place last."""
        tables = {each.id: place for place, each in enumerate(self.book.tables)}
        made = map(self._appointment, self.book.meetings)
        return tuple(
            sorted(
                made,
                key=lambda each: (
                    self.slot_numbers[each.slot.id],
                    not each.is_on,
                    tables[each.table.id],
                    each.meeting.uid,
                ),
            )
        )

    def _appointment(self, meeting: FairMeeting) -> Appointment:
        pair = self.pairs[meeting.pair]
        return Appointment(
            meeting,
            pair,
            self.slots[meeting.slot],
            self.tables[meeting.table],
            self.participants[pair.first],
            self.participants[pair.second],
        )

    @cached_property
    def present(self) -> tuple[Participant, ...]:
        """Who takes part, in their order."""
        return tuple(each for each in self.book.participants if not each.has_left)

    @cached_property
    def met_pairs(self) -> frozenset[str]:
        """The pairs that have a meeting."""
        return frozenset(each.pair.id for each in self.appointments if each.is_on)

    def agendas(self) -> Iterator[Agenda]:
        """One for each participant, in their order, with cancelled meetings too."""
        of_each: dict[str, list[Appointment]] = defaultdict(list)
        for appointment in self.appointments:
            of_each[appointment.first.id].append(appointment)
            of_each[appointment.second.id].append(appointment)
        for participant in self.present:
            yield Agenda(participant, tuple(of_each[participant.id]))

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self._zone)

    def day(self, slot: FairSlot) -> date:
        """The day of a slot in the fair's time zone."""
        return self.local(slot.begins_at).date()

    def days(self) -> dict[date, list[FairSlot]]:
        """The slots of each day."""
        days: dict[date, list[FairSlot]] = {}
        for slot in self.book.slots:
            days.setdefault(self.day(slot), []).append(slot)
        return days

    def day_text(self, day: date) -> str:
        return f"{day.isoformat()} {said(WEEKDAYS[day.weekday()], self.lang)}"

    def clock(self, slot: FairSlot) -> str:
        """09:00–09:20"""
        return f"{self.local(slot.begins_at):%H:%M}–{self.local(slot.ends_at):%H:%M}"

    def open_title(self, listing_id: str | None) -> str:
        """The title of a listing of which everybody may know whose it is, "" for another."""
        listing = self.listings.get(listing_id) if listing_id is not None else None
        return "" if listing is None or listing.is_quiet else listing.title

    def listing_title(self, listing_id: str | None) -> str:
        listing = self.listings.get(listing_id) if listing_id is not None else None
        return "" if listing is None else listing.title
