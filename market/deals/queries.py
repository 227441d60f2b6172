"""Reads of intention orders. What a viewer may know of is decided here, in the WHERE of each."""

import uuid
from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, and_, exists, false, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.deals.models import IntentOrder, OrderConfirmation, OrderMove, OrderReminder
from market.deals.sides import SIDES
from market.errors import Forbidden, NotFound
from market.records.models import FairRecord
from schemas.deals import OrderSide

Id = uuid.UUID


class OrdersAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Which orders. `awaits_own`: one's own yes is missing; `step_by`: the next step is due."""

    stage: str | None = None
    fair_id: Id | None = None
    listing_id: Id | None = None
    awaits_own: bool = False
    step_by: date | None = None
    before: Id | None = None
    limit: int = 20


class OrderRow(NamedTuple):
    """An order with both sides, and the ids of those that say yes to it as it stands."""

    order: IntentOrder
    institute: Organisation
    enterprise: Organisation
    confirmed: frozenset[Id]

    @property
    def is_confirmed(self) -> bool:
        return len(self.confirmed) == 2


def side_of(viewer: Viewer, order: IntentOrder) -> OrderSide | None:
    """The side on which the viewer's organisation stands."""
    if viewer.organisation_id is None:
        return None
    if viewer.organisation_id == order.institute_id:
        return "institute"
    return "enterprise" if viewer.organisation_id == order.enterprise_id else None


def orders_visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """One's own; of an organizer's fairs those to which both sides said yes; administrators all."""
    if "administrator" in viewer.roles:
        return true()
    if viewer.organisation_id is None:
        return false()
    own = _is_own(viewer)
    if "organizer" not in viewer.roles:
        return own
    fairs = select(FairRecord.fair_id).where(FairRecord.organisation_id == viewer.organisation_id)
    return or_(own, and_(IntentOrder.confirmed_at.is_not(None), IntentOrder.fair_id.in_(fairs)))


async def visible_order(session: AsyncSession, viewer: Viewer, order_id: Id | None) -> OrderRow:
    """Raises NotFound."""
    found = await _rows(session, and_(IntentOrder.id == order_id, orders_visible_to(viewer)), 1)
    if not found:
        raise NotFound
    return found[0]


async def orders_by_id(session: AsyncSession, ids: Collection[Id]) -> dict[Id, OrderRow]:
    """These orders, for whoever tells their sides of them."""
    found = await _rows(session, IntentOrder.id.in_(ids), len(ids))
    return {row.order.id: row for row in found}


async def orders_page(
    session: AsyncSession, viewer: Viewer, asked: OrdersAsked
) -> Sequence[OrderRow]:
    """Orders that the viewer may know of, the newest first."""
    wanted = [orders_visible_to(viewer), *_asked_for(viewer, asked)]
    return await _rows(session, and_(*wanted), asked.limit)


async def locked_order(session: AsyncSession, viewer: Viewer, order_id: Id | None) -> IntentOrder:
    """An order of the viewer's organisation, locked for a change.

    Raises NotFound, and Forbidden for one that the viewer may see and is no side of.
    """
    found: IntentOrder | None = await session.scalar(
        select(IntentOrder).where(IntentOrder.id == order_id, _is_own(viewer)).with_for_update()
    )
    if found is None:
        await visible_order(session, viewer, order_id)
        raise Forbidden(
            "parties_only", "只有双方可以这样做", "Only the two sides of the order may do this."
        )
    return found


async def confirmations_of(session: AsyncSession, order_id: Id) -> frozenset[Id]:
    """The organisations that say yes to an order as it stands."""
    found = await session.scalars(
        select(OrderConfirmation.organisation_id).where(OrderConfirmation.order_id == order_id)
    )
    return frozenset(found)


async def moves_of(
    session: AsyncSession, order_id: Id, *, after: Id | None, limit: int
) -> Sequence[OrderMove]:
    """What was done with an order, the first thing first."""
    wanted = select(OrderMove).where(OrderMove.order_id == order_id)
    if after is not None:
        wanted = wanted.where(OrderMove.id > after)
    return (await session.scalars(wanted.order_by(OrderMove.id).limit(limit))).all()


async def reminders_of(
    session: AsyncSession, viewer: Viewer, *, before: Id | None, limit: int
) -> Sequence[OrderReminder]:
    """The reminders of the viewer's organisation, the newest first."""
    wanted = select(OrderReminder).where(OrderReminder.organisation_id == viewer.organisation_id)
    if before is not None:
        wanted = wanted.where(OrderReminder.id < before)
    return (await session.scalars(wanted.order_by(OrderReminder.id.desc()).limit(limit))).all()


def _is_own(viewer: Viewer) -> ColumnElement[bool]:
    """By the sides on which such an organisation can stand: mostly one, which one index answers."""
    if viewer.organisation_id is None:
        return false()
    columns = {"institute": IntentOrder.institute_id, "enterprise": IntentOrder.enterprise_id}
    own = [columns[side] == viewer.organisation_id for side in SIDES if viewer.roles & SIDES[side]]
    return or_(false(), *own)


def _asked_for(viewer: Viewer, asked: OrdersAsked) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if asked.stage is not None:
        wanted.append(IntentOrder.stage == asked.stage)
    if asked.fair_id is not None:
        wanted.append(IntentOrder.fair_id == asked.fair_id)
    if asked.listing_id is not None:
        # Both: the listing that an order is unique for is one of them.
        wanted.append(
            or_(IntentOrder.result_id == asked.listing_id, IntentOrder.need_id == asked.listing_id)
        )
    if asked.step_by is not None:
        wanted += [
            IntentOrder.next_step_on <= asked.step_by,
            IntentOrder.stage.not_in(("lapsed", "fulfilled")),
        ]
    if asked.awaits_own:
        said_yes = exists().where(
            OrderConfirmation.order_id == IntentOrder.id,
            OrderConfirmation.organisation_id == viewer.organisation_id,
        )
        wanted += [_is_own(viewer), ~said_yes, IntentOrder.stage != "lapsed"]
    if asked.before is not None:
        wanted.append(IntentOrder.id < asked.before)
    return wanted


async def _rows(
    session: AsyncSession, wanted: ColumnElement[bool], limit: int
) -> Sequence[OrderRow]:
    institute, enterprise = aliased(Organisation), aliased(Organisation)
    found = (
        await session.execute(
            select(IntentOrder, institute, enterprise)
            .join(institute, institute.id == IntentOrder.institute_id)
            .join(enterprise, enterprise.id == IntentOrder.enterprise_id)
            .where(wanted)
            .order_by(IntentOrder.id.desc())
            .limit(limit)
        )
    ).all()
    said_yes: dict[Id, set[Id]] = {}
    for row in await session.execute(
        select(OrderConfirmation.order_id, OrderConfirmation.organisation_id).where(
            OrderConfirmation.order_id.in_([row[0].id for row in found])
        )
    ):
        said_yes.setdefault(row.order_id, set()).add(row.organisation_id)
    return [
        OrderRow(order, first, second, frozenset(said_yes.get(order.id, ())))
        for order, first, second in found
    ]
