"""Recurring jobs: each slot is enqueued exactly once, however many workers look at the clock."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec
from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database
from market.jobs import LATER, CronSlot, enqueue

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


class Cron(msgspec.Struct, frozen=True):
    """A job of `kind` every so often, or every day at a time in UTC, which knows no summer time.

    Slots of an interval lie on its multiples: an hour's on the hour, a day's at midnight UTC.
    """

    name: str
    kind: str
    every: timedelta | time
    payload: dict[str, Any] = {}


def next_slot(every: timedelta | time, now: datetime) -> datetime:
    """The first slot after `now`."""
    if isinstance(every, timedelta):
        return _EPOCH + ((now - _EPOCH) // every + 1) * every
    today = datetime.combine(now.astimezone(UTC).date(), every, tzinfo=UTC)
    return today if today > now else today + _DAY


async def tick(database: Database, crons: Sequence[Cron], now: datetime) -> int:
    """Enqueue what is due by `now`, each cron in a unit of work of its own; how many.

    Slots that passed while no worker ran count as one. A cron that was never seen before begins
    with its next slot.
    """
    if not crons:
        return 0
    async with database.reading() as session:
        known = await _slots(session, crons)
    enqueued = 0
    for cron in crons:
        slot = known.get(cron.name)
        if slot is None or slot <= now:
            async with database.writing() as session:
                enqueued += await _move_on(session, cron, slot, now)
    return enqueued


async def _slots(session: AsyncSession, crons: Sequence[Cron]) -> dict[str, datetime]:
    rows = await session.execute(
        select(CronSlot.name, CronSlot.next_at).where(
            CronSlot.name.in_([cron.name for cron in crons])
        )
    )
    return {row.name: row.next_at for row in rows}


async def _move_on(session: AsyncSession, cron: Cron, slot: datetime | None, now: datetime) -> bool:
    """Whether this unit of work is the one that took the slot."""
    following = next_slot(cron.every, now)
    if slot is None:
        await _begin(session, cron, following)
        return False
    moved = await session.execute(
        update(CronSlot)
        .where(CronSlot.name == cron.name, CronSlot.next_at == slot)
        .values(next_at=following)
        .returning(CronSlot.name)
        .execution_options(synchronize_session=False)
    )
    if moved.first() is None:
        return False
    dedupe = f"cron:{cron.name}:{slot.isoformat()}"
    return await enqueue(session, cron.kind, cron.payload, priority=LATER, dedupe=dedupe)


async def _begin(session: AsyncSession, cron: Cron, first: datetime) -> None:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    await session.execute(
        insert(CronSlot).values(name=cron.name, next_at=first).on_conflict_do_nothing()
    )
