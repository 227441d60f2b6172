"""Other ways to choose meetings, for comparison: greedy, a linear program, another flow solver.

They choose pairs of fairs without absences, with the same tables in every slot; only greedy
makes a whole plan, absences or not. Each answers with the weight it reaches.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from market.planner.model import PlanRequest


class Greedy(NamedTuple):
    """What a greedy plan weighs, and how many parties it leaves without a meeting."""

    weight: int
    without_meeting: int


def greedy(request: PlanRequest) -> Greedy:
    """The heaviest pair first, into its first common slot with a table: what most tools do."""
    everywhere = (1 << len(request.slots)) - 1
    bit = {slot.id: 1 << place for place, slot in enumerate(request.slots)}
    free = {
        party.id: everywhere
        if party.available is None
        else sum(bit[slot] for slot in party.available)
        for party in request.parties
    }
    tables = [len(slot.tables) for slot in request.slots]
    with_table = everywhere
    weight = 0
    met: set[str] = set()
    for pair in sorted(request.pairs, key=lambda each: (-each.weight, each.id)):
        common = free[pair.first] & free[pair.second] & with_table
        if not common:
            continue
        slot = common & -common
        free[pair.first] &= ~slot
        free[pair.second] &= ~slot
        place = slot.bit_length() - 1
        tables[place] -= 1
        if not tables[place]:
            with_table &= ~slot
        weight += pair.weight
        met |= {pair.first, pair.second}
    return Greedy(weight, len(request.parties) - len(met))


def linear_program(request: PlanRequest) -> int:
    """The choice of pairs as a linear program, solved by HiGHS. Needs scipy."""
    from scipy.optimize import linprog  # noqa: PLC0415
    from scipy.sparse import coo_matrix  # noqa: PLC0415

    first, second, weight = _arrays(request)
    pairs, parties = len(weight), len(request.parties)
    column = np.arange(pairs)
    rows = np.concatenate([first, second, np.full(pairs, parties)])
    matrix = coo_matrix((np.ones(3 * pairs), (rows, np.concatenate([column] * 3))))
    room = [float(len(request.slots))] * parties + [float(_places(request))]
    solved: Any = linprog(-weight, A_ub=matrix.tocsr(), b_ub=room, bounds=(0, 1), method="highs")
    return round(float(-solved.fun))


def network_simplex(request: PlanRequest) -> int:
    """The same flow as the planner's, solved by networkx."""
    import networkx as nx  # noqa: PLC0415

    graph: Any = nx.DiGraph()
    places = _places(request)
    graph.add_node("source", demand=-places)
    graph.add_node("sink", demand=places)
    graph.add_edge("source", "sink", weight=0, capacity=places)
    hosts = {pair.first for pair in request.pairs}
    for party in request.parties:
        ends = ("source", party.id) if party.id in hosts else (party.id, "sink")
        graph.add_edge(*ends, weight=0, capacity=len(request.slots))
    for pair in request.pairs:
        graph.add_edge(pair.first, pair.second, weight=-pair.weight, capacity=1)
    cost, _ = nx.network_simplex(graph)
    return -int(cost)


OTHERS: dict[str, tuple[str, Callable[[PlanRequest], int]]] = {
    "HiGHS": ("scipy", linear_program),
    "networkx": ("networkx", network_simplex),
}


def _places(request: PlanRequest) -> int:
    return sum(len(slot.tables) for slot in request.slots)


def _arrays(request: PlanRequest) -> tuple[Any, Any, Any]:
    at = {party.id: place for place, party in enumerate(request.parties)}
    first = np.array([at[pair.first] for pair in request.pairs])
    second = np.array([at[pair.second] for pair in request.pairs])
    return first, second, np.array([pair.weight for pair in request.pairs], dtype=float)
