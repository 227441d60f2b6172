"""What people are told of intention orders, in Chinese and English. Pure functions."""

from collections.abc import Mapping
from datetime import date

from market.deals.states import NAMES
from schemas.deals import OrderStage, ReminderKind

# A text in Chinese and in English.
Said = tuple[str, str]

_DEEDS: Mapping[str, Said] = {
    "propose": ("对方提出意向订单", "An intention order was proposed to you"),
    "confirm": ("对方已确认意向订单", "The other side said yes to the order"),
    "change": ("对方修改了意向订单", "The other side changed the order"),
    "negotiate": ("意向订单进入洽谈", "The order is in negotiation"),
    "agree": ("意向订单已达成协议", "The order is an agreement"),
    "sign": ("意向订单已签合同", "A contract of the order was signed"),
    "register": ("合同已登记", "The contract is registered"),
    "fulfil": ("合同已履约", "The contract is fulfilled"),
    "lapse": ("对方终止了意向订单", "The other side ended the order"),
    "resume": ("意向订单已重新启动", "The order was taken up again"),
    "step_back": ("意向订单退回上一阶段", "The order went back a stage"),
    "expire": ("意向订单久无进展，已失效", "Nothing happened for long: the order lapsed"),
}
_REMINDERS: Mapping[ReminderKind, Said] = {
    "confirm": ("意向订单待您方确认", "An order waits for your yes"),
    "step": ("意向订单的下一步已到期", "The next step of an order is due"),
    "quiet": ("意向订单久无进展，即将失效", "Nothing happens with an order: it will lapse"),
}


def deed(action: str, title: str) -> Said:
    """What was done with the order about a listing of this title."""
    return _about(_DEEDS[action], title)


def reminder(kind: ReminderKind, title: str) -> Said:
    return _about(_REMINDERS[kind], title)


def partner(name: str) -> Said:
    return f"对方：{name}", f"Other side: {name}"


def stage(name: OrderStage) -> Said:
    zh, en = NAMES[name]
    return f"阶段：{zh}", f"Stage: {en}"


def next_step(text: str, on: date | None) -> list[Said]:
    """What comes next, and by when; nothing where nothing is said."""
    said = " ".join(filter(None, (on.isoformat() if on else "", " ".join(text.split()))))
    return [(f"下一步：{said}", f"Next step: {said}")] if said else []


def waits_for_yes() -> Said:
    return "待您方确认当前内容", "Your yes to the order as it stands is missing"


def _about(said: Said, title: str) -> Said:
    return f"{said[0]}：{title}", f"{said[1]}: {title}"
