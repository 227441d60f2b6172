"""A finished board as the plan that its readers get."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from market.planner.board import Board
from market.planner.choice import choose, worth
from market.planner.compaction import day_masks, idle_in
from market.planner.fairness import no_bonuses
from market.planner.model import Meeting, Plan, PlanRequest
from market.planner.problem import Problem
from market.planner.reasons import unplanned_pairs
from market.planner.search import Deadline, Sought
from market.planner.seats import Seats
from market.planner.tables import table_of_each


def told(
    sought: Sought,
    request: PlanRequest,
    deadline: Deadline,
    past: Sequence[Meeting] = (),
    kept: Mapping[int, str] | None = None,
) -> Plan:
    """The board as a plan, after the meetings of the past.

    `kept` are the tables that pairs had before and keep where they can.
    """
    board = sought.board
    problem = board.problem
    weights = {pair.id: pair.weight for pair in request.pairs}
    behind = sum(weights.get(meeting.pair, 0) for meeting in past)
    weight = int(problem.weight[board.planned()].sum()) + behind
    upper_bound = weight_bound(sought) + behind
    meetings = (*past, *_meetings(board, kept or {}))
    slots_of = _slots_of_parties(request, meetings)
    pinned = {pin.pair for pin in request.pins}
    return Plan(
        meetings=meetings,
        weight=weight,
        upper_bound=upper_bound,
        gap=1 - weight / upper_bound if upper_bound else 0.0,
        without_meeting=tuple(sorted(party for party, mask in slots_of.items() if not mask)),
        idle_slots=_idle_slots(request, slots_of),
        unplanned=unplanned_pairs(
            board, {place for place, pair in enumerate(problem.pairs) if pair.id in pinned}
        ),
        host_tables=_host_tables(board),
        out_of_time=deadline.passed,
    )


def weight_bound(sought: Sought) -> int:
    """No plan as fair as this one, that keeps as much, weighs more."""
    board, bonuses, choice, asked, seats = sought
    planned = board.planned()
    weight = int(asked.weight[planned].sum())
    extra = worth(asked, planned, bonuses) - weight
    bound = choice.bound - extra
    chosen = np.array([*choice.pairs.tolist(), *asked.fixed], dtype=np.int64)
    if worth(asked, chosen, bonuses) - int(asked.weight[chosen].sum()) <= extra:
        return bound
    # Where the floors were not reached, the bound on weight alone may be the better one.
    return min(bound, _bound_without_fairness(asked, seats))


def _bound_without_fairness(asked: Problem, seats: Seats) -> int:
    plain = replace(asked, value=asked.weight)
    return choose(Board(plain, seats), no_bonuses(plain)).bound


def _meetings(board: Board, kept: Mapping[int, str]) -> list[Meeting]:
    problem = board.problem
    tables = table_of_each(board, kept)
    ordered = sorted(tables, key=lambda pair: (board.slot_of[pair], tables[pair]))
    return [
        Meeting(problem.slots[board.slot_of[pair]].id, tables[pair], problem.pairs[pair].id)
        for pair in ordered
    ]


def _slots_of_parties(request: PlanRequest, meetings: Iterable[Meeting]) -> dict[str, int]:
    """The slots in which each party meets somebody, as a mask."""
    bit = {slot.id: 1 << place for place, slot in enumerate(request.slots)}
    ends = {pair.id: (pair.first, pair.second) for pair in request.pairs}
    slots_of = {party.id: 0 for party in request.parties}
    for meeting in meetings:
        for party in ends.get(meeting.pair, ()):
            slots_of[party] |= bit[meeting.slot]
    return slots_of


def _idle_slots(request: PlanRequest, slots_of: Mapping[str, int]) -> dict[str, int]:
    days = day_masks([slot.day for slot in request.slots])
    bit = {slot.id: 1 << place for place, slot in enumerate(request.slots)}
    idle: dict[str, int] = {}
    for party in sorted(request.parties, key=lambda each: each.id):
        there = (
            (1 << len(bit)) - 1
            if party.available is None
            else sum(bit[slot] for slot in set(party.available))
        )
        slots = idle_in(slots_of[party.id], there, days)
        if slots:
            idle[party.id] = slots
    return idle


def _host_tables(board: Board) -> dict[str, tuple[str, ...]]:
    tables = board.seats.table
    return {
        party.id: tuple(tables[seat] for seat in seats)
        for party, seats in zip(board.problem.parties, board.seats.of_party, strict=True)
        if seats and seats[0] in tables
    }
