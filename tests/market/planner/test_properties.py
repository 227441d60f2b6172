"""What holds for every plan, on random small fairs and against trying everything."""

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.planner.check import check_plan
from market.planner.model import Plan, PlanRefused, PlanRequest
from market.planner.planning import plan
from tests.market.planner.wishes import (
    FLOOR_ONLY,
    all_plans,
    best_by_trying,
    changed,
    fairs,
    places,
)

# What the exact part of the theory covers, and what it does not.
EXACT = {
    "two sides": fairs(),
    "several delegations": fairs(delegations=True, most_pairs=6),
    "hosts at tables that they share": fairs(seating="hosts_stay"),
}
HEURISTIC = {
    "absences": fairs(absences=True),
    "unequal tables": fairs(unequal_tables=True),
    "three kinds": fairs(three_kinds=True),
    "all at once": fairs(
        absences=True, unequal_tables=True, three_kinds=True, delegations=True, most_pairs=6
    ),
    "hosts that stay, with absences": fairs(absences=True, seating="hosts_stay"),
}

PINNED = {
    "pins": fairs(pins=True, delegations=True, most_pairs=5),
    "pins and absences": fairs(
        pins=True, absences=True, unequal_tables=True, three_kinds=True, most_pairs=5
    ),
    "pins at tables": fairs(pins=True, seating="hosts_stay", most_pairs=5),
}
FREELY_SEATED = {
    "hosts that get their tables": fairs(
        absences=True, seating="hosts_stay", tables_given=False, delegations=True
    ),
    "hosts that meet each other": fairs(
        absences=True, seating="hosts_stay", tables_given=False, three_kinds=True
    ),
    "hosts at tables that are missing at times": fairs(
        unequal_tables=True, seating="hosts_stay", tables_given=False, fairness=FLOOR_ONLY
    ),
}


def assert_sound(request: PlanRequest, made: Plan) -> None:
    assert check_plan(request, made.meetings) == []
    weights = {each.id: each.weight for each in request.pairs}
    assert made.weight == sum(weights[meeting.pair] for meeting in made.meetings)
    assert made.weight <= made.upper_bound
    assert made.gap == (1 - made.weight / made.upper_bound if made.upper_bound else 0.0)
    assert not made.out_of_time


@pytest.mark.parametrize("name", EXACT)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_nothing_beats_a_plan_without_absences(name: str, data: st.DataObject) -> None:
    request = data.draw(EXACT[name])

    made = plan(request)

    assert_sound(request, made)
    assert (0, made.weight) == best_by_trying(request)
    assert made.upper_bound == made.weight


@pytest.mark.parametrize("name", HEURISTIC)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_every_other_plan_lies_between_what_is_possible_and_its_bound(
    name: str, data: st.DataObject
) -> None:
    request = data.draw(HEURISTIC[name])

    made = plan(request)

    assert_sound(request, made)
    _, best = best_by_trying(request)
    assert made.weight <= best <= made.upper_bound


@settings(max_examples=80, deadline=None)
@given(fairs(fairness=FLOOR_ONLY))
def test_without_absences_as_many_parties_meet_as_can_and_then_weight_counts(
    request: PlanRequest,
) -> None:
    made = plan(request)

    met = len(request.parties) - len(made.without_meeting)
    assert (met, made.weight) == best_by_trying(request)
    assert made.upper_bound == made.weight


@settings(max_examples=80, deadline=None)
@given(fairs(fairness=FLOOR_ONLY, absences=True, unequal_tables=True, three_kinds=True))
def test_with_absences_the_bound_still_holds_for_all_plans_as_fair(request: PlanRequest) -> None:
    made = plan(request)

    assert_sound(request, made)
    most_met, best = best_by_trying(request)
    met = len(request.parties) - len(made.without_meeting)
    assert met <= most_met
    if met == most_met:
        assert made.weight <= best <= made.upper_bound


@pytest.mark.parametrize("name", PINNED)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_pins_are_kept_and_refused_only_where_no_plan_has_them(
    name: str, data: st.DataObject
) -> None:
    request = data.draw(PINNED[name])
    possible = any(True for _ in all_plans(request))

    if not possible:
        with pytest.raises(PlanRefused) as refused:
            plan(request)
        assert refused.value.subject == "pin"
        assert refused.value.subject_id in {pin.pair for pin in request.pins}
        return
    made = plan(request)

    assert_sound(request, made)
    assert {(pin.pair, pin.slot) for pin in request.pins} <= places(made.meetings).items()
    _, best = best_by_trying(request)
    assert made.weight <= best <= made.upper_bound


@pytest.mark.parametrize("name", FREELY_SEATED)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_hosts_that_stay_never_move(name: str, data: st.DataObject) -> None:
    request = data.draw(FREELY_SEATED[name])

    made = plan(request)

    assert_sound(request, made)
    ends = {each.id: (each.first, each.second) for each in request.pairs}
    for meeting in made.meetings:
        hosts = [party for party in ends[meeting.pair] if party in made.host_tables]
        assert not hosts or meeting.table in made.host_tables[hosts[0]]


@settings(max_examples=40, deadline=None)
@given(request=fairs(absences=True, three_kinds=True, delegations=True), shuffle=st.randoms())
def test_the_order_of_a_request_does_not_matter(
    request: PlanRequest, shuffle: random.Random
) -> None:
    parties, pairs = list(request.parties), list(request.pairs)
    shuffle.shuffle(parties)
    shuffle.shuffle(pairs)

    shuffled = changed(request, parties=tuple(parties), pairs=tuple(pairs))

    assert plan(shuffled) == plan(request)


@st.composite
def zoned_fairs(draw: st.DrawFn, seating: str) -> PlanRequest:
    """A fair with a table for everybody; tables and hosts stand in zones."""
    request = draw(fairs(absences=True, seating="free", three_kinds=seating == "free"))
    count = 2 * len(request.parties)
    names = [f"t{number}" for number in range(1, count + 1)]
    zones = {name: draw(st.sampled_from("AB-")) for name in names}
    parties = tuple(
        msgspec.structs.replace(
            party,
            near=tuple(name for name in names if zones[name] == zone and zone != "-"),
        )
        for party in request.parties
        for zone in draw(st.sampled_from("AB-"))
    )
    slots = tuple(msgspec.structs.replace(slot, tables=tuple(names)) for slot in request.slots)
    return changed(request, parties=parties, slots=slots, seating=seating)


@pytest.mark.parametrize("seating", ["free", "hosts_stay"])
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_zones_move_tables_and_nothing_else(seating: str, data: st.DataObject) -> None:
    request = data.draw(zoned_fairs(seating))
    without = changed(
        request,
        parties=tuple(msgspec.structs.replace(party, near=()) for party in request.parties),
    )

    made, plain = plan(request), plan(without)

    assert_sound(request, made)
    assert places(made.meetings) == places(plain.meetings)
    assert (made.weight, made.upper_bound) == (plain.weight, plain.upper_bound)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_hosts_stay_in_their_zones_as_far_as_these_have_tables(data: st.DataObject) -> None:
    request = data.draw(zoned_fairs("hosts_stay"))
    hosts = [party for party in request.parties if party.host]

    seated = plan(request).host_tables

    near = {party.near: sum(other.near == party.near for other in hosts) for party in hosts}
    inside = sum(set(seated[party.id]) <= set(party.near) for party in hosts if party.id in seated)
    assert len(seated) in {0, len(hosts)}
    if seated:
        assert inside == sum(min(len(tables), count) for tables, count in near.items())
