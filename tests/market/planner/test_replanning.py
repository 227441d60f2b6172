"""Plans after a change: what can stay stays, the past most of all, and changes are told."""

from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from market.planner.check import check_plan
from market.planner.model import (
    Meeting,
    MeetingChange,
    Pin,
    Plan,
    PlanRefused,
    PlanRequest,
    Replan,
)
from market.planner.planning import plan
from market.planner.replanning import hold_and_fill, improve
from tests.market.planner.wishes import (
    FLOOR_ONLY,
    WEIGHT_ONLY,
    change_party,
    changed,
    enterprise,
    fair,
    fairs,
    institute,
    pair,
    places,
    slots_of,
)

ANY_FAIR = st.one_of(
    fairs(absences=True, unequal_tables=True, three_kinds=True, delegations=True),
    fairs(
        absences=True,
        unequal_tables=True,
        three_kinds=True,
        delegations=True,
        seating="hosts_stay",
        tables_given=False,
    ),
    fairs(absences=True, three_kinds=True, delegations=True, seating="hosts_stay"),
    fairs(absences=True, three_kinds=True, fairness=FLOOR_ONLY),
)


@st.composite
def changed_fairs(draw: st.DrawFn) -> tuple[PlanRequest, str | None]:
    """A fair, planned, then changed here and there, and the slot from which to plan anew.

    Only changes that leave a pin possible.
    """
    request = draw(ANY_FAIR)
    made = plan(request)
    slots = [slot.id for slot in request.slots]
    for party in draw(st.lists(st.sampled_from(request.parties), max_size=2)):
        changes: st.SearchStrategy[dict[str, Any]] = st.one_of(
            st.lists(st.sampled_from(slots), unique=True).map(
                lambda there: {"available": tuple(there)}
            ),
            st.integers(0, 2).map(lambda capacity: {"capacity": capacity}),
            st.just({"available": None, "capacity": None}),
        )
        request = change_party(request, party.id, **draw(changes))
    if draw(st.booleans()) and request.pairs:
        gone = draw(st.sampled_from(request.pairs))
        request = changed(
            request, pairs=tuple(each for each in request.pairs if each.id != gone.id)
        )
    if draw(st.booleans()) and request.pairs:
        pin = Pin(draw(st.sampled_from(request.pairs)).id, draw(st.sampled_from(slots)))
        request = changed(request, pins=(pin,))
    if draw(st.booleans()):
        request = seated(request, made)
    request = changed(
        request, previous=made.meetings, keep_bonus=draw(st.sampled_from([0, 1, 20, 10**6]))
    )
    from_slot = draw(st.sampled_from([None, *slots]))
    try:
        hold_and_fill(request, from_slot=from_slot)
    except PlanRefused as refused:
        if request.pins and refused.subject == "pin" and refused.subject_id == request.pins[0].pair:
            reject()
        raise
    return request, from_slot


def seated(request: PlanRequest, made: Plan) -> PlanRequest:
    """The request with the hosts at the tables that they have in a plan."""
    for party, tables in made.host_tables.items():
        request = change_party(request, party, tables=tables)
    return request


def is_past(request: PlanRequest, from_slot: str | None, meeting: Meeting) -> bool:
    time = [slot.id for slot in request.slots]
    return from_slot is not None and time.index(meeting.slot) < time.index(from_slot)


def assert_told(request: PlanRequest, from_slot: str | None, new: Replan) -> None:
    """The new plan is feasible, holds the past, and all differences are told."""
    made = new.plan
    assert check_plan(request, made.meetings, from_slot=from_slot) == []
    assert made.weight <= made.upper_bound
    past = [each for each in request.previous if is_past(request, from_slot, each)]
    future = [each for each in request.previous if not is_past(request, from_slot, each)]
    assert [each for each in made.meetings if is_past(request, from_slot, each)] == past
    now = {each.pair: each for each in made.meetings if not is_past(request, from_slot, each)}
    before = {each.pair: each for each in future}
    assert new.cancelled == tuple(
        sorted(
            each
            for each in future
            if each.pair not in now and each.pair not in {change.pair for change in new.changes}
        )
    )
    for change in new.changes:
        assert change.before != change.after
        assert (change.before, change.after) == (before.get(change.pair), now.get(change.pair))
    unchanged = before.keys() - {change.pair for change in new.changes}
    assert all(
        now[pair_id] == before[pair_id]
        for pair_id in unchanged - {each.pair for each in new.cancelled}
    )


