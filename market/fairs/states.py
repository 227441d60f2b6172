"""The life of a fair and of a registration: one table each of what leads where, and one door."""

from collections.abc import Mapping
from datetime import datetime

from market.errors import Conflict
from market.fairs.models import Fair, FairRegistration
from schemas.fair_registrations import RegistrationAction, RegistrationStatus
from schemas.fairs import FairAction, FairStatus

# What each action makes of a fair in a state; what is not here is refused. Only the publication
# of a plan leads from "matching" to "published": market.fairs.publishing.
TRANSITIONS: Mapping[FairAction, Mapping[FairStatus, FairStatus]] = {
    "open": {"draft": "open"},
    # Back to the drawing board, while nobody has registered.
    "withdraw": {"open": "draft"},
    "match": {"open": "matching"},
    "reopen": {"matching": "open"},
    "revise": {"published": "matching"},
    "start": {"published": "running"},
    "close": {"running": "closed"},
    "resume": {"closed": "running"},
}

# From these on there is an agenda that people go by.
ANNOUNCED: frozenset[str] = frozenset({"published", "running", "closed"})
# In these a registration may come in; after "open" it is a late one.
TAKES_LATE: frozenset[str] = frozenset({"matching", "published", "running"})

REGISTRATION_TRANSITIONS: Mapping[
    RegistrationAction, Mapping[RegistrationStatus, RegistrationStatus]
] = {
    # Who finds no place is "waiting" instead: market.fairs.admission.
    "approve": {"pending": "approved", "rejected": "approved", "waiting": "approved"},
    "reject": {"pending": "rejected", "waiting": "rejected", "approved": "rejected"},
    "withdraw": {"pending": "withdrawn", "waiting": "withdrawn", "approved": "withdrawn"},
    "resubmit": {"withdrawn": "pending"},
}

_NAMES: Mapping[str, tuple[str, str]] = {
    "draft": ("草稿", "a draft"),
    "open": ("报名中", "open for registration"),
    "matching": ("配对中", "being matched"),
    "published": ("已公布日程", "published"),
    "running": ("进行中", "running"),
    "closed": ("已结束", "closed"),
    "pending": ("待审核", "waiting for approval"),
    "waiting": ("候补中", "on the waiting list"),
    "approved": ("已通过", "approved"),
    "rejected": ("未通过", "rejected"),
    "withdrawn": ("已退出", "withdrawn"),
}


def allowed_actions(fair: Fair) -> list[FairAction]:
    """What the organizer may do with the fair as it is now."""
    return [action for action, states in TRANSITIONS.items() if fair.status in states]


def move(fair: Fair, action: FairAction, now: datetime) -> None:
    """Bring a fair into the state that the action leads to. Raises Conflict."""
    target = TRANSITIONS[action].get(status_of(fair))
    if target is None:
        raise refused(fair.status, action)
    fair.status = target
    if target == "open":
        fair.opened_at = fair.opened_at or now


def publish(fair: Fair) -> None:
    """What the publication of a plan makes of its fair. Raises Conflict."""
    if fair.status != "matching":
        raise refused(fair.status, "publish")
    fair.status = "published"


def target_of(registration: FairRegistration, action: RegistrationAction) -> RegistrationStatus:
    """The state that the action leads to, if there is room. Raises Conflict."""
    status: RegistrationStatus = registration.status  # type: ignore[assignment]  # by the database
    target = REGISTRATION_TRANSITIONS[action].get(status)
    if target is None:
        raise refused(registration.status, action)
    return target


def refuse_unless(fair: Fair, *statuses: FairStatus) -> None:
    """Raises Conflict for a fair that is in none of these states."""
    if fair.status not in statuses:
        present = _NAMES[fair.status]
        raise Conflict(
            "fair_state_refused",
            f"对接会当前“{present[0]}”，不能这样做",
            f"The fair is {present[1]} now: this can't be done.",
        )


def refused(status: str, action: str) -> Conflict:
    present = _NAMES[status]
    return Conflict(
        "transition_refused",
        f"当前状态“{present[0]}”不能执行 {action}",
        f"It is {present[1]} now: “{action}” is not possible from there.",
    )


def status_of(fair: Fair) -> FairStatus:
    status: FairStatus = fair.status  # type: ignore[assignment]  # checked by the database
    return status
