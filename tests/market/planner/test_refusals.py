"""Requests that contradict themselves are refused by name, in both languages."""

from typing import Any

import pytest

from market.planner.model import (
    MAX_DELEGATIONS,
    MAX_WEIGHT,
    Fairness,
    Meeting,
    Pair,
    Pin,
    PlanRefused,
    PlanRequest,
    Slot,
)
from market.planner.planning import plan
from market.planner.replanning import hold_and_fill, improve
from market.planner.what_if import what_if
from tests.market.planner.wishes import (
    change_party,
    changed,
    enterprise,
    fair,
    institute,
    pair,
    slots_of,
)

REQUEST = fair(
    [institute("a"), institute("b"), enterprise("x"), enterprise("y")],
    slots_of(2, 2),
    [pair("a", "x"), pair("b", "x"), pair("b", "y", forbidden=True), pair("a", "y")],
)


def with_pair(**values: Any) -> PlanRequest:
    given: dict[str, Any] = {"id": "p", "first": "a", "second": "b", "weight": 1, **values}
    return changed(REQUEST, pairs=(*REQUEST.pairs, Pair(**given)))


def with_slot(*slots: Slot) -> PlanRequest:
    return changed(REQUEST, slots=(*REQUEST.slots, *slots))


WRONG = {
    "a party twice": (
        changed(REQUEST, parties=(*REQUEST.parties, enterprise("a"))),
        ("party", "a"),
    ),
    "a slot twice": (with_slot(Slot("s1", ())), ("slot", "s1")),
    "a table twice": (with_slot(Slot("s3", ("t1", "t1"))), ("slot", "s3")),
    "a pair twice": (with_pair(id="a-x"), ("pair", "a-x")),
    "two pairs of the same parties": (with_pair(first="x", second="a"), ("pair", "p")),
    "a pair with itself": (with_pair(second="a"), ("pair", "p")),
    "an unknown party": (with_pair(second="q"), ("pair", "p")),
    "an unknown slot of a pair": (with_pair(slots=("s9",)), ("pair", "p")),
    "no weight": (with_pair(weight=0), ("pair", "p")),
    "a negative weight": (with_pair(weight=-1), ("pair", "p")),
    "too much weight": (with_pair(weight=MAX_WEIGHT + 1), ("pair", "p")),
    "an unknown slot of a party": (change_party(REQUEST, "x", available=("s9",)), ("party", "x")),
    "an unknown table": (change_party(REQUEST, "a", tables=("t9",)), ("party", "a")),
    "a table of a party twice": (change_party(REQUEST, "a", tables=("t1", "t1")), ("party", "a")),
    "more tables than delegations": (
        change_party(changed(REQUEST, seating="hosts_stay"), "a", tables=("t1", "t2")),
        ("party", "a"),
    ),
    "a negative capacity": (change_party(REQUEST, "a", capacity=-1), ("party", "a")),
    "a negative floor": (change_party(REQUEST, "a", floor=-1), ("party", "a")),
    "no delegation": (change_party(REQUEST, "a", delegations=0), ("party", "a")),
    "too many delegations": (
        change_party(REQUEST, "a", delegations=MAX_DELEGATIONS + 1),
        ("party", "a"),
    ),
    "a negative floor for all": (
        changed(REQUEST, fairness=Fairness(floor=-1)),
        ("request", "fairness"),
    ),
    "a negative keep bonus": (changed(REQUEST, keep_bonus=-1), ("request", "keep_bonus")),
    "a pin twice": (
        changed(REQUEST, pins=(Pin("a-x", "s1"), Pin("a-x", "s2"))),
        ("pin", "a-x"),
    ),
}

