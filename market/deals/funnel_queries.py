"""The numbers of the funnel, and the rows behind each: the same WHERE for both."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple, get_args

from sqlalchemy import ColumnElement, Select, and_, case, func, null, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from market.accounts.viewer import Viewer
from market.deals.models import IntentOrder
from market.errors import NotFound
from market.records.models import FairFact, FairRecord
from schemas.stats import FunnelStep

# Years are those of China, where the fairs are; it has one time all over, and no summer time.
_CHINA = timezone(timedelta(hours=8))
_AT: dict[str, InstrumentedAttribute[datetime | None]] = {
    "intent": IntentOrder.confirmed_at,
    "contract": IntentOrder.contract_confirmed_at,
}


class Scope(NamedTuple):
    """What the numbers are of: a fair, a series, a year; None is no criterion."""

    fair_id: uuid.UUID | None = None
    series_id: uuid.UUID | None = None
    year: int | None = None


class StepRow(NamedTuple):
    """One of what a step counts. `place` is where a page goes on."""

    place: uuid.UUID
    subject_id: uuid.UUID
    fair_id: uuid.UUID | None
    first_id: uuid.UUID
    second_id: uuid.UUID | None
    at: datetime
    amount_cny: int | None


async def check_scope(session: AsyncSession, viewer: Viewer, scope: Scope) -> None:
    """Raises NotFound for a fair or series of which the viewer may not see the numbers."""
    if scope.fair_id is None and scope.series_id is None:
        return
    if await session.scalar(_fairs(viewer, scope).limit(1)) is None:
        raise NotFound


async def fair_name(session: AsyncSession, fair_id: uuid.UUID) -> str:
    fair: FairRecord = await session.get_one(FairRecord, fair_id)
    return fair.name


async def counts_of(
    session: AsyncSession, viewer: Viewer, scope: Scope
) -> tuple[dict[FunnelStep, int], int]:
    """Each step's number, and what the contracts come to."""
    counts: dict[FunnelStep, int] = dict.fromkeys(_ORDERS, 0)
    facts = await session.execute(
        select(FairFact.stage, func.count()).where(_facts(viewer, scope)).group_by(FairFact.stage)
    )
    counts |= {_STAGES[row[0]]: row[1] for row in facts}
    amount_cny = 0
    for step in _ORDERS:
        row = (
            await session.execute(
                select(func.count(), _amount()).where(_orders(viewer, scope, step))
            )
        ).one()
        counts[step] = row[0]
        amount_cny = int(row[1])
    return counts, amount_cny


async def counts_by_year(
    session: AsyncSession, viewer: Viewer, scope: Scope, years: Sequence[int]
) -> dict[int, tuple[dict[FunnelStep, int], int]]:
    """As counts_of for each year; one question a table, however many years."""
    found: dict[int, tuple[dict[FunnelStep, int], int]] = {}
    facts = await session.execute(
        select(FairFact.stage, *(_sum_if(is_in_year(FairFact.at, year)) for year in years))
        .where(_facts(viewer, scope))
        .group_by(FairFact.stage)
    )
    by_stage = {_STAGES[row[0]]: row[1:] for row in facts}
    orders = {step: await _orders_by_year(session, viewer, scope, step, years) for step in _ORDERS}
    for place, year in enumerate(years):
        counts: dict[FunnelStep, int] = {
            step: int(numbers[place]) for step, numbers in by_stage.items()
        }
        counts |= {step: int(orders[step][place]) for step in _ORDERS}
        found[year] = counts, int(orders["contract"][len(years) + place])
    return found


async def rows_of_step(
    session: AsyncSession,
    viewer: Viewer,
    scope: Scope,
    step: FunnelStep,
    *,
    after: uuid.UUID | None,
    limit: int,
) -> list[StepRow]:
    """What a step's number counts, one row each, in the order in which it was written down."""
    wanted = _order_rows(viewer, scope, step) if step in _AT else _fact_rows(viewer, scope, step)
    table: Any = IntentOrder if step in _AT else FairFact
    if after is not None:
        wanted = wanted.where(table.id > after)
    rows = await session.execute(wanted.order_by(table.id).limit(limit))
    return [StepRow(*row) for row in rows]


