"""The choice of pairs where three kinds of parties meet each other: a flow on two copies of all.

Every pair is there twice, from either party's first copy to the other's second. Half of the
flow's gain is the best fractional choice, so a bound; its halves are rounded by value.
"""

import numpy as np

from market.planner.bits import IntArray, integers
from market.planner.board import Board
from market.planner.fairness import Bonuses
from market.planner.flow import add_bonuses, open_pairs, rest
from market.planner.network import Network


def choose_by_cover(board: Board, bonuses: Bonuses) -> tuple[IntArray, int]:
    """The chosen pairs without the fixed ones, and a bound on what any choice is worth."""
    problem, parties = board.problem, len(board.problem.parties)
    pairs = open_pairs(board)
    first, second = problem.first[pairs], problem.second[pairs]
    out, into, before, after = (np.arange(parties) + copy * parties for copy in range(4))
    seat = 4 * parties
    source = seat + 2 * len(board.seats.open)
    network = Network(source + 2)
    value = problem.value[pairs]
    there = network.add(out[first], into[second], gain=value)
    back = network.add(out[second], into[first], gain=value)
    everyone = np.arange(parties)
    add_bonuses(network, board, bonuses, (before, out), everyone)
    add_bonuses(network, board, bonuses, (into, after), everyone)
    _add_seats(network, board, (source, seat), (before, after))
    most = _most_meetings(board)
    flows, gain = network.best_flow(source, source + 1, 2 * most)
    halves = flows[there] + flows[back]
    return _rounded(board, pairs, halves, most), -(-gain // 2)


def _add_seats(
    network: Network, board: Board, nodes: tuple[int, int], ends: tuple[IntArray, IntArray]
) -> None:
    """Hosts that share a table share its slots; others have as many slots as meetings."""
    source, seat = nodes
    before, after = ends
    if not board.seats.shared:
        room = rest(board)
        network.add(source, before, room=room)
        network.add(after, source + 1, room=room)
        return
    count = len(board.free)
    seats = np.arange(count)
    slots = integers(mask.bit_count() for mask in board.free)
    network.add(source, seat + seats, room=slots)
    network.add(seat + count + seats, source + 1, room=slots)
    owners, theirs = (
        np.array(
            [(party, one) for party, all_ in enumerate(board.seats.of_party) for one in all_],
            dtype=np.int64,
        )
        .reshape(-1, 2)
        .T
    )
    network.add(seat + theirs, before[owners], room=board.slots)
    network.add(after[owners], seat + count + theirs, room=board.slots)


def _most_meetings(board: Board) -> int:
    """How many meetings the tables and the people present allow in all."""
    of_party = board.seats.of_party
    present = np.zeros(board.slots, dtype=np.int64)
    bit = np.arange(board.slots)
    for party, seats in enumerate(of_party):
        for one in seats:
            mask = board.free[one] & board.problem.masks[party]
            present += np.array([mask >> slot & 1 for slot in bit.tolist()], dtype=np.int64)
    tables = integers(board.limit) - integers(board.load)
    return int(np.maximum(0, np.minimum(tables, present // 2)).sum())


def _rounded(board: Board, pairs: IntArray, halves: IntArray, most: int) -> IntArray:
    """All whole pairs, then the half ones by value as long as both parties have room."""
    problem = board.problem
    chosen: list[int] = pairs[halves == 2].tolist()
    room = rest(board)
    np.subtract.at(room, problem.first[chosen], 1)
    np.subtract.at(room, problem.second[chosen], 1)
    half = pairs[halves == 1]
    for pair in half[np.argsort(-problem.value[half], kind="stable")].tolist():
        first, second = problem.first[pair], problem.second[pair]
        if len(chosen) < most and room[first] > 0 and room[second] > 0:
            chosen.append(pair)
            room[first] -= 1
            room[second] -= 1
    return np.array(sorted(chosen), dtype=np.int64)
