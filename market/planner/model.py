"""What the meeting planner is asked and what it answers: plain values, no rule, no I/O.

Everything is named by opaque strings. The order of parties, pairs, pins and meetings means
nothing; the order of slots is their order in time. What a plan holds by the hundred thousand is
kept from the garbage collector (`gc=False`): it refers to nothing that could refer back.
"""

from typing import ClassVar, Literal

import msgspec

from market.errors import RequestRefused

# free: any table; hosts_stay: a host keeps its table for the whole fair, visitors walk.
Seating = Literal["free", "hosts_stay"]

Subject = Literal["party", "slot", "pair", "pin", "meeting", "request"]

# The most that a pair may weigh; a party may have so many meetings at the same time.
MAX_WEIGHT = 1_000_000_000
MAX_DELEGATIONS = 100


class PlanRefused(RequestRefused):
    """What the planner was asked contradicts itself; `subject` and `subject_id` say where."""

    status: ClassVar[int] = 422

    def __init__(self, subject: Subject, subject_id: str, zh: str, en: str) -> None:
        super().__init__("plan_refused", zh, en)
        self.subject = subject
        self.subject_id = subject_id


class Slot(msgspec.Struct, frozen=True):
    """A stretch of time that holds one meeting a table. `tables` may differ from slot to slot.

    Idle time is counted within a `day`, not from one evening to the next morning.
    """

    id: str
    tables: tuple[str, ...]
    day: str = ""


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """Who meets. `available` names its slots, None for all; `capacity` bounds all its meetings.

    A party of several `delegations` can hold that many meetings at once. `floor` is how many
    meetings it is promised as far as possible, None for what `Fairness` says. Where hosts stay,
    a host with `tables` gets those and no other, at most one for each delegation. `near` are the
    tables that it would rather have, such as those of its zone, where others are no better.
    """

    id: str
    kind: str
    available: tuple[str, ...] | None = None
    capacity: int | None = None
    delegations: int = 1
    floor: int | None = None
    host: bool = False
    tables: tuple[str, ...] = ()
    near: tuple[str, ...] = ()


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two parties that want to meet, once; at most one pair joins the same two.

    `weight` is a positive integer, `round(1000·p_E·p_I)` where nothing else is known. `slots`
    are the only ones it may use, None for all. A `forbidden` pair is never planned; it is here
    so that the plan can say so. Where both are hosts that stay, they meet at the first's table.
    """

    id: str
    first: str
    second: str
    weight: int
    slots: tuple[str, ...] | None = None
    forbidden: bool = False


class Pin(msgspec.Struct, frozen=True):
    """A meeting that must be in the plan; at `table` if one is named."""

    pair: str
    slot: str
    table: str | None = None


class Meeting(msgspec.Struct, frozen=True, order=True, gc=False):
    """One planned meeting."""

    slot: str
    table: str
    pair: str


class Fairness(msgspec.Struct, frozen=True):
    """What counts beside the weight.

    As many parties as possible get a first meeting, then as many as possible up to `floor`
    meetings each, whatever weight that costs. `soft` adds a smaller bonus, median weight / 2k
    for the k-th meeting, which spreads the rest a little.
    """

    floor: int = 1
    soft: bool = True


class Budget(msgspec.Struct, frozen=True):
    """How long to search. The counts make plans reproducible; `seconds` is a limit beyond them.

    A plan that ran into the seconds says so (`out_of_time`) and may differ on another machine.
    """

    rounds: int = 3
    compaction_steps: int = 20_000
    seconds: float = 20.0


class PlanRequest(msgspec.Struct, frozen=True, kw_only=True):
    """All that the planner knows. `previous` meetings are worth `keep_bonus` more each."""

    parties: tuple[Party, ...]
    slots: tuple[Slot, ...]
    pairs: tuple[Pair, ...]
    pins: tuple[Pin, ...] = ()
    seating: Seating = "free"
    fairness: Fairness = Fairness()
    previous: tuple[Meeting, ...] = ()
    keep_bonus: int = 0
    seed: int = 0
    budget: Budget = Budget()


Cause = Literal[
    "forbidden",
    "no_common_slot",
    "capacity",
    "party_full",
    "shared_table",
    "tables_full",
    "not_placeable",
]

ChangeKind = Literal[
    "allow_pair",
    "allow_slot",
    "make_available",
    "raise_capacity",
    "add_table",
    "displace",
    "unpin",
]


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing to change so that a pair can meet in the slot of its `Fix`.

    allow_pair, allow_slot: the pair itself, at all or in this slot; make_available,
    raise_capacity: `party`; add_table: one more table then, the own one of `party` if named;
    displace, unpin: the meeting of `pair`, which weighs `weight`.
    """

    kind: ChangeKind
    party: str | None = None
    pair: str | None = None
    weight: int = 0


