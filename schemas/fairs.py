"""Fairs on the wire: series, fairs with their days, halls and zones, slots and tables.

In a change a field that is not there stays as it is, and null clears it.
"""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from schemas.accounts import Division
from schemas.common import NOT_BLANK, ONE_LINE, Code, Line200, Name, Request, Text20000
from schemas.listing_views import OrganisationRef

FairStatus = Literal["draft", "open", "matching", "published", "running", "closed"]
FairAction = Literal["open", "withdraw", "match", "reopen", "revise", "start", "close", "resume"]
FairRole = Literal["organizer", "participant"]
Cadence = Literal["weekly", "monthly", "quarterly", "yearly", "irregular"]
ParticipantKind = Literal["institute", "enterprise", "investor", "outpost", "broker"]

# Bounds of one fair: what a hall can hold, and what a plan can be made of.
MOST_SLOTS = 200
MOST_TABLES = 2_000

_END = r"(?![\s\S])"
Clock = Annotated[
    str,
    Meta(
        pattern=rf"^([01][0-9]|2[0-3]):[0-5][0-9]{_END}",
        description="时:分，如 09:00 · hour:minute, such as 09:00",
        examples=["09:00"],
    ),
]
ZoneCode = Annotated[
    str,
    Meta(
        pattern=rf"^[a-z0-9][a-z0-9_-]{{0,19}}{_END}",
        description="小写字母、数字、- 和 _ · small letters, digits, - and _",
        examples=["shoes"],
    ),
]
Places = Annotated[int, Meta(ge=1, le=10_000, examples=[400])]
FairName = Annotated[Name, Meta(examples=["科技成果面对面·鞋服专场"])]
Venue = Annotated[Line200, Meta(examples=["晋江国际会展中心"])]
About = Annotated[Text20000, Meta(examples=["鞋服行业成果与需求一对一洽谈。"])]
Quotas = Annotated[
    dict[ParticipantKind, Annotated[int, Meta(ge=0, le=10_000)]],
    Meta(examples=[{"institute": 110, "enterprise": 252, "investor": 36}]),
]
TimeZone = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=60,
        pattern=rf"^[A-Za-z0-9_+/-]+{_END}",
        description="IANA 时区 · IANA time zone",
        examples=["Asia/Shanghai"],
    ),
]


class Zone(Request, kw_only=True):
    """A part of the fair: 综合, 鞋服, 纺织 …"""

    code: ZoneCode
    name: Annotated[str, Meta(min_length=1, max_length=60, pattern=NOT_BLANK, examples=["鞋服"])]


class Hall(Request, kw_only=True):
    """A hall with so many tables or booths, named after `prefix`: A-01, A-02 …"""

    name: Annotated[str, Meta(min_length=1, max_length=60, pattern=NOT_BLANK, examples=["1号馆"])]
    tables: Annotated[int, Meta(ge=1, le=MOST_TABLES, examples=[20])]
    prefix: Annotated[str, Meta(max_length=20, pattern=ONE_LINE, examples=["A-"])] = ""
    zone: ZoneCode | None = None


class Break(Request, kw_only=True):
    """No slot lies in it: lunch, a ceremony."""

    begins: Clock
    ends: Clock


class DayHours(Request, kw_only=True):
    """The hours of one day in the fair's time zone, cut into slots of `slot_min` minutes.

    `gap_min` minutes lie between two slots, for walking from one table to the next.
    """

    begins: Clock
    ends: Clock
    slot_min: Annotated[int, Meta(ge=5, le=240, examples=[20])] = 20
    gap_min: Annotated[int, Meta(ge=0, le=60, examples=[5])] = 0
    breaks: Annotated[list[Break], Meta(max_length=10)] = msgspec.field(default_factory=list)


class FairDay(DayHours, kw_only=True):
    """One day of a fair."""

    on: Annotated[date, Meta(examples=["2027-06-18"])]


class SeriesDay(DayHours, kw_only=True):
    """One day of every fair of a series; `day` counts from the first day of each fair."""

    day: Annotated[int, Meta(ge=1, le=10)] = 1


Zones = Annotated[list[Zone], Meta(max_length=30)]
Halls = Annotated[list[Hall], Meta(max_length=30)]
Days = Annotated[list[FairDay], Meta(max_length=10)]


class FairSettings(Request, kw_only=True):
    """What a fair and the template of a series have alike.

    `places` bounds the registrations that take part, `quotas` those of each kind; the rest
    waits in order. `meetings_each` bounds the meetings of one participant, `no_show_min` is how
    long one waits for the other side.
    """

    about: About = ""
    venue: Venue = ""
    address: Line200 = ""
    division: Division | None = None
    time_zone: TimeZone = "Asia/Shanghai"
    zones: Zones = msgspec.field(default_factory=list)
    halls: Halls = msgspec.field(default_factory=list)
    needs_approval: bool = True
    places: Places | None = None
    quotas: Quotas = msgspec.field(default_factory=dict)
    meetings_each: Annotated[int, Meta(ge=1, le=MOST_SLOTS)] | None = None
    no_show_min: Annotated[int, Meta(ge=1, le=120)] = 10


class FairForm(FairSettings, kw_only=True):
    """A new fair, as a draft."""

    name: FairName
    days: Days = msgspec.field(default_factory=list)
    registration_closes_at: Annotated[datetime, Meta(tz=True)] | None = None


