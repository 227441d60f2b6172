"""Shorter days: exchange slots so that parties wait less between their meetings.

The set of meetings never changes, nor a fixed one, nor the number of tables that suffices.
"""

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from market.planner.bits import bits
from market.planner.board import NOBODY, Board

# Waiting visitors stand about; a waiting host at least sits at its table.
_VISITOR_COST, _HOST_COST = 2, 1
_LONGEST_EXCHANGE = 60
_COUNTERWEIGHTS_TRIED = 8
# So many steps without a gain for each who waits, and the climb ends.
_PATIENCE = 100
_STEPS_BETWEEN_LOOKS = 50

# Who waits: a party at one of its seats.
_Waiter = tuple[int, int]


def day_masks(days: Sequence[str]) -> list[int]:
    """The slots of each day as a mask."""
    masks: dict[str, int] = {}
    for slot, day in enumerate(days):
        masks[day] = masks.get(day, 0) | 1 << slot
    return list(masks.values())


def idle_in(busy: int, there: int, days: Sequence[int]) -> int:
    """Empty slots between the first and the last meeting of each day, absences left out."""
    idle = 0
    for day in days:
        meetings = busy & day
        if meetings:
            # All slots from the first meeting to the last.
            span = (1 << meetings.bit_length()) - (meetings & -meetings)
            idle += (span & day & (there | meetings)).bit_count() - meetings.bit_count()
    return idle


def compact(
    board: Board, days: Sequence[int], *, steps: int, seed: int, is_over: Callable[[], bool]
) -> None:
    """Hill climbing by random exchanges of two slots along one chain, kept if not worse.

    The same seed and steps give the same plan unless `is_over` says that time has run out.
    """
    climb = _Climb(board, days, random.Random(seed))  # noqa: S311 - no secret hangs on it
    for step in range(steps):
        if climb.is_stuck or (step % _STEPS_BETWEEN_LOOKS == 0 and is_over()):
            return
        climb.step()


class _Exchange(NamedTuple):
    meetings: list[int]
    source: int
    target: int


class _Climb:
    """The state of one climb."""

    def __init__(self, board: Board, days: Sequence[int], chance: random.Random) -> None:
        self._board, self._days, self._chance = board, days, chance
        self._there = board.problem.masks
        hosts = [party.host for party in board.problem.parties]
        self._price = [_HOST_COST if host else _VISITOR_COST for host in hosts]
        self._busy: dict[_Waiter, int] = {}
        for pair in board.planned().tolist():
            for waiter in self._waiters(pair):
                self._busy[waiter] = self._busy.get(waiter, 0) | 1 << board.slot_of[pair]
        self._cost = {waiter: self._cost_of(waiter, busy) for waiter, busy in self._busy.items()}
        # Those who wait, and some who did until lately.
        self._waiting = [waiter for waiter, cost in self._cost.items() if cost]
        self._listed = set(self._waiting)
        self._in_vain = 0

    @property
    def is_stuck(self) -> bool:
        """Whether nobody waits, or each who does has been tried often without any gain."""
        return not self._waiting or self._in_vain > _PATIENCE * len(self._waiting)

    def _waiters(self, pair: int) -> tuple[_Waiter, _Waiter]:
        seat, other = self._board.ends[pair]
        return (self._board.first[pair], seat), (self._board.second[pair], other)

    def _cost_of(self, waiter: _Waiter, busy: int) -> int:
        return self._price[waiter[0]] * idle_in(busy, self._there[waiter[0]], self._days)

    def step(self) -> None:
        """Try one exchange for one who waits."""
        self._in_vain += 1
        place = self._chance.randrange(len(self._waiting))
        waiter = self._waiting[place]
        if not self._cost[waiter]:
            self._waiting[place] = self._waiting[-1]
            self._waiting.pop()
            self._listed.discard(waiter)
            return
        exchange = self._exchange(waiter)
        if exchange is None:
            return
        moved = self._moved(exchange)
        if self._costs_more(moved):
            return
        if not self._tables_suffice(exchange):
            exchange = self._balanced(exchange)
            if exchange is None:
                return
            moved = self._moved(exchange)
            if self._costs_more(moved):
                return
        if self._board.may_swap(*exchange):
            self._board.swap(*exchange)
            self._note(moved)

    def _costs_more(self, moved: dict[_Waiter, int]) -> bool:
        before = sum(self._cost[waiter] for waiter in moved)
        return sum(self._cost_of(waiter, busy) for waiter, busy in moved.items()) > before

    def _exchange(self, waiter: _Waiter) -> _Exchange | None:
        """Mostly: the first or last meeting of a day moves into a hole of that day."""
        chance, busy = self._chance, self._busy[waiter]
        there = self._there[waiter[0]]
        idle = [day for day in self._days if idle_in(busy, there, (day,))]
        day = idle[chance.randrange(len(idle))]
        meetings = list(bits(busy & day))
        source = meetings[0] if chance.random() < 0.5 else meetings[-1]
        if chance.random() < 0.25:
            source = meetings[chance.randrange(len(meetings))]
        span = (1 << meetings[-1]) - (1 << meetings[0])
        holes = list(bits(span & day & there & ~busy))
        target = holes[chance.randrange(len(holes))]
        if chance.random() < 0.2:
            target = chance.randrange(self._board.slots)
        pair = self._board.at[waiter[1]][source]
        if source == target or pair in self._board.fixed:
            return None
        meetings = self._board.component(pair, source, target)
        return _Exchange(meetings, source, target) if len(meetings) <= _LONGEST_EXCHANGE else None

    def _moved(self, exchange: _Exchange) -> dict[_Waiter, int]:
        """The busy slots, after the exchange, of those who meet in just one of both slots."""
        both = 1 << exchange.source | 1 << exchange.target
        moved: dict[_Waiter, int] = {}
        for pair in exchange.meetings:
            for waiter in self._waiters(pair):
                if waiter in moved:
                    del moved[waiter]
                else:
                    moved[waiter] = self._busy[waiter] ^ both
        return moved

    def _tables_suffice(self, exchange: _Exchange) -> bool:
        meetings, source, target = exchange
        board = self._board
        moved = board.surplus(meetings, source)
        return (
            board.load[source] - moved <= board.limit[source]
            and board.load[target] + moved <= board.limit[target]
        )

    def _balanced(self, exchange: _Exchange) -> _Exchange | None:
        """Where a slot is full, another chain has to go the opposite way."""
        meetings, source, target = exchange
        board = self._board
        needed = -board.surplus(meetings, source)
        full, other = (source, target) if needed > 0 else (target, source)
        for _ in range(_COUNTERWEIGHTS_TRIED):
            pair = board.at[self._chance.randrange(len(board.at))][full]
            if pair == NOBODY or pair in meetings:
                continue
            chain = board.component(pair, full, other)
            if board.surplus(chain, source) == needed and len(chain) <= _LONGEST_EXCHANGE:
                return _Exchange(meetings + chain, source, target)
        return None

    def _note(self, moved: dict[_Waiter, int]) -> None:
        before = sum(self._cost[waiter] for waiter in moved)
        for waiter, busy in moved.items():
            self._busy[waiter] = busy
            cost = self._cost[waiter] = self._cost_of(waiter, busy)
            before -= cost
            if cost and waiter not in self._listed:
                self._waiting.append(waiter)
                self._listed.add(waiter)
        if before > 0:
            self._in_vain = 0