class Fix(msgspec.Struct, frozen=True, gc=False):
    """The cheapest way to let a pair meet, in `slot`, all else as planned: make all `changes`.

    Cheapest by the weight that it displaces, then by the number of changes.
    """

    slot: str
    changes: tuple[Change, ...]

    @property
    def displaced_weight(self) -> int:
        return sum(change.weight for change in self.changes)


class Unplanned(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Why a wanted pair does not meet.

    forbidden; no_common_slot: never both there, or not where the pair may meet; capacity,
    party_full: `party` has all the meetings that it may or can have, the lightest of them weighs
    `kept_weight`; shared_table: another host sits at the table of `party` then; tables_full: in
    `slots`, where both are free; not_placeable: both have free time, at different times.
    `fix` is None only where there is no slot at all, or where two hosts share one table.
    """

    pair: str
    cause: Cause
    party: str | None = None
    kept_weight: int | None = None
    slots: tuple[str, ...] = ()
    fix: Fix | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A feasible plan and how good it is.

    No plan that is as fair as this one weighs more than `upper_bound`; where hosts stay, none
    with these `host_tables` that leaves the tables of visiting hosts empty. `gap` = 1 - weight /
    upper_bound. `idle_slots` names the parties that wait between their first and last meeting
    of a day, and for how many slots.
    """

    meetings: tuple[Meeting, ...]
    weight: int
    upper_bound: int
    gap: float
    without_meeting: tuple[str, ...]
    idle_slots: dict[str, int]
    unplanned: tuple[Unplanned, ...]
    host_tables: dict[str, tuple[str, ...]]
    out_of_time: bool = False


Breach = Literal[
    "unknown_pair",
    "unknown_slot",
    "unknown_table",
    "repeated_pair",
    "forbidden_pair",
    "slot_not_allowed",
    "absent",
    "double_booked",
    "over_capacity",
    "table_taken",
    "pin_missing",
    "host_moved",
]


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one meeting (or the lack of it: pin_missing) of a plan."""

    breach: Breach
    pair: str
    slot: str
    table: str | None = None
    party: str | None = None


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """How many wishes so many slots and delegations would meet, as shares of those allowed."""

    slots: int
    delegations: int
    meetings: int
    weight: int
    meetings_share: float
    weight_share: float
    tables_used: int


class MeetingChange(msgspec.Struct, frozen=True, kw_only=True):
    """One meeting that a re-plan moves, removes (`after` None) or adds (`before` None)."""

    pair: str
    before: Meeting | None
    after: Meeting | None


class Replan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan made from an earlier one.

    `cancelled` are the earlier meetings that can no longer be held and got no other place;
    `changes` are those that moved or were removed for others, and the new ones. `gain` is the
    weight won over keeping what can be held and adding nothing. `affected` names the parties of
    moved or removed meetings, which have to be told.
    """

    plan: Plan
    cancelled: tuple[Meeting, ...]
    changes: tuple[MeetingChange, ...]
    gain: int
    affected: tuple[str, ...]
