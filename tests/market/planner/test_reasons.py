"""Why a wanted pair does not meet: the cause, and a fix that can be relied upon."""

from hypothesis import given, settings
from hypothesis import strategies as st

from market.planner.check import check_plan
from market.planner.model import (
    Change,
    Fix,
    Pair,
    Pin,
    Plan,
    PlanRefused,
    PlanRequest,
    Slot,
    Unplanned,
)
from market.planner.planning import plan
from tests.market.planner.wishes import (
    FLOOR_ONLY,
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
    fairs(absences=True, pins=True, three_kinds=True, fairness=FLOOR_ONLY),
    fairs(absences=True, seating="hosts_stay", unequal_tables=True, delegations=True),
)


def fixed(request: PlanRequest, made: Plan, wish: Unplanned) -> PlanRequest:
    """The request with all changes of a fix, the wish and everything else planned pinned."""
    assert wish.fix is not None
    pinned = places(made.meetings)
    for party, tables in made.host_tables.items():
        request = change_party(request, party, tables=tables)
    for change in wish.fix.changes:
        if change.kind in {"displace", "unpin"}:
            assert change.pair is not None
            del pinned[change.pair]
        else:
            request = with_change(request, change, wish)
    pinned[wish.pair] = wish.fix.slot
    return changed(request, pins=tuple(Pin(each, slot) for each, slot in pinned.items()))


def with_change(request: PlanRequest, change: Change, wish: Unplanned) -> PlanRequest:
    assert wish.fix is not None
    slot = wish.fix.slot
    if change.kind in {"allow_pair", "allow_slot"}:
        return changed(
            request,
            pairs=tuple(
                allowed(each, change, slot) if each.id == change.pair else each
                for each in request.pairs
            ),
        )
    party = next((each for each in request.parties if each.id == change.party), None)
    if change.kind == "add_table":
        new = party.tables if party is not None else ("one more",)
        return changed(
            request,
            slots=tuple(
                Slot(each.id, tuple({*each.tables, *new})) if each.id == slot else each
                for each in request.slots
            ),
        )
    assert party is not None
    if change.kind == "raise_capacity":
        return change_party(request, party.id, capacity=(party.capacity or 0) + 1)
    assert change.kind == "make_available"
    return change_party(request, party.id, available=(*(party.available or ()), slot))


def allowed(each: Pair, change: Change, slot: str) -> Pair:
    values = {"id": each.id, "first": each.first, "second": each.second, "weight": each.weight}
    if change.kind == "allow_pair":
        return Pair(**values, slots=each.slots)  # type: ignore[arg-type]
    return Pair(**values, slots=(*(each.slots or ()), slot))  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None)
@given(ANY_FAIR)
def test_every_fix_makes_room_for_its_pair(request: PlanRequest) -> None:
    try:
        made = plan(request)
    except PlanRefused:
        return
    planned = places(made.meetings)

    assert [wish.pair for wish in made.unplanned] == sorted(
        each.id for each in request.pairs if each.id not in planned
    )
    for wish in made.unplanned:
        again = fixed(request, made, wish)
        better = plan(again)
        assert check_plan(again, better.meetings) == []
        assert wish.fix is not None
        assert places(better.meetings)[wish.pair] == wish.fix.slot


# One cause after the other


def two_and_two(**values: object) -> PlanRequest:
    """Institutes a and b, enterprises x and y; everybody wants everybody of the other side."""
    return fair(
        [institute("a"), institute("b"), enterprise("x"), enterprise("y")],
        slots_of(2, 2),
        [pair("a", "x", 40), pair("a", "y", 30), pair("b", "x", 20), pair("b", "y", 10)],
        **values,
    )


def only(made: Plan) -> Unplanned:
    (wish,) = made.unplanned
    return wish


def test_all_wishes_of_an_easy_fair_are_met() -> None:
    assert plan(two_and_two()).unplanned == ()


def test_a_forbidden_pair_says_so() -> None:
    request = two_and_two()
    forbidden = changed(request, pairs=(*request.pairs[:3], pair("b", "y", 10, forbidden=True)))

    wish = only(plan(forbidden))

    assert (wish.pair, wish.cause, wish.party) == ("b-y", "forbidden", None)
    assert wish.fix is not None
    assert wish.fix.changes == (Change(kind="allow_pair", pair="b-y"),)
    assert plan(request).unplanned == ()


def test_two_that_are_never_there_together_hear_which_slot_would_do() -> None:
    request = fair(
        [institute("a", available=("s1",)), enterprise("x", available=("s2",))],
        slots_of(1, 1),
        [pair("a", "x")],
    )

    assert only(plan(request)) == Unplanned(
        pair="a-x",
        cause="no_common_slot",
        fix=Fix("s1", (Change(kind="make_available", party="x"),)),
    )
    assert plan(change_party(request, "x", available=("s1", "s2"))).unplanned == ()


def test_a_pair_that_may_not_use_the_slots_of_its_parties_hears_which_would_do() -> None:
    request = fair(
        [institute("a", available=("s2",)), enterprise("x")],
        slots_of(1, 1),
        [pair("a", "x", slots=("s1",))],
    )

    assert only(plan(request)) == Unplanned(
        pair="a-x",
        cause="no_common_slot",
        fix=Fix("s1", (Change(kind="make_available", party="a"),)),
    )


