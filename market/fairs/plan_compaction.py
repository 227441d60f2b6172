"""Shorter days: exchange slots so that parties wait less between their meetings.

The set of meetings never changes, nor a fixed one, nor the number of tables that suffices.
"""

import random
from collections.abc import Callable, Sequence

from market.fairs.plan_bits import bits
from market.fairs.plan_board import NOBODY, Board

# Waiting visitors stand about, a waiting host at least sits at its table.
_VISITOR_COST, _HOST_COST = 2, 1
_LONGEST_EXCHANGE = 60
_STEPS_BETWEEN_LOOKS = 50


def day_masks(days: Sequence[str]) -> list[int]:
    """The slots of each day as a mask."""
    masks: dict[str, int] = {}
    for slot, day in enumerate(days):
        masks[day] = masks.get(day, 0) | 1 << slot
    return list(masks.values())


def idle_in(busy: int, days: Sequence[int]) -> int:
    """Empty slots between the first and the last meeting of each day."""
    idle = 0
    for day in days:
        meetings = busy & day
        if meetings:
            span = day & ((1 << meetings.bit_length()) - (meetings & -meetings))
            idle += span.bit_count() - meetings.bit_count()
    return idle


def busy_mask(board: Board, party: int) -> int:
    """The slots in which the party meets somebody."""
    busy = 0
    for seat in board.seats.of_party[party]:
        taken = board.seats.open[seat] & ~board.free[seat]
        if seat in board.seats.table:
            row = board.at[seat]
            taken = sum(
                1 << slot
                for slot in bits(taken)
                if row[slot] != NOBODY
                and party in {board.first[row[slot]], board.second[row[slot]]}
            )
        busy |= taken
    return busy


def compact(
    board: Board,
    days: Sequence[int],
    *,
    steps: int,
    seed: int,
    is_over: Callable[[], bool],
) -> None:
    """Hill climbing by random exchanges of two slots along one chain, kept if not worse.

    The same seed and steps give the same plan unless `is_over` says that time has run out.
    """
    chance = random.Random(seed)  # noqa: S311 - nothing secret hangs on it
    hosts = [party.host for party in board.problem.parties]
    price = [_HOST_COST if host else _VISITOR_COST for host in hosts]
    cost = [price[party] * idle_in(busy_mask(board, party), days) for party in range(len(price))]
    waiting = [party for party, each in enumerate(cost) if each]
    for step in range(steps):
        if not waiting or (step % _STEPS_BETWEEN_LOOKS == 0 and is_over()):
            return
        place = chance.randrange(len(waiting))
        party = waiting[place]
        if not cost[party]:
            waiting[place] = waiting[-1]
            waiting.pop()
            continue
        exchange = _exchange(board, party, days, chance)
        if exchange is None:
            continue
        chain, one, other = exchange
        touched = {end for pair in chain for end in (board.first[pair], board.second[pair])}
        board.swap(chain, one, other)
        new = {each: price[each] * idle_in(busy_mask(board, each), days) for each in touched}
        if sum(new.values()) > sum(cost[each] for each in touched):
            board.swap(chain, one, other)
            continue
        for each, now in new.items():
            if now and not cost[each]:
                waiting.append(each)
            cost[each] = now


def _exchange(
    board: Board, party: int, days: Sequence[int], chance: random.Random
) -> tuple[list[int], int, int] | None:
    """A legal exchange that moves one meeting of the party, mostly an end into a hole."""
    busy = busy_mask(board, party)
    idle = [day for day in days if idle_in(busy & day, (day,))]
    day = idle[chance.randrange(len(idle))]
    meetings = list(bits(busy & day))
    source = meetings[0] if chance.random() < 0.5 else meetings[-1]
    if chance.random() < 0.25:
        source = meetings[chance.randrange(len(meetings))]
    holes = [slot for slot in bits(day & ~busy) if meetings[0] < slot < meetings[-1]]
    target = (
        holes[chance.randrange(len(holes))]
        if chance.random() < 0.8
        else chance.randrange(board.slots)
    )
    pair = _meeting_of(board, party, source)
    if source == target or pair in board.fixed:
        return None
    chain = board.component(pair, source, target)
    if len(chain) > _LONGEST_EXCHANGE or not board.may_swap(chain, source, target):
        return None
    moved = board.surplus(chain, source)
    load, limit = board.load, board.limit
    if load[source] - moved > limit[source] or load[target] + moved > limit[target]:
        return None
    return chain, source, target


def _meeting_of(board: Board, party: int, slot: int) -> int:
    for seat in board.seats.of_party[party]:
        pair = board.at[seat][slot]
        if pair != NOBODY and party in {board.first[pair], board.second[pair]}:
            return pair
    raise AssertionError("the party meets nobody then")
