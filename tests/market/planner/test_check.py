"""The judge of plans: each breach by itself, and a good plan without any."""

import pytest

from market.planner.check import check_plan
from market.planner.model import Breach, Meeting, Pin, PlanRequest, Violation
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
    [
        institute("a", capacity=2),
        institute("b", available=("s1", "s2")),
        enterprise("x"),
        enterprise("y"),
        enterprise("z"),
    ],
    slots_of(2, 2, 2),
    [
        pair("a", "x"),
        pair("a", "y"),
        pair("a", "z"),
        pair("b", "x", slots=("s2",)),
        pair("b", "y", forbidden=True),
        pair("b", "z"),
    ],
)
GOOD = (
    Meeting("s1", "t1", "a-x"),
    Meeting("s2", "t1", "a-y"),
    Meeting("s2", "t2", "b-x"),
    Meeting("s1", "t2", "b-z"),
)


def breaches(request: PlanRequest, *meetings: Meeting) -> list[tuple[Breach, str, str | None]]:
    return [(each.breach, each.pair, each.party) for each in check_plan(request, meetings)]


def test_a_good_plan_breaks_nothing() -> None:
    assert check_plan(REQUEST, GOOD) == []
    assert check_plan(REQUEST, ()) == []


@pytest.mark.parametrize(
    ("added", "found"),
    [
        (Meeting("s3", "t1", "q-x"), [("unknown_pair", "q-x", None)]),
        (Meeting("s9", "t1", "b-z"), [("unknown_slot", "b-z", None), ("absent", "b-z", "b")]),
        (Meeting("s2", "t9", "b-z"), [("unknown_table", "b-z", None)]),
        (Meeting("s1", "t2", "b-y"), [("forbidden_pair", "b-y", None)]),
        (Meeting("s1", "t2", "b-x"), [("slot_not_allowed", "b-x", None)]),
        (Meeting("s3", "t1", "b-z"), [("absent", "b-z", "b")]),
    ],
)
def test_a_meeting_in_the_wrong_place_is_told(
    added: Meeting, found: list[tuple[Breach, str, str | None]]
) -> None:
    assert breaches(REQUEST, added) == found


def test_a_violation_names_meeting_and_party() -> None:
    assert check_plan(REQUEST, [Meeting("s3", "t1", "b-z")]) == [
        Violation(breach="absent", pair="b-z", slot="s3", table="t1", party="b")
    ]


def test_a_pair_that_meets_twice_is_told_once() -> None:
    twice = [Meeting("s1", "t1", "a-x"), Meeting("s2", "t1", "a-x")]

    assert breaches(REQUEST, *twice) == [("repeated_pair", "a-x", None)]


def test_a_party_at_two_tables_at_once_is_told() -> None:
    at_once = [Meeting("s2", "t1", "a-x"), Meeting("s2", "t2", "b-x")]

    assert breaches(REQUEST, *at_once) == [("double_booked", "b-x", "x")]


def test_a_second_delegation_may_meet_at_the_same_time() -> None:
    at_once = [Meeting("s1", "t1", "a-x"), Meeting("s1", "t2", "a-y")]

    assert breaches(REQUEST, *at_once) == [("double_booked", "a-y", "a")]
    assert check_plan(change_party(REQUEST, "a", delegations=2), at_once) == []


def test_a_meeting_beyond_the_capacity_is_told() -> None:
    three = [Meeting(f"s{slot}", "t1", f"a-{name}") for slot, name in enumerate("xyz", start=1)]

    assert breaches(REQUEST, *three) == [("over_capacity", "a-z", "a")]


def test_two_meetings_at_one_table_are_told() -> None:
    at_one = [Meeting("s1", "t1", "a-x"), Meeting("s1", "t1", "b-z")]

    assert breaches(REQUEST, *at_one) == [("table_taken", "b-z", None)]


@pytest.mark.parametrize(
    "pin", [Pin("a-z", "s1"), Pin("a-x", "s2"), Pin("a-x", "s1", "t2")], ids=str
)
def test_a_pin_that_is_not_kept_is_told(pin: Pin) -> None:
    request = changed(REQUEST, pins=(Pin("b-x", "s2"), Pin("a-y", "s2", "t1"), pin))

    assert check_plan(request, GOOD) == [
        Violation(breach="pin_missing", pair=pin.pair, slot=pin.slot, table=pin.table)
    ]


def test_a_host_that_stays_may_not_change_tables() -> None:
    request = changed(REQUEST, seating="hosts_stay")
    moving = [Meeting("s1", "t1", "a-x"), Meeting("s2", "t2", "a-y")]

    assert check_plan(REQUEST, moving) == []
    assert breaches(request, *moving) == [("host_moved", "a-y", "a")]
    # A pin to a table is the organizer's own will.
    assert check_plan(changed(request, pins=(Pin("a-y", "s2", "t2"),)), moving) == []


def test_a_host_that_stays_sits_at_the_table_it_was_given() -> None:
    request = change_party(changed(REQUEST, seating="hosts_stay"), "a", tables=("t2",))

    assert check_plan(request, [Meeting("s1", "t2", "a-x")]) == []
    assert breaches(request, Meeting("s1", "t1", "a-x")) == [("host_moved", "a-x", "a")]


def test_each_delegation_of_a_host_that_stays_has_a_table() -> None:
    request = change_party(changed(REQUEST, seating="hosts_stay"), "a", delegations=2)
    both = [Meeting("s1", "t1", "a-x"), Meeting("s1", "t2", "a-y")]

    assert check_plan(request, both) == []


def test_of_two_hosts_the_second_walks() -> None:
    request = fair(
        [institute("a"), institute("b"), enterprise("x")],
        slots_of(2, 2),
        [pair("a", "b"), pair("b", "x")],
        seating="hosts_stay",
    )
    plan = [Meeting("s1", "t1", "a-b"), Meeting("s2", "t2", "b-x")]

    assert check_plan(request, plan) == []


def test_history_is_not_judged_but_takes_up_places() -> None:
    request = change_party(REQUEST, "a", available=("s2", "s3"), capacity=1)
    plan = [Meeting("s1", "t1", "a-x"), Meeting("s2", "t1", "a-y")]

    assert breaches(request, *plan) == [("absent", "a-x", "a"), ("over_capacity", "a-y", "a")]
    assert [each.breach for each in check_plan(request, plan, from_slot="s2")] == ["over_capacity"]


def test_violations_come_in_the_order_of_time() -> None:
    plan = [Meeting("s3", "t1", "b-z"), Meeting("s1", "t2", "b-y"), Meeting("s9", "t1", "q-x")]

    assert [each.slot for each in check_plan(REQUEST, plan)] == ["s9", "s1", "s3"]
