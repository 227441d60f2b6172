"""From rows to what the planner is asked, and back: every meeting is named by its two sides."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.fairs.booking import Booking
from market.fairs.meeting_models import LIVE_STATES, FairMeeting, FairPair, PlanMeeting
from market.fairs.meeting_rules import may_meet
from market.fairs.models import Fair, FairRegistration, FairSlot
from market.fairs.queries import slots_of_fair, tables_of_fair
from market.planner.model import (
    Budget,
    Fairness,
    Meeting,
    Pair,
    Party,
    Pin,
    PlanRequest,
    Slot,
)
from schemas.fair_plans import PlanOptions

Id = uuid.UUID
# Those who keep their tables where hosts stay; everybody else walks.
_HOSTS = frozenset({"institute", "outpost", "broker"})


class Placed(msgspec.Struct, frozen=True):
    """A meeting as plans and agendas have it: who, when, where, and whether it may be moved."""

    first_id: Id
    second_id: Id
    slot_id: Id
    table_id: Id
    is_pinned: bool = False


class KnownPair(NamedTuple):
    """What the planner and an agenda need of a FairPair."""

    first_id: Id
    second_id: Id
    result_id: Id | None
    need_id: Id | None
    weight: int
    forbidden: bool


class PlanInput(msgspec.Struct, frozen=True):
    """A request with what leads from its names back to rows."""

    request: PlanRequest
    pairs: Mapping[str, KnownPair]

    def bookings(self, meetings: Iterable[Meeting]) -> list[Booking]:
        """What the planner answers, as it can be booked."""
        pinned = {(pin.pair, pin.slot) for pin in self.request.pins}
        return [self.booking(each, is_pinned=(each.pair, each.slot) in pinned) for each in meetings]

    def booking(self, meeting: Meeting, *, is_pinned: bool = False) -> Booking:
        first, second = sides_of(meeting.pair)
        pair = self.pairs.get(meeting.pair)
        return Booking(
            first_id=first,
            second_id=second,
            slot_id=uuid.UUID(meeting.slot),
            table_id=uuid.UUID(meeting.table),
            result_id=pair.result_id if pair else None,
            need_id=pair.need_id if pair else None,
            weight=pair.weight if pair else 0,
            is_pinned=is_pinned,
        )


def pair_name(first_id: Id, second_id: Id) -> str:
    """How the planner calls the pair of a host and a guest."""
    return f"{first_id.hex}:{second_id.hex}"


def sides_of(name: str) -> tuple[Id, Id]:
    first, _, second = name.partition(":")
    return uuid.UUID(first), uuid.UUID(second)


def meeting_of(placed: Placed) -> Meeting:
    return Meeting(
        slot=str(placed.slot_id),
        table=str(placed.table_id),
        pair=pair_name(placed.first_id, placed.second_id),
    )


async def plan_input(
    session: AsyncSession,
    fair: Fair,
    options: PlanOptions,
    *,
    previous: Sequence[Placed] = (),
    avoids_refused: bool = False,
) -> PlanInput:
    """Ask for a plan of this fair as it is now; `previous` meetings are worth keeping.

    Meetings that nobody scored (arranged by hand) count as pairs of the least weight. With
    `avoids_refused` those who cancelled or missed a meeting are not brought together again.
    """
    registrations = await _approved(session, fair.id)
    slots = await slots_of_fair(session, fair.id)
    found = [each for each in await tables_of_fair(session, fair.id) if each.lost_at is None]
    tables = tuple(str(each.id) for each in found)
    zones: dict[str, tuple[str, ...]] = {}
    for each in found:
        if each.zone is not None:
            zones[each.zone] = (*zones.get(each.zone, ()), str(each.id))
    pairs = await _pairs(session, fair.id, registrations)
    kept = [each for each in previous if _is_there(each, registrations)]
    refused = await _refused(session, fair.id) if avoids_refused else set()
    request = PlanRequest(
        parties=tuple(
            _party(each, fair, slots, zones.get(each.zone or "", ()))
            for each in registrations.values()
        ),
        slots=tuple(
            Slot(id=str(each.id), tables=tables, day=each.day.isoformat()) for each in slots
        ),
        pairs=(
            *(_pair(name, pair, refused) for name, pair in pairs.items()),
            *_unscored(kept, pairs),
        ),
        pins=tuple(_pin(each) for each in kept if each.is_pinned),
        seating=options.seating,
        fairness=Fairness(floor=options.floor),
        previous=tuple(meeting_of(each) for each in kept),
        keep_bonus=options.keep_bonus,
        seed=options.seed,
        budget=Budget(seconds=float(options.seconds)),
    )
    return PlanInput(request, pairs)


async def placed_in_plan(session: AsyncSession, plan_id: Id) -> list[Placed]:
    """The meetings of a draft."""
    found = await session.scalars(
        select(PlanMeeting).where(PlanMeeting.plan_id == plan_id).order_by(PlanMeeting.id)
    )
    return [placed(each) for each in found]


async def placed_in_agenda(session: AsyncSession, fair_id: Id) -> list[Placed]:
    """The live meetings of a fair; held ones stay where they are."""
    found = await session.scalars(
        select(FairMeeting)
        .where(FairMeeting.fair_id == fair_id, FairMeeting.state.in_(LIVE_STATES))
        .order_by(FairMeeting.id)
    )
    return [placed(each, is_pinned=each.is_pinned or each.state == "held") for each in found]


def placed(row: PlanMeeting | FairMeeting, *, is_pinned: bool | None = None) -> Placed:
    pinned = row.is_pinned if is_pinned is None else is_pinned
    return Placed(row.first_id, row.second_id, row.slot_id, row.table_id, pinned)


def next_slot(slots: Sequence[FairSlot], now: datetime) -> FairSlot | None:
    """The first slot that is worth filling: at least half of it is still to come."""
    return next(
        (each for each in slots if now <= each.begins_at + (each.ends_at - each.begins_at) / 2),
        None,
    )


async def _approved(session: AsyncSession, fair_id: Id) -> dict[Id, FairRegistration]:
    found = await session.scalars(
        select(FairRegistration)
        .where(FairRegistration.fair_id == fair_id, FairRegistration.status == "approved")
        .order_by(FairRegistration.id)
    )
    return {each.id: each for each in found}


async def _pairs(
    session: AsyncSession, fair_id: Id, registrations: Collection[Id]
) -> dict[str, KnownPair]:
    rows = await session.execute(
        select(
            FairPair.first_id,
            FairPair.second_id,
            FairPair.result_id,
            FairPair.need_id,
            FairPair.weight,
            FairPair.forbidden,
        ).where(FairPair.fair_id == fair_id)
    )
    found = (KnownPair(*row) for row in rows)
    return {
        pair_name(each.first_id, each.second_id): each
        for each in found
        if each.first_id in registrations and each.second_id in registrations
    }


async def _refused(session: AsyncSession, fair_id: Id) -> set[str]:
    rows = await session.execute(
        select(FairMeeting.first_id, FairMeeting.second_id).where(
            FairMeeting.fair_id == fair_id,
            or_(FairMeeting.is_refused, FairMeeting.state == "no_show"),
        )
    )
    return {pair_name(*row) for row in rows}


def _is_there(each: Placed, registrations: Mapping[Id, FairRegistration]) -> bool:
    first, second = registrations.get(each.first_id), registrations.get(each.second_id)
    return first is not None and second is not None and may_meet(first.kind, second.kind)


def _party(
    registration: FairRegistration, fair: Fair, slots: Sequence[FairSlot], near: tuple[str, ...]
) -> Party:
    absent = set(registration.absent_slots)
    bounds = [each for each in (registration.most_meetings, fair.meetings_each) if each is not None]
    return Party(
        id=str(registration.id),
        kind=registration.kind,
        available=tuple(str(each.id) for each in slots if each.number not in absent)
        if absent
        else None,
        capacity=min(bounds) if bounds else None,
        delegations=registration.teams,
        host=registration.kind in _HOSTS,
        near=near,
    )


def _pair(name: str, pair: KnownPair, refused: Collection[str]) -> Pair:
    return Pair(
        id=name,
        first=str(pair.first_id),
        second=str(pair.second_id),
        weight=max(1, pair.weight),
        forbidden=pair.forbidden or name in refused,
    )


def _unscored(kept: Sequence[Placed], pairs: Collection[str]) -> list[Pair]:
    names = {pair_name(each.first_id, each.second_id): each for each in kept}
    return [
        Pair(id=name, first=str(each.first_id), second=str(each.second_id), weight=1)
        for name, each in names.items()
        if name not in pairs
    ]


def _pin(each: Placed) -> Pin:
    meeting = meeting_of(each)
    return Pin(pair=meeting.pair, slot=meeting.slot, table=meeting.table)
