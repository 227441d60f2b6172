"""Pairs and plans of a fair on the wire."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from schemas.common import Request
from schemas.fair_registrations import Id, Wish
from schemas.fairs import MOST_SLOTS, ParticipantKind
from schemas.listing_views import OrganisationRef

PlanKind = Literal["plan", "improve", "fill"]
PlanState = Literal["queued", "running", "draft", "published", "failed", "dropped"]
PlanAction = Literal["edit", "publish", "drop"]
Seating = Literal["free", "hosts_stay"]
Cause = Literal[
    "forbidden",
    "no_common_slot",
    "capacity",
    "party_full",
    "shared_table",
    "tables_full",
    "not_placeable",
]
ChangeKind = Literal["added", "moved", "removed"]


class PlanOptions(Request, kw_only=True):
    """How to plan.

    `seating`: hosts_stay lets institutes, outposts and brokers keep one table all day.
    `floor` is how many meetings everybody is promised as far as possible, `keep_bonus` what a
    meeting of the earlier plan is worth more for staying where it is, `seconds` the time limit.
    The same options on the same fair give the same plan.
    """

    seating: Seating = "free"
    floor: Annotated[int, Meta(ge=0, le=20)] = 1
    keep_bonus: Annotated[int, Meta(ge=0, le=100_000)] = 0
    seed: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    seconds: Annotated[int, Meta(ge=1, le=60)] = 20


class PlanForm(PlanOptions, kw_only=True):
    """Plan anew, or propose how to improve the published agenda (kind "improve").

    `base_id` is an earlier draft, whose pinned meetings stay. `refreshes_pairs` works out the
    pairs again before; without pairs that is done in any case.
    """

    kind: Literal["plan", "improve"] = "plan"
    base_id: Id | None = None
    refreshes_pairs: bool = True


class PlanMeetingForm(Request, kw_only=True):
    """A meeting that the organizer puts into a draft; it is pinned."""

    first_id: Id
    second_id: Id
    slot_id: Id
    table_id: Id


class PlanMeetingChange(Request, kw_only=True):
    """Where a meeting of a draft goes; moved by hand it is pinned, unless that is said, too."""

    slot_id: Id | None = None
    table_id: Id | None = None
    is_pinned: bool | None = None


class WhatIfForm(Request, kw_only=True):
    """So many slots, so many teams of each organisation of a kind: what would that bring?"""

    slots: Annotated[
        list[Annotated[int, Meta(ge=1, le=MOST_SLOTS)]],
        Meta(min_length=1, max_length=5, examples=[[8, 16, 24]]),
    ]
    teams: Annotated[
        list[Annotated[int, Meta(ge=1, le=5)]], Meta(min_length=1, max_length=3, examples=[[1, 2]])
    ]
    kind: ParticipantKind = "institute"


class WhatIfRow(msgspec.Struct, kw_only=True, frozen=True):
    """What so many slots and teams would bring, as shares of all pairs that may meet."""

    slots: int
    teams: int
    meetings: int
    weight: int
    meetings_share: float
    weight_share: float
    tables_used: int


class WhatIfTable(msgspec.Struct, kw_only=True, frozen=True):
    """One row for each number of slots and of teams."""

    items: list[WhatIfRow]


class PairsState(msgspec.Struct, kw_only=True, frozen=True):
    """When the pairs were last worked out; None: never yet."""

    pairs_at: datetime | None


class PairSide(msgspec.Struct, kw_only=True, frozen=True):
    """One side of a pair: the chance that it wants the meeting, and what it wished."""

    registration_id: str
    organisation: OrganisationRef
    likes: float
    wish: Wish | None


class PairView(msgspec.Struct, kw_only=True, frozen=True):
    """Two participants that may meet. `score` (0–100) is that of their best listings together.

    `weight` is round(1000·likes·likes), more for a must, less for who met before; 0 is forbidden.
    """

    id: str
    first: PairSide
    second: PairSide
    result_id: str | None
    need_id: str | None
    score: float | None
    met_before: bool
    forbidden: bool
    weight: int


class PlanView(msgspec.Struct, kw_only=True, frozen=True):
    """A plan. `progress` counts to 100; no plan as fair weighs more than `upper_bound`.

    `without_meeting` are registrations that meet nobody; `idle_slots` is how long all wait
    between meetings together. Of an improvement, `gain` is the weight won and `affected` the
    registrations whose meetings would move.
    """

    id: str
    fair_id: str
    number: int
    kind: PlanKind
    state: PlanState
    version: int
    progress: int
    options: PlanOptions
    meetings: int
    weight: int | None
    upper_bound: int | None
    gap: float | None
    without_meeting: list[str]
    idle_slots: int | None
    unplanned: int
    out_of_time: bool
    is_edited: bool
    problem: str | None
    allowed_actions: list[PlanAction]
    created_at: datetime
    finished_at: datetime | None
    gain: int | UnsetType = UNSET
    affected: list[str] | UnsetType = UNSET
    changes: int | UnsetType = UNSET


class PlanMeetingView(msgspec.Struct, kw_only=True, frozen=True):
    """A meeting of a draft. `change` tells what an improvement does to the agenda."""

    id: str
    first_id: str
    second_id: str
    slot_id: str
    table_id: str
    weight: int
    is_pinned: bool


class PlanChangeView(msgspec.Struct, kw_only=True, frozen=True):
    """One meeting that an improvement adds, moves or removes."""

    change: ChangeKind
    first_id: str
    second_id: str
    from_slot_id: str | None
    from_table_id: str | None
    to_slot_id: str | None
    to_table_id: str | None


class PlanChanges(msgspec.Struct, kw_only=True, frozen=True):
    """All that an improvement changes of the agenda."""

    items: list[PlanChangeView]


class UnplannedView(msgspec.Struct, kw_only=True, frozen=True):
    """Why a pair does not meet, in the language asked for; the heaviest come first.

    `registration_id` is who is full, `kept_weight` what the lightest of their meetings weighs.
    `fix` is the cheapest way to let the two meet, "" where there is none; `displaced_weight` what
    the meetings weigh that have to go for it.
    """

    first_id: str
    second_id: str
    weight: int
    cause: Cause
    reason: str
    registration_id: str | None
    kept_weight: int | None
    fix: str
    displaced_weight: int
