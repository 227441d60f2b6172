"""The board: which pair meets in which slot, kept feasible by every move on it.

A move is legal where both seats are free, the slot has a table, and the pair may meet then.
"""

from collections.abc import Iterable, Sequence

from market.planner.bits import IntArray, bits, integers
from market.planner.problem import Problem
from market.planner.refusals import refused_pin
from market.planner.seats import Seats

NOBODY = -1
# More tables than any slot can need.
UNLIMITED = 1 << 40


class Board:
    """`at[seat][slot]` is the pair that meets there; `slot_of[pair]` is NOBODY where it doesn't.

    `free[seat]` is the mask of slots in which the seat is open and empty; `open_slots` those
    with a table left; `ends[pair]` the two seats of a pair that meets.
    """

    __slots__ = (
        "allowed",
        "at",
        "capacity",
        "degree",
        "ends",
        "first",
        "fixed",
        "free",
        "limit",
        "load",
        "open_slots",
        "problem",
        "seats",
        "second",
        "slot_of",
        "slots",
        "value",
        "ways",
    )

    def __init__(self, problem: Problem, seats: Seats) -> None:
        self.problem, self.seats = problem, seats
        self.slots = len(problem.slots)
        self.first: list[int] = problem.first.tolist()
        self.second: list[int] = problem.second.tolist()
        self.value: list[int] = problem.value.tolist()
        self.allowed = problem.allowed
        self.capacity: list[int] = problem.capacity.tolist()
        self.degree = [0] * len(problem.parties)
        self.at = [[NOBODY] * self.slots for _ in seats.open]
        self.free = list(seats.open)
        self.slot_of = [NOBODY] * len(problem.pairs)
        self.ends: list[tuple[int, int]] = [(NOBODY, NOBODY)] * len(problem.pairs)
        self.ways: dict[int, list[tuple[int, int]]] = {}
        self.load = [0] * self.slots
        self.limit: list[int] = problem.tables.tolist()
        self.open_slots = 0
        self.set_limits(self.limit)
        self.fixed = frozenset(problem.fixed)
        # Who can sit in one place only comes before who can choose.
        for pair in sorted(problem.fixed, key=lambda pair: len(self._fixed_ways(pair))):
            self._put_fixed(pair, problem.fixed[pair])

    def set_limits(self, limit: Sequence[int]) -> None:
        """How many meetings each slot takes from now on; those there already stay."""
        self.limit = list(limit)
        self.open_slots = sum(
            1 << slot for slot in range(self.slots) if self.load[slot] < self.limit[slot]
        )

    def _fixed_ways(self, pair: int) -> list[tuple[int, int]]:
        """The ways at the table of a fixed meeting if that is one of its host, else all."""
        table = self.problem.fixed_tables.get(pair)
        ways = self.ways_of(pair)
        return [way for way in ways if table in self._tables_of(way)[:1]] or ways

    def _tables_of(self, way: tuple[int, int]) -> list[str]:
        """Tables among two seats; the first is where they meet."""
        return [self.seats.table[seat] for seat in way if seat in self.seats.table]

    def _put_fixed(self, pair: int, slot: int) -> None:
        ways = [way for way in self._fixed_ways(pair) if self._can_sit(way, slot)]
        if not ways:
            raise refused_pin(
                self.problem.pairs[pair].id,
                self.problem.slots[slot].id,
                "固定桌位的一方在该时段没有空桌",
                "the table at which a host stays is taken or missing then",
            )
        self.put(pair, slot, ways[0])

    def _can_sit(self, way: tuple[int, int], slot: int) -> bool:
        """Whether both seats are empty, and the table at which they meet is open to them."""
        if any(self.at[seat][slot] != NOBODY for seat in way):
            return False
        table = next((seat for seat in way if seat in self.seats.table), None)
        # Of two hosts the second leaves its table, at which others may sit meanwhile.
        return table is None or bool(self.seats.open[table] >> slot & 1)

    def ways_of(self, pair: int) -> list[tuple[int, int]]:
        """The pairs of seats at which a pair can meet: one, unless there are delegations."""
        ways = self.ways.get(pair)
        if ways is None:
            firsts = self.seats.of_party[self.first[pair]]
            seconds = self.seats.of_party[self.second[pair]]
            ways = [(a, b) for a in firsts for b in seconds if a != b]
            if self.seats.without_table.intersection(self.problem.hosts_of(pair)[:1]):
                ways = []
            self.ways[pair] = ways
        return ways

    def has_capacity(self, pair: int) -> bool:
        first, second = self.first[pair], self.second[pair]
        return (
            self.degree[first] < self.capacity[first]
            and self.degree[second] < self.capacity[second]
        )

    def put(self, pair: int, slot: int, way: tuple[int, int]) -> None:
        """The caller knows that both seats are free then."""
        a, b = self.ends[pair] = way
        others = ~(1 << slot)
        self.slot_of[pair] = slot
        self.at[a][slot] = self.at[b][slot] = pair
        self.free[a] &= others
        self.free[b] &= others
        self.degree[self.first[pair]] += 1
        self.degree[self.second[pair]] += 1
        self.load[slot] += 1
        if self.load[slot] >= self.limit[slot]:
            self.open_slots &= others

    def drop(self, pair: int) -> None:
        a, b = self.ends[pair]
        slot = self.slot_of[pair]
        bit = 1 << slot
        self.slot_of[pair] = NOBODY
        self.at[a][slot] = self.at[b][slot] = NOBODY
        self.free[a] |= bit
        self.free[b] |= bit
        self.degree[self.first[pair]] -= 1
        self.degree[self.second[pair]] -= 1
        self.load[slot] -= 1
        if self.load[slot] < self.limit[slot]:
            self.open_slots |= bit

    def may_move(self, pair: int, slot: int) -> bool:
        """Whether the pair may meet in that slot at its seats, whoever sits there now."""
        a, b = self.ends[pair]
        opened = self.seats.open[a] & self.seats.open[b] & self.allowed[pair]
        return bool(opened >> slot & 1) and pair not in self.fixed

    def component(self, pair: int, one: int, other: int) -> list[int]:
        """All meetings of two slots that hang together with this one, seat by seat."""
        found = [pair]
        seen = {pair}
        for seat in self.ends[pair]:
            current, here = pair, seat
            while True:
                slot = other if self.slot_of[current] == one else one
                current = self.at[here][slot]
                if current == NOBODY or current in seen:
                    break
                seen.add(current)
                found.append(current)
                a, b = self.ends[current]
                here = b if a == here else a
        return found

    def swap(self, meetings: Sequence[int], one: int, other: int) -> None:
        """Exchange two slots for meetings that form whole chains between them."""
        seats = set()
        for pair in meetings:
            slot = self.slot_of[pair]
            self.load[slot] -= 1
            for seat in self.ends[pair]:
                self.at[seat][slot] = NOBODY
                seats.add(seat)
        for pair in meetings:
            slot = self.slot_of[pair] = other if self.slot_of[pair] == one else one
            self.load[slot] += 1
            a, b = self.ends[pair]
            self.at[a][slot] = self.at[b][slot] = pair
        for slot in (one, other):
            bit = 1 << slot
            for seat in seats:
                if self.at[seat][slot] == NOBODY:
                    self.free[seat] |= bit & self.seats.open[seat]
                else:
                    self.free[seat] &= ~bit
            if self.load[slot] < self.limit[slot]:
                self.open_slots |= bit
            else:
                self.open_slots &= ~bit

    def surplus(self, meetings: Sequence[int], slot: int) -> int:
        """How many more of these meetings are in this slot than elsewhere."""
        inside = sum(1 for pair in meetings if self.slot_of[pair] == slot)
        return 2 * inside - len(meetings)

    def may_swap(self, meetings: Sequence[int], one: int, other: int) -> bool:
        """Whether every one of them may take the other slot; tables are not looked at."""
        return all(
            self.may_move(pair, other if self.slot_of[pair] == one else one) for pair in meetings
        )

    def planned(self) -> IntArray:
        """The pairs that meet, fixed ones included."""
        return integers(pair for pair, slot in enumerate(self.slot_of) if slot != NOBODY)

    def common_free(self, pair: int, way: tuple[int, int]) -> int:
        """The slots in which the pair could be put at these seats, tables included."""
        return self.free[way[0]] & self.free[way[1]] & self.open_slots & self.allowed[pair]

    def free_of(self, seats: Iterable[int]) -> int:
        """The slots in which any of these seats is free."""
        free = 0
        for seat in seats:
            free |= self.free[seat]
        return free

    def least_loaded(self, mask: int) -> int:
        """Of these slots the one with the fewest meetings, the earliest of equals."""
        return min(bits(mask), key=self.load.__getitem__)
