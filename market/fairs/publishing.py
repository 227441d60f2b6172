"""From a draft to the agenda that people go by, and from one agenda to a better one."""

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.fairs.booking import Booking, book_all, supersede
from market.fairs.editing import outdated
from market.fairs.meeting_models import LIVE_STATES, FairMeeting, FairPlan
from market.fairs.models import Fair, FairRegistration
from market.fairs.notices import tell
from market.fairs.plan_input import (
    Placed,
    meeting_of,
    placed_in_agenda,
    placed_in_plan,
    plan_input,
)
from market.fairs.plan_orders import refuse_action
from market.fairs.states import publish, refuse_unless
from market.fairs.violations import refuse_any, violations_of
from market.fairs.wire import options_of
from schemas.fair_meetings import NoticeKind

Id = uuid.UUID
_Key = tuple[Id, Id, Id, Id]
_TOLD: Mapping[str, NoticeKind] = {
    "added": "meeting_added",
    "moved": "meeting_moved",
    "removed": "meeting_cancelled",
}


class AgendaChange(NamedTuple):
    """What happened to the meeting of two participants; `meeting_id` is the one that counts."""

    change: Literal["added", "moved", "removed"]
    first_id: Id
    second_id: Id
    meeting_id: Id


async def publish_plan(session: AsyncSession, fair: Fair, plan: FairPlan, now: datetime) -> None:
    """Make the draft the agenda, or accept an improvement. `fair` and `plan` are locked.

    A meeting that is in both agendas stays what it is; only those are told whom a change
    concerns, and everybody at the first publication. Raises Conflict: another state, rules that
    are broken, an agenda that has changed since the improvement was worked out.
    """
    refuse_action(plan, "publish")
    wanted = await placed_in_plan(session, plan.id)
    if plan.kind == "improve":
        refuse_unless(fair, "published", "running")
        if plan.outcome.get("basis") != basis_of(await placed_in_agenda(session, fair.id)):
            raise outdated()
    else:
        refuse_unless(fair, "matching")
    asked = await plan_input(session, fair, options_of(plan), previous=wanted)
    if plan.kind == "plan":
        refuse_any(violations_of(asked, map(meeting_of, wanted)))
    pinned = {_key_of(each): each.is_pinned for each in wanted}
    bookings = [
        msgspec.structs.replace(booking, is_pinned=pinned[_key_of(booking)])
        for booking in asked.bookings(map(meeting_of, wanted))
    ]
    is_first = fair.plan_id is None
    changes = await replace_agenda(session, fair, bookings, now)
    await _mark_published(session, fair, plan, now)
    if plan.kind == "improve":
        await tell_changes(session, fair, changes, now)
    else:
        await _tell_agenda(session, fair, plan, changes, now, is_first=is_first)


async def replace_agenda(
    session: AsyncSession, fair: Fair, wanted: Sequence[Booking], now: datetime
) -> list[AgendaChange]:
    """Hold these meetings and no others, but for those that took place. Raises Conflict."""
    found = await session.scalars(
        select(FairMeeting)
        .where(FairMeeting.fair_id == fair.id, FairMeeting.state.in_(LIVE_STATES))
        .order_by(FairMeeting.id)
        .with_for_update()
    )
    live = list(found)
    by_key = {_key_of(booking): booking for booking in wanted}
    kept = [each for each in live if each.state == "held" or _key_of(each) in by_key]
    staying = {each.id for each in kept}
    gone = [each for each in live if each.id not in staying]
    for meeting in kept:
        booking = by_key.pop(_key_of(meeting), None)
        if booking is not None and booking.is_pinned != meeting.is_pinned:
            meeting.is_pinned = booking.is_pinned
    await supersede(session, gone, now)
    booked = await book_all(session, fair.id, list(by_key.values()), now)
    return _changes(gone, booked)


def _changes(gone: Iterable[FairMeeting], booked: Iterable[FairMeeting]) -> list[AgendaChange]:
    before = {(each.first_id, each.second_id): each for each in gone}
    changes = []
    for meeting in booked:
        sides = meeting.first_id, meeting.second_id
        change: Literal["moved", "added"] = "moved" if before.pop(sides, None) else "added"
        changes.append(AgendaChange(change, *sides, meeting.id))
    removed = (AgendaChange("removed", *sides, each.id) for sides, each in before.items())
    return [*changes, *removed]


async def _mark_published(session: AsyncSession, fair: Fair, plan: FairPlan, now: datetime) -> None:
    await session.execute(
        update(FairPlan)
        .where(FairPlan.fair_id == fair.id, FairPlan.state == "published")
        .values(state="dropped", version=FairPlan.version + 1)
        .execution_options(synchronize_session=False)
    )
    plan.state, plan.finished_at = "published", plan.finished_at or now
    fair.plan_id = plan.id
    if plan.kind == "plan":
        publish(fair)
    await session.flush()


async def tell_changes(
    session: AsyncSession, fair: Fair, changes: Sequence[AgendaChange], now: datetime
) -> None:
    """Both sides of each meeting that changed, and nobody else."""
    organisations = await _organisations(session, changes)
    for each in changes:
        sides = [organisations[each.first_id], organisations[each.second_id]]
        payload = {"meeting_id": str(each.meeting_id)}
        await tell(session, fair, sides, _TOLD[each.change], payload, now)


async def _tell_agenda(
    session: AsyncSession,
    fair: Fair,
    plan: FairPlan,
    changes: Sequence[AgendaChange],
    now: datetime,
    *,
    is_first: bool,
) -> None:
    if is_first:
        found = await session.scalars(
            select(FairRegistration.organisation_id).where(
                FairRegistration.fair_id == fair.id, FairRegistration.status == "approved"
            )
        )
        whom = set(found)
    else:
        whom = set((await _organisations(session, changes)).values())
    payload = {"plan_id": str(plan.id)}
    await tell(session, fair, whom, "agenda_published", payload, now)


async def _organisations(session: AsyncSession, changes: Iterable[AgendaChange]) -> dict[Id, Id]:
    ids = {side for each in changes for side in (each.first_id, each.second_id)}
    rows = await session.execute(
        select(FairRegistration.id, FairRegistration.organisation_id).where(
            FairRegistration.id.in_(ids)
        )
    )
    return {row.id: row.organisation_id for row in rows}


def basis_of(agenda: Iterable[Placed]) -> str:
    """Tells two agendas apart: what an improvement was worked out from."""
    told = sorted("".join(each.hex for each in _key_of(placed)) for placed in agenda)
    return hashlib.sha256("".join(told).encode()).hexdigest()


def _key_of(each: Placed | Booking | FairMeeting) -> _Key:
    return each.first_id, each.second_id, each.slot_id, each.table_id
