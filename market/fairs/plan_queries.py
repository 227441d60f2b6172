"""Reads of pairs and plans, for the organizer of their fair."""

import uuid
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from market.accounts.models import Organisation
from market.errors import NotFound
from market.fairs.meeting_models import FairPair, FairPlan, PlanMeeting
from market.fairs.models import Fair, FairRegistration, FairSlot
from market.fairs.plan_input import sides_of
from market.planner.wordings import PlanNames

Id = uuid.UUID


class PairRow(NamedTuple):
    pair: FairPair
    first_organisation: Organisation
    second_organisation: Organisation


class PlanRow(NamedTuple):
    plan: FairPlan
    meetings: int


class PairPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of pairs ends."""

    weight: int
    pair_id: Id


class PairsAsked(msgspec.Struct, frozen=True, kw_only=True):
    registration_id: Id | None = None
    forbidden: bool | None = None
    after: PairPlace | None = None
    limit: int = 20


async def pairs_page(session: AsyncSession, fair_id: Id, asked: PairsAsked) -> list[PairRow]:
    """The pairs of a fair, the heaviest first."""
    first, second = aliased(FairRegistration), aliased(FairRegistration)
    first_organisation, second_organisation = aliased(Organisation), aliased(Organisation)
    wanted = (
        select(FairPair, first_organisation, second_organisation)
        .join(first, first.id == FairPair.first_id)
        .join(first_organisation, first_organisation.id == first.organisation_id)
        .join(second, second.id == FairPair.second_id)
        .join(second_organisation, second_organisation.id == second.organisation_id)
        .where(FairPair.fair_id == fair_id)
    )
    if asked.registration_id is not None:
        sides = FairPair.first_id, FairPair.second_id
        wanted = wanted.where(or_(*(side == asked.registration_id for side in sides)))
    if asked.forbidden is not None:
        wanted = wanted.where(FairPair.forbidden.is_(asked.forbidden))
    if asked.after is not None:
        weight, pair_id = asked.after.weight, asked.after.pair_id
        wanted = wanted.where(
            or_(FairPair.weight < weight, and_(FairPair.weight == weight, FairPair.id > pair_id))
        )
    ordered = wanted.order_by(FairPair.weight.desc(), FairPair.id).limit(asked.limit)
    return [PairRow(*row) for row in await session.execute(ordered)]


async def plans_page(
    session: AsyncSession, fair_id: Id, *, before: Id | None, limit: int
) -> list[PlanRow]:
    """The plans of a fair, the newest first."""
    conditions: list[Any] = [FairPlan.fair_id == fair_id]
    if before is not None:
        conditions.append(FairPlan.id < before)
    return await _plans(session, *conditions, limit=limit)


async def plan_row(session: AsyncSession, fair: Fair, plan_id: Id | None) -> PlanRow:
    """Raises NotFound."""
    rows = await _plans(session, FairPlan.id == plan_id, FairPlan.fair_id == fair.id, limit=1)
    if not rows:
        raise NotFound
    return rows[0]


async def locked_plan(session: AsyncSession, fair: Fair, plan_id: Id | None) -> FairPlan:
    """The plan, held until the unit of work ends. Raises NotFound."""
    found = await session.scalars(
        select(FairPlan)
        .where(FairPlan.id == plan_id, FairPlan.fair_id == fair.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    plan = found.first()
    if plan is None:
        raise NotFound
    return plan


async def plan_meetings_page(
    session: AsyncSession, plan_id: Id, *, after: Id | None, limit: int
) -> list[PlanMeeting]:
    wanted = select(PlanMeeting).where(PlanMeeting.plan_id == plan_id)
    if after is not None:
        wanted = wanted.where(PlanMeeting.id > after)
    return list(await session.scalars(wanted.order_by(PlanMeeting.id).limit(limit)))


async def plan_meeting(session: AsyncSession, plan: FairPlan, meeting_id: Id | None) -> PlanMeeting:
    """Raises NotFound."""
    found = await session.scalars(
        select(PlanMeeting).where(PlanMeeting.id == meeting_id, PlanMeeting.plan_id == plan.id)
    )
    meeting = found.first()
    if meeting is None:
        raise NotFound
    return meeting


async def plan_names(session: AsyncSession, fair_id: Id) -> PlanNames:
    """How people call the participants, slots and pairs of a fair, which plans name by ids."""
    parties = await session.execute(
        select(FairRegistration.id, Organisation.name)
        .join(Organisation, Organisation.id == FairRegistration.organisation_id)
        .where(FairRegistration.fair_id == fair_id)
    )
    slots = await session.execute(
        select(FairSlot.id, FairSlot.number).where(FairSlot.fair_id == fair_id)
    )
    return PlanNames(
        parties={str(row[0]): row[1] for row in parties},
        slots={str(row[0]): str(row[1]) for row in slots},
        sides=_sides_of_pair,
    )


def _sides_of_pair(pair: str) -> tuple[str, str]:
    first, second = sides_of(pair)
    return str(first), str(second)


async def _plans(session: AsyncSession, *conditions: Any, limit: int) -> list[PlanRow]:
    amount = (
        select(func.count())
        .where(PlanMeeting.plan_id == FairPlan.id)
        .correlate(FairPlan)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(FairPlan, amount).where(*conditions).order_by(FairPlan.id.desc()).limit(limit)
    )
    return [PlanRow(*row) for row in rows]
