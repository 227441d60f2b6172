"""Why a wanted pair does not meet, read off the finished board, for all such pairs at once."""

from collections.abc import Set
from typing import Literal

import numpy as np

from market.planner.bits import (
    IntArray,
    MaskArray,
    bits,
    integers,
    mask_array,
)
from market.planner.board import NOBODY, Board
from market.planner.fixes import Fixes, at_capacity
from market.planner.model import Cause, Unplanned

# The causes in the order in which the first that applies is told, and whose they are.
_Side = Literal["first", "second"] | None
_CAUSES: tuple[tuple[Cause, _Side], ...] = (
    ("forbidden", None),
    ("no_common_slot", None),
    ("capacity", "first"),
    ("capacity", "second"),
    ("party_full", "first"),
    ("party_full", "second"),
    ("shared_table", "first"),
    ("shared_table", "second"),
    ("tables_full", None),
    ("not_placeable", None),
)


def unplanned_pairs(board: Board, pinned: Set[int]) -> tuple[Unplanned, ...]:
    """A reason and the cheapest fix for every pair that is not on the board, by their ids.

    `pinned` are the meetings that only the organizer may remove.
    """
    problem = board.problem
    pairs = np.flatnonzero(integers(board.slot_of) == NOBODY)
    state = _State(board)
    common = state.common_slots(pairs)
    numbers = _cause_of_each(board, state, pairs, common)
    parties = [party.id for party in problem.parties]
    both = {"first": board.first, "second": board.second}
    names = _SlotNames(board)
    unplanned = []
    fixes = Fixes(board, pinned).of_all(pairs)
    for pair, number, free, fix in zip(
        pairs.tolist(),
        numbers.tolist(),
        state.both_free(pairs, common).tolist(),
        fixes,
        strict=True,
    ):
        cause, side = _CAUSES[number]
        party = None if side is None else both[side][pair]
        unplanned.append(
            Unplanned(
                pair=problem.pairs[pair].id,
                cause=cause,
                party=None if party is None else parties[party],
                kept_weight=None if party is None else state.lightest.get(party),
                slots=names.of(free) if cause == "tables_full" else (),
                fix=fix,
            )
        )
    return tuple(unplanned)


class _SlotNames:
    """The names of the slots of masks, of which there are few."""

    def __init__(self, board: Board) -> None:
        self._slots = board.problem.slots
        self._known: dict[int, tuple[str, ...]] = {}

    def of(self, mask: int) -> tuple[str, ...]:
        names = self._known.get(mask)
        if names is None:
            names = self._known[mask] = tuple(self._slots[slot].id for slot in bits(mask))
        return names


class _State:
    """What parties and their seats still could do.

    `lightest` is the weight of the lightest meeting of each party that has one.
    """

    def __init__(self, board: Board) -> None:
        self._board = board
        problem = board.problem
        self.there = mask_array(problem.masks, board.slots)
        seat_free = [board.free_of(seats) for seats in board.seats.of_party]
        self.seat_free = mask_array(seat_free, board.slots)
        self.lightest: dict[int, int] = {}
        party_free = list(problem.masks)
        held = [[0] * board.slots for _ in problem.parties]
        for pair in board.planned().tolist():
            weight, slot = int(problem.weight[pair]), board.slot_of[pair]
            for party in (board.first[pair], board.second[pair]):
                self.lightest[party] = min(weight, self.lightest.get(party, weight))
                held[party][slot] += 1
                if held[party][slot] >= int(problem.delegations[party]):
                    party_free[party] &= ~(1 << slot)
        self.party_free = mask_array(party_free, board.slots)

    def common_slots(self, pairs: IntArray) -> MaskArray:
        """The slots in which each pair might meet if nobody else did and tables abounded."""
        problem = self._board.problem
        common = self.there[problem.first[pairs]] & self.there[problem.second[pairs]]
        place = {slot.id: at for at, slot in enumerate(problem.slots)}
        for row, pair in enumerate(pairs.tolist()):
            slots = problem.pairs[pair].slots
            if slots is not None:
                common[row] &= sum(1 << place[slot] for slot in set(slots))
        return common

    def both_free(self, pairs: IntArray, common: MaskArray) -> MaskArray:
        first, second = self._board.problem.first[pairs], self._board.problem.second[pairs]
        free: MaskArray = self.party_free & self.seat_free
        return common & free[first] & free[second]


def _cause_of_each(board: Board, state: _State, pairs: IntArray, common: MaskArray) -> IntArray:
    problem = board.problem
    full = np.array(at_capacity(board), dtype=bool)
    ends = problem.first[pairs], problem.second[pairs]
    forbidden = [problem.pairs[pair].forbidden for pair in pairs.tolist()]
    apart = [not board.ways_of(pair) for pair in pairs.tolist()] if board.seats.table else False
    applies: list[MaskArray] = [
        np.array(forbidden, dtype=bool),
        common == 0,
        *(full[party] for party in ends),
        *((state.party_free[party] & common) == 0 for party in ends),
        *(((state.seat_free[party] & common) == 0) | np.array(apart, dtype=bool) for party in ends),
        state.both_free(pairs, common) != 0,
        np.ones(len(pairs), dtype=bool),
    ]
    # Masks of many slots are Python integers, and so are the verdicts on them.
    first_that_applies: IntArray = np.argmax(np.stack(applies).astype(bool), axis=0)
    return first_that_applies
