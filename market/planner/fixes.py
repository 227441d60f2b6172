"""The cheapest way to let a left out pair meet: all slots are priced, the cheapest is told.

A fix is a certificate: with its changes made, the pair can be put into its slot beside all
other meetings.
"""

from collections.abc import Iterator, Set
from itertools import chain

import numpy as np

from market.planner.bits import BoolArray, IntArray, integers
from market.planner.board import NOBODY, Board
from market.planner.model import Change, ChangeKind, Fix

# Pairs priced at once: so many times the slots of 64-bit integers are held a few times over.
_PAIRS_AT_ONCE = 20_000
# More than all weights that can be displaced at once: a pinned meeting is the last to go.
_PINNED_WEIGHT = 1 << 40
# The number of changes breaks ties between equal weights.
_MOST_CHANGES = 16
_ONE_MORE_TABLE = Change(kind="add_table")


class Fixes:
    """Prices of every party and slot, worked out once for all pairs of a board."""

    def __init__(self, board: Board, pinned: Set[int]) -> None:
        self._board, self._pinned = board, pinned
        problem = board.problem
        self._weights = problem.weight.tolist()
        self._prices = problem.weight.copy()
        self._prices[list(pinned)] = _PINNED_WEIGHT
        self._guests = _guests(board)
        # The meeting that sits where the party would, NOBODY where a seat is free.
        self._blocker = self._plain_blockers()
        self._unseated = np.zeros_like(self._blocker, dtype=bool)
        for party, seats in enumerate(board.seats.of_party):
            if len(seats) != 1 or seats[0] in board.seats.table:
                for slot in range(problem.begin, board.slots):
                    self._look_at(party, slot, seats)
        taken = self._blocker != NOBODY
        self._price = np.zeros_like(self._blocker)
        self._price[taken] = self._prices[self._blocker[taken]]
        self._tables_full = integers(board.load) >= integers(board.limit)
        self._at_capacity = at_capacity(board)
        self._removals: dict[int, Change] = {}
        # Lists are several times faster than arrays to look up one by one.
        self._blockers: list[list[int]] = self._blocker.tolist()
        self._there: list[list[bool]] = problem.present.tolist()
        self._slot_ids = [slot.id for slot in problem.slots]
        self._seats_shared = len(set(chain(*board.seats.of_party))) < sum(
            len(seats) for seats in board.seats.of_party
        )

    def _plain_blockers(self) -> IntArray:
        """For parties with a single seat that is no table: who sits in it."""
        board = self._board
        at = np.array(board.at, dtype=np.int64).reshape(len(board.at), board.slots)
        seats = [seats[0] if seats else 0 for seats in board.seats.of_party]
        return at[seats] if seats else np.zeros((0, board.slots), dtype=np.int64)

    def _look_at(self, party: int, slot: int, seats: tuple[int, ...]) -> None:
        board = self._board
        tables = board.problem.slots[slot].tables
        standing = [
            seat
            for seat in seats
            if seat not in board.seats.table or board.seats.table[seat] in tables
        ]
        there = [self._guests.get((seat, slot), board.at[seat][slot]) for seat in standing]
        self._unseated[party, slot] = not standing
        self._blocker[party, slot] = (
            NOBODY
            if not there or NOBODY in there
            else min(there, key=lambda pair: (self._prices[pair], pair))
        )

    def of_all(self, pairs: IntArray) -> Iterator[Fix | None]:
        """The fix of each pair; None where there is no slot, or no way for these two to sit."""
        begin, slots = self._board.problem.begin, self._board.slots
        for start in range(0, len(pairs), _PAIRS_AT_ONCE):
            some = pairs[start : start + _PAIRS_AT_ONCE]
            if begin >= slots:
                yield from (None for _ in some)
                continue
            yield from self._of_some(some, begin)

    def _of_some(self, pairs: IntArray, begin: int) -> Iterator[Fix | None]:
        cost = self._cost(pairs)
        slots = begin + np.argmin(cost[:, begin:], axis=1)
        changes = cost[np.arange(len(pairs)), slots] % _MOST_CHANGES
        blockers = [
            self._blocker[party[pairs], slots]
            for party in (self._board.problem.first, self._board.problem.second)
        ]
        # Of most pairs only another meeting stands in the way, the same one for many of them.
        plain = changes == (blockers[0] != NOBODY) * 1 + (blockers[1] != NOBODY)
        known: dict[tuple[int, int, int], Fix] = {}
        for pair, slot, is_plain, *both in zip(
            *(each.tolist() for each in (pairs, slots, plain, *blockers)), strict=True
        ):
            if self._share_a_seat(pair):
                yield None
            elif is_plain:
                key = (slot, both[0], both[1])
                if key not in known:
                    known[key] = self._fix(pair, slot)
                yield known[key]
            else:
                yield self._fix(pair, slot)

    def _share_a_seat(self, pair: int) -> bool:
        if not self._seats_shared:
            return False
        of_party = self._board.seats.of_party
        first = of_party[self._board.first[pair]]
        return any(seat in first for seat in of_party[self._board.second[pair]])

    def _cost(self, pairs: IntArray) -> IntArray:
        """Displaced weight, then the number of changes, for each pair and slot."""
        problem = self._board.problem
        first, second = problem.first[pairs], problem.second[pairs]
        blockers = self._blocker[first], self._blocker[second]
        displaced = self._price[first] + np.where(
            blockers[0] == blockers[1], 0, self._price[second]
        )
        changes = ~problem.present[first] * 1 + ~problem.present[second] * 1
        changes += self._not_allowed(pairs)
        changes += (blockers[0] != NOBODY) * 1 + (blockers[1] != NOBODY)
        changes -= (blockers[0] == blockers[1]) & (blockers[0] != NOBODY)
        for party in (first, second):
            changes += self._unseated[party]
            changes += self._over_capacity(party, blockers)
        nobody_goes = (blockers[0] == NOBODY) & (blockers[1] == NOBODY)
        no_new_table = ~self._unseated[first] & ~self._unseated[second]
        changes += nobody_goes & no_new_table & self._tables_full
        return displaced * _MOST_CHANGES + changes

    def _not_allowed(self, pairs: IntArray) -> IntArray:
        changes = np.zeros((len(pairs), self._board.slots), dtype=np.int64)
        for row, pair in enumerate(pairs.tolist()):
            wanted = self._board.problem.pairs[pair]
            if wanted.slots is None and not wanted.forbidden:
                continue
            if wanted.forbidden:
                changes[row] += 1
            if wanted.slots is not None:
                changes[row] += [slot.id not in wanted.slots for slot in self._board.problem.slots]
        return changes

    def _over_capacity(self, party: IntArray, blockers: tuple[IntArray, IntArray]) -> BoolArray:
        """Where the party is full and none of its own meetings gives way."""
        problem = self._board.problem
        full = np.array(self._at_capacity, dtype=bool)[party]
        over = np.broadcast_to(full[:, None], blockers[0].shape)
        for blocker in blockers:
            ends = problem.first[blocker], problem.second[blocker]
            own = (ends[0] == party[:, None]) | (ends[1] == party[:, None])
            over = over & ~(own & (blocker != NOBODY))
        return over

    def _fix(self, pair: int, slot: int) -> Fix:
        changes = (*self._to_be_allowed(pair, slot), *self._changes(pair, slot))
        return Fix(slot=self._slot_ids[slot], changes=changes)

    def _to_be_allowed(self, pair: int, slot: int) -> Iterator[Change]:
        wanted = self._board.problem.pairs[pair]
        if wanted.forbidden:
            yield Change(kind="allow_pair", pair=wanted.id)
        if wanted.slots is not None and self._slot_ids[slot] not in wanted.slots:
            yield Change(kind="allow_slot", pair=wanted.id)

    def _changes(self, pair: int, slot: int) -> list[Change]:
        both = self._board.first[pair], self._board.second[pair]
        gone = {self._blockers[party][slot] for party in both} - {NOBODY}
        changes: list[Change] = []
        seated = True
        for party in both:
            if not self._there[party][slot]:
                changes.append(self._change("make_available", party))
            if self._at_capacity[party] and not any(self._is_in(party, other) for other in gone):
                changes.append(self._change("raise_capacity", party))
            if self._unseated[party, slot]:
                changes.append(self._change("add_table", party))
                seated = False
        if not gone and seated and self._tables_full[slot]:
            changes.append(_ONE_MORE_TABLE)
        return changes + [self._removal(other) for other in sorted(gone)]

    def _change(self, kind: ChangeKind, party: int) -> Change:
        return Change(kind=kind, party=self._board.problem.parties[party].id)

    def _removal(self, pair: int) -> Change:
        # Many pairs are kept out by the same meeting: they share what there is to say.
        removal = self._removals.get(pair)
        if removal is None:
            removal = self._removals[pair] = Change(
                kind="unpin" if pair in self._pinned else "displace",
                pair=self._board.problem.pairs[pair].id,
                weight=self._weights[pair],
            )
        return removal

    def _is_in(self, party: int, pair: int) -> bool:
        return party in {self._board.first[pair], self._board.second[pair]}


def at_capacity(board: Board) -> list[bool]:
    """Whether each party has all the meetings that it may have, whatever its free time."""
    return [
        party.capacity is not None and degree + already >= party.capacity
        for party, degree, already in zip(
            board.problem.parties, board.degree, board.problem.already.tolist(), strict=True
        )
    ]


def _guests(board: Board) -> dict[tuple[int, int], int]:
    """The meetings pinned to the tables of other hosts: (seat, slot) -> pair."""
    seat_of = {table: seat for seat, table in board.seats.table.items()}
    return {
        (seat_of[table], board.problem.fixed[pair]): pair
        for pair, table in board.problem.fixed_tables.items()
        if table in seat_of and seat_of[table] not in board.ends[pair]
    }
