"""Holding what can be held when something is lost, and filling what is free.

Meetings that survive stay where they are: only those whom a change concerns are told of it.
What is free is filled by a job, so that nobody waits for the planner.
"""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.fairs.booking import release
from market.fairs.editing import leave_out
from market.fairs.meeting_models import FairMeeting
from market.fairs.models import Fair, FairRegistration, FairTable
from market.fairs.notices import tell
from market.jobs import enqueue

# {"fair_id", "refreshes_pairs"}: put wished-for meetings into free places of a published plan;
# moves nothing. The pairs are worked out again where somebody is there who was not.
FILL = "fairs.fill"
_LIVE_AGENDA = frozenset({"published", "running"})


async def ask_to_fill(session: AsyncSession, fair: Fair, *, refreshes_pairs: bool = False) -> None:
    """Have the free places of a published plan filled; a worker takes several askings as one."""
    if fair.status in _LIVE_AGENDA:
        payload = {"fair_id": str(fair.id), "refreshes_pairs": refreshes_pairs}
        await enqueue(session, FILL, payload)


async def participant_left(
    session: AsyncSession, fair: Fair, registration: FairRegistration, now: datetime
) -> None:
    """Cancel what was planned with a participant who is no longer there, in drafts, too.

    `fair` is locked.
    """
    await leave_out(session, fair, registration.id)
    found = await session.scalars(
        select(FairMeeting)
        .where(
            FairMeeting.fair_id == fair.id,
            FairMeeting.state == "planned",
            or_(FairMeeting.first_id == registration.id, FairMeeting.second_id == registration.id),
        )
        .order_by(FairMeeting.id)
        .with_for_update()
    )
    meetings = list(found)
    for meeting in meetings:
        await _cancel(session, fair, meeting, "一方退出 · a participant withdrew", now)
    if meetings:
        await ask_to_fill(session, fair)


async def participant_came(session: AsyncSession, fair: Fair) -> None:
    """Somebody is there who was not: they get what is free."""
    await ask_to_fill(session, fair, refreshes_pairs=True)


async def table_was_lost(
    session: AsyncSession, fair: Fair, table: FairTable, now: datetime
) -> None:
    """Cancel what was planned at a table that is gone; what fits elsewhere is placed anew.

    `fair` is locked.
    """
    found = await session.scalars(
        select(FairMeeting)
        .where(
            FairMeeting.fair_id == fair.id,
            FairMeeting.state == "planned",
            FairMeeting.table_id == table.id,
        )
        .order_by(FairMeeting.id)
        .with_for_update()
    )
    meetings = list(found)
    for meeting in meetings:
        await _cancel(session, fair, meeting, f"{table.name} 停用 · the table is lost", now)
    if meetings:
        await ask_to_fill(session, fair)


async def _cancel(
    session: AsyncSession, fair: Fair, meeting: FairMeeting, reason: str, now: datetime
) -> None:
    meeting.reason = reason
    await release(session, meeting, "cancelled", now)
    if fair.status not in _LIVE_AGENDA:
        return
    sides = await session.scalars(
        select(FairRegistration.organisation_id).where(
            FairRegistration.id.in_((meeting.first_id, meeting.second_id))
        )
    )
    payload = {"meeting_id": str(meeting.id), "reason": reason}
    await tell(session, fair, sides, "meeting_cancelled", payload, now)
