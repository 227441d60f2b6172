"""Fairness as concave bonuses: the k-th meeting of a party is worth no more than the one before.

So they fit into the flow that chooses the pairs as parallel arcs, and the choice stays exact.
"""

from typing import NamedTuple

import numpy as np

from market.planner.bits import IntArray
from market.planner.model import Fairness
from market.planner.problem import Problem

# Beyond, the bonus of one more meeting is a small part of any weight.
_SOFT_LEVELS = 6


class Bonuses(NamedTuple):
    """`steps[k, party]` is what the (k+1)-th meeting is worth beside its weight."""

    steps: IntArray
    sums: IntArray

    def total(self, degree: IntArray) -> int:
        """The bonuses of all parties that have so many meetings."""
        reached = np.minimum(degree, len(self.steps))
        return int(self.sums[reached, np.arange(len(reached))].sum())

    def next_step(self, degree: IntArray) -> IntArray:
        """What one more meeting is worth to each party that has so many."""
        if not len(self.steps):
            return np.zeros_like(degree)
        step = self.steps[np.minimum(degree, len(self.steps) - 1), np.arange(len(degree))]
        return np.where(degree < len(self.steps), step, 0)


def no_bonuses(problem: Problem) -> Bonuses:
    parties = len(problem.parties)
    return Bonuses(np.zeros((0, parties), np.int64), np.zeros((1, parties), np.int64))


def bonuses_of(problem: Problem, fairness: Fairness) -> Bonuses:
    """A first meeting is worth more than all that further floors and weights can add up to, a
    further one below the floor more than all weights; those above get the soft bonus.
    """
    wanted = np.array(problem.allowed, dtype=object) != 0
    values = problem.value[wanted]
    most = int(min(problem.tables.sum(), len(values)))
    soft_levels = _SOFT_LEVELS if fairness.soft and len(values) else 0
    floor = np.minimum(problem.floor, problem.capacity + problem.already)
    levels = max(int(floor.max(initial=0)), soft_levels)
    if not levels:
        return no_bonuses(problem)
    median = int(np.median(problem.weight[wanted])) if len(values) else 0
    soft = [median // (2 * (k + 1)) if k < soft_levels else 0 for k in range(levels)]
    # More than any plan can weigh, soft bonuses included.
    heaviest = int(np.sort(values)[len(values) - most :].sum())
    further = heaviest + sum(soft) * len(floor) + 1
    first = further * (1 + int(np.maximum(floor - 1, 0).sum()))
    steps = np.stack(
        [np.where(floor > k, first if k == 0 else further, soft[k]) for k in range(levels)]
    )
    sums = np.concatenate([np.zeros((1, steps.shape[1]), np.int64), np.cumsum(steps, axis=0)])
    return Bonuses(steps, sums)