def test_a_party_at_its_capacity_is_named_with_the_lightest_meeting_it_kept() -> None:
    request = change_party(two_and_two(), "a", capacity=1)

    wish = only(plan(request))

    assert (wish.pair, wish.cause, wish.party, wish.kept_weight) == ("a-y", "capacity", "a", 40)
    assert wish.fix is not None
    assert wish.fix.changes == (Change(kind="raise_capacity", party="a"),)
    assert plan(change_party(request, "a", capacity=2)).unplanned == ()


def test_a_party_without_free_time_is_named_and_so_is_the_meeting_to_displace() -> None:
    request = fair(
        [institute("a"), enterprise("x"), enterprise("y"), enterprise("z")],
        slots_of(1, 1),
        [pair("a", "x", 30), pair("a", "y", 20), pair("a", "z", 10)],
    )

    made = plan(request)

    assert only(made) == Unplanned(
        pair="a-z",
        cause="party_full",
        party="a",
        kept_weight=20,
        fix=Fix(places(made.meetings)["a-y"], (Change(kind="displace", pair="a-y", weight=20),)),
    )
    assert only(made).fix.displaced_weight == 20  # type: ignore[union-attr]


def test_slots_without_a_table_are_all_named() -> None:
    request = fair(
        [institute("a"), institute("b"), enterprise("x"), enterprise("y")],
        slots_of(1),
        [pair("a", "x", 30), pair("b", "y", 20)],
    )

    assert only(plan(request)) == Unplanned(
        pair="b-y",
        cause="tables_full",
        slots=("s1",),
        fix=Fix("s1", (Change(kind="add_table"),)),
    )
    assert plan(changed(request, slots=slots_of(2))).unplanned == ()


def test_a_slot_without_any_table_wants_one() -> None:
    request = fair([institute("a"), enterprise("x")], slots_of(0), [pair("a", "x")])

    assert only(plan(request)) == Unplanned(
        pair="a-x",
        cause="tables_full",
        slots=("s1",),
        fix=Fix("s1", (Change(kind="add_table"),)),
    )


def test_a_pair_whose_free_times_differ_hears_what_it_would_displace() -> None:
    """Both have a free slot each, and nothing may move."""
    request = fair(
        [institute("a"), institute("b"), enterprise("x"), enterprise("y")],
        slots_of(2, 2),
        [pair("a", "y", 30), pair("b", "x", 20), pair("a", "x", 10)],
        pins=(Pin("a-y", "s1"), Pin("b-x", "s2")),
    )

    wish = only(plan(request))

    assert (wish.cause, wish.party, wish.slots) == ("not_placeable", None, ())
    assert wish.fix == Fix("s1", (Change(kind="unpin", pair="a-y", weight=30),))


def test_a_pinned_meeting_is_the_last_to_go() -> None:
    request = fair(
        [institute("a"), enterprise("x"), enterprise("y"), enterprise("z")],
        slots_of(1, 1),
        [pair("a", "x", 1), pair("a", "y", 900), pair("a", "z", 10)],
        pins=(Pin("a-x", "s1"),),
    )

    assert only(plan(request)).fix == Fix("s2", (Change(kind="displace", pair="a-y", weight=900),))


def test_a_host_whose_table_another_uses_says_so() -> None:
    request = fair(
        [
            institute("a", tables=("t1",)),
            institute("b", tables=("t1",)),
            enterprise("x"),
            enterprise("y"),
        ],
        slots_of(2),
        [pair("a", "x", 30), pair("b", "y", 20)],
        seating="hosts_stay",
    )

    assert only(plan(request)) == Unplanned(
        pair="b-y",
        cause="shared_table",
        party="b",
        fix=Fix("s1", (Change(kind="displace", pair="a-x", weight=30),)),
    )


def test_two_hosts_of_one_table_cannot_be_helped() -> None:
    request = fair(
        [institute("a", tables=("t1",)), institute("b", tables=("t1",))],
        slots_of(2),
        [pair("a", "b")],
        seating="hosts_stay",
    )

    assert only(plan(request)) == Unplanned(pair="a-b", cause="shared_table", party="a")


def test_a_host_whose_table_is_missing_then_wants_it_there() -> None:
    request = fair(
        [institute("a", tables=("t2",)), enterprise("x"), enterprise("y")],
        slots_of(1, 2),
        [pair("a", "x", 30), pair("a", "y", 20)],
        seating="hosts_stay",
    )

    wish = only(plan(request))

    assert (wish.pair, wish.cause, wish.party) == ("a-y", "shared_table", "a")
    assert wish.fix == Fix("s1", (Change(kind="add_table", party="a"),))


def test_without_slots_there_is_no_fix() -> None:
    request = fair([institute("a"), enterprise("x")], (), [pair("a", "x")])

    assert only(plan(request)) == Unplanned(pair="a-x", cause="no_common_slot")


def test_reasons_of_a_long_fair_do_not_end_at_sixty_four_slots() -> None:
    request = fair(
        [institute("a", available=("s70",)), enterprise("x"), enterprise("y")],
        slots_of(*[1] * 70),
        [pair("a", "x", 30), pair("a", "y", 20, slots=("s70",))],
        pins=(Pin("a-x", "s70"),),
    )
    request = change_party(request, "y", available=("s70",))

    assert only(plan(request)) == Unplanned(
        pair="a-y",
        cause="party_full",
        party="a",
        kept_weight=30,
        fix=Fix(
            "s1",
            (
                Change(kind="allow_slot", pair="a-y"),
                Change(kind="make_available", party="a"),
                Change(kind="make_available", party="y"),
            ),
        ),
    )
