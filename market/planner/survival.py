"""What of an earlier plan can stay as it is, now that something has changed."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from market.planner.model import Meeting, Pair, Party, Pin, PlanRefused, PlanRequest
from market.planner.problem import Held
from market.planner.refusals import refuse_contradictions, refuse_impossible_pins


class Survival(NamedTuple):
    """An earlier plan under a changed request.

    `request` is about the slots from `begin` on: without the pairs and pins of the past, hosts
    that stay at the tables that they had. `already` counts the past meetings of each party.
    `pins` may not move at all, `held` are pins and survivors.
    """

    request: PlanRequest
    begin: int
    past: tuple[Meeting, ...]
    future: tuple[Meeting, ...]
    already: dict[str, int]
    pins: Held
    held: Held


def survival(request: PlanRequest, from_slot: str | None) -> Survival:
    """Raises PlanRefused for a request that contradicts itself or an unknown `from_slot`."""
    refuse_contradictions(request)
    time = {slot.id: place for place, slot in enumerate(request.slots)}
    if from_slot is not None and from_slot not in time:
        raise PlanRefused(
            "slot", from_slot, f"时段“{from_slot}”不存在", f"There is no slot {from_slot!r}."
        )
    begin = 0 if from_slot is None else time[from_slot]
    is_past = {slot: place < begin for slot, place in time.items()}
    past = [meeting for meeting in request.previous if is_past.get(meeting.slot, False)]
    past.sort(key=lambda each: (time[each.slot], each))
    future = sorted(each for each in request.previous if not is_past.get(each.slot, False))
    already = _meetings_of_parties(request, past)
    rest = _without_the_past(request, {meeting.pair for meeting in past}, is_past)
    refuse_impossible_pins(rest, already)
    rest = _at_their_tables(rest, {pair.id: pair for pair in request.pairs})
    places = _Places(rest, already)
    pins = places.pin_all(rest.pins, {(each.pair, each.slot): each.table for each in future})
    held: dict[str, tuple[str, str | None]] = {**pins, **places.hold_all(future)}
    return Survival(rest, begin, tuple(past), tuple(future), already, pins, held)


def _meetings_of_parties(request: PlanRequest, meetings: Iterable[Meeting]) -> dict[str, int]:
    ends = {pair.id: (pair.first, pair.second) for pair in request.pairs}
    return dict(Counter(party for each in meetings for party in ends.get(each.pair, ())))


def _without_the_past(
    request: PlanRequest, met: set[str], is_past: Mapping[str, bool]
) -> PlanRequest:
    return msgspec.structs.replace(
        request,
        pairs=tuple(pair for pair in request.pairs if pair.id not in met),
        pins=tuple(
            pin for pin in request.pins if pin.pair not in met and not is_past.get(pin.slot, False)
        ),
    )


def _at_their_tables(request: PlanRequest, pairs: Mapping[str, Pair]) -> PlanRequest:
    """Hosts that stay and name no tables get those at which they were planned until now.

    `pairs` are those of the past too.
    """
    if request.seating != "hosts_stay":
        return request
    hosts = {party.id: party for party in request.parties if party.host}
    known = dict.fromkeys(table for slot in request.slots for table in slot.tables)
    had: dict[str, dict[str, None]] = {}
    for meeting in sorted(request.previous):
        host = _host_of(hosts, pairs.get(meeting.pair))
        if host is not None and meeting.table in known:
            had.setdefault(host.id, {})[meeting.table] = None
    taken = {table for tables in had.values() for table in tables}
    taken |= {table for host in hosts.values() for table in host.tables}
    spare = [table for table in known if table not in taken]
    parties = []
    for party in request.parties:
        tables = list(had.get(party.id, ()))[: party.delegations]
        if party.host and not party.tables and tables:
            # Delegations that never met anybody at a table of their own get an unused one, or
            # share.
            others = [*spare, *(table for table in known if table not in {*tables, *spare})]
            tables += others[: party.delegations - len(tables)]
            spare = [table for table in spare if table not in tables]
            party = msgspec.structs.replace(party, tables=tuple(tables))  # noqa: PLW2901
        parties.append(party)
    return msgspec.structs.replace(request, parties=tuple(parties))


def _host_of(hosts: Mapping[str, Party], pair: Pair | None) -> Party | None:
    """The host at whose table a pair meets: the first of two."""
    if pair is None:
        return None
    return hosts.get(pair.first) or hosts.get(pair.second)


class _Places:
    """Which places pins and survivors take up: tables, slots, parties."""

    def __init__(self, request: PlanRequest, already: Mapping[str, int]) -> None:
        self._parties = {party.id: party for party in request.parties}
        self._pairs = {pair.id: pair for pair in request.pairs}
        self._tables = {slot.id: slot.tables for slot in request.slots}
        staying = request.seating == "hosts_stay"
        self._hosts = {each.id: each for each in request.parties if each.host and staying}
        self._taken: Counter[tuple[str, ...]] = Counter(
            {("in all", party): meetings for party, meetings in already.items()}
        )

    def pin_all(self, pins: Iterable[Pin], had: Mapping[tuple[str, str], str]) -> Held:
        """Take the places of pins, those that name their table first, then those with a host.

        A pin without a table gets that of its host or, for as long as it is free, the one that
        it had in this slot.
        """
        held: dict[str, tuple[str, str | None]] = {}
        hosts = {pin.pair: _host_of(self._hosts, self._pairs[pin.pair]) for pin in pins}
        for pin in sorted(
            pins, key=lambda each: (each.table is None, hosts[each.pair] is None, each.pair)
        ):
            table, host = pin.table, hosts[pin.pair]
            before = had.get((pin.pair, pin.slot))
            if table is None and host is not None:
                table = self._table_of(host, pin.slot, before)
            elif table is None and before is not None and self._is_free(pin.slot, before):
                table = before
            self._take(self._pairs[pin.pair], pin.slot, table)
            held[pin.pair] = pin.slot, table
        return held

    def hold_all(self, meetings: Iterable[Meeting]) -> Held:
        """The meetings that can stay, the heaviest first where they collide now."""
        held: dict[str, tuple[str, str | None]] = {}
        guests: list[Meeting] = []
        weight = {pair.id: pair.weight for pair in self._pairs.values()}
        for meeting in sorted(meetings, key=lambda each: (-weight.get(each.pair, 0), each)):
            pair = self._pairs.get(meeting.pair)
            if pair is None or not self._has_room(pair, meeting.slot):
                continue
            table: str | None = None
            host = _host_of(self._hosts, pair)
            if host is None:
                guests.append(meeting)
            else:
                table = self._table_of(host, meeting.slot, meeting.table)
                if table is None:
                    continue
            self._take(pair, meeting.slot, table)
            held[meeting.pair] = meeting.slot, table
        for meeting in guests:
            if self._is_free(meeting.slot, meeting.table):
                self._taken["table", meeting.slot, meeting.table] += 1
                held[meeting.pair] = meeting.slot, meeting.table
        return held

    def _is_free(self, slot: str, table: str) -> bool:
        return table in self._tables[slot] and not self._taken["table", slot, table]

    def _has_room(self, pair: Pair, slot: str) -> bool:
        if (
            pair.forbidden
            or self._taken["pair", pair.id]
            or slot not in self._tables
            or (pair.slots is not None and slot not in pair.slots)
            or self._taken["slot", slot] >= len(self._tables[slot])
        ):
            return False
        return all(self._party_has_room(self._parties[end], slot) for end in _ends(pair))

    def _party_has_room(self, party: Party, slot: str) -> bool:
        there = party.available is None or slot in party.available
        in_all = self._taken["in all", party.id]
        return (
            there
            and self._taken["at once", slot, party.id] < party.delegations
            and (party.capacity is None or in_all < party.capacity)
        )

    def _table_of(self, host: Party, slot: str, had: str | None) -> str | None:
        """A free table of the host, the one it had if that is one."""
        standing = [table for table in host.tables if self._is_free(slot, table)]
        return had if had in standing else next(iter(standing), None)

    def _take(self, pair: Pair, slot: str, table: str | None) -> None:
        self._taken["pair", pair.id] += 1
        self._taken["slot", slot] += 1
        for end in _ends(pair):
            self._taken["at once", slot, end] += 1
            self._taken["in all", end] += 1
        if table is not None:
            self._taken["table", slot, table] += 1


def _ends(pair: Pair) -> tuple[str, str]:
    return pair.first, pair.second
