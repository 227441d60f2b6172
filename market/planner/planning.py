"""The meeting planner: from wishes to a feasible plan with a proof of how good it is.

Choice of pairs by flow (choice) → slots by edge colouring (colouring) → floors and
what still fits (filling) → slot by slot repair (slotwise) → short days
(compaction) → tables (tables) → reasons (reasons). Pure and without I/O; it keeps
one core busy for 0.1–0.5 s with 110 × 252 parties, so call it in a worker.
"""

from market.planner.compaction import compact, day_masks
from market.planner.filling import fill_directly
from market.planner.model import Plan, PlanRequest
from market.planner.problem import Held, compile_request
from market.planner.refusals import refuse_contradictions, refuse_impossible_pins
from market.planner.search import Deadline, Sought, search
from market.planner.telling import told


def plan(request: PlanRequest) -> Plan:
    """Plan all meetings anew. Raises PlanRefused for a request that contradicts itself.

    The same request, in whatever order of its parts, gives the same plan.
    """
    refuse_contradictions(request)
    refuse_impossible_pins(request, {})
    deadline = Deadline(request.budget.seconds)
    problem = compile_request(request, pins_of(request), {})
    sought = search(problem, request, deadline)
    shorten_days(sought, request, deadline)
    return told(sought, request, deadline)


def pins_of(request: PlanRequest) -> Held:
    return {pin.pair: (pin.slot, pin.table) for pin in request.pins}


def shorten_days(sought: Sought, request: PlanRequest, deadline: Deadline) -> None:
    compact(
        sought.board,
        day_masks([slot.day for slot in request.slots]),
        steps=request.budget.compaction_steps,
        seed=request.seed,
        is_over=deadline.is_over,
    )
    # An exchange can free a slot for both parties of a pair that waits.
    fill_directly(sought.board)
