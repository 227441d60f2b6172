"""Who takes part in a fair on the wire: registrations, delegates, listings, wishes."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from schemas.accounts import Email, PersonName
from schemas.common import NOT_BLANK, ONE_LINE, Line100, Request, Text1000
from schemas.fairs import MOST_SLOTS, ParticipantKind, ZoneCode
from schemas.listing_views import ListingKind, ListingSummary, OrganisationRef

RegistrationStatus = Literal["pending", "waiting", "approved", "rejected", "withdrawn"]
RegistrationAction = Literal["approve", "reject", "withdraw", "resubmit"]
Wish = Literal["must", "like", "no"]

Id = Annotated[str, Meta(min_length=1, max_length=40, pattern=ONE_LINE)]
Reference = Annotated[
    str, Meta(min_length=1, max_length=100, pattern=NOT_BLANK, examples=["BM-007"])
]
SlotNumber = Annotated[int, Meta(ge=1, le=MOST_SLOTS)]
Absent = Annotated[list[SlotNumber], Meta(max_length=MOST_SLOTS, examples=[[1, 2]])]
Teams = Annotated[int, Meta(ge=1, le=10)]
MostMeetings = Annotated[int, Meta(ge=1, le=MOST_SLOTS)]
Phone = Annotated[str, Meta(max_length=40, pattern=ONE_LINE, examples=["0595-22690001"])]


class DelegateForm(Request, kw_only=True):
    """A person who comes.

    `consents`: the person agrees, separately and for this fair alone, that name, post, telephone
    and mail are shown to the participants with whom a meeting of theirs is published, for
    holding that meeting (PIPL art. 23). Only their own organisation can say so.
    """

    name: PersonName
    post: Line100 = ""
    phone: Phone = ""
    email: Email | None = None
    consents: bool = False


class DelegateChange(Request, kw_only=True):
    """What changes of a delegate; `consents` false takes the consent back."""

    name: PersonName | UnsetType = UNSET
    post: Line100 | UnsetType = UNSET
    phone: Phone | UnsetType = UNSET
    email: Email | UnsetType | None = UNSET
    consents: bool | UnsetType = UNSET


class FairRegistrationForm(Request, kw_only=True):
    """An organisation registers. `absent_slots` are those in which it can't meet.

    `teams` is how many meetings it can hold at the same time. `listing_ids` are published
    results and needs of its own. The last two fields are for the organizer, who may register
    others; contacts are then shown to nobody until their organisation consents.
    """

    zone: ZoneCode | None = None
    delegation_id: Id | None = None
    teams: Teams = 1
    most_meetings: MostMeetings | None = None
    absent_slots: Absent = msgspec.field(default_factory=list)
    note: Text1000 = ""
    delegates: Annotated[list[DelegateForm], Meta(max_length=20)] = msgspec.field(
        default_factory=list
    )
    listing_ids: Annotated[list[Id], Meta(max_length=200)] = msgspec.field(default_factory=list)
    organisation_id: Id | None = None
    reference: Reference | None = None


class RegistrationChange(Request, kw_only=True):
    """What changes of a registration; `reference` is for the organizer."""

    zone: ZoneCode | UnsetType | None = UNSET
    delegation_id: Id | UnsetType | None = UNSET
    teams: Teams | UnsetType = UNSET
    most_meetings: MostMeetings | UnsetType | None = UNSET
    absent_slots: Absent | UnsetType = UNSET
    note: Text1000 | UnsetType = UNSET
    reference: Reference | UnsetType | None = UNSET


class ListingsForm(Request, kw_only=True):
    """All results and needs that the organisation brings, in place of those before."""

    listing_ids: Annotated[list[Id], Meta(max_length=200)]


class WishForm(Request, kw_only=True):
    """A wish for another participant, or for one result or need of theirs: name one of both.

    must: a meeting is a condition of coming; like; no: never.
    """

    wish: Wish
    registration_id: Id | None = None
    listing_id: Id | None = None


class WishesForm(Request, kw_only=True):
    """All wishes of the organisation, in place of those before."""

    wishes: Annotated[list[WishForm], Meta(max_length=500)]


class DelegationForm(Request, kw_only=True):
    """Organisations that come together (代表团)."""

    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=NOT_BLANK)]


class DelegationView(msgspec.Struct, kw_only=True, frozen=True):
    id: str
    name: str
    registrations: int


class DelegationList(msgspec.Struct, kw_only=True, frozen=True):
    """All delegations of a fair."""

    items: list[DelegationView]


class ConsentView(msgspec.Struct, kw_only=True, frozen=True):
    """What a delegate agreed to, word for word, and when."""

    recipients: str
    purpose: str
    data: list[str]
    given_at: datetime


class DelegateView(msgspec.Struct, kw_only=True, frozen=True):
    """A delegate. Telephone and mail are there for their own organisation, and with consent."""

    id: str
    name: str
    post: str
    phone: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    consent: ConsentView | UnsetType | None = UNSET


class WishView(msgspec.Struct, kw_only=True, frozen=True):
    """A wish for a participant or for a listing; the other of both ids is None."""

    wish: Wish
    registration_id: str | None
    listing_id: str | None


class WishList(msgspec.Struct, kw_only=True, frozen=True):
    """All wishes of one organisation at a fair."""

    items: list[WishView]


class RegistrationView(msgspec.Struct, kw_only=True, frozen=True):
    """A registration, for its organisation and the fair's organizer.

    `place_in_line` is the place on the waiting list, from 1.
    """

    id: str
    fair_id: str
    organisation: OrganisationRef
    status: RegistrationStatus
    version: int
    zone: str | None
    delegation_id: str | None
    teams: int
    most_meetings: int | None
    absent_slots: list[int]
    note: str
    reference: str | None
    place_in_line: int | None
    allowed_actions: list[RegistrationAction]
    delegates: list[DelegateView]
    listing_ids: list[str]
    created_at: datetime
    changed_at: datetime


class RegistrationSummary(msgspec.Struct, kw_only=True, frozen=True):
    """A registration in a list."""

    id: str
    organisation: OrganisationRef
    status: RegistrationStatus
    version: int
    zone: str | None
    delegation_id: str | None
    reference: str | None
    created_at: datetime


class ParticipantView(msgspec.Struct, kw_only=True, frozen=True):
    """Who takes part, as other participants see it: whom one may wish to meet."""

    registration_id: str
    organisation: OrganisationRef
    kind: ParticipantKind
    zone: str | None
    delegation_id: str | None
    results: int
    needs: int


class FairListingView(msgspec.Struct, kw_only=True, frozen=True):
    """A result or need that is brought to a fair."""

    kind: ListingKind
    zone: str | None
    listing: ListingSummary
    # Whose it is, for those who may see that.
    registration_id: str | UnsetType = UNSET


class UploadRow(msgspec.Struct, kw_only=True, frozen=True):
    """One row of a spreadsheet of registrations; `problem` tells why it was refused."""

    line: int
    action: Literal["create", "update", "unchanged", "refused"]
    organisation: str
    reference: str | None = None
    registration_id: str | None = None
    column: str | None = None
    problem: str | None = None


class UploadReport(msgspec.Struct, kw_only=True, frozen=True):
    """What a spreadsheet of registrations did, or would do (`dry_run`)."""

    dry_run: bool
    created: int
    updated: int
    unchanged: int
    refused: int
    rows: list[UploadRow]
