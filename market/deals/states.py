"""The life of an intention order: one table of what leads where, and one door."""

from collections.abc import Mapping
from datetime import datetime

from market.deals.models import IntentOrder
from market.errors import Conflict
from schemas.deals import OrderAction, OrderDeed, OrderStage

# What each action makes of an order in a stage; what is not here is refused. Stages may be
# skipped, since people write things down late. A lapsed order resumes where it lapsed.
TRANSITIONS: Mapping[OrderAction, Mapping[OrderStage, OrderStage]] = {
    "negotiate": {"intent": "negotiation"},
    "agree": {"intent": "agreement", "negotiation": "agreement"},
    "sign": {"intent": "contract", "negotiation": "contract", "agreement": "contract"},
    "register": {"contract": "registered"},
    "fulfil": {"contract": "fulfilled", "registered": "fulfilled"},
    "lapse": {
        "intent": "lapsed",
        "negotiation": "lapsed",
        "agreement": "lapsed",
        "contract": "lapsed",
        "registered": "lapsed",
    },
    # The way back from a stage that was entered by mistake.
    "step_back": {
        "negotiation": "intent",
        "agreement": "negotiation",
        "contract": "agreement",
        "registered": "contract",
        "fulfilled": "registered",
    },
    # In its place stands the stage before the lapse.
    "resume": {"lapsed": "intent"},
}
# These take no yes of both sides: who disagrees must be able to leave.
ONE_SIDED: frozenset[OrderAction] = frozenset({"lapse", "resume", "step_back"})
# Terms may change as long as no contract holds them.
OPEN: tuple[OrderStage, ...] = ("intent", "negotiation", "agreement")
SIGNED: tuple[OrderStage, ...] = ("contract", "registered", "fulfilled")
# Time ends what is not yet a contract; a contract ends by its own rules.
LAPSES_FROM = OPEN

NAMES: Mapping[OrderStage, tuple[str, str]] = {
    "intent": ("意向", "an intent"),
    "negotiation": ("洽谈", "in negotiation"),
    "agreement": ("协议", "an agreement"),
    "contract": ("合同", "a contract"),
    "registered": ("登记", "registered"),
    "fulfilled": ("履约", "fulfilled"),
    "lapsed": ("失效", "lapsed"),
}
_TARGETS: Mapping[OrderAction, tuple[str, str]] = {
    "negotiate": ("转为洽谈", "be negotiated"),
    "agree": ("转为协议", "become an agreement"),
    "sign": ("签订合同", "be signed"),
    "register": ("登记", "be registered"),
    "fulfil": ("转为履约", "be fulfilled"),
    "lapse": ("终止", "lapse"),
    "resume": ("重新启动", "be taken up again"),
    "step_back": ("退回", "go back a stage"),
}


def stage_of(order: IntentOrder) -> OrderStage:
    stage: OrderStage = order.stage  # type: ignore[assignment]  # checked by the database
    return stage


def target_of(order: IntentOrder, action: OrderAction) -> OrderStage:
    """The stage that the action leads to. Raises Conflict naming both."""
    target = TRANSITIONS[action].get(stage_of(order))
    if target is None:
        raise refused(order, action)
    if action == "resume":
        before: OrderStage = order.lapsed_from  # type: ignore[assignment]  # checked by the database
        return before
    # A contract may be fulfilled without a registration.
    is_unregistered = action == "step_back" and order.registered_on is None
    return "contract" if is_unregistered and order.stage == "fulfilled" else target


def move(order: IntentOrder, action: OrderAction, now: datetime) -> OrderStage:
    """Bring an order into the stage that the action leads to: the only place that does.

    Answers the stage that it left. Raises Conflict.
    """
    was, target = stage_of(order), target_of(order, action)
    order.stage = target
    order.lapsed_from = was if target == "lapsed" else None
    order.progressed_at = now
    order.changed_at = now
    return was


def allowed_actions(
    order: IntentOrder, *, is_own: bool, has_said_yes: bool, is_confirmed: bool
) -> list[OrderDeed]:
    """What a side may do with the order as it is; nothing for who is no side."""
    if not is_own:
        return []
    deeds: list[OrderDeed] = []
    if not has_said_yes and order.stage != "lapsed":
        deeds.append("confirm")
    if order.stage not in {"lapsed", "fulfilled"}:
        deeds.append("change")
    for action, stages in TRANSITIONS.items():
        if order.stage in stages and (is_confirmed or action in ONE_SIDED):
            deeds.append(action)
    return deeds


def refused(order: IntentOrder, action: OrderAction) -> Conflict:
    present, asked = NAMES[stage_of(order)], _TARGETS[action]
    return Conflict(
        "transition_refused",
        f"订单当前为“{present[0]}”，不能{asked[0]}",
        f"The order is {present[1]} now and can't {asked[1]} from there.",
    )
