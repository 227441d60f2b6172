"""Small fairs for tests: made by hand, drawn at random, and planned by trying everything."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from hypothesis import strategies as st

from market.planner.model import Budget, Fairness, Meeting, Pair, Party, Pin, PlanRequest, Slot

WEIGHT_ONLY = Fairness(floor=0, soft=False)
FLOOR_ONLY = Fairness(floor=1, soft=False)
# Enough for a handful of parties, and quick.
SHORT = Budget(rounds=3, compaction_steps=200)


def slots_of(*tables: int) -> tuple[Slot, ...]:
    """One slot for each number, with so many tables."""
    return tuple(
        Slot(f"s{place}", tuple(f"t{number}" for number in range(1, count + 1)))
        for place, count in enumerate(tables, start=1)
    )


def institute(name: str, **values: Any) -> Party:
    return Party(**{"id": name, "kind": "institute", "host": True, **values})


def enterprise(name: str, **values: Any) -> Party:
    return Party(**{"id": name, "kind": "enterprise", **values})


def pair(first: str, second: str, weight: int = 10, **values: Any) -> Pair:
    """The pair of `a` and `x` is called `a-x`."""
    return Pair(id=f"{first}-{second}", first=first, second=second, weight=weight, **values)


def fair(
    parties: Sequence[Party], slots: Sequence[Slot], pairs: Sequence[Pair], **values: Any
) -> PlanRequest:
    """A request that looks at weight alone unless told otherwise."""
    given = {"fairness": WEIGHT_ONLY, "budget": SHORT, **values}
    return PlanRequest(parties=tuple(parties), slots=tuple(slots), pairs=tuple(pairs), **given)


def changed(request: PlanRequest, **values: Any) -> PlanRequest:
    return msgspec.structs.replace(request, **values)


def change_party(request: PlanRequest, party_id: str, **values: Any) -> PlanRequest:
    parties = tuple(
        msgspec.structs.replace(party, **values) if party.id == party_id else party
        for party in request.parties
    )
    return changed(request, parties=parties)


def places(meetings: Iterable[Meeting]) -> dict[str, str]:
    """pair -> slot."""
    return {meeting.pair: meeting.slot for meeting in meetings}


@st.composite
def fairs(
    draw: st.DrawFn,
    *,
    absences: bool = False,
    unequal_tables: bool = False,
    three_kinds: bool = False,
    delegations: bool = False,
    seating: str = "free",
    tables_given: bool = True,
    pins: bool = False,
    fairness: Fairness = WEIGHT_ONLY,
    most_pairs: int = 7,
) -> PlanRequest:
    """A fair so small that `best_by_trying` is quick.

    Where hosts stay, `best_by_trying` knows only tables that are given. Pins may contradict each
    other and everything else.
    """
    length = draw(st.integers(1, 3))
    tables = draw(st.integers(1, 3))
    slots = slots_of(
        *(draw(st.integers(0, 3)) if unequal_tables else tables for _ in range(length))
    )
    hosts = [f"i{number}" for number in range(draw(st.integers(1, 3)))]
    guests = [f"e{number}" for number in range(draw(st.integers(1, 4)))]
    names = [*hosts, *guests]
    table_names = [table for slot in slots[:1] for table in slot.tables]
    parties = []
    for name in names:
        values: dict[str, Any] = {}
        if absences and draw(st.booleans()):
            values["available"] = tuple(
                draw(st.lists(st.sampled_from([slot.id for slot in slots]), unique=True))
            )
        if draw(st.integers(0, 3)) == 0:
            values["capacity"] = draw(st.integers(0, 3))
        if delegations and draw(st.booleans()):
            values["delegations"] = 2
        if seating == "hosts_stay" and tables_given and name in hosts and table_names:
            values["tables"] = (draw(st.sampled_from(table_names)),)
        parties.append(institute(name, **values) if name in hosts else enterprise(name, **values))
    possible = [(first, second) for first in hosts for second in guests]
    if three_kinds:
        possible = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    chosen = draw(st.lists(st.sampled_from(possible), unique=True, max_size=most_pairs))
    pairs = [pair(first, second, draw(st.integers(1, 60))) for first, second in chosen]
    pinned = (
        draw(st.lists(st.sampled_from(pairs), unique=True, max_size=3)) if pins and pairs else []
    )
    return fair(
        parties,
        slots,
        pairs,
        seating=seating,
        fairness=fairness,
        pins=tuple(Pin(each.id, draw(st.sampled_from(slots)).id) for each in pinned),
    )


def best_by_trying(request: PlanRequest) -> tuple[int, int]:
    """The most parties with a meeting, and the most weight among plans that reach that.

    Without a floor the first number is 0: only the weight counts. Tries every plan.
    """
    counts_floor = request.fairness.floor > 0
    weight = {each.id: each.weight for each in request.pairs}
    ends = {each.id: (each.first, each.second) for each in request.pairs}
    best = (0, 0)
    for plan in all_plans(request):
        met = {party for pair_id in plan for party in ends[pair_id]} if counts_floor else set()
        best = max(best, (len(met), sum(weight[pair_id] for pair_id in plan)))
    return best


def all_plans(request: PlanRequest) -> Iterator[dict[str, str]]:
    """Every feasible plan as pair -> slot: the rules once more, without any cleverness."""
    parties = {party.id: party for party in request.parties}
    tables = {slot.id: slot.tables for slot in request.slots}
    pinned = {pin.pair: pin.slot for pin in request.pins}
    stay = request.seating == "hosts_stay"

    def fits(chosen: dict[str, str], each: Pair, slot: str) -> bool:
        plan = {**chosen, each.id: slot}
        meeting_in = Counter(plan.values())
        busy = Counter(
            (party, plan[other.id])
            for other in request.pairs
            if other.id in plan
            for party in (other.first, other.second)
        )
        at_table = Counter(
            (table, plan[other.id])
            for other in request.pairs
            if other.id in plan and stay
            for table in parties[other.first].tables
        )
        own = parties[each.first].tables if stay else ()
        return (
            not each.forbidden
            and (each.slots is None or slot in each.slots)
            and meeting_in[slot] <= len(tables[slot])
            and max(at_table.values(), default=0) <= 1
            and all(table in tables[slot] for table in own)
            and all(
                busy[party.id, slot] <= party.delegations
                and (party.available is None or slot in party.available)
                and (
                    party.capacity is None
                    or sum(times for (name, _), times in busy.items() if name == party.id)
                    <= party.capacity
                )
                for party in (parties[each.first], parties[each.second])
            )
        )

    def plans(rest: Sequence[Pair], chosen: dict[str, str]) -> Iterator[dict[str, str]]:
        if not rest:
            yield chosen
            return
        each, others = rest[0], rest[1:]
        if each.id not in pinned:
            yield from plans(others, chosen)
        for slot in tables:
            if pinned.get(each.id, slot) == slot and fits(chosen, each, slot):
                yield from plans(others, {**chosen, each.id: slot})

    yield from plans(request.pairs, {})
