"""What webhooks tell: one table of event types, each with the schema of its data.

Payloads are thin: ids and an address to read the rest at, which then shows what the reader may see.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from schemas.listing_views import ListingKind


class ListingFound(msgspec.Struct, kw_only=True, frozen=True):
    """A saved search found a listing that is new, or that changed in what matters."""

    alert_id: str
    saved_search_id: str
    kind: ListingKind
    listing_id: str
    url: str


class MatchFoundData(msgspec.Struct, kw_only=True, frozen=True):
    """One of one's own listings has a new match that scores enough."""

    alert_id: str
    saved_search_id: str
    match_id: str
    kind: ListingKind
    listing_id: str
    url: str


class OwnListingData(msgspec.Struct, kw_only=True, frozen=True):
    """Something befell a listing of one's own."""

    alert_id: str
    saved_search_id: str
    kind: ListingKind
    listing_id: str
    url: str


class OrganisationData(msgspec.Struct, kw_only=True, frozen=True):
    """Something was decided about one's own organisation."""

    alert_id: str
    saved_search_id: str
    organisation_id: str
    url: str


class DigestData(msgspec.Struct, kw_only=True, frozen=True):
    """What a saved search collected since its last digest: so many alerts, and the newest ids."""

    saved_search_id: str
    count: int
    alert_ids: list[str]
    url: str


class TestData(msgspec.Struct, kw_only=True, frozen=True):
    """A message to try an endpoint with."""

    endpoint_id: str


WebhookType = Literal[
    "listing.found",
    "match.found",
    "listing.expiring",
    "listing.expired",
    "organisation.verified",
    "digest",
    "endpoint.test",
]


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
    "digest": EventKind("一段时间内的汇总", "What came together since the last digest", DigestData),
    "endpoint.test": EventKind("测试消息", "A message to try an endpoint with", TestData),
}


class Event(msgspec.Struct, kw_only=True, frozen=True):
    """The body of a webhook (Standard Webhooks): `data` is as EVENTS says for the type."""

    type: WebhookType
    timestamp: datetime
    data: msgspec.Struct
