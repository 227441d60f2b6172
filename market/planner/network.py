"""The network that a choice of pairs is solved on: a thin skin over a min-cost flow solver."""

import numpy as np

from market.errors import DuijieError
from market.planner.bits import IntArray

# The solver multiplies costs by the number of nodes in 64 bits; beyond, it answers
# BAD_COST_RANGE. Gains above the limit are divided by a power of two, rounded up.
_MAX_PRODUCT = 1 << 60
_ATTEMPTS = 6
_COARSER_BITS = 6


class FlowFailed(DuijieError):
    """The solver gave no optimum for a network that has one."""


class Network:
    """Arcs with capacities and integer gains, collected in arrays and solved once."""

    def __init__(self, nodes: int) -> None:
        self._nodes = nodes
        self._arcs: list[tuple[IntArray, IntArray, IntArray, IntArray]] = []
        self._size = 0

    def add(
        self,
        tails: IntArray | int,
        heads: IntArray | int,
        *,
        room: IntArray | int = 1,
        gain: IntArray | int = 0,
    ) -> slice:
        """Add arcs, one for each place of the arrays; the slice finds their flows later."""
        arrays = np.broadcast_arrays(
            *(
                np.atleast_1d(np.asarray(each, dtype=np.int64))
                for each in (tails, heads, room, gain)
            )
        )
        self._arcs.append((arrays[0], arrays[1], arrays[2], arrays[3]))
        begin, self._size = self._size, self._size + len(arrays[0])
        return slice(begin, self._size)

    def best_flow(self, source: int, sink: int, supply: int) -> tuple[IntArray, int]:
        """The flow of each arc with the greatest gain, at most `supply` in all, and its gain.

        The gain is exact, or a little too high where gains had to be made coarser; never too
        low. Raises FlowFailed if the solver finds no optimum, which has never been seen.
        """
        self.add(source, sink, room=supply)
        tails, heads, room, gains = (
            np.concatenate([arcs[part] for arcs in self._arcs]) for part in range(4)
        )
        limit = _MAX_PRODUCT // max(self._nodes + 2, 4 * supply + 1)
        shift = max(0, int(gains.max(initial=0)).bit_length() - limit.bit_length() + 1)
        status = ""
        for _ in range(_ATTEMPTS):
            coarse = -(-gains >> shift)
            flows, status = _solve(tails, heads, room, coarse, (source, sink, supply))
            if flows is not None:
                return flows, int((flows * coarse).sum()) << shift
            shift += _COARSER_BITS
        raise FlowFailed(f"The meeting planner's flow was not solved: {status}.")


def _solve(
    tails: IntArray, heads: IntArray, room: IntArray, gains: IntArray, ends: tuple[int, int, int]
) -> tuple[IntArray | None, str]:
    # The import takes 0.4 s, which no command that plans nothing should wait for.
    from ortools.graph.python import min_cost_flow  # noqa: PLC0415

    source, sink, supply = ends
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(tails, heads, room, -gains)
    flow.set_node_supply(source, supply)
    flow.set_node_supply(sink, -supply)
    status = flow.solve()
    if status != flow.OPTIMAL:
        return None, str(status)
    return np.asarray(flow.flows(arcs), dtype=np.int64), ""