@settings(max_examples=120, deadline=None)
@given(changed_fairs())
def test_hold_and_fill_keeps_all_that_can_be_held(case: tuple[PlanRequest, str | None]) -> None:
    request, from_slot = case

    new = hold_and_fill(request, from_slot=from_slot)

    assert_told(request, from_slot, new)
    breaches = check_plan(request, request.previous, from_slot=from_slot)
    if not breaches:
        assert set(request.previous) <= set(new.plan.meetings)
        assert (new.cancelled, new.affected) == ((), ())
        assert all(change.before is None for change in new.changes)
    # What is no longer where it was would break a rule there, beside what is.
    pinned = {pin.pair for pin in request.pins}
    for gone in set(request.previous) - set(new.plan.meetings):
        if gone.pair in pinned:
            continue
        others = [each for each in new.plan.meetings if each.pair != gone.pair]
        assert check_plan(request, [*others, gone], from_slot=from_slot) != []


@settings(max_examples=60, deadline=None)
@given(changed_fairs())
def test_hold_and_fill_again_changes_nothing(case: tuple[PlanRequest, str | None]) -> None:
    request, from_slot = case
    once = hold_and_fill(request, from_slot=from_slot)

    again = seated(changed(request, previous=once.plan.meetings), once.plan)
    twice = hold_and_fill(again, from_slot=from_slot)

    assert (twice.changes, twice.cancelled, twice.gain) == ((), (), 0)
    assert set(twice.plan.meetings) == set(once.plan.meetings)


@settings(max_examples=120, deadline=None)
@given(changed_fairs())
def test_improve_moves_only_what_is_worth_it(case: tuple[PlanRequest, str | None]) -> None:
    request, from_slot = case
    held = hold_and_fill(request, from_slot=from_slot)

    better = improve(request, from_slot=from_slot)

    assert_told(request, from_slot, better)
    if request.fairness == WEIGHT_ONLY:
        price = request.keep_bonus * (moves(better) - moves(held))
        assert better.gain - price >= held.gain
        if request.keep_bonus == 10**6:
            assert moves(better) == moves(held)


def moves(new: Replan) -> int:
    """Earlier meetings that are no longer at their time."""
    return sum(
        1
        for change in new.changes
        if change.before and (change.after is None or change.after.slot != change.before.slot)
    )


@settings(max_examples=60, deadline=None)
@given(fairs(delegations=True))
def test_without_a_change_a_perfect_plan_stays_as_it_is(request_: PlanRequest) -> None:
    made = plan(request_)
    again = changed(request_, previous=made.meetings)

    for new in (hold_and_fill(again), improve(changed(again, keep_bonus=1))):
        assert (new.changes, new.cancelled, new.gain) == ((), (), 0)
        assert new.plan.meetings == made.meetings


# One change after the other

REQUEST = fair(
    [institute("a"), institute("b"), enterprise("x"), enterprise("y"), enterprise("z")],
    slots_of(2, 2),
    [
        pair("a", "x", 90),
        pair("a", "y", 80),
        pair("b", "x", 70),
        pair("b", "y", 60),
        pair("a", "z", 10),
        pair("b", "z", 5),
    ],
)
PLANNED = (
    Meeting("s1", "t1", "a-x"),
    Meeting("s1", "t2", "b-y"),
    Meeting("s2", "t1", "a-y"),
    Meeting("s2", "t2", "b-x"),
)