class FairChange(Request, kw_only=True):
    """What changes of a fair. Days are fixed once somebody registered; halls then only grow."""

    name: FairName | UnsetType = UNSET
    about: About | UnsetType = UNSET
    venue: Venue | UnsetType = UNSET
    address: Line200 | UnsetType = UNSET
    division: Division | UnsetType | None = UNSET
    time_zone: TimeZone | UnsetType = UNSET
    zones: Zones | UnsetType = UNSET
    halls: Halls | UnsetType = UNSET
    days: Days | UnsetType = UNSET
    needs_approval: bool | UnsetType = UNSET
    places: Places | UnsetType | None = UNSET
    quotas: Quotas | UnsetType = UNSET
    meetings_each: Annotated[int, Meta(ge=1, le=MOST_SLOTS)] | UnsetType | None = UNSET
    no_show_min: Annotated[int, Meta(ge=1, le=120)] | UnsetType = UNSET
    registration_closes_at: Annotated[datetime, Meta(tz=True)] | UnsetType | None = UNSET


class FairTemplate(FairSettings, kw_only=True):
    """What every fair of a series begins with."""

    days: Annotated[list[SeriesDay], Meta(max_length=10)] = msgspec.field(default_factory=list)


class SeriesForm(Request, kw_only=True):
    """A new series (系列): fairs of one trade, again and again."""

    name: FairName
    industry: Code | None = None
    cadence: Cadence = "irregular"
    template: FairTemplate = msgspec.field(default_factory=FairTemplate)


class SeriesChange(Request, kw_only=True):
    """What changes of a series; fairs that are there already stay as they are."""

    name: FairName | UnsetType = UNSET
    industry: Code | UnsetType | None = UNSET
    cadence: Cadence | UnsetType = UNSET
    template: FairTemplate | UnsetType = UNSET


class NextFairForm(Request, kw_only=True):
    """The next fair of a series; without a name it is numbered."""

    begins_on: Annotated[date, Meta(examples=["2027-06-18"])]
    name: FairName | None = None


class SeriesView(msgspec.Struct, kw_only=True, frozen=True):
    """A series. `template` is for its organizer."""

    id: str
    organizer: OrganisationRef
    name: str
    industry: str | None
    cadence: Cadence
    fairs: int
    version: int
    created_at: datetime
    template: FairTemplate | UnsetType = UNSET


class MetBefore(msgspec.Struct, kw_only=True, frozen=True):
    """Two organisations that met at an earlier fair of the series."""

    first: OrganisationRef
    second: OrganisationRef
    meetings: int
    last_fair_id: str


class UnmetNeed(msgspec.Struct, kw_only=True, frozen=True):
    """A need that was brought to fairs of the series and that nobody met about."""

    listing_id: str
    title: str
    organisation: OrganisationRef
    fairs: int
    last_fair_id: str


class CarriedOver(msgspec.Struct, kw_only=True, frozen=True):
    """What earlier fairs of a series leave for the next one; the first 500 of each."""

    met_before: list[MetBefore]
    unmet_needs: list[UnmetNeed]


class FairCounts(msgspec.Struct, kw_only=True, frozen=True):
    """Who takes part and with what; `registrations` are those that were admitted."""

    registrations: int
    by_kind: dict[ParticipantKind, int]
    results: int
    needs: int
    meetings: int


class FairSummary(msgspec.Struct, kw_only=True, frozen=True):
    """A fair in a list; `begins_at` and `ends_at` are None while it has no days."""

    id: str
    series_id: str | None
    organizer: OrganisationRef
    name: str
    status: FairStatus
    venue: str
    division: str | None
    time_zone: str
    begins_at: datetime | None
    ends_at: datetime | None
    version: int


class FairView(FairSummary, kw_only=True, frozen=True):
    """A fair's public page. From `quotas` on it is for the organizer."""

    about: str
    address: str
    zones: list[Zone]
    halls: list[Hall]
    days: list[FairDay]
    slots: int
    tables: int
    takes_registrations: bool
    registration_closes_at: datetime | None
    counts: FairCounts
    quotas: dict[ParticipantKind, int] | UnsetType = UNSET
    places: int | UnsetType | None = UNSET
    needs_approval: bool | UnsetType = UNSET
    meetings_each: int | UnsetType | None = UNSET
    no_show_min: int | UnsetType = UNSET
    waiting: int | UnsetType = UNSET
    pending: int | UnsetType = UNSET
    plan_id: str | UnsetType | None = UNSET
    allowed_actions: list[FairAction] | UnsetType = UNSET
    created_at: datetime | UnsetType = UNSET


class SlotView(msgspec.Struct, kw_only=True, frozen=True):
    """One slot; `number` counts from 1 through all days."""

    id: str
    number: int
    day: date
    begins_at: datetime
    ends_at: datetime


class TableView(msgspec.Struct, kw_only=True, frozen=True):
    """A table or booth; a lost one (`lost_at`) takes no meetings."""

    id: str
    number: int
    name: str
    hall: str
    zone: str | None
    lost_at: datetime | None


class FairSlots(msgspec.Struct, kw_only=True, frozen=True):
    """All slots of a fair, in their order."""

    items: list[SlotView]


class FairTables(msgspec.Struct, kw_only=True, frozen=True):
    """All tables of a fair, in their order."""

    items: list[TableView]
