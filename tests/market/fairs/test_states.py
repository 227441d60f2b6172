"""Every action from every state: the table is the law, and there is one door."""

from datetime import UTC, datetime
from typing import get_args

import pytest

from market.errors import Conflict
from market.fairs.models import Fair, FairRegistration
from market.fairs.states import (
    REGISTRATION_TRANSITIONS,
    TRANSITIONS,
    allowed_actions,
    move,
    publish,
    refuse_unless,
    target_of,
)
from schemas.fair_registrations import RegistrationAction, RegistrationStatus
from schemas.fairs import FairAction, FairStatus

NOW = datetime(2027, 6, 1, tzinfo=UTC)
STATUSES: tuple[FairStatus, ...] = get_args(FairStatus)
ACTIONS: tuple[FairAction, ...] = get_args(FairAction)
# Written by hand, not made of the table.
LEADS = {
    ("draft", "open"): "open",
    ("open", "withdraw"): "draft",
    ("open", "match"): "matching",
    ("matching", "reopen"): "open",
    ("published", "revise"): "matching",
    ("published", "start"): "running",
    ("running", "close"): "closed",
    ("closed", "resume"): "running",
}


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("action", ACTIONS)
def test_action_leads_where_the_table_says_or_is_refused(
    status: FairStatus, action: FairAction
) -> None:
    fair = Fair(status=status)

    if (status, action) in LEADS:
        move(fair, action, NOW)
        assert fair.status == LEADS[status, action]
    else:
        with pytest.raises(Conflict) as refusal:
            move(fair, action, NOW)
        assert (refusal.value.code, fair.status) == ("transition_refused", status)


@pytest.mark.parametrize("status", STATUSES)
def test_allowed_actions_are_those_that_are_not_refused(status: FairStatus) -> None:
    allowed = {action for at, action in LEADS if at == status}

    assert set(allowed_actions(Fair(status=status))) == allowed


def test_only_a_plan_publishes_a_fair() -> None:
    fair = Fair(status="matching")

    publish(fair)

    assert fair.status == "published"
    assert "published" not in {to for states in TRANSITIONS.values() for to in states.values()}
    with pytest.raises(Conflict):
        publish(fair)


def test_every_state_but_the_draft_can_be_left_and_reached() -> None:
    reached = {to for states in TRANSITIONS.values() for to in states.values()} | {"published"}
    left = {at for states in TRANSITIONS.values() for at in states}

    assert reached == set(STATUSES)
    assert left | {"matching"} == set(STATUSES)


def test_first_opening_is_remembered() -> None:
    fair = Fair(status="draft")
    move(fair, "open", NOW)
    move(fair, "withdraw", NOW)

    move(fair, "open", datetime(2028, 1, 1, tzinfo=UTC))

    assert fair.opened_at == NOW


def test_what_needs_another_state_is_refused_with_the_present_one() -> None:
    with pytest.raises(Conflict, match="配对中"):
        refuse_unless(Fair(status="matching"), "published", "running")
    refuse_unless(Fair(status="running"), "published", "running")


@pytest.mark.parametrize("status", get_args(RegistrationStatus))
@pytest.mark.parametrize("action", get_args(RegistrationAction))
def test_registration_moves_as_its_table_says(
    status: RegistrationStatus, action: RegistrationAction
) -> None:
    registration = FairRegistration(status=status)
    target = REGISTRATION_TRANSITIONS[action].get(status)

    if target is None:
        with pytest.raises(Conflict):
            target_of(registration, action)
    else:
        assert target_of(registration, action) == target
        assert target != status
