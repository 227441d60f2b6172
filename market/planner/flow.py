"""The choice of pairs between two sides, as one min-cost flow.

source → slot → [table] → left party → its bonuses → right party → its bonuses → sink. Slots
and tables are left out where they can't bind.
"""

import numpy as np

from market.planner.bits import BoolArray, IntArray, integers
from market.planner.board import Board
from market.planner.fairness import Bonuses
from market.planner.network import Network


class Places:
    """The numbers of the network's nodes."""

    def __init__(self, board: Board) -> None:
        self.parties = len(board.problem.parties)
        self.slots = board.slots
        self.entrance = self.parties  # of a left party, before its bonuses
        self.slot = 2 * self.parties
        self.seat = self.slot + board.slots
        self.source = self.seat + len(board.seats.open) * board.slots
        self.sink = self.source + 1
        self.count = self.source + 2


def choose_by_flow(board: Board, bonuses: Bonuses, left: BoolArray) -> tuple[IntArray, int]:
    """The chosen pairs without the fixed ones, and their values and bonuses in all."""
    problem, places = board.problem, Places(board)
    network = Network(places.count)
    pairs = open_pairs(board)
    turned = ~left[problem.first[pairs]]
    lefts = np.where(turned, problem.second[pairs], problem.first[pairs])
    rights = np.where(turned, problem.first[pairs], problem.second[pairs])
    arcs = network.add(lefts, rights, gain=problem.value[pairs])
    lefts, rights = np.unique(lefts), np.unique(rights)
    add_bonuses(network, board, bonuses, (places.entrance + lefts, lefts), lefts)
    add_bonuses(network, board, bonuses, (rights, np.full_like(rights, places.sink)), rights)
    room = rest(board)
    supply = _add_times(network, board, places, lefts, rights, room)
    supply = min(supply, int(room[lefts].sum()), int(room[rights].sum()))
    flows, gain = network.best_flow(places.source, places.sink, supply)
    return pairs[flows[arcs] > 0], gain


def open_pairs(board: Board) -> IntArray:
    """Pairs that may meet and are not fixed, between parties that have room."""
    room = rest(board) > 0
    problem = board.problem
    possible = np.array([mask != 0 for mask in problem.allowed], dtype=bool)
    possible[list(problem.fixed)] = False
    return np.flatnonzero(possible & room[problem.first] & room[problem.second])


def rest(board: Board) -> IntArray:
    """How many more meetings each party may have."""
    return integers(board.capacity) - integers(board.degree)


def add_bonuses(
    network: Network,
    board: Board,
    bonuses: Bonuses,
    ends: tuple[IntArray, IntArray],
    parties: IntArray,
) -> None:
    """One unit arc for each bonus a party can still get, one arc for what it may have beyond."""
    tails, heads = ends
    room = rest(board)[parties]
    degree = (integers(board.degree) + board.problem.already)[parties]
    for level, steps in enumerate(bonuses.steps):
        gains = steps[parties]
        ours = (gains > 0) & (degree <= level) & (room > 0)
        network.add(tails[ours], heads[ours], gain=gains[ours])
        room = room - ours
    ours = room > 0
    network.add(tails[ours], heads[ours], room=room[ours])


def _add_times(
    network: Network,
    board: Board,
    places: Places,
    lefts: IntArray,
    rights: IntArray,
    room: IntArray,
) -> int:
    """Lead the flow from the source to the left parties; how much can pass in all."""
    free_left, free_right = _free_seats(board, lefts), _free_seats(board, rights)
    tables = integers(board.limit) - integers(board.load)
    at_once = np.minimum(tables, np.minimum(free_left.sum(axis=0), free_right.sum(axis=0)))
    at_once = np.maximum(at_once, 0)
    if _slots_bind(board, free_left, at_once):
        network.add(places.source, places.slot + np.arange(board.slots), room=at_once)
        _add_slots(network, board, places, lefts, free_left)
    else:
        network.add(places.source, places.entrance + lefts, room=room[lefts])
    return int(at_once.sum())


def _free_seats(board: Board, parties: IntArray) -> IntArray:
    """How many seats each of these parties has free, slot by slot."""
    of_party = board.seats.of_party
    free = np.zeros((len(parties), board.slots), dtype=np.int64)
    masks = [board.problem.masks[party] for party in parties.tolist()]
    full = (1 << board.slots) - 1
    for row, party in enumerate(parties.tolist()):
        for seat in of_party[party]:
            mask = board.free[seat] & masks[row]
            free[row] += 1 if mask == full else _flags(mask, board.slots)
    return free


def _flags(mask: int, slots: int) -> IntArray:
    return integers(mask >> slot & 1 for slot in range(slots))


def _slots_bind(board: Board, free_left: IntArray, at_once: IntArray) -> bool:
    """Whether it matters in which slots the left parties are free."""
    if board.seats.shared:
        return True
    if (free_left.sum(axis=0) <= at_once).all():
        return False
    everybody_always = (free_left == free_left[:, :1]).all()
    return not (everybody_always and (at_once == at_once[0]).all())


def _add_slots(
    network: Network, board: Board, places: Places, lefts: IntArray, free_left: IntArray
) -> None:
    table_of = board.seats.table
    of_party = [board.seats.of_party[party] for party in lefts.tolist()]
    seated = np.array([bool(seats) and seats[0] in table_of for seats in of_party], dtype=bool)
    rows, slots = np.nonzero(np.where(seated[:, None], 0, free_left))
    network.add(places.slot + slots, places.entrance + lefts[rows], room=free_left[rows, slots])
    used = sorted({seat for row in np.flatnonzero(seated).tolist() for seat in of_party[row]})
    for seat in used:
        slots = np.flatnonzero(_flags(board.free[seat], board.slots))
        network.add(places.slot + slots, places.seat + seat * board.slots + slots)
    for row in np.flatnonzero(seated).tolist():
        party = int(lefts[row])
        for seat in of_party[row]:
            mask = board.free[seat] & board.problem.masks[party]
            slots = np.flatnonzero(_flags(mask, board.slots))
            network.add(places.seat + seat * board.slots + slots, places.entrance + party)
