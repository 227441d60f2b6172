"""Whether all pairs join two sides, as institutes and enterprises do, and which party is where.

For two sides the choice of pairs is exact (flow.py); for three kinds that meet each other
it is the best half-integral one, rounded (cover.py).
"""

from collections import deque
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from market.planner.bits import BoolArray, IntArray
from market.planner.model import Party


def left_side(parties: Sequence[Party], first: IntArray, second: IntArray) -> BoolArray | None:
    """True for the parties of the left side; None where some pairs close an odd circle.

    In each connected part the left side is that with more hosts, else with fewer parties: its
    times and tables are modelled exactly.
    """
    kinds = sorted({party.kind for party in parties})
    kind_at = {kind: place for place, kind in enumerate(kinds)}
    kind_of = np.array([kind_at[party.kind] for party in parties], dtype=np.int64)
    hosts = np.array([party.host for party in parties], dtype=np.int64)
    # Kinds are few: mostly they alone tell the sides, without a walk over all parties.
    joined = np.unique(np.stack([kind_of[first], kind_of[second]]), axis=1)
    by_kind = _two_sides(
        len(kinds),
        joined,
        hosts=np.bincount(kind_of, weights=hosts, minlength=len(kinds)),
        sizes=np.bincount(kind_of, minlength=len(kinds)),
    )
    if by_kind is not None:
        return by_kind[kind_of]
    return _two_sides(
        len(parties), np.stack([first, second]), hosts=hosts, sizes=np.ones(len(parties))
    )


def _two_sides(
    nodes: int,
    edges: IntArray,
    *,
    hosts: npt.NDArray[np.generic],
    sizes: npt.NDArray[np.generic],
) -> BoolArray | None:
    neighbours: list[list[int]] = [[] for _ in range(nodes)]
    for u, v in zip(edges[0].tolist(), edges[1].tolist(), strict=True):
        neighbours[u].append(v)
        neighbours[v].append(u)
    side = [-1] * nodes
    left = np.zeros(nodes, dtype=bool)
    for start in range(nodes):
        if side[start] >= 0:
            continue
        part = _walk(start, neighbours, side)
        if part is None:
            return None
        one, other = ([node for node in part if side[node] == each] for each in (0, 1))
        weigh = [(hosts[nodes_].sum(), -sizes[nodes_].sum()) for nodes_ in (one, other)]
        left[one if weigh[0] >= weigh[1] else other] = True
    return left


def _walk(start: int, neighbours: list[list[int]], side: list[int]) -> list[int] | None:
    """Give every node that can be reached the side opposite to its neighbours'; all of them."""
    side[start] = 0
    part, waiting = [start], deque([start])
    while waiting:
        node = waiting.popleft()
        for neighbour in neighbours[node]:
            if side[neighbour] < 0:
                side[neighbour] = 1 - side[node]
                part.append(neighbour)
                waiting.append(neighbour)
            elif side[neighbour] == side[node]:
                return None
    return part
