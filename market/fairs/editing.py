"""Edits of a draft plan by its organizer's hand; the planner's checker looks at each."""

import uuid

import msgspec
from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.errors import Conflict, FieldError, Invalid
from market.fairs.meeting_models import FairPlan, PlanMeeting
from market.fairs.meeting_rules import is_host, may_meet
from market.fairs.models import Fair, FairRegistration
from market.fairs.plan_input import (
    Placed,
    PlanInput,
    meeting_of,
    pair_name,
    placed_in_plan,
    plan_input,
)
from market.fairs.plan_orders import refuse_action
from market.fairs.violations import refuse_new, violations_of
from market.fairs.wire import options_of
from market.http.paging import id_of
from schemas.fair_plans import PlanMeetingChange, PlanMeetingForm

Id = uuid.UUID
_NOTHING = uuid.UUID(int=0)


async def add_meeting(
    session: AsyncSession, fair: Fair, plan: FairPlan, form: PlanMeetingForm
) -> PlanMeeting:
    """Raises Conflict (plan_violation) for what the checker refuses, and Invalid."""
    refuse_action(plan, "edit")
    host, guest = await _sides(session, fair, form)
    added = Placed(host, guest, _id(form.slot_id), _id(form.table_id), is_pinned=True)
    present = await placed_in_plan(session, plan.id)
    asked = await _checked(session, fair, plan, present, [*present, added])
    pair = asked.pairs.get(pair_name(host, guest))
    row = PlanMeeting(
        plan_id=plan.id,
        first_id=host,
        second_id=guest,
        slot_id=added.slot_id,
        table_id=added.table_id,
        weight=pair.weight if pair else 0,
        is_pinned=True,
    )
    session.add(row)
    await _edited(session, plan)
    return row


async def change_meeting(
    session: AsyncSession, fair: Fair, plan: FairPlan, row: PlanMeeting, change: PlanMeetingChange
) -> None:
    """Raises Conflict (plan_violation) for what the checker refuses."""
    refuse_action(plan, "edit")
    slot_id = row.slot_id if change.slot_id is None else _id(change.slot_id)
    table_id = row.table_id if change.table_id is None else _id(change.table_id)
    is_moved = (slot_id, table_id) != (row.slot_id, row.table_id)
    pinned = change.is_pinned
    if pinned is None:
        pinned = row.is_pinned or is_moved
    if is_moved:
        present = await placed_in_plan(session, plan.id)
        # While it is looked at, it is where its organizer wants it: a host may be moved by hand.
        moved = Placed(row.first_id, row.second_id, slot_id, table_id, is_pinned=True)
        others = [each for each in present if _sides_of(each) != _sides_of(moved)]
        await _checked(session, fair, plan, present, [*others, moved])
    row.slot_id, row.table_id, row.is_pinned = slot_id, table_id, pinned
    await _edited(session, plan)


async def remove_meeting(session: AsyncSession, plan: FairPlan, row: PlanMeeting) -> None:
    refuse_action(plan, "edit")
    await session.delete(row)
    await _edited(session, plan)


async def leave_out(session: AsyncSession, fair: Fair, registration_id: Id) -> None:
    """Take the meetings of who has left out of all drafts: none could be published with them."""
    sides = PlanMeeting.first_id == registration_id, PlanMeeting.second_id == registration_id
    plans = await session.scalars(
        select(FairPlan)
        .where(
            FairPlan.fair_id == fair.id,
            FairPlan.kind == "plan",
            FairPlan.state == "draft",
            FairPlan.id.in_(select(PlanMeeting.plan_id).where(or_(*sides))),
        )
        .order_by(FairPlan.id)
        .with_for_update()
    )
    for plan in plans.all():
        await session.execute(
            delete(PlanMeeting)
            .where(PlanMeeting.plan_id == plan.id, or_(*sides))
            .execution_options(synchronize_session=False)
        )
        await _edited(session, plan)


async def _checked(
    session: AsyncSession,
    fair: Fair,
    plan: FairPlan,
    before: list[Placed],
    after: list[Placed],
) -> PlanInput:
    named = {_sides_of(each) for each in after}
    gone = [
        msgspec.structs.replace(each, is_pinned=False)
        for each in before
        if _sides_of(each) not in named
    ]
    asked = await plan_input(session, fair, options_of(plan), previous=[*after, *gone])
    was = violations_of(asked, map(meeting_of, before))
    refuse_new(was, violations_of(asked, map(meeting_of, after)))
    return asked


async def _edited(session: AsyncSession, plan: FairPlan) -> None:
    await session.flush()
    weight = await session.scalar(
        select(func.coalesce(func.sum(PlanMeeting.weight), 0)).where(PlanMeeting.plan_id == plan.id)
    )
    plan.weight, plan.is_edited = int(weight or 0), True
    # An edit is a change of the plan, whatever it weighs.
    plan.outcome = {**plan.outcome, "edits": plan.outcome.get("edits", 0) + 1}
    await session.flush()


async def _sides(session: AsyncSession, fair: Fair, form: PlanMeetingForm) -> tuple[Id, Id]:
    found = {
        each.id: each
        for each in await session.scalars(
            select(FairRegistration).where(
                FairRegistration.fair_id == fair.id,
                FairRegistration.status == "approved",
                FairRegistration.id.in_([_id(form.first_id), _id(form.second_id)]),
            )
        )
    }
    errors = [
        FieldError(f"#/{name}", "没有这个参会方", "There is no such participant.")
        for name in ("first_id", "second_id")
        if _id(getattr(form, name)) not in found
    ]
    if errors:
        raise Invalid(*errors)
    first, second = found[_id(form.first_id)], found[_id(form.second_id)]
    if first.id == second.id or not may_meet(first.kind, second.kind):
        raise Invalid(FieldError("#/second_id", "双方不能对接", "These two can't meet."))
    return (first.id, second.id) if is_host(first.kind, second.kind) else (second.id, first.id)


def _id(text: str) -> Id:
    """What is no id names nothing that is there: the checker says so."""
    return id_of(text) or _NOTHING


def _sides_of(each: Placed) -> tuple[Id, Id]:
    return each.first_id, each.second_id


def outdated() -> Conflict:
    return Conflict(
        "plan_outdated",
        "日程已有变化，请重新计算",
        "The agenda has changed since: please ask again.",
    )
