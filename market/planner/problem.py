"""A request in dense integers: parties, slots and pairs by their place, slots as bits of a mask.

Parties and pairs are sorted by their ids, so a plan does not depend on the order they came in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from market.planner.bits import BoolArray, IntArray, integers, mask_of
from market.planner.model import Pair, Party, PlanRequest, Slot
from market.planner.sides import left_side

# Meetings that stay where they are: pair -> slot and, if that must not change either, table.
Held = Mapping[str, tuple[str, str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What the algorithm works on. Arrays run over parties, pairs or slots as their names say.

    `present[party, slot]`; `masks[party]` and `allowed[pair]` are bit masks of slots, `allowed`
    is 0 for a pair that can never meet. `value` = weight + keep bonus. `already` are meetings
    that a party has had before these slots, `capacity` what it may have beyond them. `left`
    marks one side where every pair joins two sides (a bipartite graph), else it is None.
    `fixed` are the meetings that no step may move, `fixed_tables` the tables of some of them.
    Slots before `begin` are over: nobody is there any more.
    """

    parties: tuple[Party, ...]
    slots: tuple[Slot, ...]
    pairs: tuple[Pair, ...]
    first: IntArray
    second: IntArray
    weight: IntArray
    value: IntArray
    present: BoolArray
    masks: list[int]
    allowed: list[int]
    tables: IntArray
    delegations: IntArray
    capacity: IntArray
    floor: IntArray
    already: IntArray
    left: BoolArray | None
    fixed: dict[int, int]
    fixed_tables: dict[int, str]
    hosts_stay: bool
    begin: int

    def fixed_degree(self) -> IntArray:
        """Fixed meetings of each party."""
        fixed = np.array(list(self.fixed), dtype=np.int64)
        return degrees(self, fixed)

    def hosts_of(self, pair: int) -> list[int]:
        """The hosts of a pair; they meet at the table of the first."""
        ends = int(self.first[pair]), int(self.second[pair])
        return [end for end in ends if self.parties[end].host]


def degrees(problem: Problem, pairs: IntArray) -> IntArray:
    """How many of these pairs each party is in."""
    ends = np.concatenate([problem.first[pairs], problem.second[pairs]])
    return np.bincount(ends, minlength=len(problem.parties)).astype(np.int64)


def compile_request(
    request: PlanRequest, held: Held, already: Mapping[str, int], *, begin: int = 0
) -> Problem:
    """Expects a request that `refusals` let through.

    `held` are its pins and whatever else is kept; `already` counts a party's past meetings.
    """
    parties = tuple(sorted(request.parties, key=lambda each: each.id))
    pairs = tuple(sorted(request.pairs, key=lambda each: each.id))
    party_at = {party.id: place for place, party in enumerate(parties)}
    pair_at = {pair.id: place for place, pair in enumerate(pairs)}
    slot_at = {slot.id: place for place, slot in enumerate(request.slots)}
    present = _presence(parties, slot_at)
    present[:, :begin] = False
    masks = [mask_of(row) for row in present.tolist()]
    first = integers(party_at[pair.first] for pair in pairs)
    second = integers(party_at[pair.second] for pair in pairs)
    allowed = _allowed(pairs, masks, first.tolist(), second.tolist(), slot_at, request.slots)
    weight = integers(pair.weight for pair in pairs)
    possible = np.array([mask != 0 for mask in allowed], dtype=bool)
    return Problem(
        parties=parties,
        slots=request.slots,
        pairs=pairs,
        first=first,
        second=second,
        weight=weight,
        value=weight + _keep_bonuses(request, pair_at, len(pairs)),
        present=present,
        masks=masks,
        allowed=allowed,
        tables=integers(
            len(slot.tables) if place >= begin else 0 for place, slot in enumerate(request.slots)
        ),
        delegations=integers(party.delegations for party in parties),
        capacity=_capacities(parties, present, already),
        floor=integers(
            request.fairness.floor if party.floor is None else party.floor for party in parties
        ),
        already=integers(already.get(party.id, 0) for party in parties),
        left=left_side(parties, first[possible], second[possible]),
        fixed={pair_at[pair]: slot_at[slot] for pair, (slot, _) in sorted(held.items())},
        fixed_tables={pair_at[pair]: table for pair, (_, table) in held.items() if table},
        hosts_stay=request.seating == "hosts_stay",
        begin=begin,
    )


def _presence(parties: Sequence[Party], slot_at: Mapping[str, int]) -> BoolArray:
    present = np.ones((len(parties), len(slot_at)), dtype=bool)
    for place, party in enumerate(parties):
        if party.available is not None:
            present[place] = False
            present[place, [slot_at[slot] for slot in party.available]] = True
    return present


def _allowed(
    pairs: Sequence[Pair],
    masks: Sequence[int],
    first: Sequence[int],
    second: Sequence[int],
    slot_at: Mapping[str, int],
    slots: Sequence[Slot],
) -> list[int]:
    with_tables = mask_of(bool(slot.tables) for slot in slots)
    allowed = [masks[u] & masks[v] & with_tables for u, v in zip(first, second, strict=True)]
    for place, pair in enumerate(pairs):
        if pair.forbidden:
            allowed[place] = 0
        elif pair.slots is not None:
            allowed[place] &= sum(1 << slot_at[slot] for slot in set(pair.slots))
    return allowed


def _keep_bonuses(request: PlanRequest, pair_at: Mapping[str, int], pairs: int) -> IntArray:
    bonuses = np.zeros(pairs, dtype=np.int64)
    kept = [pair_at[meeting.pair] for meeting in request.previous if meeting.pair in pair_at]
    bonuses[kept] = request.keep_bonus
    return bonuses


def _capacities(
    parties: Sequence[Party], present: BoolArray, already: Mapping[str, int]
) -> IntArray:
    room = present.sum(axis=1)
    return integers(
        min(
            int(room[place]) * party.delegations,
            max(0, party.capacity - already.get(party.id, 0))
            if party.capacity is not None
            else int(room[place]) * party.delegations,
        )
        for place, party in enumerate(parties)
    )
