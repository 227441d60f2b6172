"""The life of a listing: what leads where, and what is refused with both names told."""

import itertools
from datetime import date, timedelta
from typing import get_args

import pytest

from market.errors import Conflict
from market.listings.models import Listing
from market.listings.states import (
    allowed_actions,
    is_over,
    last_day,
    may_be_deleted,
    move,
    refused,
)
from schemas.listing_views import Action, Status
from tests.market.listings.factories import NOW, TODAY, result_row

UNTIL = TODAY + timedelta(days=365)
LATER = NOW + timedelta(hours=1)

# Written by hand: from each state, what each action leads to.
ALLOWED: dict[tuple[Status, Action], Status] = {
    ("draft", "publish"): "published",
    ("draft", "withdraw"): "withdrawn",
    ("published", "pause"): "paused",
    ("published", "close"): "closed",
    ("published", "withdraw"): "withdrawn",
    ("published", "renew"): "published",
    ("paused", "publish"): "published",
    ("paused", "close"): "closed",
    ("paused", "withdraw"): "withdrawn",
    ("closed", "reopen"): "published",
    ("closed", "withdraw"): "withdrawn",
    ("expired", "renew"): "published",
    ("expired", "withdraw"): "withdrawn",
    ("withdrawn", "reopen"): "draft",
}
MOVES = [action for action in get_args(Action) if action != "delete"]
CASES = list(itertools.product(get_args(Status), MOVES))


def listing(status: str, **changes: object) -> Listing:
    return result_row(status=status, **changes)


@pytest.mark.parametrize(("status", "action"), sorted(ALLOWED))
def test_allowed_moves(status: Status, action: Action) -> None:
    moving = listing(status)

    move(moving, action, LATER, expires_on=UNTIL)

    assert (moving.status, moving.changed_at) == (ALLOWED[status, action], LATER)


@pytest.mark.parametrize(("status", "action"), sorted(set(CASES) - set(ALLOWED)))
def test_every_other_move_is_refused_and_changes_nothing(status: Status, action: Action) -> None:
    moving = listing(status)

    with pytest.raises(Conflict) as refusal:
        move(moving, action, LATER, expires_on=UNTIL)

    assert refusal.value.code == "transition_refused"
    assert (moving.status, moving.changed_at) == (status, NOW)


@pytest.mark.parametrize("status", get_args(Status))
def test_allowed_actions_are_those_of_the_table(status: Status) -> None:
    expected = {action for known, action in ALLOWED if known == status}

    assert set(allowed_actions(listing(status))) == expected


def test_refusal_names_both_states_in_both_languages() -> None:
    refusal = refused(listing("closed"), "pause")

    assert (refusal.zh, refusal.en) == (
        "当前状态“已关闭”不能变为“已暂停”",
        "It is closed now and can't be paused from there.",
    )


@pytest.mark.parametrize(
    ("status", "was_public", "may"),
    [("draft", False, True), ("draft", True, False), ("published", True, False)],
)
def test_only_drafts_that_were_never_public_may_be_deleted(
    status: str, was_public: bool, may: bool
) -> None:
    asked = listing(status, published_at=NOW if was_public else None)

    assert (may_be_deleted(asked), "delete" in allowed_actions(asked)) == (may, may)


def test_publication_begins_now_and_ends_on_the_day_given() -> None:
    draft = listing("draft", published_at=None, expires_on=None)

    move(draft, "publish", LATER, expires_on=UNTIL)

    assert (draft.published_at, draft.expires_on) == (LATER, UNTIL)


def test_last_day_that_the_owner_set_is_kept() -> None:
    chosen = TODAY + timedelta(days=30)
    draft = listing("draft", published_at=None, expires_on=chosen)

    move(draft, "publish", LATER, expires_on=UNTIL)

    assert draft.expires_on == chosen


@pytest.mark.parametrize("status", ["published", "expired"])
def test_renewal_sets_a_new_last_day_and_keeps_the_first_publication(status: str) -> None:
    renewed = listing(status, expires_on=TODAY + timedelta(days=3))

    move(renewed, "renew", LATER, expires_on=UNTIL)

    assert (renewed.published_at, renewed.expires_on) == (NOW, UNTIL)


def test_closed_listing_that_opens_after_its_last_day_gets_a_new_one() -> None:
    closed = listing("closed", expires_on=TODAY - timedelta(days=1))

    move(closed, "reopen", LATER, expires_on=UNTIL)

    assert (closed.status, closed.expires_on) == ("published", UNTIL)


def test_pausing_and_withdrawing_keep_the_last_day() -> None:
    paused, withdrawn = listing("published"), listing("published")
    before = paused.expires_on

    move(paused, "pause", LATER, expires_on=UNTIL)
    move(withdrawn, "withdraw", LATER, expires_on=UNTIL)

    assert (paused.expires_on, withdrawn.expires_on) == (before, before)


@pytest.mark.parametrize(
    ("expires_on", "over"),
    [
        (None, True),
        (TODAY - timedelta(days=1), True),
        (TODAY, False),
        (TODAY + timedelta(days=1), False),
    ],
)
def test_a_publication_lasts_through_its_last_day(expires_on: date | None, over: bool) -> None:
    assert is_over(expires_on, NOW) is over


def test_last_day_is_counted_from_today() -> None:
    assert last_day(NOW, days=365) == date(2028, 2, 29)
