"""The one table of an order's stages, and its door."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.deals.models import IntentOrder
from market.deals.states import (
    LAPSES_FROM,
    NAMES,
    ONE_SIDED,
    OPEN,
    SIGNED,
    TRANSITIONS,
    allowed_actions,
    move,
    target_of,
)
from market.errors import Conflict
from schemas.deals import OrderAction, OrderStage

NOW = datetime(2027, 3, 1, tzinfo=UTC)
STAGES: tuple[OrderStage, ...] = get_args(OrderStage)
ACTIONS: tuple[OrderAction, ...] = get_args(OrderAction)
# From the first word to the last, each step to the next.
PATH: list[tuple[OrderAction, OrderStage]] = [
    ("negotiate", "negotiation"),
    ("agree", "agreement"),
    ("sign", "contract"),
    ("register", "registered"),
    ("fulfil", "fulfilled"),
]


def order(stage: str = "intent", **changes: Any) -> IntentOrder:
    values: dict[str, Any] = {"lapsed_from": None, "registered_on": None}
    return IntentOrder(stage=stage, progressed_at=NOW, changed_at=NOW, **values | changes)


def test_the_table_knows_every_action_and_stage() -> None:
    assert set(TRANSITIONS) == set(ACTIONS)
    assert set(NAMES) == set(STAGES)
    assert set(OPEN) | set(SIGNED) | {"lapsed"} == set(STAGES)
    assert LAPSES_FROM == OPEN


def test_an_order_goes_from_intent_to_its_end() -> None:
    going = order()

    stages = []
    for action, _ in PATH:
        move(going, action, NOW)
        stages.append(going.stage)

    assert stages == [stage for _, stage in PATH]


@pytest.mark.parametrize(
    ("action", "stages"),
    [
        ("negotiate", {"intent"}),
        ("agree", {"intent", "negotiation"}),
        ("sign", {"intent", "negotiation", "agreement"}),
        ("register", {"contract"}),
        ("fulfil", {"contract", "registered"}),
        ("lapse", {"intent", "negotiation", "agreement", "contract", "registered"}),
        ("step_back", {"negotiation", "agreement", "contract", "registered", "fulfilled"}),
        ("resume", {"lapsed"}),
    ],
)
def test_each_action_is_taken_from_its_stages_only(action: OrderAction, stages: set[str]) -> None:
    for stage in STAGES:
        shown = order(stage, lapsed_from="intent" if stage == "lapsed" else None)
        if stage in stages:
            assert target_of(shown, action) in STAGES
        else:
            with pytest.raises(Conflict) as refusal:
                target_of(shown, action)
            assert refusal.value.code == "transition_refused"


def test_a_refusal_names_both_stages() -> None:
    with pytest.raises(Conflict) as refusal:
        move(order("fulfilled"), "lapse", NOW)

    assert refusal.value.zh == "订单当前为“履约”，不能终止"
    assert refusal.value.en == "The order is fulfilled now and can't lapse from there."


@pytest.mark.parametrize("stage", [*OPEN, "contract", "registered"])
def test_a_lapsed_order_is_taken_up_where_it_lapsed(stage: str) -> None:
    lapsed = order(stage)

    was = move(lapsed, "lapse", NOW + timedelta(days=1))
    between = (lapsed.stage, lapsed.lapsed_from, lapsed.progressed_at)
    move(lapsed, "resume", NOW + timedelta(days=2))

    assert (was, *between) == (stage, "lapsed", stage, NOW + timedelta(days=1))
    assert (lapsed.stage, lapsed.lapsed_from) == (stage, None)


@pytest.mark.parametrize(("registered_on", "stage"), [(None, "contract"), (NOW, "registered")])
def test_a_fulfilled_order_steps_back_to_where_it_came_from(
    registered_on: datetime | None, stage: str
) -> None:
    back = order("fulfilled", registered_on=registered_on)

    move(back, "step_back", NOW)

    assert back.stage == stage


@given(st.lists(st.sampled_from(ACTIONS), max_size=30))
def test_no_sequence_leaves_the_table(actions: list[OrderAction]) -> None:
    going = order()

    for action in actions:
        before = (going.stage, going.lapsed_from)
        try:
            was = move(going, action, NOW)
        except Conflict:
            assert (going.stage, going.lapsed_from) == before
        else:
            assert was == before[0]
            assert going.stage != before[0]
        assert going.stage in STAGES
        assert (going.stage == "lapsed") == (going.lapsed_from is not None)
        assert going.lapsed_from not in {"lapsed", "fulfilled"}


@given(st.sampled_from(STAGES), st.booleans(), st.booleans())
def test_what_is_offered_is_what_is_taken(
    stage: OrderStage, has_said_yes: bool, is_confirmed: bool
) -> None:
    shown = order(stage, lapsed_from="agreement" if stage == "lapsed" else None)

    offered = allowed_actions(
        shown, is_own=True, has_said_yes=has_said_yes, is_confirmed=is_confirmed
    )

    possible = [action for action in ACTIONS if stage in TRANSITIONS[action]]
    taken = {each for each in possible if is_confirmed or each in ONE_SIDED}
    assert set(offered) - {"confirm", "change"} == taken
    assert ("confirm" in offered) == (not has_said_yes and stage != "lapsed")
    assert ("change" in offered) == (stage not in {"lapsed", "fulfilled"})


def test_who_is_no_side_is_offered_nothing() -> None:
    assert allowed_actions(order(), is_own=False, has_said_yes=False, is_confirmed=True) == []
