"""The meeting planner: from wishes to a feasible plan with a proof of how good it is.

Choice of pairs by flow (plan_choice) → slots by edge colouring (plan_colouring) → floors and
what still fits (plan_filling) → slot by slot repair (plan_slotwise) → short days
(plan_compaction) → tables (plan_tables) → reasons (plan_reasons). Pure and without I/O; it keeps
one core busy for 0.1–0.5 s with 110 × 252 parties, so call it in a worker.
"""

from market.fairs.plan_compaction import compact, day_masks
from market.fairs.plan_filling import fill_directly
from market.fairs.plan_model import Plan, PlanRequest
from market.fairs.plan_problem import Held, compile_request
from market.fairs.plan_refusals import refuse_contradictions, refuse_impossible_pins
from market.fairs.plan_search import Deadline, Sought, search
from market.fairs.plan_telling import told


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
