"""What webhooks tell: one table of event types, each with the schema of its data.

Payloads are thin: ids and an address to read the rest at, which then shows what the reader may see.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal, NamedTuple

import msgspec

from schemas.deals import OrderDeed, OrderStage, ReminderKind
from schemas.listing_views import ListingKind


class _Told(msgspec.Struct, kw_only=True, frozen=True):
    """`saved_search_id` names the subscription that asked for it."""

    alert_id: str
    saved_search_id: str
    url: str


class ListingFound(_Told, kw_only=True, frozen=True):
    """A saved search found a listing that is new, or that changed in what matters."""

    kind: ListingKind
    listing_id: str


class MatchFoundData(_Told, kw_only=True, frozen=True):
    """One of one's own listings has a new match that scores enough."""

    match_id: str
    kind: ListingKind
    listing_id: str


class OwnListingData(_Told, kw_only=True, frozen=True):
    """Something befell a listing of one's own."""

    kind: ListingKind
    listing_id: str


class OrganisationData(_Told, kw_only=True, frozen=True):
    """Something was decided about one's own organisation."""

    organisation_id: str


class FairRegistrationData(_Told, kw_only=True, frozen=True):
    """A registration for a fair came in, was decided on, or was withdrawn.

    received: it waits for the organizer, who is told; withdrawn: the other side is told.
    """

    fair_id: str
    registration_id: str
    status: Literal["received", "approved", "waiting", "rejected", "withdrawn"]


class FairAgendaData(_Told, kw_only=True, frozen=True):
    """The agenda of a fair is published, or is not sure any more."""

    fair_id: str


class MeetingChange(msgspec.Struct, kw_only=True, frozen=True):
    """What became of a meeting."""

    meeting_id: str
    change: Literal["added", "moved", "cancelled", "no_show"]


class FairMeetingsData(_Told, kw_only=True, frozen=True):
    """Meetings of one's own at a fair changed; those that changed together come together."""

    fair_id: str
    meetings: list[MeetingChange]


class FairPlanData(_Told, kw_only=True, frozen=True):
    """The planner is done; the organizer is told. improvement: of an agenda that is published."""

    fair_id: str
    plan_id: str
    outcome: Literal["ready", "failed", "improvement"]


class OrderData(_Told, kw_only=True, frozen=True):
    """The other side of an intention order, or time, did something with it."""

    order_id: str
    action: OrderDeed
    stage: OrderStage


class OrderReminderData(_Told, kw_only=True, frozen=True):
    """An intention order should be looked after. `about_on` is the day of the occasion."""

    order_id: str
    reminder: ReminderKind
    about_on: date


class DigestData(msgspec.Struct, kw_only=True, frozen=True):
    """What a saved search collected since its last digest: so many alerts, and the newest ids."""

    saved_search_id: str
    count: int
    alert_ids: list[str]
    url: str


class TestData(msgspec.Struct, kw_only=True, frozen=True):
    """A message to try an endpoint with."""

    endpoint_id: str


# What an alert may be of that a webhook tells, too.
NewsType = Literal[
    "listing.found",
    "match.found",
    "listing.expiring",
    "listing.expired",
    "organisation.verified",
    "organisation.unverified",
    "fair.registration_changed",
    "fair.agenda_published",
    "fair.agenda_withdrawn",
    "fair.meetings_changed",
    "fair.plan_finished",
    "order.proposed",
    "order.confirmed",
    "order.changed",
    "order.stage_changed",
    "order.lapsed",
    "order.reminder",
]
WebhookType = Literal[NewsType, "digest", "endpoint.test"]


class EventKind(NamedTuple):
    """What an event means, in both languages, and the struct of its data."""

    zh: str
    en: str
    data: type[msgspec.Struct]


EVENTS: Mapping[WebhookType, EventKind] = {
    "listing.found": EventKind(
        "保存的检索找到新内容", "A saved search found something", ListingFound
    ),
    "match.found": EventKind(
        "您的条目有新的匹配", "A listing of yours has a new match", MatchFoundData
    ),
    "listing.expiring": EventKind(
        "您的条目即将到期", "A listing of yours expires soon", OwnListingData
    ),
    "listing.expired": EventKind(
        "您的条目已到期", "A listing of yours has expired", OwnListingData
    ),
    "organisation.verified": EventKind(
        "您的单位已通过核验", "Your organisation was verified", OrganisationData
    ),
    "organisation.unverified": EventKind(
        "您的单位的核验已撤销",
        "The verification of your organisation was taken back",
        OrganisationData,
    ),
    "fair.registration_changed": EventKind(
        "对接会报名有变化", "A registration for a fair changed", FairRegistrationData
    ),
    "fair.agenda_published": EventKind(
        "对接会日程已公布", "The agenda of a fair is published", FairAgendaData
    ),
    "fair.agenda_withdrawn": EventKind(
        "对接会日程正在重排", "The agenda of a fair is being worked out anew", FairAgendaData
    ),
    "fair.meetings_changed": EventKind(
        "您的对接有变化", "Meetings of yours changed", FairMeetingsData
    ),
    "fair.plan_finished": EventKind(
        "对接会排程已结束", "The planner of a fair is done", FairPlanData
    ),
    "order.proposed": EventKind(
        "收到意向订单", "An intention order was proposed to you", OrderData
    ),
    "order.confirmed": EventKind(
        "对方已确认意向订单", "The other side said yes to an intention order", OrderData
    ),
    "order.changed": EventKind(
        "对方修改了意向订单", "The other side changed an intention order", OrderData
    ),
    "order.stage_changed": EventKind(
        "意向订单进入新阶段", "An intention order is in another stage", OrderData
    ),
    "order.lapsed": EventKind("意向订单已失效", "An intention order lapsed", OrderData),
    "order.reminder": EventKind(
        "意向订单需要跟进", "An intention order should be looked after", OrderReminderData
    ),
    "digest": EventKind("一段时间内的汇总", "What came together since the last digest", DigestData),
    "endpoint.test": EventKind("测试消息", "A message to try an endpoint with", TestData),
}


class Event(msgspec.Struct, kw_only=True, frozen=True):
    """The body of a webhook (Standard Webhooks): `data` is as EVENTS says for the type."""

    type: WebhookType
    timestamp: datetime
    data: msgspec.Struct
