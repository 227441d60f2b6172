"""Reads of published meetings: for the organizer, for both sides, and for other areas.

Others (exports, deals) ask `matched_pairs`, `meetings_of_fair`, `agenda_of` and `table_plan`.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.errors import NotFound
from market.fairs.meeting_models import LIVE_STATES, FairCheckIn, FairMeeting, FairOutcome
from market.fairs.models import (
    Fair,
    FairDelegate,
    FairRegistration,
    FairSlot,
    FairTable,
)
from market.fairs.queries import organizes
from market.fairs.registration_queries import delegates_of
from market.fairs.states import ANNOUNCED

Id = uuid.UUID


class MeetingRow(NamedTuple):
    """A meeting with where, when and who."""

    meeting: FairMeeting
    slot: FairSlot
    table: FairTable
    first: FairRegistration
    first_organisation: Organisation
    second: FairRegistration
    second_organisation: Organisation


class MeetingPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of meetings ends: behind this slot's table."""

    slot: int
    table: int
    meeting_id: Id


class MeetingsAsked(msgspec.Struct, frozen=True, kw_only=True):
    state: str | None = None
    slot: int | None = None
    registration_id: Id | None = None
    after: MeetingPlace | None = None
    limit: int | None = None


class MeetingParts(NamedTuple):
    """What belongs to meetings: the people and answers of each, and who is there."""

    delegates: dict[Id, list[FairDelegate]]
    outcomes: dict[Id, list[FairOutcome]]
    checked_in: set[tuple[Id, date]]


class MatchedPair(NamedTuple):
    """Two organisations that were brought together, with what each said of it."""

    meeting_id: Id
    fair_id: Id
    state: str
    begins_at: datetime
    table: str
    first_organisation_id: Id
    second_organisation_id: Id
    result_id: Id | None
    need_id: Id | None
    first_answer: str | None
    second_answer: str | None


class TableUse(NamedTuple):
    """A table in a slot, and the meeting there; None while it is free."""

    slot: FairSlot
    table: FairTable
    meeting_id: Id | None


def meetings_visible_to(viewer: Viewer, fair: Fair) -> ColumnElement[bool]:
    """All to the organizer; one's own to a participant, once the agenda is published."""
    if organizes(viewer, fair):
        return true()
    if viewer.organisation_id is None or fair.status not in ANNOUNCED:
        return false()
    own = select(FairRegistration.id).where(
        FairRegistration.fair_id == fair.id,
        FairRegistration.organisation_id == viewer.organisation_id,
    )
    is_own = or_(FairMeeting.first_id.in_(own), FairMeeting.second_id.in_(own))
    return and_(is_own, FairMeeting.state != "superseded")


async def meetings_of_fair(
    session: AsyncSession, fair_id: Id, *conditions: ColumnElement[bool], limit: int | None = None
) -> list[MeetingRow]:
    """The meetings of a fair in the order of slots and tables."""
    rows = await session.execute(
        _meetings(FairMeeting.fair_id == fair_id, *conditions).limit(limit)
    )
    return [MeetingRow(*row) for row in rows]


async def meetings_page(
    session: AsyncSession, viewer: Viewer, fair: Fair, asked: MeetingsAsked
) -> list[MeetingRow]:
    """What the viewer may see of a fair's meetings, in the order of slots and tables."""
    conditions = [meetings_visible_to(viewer, fair)]
    if asked.state is not None:
        conditions.append(FairMeeting.state == asked.state)
    if asked.slot is not None:
        conditions.append(FairSlot.number == asked.slot)
    if asked.registration_id is not None:
        conditions.append(_has_side(asked.registration_id))
    if asked.after is not None:
        place = (asked.after.slot, asked.after.table, asked.after.meeting_id)
        conditions.append(tuple_(FairSlot.number, FairTable.number, FairMeeting.id) > place)
    return await meetings_of_fair(session, fair.id, *conditions, limit=asked.limit)


async def meeting_row(
    session: AsyncSession, viewer: Viewer, fair: Fair, meeting_id: Id | None
) -> MeetingRow:
    """Raises NotFound."""
    conditions = FairMeeting.id == meeting_id, meetings_visible_to(viewer, fair)
    rows = await meetings_of_fair(session, fair.id, *conditions)
    if not rows:
        raise NotFound
    return rows[0]


