"""The life of a listing: one table of what leads where, and one door."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from market.errors import Conflict
from market.listings.models import Listing
from schemas.listing_views import Action, Status

# What each action makes of a listing in a state; what is not here is refused.
TRANSITIONS: Mapping[Action, Mapping[Status, Status]] = {
    "publish": {"draft": "published", "paused": "published"},
    "pause": {"published": "paused"},
    "close": {"published": "closed", "paused": "closed"},
    # A withdrawn listing begins anew as a draft; a closed one was complete and goes straight out.
    "reopen": {"closed": "published", "withdrawn": "draft"},
    "withdraw": {
        "draft": "withdrawn",
        "published": "withdrawn",
        "paused": "withdrawn",
        "closed": "withdrawn",
        "expired": "withdrawn",
    },
    "renew": {"published": "published", "expired": "published"},
}
# Only the passing of time leads from these to "expired": market.listings.service.expire_due.
EXPIRES_FROM: tuple[Status, ...] = ("published", "paused")

_NAMES: Mapping[Status, tuple[str, str]] = {
    "draft": ("草稿", "a draft"),
    "published": ("已发布", "published"),
    "paused": ("已暂停", "paused"),
    "closed": ("已关闭", "closed"),
    "withdrawn": ("已撤回", "withdrawn"),
    "expired": ("已过期", "expired"),
}
_TARGETS: Mapping[Action, tuple[str, str]] = {
    "publish": ("已发布", "published"),
    "pause": ("已暂停", "paused"),
    "close": ("已关闭", "closed"),
    "reopen": ("重新打开", "open again"),
    "withdraw": ("已撤回", "withdrawn"),
    "renew": ("续期", "renewed"),
    "delete": ("删除", "deleted"),
}


def allowed_actions(listing: Listing) -> list[Action]:
    """What the owner may do with the listing as it is now."""
    actions = [action for action, states in TRANSITIONS.items() if listing.status in states]
    return [*actions, "delete"] if may_be_deleted(listing) else actions


def may_be_deleted(listing: Listing) -> bool:
    """Only what nobody else ever saw may vanish; the rest is withdrawn and stays on record."""
    return listing.status == "draft" and listing.published_at is None


def target_of(listing: Listing, action: Action) -> Status:
    """The state that the action leads to. Raises Conflict naming both states."""
    target = TRANSITIONS.get(action, {}).get(_status(listing))
    if target is None:
        raise refused(listing, action)
    return target


def move(listing: Listing, action: Action, now: datetime, *, expires_on: date) -> None:
    """Bring a listing into the state that the action leads to: the only place that does.

    `expires_on` is the last day of a publication that begins or is renewed now; one that has
    such a day still ahead keeps it, unless it is renewed. Raises Conflict.
    """
    target = target_of(listing, action)
    listing.status = target
    listing.changed_at = now
    if target != "published":
        return
    listing.published_at = listing.published_at or now
    if action == "renew" or is_over(listing.expires_on, now):
        listing.expires_on = expires_on


def is_over(expires_on: date | None, now: datetime) -> bool:
    """Whether a publication can't go on until this day: none is set, or it has passed."""
    return expires_on is None or expires_on < now.date()


def last_day(now: datetime, *, days: int) -> date:
    return now.date() + timedelta(days=days)


def refused(listing: Listing, action: Action) -> Conflict:
    present, asked = _NAMES[_status(listing)], _TARGETS[action]
    return Conflict(
        "transition_refused",
        f"当前状态“{present[0]}”不能变为“{asked[0]}”",
        f"It is {present[1]} now and can't be {asked[1]} from there.",
    )


def _status(listing: Listing) -> Status:
    status: Status = listing.status  # type: ignore[assignment]  # checked by the database
    return status