PINS = {
    "an unknown pair": (REQUEST, [Pin("q", "s1")], "q"),
    "an unknown slot": (REQUEST, [Pin("a-x", "s9")], "a-x"),
    "a forbidden pair": (REQUEST, [Pin("b-y", "s1")], "b-y"),
    "a slot that the pair may not use": (
        changed(REQUEST, pairs=(pair("a", "x", slots=("s2",)),)),
        [Pin("a-x", "s1")],
        "a-x",
    ),
    "an absent party": (change_party(REQUEST, "x", available=("s2",)), [Pin("a-x", "s1")], "a-x"),
    "a party twice at once": (REQUEST, [Pin("a-x", "s1"), Pin("b-x", "s1")], "b-x"),
    "more pins than capacity": (
        change_party(REQUEST, "x", capacity=1),
        [Pin("a-x", "s1"), Pin("b-x", "s2")],
        "b-x",
    ),
    "no capacity at all": (change_party(REQUEST, "x", capacity=0), [Pin("a-x", "s1")], "a-x"),
    "more pins than tables": (
        fair(
            [institute("a"), institute("b"), enterprise("x"), enterprise("y")],
            slots_of(1),
            [pair("a", "x"), pair("b", "y")],
        ),
        [Pin("a-x", "s1"), Pin("b-y", "s1")],
        "b-y",
    ),
    "a table that is not there": (REQUEST, [Pin("a-x", "s1", "t9")], "a-x"),
    "a table twice": (
        change_party(REQUEST, "a", delegations=2),
        [Pin("a-x", "s1", "t1"), Pin("a-y", "s1", "t1")],
        "a-y",
    ),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("ask", [plan, hold_and_fill, improve], ids=lambda ask: ask.__name__)
def test_a_contradiction_is_refused_by_name(ask: Any, name: str) -> None:
    request, (subject, subject_id) = WRONG[name]

    with pytest.raises(PlanRefused) as refused:
        ask(request)

    assert (refused.value.subject, refused.value.subject_id) == (subject, subject_id)
    assert refused.value.zh
    assert refused.value.en.endswith(".")
    assert (refused.value.status, refused.value.code) == (422, "plan_refused")


@pytest.mark.parametrize("name", PINS)
def test_an_impossible_pin_is_refused_by_its_pair(name: str) -> None:
    request, pins, refused_pair = PINS[name]

    with pytest.raises(PlanRefused) as refused:
        plan(changed(request, pins=tuple(pins)))

    assert (refused.value.subject, refused.value.subject_id) == ("pin", refused_pair)
    assert refused_pair in refused.value.zh
    assert refused_pair in refused.value.en


def test_a_pin_at_the_table_of_a_host_that_is_busy_there_is_refused() -> None:
    request = fair(
        [institute("a", tables=("t1",)), enterprise("x"), enterprise("y"), enterprise("z")],
        slots_of(2),
        [pair("a", "x"), pair("y", "z")],
        seating="hosts_stay",
        pins=(Pin("y-z", "s1", "t1"), Pin("a-x", "s1")),
    )

    with pytest.raises(PlanRefused) as refused:
        plan(request)

    assert (refused.value.subject, refused.value.subject_id) == ("pin", "a-x")


def test_replanning_from_an_unknown_slot_is_refused() -> None:
    with pytest.raises(PlanRefused) as refused:
        hold_and_fill(REQUEST, from_slot="s9")

    assert (refused.value.subject, refused.value.subject_id) == ("slot", "s9")


def test_a_pin_counts_with_the_meetings_of_the_past() -> None:
    request = changed(
        change_party(REQUEST, "x", capacity=1),
        previous=(Meeting("s1", "t1", "a-x"),),
        pins=(Pin("b-x", "s2"),),
    )

    with pytest.raises(PlanRefused) as refused:
        hold_and_fill(request, from_slot="s2")

    assert (refused.value.subject, refused.value.subject_id) == ("pin", "b-x")


def test_what_if_refuses_too() -> None:
    request, _ = WRONG["a party twice"]

    with pytest.raises(PlanRefused):
        what_if(request, slots=(1,), delegations=(1,))
