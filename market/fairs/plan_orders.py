"""Plans are ordered by organizers and made by a worker; what organizers do with drafts."""

import uuid
from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.viewer import Viewer
from market.errors import Conflict, FieldError, Invalid
from market.fairs.meeting_models import FairPlan
from market.fairs.models import Fair
from market.fairs.states import refuse_unless
from market.http.paging import id_of
from market.jobs import enqueue
from schemas.fair_plans import PlanAction, PlanForm, PlanState

Id = uuid.UUID
# {"plan_id"}: make the plan that was ordered. {"fair_id"}: work out the pairs of a fair.
PLAN = "fairs.plan"
PAIRS = "fairs.pairs"
_UNFINISHED: tuple[PlanState, ...] = ("queued", "running")


async def order_plan(
    session: AsyncSession, viewer: Viewer, fair: Fair, form: PlanForm, now: datetime
) -> FairPlan:
    """Have a plan made; `fair` is the viewer's own and locked.

    One at a time for each fair. Raises Conflict, and Invalid for a base that is none.
    """
    if form.kind == "plan":
        refuse_unless(fair, "open", "matching")
    else:
        refuse_unless(fair, "published", "running")
    await _refuse_second(session, fair)
    if form.base_id is not None:
        await _check_base(session, fair, form.base_id)
    last = await session.scalar(
        select(func.max(FairPlan.number)).where(FairPlan.fair_id == fair.id)
    )
    plan = FairPlan(
        fair_id=fair.id,
        number=(last or 0) + 1,
        kind=form.kind,
        state="queued",
        options=msgspec.to_builtins(form),
        outcome={},
        created_by_id=viewer.user_id,
        created_at=now,
    )
    session.add(plan)
    await session.flush()
    await enqueue(session, PLAN, {"plan_id": str(plan.id)})
    return plan


async def _refuse_second(session: AsyncSession, fair: Fair) -> None:
    running = await session.scalar(
        select(func.count()).where(FairPlan.fair_id == fair.id, FairPlan.state.in_(_UNFINISHED))
    )
    if running:
        raise Conflict("plan_running", "已有排程正在计算", "A plan is being made already.")


async def _check_base(session: AsyncSession, fair: Fair, base_id: str) -> None:
    base = await session.scalar(
        select(FairPlan.state).where(FairPlan.id == id_of(base_id), FairPlan.fair_id == fair.id)
    )
    if base not in {"draft", "published"}:
        raise Invalid(FieldError("#/base_id", "没有这个排程", "There is no such plan."))


async def ask_for_pairs(session: AsyncSession, fair: Fair) -> None:
    refuse_unless(fair, "open", "matching", "published", "running")
    await enqueue(session, PAIRS, {"fair_id": str(fair.id)})


def allowed_actions(plan: FairPlan) -> list[PlanAction]:
    """What the organizer may do with a plan as it is now."""
    if plan.state == "draft":
        return ["edit", "publish", "drop"] if plan.kind == "plan" else ["publish", "drop"]
    return ["drop"] if plan.state in {"queued", "failed"} else []


def refuse_action(plan: FairPlan, action: PlanAction) -> None:
    """Raises Conflict for what the plan's state does not allow."""
    if action not in allowed_actions(plan):
        raise Conflict(
            "plan_state_refused",
            f"排程当前状态为 {plan.state}，不能这样做",
            f"The plan is {plan.state} now: this can't be done.",
        )


async def drop_plan(session: AsyncSession, plan: FairPlan) -> None:
    """Drop a plan that was not published; dropped twice is once. Raises Conflict."""
    if plan.state == "dropped":
        return
    refuse_action(plan, "drop")
    plan.state = "dropped"
    await session.flush()