def after(request: PlanRequest, **values: Any) -> PlanRequest:
    return changed(request, previous=PLANNED, **values)


def test_the_places_of_who_cancels_go_to_who_waits() -> None:
    new = hold_and_fill(after(change_party(REQUEST, "y", available=())))

    assert new.cancelled == (PLANNED[1], PLANNED[2])
    assert new.changes == (
        MeetingChange(pair="a-z", before=None, after=Meeting("s2", "t1", "a-z")),
        MeetingChange(pair="b-z", before=None, after=Meeting("s1", "t2", "b-z")),
    )
    assert (new.gain, new.affected) == (15, ())
    assert new.plan.without_meeting == ("y",)


def test_the_past_stays_even_if_its_parties_are_gone() -> None:
    request = after(change_party(REQUEST, "x", available=()))

    new = hold_and_fill(request, from_slot="s2")

    assert new.plan.meetings == (PLANNED[0], PLANNED[1], PLANNED[2], Meeting("s2", "t2", "b-z"))
    assert new.cancelled == (PLANNED[3],)
    assert new.plan.weight == 90 + 60 + 80 + 5
    assert new.plan.upper_bound == new.plan.weight


def test_a_pair_that_has_met_is_neither_planned_again_nor_missing() -> None:
    new = hold_and_fill(after(REQUEST), from_slot="s2")

    assert [meeting.pair for meeting in new.plan.meetings] == ["a-x", "b-y", "a-y", "b-x"]
    assert {wish.pair for wish in new.plan.unplanned} == {"a-z", "b-z"}


def test_no_fix_asks_for_a_slot_of_the_past() -> None:
    new = hold_and_fill(after(REQUEST), from_slot="s2")

    assert {wish.fix.slot for wish in new.plan.unplanned if wish.fix} == {"s2"}


def test_past_meetings_count_for_the_capacity() -> None:
    request = after(change_party(REQUEST, "a", capacity=1))

    new = hold_and_fill(request, from_slot="s2")

    assert new.cancelled == (PLANNED[2],)
    wish = next(each for each in new.plan.unplanned if each.pair == "a-y")
    assert (wish.cause, wish.party) == ("capacity", "a")


def test_of_meetings_that_collide_now_the_heaviest_stay() -> None:
    new = hold_and_fill(after(change_party(REQUEST, "x", capacity=1)))

    assert new.cancelled == (PLANNED[3],)
    assert PLANNED[0] in new.plan.meetings


def test_a_slot_that_is_gone_takes_its_meetings_along() -> None:
    new = hold_and_fill(after(changed(REQUEST, slots=slots_of(2))))

    assert new.plan.meetings == PLANNED[:2]
    assert new.cancelled == PLANNED[2:]


def test_a_table_that_is_gone_costs_a_table_not_a_meeting() -> None:
    slots = (REQUEST.slots[0], changed_slot("s2", "t2", "t3"))

    new = hold_and_fill(after(changed(REQUEST, slots=slots)))

    assert new.changes == (
        MeetingChange(pair="a-y", before=PLANNED[2], after=Meeting("s2", "t3", "a-y")),
    )
    assert new.affected == ("a", "y")


def changed_slot(name: str, *tables: str) -> Any:
    return type(REQUEST.slots[0])(name, tables)


def test_fewer_tables_cost_the_lightest_meeting() -> None:
    slots = (REQUEST.slots[0], changed_slot("s2", "t2"))

    new = hold_and_fill(after(changed(REQUEST, slots=slots)))

    assert new.cancelled == (PLANNED[3],)
    assert places(new.plan.meetings) == {"a-x": "s1", "b-y": "s1", "a-y": "s2"}


