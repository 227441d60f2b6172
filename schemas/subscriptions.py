"""Saved searches and what they tell: subscriptions, previews, alerts, feeds."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from schemas.common import Cny, Line100, Name, Request, Trl
from schemas.events import NewsType
from schemas.listing_views import ListingKind, ListingSummary

# results, needs: a saved search. matches: of one own listing. own: what befalls one's own listings,
# one's organisation, its fairs and its intention orders.
SubscriptionKind = Literal["results", "needs", "matches", "own"]
Frequency = Literal["instant", "daily", "weekly", "off"]
Channel = Literal["inbox", "email", "webhook"]
EventType = Literal[NewsType, "endpoint.disabled", "mail.limited"]

_END = r"(?![\s\S])"
ClockTime = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^([01][0-9]|2[0-3]):[0-5][0-9]{_END}",
        description="时:分，如 09:00 · hour:minute, such as 09:00",
        examples=["09:00"],
    ),
]
Weekday = Annotated[int, msgspec.Meta(ge=1, le=7, description="1 = 周一 · Monday")]
ZoneName = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=60,
        pattern=rf"^[A-Za-z0-9_+/-]+{_END}",
        description="IANA 时区，如 Asia/Shanghai · IANA time zone, such as Asia/Shanghai",
        examples=["Asia/Shanghai"],
    ),
]
Score = Annotated[int, msgspec.Meta(ge=30, le=100)]
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=36)]
_Codes = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=100)]], msgspec.Meta(max_length=20)
]
_Channels = Annotated[list[Channel], msgspec.Meta(max_length=3)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class SavedQuery(Request):
    """What is looked for: the parameters of a search of results or needs, by the same names.

    A listing is told when it holds every word of `q` (or a synonym in its place) and meets every
    filter; one with only some of the words is not, though a search may list it further down.
    """

    q: Annotated[str, msgspec.Meta(max_length=500, examples=["鞋底 防滑"])] = ""
    field: _Codes = []  # noqa: RUF012 - msgspec copies it.
    industry: _Codes = []  # noqa: RUF012 - msgspec copies it.
    division: _Codes = []  # noqa: RUF012 - msgspec copies it.
    mode: _Codes = []  # noqa: RUF012 - msgspec copies it.
    trl_min: Trl | None = None
    trl_max: Trl | None = None
    organisation: Line100 = ""
    organisation_id: Id | None = None
    price_min_cny: Cny | None = None
    price_max_cny: Cny | None = None
    budget_min_cny: Cny | None = None
    budget_max_cny: Cny | None = None


class PreviewForm(Request, kw_only=True):
    """What a saved search would look for; `listing_id` and `min_score` are for matches."""

    kind: Annotated[SubscriptionKind, msgspec.Meta(examples=["results"])]
    query: SavedQuery = msgspec.field(default_factory=SavedQuery)
    listing_id: Id | None = None
    min_score: Score = 60


class SavedSearchForm(PreviewForm, kw_only=True):
    """A saved search, and how its owner wants to hear of what it finds.

    Quiet hours hold mails and webhooks back until they end; while muted, neither is sent. The
    inbox holds everything in any case. `endpoint_id` names the endpoint of the channel webhook.
    """

    name: Annotated[Name, msgspec.Meta(examples=["鞋底新材料"])]
    frequency: Annotated[Frequency, msgspec.Meta(examples=["daily"])] = "daily"
    digest_time: ClockTime = "09:00"
    digest_weekday: Weekday = 1
    time_zone: ZoneName = "Asia/Shanghai"
    quiet_from: ClockTime | None = None
    quiet_until: ClockTime | None = None
    muted_until: Moment | None = None
    channels: _Channels = msgspec.field(default_factory=lambda: ["inbox"])
    endpoint_id: Id | None = None


class SavedSearchChange(Request):
    """Fields that are left out stay; null empties one."""

    name: Name | UnsetType = UNSET
    query: SavedQuery | UnsetType = UNSET
    min_score: Score | UnsetType = UNSET
    frequency: Annotated[Frequency | UnsetType, msgspec.Meta(examples=["weekly"])] = UNSET
    digest_time: ClockTime | UnsetType = UNSET
    digest_weekday: Weekday | UnsetType = UNSET
    time_zone: ZoneName | UnsetType = UNSET
    quiet_from: ClockTime | UnsetType | None = UNSET
    quiet_until: ClockTime | UnsetType | None = UNSET
    muted_until: Moment | UnsetType | None = UNSET
    channels: _Channels | UnsetType = UNSET
    endpoint_id: Id | UnsetType | None = UNSET


class SavedSearchView(msgspec.Struct, kw_only=True):
    """A saved search as its owner sees it. Nobody else does."""

    id: str
    name: str
    kind: SubscriptionKind
    query: SavedQuery
    listing_id: str | None
    min_score: int | None
    frequency: Frequency
    digest_time: str
    digest_weekday: int
    time_zone: str
    quiet_from: str | None
    quiet_until: str | None
    muted_until: datetime | None
    channels: list[Channel]
    endpoint_id: str | None
    next_digest_at: datetime | None
    has_feed: bool
    created_at: datetime
    changed_at: datetime


class FoundBefore(msgspec.Struct, kw_only=True, frozen=True):
    """A listing that would have been told."""

    id: str
    kind: ListingKind
    title: str
    published_at: datetime | None


class Preview(msgspec.Struct, kw_only=True):
    """How often a saved search would have told something in the last `days`.

    `is_more`: there are more than were counted. `newest` are the latest of them.
    """

    days: int
    count: int
    is_more: bool
    newest: list[FoundBefore]


class FeedLinks(msgspec.Struct, kw_only=True):
    """The feed of a saved search. Whoever has a link can read it: it is shown this once."""

    atom_url: str
    json_url: str


class AlertSource(msgspec.Struct, kw_only=True, frozen=True):
    """The saved search that told."""

    id: str
    name: str


class AlertView(msgspec.Struct, kw_only=True):
    """One thing that was told, and why.

    `listing` is None where there is none, or where it can't be seen any more. `fair_id` and
    `order_id` name what else it is about.
    """

    id: str
    type: EventType
    title: str
    reasons: list[str]
    saved_search: AlertSource | None
    listing: ListingSummary | None
    match_id: str | None
    fair_id: str | None
    order_id: str | None
    created_at: datetime
    read_at: datetime | None


class Inbox(msgspec.Struct, kw_only=True):
    """A page of alerts, the newest first; `unread` counts all of them, not this page only."""

    items: list[AlertView]
    unread: int
    next_cursor: str | None = None


class ReadUntil(Request):
    """Marks the alert with this id and all before it."""

    until: Id


class Unread(msgspec.Struct, kw_only=True):
    unread: int