def is_in_year(column: Any, year: int) -> ColumnElement[bool]:
    begin = datetime(year, 1, 1, tzinfo=_CHINA).astimezone(UTC)
    end = datetime(year + 1, 1, 1, tzinfo=_CHINA).astimezone(UTC)
    return and_(column >= begin, column < end)


def this_year(now: datetime) -> int:
    return now.astimezone(_CHINA).year


_ORDERS: tuple[FunnelStep, ...] = ("intent", "contract")
# The stages of facts are steps of the same names.
_STAGES: dict[str, FunnelStep] = {step: step for step in get_args(FunnelStep)}


def _fairs(viewer: Viewer, scope: Scope) -> Select[uuid.UUID]:
    """The fairs in the scope of which the viewer may see the numbers: an organizer's own."""
    wanted = select(FairRecord.fair_id)
    if "administrator" not in viewer.roles:
        wanted = wanted.where(FairRecord.organisation_id == viewer.organisation_id)
    if scope.fair_id is not None:
        wanted = wanted.where(FairRecord.fair_id == scope.fair_id)
    if scope.series_id is not None:
        wanted = wanted.where(FairRecord.series_id == scope.series_id)
    return wanted


def _facts(viewer: Viewer, scope: Scope) -> ColumnElement[bool]:
    of_fairs = FairFact.fair_id.in_(_fairs(viewer, scope))
    return of_fairs if scope.year is None else of_fairs & is_in_year(FairFact.at, scope.year)


def _orders(viewer: Viewer, scope: Scope, step: FunnelStep) -> ColumnElement[bool]:
    """Orders that came from no fair are in no fair's scope, and are seen by administrators."""
    is_everything = scope.fair_id is None and scope.series_id is None
    is_open = is_everything and "administrator" in viewer.roles
    of_fairs = true() if is_open else IntentOrder.fair_id.in_(_fairs(viewer, scope))
    reached = and_(of_fairs, _AT[step].is_not(None))
    return reached if scope.year is None else and_(reached, is_in_year(_AT[step], scope.year))


def _fact_rows(viewer: Viewer, scope: Scope, step: FunnelStep) -> Any:
    rows = select(
        FairFact.id,
        FairFact.subject_id,
        FairFact.fair_id,
        FairFact.organisation_id,
        FairFact.other_organisation_id,
        FairFact.at,
        # A fact has no amount.
        null(),
    )
    return rows.where(FairFact.stage == step, _facts(viewer, scope))


def _order_rows(viewer: Viewer, scope: Scope, step: FunnelStep) -> Any:
    amount: Any = IntentOrder.contract_amount_cny if step == "contract" else null()
    return select(
        IntentOrder.id,
        IntentOrder.id.label("subject_id"),
        IntentOrder.fair_id,
        IntentOrder.institute_id,
        IntentOrder.enterprise_id,
        _AT[step],
        amount,
    ).where(_orders(viewer, scope, step))


async def _orders_by_year(
    session: AsyncSession, viewer: Viewer, scope: Scope, step: FunnelStep, years: Sequence[int]
) -> Sequence[Any]:
    """The counts of all years, then the amounts of all years."""
    counts = (_sum_if(is_in_year(_AT[step], year)) for year in years)
    amounts = (
        _sum_if(is_in_year(_AT[step], year), IntentOrder.contract_amount_cny) for year in years
    )
    rows = await session.execute(select(*counts, *amounts).where(_orders(viewer, scope, step)))
    return rows.one()


def _sum_if(condition: ColumnElement[bool], value: Any = 1) -> ColumnElement[Any]:
    return func.coalesce(func.sum(case((condition, func.coalesce(value, 0)), else_=0)), 0)


def _amount() -> ColumnElement[Any]:
    return func.coalesce(func.sum(IntentOrder.contract_amount_cny), 0)
