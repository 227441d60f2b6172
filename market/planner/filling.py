"""After the chosen pairs are seated: parties short of their floor, then whatever still fits."""

import numpy as np

from market.planner.bits import IntArray, bits, integers, mask_array
from market.planner.board import NOBODY, Board
from market.planner.colouring import insert, insert_directly

_FILLING_TRIES = 25
_RESCUE_TRIES = 200
# At the largest fairs a quarter of a million pairs are left; the light ones hardly count.
_MOST_CHAINED = 20_000
_MOST_MISSES = 3_000


def fill(board: Board) -> None:
    """Add left out pairs by value: first those that fit as they are, then along chains."""
    fill_directly(board)
    misses = 0
    for pair in _by_value(board, _with_capacity(board))[:_MOST_CHAINED].tolist():
        if not board.open_slots or misses > _MOST_MISSES:
            break
        if not insert(board, pair, tries=_FILLING_TRIES):
            misses += 1
    fill_directly(board)


def fill_directly(board: Board) -> None:
    """Add left out pairs by value that fit without moving anything."""
    for pair in _by_value(board, _that_fit(board)).tolist():
        if board.has_capacity(pair):
            insert_directly(board, pair)


def _by_value(board: Board, pairs: IntArray) -> IntArray:
    return pairs[np.argsort(-board.problem.value[pairs], kind="stable")]


def _with_capacity(board: Board) -> IntArray:
    problem = board.problem
    room = integers(board.degree) < integers(board.capacity)
    out = integers(board.slot_of) == NOBODY
    return np.flatnonzero(out & room[problem.first] & room[problem.second])


def _that_fit(board: Board) -> IntArray:
    """Pairs with capacity whose parties have a common free slot with a table."""
    problem, pairs = board.problem, _with_capacity(board)
    free = mask_array([board.free_of(seats) for seats in board.seats.of_party], board.slots)
    allowed = mask_array(board.allowed, board.slots)
    both = free[problem.first[pairs]] & free[problem.second[pairs]] & allowed[pairs]
    fitting: IntArray = pairs[(both & board.open_slots) != 0]
    return fitting


def rescue(board: Board, *, shortest: bool = False) -> None:
    """Help parties that are below their floor, those with the fewest meetings first.

    Where nothing else works, a meeting gives way whose parties can spare it.
    """
    for level in range(1, int(board.problem.floor.max(initial=0)) + 1):
        short = [party for party in range(len(board.degree)) if _is_short(board, party, level)]
        if not short:
            continue
        pairs_of = _pairs_of(board, short)
        for party in short:
            for pair in pairs_of[party]:
                if not _is_short(board, party, level):
                    break
                if board.slot_of[pair] == NOBODY and not insert(
                    board, pair, tries=_RESCUE_TRIES, shortest=shortest
                ):
                    _insert_instead(board, pair, level)


def _is_short(board: Board, party: int, level: int) -> bool:
    """Whether the party could use another meeting to reach the level, as far as it is promised."""
    problem = board.problem
    has = board.degree[party] + int(problem.already[party])
    return (
        has < min(level, int(problem.floor[party])) and board.capacity[party] > board.degree[party]
    )


def _pairs_of(board: Board, parties: list[int]) -> dict[int, list[int]]:
    """The possible pairs of each of these parties, the most valuable first."""
    problem = board.problem
    ours = np.flatnonzero(np.isin(problem.first, parties) | np.isin(problem.second, parties))
    pairs_of: dict[int, list[int]] = {party: [] for party in parties}
    for pair in _by_value(board, ours).tolist():
        for party in (board.first[pair], board.second[pair]):
            if party in pairs_of and board.allowed[pair]:
                pairs_of[party].append(pair)
    return pairs_of


def _insert_instead(board: Board, pair: int, level: int) -> bool:
    """Put the pair in place of one other meeting, which then gets another slot if it can."""
    for way in board.ways_of(pair):
        opened = board.seats.open[way[0]] & board.seats.open[way[1]]
        for slot in bits(board.allowed[pair] & opened):
            for other in _in_the_way(board, way, slot):
                if not _can_spare(board, other, pair, level):
                    continue
                before = board.slot_of[other], board.ends[other]
                board.drop(other)
                if board.has_capacity(pair) and board.common_free(pair, way) >> slot & 1:
                    board.put(pair, slot, way)
                    insert(board, other, tries=_RESCUE_TRIES)
                    return True
                board.put(other, *before)
    return False


def _in_the_way(board: Board, way: tuple[int, int], slot: int) -> list[int]:
    """Single meetings whose end would let the pair meet then; one at its seats, or any table's."""
    there = {board.at[seat][slot] for seat in way} - {NOBODY}
    if there:
        return list(there) if len(there) == 1 else []
    if board.open_slots >> slot & 1:
        return []
    meetings = {row[slot] for row in board.at} - {NOBODY}
    return sorted(meetings, key=lambda other: (board.value[other], other))


def _can_spare(board: Board, other: int, pair: int, level: int) -> bool:
    if other in board.fixed:
        return False
    problem = board.problem
    ours = board.first[pair], board.second[pair]
    for party in (board.first[other], board.second[other]):
        has = board.degree[party] + int(problem.already[party])
        if party not in ours and has <= min(level, int(problem.floor[party])):
            return False
    return True
