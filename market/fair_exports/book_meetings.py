"""The meetings of a fair's book: one for each two that meet, or that were to meet."""

import uuid
from datetime import datetime
from typing import cast

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.exchange.fair_book import MeetingState
from market.fairs.meeting_models import LIVE_STATES, FairMeeting, FairPlan, PlanMeeting

Id = uuid.UUID
Two = tuple[Id, Id]
_TAKES_A_PLACE = frozenset({*LIVE_STATES, "no_show"})


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """The meeting of two participants as it stands; `sequence` grows with every change."""

    slot_id: Id
    table_id: Id
    state: MeetingState
    sequence: int
    weight: int
    changed_at: datetime
    result_id: Id | None = None
    need_id: Id | None = None

    @property
    def is_on(self) -> bool:
        return self.state in _TAKES_A_PLACE


async def agenda_meetings(session: AsyncSession, fair_id: Id) -> dict[Two, Planned]:
    """The agenda, with what was cancelled.

    Two participants may have had several meetings, of which one at most counts. They are one
    here: what another agenda moved keeps its name, and what it dropped is told as cancelled.
    """
    rows = await session.scalars(
        select(FairMeeting).where(FairMeeting.fair_id == fair_id).order_by(FairMeeting.id)
    )
    of_two: dict[Two, list[FairMeeting]] = {}
    for row in rows:
        of_two.setdefault((row.first_id, row.second_id), []).append(row)
    return {two: _as_one(meetings) for two, meetings in of_two.items()}


def _as_one(meetings: list[FairMeeting]) -> Planned:
    shown = max(meetings, key=lambda each: (each.state in _TAKES_A_PLACE, each.changed_at, each.id))
    state = "cancelled" if shown.state == "superseded" else shown.state
    return Planned(
        slot_id=shown.slot_id,
        table_id=shown.table_id,
        state=cast(MeetingState, state),
        # Versions grow and rows are added; the first one of all is no change.
        sequence=sum(each.version for each in meetings) - 1,
        weight=shown.weight,
        changed_at=max(each.changed_at for each in meetings),
        result_id=shown.result_id,
        need_id=shown.need_id,
    )


async def draft_meetings(session: AsyncSession, plan: FairPlan) -> dict[Two, Planned]:
    """The meetings that a plan proposes."""
    rows = await session.scalars(select(PlanMeeting).where(PlanMeeting.plan_id == plan.id))
    return {
        (row.first_id, row.second_id): Planned(
            slot_id=row.slot_id,
            table_id=row.table_id,
            state="planned",
            sequence=0,
            weight=row.weight,
            changed_at=plan.finished_at or plan.created_at,
        )
        for row in rows
    }
