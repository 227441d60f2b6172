"""Looks after running fairs: who has not come by now, and which meetings are over."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.fairs.booking import release
from market.fairs.holding import ask_to_fill
from market.fairs.meeting_models import FairMeeting
from market.fairs.meeting_queries import checked_in_of
from market.fairs.meetings import tell_sides
from market.fairs.models import Fair, FairSlot
from market.fairs.queries import locked_fair
from market.fairs.recording import record_held
from market.jobs import ClaimedJob, finish

Id = uuid.UUID
# Every minute {}: meetings of running fairs that nobody came to, or that are over.
WATCH = "fairs.watch"


class Watch:
    """Does jobs fairs.watch."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def handle(self, jobs: Sequence[ClaimedJob]) -> None:
        async with self._database.reading() as session:
            running = await session.scalars(
                select(Fair.id).where(Fair.status == "running").order_by(Fair.id)
            )
            fair_ids = list(running)
        for fair_id in fair_ids:
            async with self._database.writing() as session:
                await watch_fair(session, fair_id, utc_now())
        async with self._database.writing() as session:
            await finish(session, jobs)


async def watch_fair(session: AsyncSession, fair_id: Id, now: datetime) -> None:
    """Mark who did not come in time, and what is over as held. Done again it changes nothing.

    Where nobody checks in on a day, nobody is absent: the fair does without check-ins.
    """
    fair = await locked_fair(session, fair_id)
    if fair.status != "running":
        return
    rows = (await session.execute(_begun(fair_id, now))).all()
    there = await checked_in_of(
        session, {side for row in rows for side in (row[0].first_id, row[0].second_id)}
    )
    days = {day for _, day in there}
    was_freed, held = False, []
    for meeting, slot in rows:
        absent = [
            side for side in (meeting.first_id, meeting.second_id) if (side, slot.day) not in there
        ]
        is_late = now >= slot.begins_at + timedelta(minutes=fair.no_show_min)
        if absent and is_late and slot.day in days:
            meeting.absent = sorted(str(each) for each in absent)
            await release(session, meeting, "no_show", now)
            await tell_sides(session, fair, meeting, "meeting_no_show", now)
            was_freed = True
        elif slot.ends_at <= now:
            meeting.state, meeting.changed_at = "held", now
            held.append(meeting)
    await session.flush()
    await record_held(session, held)
    if was_freed:
        await ask_to_fill(session, fair)


def _begun(fair_id: Id, now: datetime) -> Select[FairMeeting, FairSlot]:
    return (
        select(FairMeeting, FairSlot)
        .join(FairSlot, FairSlot.id == FairMeeting.slot_id)
        .where(
            FairMeeting.fair_id == fair_id,
            FairMeeting.state == "planned",
            FairSlot.begins_at <= now,
        )
        .order_by(FairMeeting.id)
        .with_for_update(of=FairMeeting)
    )
