"""Jobs TELL_OF_ORDERS and TELL_OF_REMINDERS: the sides of intention orders hear of them, once.

Of what one side does the other one hears, of what time does both. Who does not know yet to whom
they proposed is not told the name either.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.deals import order_words as words
from market.deals.models import OrderMove, OrderReminder
from market.deals.order_words import Said
from market.deals.orders_wire import is_hidden
from market.deals.queries import OrderRow, orders_by_id
from market.deals.states import stage_of
from market.jobs import ClaimedJob, finish
from market.settings import Settings
from market.subscriptions.own_news import Told, tell_organisations
from schemas.events import NewsType

Id = uuid.UUID
_TYPES: Mapping[str, NewsType] = {
    "propose": "order.proposed",
    "confirm": "order.confirmed",
    "change": "order.changed",
    "lapse": "order.lapsed",
    "expire": "order.lapsed",
}


async def tell_of_orders(
    database: Database, settings: Settings, jobs: Sequence[ClaimedJob]
) -> None:
    """Do jobs {"ids"} of moves in the history of orders."""
    async with database.writing() as session:
        found = await session.scalars(
            select(OrderMove).where(OrderMove.id.in_(_ids(jobs))).order_by(OrderMove.id)
        )
        moves = found.all()
        rows = await orders_by_id(session, {move.order_id for move in moves})
        told = [each for move in moves for each in _of_move(move, rows[move.order_id])]
        await tell_organisations(session, told, settings, utc_now())
        await finish(session, jobs)


async def tell_of_reminders(
    database: Database, settings: Settings, jobs: Sequence[ClaimedJob]
) -> None:
    """Do jobs {"ids"} of reminders; of orders that went on meanwhile, too: they were due."""
    for job in jobs:
        async with database.writing() as session:
            told = await _of_reminders(session, _ids([job]))
            await tell_organisations(session, told, settings, utc_now())
            await finish(session, [job])


async def _of_reminders(session: AsyncSession, ids: Sequence[Id]) -> list[Told]:
    found = await session.scalars(
        select(OrderReminder).where(OrderReminder.id.in_(ids)).order_by(OrderReminder.id)
    )
    reminders = found.all()
    rows = await orders_by_id(session, {each.order_id for each in reminders})
    return [_of_reminder(each, rows[each.order_id]) for each in reminders]


def _ids(jobs: Iterable[ClaimedJob]) -> list[Id]:
    return [Id(each) for job in jobs for each in job.payload["ids"]]


def _of_move(move: OrderMove, row: OrderRow) -> Iterator[Told]:
    for own_id in (row.order.institute_id, row.order.enterprise_id):
        if own_id == move.organisation_id:
            continue
        lines = [*_partner(row, own_id), words.stage(stage_of(row.order))]
        if own_id not in row.confirmed and row.order.stage != "lapsed":
            lines.append(words.waits_for_yes())
        yield Told(
            own_id,
            _TYPES.get(move.action, "order.stage_changed"),
            move.id,
            facts=_facts(
                row,
                words.deed(move.action, _title(row)),
                lines,
                action=move.action,
                stage=move.to_stage,
            ),
        )


def _of_reminder(reminder: OrderReminder, row: OrderRow) -> Told:
    kind: Any = reminder.kind
    lines = [
        *_partner(row, reminder.organisation_id),
        words.stage(stage_of(row.order)),
        *words.next_step(row.order.next_step, row.order.next_step_on),
    ]
    facts = _facts(
        row,
        words.reminder(kind, _title(row)),
        lines,
        reminder=kind,
        about_on=reminder.about_on.isoformat(),
    )
    return Told(reminder.organisation_id, "order.reminder", reminder.id, facts=facts)


def _partner(row: OrderRow, own_id: Id) -> list[Said]:
    """Who stands on the other side, to who may know it."""
    is_institute = own_id == row.order.institute_id
    other = row.enterprise if is_institute else row.institute
    side: Any = "institute" if is_institute else "enterprise"
    return [] if is_hidden(row.order, other.id, side) else [words.partner(other.name)]


def _title(row: OrderRow) -> str:
    return row.order.need_title or row.order.result_title


def _facts(row: OrderRow, title: Said, lines: Sequence[Said], **more: Any) -> dict[str, Any]:
    return {
        "order_id": str(row.order.id),
        "title": list(title),
        "lines": [list(line) for line in lines],
        **more,
    }
