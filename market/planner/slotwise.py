"""One slot at a time: the best meetings for it, all other slots as they are, as a small flow.

Repairs what absences cost. Works for two sides only.
"""

from typing import NamedTuple

import numpy as np

from market.planner.bits import BoolArray, IntArray, integers
from market.planner.board import NOBODY, Board
from market.planner.fairness import Bonuses
from market.planner.network import Network


class _Seated(NamedTuple):
    pair: int
    way: tuple[int, int]


def improve_slot(board: Board, slot: int, bonuses: Bonuses) -> int:
    """Replace the movable meetings of a slot by better ones, if there are; the objective's gain."""
    left = board.problem.left
    if left is None:
        return 0
    before = _objective(board, bonuses)
    meetings = sorted({row[slot] for row in board.at} - {NOBODY} - board.fixed)
    old = [_Seated(pair, board.ends[pair]) for pair in meetings]
    for pair in meetings:
        board.drop(pair)
    for pair, way in _best(board, slot, bonuses, left):
        board.put(pair, slot, way)
    gain = _objective(board, bonuses) - before
    if gain >= 0:
        return gain
    for pair in sorted({row[slot] for row in board.at} - {NOBODY} - board.fixed):
        board.drop(pair)
    for pair, way in old:
        board.put(pair, slot, way)
    return 0


def _objective(board: Board, bonuses: Bonuses) -> int:
    value = int(board.problem.value[board.planned()].sum())
    return value + bonuses.total(integers(board.degree) + board.problem.already)


def _best(board: Board, slot: int, bonuses: Bonuses, left: BoolArray) -> list[_Seated]:
    """The best meetings for the empty seats of a slot.

    source → seat → left party → right party → seat → sink.
    """
    problem, seats = board.problem, len(board.free)
    offered = _offered_seats(board, slot)
    pairs = _candidates(board, slot, offered)
    tables = board.limit[slot] - board.load[slot]
    if tables <= 0 or not len(pairs):
        return []
    source = seats + len(problem.parties)
    network = Network(source + 2)
    step = bonuses.next_step(integers(board.degree) + problem.already)
    first, second = problem.first[pairs], problem.second[pairs]
    turned = ~left[first]
    arcs = network.add(
        seats + np.where(turned, second, first),
        seats + np.where(turned, first, second),
        gain=problem.value[pairs] + step[first] + step[second],
    )
    owners, theirs = _without_double_sides(offered, left)
    ours = left[owners]
    entering = network.add(theirs[ours], seats + owners[ours])
    leaving = network.add(seats + owners[~ours], theirs[~ours])
    network.add(source, np.unique(theirs[ours]))
    network.add(np.unique(theirs[~ours]), source + 1)
    flows, _ = network.best_flow(source, source + 1, tables)
    used = {
        part: _seats_used(owners[side], theirs[side], flows[part_arcs])
        for part, side, part_arcs in (("left", ours, entering), ("right", ~ours, leaving))
    }
    taken = used["left"] | used["right"]
    return [
        _Seated(pair, (taken[board.first[pair]].pop(), taken[board.second[pair]].pop()))
        for pair in pairs[flows[arcs] > 0].tolist()
    ]


def _offered_seats(board: Board, slot: int) -> tuple[IntArray, IntArray]:
    """(party, seat) for the empty seats of the slot, no more than a party may have meetings."""
    offered = [
        (party, seat)
        for party, seats in enumerate(board.seats.of_party)
        if board.problem.masks[party] >> slot & 1
        for seat in [one for one in seats if board.free[one] >> slot & 1][
            : board.capacity[party] - board.degree[party]
        ]
    ]
    owners, theirs = np.array(offered, dtype=np.int64).reshape(-1, 2).T
    return owners, theirs


def _without_double_sides(
    offered: tuple[IntArray, IntArray], left: BoolArray
) -> tuple[IntArray, IntArray]:
    """A table that hosts of both sides share is offered to those of the left side only."""
    owners, theirs = offered
    kept = left[owners] | ~np.isin(theirs, theirs[left[owners]])
    return owners[kept], theirs[kept]


def _candidates(board: Board, slot: int, offered: tuple[IntArray, IntArray]) -> IntArray:
    problem = board.problem
    here = np.zeros(len(problem.parties), dtype=bool)
    here[offered[0]] = True
    out = integers(board.slot_of) == NOBODY
    pairs = np.flatnonzero(out & here[problem.first] & here[problem.second])
    return pairs[
        [bool(board.allowed[pair] >> slot & 1 and board.ways_of(pair)) for pair in pairs.tolist()]
    ]


def _seats_used(owners: IntArray, theirs: IntArray, flows: IntArray) -> dict[int, list[int]]:
    used: dict[int, list[int]] = {}
    for party, seat, flow in zip(owners.tolist(), theirs.tolist(), flows.tolist(), strict=True):
        if flow:
            used.setdefault(party, []).append(seat)
    return used
