"""What a fair writes down for deals and statistics, in the unit of work that changes the fair.

Each function says how things are now; said again, nothing changes.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.fairs.meeting_models import FairCheckIn, FairMeeting
from market.fairs.models import Fair, FairRegistration, FairSlot
from market.listings.plain import in_parts
from market.records.service import Fact, FactStage, KnownFair, erase, record, record_fair

Id = uuid.UUID


async def make_known(session: AsyncSession, fair: Fair) -> None:
    """The fair, or what changed of it. Facts of a fair need this first."""
    begins_at = fair.begins_at
    day = None if begins_at is None else begins_at.astimezone(ZoneInfo(fair.time_zone)).date()
    await record_fair(
        session,
        KnownFair(
            fair_id=fair.id,
            organisation_id=fair.organisation_id,
            name=fair.name,
            begins_on=day,
            series_id=fair.series_id,
        ),
    )


async def record_registration(session: AsyncSession, registration: FairRegistration) -> None:
    """Whether the organisation is registered by now, and with that whether it came."""
    if registration.status != "approved":
        for stage in ("registered", "checked_in"):
            await erase(session, registration.fair_id, stage, [registration.id])
        return
    await record(session, registration.fair_id, [_of(registration)])
    await record_check_ins(session, registration.fair_id, [registration.id])


def _of(registration: FairRegistration) -> Fact:
    return Fact(
        stage="registered",
        subject_id=registration.id,
        organisation_id=registration.organisation_id,
        at=registration.created_at,
    )


async def record_check_ins(
    session: AsyncSession, fair_id: Id, registration_ids: Collection[Id]
) -> None:
    """The first check-in of each of these registrations that has one."""
    facts: list[Fact] = []
    for some in in_parts(registration_ids):
        rows = await session.execute(
            select(
                FairRegistration.id,
                FairRegistration.organisation_id,
                func.min(FairCheckIn.came_at, type_=FairCheckIn.came_at.type),
            )
            .join(FairCheckIn, FairCheckIn.registration_id == FairRegistration.id)
            .where(FairRegistration.id.in_(some))
            .group_by(FairRegistration.id, FairRegistration.organisation_id)
        )
        facts += [
            Fact(stage="checked_in", subject_id=row[0], organisation_id=row[1], at=row[2])
            for row in rows
        ]
    await record(session, fair_id, facts)


async def record_planned(
    session: AsyncSession, meetings: Sequence[FairMeeting], organisations: Mapping[Id, Id]
) -> None:
    """These meetings of one fair are on its agenda; `organisations` by their registrations."""
    if meetings:
        facts = [_met("planned", each, organisations, each.created_at) for each in meetings]
        await record(session, meetings[0].fair_id, facts)


async def erase_planned(session: AsyncSession, meetings: Sequence[FairMeeting]) -> None:
    """These meetings of one fair are on its agenda no more."""
    if meetings:
        ids = [each.id for each in meetings]
        await erase(session, meetings[0].fair_id, "planned", ids)


async def record_held(session: AsyncSession, meetings: Sequence[FairMeeting]) -> None:
    """These meetings of one fair took place, each in its slot."""
    sides = {side for each in meetings for side in (each.first_id, each.second_id)}
    organisations = await _looked_up(
        session, FairRegistration.id, FairRegistration.organisation_id, sides
    )
    begins = await _looked_up(
        session, FairSlot.id, FairSlot.begins_at, {each.slot_id for each in meetings}
    )
    if meetings:
        facts = [_met("held", each, organisations, begins[each.slot_id]) for each in meetings]
        await record(session, meetings[0].fair_id, facts)


def _met(
    stage: FactStage, meeting: FairMeeting, organisations: Mapping[Id, Id], at: datetime
) -> Fact:
    return Fact(
        stage=stage,
        subject_id=meeting.id,
        organisation_id=organisations[meeting.first_id],
        other_organisation_id=organisations[meeting.second_id],
        at=at,
    )


async def _looked_up(
    session: AsyncSession, key: Any, value: Any, wanted: Collection[Id]
) -> dict[Id, Any]:
    found: dict[Id, Any] = {}
    for some in in_parts(wanted):
        rows = await session.execute(select(key, value).where(key.in_(some)))
        found |= {row[0]: row[1] for row in rows}
    return found
