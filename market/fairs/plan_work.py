"""Makes the plans that were ordered: pairs, then the planner in a thread, then a draft.

The planner sees one state of the fair. What changes meanwhile is looked at again by whoever
publishes: the checker for a draft, the basis for an improvement.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, new_id, utc_now
from market.errors import RequestRefused
from market.fairs.meeting_models import FairPlan, PlanMeeting
from market.fairs.models import Fair
from market.fairs.notices import tell
from market.fairs.pair_work import store_pairs, work_out_pairs
from market.fairs.plan_input import (
    Placed,
    PlanInput,
    next_slot,
    placed_in_agenda,
    placed_in_plan,
    plan_input,
    sides_of,
)
from market.fairs.publishing import basis_of
from market.fairs.queries import slots_of_fair
from market.http.paging import id_of
from market.jobs import ClaimedJob, finish
from market.matching.set_scores import SetScores
from market.planner.model import Meeting, Plan, Replan, Unplanned
from market.planner.planning import plan
from market.planner.replanning import improve
from schemas.fair_plans import PlanForm

Id = uuid.UUID
_MOST_ATTEMPTS = 3
_ROWS_A_STATEMENT = 400
# The heaviest pairs that do not meet, each with its reason; nobody reads more.
_KEPT_REASONS = 2_000
# Progress: ordered, pairs worked out, planned, stored.
_BEGUN, _PAIRED, _ASKED = 5, 50, 60
_GIVEN_UP = {
    "zh": "多次尝试后仍未成功，请重新排程",
    "en": "It failed at every attempt; please order it again.",
}


class Planning:
    """Makes plans; holds what one process needs for it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._scores = SetScores(database)

    async def make_plans(self, jobs: Sequence[ClaimedJob]) -> None:
        """Do jobs fairs.plan {"plan_id"}."""
        for job in jobs:
            await self._make(uuid.UUID(job.payload["plan_id"]), job)

    async def work_out_pairs(self, jobs: Sequence[ClaimedJob]) -> None:
        """Do jobs fairs.pairs {"fair_id"}, each fair once."""
        fair_ids = sorted({uuid.UUID(job.payload["fair_id"]) for job in jobs})
        for fair_id in fair_ids:
            if await self._is_there(fair_id):
                await self.refresh_pairs(fair_id)
        async with self._database.writing() as session:
            await finish(session, jobs)

    async def _is_there(self, fair_id: Id) -> bool:
        async with self._database.reading() as session:
            return await session.get(Fair, fair_id) is not None

    async def refresh_pairs(
        self, fair_id: Id, progress: Callable[[float], Awaitable[None]] | None = None
    ) -> None:
        async def unheard(_done: float) -> None:
            return None

        rows = await work_out_pairs(self._database, self._scores, fair_id, progress or unheard)
        async with self._database.writing() as session:
            await store_pairs(session, fair_id, rows, utc_now())

    async def _make(self, plan_id: Id, job: ClaimedJob) -> None:
        found = await self._begin(plan_id, job)
        if found is None:
            return
        form = msgspec.convert(found.options, PlanForm)
        try:
            if job.attempts > _MOST_ATTEMPTS:
                await self._fail(found, _GIVEN_UP, job)
                return
            await self._pair(found, form)
            await self._plan(found, form, job)
        except RequestRefused as refusal:
            await self._fail(found, {"zh": refusal.zh, "en": refusal.en}, job)

    async def _begin(self, plan_id: Id, job: ClaimedJob) -> FairPlan | None:
        """The plan, now running; None for one that was dropped, or is made already."""
        async with self._database.writing() as session:
            found = await session.get(FairPlan, plan_id, with_for_update=True)
            if found is None or found.state not in {"queued", "running"}:
                await finish(session, [job])
                return None
            found.state, found.progress = "running", _BEGUN
        return found

    async def _pair(self, found: FairPlan, form: PlanForm) -> None:
        async def progress(done: float) -> None:
            await self._note(found.id, _BEGUN + int(done * (_PAIRED - _BEGUN)))

        async with self._database.reading() as session:
            fair = await session.get_one(Fair, found.fair_id)
        if form.refreshes_pairs or fair.pairs_at is None:
            await self.refresh_pairs(fair.id, progress)
        await self._note(found.id, _PAIRED)

    async def _plan(self, found: FairPlan, form: PlanForm, job: ClaimedJob) -> None:
        if form.kind == "improve":
            await self._improve(found, form, job)
            return
        async with self._database.reading() as session:
            fair = await session.get_one(Fair, found.fair_id)
            base = [] if form.base_id is None else await _base(session, form)
            asked = await plan_input(session, fair, form, previous=base, avoids_refused=True)
        await self._note(found.id, _ASKED)
        made = await asyncio.to_thread(plan, asked.request)
        await self._store(found, asked, made, {}, job)

    async def _improve(self, found: FairPlan, form: PlanForm, job: ClaimedJob) -> None:
        async with self._database.reading() as session:
            fair = await session.get_one(Fair, found.fair_id)
            agenda = await placed_in_agenda(session, fair.id)
            asked = await plan_input(session, fair, form, previous=agenda, avoids_refused=True)
            slots = await slots_of_fair(session, fair.id)
        begin = next_slot(slots, utc_now())
        if begin is None:
            raise _over()
        await self._note(found.id, _ASKED)
        made = await asyncio.to_thread(improve, asked.request, from_slot=str(begin.id))
        more = {**_proposal(made), "basis": basis_of(agenda)}
        await self._store(found, asked, made.plan, more, job)

    async def _store(
        self,
        found: FairPlan,
        asked: PlanInput,
        made: Plan,
        more: dict[str, Any],
        job: ClaimedJob,
    ) -> None:
        now = utc_now()
        async with self._database.writing() as session:
            row = await session.get_one(FairPlan, found.id, with_for_update=True)
            await finish(session, [job])
            if row.state != "running":
                return
            await _replace_meetings(session, row.id, asked, made.meetings)
            row.state, row.progress, row.finished_at = "draft", 100, now
            row.weight, row.upper_bound = made.weight, made.upper_bound
            row.outcome = {**_outcome(asked, made), **more}
            await session.flush()
            await _tell(session, row, now)

    async def _fail(self, found: FairPlan, problem: dict[str, str], job: ClaimedJob) -> None:
        now = utc_now()
        async with self._database.writing() as session:
            row = await session.get_one(FairPlan, found.id, with_for_update=True)
            await finish(session, [job])
            if row.state == "running":
                row.state, row.problem, row.finished_at = "failed", problem, now
                await session.flush()
                await _tell(session, row, now)

    async def _note(self, plan_id: Id, progress: int) -> None:
        """Progress is no change of the plan: its version stays."""
        async with self._database.writing() as session:
            await session.execute(
                update(FairPlan)
                .where(FairPlan.id == plan_id, FairPlan.state == "running")
                .values(progress=progress)
                .execution_options(synchronize_session=False)
            )