async def locked_meeting(
    session: AsyncSession, viewer: Viewer, fair: Fair, meeting_id: Id | None
) -> FairMeeting:
    """A meeting that the viewer may see, held until the unit of work ends. Raises NotFound."""
    found = await session.scalars(
        select(FairMeeting)
        .where(
            FairMeeting.id == meeting_id,
            FairMeeting.fair_id == fair.id,
            meetings_visible_to(viewer, fair),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    meeting = found.first()
    if meeting is None:
        raise NotFound
    return meeting


async def agenda_of(session: AsyncSession, registration: FairRegistration) -> list[MeetingRow]:
    """The live meetings of one participant, in their order."""
    conditions = _has_side(registration.id), FairMeeting.state.in_(LIVE_STATES)
    return await meetings_of_fair(session, registration.fair_id, *conditions)


async def table_plan(session: AsyncSession, fair_id: Id) -> list[TableUse]:
    """Every table in every slot, by slot and table, also those that are free."""
    rows = await session.execute(
        select(FairSlot, FairTable, FairMeeting.id)
        .join(FairTable, FairTable.fair_id == FairSlot.fair_id)
        .outerjoin(
            FairMeeting,
            and_(
                FairMeeting.slot_id == FairSlot.id,
                FairMeeting.table_id == FairTable.id,
                FairMeeting.state.in_(LIVE_STATES),
            ),
        )
        .where(FairSlot.fair_id == fair_id)
        .order_by(FairSlot.number, FairTable.number)
    )
    return [TableUse(*row) for row in rows]


async def matched_pairs(
    session: AsyncSession, fair_id: Id, *, states: Collection[str] = LIVE_STATES
) -> list[MatchedPair]:
    """Who was brought together at a fair and what came of it, in the order of time."""
    first, second = aliased(FairRegistration), aliased(FairRegistration)
    said_first, said_second = aliased(FairOutcome), aliased(FairOutcome)

    def says(said: Any, side: Any) -> ColumnElement[bool]:
        return and_(said.meeting_id == FairMeeting.id, said.registration_id == side)

    rows = await session.execute(
        select(
            FairMeeting.id,
            FairMeeting.fair_id,
            FairMeeting.state,
            FairSlot.begins_at,
            FairTable.name,
            first.organisation_id,
            second.organisation_id,
            FairMeeting.result_id,
            FairMeeting.need_id,
            said_first.answer,
            said_second.answer,
        )
        .join(FairSlot, FairSlot.id == FairMeeting.slot_id)
        .join(FairTable, FairTable.id == FairMeeting.table_id)
        .join(first, first.id == FairMeeting.first_id)
        .join(second, second.id == FairMeeting.second_id)
        .outerjoin(said_first, says(said_first, FairMeeting.first_id))
        .outerjoin(said_second, says(said_second, FairMeeting.second_id))
        .where(FairMeeting.fair_id == fair_id, FairMeeting.state.in_(states))
        .order_by(FairSlot.number, FairTable.number)
    )
    return [MatchedPair(*row) for row in rows]


async def parts_of(session: AsyncSession, rows: Sequence[MeetingRow]) -> MeetingParts:
    """The people, answers and check-ins of these meetings, three reads for any number of them."""
    sides = {side for row in rows for side in (row.first.id, row.second.id)}
    outcomes: dict[Id, list[FairOutcome]] = {}
    ids = [row.meeting.id for row in rows]
    for outcome in await session.scalars(
        select(FairOutcome).where(FairOutcome.meeting_id.in_(ids)).order_by(FairOutcome.id)
    ):
        outcomes.setdefault(outcome.meeting_id, []).append(outcome)
    return MeetingParts(
        await delegates_of(session, sides), outcomes, await checked_in_of(session, sides)
    )


async def checked_in_of(session: AsyncSession, sides: Collection[Id]) -> set[tuple[Id, date]]:
    """Which of these participants had people there, on which days."""
    rows = await session.execute(
        select(FairCheckIn.registration_id, FairCheckIn.day)
        .where(FairCheckIn.registration_id.in_(sides))
        .distinct()
    )
    return {(row.registration_id, row.day) for row in rows}


def _has_side(registration_id: Id) -> ColumnElement[bool]:
    return or_(FairMeeting.first_id == registration_id, FairMeeting.second_id == registration_id)


def _meetings(
    *conditions: ColumnElement[bool],
) -> Select[
    FairMeeting,
    FairSlot,
    FairTable,
    FairRegistration,
    Organisation,
    FairRegistration,
    Organisation,
]:
    first, second = aliased(FairRegistration), aliased(FairRegistration)
    first_organisation, second_organisation = aliased(Organisation), aliased(Organisation)
    return (
        select(
            FairMeeting,
            FairSlot,
            FairTable,
            first,
            first_organisation,
            second,
            second_organisation,
        )
        .join(FairSlot, FairSlot.id == FairMeeting.slot_id)
        .join(FairTable, FairTable.id == FairMeeting.table_id)
        .join(first, first.id == FairMeeting.first_id)
        .join(first_organisation, first_organisation.id == first.organisation_id)
        .join(second, second.id == FairMeeting.second_id)
        .join(second_organisation, second_organisation.id == second.organisation_id)
        .where(*conditions)
        .order_by(FairSlot.number, FairTable.number, FairMeeting.id)
    )
