"""Intention orders (意向订单) on the wire: what is proposed, agreed on, signed, and reminded of."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from schemas.common import ONE_LINE, Cny, Code, Line100, Line200, Request, Text1000, Text20000

OrderStage = Literal[
    "intent", "negotiation", "agreement", "contract", "registered", "fulfilled", "lapsed"
]
OrderAction = Literal[
    "negotiate", "agree", "sign", "register", "fulfil", "lapse", "resume", "step_back"
]
# "propose" and "expire" come of themselves: the first word, and the passing of time.
OrderDeed = Literal[
    "propose",
    "confirm",
    "change",
    "negotiate",
    "agree",
    "sign",
    "register",
    "fulfil",
    "lapse",
    "resume",
    "step_back",
    "expire",
]
OrderSide = Literal["institute", "enterprise"]
ReminderKind = Literal["confirm", "step", "quiet"]

Id = Annotated[
    str,
    Meta(min_length=1, max_length=40, pattern=ONE_LINE),
]
Month = Annotated[
    str,
    Meta(
        pattern=r"^20[0-9]{2}-(?:0[1-9]|1[0-2])(?![\s\S])",
        description="年月，如 2027-05 · a month, such as 2027-05",
        examples=["2027-05"],
    ),
]
Amount = Annotated[Cny, Meta(examples=[800_000])]
Mode = Annotated[Code, Meta(examples=["licence"])]
Kind = Annotated[Code, Meta(examples=["licence"])]
Step = Annotated[Line200, Meta(examples=["寄送样品，两周内回复测试结果"])]
Day = Annotated[date, Meta(examples=["2027-05-31"])]
# A contract is signed by the day it is entered.
PastDay = Annotated[date, Meta(examples=["2026-03-31"])]
Note = Annotated[Text1000, Meta(examples=["双方见面谈过，厂里同意先做小试"])]
PrivateNote = Annotated[Text20000, Meta(examples=["价格还能再谈"])]


class IntentOrderForm(Request, kw_only=True):
    """What one side proposes to the other, about a result, a need, or both.

    A listing of the other side says who that is; `counterpart_id` is for orders about a listing
    of one's own, and must not name who a listing hides. Amounts are whole 元; both None: not yet.
    The fair of a meeting need not be named.
    """

    counterpart_id: Id | None = None
    result_id: Id | None = None
    need_id: Id | None = None
    fair_id: Id | None = None
    meeting_id: Id | None = None
    amount_min_cny: Amount | None = None
    amount_max_cny: Amount | None = None
    mode: Mode | None = None
    expected_month: Month | None = None
    next_step: Step = ""
    next_step_on: Day | None = None
    note: Note = ""
    private_note: PrivateNote = ""


class IntentOrderChange(Request, kw_only=True):
    """What changes; the rest stays. Terms that change (amount, mode, month) need a new yes."""

    amount_min_cny: Amount | UnsetType | None = UNSET
    amount_max_cny: Amount | UnsetType | None = UNSET
    mode: Mode | UnsetType | None = UNSET
    expected_month: Month | UnsetType | None = UNSET
    next_step: Step | UnsetType = UNSET
    next_step_on: Day | UnsetType | None = UNSET
    private_note: PrivateNote | UnsetType = UNSET


class Remark(Request, kw_only=True):
    """A word on what is done; the other side reads it."""

    note: Note = ""


class SigningForm(Request, kw_only=True):
    """The contract that was signed: its kind (vocabulary contract_kinds) and amount in 元."""

    contract_kind: Kind
    contract_amount_cny: Amount
    signed_on: PastDay
    contract_number: Line100 = ""
    note: Note = ""


class ContractRegistration(Request, kw_only=True):
    """The registration of a contract (合同登记)."""

    registered_on: PastDay
    registration_number: Line100 = ""
    note: Note = ""


class OrderParty(msgspec.Struct, kw_only=True):
    """A side of an order. `id` and `name` are None to who may not know them before a yes."""

    id: str | None
    name: str | None
    kind: str
    is_confirmed: bool


class OrderListing(msgspec.Struct, kw_only=True):
    """A listing that an order is about, under its title of then."""

    id: str
    title: str


class ContractView(msgspec.Struct, kw_only=True):
    kind: str
    amount_cny: int
    number: str
    signed_on: date
    registration_number: str
    registered_on: date | None


class IntentOrderView(msgspec.Struct, kw_only=True):
    """An order. `own_side` is None to who is no side of it: they see no private note.

    `is_confirmed`: both sides say yes to the order as it stands. `confirmed_at`: they did for
    the first time. `lapsed_from` is the stage in which a lapsed one would go on.
    """

    id: str
    version: int
    stage: OrderStage
    lapsed_from: OrderStage | None
    institute: OrderParty
    enterprise: OrderParty
    proposed_by: OrderSide
    own_side: OrderSide | None
    result: OrderListing | None
    need: OrderListing | None
    fair_id: str | None
    meeting_id: str | None
    amount_min_cny: int | None
    amount_max_cny: int | None
    mode: str | None
    expected_month: str | None
    next_step: str
    next_step_on: date | None
    contract: ContractView | None
    is_confirmed: bool
    confirmed_at: datetime | None
    allowed_actions: list[OrderDeed]
    created_at: datetime
    progressed_at: datetime
    changed_at: datetime
    private_note: str | UnsetType = UNSET


class OrderMoveView(msgspec.Struct, kw_only=True):
    """One thing that was done with an order. `side` is None where time did it."""

    action: OrderDeed
    from_stage: OrderStage | None
    to_stage: OrderStage
    side: OrderSide | None
    note: str
    at: datetime


class OrderReminderView(msgspec.Struct, kw_only=True):
    """That one's organisation should look after an order."""

    id: str
    order_id: str
    kind: ReminderKind
    about_on: date
    created_at: datetime
