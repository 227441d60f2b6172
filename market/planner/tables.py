"""Which table each meeting is held at, once the slots are known.

Hosts that stay have theirs. Elsewhere a party keeps its table from meeting to meeting where it
can; else it takes a free table near by, of those the one whose last owner comes back latest.
"""

from collections.abc import Iterable, Mapping

from market.planner.board import NOBODY, Board


def table_of_each(board: Board, kept: Mapping[int, str]) -> dict[int, str]:
    """The table of every meeting on the board; each is taken once a slot.

    `kept` are the tables that meetings had in an earlier plan and keep where they can.
    """
    owners = {pair: _owner(board, pair) for pair in board.planned().tolist()}
    slots_of = _slots_of_owners(board, owners)
    last_table: dict[int, str] = {}
    last_owner: dict[str, int] = {}
    tables: dict[int, str] = {}
    for slot in range(board.slots):
        meetings = sorted({row[slot] for row in board.at} - {NOBODY})
        settled = _settled(board, meetings)
        taken = set(settled.values())
        free = [table for table in board.problem.slots[slot].tables if table not in taken]
        # A party that sat somewhere goes back to it; the others take what is left.
        last = {pair: last_table.get(owners[pair]) for pair in meetings}
        for wanted in (kept, last):
            for pair in meetings:
                table = wanted.get(pair)
                if pair not in settled and table in free:
                    settled[pair] = table
                    free.remove(table)
        free.sort(key=lambda table: -_next(slots_of, last_owner.get(table, NOBODY), slot))
        for pair in meetings:
            if pair not in settled:
                near = board.problem.parties[owners[pair]].near
                settled[pair] = next((each for each in free if each in near), free[0])
                free.remove(settled[pair])
            last_table[owners[pair]] = settled[pair]
            last_owner[settled[pair]] = owners[pair]
        tables |= settled
    return tables


def _owner(board: Board, pair: int) -> int:
    """The party that would rather stay: a host, else that of the left side, else the first."""
    problem = board.problem
    first, second = board.first[pair], board.second[pair]
    hosts = problem.parties[first].host, problem.parties[second].host
    if hosts[0] != hosts[1]:
        return first if hosts[0] else second
    if problem.left is not None and not problem.left[first]:
        return second
    return first


def _settled(board: Board, meetings: Iterable[int]) -> dict[int, str]:
    """Tables that are not free to choose: those of hosts that stay, and fixed ones."""
    tables = board.seats.table
    settled: dict[int, str] = {}
    for pair in meetings:
        at_table = [tables[seat] for seat in board.ends[pair] if seat in tables]
        if at_table:
            settled[pair] = at_table[0]
        if pair in board.problem.fixed_tables:
            settled[pair] = board.problem.fixed_tables[pair]
    return settled


def _slots_of_owners(board: Board, owners: Mapping[int, int]) -> dict[int, list[int]]:
    slots_of: dict[int, list[int]] = {}
    for pair, owner in owners.items():
        slots_of.setdefault(owner, []).append(board.slot_of[pair])
    return slots_of


def _next(slots_of: dict[int, list[int]], owner: int, slot: int) -> int:
    """The slot after this one in which the owner meets again; a late one if never."""
    later = [each for each in slots_of.get(owner, ()) if each > slot]
    return min(later, default=1 << 30)
