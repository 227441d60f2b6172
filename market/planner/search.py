"""The search for a plan: choose, seat, rescue, fill, and repair as long as that helps."""

from time import perf_counter
from typing import NamedTuple

from market.planner.board import Board
from market.planner.choice import Choice, choose, worth
from market.planner.colouring import seat_all
from market.planner.fairness import Bonuses, bonuses_of
from market.planner.filling import fill, rescue
from market.planner.lanes import assign_tables
from market.planner.model import PlanRequest
from market.planner.problem import Problem, degrees
from market.planner.seats import Seats, free_seats, seats_at_tables
from market.planner.slotwise import improve_slot

# Below, more rounds of repair win less than the rounding of weights did.
_SMALL_GAP = 5e-4


class Deadline:
    """A limit on the time of one search."""

    def __init__(self, seconds: float) -> None:
        self._end_s = perf_counter() + seconds
        self.passed = False

    def is_over(self) -> bool:
        self.passed = self.passed or perf_counter() > self._end_s
        return self.passed


class Sought(NamedTuple):
    """A board with its meetings, and the choice that no plan of the `asked` problem beats.

    On the board more may be fixed than was asked for; `seats` are those of the choice.
    """

    board: Board
    bonuses: Bonuses
    choice: Choice
    asked: Problem
    seats: Seats


def search(problem: Problem, request: PlanRequest, deadline: Deadline) -> Sought:
    """The best meetings beside the fixed ones of the problem."""
    bonuses = bonuses_of(problem, request.fairness)
    board = Board(problem, seats_for(problem, bonuses))
    choice = choose(board, bonuses)
    seat_all(board, choice.pairs)
    rescue(board)
    fill(board)
    sought = Sought(board, bonuses, choice, problem, board.seats)
    for _ in range(request.budget.rounds):
        if deadline.is_over() or not _repair(sought, deadline):
            break
    return sought


def _repair(sought: Sought, deadline: Deadline) -> bool:
    """One round over all slots; whether it was needed and won something."""
    board, bonuses, choice = sought.board, sought.bonuses, sought.choice
    before = worth(board.problem, board.planned(), bonuses)
    weight = int(board.problem.weight[board.planned()].sum())
    if choice.bound - before <= _SMALL_GAP * weight:
        return False
    for slot in range(board.problem.begin, board.slots):
        if not deadline.is_over():
            improve_slot(board, slot, bonuses)
    rescue(board)
    fill(board)
    return worth(board.problem, board.planned(), bonuses) > before


def seats_for(problem: Problem, bonuses: Bonuses) -> Seats:
    """Where hosts stay, a first choice without tables tells how busy each is going to be."""
    seats = free_seats(problem)
    if not problem.hosts_stay:
        return seats
    chosen = choose(Board(problem, seats), bonuses).pairs
    demand = degrees(problem, chosen) + problem.fixed_degree()
    return seats_at_tables(problem, assign_tables(problem, demand))
