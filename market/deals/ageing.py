"""What time does to intention orders: reminders of what is due, and the end of what is quiet."""

import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import new_id
from market.deals.models import IntentOrder, OrderConfirmation, OrderReminder
from market.deals.service import write_down_lapses
from market.deals.states import LAPSES_FROM, move
from market.jobs import SOON, TELL_OF_REMINDERS, enqueue
from schemas.deals import ReminderKind

# One unit of work looks at so many orders, so that others can write in between.
AT_ONCE = 200


class Patience(NamedTuple):
    """How many days without progress bring a reminder, and the end."""

    reminder_days: int
    lapse_days: int


class Reminded(NamedTuple):
    """One reminder. The same occasion, the same row."""

    order_id: uuid.UUID
    organisation_id: uuid.UUID
    kind: ReminderKind
    about_on: date


async def lapse_quiet(session: AsyncSession, now: datetime, *, days: int) -> int:
    """End up to AT_ONCE orders in which nothing happened for so long; how many there were.

    One whose next step still lies ahead is not quiet. A contract does not end like this.
    """
    quiet = await session.scalars(
        select(IntentOrder)
        .where(IntentOrder.stage.in_(LAPSES_FROM), _is_quiet(now, days))
        .order_by(IntentOrder.progressed_at, IntentOrder.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    orders = quiet.all()
    lapsed = [(order, move(order, "lapse", now)) for order in orders]
    await write_down_lapses(session, lapsed, now)
    return len(orders)


async def remind(
    session: AsyncSession, now: datetime, patience: Patience, after: uuid.UUID | None
) -> uuid.UUID | None:
    """Write the reminders that are due for the next AT_ONCE open orders; where to go on.

    What was reminded of before is not again: an occasion is a day.
    """
    wanted = select(IntentOrder).where(IntentOrder.stage.not_in(("lapsed", "fulfilled")))
    if after is not None:
        wanted = wanted.where(IntentOrder.id > after)
    due = or_(
        IntentOrder.next_step_on <= now.date(),
        IntentOrder.progressed_at < now - timedelta(days=patience.reminder_days),
    )
    found = await session.scalars(wanted.where(due).order_by(IntentOrder.id).limit(AT_ONCE))
    orders = found.all()
    said_yes = await _said_yes(session, [order.id for order in orders])
    await _store(
        session,
        [
            reminder
            for order in orders
            for reminder in reminders_due(order, said_yes, now, patience)
        ],
        now,
    )
    return orders[-1].id if len(orders) == AT_ONCE else None


def reminders_due(
    order: IntentOrder,
    said_yes: set[tuple[uuid.UUID, uuid.UUID]],
    now: datetime,
    patience: Patience,
) -> Iterator[Reminded]:
    """What the sides of an order are to be reminded of. `said_yes`: (order, organisation)."""
    today = now.date()
    sides = (order.institute_id, order.enterprise_id)
    if order.next_step_on is not None and order.next_step_on <= today:
        yield from (Reminded(order.id, side, "step", order.next_step_on) for side in sides)
    since = order.progressed_at.date() + timedelta(days=patience.reminder_days)
    is_ahead = order.next_step_on is not None and order.next_step_on > today
    if order.progressed_at >= now - timedelta(days=patience.reminder_days) or is_ahead:
        return
    silent = [side for side in sides if (order.id, side) not in said_yes]
    yield from (Reminded(order.id, side, "confirm", since) for side in silent)
    if not silent and order.stage in LAPSES_FROM:
        yield from (Reminded(order.id, side, "quiet", since) for side in sides)


def _is_quiet(now: datetime, days: int) -> ColumnElement[bool]:
    is_due = or_(IntentOrder.next_step_on.is_(None), IntentOrder.next_step_on < now.date())
    return (IntentOrder.progressed_at < now - timedelta(days=days)) & is_due


async def _said_yes(
    session: AsyncSession, ids: Sequence[uuid.UUID]
) -> set[tuple[uuid.UUID, uuid.UUID]]:
    rows = await session.execute(
        select(OrderConfirmation.order_id, OrderConfirmation.organisation_id).where(
            OrderConfirmation.order_id.in_(ids)
        )
    )
    return {(row.order_id, row.organisation_id) for row in rows}


async def _store(session: AsyncSession, due: Sequence[Reminded], now: datetime) -> None:
    if not due:
        return
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    stored = await session.scalars(
        insert(OrderReminder)
        .values([{"id": new_id(), "created_at": now, **each._asdict()} for each in due])
        .on_conflict_do_nothing()
        .returning(OrderReminder.id)
    )
    if ids := [str(each) for each in stored]:
        await enqueue(session, TELL_OF_REMINDERS, {"ids": ids}, priority=SOON)
