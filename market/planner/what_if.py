"""What more slots or more delegations would bring, before anybody has booked a hall.

An institute's time is the scarce good of a fair: with one day of 24 slots, two thirds of the
wishes can be met; a second delegation of each institute brings most of the rest.
"""

from collections.abc import Iterator, Sequence
from itertools import count, islice

import msgspec

from market.planner.model import Party, PlanRequest, Slot, WhatIf
from market.planner.problem import compile_request
from market.planner.refusals import refuse_contradictions
from market.planner.search import Deadline, search


def what_if(
    request: PlanRequest,
    *,
    slots: Sequence[int],
    delegations: Sequence[int],
    kind: str = "institute",
) -> tuple[WhatIf, ...]:
    """One row for each number of slots and of delegations that parties of `kind` would send.

    Fewer slots are the first ones; more repeat the last one's tables, and who came to all slots
    comes to those too. Pins, which hang on the slots, are left out. Raises PlanRefused.
    """
    refuse_contradictions(request)
    return tuple(
        _row(_changed(request, slots=length, delegations=each, kind=kind), delegations=each)
        for each in delegations
        for length in slots
    )


def _row(changed: PlanRequest, *, delegations: int) -> WhatIf:
    refuse_contradictions(changed)
    problem = compile_request(changed, {}, {})
    board = search(problem, changed, Deadline(changed.budget.seconds)).board
    planned = board.planned()
    weight = int(problem.weight[planned].sum())
    wanted = [pair.weight for pair in changed.pairs if not pair.forbidden]
    return WhatIf(
        slots=len(changed.slots),
        delegations=delegations,
        meetings=len(planned),
        weight=weight,
        meetings_share=len(planned) / len(wanted) if wanted else 0.0,
        weight_share=weight / sum(wanted) if wanted else 0.0,
        tables_used=max(board.load, default=0),
    )


def _changed(request: PlanRequest, *, slots: int, delegations: int, kind: str) -> PlanRequest:
    kept = request.slots[:slots]
    names = {slot.id for slot in kept}
    everywhere = {slot.id for slot in request.slots}
    return msgspec.structs.replace(
        request,
        slots=(*kept, *_more_slots(request.slots, slots)),
        parties=tuple(
            _sent(_there(party, names, everywhere), delegations if party.kind == kind else None)
            for party in request.parties
        ),
        pairs=tuple(
            pair
            if pair.slots is None
            else msgspec.structs.replace(pair, slots=tuple(names.intersection(pair.slots)))
            for pair in request.pairs
        ),
        pins=(),
        previous=(),
    )


def _more_slots(slots: tuple[Slot, ...], wanted: int) -> Iterator[Slot]:
    if slots:
        taken = {slot.id for slot in slots}
        names = (f"+{number}" for number in count(1) if f"+{number}" not in taken)
        for name in islice(names, max(0, wanted - len(slots))):
            yield msgspec.structs.replace(slots[-1], id=name)


def _there(party: Party, names: set[str], everywhere: set[str]) -> Party:
    if party.available is None or everywhere.issubset(party.available):
        return msgspec.structs.replace(party, available=None)
    return msgspec.structs.replace(party, available=tuple(names.intersection(party.available)))


def _sent(party: Party, delegations: int | None) -> Party:
    """A party that sends so many: each of them has room for as many meetings as one has now."""
    if delegations is None or delegations == party.delegations:
        return party
    capacity = party.capacity
    if capacity is not None:
        capacity = capacity * delegations // party.delegations
    return msgspec.structs.replace(party, delegations=delegations, capacity=capacity, tables=())
