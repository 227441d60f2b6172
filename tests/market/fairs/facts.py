"""What must be written down of fairs, worked out anew from their rows."""

import uuid
from datetime import datetime

from sqlalchemy import select

from market.db import Database
from market.fairs.meeting_models import FairCheckIn, FairMeeting
from market.fairs.models import FairRegistration, FairSlot
from market.records.models import FairFact

Known = tuple[str, uuid.UUID, uuid.UUID, uuid.UUID | None, datetime]
_STAGES = {
    "planned": ("planned",),
    "held": ("planned", "held"),
    "no_show": ("planned",),
    "cancelled": (),
    "superseded": (),
}


async def written_down(database: Database) -> set[Known]:
    async with database.reading() as session:
        rows = await session.scalars(select(FairFact))
        return {
            (each.stage, each.subject_id, each.organisation_id, each.other_organisation_id, each.at)
            for each in rows
        }


async def as_it_is(database: Database) -> set[Known]:
    async with database.reading() as session:
        registrations = {each.id: each for each in await session.scalars(select(FairRegistration))}
        slots = {each.id: each for each in await session.scalars(select(FairSlot))}
        check_ins = list(await session.scalars(select(FairCheckIn)))
        meetings = list(await session.scalars(select(FairMeeting)))
    known: set[Known] = set()
    for each in registrations.values():
        if each.status == "approved":
            known.add(("registered", each.id, each.organisation_id, None, each.created_at))
            came = [one.came_at for one in check_ins if one.registration_id == each.id]
            if came:
                known.add(("checked_in", each.id, each.organisation_id, None, min(came)))
    for meeting in meetings:
        first, second = (registrations[one] for one in (meeting.first_id, meeting.second_id))
        for stage in _STAGES[meeting.state]:
            at = meeting.created_at if stage == "planned" else slots[meeting.slot_id].begins_at
            known.add((stage, meeting.id, first.organisation_id, second.organisation_id, at))
    return known