def test_a_new_pin_moves_its_own_meeting_and_cancels_who_is_in_its_way() -> None:
    new = hold_and_fill(after(REQUEST, pins=(Pin("a-x", "s2"),)))

    assert new.changes == (
        MeetingChange(pair="a-x", before=PLANNED[0], after=Meeting("s2", "t1", "a-x")),
        MeetingChange(pair="a-z", before=None, after=Meeting("s1", "t1", "a-z")),
        MeetingChange(pair="b-z", before=None, after=Meeting("s2", "t2", "b-z")),
    )
    assert new.cancelled == (PLANNED[2], PLANNED[3])
    assert new.affected == ("a", "x")


def test_late_registrations_get_what_is_free() -> None:
    request = changed(
        REQUEST,
        parties=(*REQUEST.parties, institute("c")),
        slots=slots_of(3, 3),
        pairs=(*REQUEST.pairs, pair("c", "z", 50)),
    )

    new = hold_and_fill(after(request))

    assert new.changes == (
        MeetingChange(pair="c-z", before=None, after=Meeting("s1", "t3", "c-z")),
    )
    assert new.gain == 50


def test_hosts_that_stay_keep_the_tables_they_had() -> None:
    request = changed(REQUEST, seating="hosts_stay", slots=slots_of(3, 3))
    had = tuple(
        Meeting(each.slot, "t3" if each.table == "t1" else "t2", each.pair) for each in PLANNED
    )

    new = hold_and_fill(changed(change_party(request, "x", available=("s1",)), previous=had))

    assert new.plan.host_tables == {"a": ("t3",), "b": ("t2",)}
    assert set(had) - set(new.plan.meetings) == set(new.cancelled) == {had[3]}


def test_improve_moves_a_meeting_where_that_makes_room_for_a_heavier_one() -> None:
    """c has time in the slot in which x is taken: x's meeting moves to the other slot."""
    parties = [institute("a"), institute("c", available=("s1",)), enterprise("x")]
    request = fair(
        parties,
        slots_of(2, 2),
        [pair("a", "x", 10), pair("c", "x", 50)],
        previous=(Meeting("s1", "t1", "a-x"),),
    )

    held, better = hold_and_fill(request), improve(changed(request, keep_bonus=49))

    assert held.changes == ()
    assert held.plan.upper_bound == 60
    assert places(better.plan.meetings) == {"a-x": "s2", "c-x": "s1"}
    assert (better.gain, better.affected) == (50, ("a", "x"))
    assert improve(changed(request, keep_bonus=50)) == improve(changed(request, keep_bonus=51))
    assert improve(changed(request, keep_bonus=50)).changes == ()


def test_improve_gives_up_a_meeting_for_a_heavier_one() -> None:
    request = fair(
        [institute("a"), enterprise("x"), enterprise("y")],
        slots_of(1),
        [pair("a", "x", 10), pair("a", "y", 50)],
        previous=(Meeting("s1", "t1", "a-x"),),
    )

    better = improve(changed(request, keep_bonus=39))

    assert better.changes == (
        MeetingChange(pair="a-x", before=Meeting("s1", "t1", "a-x"), after=None),
        MeetingChange(pair="a-y", before=None, after=Meeting("s1", "t1", "a-y")),
    )
    assert (better.gain, better.cancelled, better.affected) == (40, (), ("a", "x"))
    assert improve(changed(request, keep_bonus=41)).changes == ()


@pytest.mark.parametrize("replan", [hold_and_fill, improve])
def test_without_an_earlier_plan_all_is_planned_anew(replan: Any) -> None:
    new = replan(REQUEST)

    assert new.plan.weight == plan(REQUEST).weight
    assert (new.cancelled, new.affected) == ((), ())
    assert new.gain == new.plan.weight


def test_an_earlier_plan_of_nothing_known_is_cancelled() -> None:
    stranger = Meeting("s9", "t9", "p-q")

    new = hold_and_fill(changed(REQUEST, previous=(stranger,)), from_slot="s1")

    assert new.cancelled == (stranger,)
    assert isinstance(new.plan, Plan)
