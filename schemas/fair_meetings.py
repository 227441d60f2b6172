"""Meetings of a fair on the wire: the agenda, what became of each, check-ins, notices."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from schemas.common import ONE_LINE, Line200, Request, Text1000
from schemas.fair_registrations import DelegateView, Id
from schemas.listing_views import OrganisationRef

MeetingState = Literal["planned", "held", "no_show", "cancelled", "superseded"]
OutcomeAnswer = Literal["again", "intent", "no"]
NoticeKind = Literal[
    "registration_received",
    "registration_approved",
    "registration_waiting",
    "registration_rejected",
    "registration_withdrawn",
    "agenda_published",
    "agenda_withdrawn",
    "meeting_added",
    "meeting_moved",
    "meeting_cancelled",
    "meeting_no_show",
    "plan_ready",
    "plan_failed",
    "improvement_ready",
]
ScanResult = Literal["checked_in", "repeated", "unknown", "not_admitted", "not_today"]


class BookingForm(Request, kw_only=True):
    """A meeting by the organizer's own hand, of two participants, in a slot at a table."""

    first_id: Id
    second_id: Id
    slot_id: Id
    table_id: Id


class MeetingMove(Request, kw_only=True):
    """Where a meeting goes; what is not named stays. `is_pinned`: no re-plan moves it."""

    slot_id: Id | None = None
    table_id: Id | None = None
    is_pinned: bool | None = None


class CancelForm(Request, kw_only=True):
    """Why a meeting is cancelled; both sides are told."""

    reason: Line200 = ""


class NoShowForm(Request, kw_only=True):
    """Who did not come, by registration."""

    absent_ids: Annotated[list[Id], Meta(min_length=1, max_length=2)]


class OutcomeForm(Request, kw_only=True):
    """What one side says of a meeting. again: to meet once more; intent: to work together."""

    answer: OutcomeAnswer
    note: Text1000 = ""


class OutcomeView(msgspec.Struct, kw_only=True, frozen=True):
    registration_id: str
    answer: OutcomeAnswer
    given_at: datetime
    # For the side that gave it.
    note: str | UnsetType = UNSET


class MeetingSide(msgspec.Struct, kw_only=True, frozen=True):
    """One side of a meeting.

    `delegates` come with contacts only as far as they consented to that.
    """

    registration_id: str
    organisation: OrganisationRef
    delegates: list[DelegateView] | UnsetType = UNSET
    checked_in: bool | UnsetType = UNSET


class MeetingView(msgspec.Struct, kw_only=True, frozen=True):
    """A published meeting, for its two sides and the organizer.

    `outcomes` holds one's own answer; both for the organizer.
    """

    id: str
    fair_id: str
    state: MeetingState
    version: int
    slot_id: str
    slot: int
    begins_at: datetime
    ends_at: datetime
    table_id: str
    table: str
    hall: str
    first: MeetingSide
    second: MeetingSide
    result_id: str | None
    need_id: str | None
    is_pinned: bool
    absent: list[str]
    reason: str
    outcomes: list[OutcomeView]
    # For the organizer.
    weight: int | UnsetType = UNSET


class Agenda(msgspec.Struct, kw_only=True, frozen=True):
    """The meetings of one organisation in their order, with its own registration."""

    registration_id: str
    organisation: OrganisationRef
    items: list[MeetingView]


class Scan(Request, kw_only=True):
    """One look at a badge, or a delegate ticked off by hand (`delegate_id`)."""

    payload: Annotated[str, Meta(max_length=200, pattern=ONE_LINE)] | None = None
    delegate_id: Id | None = None
    scanned_at: Annotated[datetime, Meta(tz=True)] | None = None
    gate: Annotated[str, Meta(max_length=60, pattern=ONE_LINE, examples=["东门"])] = ""


class ScansForm(Request, kw_only=True):
    """Scans in any order, also of a device that was offline; sent again they change nothing."""

    scans: Annotated[list[Scan], Meta(min_length=1, max_length=500)]


class ScanAnswer(msgspec.Struct, kw_only=True, frozen=True):
    """What became of one scan. repeated: they were there already, `came_at` is the first time."""

    result: ScanResult
    delegate_id: str | None = None
    name: str | None = None
    organisation: str | None = None
    came_at: datetime | None = None


class ScanAnswers(msgspec.Struct, kw_only=True, frozen=True):
    """One answer for each scan, in the order of the scans."""

    items: list[ScanAnswer]


class CheckInView(msgspec.Struct, kw_only=True, frozen=True):
    """Who came, when they were first seen on a day of the fair."""

    delegate_id: str
    name: str
    registration_id: str
    organisation: str
    day: date
    came_at: datetime
    gate: str


class BadgeView(msgspec.Struct, kw_only=True, frozen=True):
    """A badge: what its QR code holds, and the code as SVG."""

    delegate_id: str
    name: str
    organisation: str
    payload: str
    svg: str


class NoticeView(msgspec.Struct, kw_only=True, frozen=True):
    """What one's organisation is told of a fair. `payload` names things by their ids."""

    id: str
    fair_id: str
    kind: NoticeKind
    payload: dict[str, Any]
    created_at: datetime
    read_at: datetime | None


class CalendarUrl(msgspec.Struct, kw_only=True, frozen=True):
    """The address of one's calendar. Whoever has it can read it: it is shown this once."""

    url: str


class CalendarLinkView(msgspec.Struct, kw_only=True, frozen=True):
    """Since when one's calendar link is good; null without one."""

    created_at: datetime | None
