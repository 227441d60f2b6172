"""Who meets whom, times aside: the heaviest choice that capacities and tables let through.

It is at least as heavy as any plan, because each constraint in it is one of every plan's; where
two sides meet and nobody is absent, its meetings can always be given slots (König's theorem).
"""

from typing import NamedTuple

import numpy as np

from market.planner.bits import IntArray
from market.planner.board import Board
from market.planner.cover import choose_by_cover
from market.planner.fairness import Bonuses
from market.planner.flow import choose_by_flow
from market.planner.problem import Problem, degrees


class Choice(NamedTuple):
    """`pairs` to seat beside the fixed ones; no plan is worth more than `bound`."""

    pairs: IntArray
    bound: int


def choose(board: Board, bonuses: Bonuses) -> Choice:
    """The best set of pairs beside the fixed meetings that are on the board."""
    problem = board.problem
    pairs, gain = (
        choose_by_flow(board, bonuses, problem.left)
        if problem.left is not None
        else choose_by_cover(board, bonuses)
    )
    fixed = np.array(list(problem.fixed), dtype=np.int64)
    return Choice(pairs, gain + worth(problem, fixed, bonuses))


def worth(problem: Problem, pairs: IntArray, bonuses: Bonuses) -> int:
    """Values and bonuses of exactly these meetings."""
    degree = degrees(problem, pairs) + problem.already
    return int(problem.value[pairs].sum()) + bonuses.total(degree)
