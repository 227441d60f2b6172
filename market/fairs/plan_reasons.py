"""Why a wanted pair does not meet, read off the finished board."""

from collections.abc import Set
from typing import NamedTuple

import numpy as np

from market.fairs.plan_bits import bits, integers, mask_of
from market.fairs.plan_board import NOBODY, Board
from market.fairs.plan_fixes import Fixes, at_capacity
from market.fairs.plan_model import Cause, Unplanned


def unplanned_pairs(board: Board, pinned: Set[int]) -> tuple[Unplanned, ...]:
    """A reason and the cheapest fix for every pair that is not on the board, by their ids.

    `pinned` are the meetings that only the organizer may remove.
    """
    pairs = np.flatnonzero(integers(board.slot_of) == NOBODY)
    fixes = Fixes(board, pinned).of_all(pairs)
    reasons = _Reasons(board)
    unplanned = []
    for pair, fix in zip(pairs.tolist(), fixes, strict=True):
        cause, party, slots = reasons.of(pair)
        unplanned.append(
            Unplanned(
                pair=board.problem.pairs[pair].id,
                cause=cause,
                party=None if party is None else board.problem.parties[party].id,
                kept_weight=None if party is None else reasons.lightest.get(party),
                slots=tuple(board.problem.slots[slot].id for slot in bits(slots)),
                fix=fix,
            )
        )
    return tuple(unplanned)


class _Reason(NamedTuple):
    cause: Cause
    party: int | None = None
    slots: int = 0


class _Reasons:
    """`lightest` is the weight of the lightest meeting of each party that has one."""

    def __init__(self, board: Board) -> None:
        self._board = board
        problem = board.problem
        self._future = mask_of(slot >= problem.begin for slot in range(board.slots))
        self._slot_at = {slot.id: place for place, slot in enumerate(problem.slots)}
        self._at_capacity = at_capacity(board)
        self._party_free, self._seat_free = list(problem.masks), [0] * len(problem.parties)
        self.lightest: dict[int, int] = {}
        self._look_at_meetings()

    def _look_at_meetings(self) -> None:
        board, problem = self._board, self._board.problem
        for party, seats in enumerate(board.seats.of_party):
            for seat in seats:
                self._seat_free[party] |= board.free[seat]
        held = [[0] * board.slots for _ in problem.parties]
        for pair in board.planned().tolist():
            weight, slot = int(problem.weight[pair]), board.slot_of[pair]
            for party in (board.first[pair], board.second[pair]):
                self.lightest[party] = min(weight, self.lightest.get(party, weight))
                held[party][slot] += 1
                if held[party][slot] >= int(problem.delegations[party]):
                    self._party_free[party] &= ~(1 << slot)

    def of(self, pair: int) -> _Reason:
        wanted = self._board.problem.pairs[pair]
        if wanted.forbidden:
            return _Reason("forbidden")
        both = self._board.first[pair], self._board.second[pair]
        masks = self._board.problem.masks
        common = masks[both[0]] & masks[both[1]] & self._future
        if wanted.slots is not None:
            common &= sum(1 << self._slot_at[slot] for slot in set(wanted.slots))
        if not common:
            return _Reason("no_common_slot")
        return self._of_busy(pair, both, common)

    def _of_busy(self, pair: int, both: tuple[int, int], common: int) -> _Reason:
        for party in both:
            if self._at_capacity[party]:
                return _Reason("capacity", party)
        for party in both:
            if not self._party_free[party] & common:
                return _Reason("party_full", party)
        for party in both:
            if not self._seat_free[party] & common or not self._board.ways_of(pair):
                return _Reason("shared_table", party)
        free = common & self._seat_free[both[0]] & self._seat_free[both[1]]
        free &= self._party_free[both[0]] & self._party_free[both[1]]
        return _Reason("tables_full", slots=free) if free else _Reason("not_placeable")
