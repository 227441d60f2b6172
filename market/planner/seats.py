"""Seats: what can hold one meeting in each slot, and whose it is.

A seat is a delegation of a party or, where hosts stay, a table. Hosts that share a table share
its seat, so that whatever keeps a seat from being booked twice keeps the hosts where they are.
"""

from collections.abc import Mapping
from typing import NamedTuple

from market.planner.bits import mask_of
from market.planner.problem import Problem


class Seats(NamedTuple):
    """`of_party` are the seats of each party, `open` the slots of each seat as a mask.

    `table` names the table of a seat that is one. `shared` says whether some seat belongs to
    several parties or is closed while one of them is there. Hosts without a table, where hosts
    stay, can only visit others.
    """

    of_party: list[tuple[int, ...]]
    open: list[int]
    table: dict[int, str]
    shared: bool
    without_table: frozenset[int] = frozenset()


def free_seats(problem: Problem) -> Seats:
    """Every delegation is its own seat: nobody has a table."""
    return seats_at_tables(problem, {})._replace(without_table=frozenset())


def seats_at_tables(problem: Problem, tables: Mapping[int, tuple[str, ...]]) -> Seats:
    """`tables` names the tables of hosts that stay, one for each delegation.

    A table at which others are pinned is closed to its host then.
    """
    seats = _seats(problem, tables)
    opened = list(seats.open)
    seat_of = {table: seat for seat, table in seats.table.items()}
    for pair, table in problem.fixed_tables.items():
        seat = seat_of.get(table)
        both = int(problem.first[pair]), int(problem.second[pair])
        if seat is not None and not any(seat in seats.of_party[party] for party in both):
            opened[seat] &= ~(1 << problem.fixed[pair])
    return seats._replace(
        open=opened, shared=seats.shared or _shared(problem, tables, seats.of_party, opened)
    )


def _seats(problem: Problem, tables: Mapping[int, tuple[str, ...]]) -> Seats:
    of_party: list[tuple[int, ...]] = []
    opened: list[int] = []
    for party, delegations in enumerate(problem.delegations.tolist()):
        if party in tables:
            of_party.append(())
            continue
        of_party.append(tuple(range(len(opened), len(opened) + delegations)))
        opened += [problem.masks[party]] * delegations
    seat_of: dict[str, int] = {}
    for party, names in sorted(tables.items()):
        for name in names:
            if name not in seat_of:
                seat_of[name] = len(opened)
                opened.append(mask_of(name in slot.tables for slot in problem.slots))
        of_party[party] = tuple(seat_of[name] for name in names)
    return Seats(
        of_party,
        opened,
        table={seat: name for name, seat in seat_of.items()},
        shared=_shared(problem, tables, of_party, opened),
        without_table=frozenset(
            place
            for place, party in enumerate(problem.parties)
            if party.host and place not in tables
        ),
    )


def seats_elsewhere(seats: Seats, problem: Problem) -> Seats:
    """The same tables for a problem with other fixed meetings, for a bound on its plans.

    Who has no table may sit anywhere, and nobody's table is closed.
    """
    tables = {
        party: tuple(seats.table[seat] for seat in theirs)
        for party, theirs in enumerate(seats.of_party)
        if theirs and theirs[0] in seats.table
    }
    return _seats(problem, tables)._replace(without_table=frozenset())


def _shared(
    problem: Problem,
    tables: Mapping[int, tuple[str, ...]],
    of_party: list[tuple[int, ...]],
    opened: list[int],
) -> bool:
    seats = [seat for party in tables for seat in of_party[party]]
    return len(set(seats)) < len(seats) or any(
        problem.masks[party] & ~opened[seat] for party in tables for seat in of_party[party]
    )
