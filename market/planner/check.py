"""The judge of every plan, made here or edited by hand: what breaks a rule, meeting by meeting.

It shares no code with what makes plans, so that neither can hide a slip of the other.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from market.planner.model import Breach, Meeting, Pair, Party, PlanRequest, Violation

_Found = tuple[Breach, str | None]


def check_plan(
    request: PlanRequest, meetings: Iterable[Meeting], *, from_slot: str | None = None
) -> list[Violation]:
    """All violations, in the order of time, then the missing pins; empty for a good plan.

    Meetings before `from_slot` are history: they take up places, tables and capacity, but
    nothing is wrong with them, whatever has changed since.
    """
    judge = _Judge(request, from_slot)
    ordered = sorted(meetings, key=lambda each: (judge.time.get(each.slot, -1), each))
    found = [violation for meeting in ordered for violation in judge.look_at(meeting)]
    return found + list(judge.missing_pins(ordered))


class _Judge:
    """Sees meetings in the order of time and remembers what is taken."""

    def __init__(self, request: PlanRequest, from_slot: str | None) -> None:
        self.time = {slot.id: place for place, slot in enumerate(request.slots)}
        self._begin = self.time[from_slot] if from_slot is not None else 0
        self._tables = {slot.id: set(slot.tables) for slot in request.slots}
        self._pairs = {pair.id: pair for pair in request.pairs}
        self._parties = {party.id: party for party in request.parties}
        self._stay = request.seating == "hosts_stay"
        self._pins = request.pins
        self._pinned_tables = {(pin.pair, pin.slot, pin.table) for pin in request.pins}
        self._taken: Counter[tuple[str, ...]] = Counter()
        self._host_tables: dict[str, set[str]] = {}

    def look_at(self, meeting: Meeting) -> Iterator[Violation]:
        pair = self._pairs.get(meeting.pair)
        past = self._is_past(meeting.slot)
        # Breaches are worked out for the past too: that is what takes up its places.
        breaches = self._breaches(meeting, pair)
        for breach, party in [] if past else breaches:
            yield _violation(breach, meeting, party)

    def missing_pins(self, meetings: list[Meeting]) -> Iterator[Violation]:
        """Pins that are not kept; those of the past can no longer be."""
        held = {(meeting.pair, meeting.slot): meeting.table for meeting in meetings}
        met = {meeting.pair for meeting in meetings if self._is_past(meeting.slot)}
        for pin in sorted(self._pins, key=lambda each: each.pair):
            table = held.get((pin.pair, pin.slot))
            kept = table is not None and pin.table in {None, table}
            if not kept and pin.pair not in met and not self._is_past(pin.slot):
                yield Violation(breach="pin_missing", pair=pin.pair, slot=pin.slot, table=pin.table)

    def _is_past(self, slot: str) -> bool:
        return slot in self.time and self.time[slot] < self._begin

    def _breaches(self, meeting: Meeting, pair: Pair | None) -> list[_Found]:
        if pair is None:
            return [("unknown_pair", None)]
        parties = [self._parties[end] for end in (pair.first, pair.second)]
        return [
            *self._wrong_place(meeting),
            *self._wrong_pair(meeting, pair),
            *(breach for party in parties for breach in self._wrong_party(meeting, party)),
            *self._wrong_host(meeting, parties),
        ]

    def _wrong_place(self, meeting: Meeting) -> Iterator[_Found]:
        tables = self._tables.get(meeting.slot)
        if tables is None:
            yield "unknown_slot", None
        elif meeting.table not in tables:
            yield "unknown_table", None
        if self._take("table", meeting.slot, meeting.table) > 1:
            yield "table_taken", None

    def _wrong_pair(self, meeting: Meeting, pair: Pair) -> Iterator[_Found]:
        if self._take("pair", pair.id) > 1:
            yield "repeated_pair", None
        if pair.forbidden:
            yield "forbidden_pair", None
        if pair.slots is not None and meeting.slot not in pair.slots:
            yield "slot_not_allowed", None

    def _wrong_party(self, meeting: Meeting, party: Party) -> Iterator[_Found]:
        if party.available is not None and meeting.slot not in party.available:
            yield "absent", party.id
        if self._take("party", meeting.slot, party.id) > party.delegations:
            yield "double_booked", party.id
        meetings = self._take("party", party.id)
        if party.capacity is not None and meetings > party.capacity:
            yield "over_capacity", party.id

    def _wrong_host(self, meeting: Meeting, parties: list[Party]) -> Iterator[_Found]:
        """Of two hosts the second walks; a pinned table is the organizer's own will."""
        host = next((party for party in parties if party.host), None)
        pinned = (meeting.pair, meeting.slot, meeting.table) in self._pinned_tables
        if host is None or not self._stay or pinned:
            return
        tables = self._host_tables.setdefault(host.id, set(host.tables))
        if meeting.table in tables:
            return
        if len(tables) >= host.delegations:
            yield "host_moved", host.id
        tables.add(meeting.table)

    def _take(self, *place: str) -> int:
        self._taken[place] += 1
        return self._taken[place]


def _violation(breach: Breach, meeting: Meeting, party: str | None) -> Violation:
    return Violation(
        breach=breach, pair=meeting.pair, slot=meeting.slot, table=meeting.table, party=party
    )