async def _base(session: AsyncSession, form: PlanForm) -> list[Placed]:
    base_id = id_of(form.base_id or "")
    return [] if base_id is None else await placed_in_plan(session, base_id)


async def _replace_meetings(
    session: AsyncSession, plan_id: Id, asked: PlanInput, meetings: Sequence[Meeting]
) -> None:
    """A job that is done again begins anew."""
    await session.execute(
        delete(PlanMeeting)
        .where(PlanMeeting.plan_id == plan_id)
        .execution_options(synchronize_session=False)
    )
    rows = [
        {
            "id": new_id(),
            "plan_id": plan_id,
            "first_id": booking.first_id,
            "second_id": booking.second_id,
            "slot_id": booking.slot_id,
            "table_id": booking.table_id,
            "weight": booking.weight,
            "is_pinned": booking.is_pinned,
        }
        for booking in asked.bookings(meetings)
    ]
    for start in range(0, len(rows), _ROWS_A_STATEMENT):
        await session.execute(insert(PlanMeeting), rows[start : start + _ROWS_A_STATEMENT])


def _outcome(asked: PlanInput, made: Plan) -> dict[str, Any]:
    def weight_of(each: Unplanned) -> int:
        pair = asked.pairs.get(each.pair)
        return pair.weight if pair else 0

    heaviest = sorted(made.unplanned, key=lambda each: (-weight_of(each), each.pair))
    return {
        "without_meeting": list(made.without_meeting),
        "idle_slots": sum(made.idle_slots.values()),
        "unplanned": [
            {"weight": weight_of(each), "why": msgspec.to_builtins(each)}
            for each in heaviest[:_KEPT_REASONS]
        ],
        "unplanned_total": len(made.unplanned),
        "out_of_time": made.out_of_time,
    }


def _proposal(made: Replan) -> dict[str, Any]:
    """What an improvement changes, for the organizer to decide."""
    return {
        "gain": made.gain,
        "affected": list(made.affected),
        "changes": [[each.pair, *_place(each.before), *_place(each.after)] for each in made.changes]
        + [[each.pair, *_place(each), None, None] for each in made.cancelled],
    }


def _place(meeting: Meeting | None) -> tuple[str | None, str | None]:
    return (None, None) if meeting is None else (meeting.slot, meeting.table)


async def _tell(session: AsyncSession, row: FairPlan, now: datetime) -> None:
    fair = await session.get_one(Fair, row.fair_id)
    kind = "improvement_ready" if row.kind == "improve" else "plan_ready"
    if row.state == "failed":
        kind = "plan_failed"
    payload = {"plan_id": str(row.id)}
    told: Any = kind
    await tell(session, fair, [fair.organisation_id], told, payload, now, dedupe=f"plan:{row.id}")


def _over() -> RequestRefused:
    return RequestRefused("fair_over", "所有时段均已结束", "All slots are over.")


def change_of(told: Sequence[Any]) -> tuple[str, Id, Id]:
    """Of a stored change what it does, and to whose meeting."""
    first, second = sides_of(told[0])
    if told[3] is None:
        return "removed", first, second
    return ("added" if told[1] is None else "moved"), first, second
