"""Fills the free places of a published agenda: nothing that is held is moved."""

import asyncio
import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.errors import Conflict, RequestRefused
from market.fairs.booking import Booking, book
from market.fairs.meeting_models import FairPlan
from market.fairs.models import Fair, FairRegistration, FairTable
from market.fairs.plan_input import (
    PlanInput,
    next_slot,
    placed_in_agenda,
    plan_input,
)
from market.fairs.plan_work import Planning
from market.fairs.publishing import AgendaChange, tell_changes
from market.fairs.queries import locked_fair, slots_of_fair
from market.fairs.wire import options_of
from market.jobs import ClaimedJob, finish
from market.planner.model import Replan
from market.planner.replanning import hold_and_fill
from schemas.fair_plans import PlanOptions

Id = uuid.UUID
_FILLED = frozenset({"published", "running"})


class Filling:
    """Does jobs fairs.fill {"fair_id", "refreshes_pairs"}: several for one fair are as one."""

    def __init__(self, database: Database, planning: Planning) -> None:
        self._database = database
        self._planning = planning

    async def handle(self, jobs: Sequence[ClaimedJob]) -> None:
        asked: dict[Id, bool] = {}
        for job in jobs:
            fair_id = uuid.UUID(job.payload["fair_id"])
            asked[fair_id] = asked.get(fair_id, False) or job.payload["refreshes_pairs"]
        for fair_id, refreshes in sorted(asked.items()):
            await self.fill(fair_id, refreshes_pairs=refreshes)
        async with self._database.writing() as session:
            await finish(session, jobs)

    async def fill(self, fair_id: Id, *, refreshes_pairs: bool) -> int:
        """How many meetings were added; both sides of each are told.

        Done again it adds nothing. What was taken meanwhile is left out: the next job fills on.
        """
        async with self._database.reading() as session:
            fair = await session.get(Fair, fair_id)
        if fair is None or fair.status not in _FILLED:
            return 0
        if refreshes_pairs or fair.pairs_at is None:
            # Who came late, and what they bring and wish, is part of the pairs from now on.
            await self._planning.refresh_pairs(fair_id)
        asked = await self._asked(fair_id)
        if asked is None:
            return 0
        request, from_slot = asked
        try:
            made = await asyncio.to_thread(hold_and_fill, request.request, from_slot=from_slot)
        except RequestRefused:
            # Two changes at once may contradict each other for a moment; the next job sees both.
            return 0
        return await self._book(fair_id, request, made)

    async def _asked(self, fair_id: Id) -> tuple[PlanInput, str] | None:
        async with self._database.reading() as session:
            fair = await session.get_one(Fair, fair_id)
            slots = await slots_of_fair(session, fair_id)
            begin = next_slot(slots, utc_now())
            if begin is None:
                return None
            agenda = await placed_in_agenda(session, fair_id)
            options = await _options(session, fair)
            asked = await plan_input(session, fair, options, previous=agenda, avoids_refused=True)
        return asked, str(begin.id)

    async def _book(self, fair_id: Id, asked: PlanInput, made: Replan) -> int:
        added = [each.after for each in made.changes if each.before is None and each.after]
        if not added:
            return 0
        now = utc_now()
        async with self._database.writing() as session:
            fair = await locked_fair(session, fair_id)
            if fair.status not in _FILLED:
                return 0
            changes = []
            for booking in asked.bookings(added):
                if await _is_possible(session, booking):
                    changes += await _booked(session, fair, booking, now)
            await tell_changes(session, fair, changes, now)
        return len(changes)


async def _options(session: AsyncSession, fair: Fair) -> PlanOptions:
    """As the published plan was made; somebody who arranges all by hand has none."""
    found = None if fair.plan_id is None else await session.get(FairPlan, fair.plan_id)
    return PlanOptions() if found is None else options_of(found)


async def _is_possible(session: AsyncSession, booking: Booking) -> bool:
    """Whether both sides and the table are still there. The fair is locked."""
    table = await session.get(FairTable, booking.table_id)
    sides = await session.scalars(
        select(FairRegistration.status).where(
            FairRegistration.id.in_((booking.first_id, booking.second_id))
        )
    )
    return table is not None and table.lost_at is None and set(sides) == {"approved"}


async def _booked(
    session: AsyncSession, fair: Fair, booking: Booking, now: datetime
) -> list[AgendaChange]:
    """The meeting, unless somebody took its place by hand meanwhile."""
    step = await session.begin_nested()
    try:
        meeting = await book(session, fair.id, booking, now)
    except Conflict:
        await step.rollback()
        return []
    await step.commit()
    return [AgendaChange("added", booking.first_id, booking.second_id, meeting.id)]
