"""A fair as its files tell it: plain values that a database or a spreadsheet can fill alike.

Texts that were made for readers (reasons, fixes, facts) are in the book's language, and so are
the files that are written of it.
"""

from datetime import datetime
from hashlib import sha256
from typing import Literal

import msgspec

from schemas.vocab import Lang

ParticipantKind = Literal["institute", "enterprise", "investor", "outpost", "broker"]
ListingKind = Literal["result", "need"]
Wish = Literal["must", "like", "no"]
_UID_LETTERS = 12
MeetingState = Literal["planned", "held", "no_show", "cancelled"]


class Delegate(msgspec.Struct, frozen=True, kw_only=True):
    """A person who comes; `code` is what the QR code of the badge says, "" for one of ours.

    Without consent telephone and mail are dropped here already, so that no writer can forget;
    name and post then stand on the person's own badge and in the organizer's list alone.
    """

    name: str
    post: str = ""
    phone: str = ""
    email: str = ""
    consents: bool = False
    code: str = ""

    def __post_init__(self) -> None:
        if not self.consents:
            msgspec.structs.force_setattr(self, "phone", "")
            msgspec.structs.force_setattr(self, "email", "")


class BroughtListing(msgspec.Struct, frozen=True, kw_only=True):
    """A result or need that a participant brings; `facts` are short (TRL 7, 技术许可 …).

    Whose it is must not be told to everybody where it `is_quiet`: only the two that meet about it
    and the organizer read of it, and the handbook does not name it.
    """

    id: str
    kind: ListingKind
    title: str
    summary: str = ""
    facts: tuple[str, ...] = ()
    is_quiet: bool = False


class Participant(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation that takes part, with its people and what they bring.

    `label` is what lists call it where its id is none that people read. One that `has_left` is
    there for the sake of its cancelled meetings alone, and in no list.
    """

    id: str
    kind: ParticipantKind
    name: str
    zone: str = ""
    profile: str = ""
    teams: int = 1
    label: str = ""
    has_left: bool = False
    delegates: tuple[Delegate, ...] = ()
    listings: tuple[BroughtListing, ...] = ()

    @property
    def shown_delegates(self) -> tuple[Delegate, ...]:
        """Those of whom participants may know that have a meeting with this one, and no others."""
        return tuple(delegate for delegate in self.delegates if delegate.consents)


class FairTable(msgspec.Struct, frozen=True, kw_only=True):
    """A table or booth."""

    id: str
    name: str
    hall: str = ""
    zone: str = ""


class FairSlot(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time that holds one meeting a table; both times are aware."""

    id: str
    begins_at: datetime
    ends_at: datetime


class MatchedPair(msgspec.Struct, frozen=True, kw_only=True):
    """Two participants that may meet, the host first: the best of their listings, their wishes.

    `score` (0–100) and the reasons are those of `result_id` with `need_id`; None and empty where
    only a wish brings the two together. `is_forbidden`: one of them refused.
    """

    id: str
    first: str
    second: str
    weight: int
    score: float | None = None
    result_id: str | None = None
    need_id: str | None = None
    first_wish: Wish | None = None
    second_wish: Wish | None = None
    reasons: tuple[str, ...] = ()
    counter_reasons: tuple[str, ...] = ()
    is_forbidden: bool = False


class FairMeeting(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting of a pair. `uid` stays the same for good, `sequence` grows with each change."""

    uid: str
    pair: str
    slot: str
    table: str
    state: MeetingState = "planned"
    sequence: int = 0


def meeting_uid(fair_id: str, first: str, second: str) -> str:
    """Named after the two that meet, so that a calendar knows a meeting that was moved."""
    both = f"{first}\n{second}".encode("utf-8", "replace")
    return f"{fair_id}-{sha256(both).hexdigest()[:_UID_LETTERS]}@duijie"


class UnplannedPair(msgspec.Struct, frozen=True, kw_only=True):
    """A pair that does not meet: `cause` is a code, `reason` and `fix` are sentences."""

    pair: str
    cause: str
    reason: str
    fix: str = ""
    displaced_weight: int = 0


class Signing(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the signing list (集中签约); `is_on_stage` is 上台签约, else 线下签约."""

    project: str
    parties: tuple[str, ...] = ()
    kind: str = ""
    amount_cny: int | None = None
    is_on_stage: bool = True


class FunnelFigure(msgspec.Struct, frozen=True, kw_only=True):
    """A number of what came of the fair, with what it counts; both in the book's language."""

    name: str
    definition: str
    count: int
    amount_cny: int | None = None


class PlanFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What the planner says of its plan; `idle_slots` names participants that wait."""

    weight: int = 0
    upper_bound: int = 0
    gap: float = 0.0
    idle_slots: dict[str, int] = {}


class FairBook(msgspec.Struct, frozen=True, kw_only=True):
    """A whole fair. Participants, tables, slots and meetings stand in the order of the files.

    `planned_at` dates every file: with the clock's time no two runs would give the same bytes.
    `id` makes codes and ids of calendars unique among fairs.
    """

    id: str
    name: str
    planned_at: datetime
    organizer: str = ""
    venue: str = ""
    address: str = ""
    about: str = ""
    time_zone: str = "Asia/Shanghai"
    url: str = ""
    lang: Lang = "zh"
    zones: tuple[str, ...] = ()
    tables: tuple[FairTable, ...] = ()
    slots: tuple[FairSlot, ...] = ()
    participants: tuple[Participant, ...] = ()
    pairs: tuple[MatchedPair, ...] = ()
    meetings: tuple[FairMeeting, ...] = ()
    unplanned: tuple[UnplannedPair, ...] = ()
    signings: tuple[Signing, ...] = ()
    figures: PlanFigures = PlanFigures()
    funnel: tuple[FunnelFigure, ...] = ()
