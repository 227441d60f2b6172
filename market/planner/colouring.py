"""When the chosen pairs meet: edge colouring with Kempe chains, then even use of the tables.

A slot is a colour. A pair without a common free slot gets one by exchanging two slots along the
chain of meetings that starts at one of its seats. Two sides without absences always succeed.
"""

from collections.abc import Iterable
from typing import NamedTuple

from market.planner.bits import IntArray, bits
from market.planner.board import NOBODY, UNLIMITED, Board

# How many chains an insertion looks at, and how long a chain may grow.
USUAL_TRIES = 60
_LONGEST_CHAIN = 2_000


class Exchange(NamedTuple):
    """Swap the slots `taken` and `given` for these meetings, then `taken` is free for a pair."""

    meetings: list[int]
    taken: int
    given: int
    way: tuple[int, int]


def insert(
    board: Board,
    pair: int,
    *,
    tries: int = USUAL_TRIES,
    shortest: bool = False,
    longest: int = _LONGEST_CHAIN,
) -> bool:
    """Put a pair into any slot, moving others if need be; False where it found no way.

    `shortest` looks at all `tries` chains and moves the fewest meetings, `longest` at most.
    """
    if not board.allowed[pair] or not board.has_capacity(pair):
        return False
    if insert_directly(board, pair):
        return True
    best: Exchange | None = None
    for exchange in _exchanges(board, pair, tries):
        moves = len(exchange.meetings)
        if moves <= longest and (best is None or moves < len(best.meetings)):
            best = exchange
            if not shortest:
                break
    if best is None:
        return False
    board.swap(best.meetings, best.taken, best.given)
    board.put(pair, best.taken, best.way)
    return True


def insert_directly(board: Board, pair: int) -> bool:
    """Put a pair, which has capacity, into a free slot that both can use as they are.

    Next to other meetings of its parties if there is one, so that nobody waits between, and of
    those the least loaded.
    """
    for way in board.ways_of(pair):
        free = board.common_free(pair, way)
        if free:
            board.put(pair, board.least_loaded(_adjacent(board, free, way)), way)
            return True
    return False


def _adjacent(board: Board, free: int, way: tuple[int, int]) -> int:
    """Those of the free slots next to meetings of both seats, else of one, else all."""
    busy = [board.seats.open[seat] & ~board.free[seat] for seat in way]
    beside = [(mask << 1 | mask >> 1) & free for mask in busy]
    return beside[0] & beside[1] or beside[1] or beside[0] or free


def _exchanges(board: Board, pair: int, tries: int) -> Iterable[Exchange]:
    """Chains that would free a slot for the pair, at most `tries` looked at."""
    allowed = board.allowed[pair]
    for way in board.ways_of(pair):
        for waiting, busy in (way, way[::-1]):
            for taken in bits(board.free[waiting] & allowed):
                if board.at[busy][taken] == NOBODY:
                    continue
                for given in bits(board.free[busy]):
                    if tries <= 0:
                        return
                    tries -= 1
                    chain = _chain(board, busy, taken, given, waiting)
                    if chain and _tables_suffice(board, chain, taken, given):
                        yield Exchange(chain, taken, given, way)


def _chain(board: Board, seat: int, taken: int, given: int, stop: int) -> list[int] | None:
    """The meetings that must swap so that `seat` is free in `taken`; None where one may not.

    A chain that comes back to `stop` would take the slot that the exchange is to free.
    """
    chain: list[int] = []
    at, ends, opened, allowed = board.at, board.ends, board.seats.open, board.allowed
    now, then = taken, given
    while True:
        pair = at[seat][now]
        if pair == NOBODY:
            return chain
        if pair in board.fixed or not allowed[pair] >> then & 1:
            return None
        a, b = ends[pair]
        seat = b if a == seat else a
        if seat == stop or not opened[seat] >> then & 1 or len(chain) > _LONGEST_CHAIN:
            return None
        chain.append(pair)
        now, then = then, now


def _tables_suffice(board: Board, chain: list[int], taken: int, given: int) -> bool:
    """After the swap and one more meeting in `taken`."""
    moved = -board.surplus(chain, taken)
    load, limit = board.load, board.limit
    return load[taken] + moved + 1 <= limit[taken] and load[given] - moved <= limit[given]


def seat_all(board: Board, pairs: IntArray, *, shortest: bool = False) -> list[int]:
    """Give slots to chosen pairs, those with the fewest possible ones first; the rest, unseated.

    Tables are counted only at the end: moving meetings from full slots to others is easier
    than finding a slot with a table for each.
    """
    board.set_limits([UNLIMITED if limit else 0 for limit in board.limit])
    ordered = sorted(
        pairs.tolist(), key=lambda pair: (board.allowed[pair].bit_count(), -board.value[pair])
    )
    unseated = [pair for pair in ordered if not insert(board, pair, shortest=shortest)]
    dropped = equalise(board, board.problem.tables.tolist())
    return unseated + [pair for pair in dropped if not insert(board, pair, shortest=shortest)]


def equalise(board: Board, limit: list[int]) -> list[int]:
    """Keep to the tables again: move meetings out of overfull slots, drop the lightest others.

    Two slots form paths and circles; a path with one meeting more in the fuller slot moves one
    meeting over when it is swapped (de Werra 1971).
    """
    for full in range(board.slots):
        with_room = [slot for slot in range(board.slots) if board.load[slot] < limit[slot]]
        with_room.sort(key=lambda slot: board.load[slot] - limit[slot])
        for empty in with_room:
            if board.load[full] <= limit[full]:
                break
            most = min(board.load[full] - limit[full], limit[empty] - board.load[empty])
            _move_over(board, full, empty, most)
    dropped: list[int] = []
    for full in range(board.slots):
        while board.load[full] > limit[full]:
            movable = [pair for pair in _meetings_in(board, full) if pair not in board.fixed]
            lightest = min(movable, key=board.value.__getitem__)
            board.drop(lightest)
            dropped.append(lightest)
    board.set_limits(limit)
    return dropped


def _move_over(board: Board, full: int, empty: int, most: int) -> None:
    seen: set[int] = set()
    for pair in _meetings_in(board, full):
        if most <= 0:
            return
        if pair in seen:
            continue
        chain = board.component(pair, full, empty)
        seen.update(chain)
        if board.surplus(chain, full) == 1 and board.may_swap(chain, full, empty):
            board.swap(chain, full, empty)
            most -= 1


def _meetings_in(board: Board, slot: int) -> list[int]:
    meetings = {row[slot] for row in board.at} - {NOBODY}
    return sorted(meetings)
