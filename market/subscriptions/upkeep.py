"""Forgets what was told and sent long ago."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.jobs import ClaimedJob, finish
from market.subscriptions.models import Alert, Delivery, MailCount

# Once forgotten, a thing may be told again: so alerts stay for longer than listings, as a rule.
ALERTS_KEPT = timedelta(days=730)
DELIVERIES_KEPT = timedelta(days=60)
_COUNTS_KEPT = timedelta(days=7)
_AT_ONCE = 1_000


async def prune_told(database: Database, jobs: Sequence[ClaimedJob]) -> None:
    """In units of work short enough to let others write."""
    while True:
        async with database.writing() as session:
            if await prune_some(session, utc_now()) == 0:
                await finish(session, jobs)
                return


async def prune_some(session: AsyncSession, now: datetime) -> int:
    """Forget some of what is old enough; how much. Messages that wait are kept."""
    await session.execute(delete(MailCount).where(MailCount.day < (now - _COUNTS_KEPT).date()))
    ended = await _prune(
        session, Delivery, (Delivery.state != "waiting", Delivery.ended_at < now - DELIVERIES_KEPT)
    )
    told = await _prune(session, Alert, (Alert.created_at < now - ALERTS_KEPT, ~Alert.is_waiting))
    return ended + told


async def _prune(
    session: AsyncSession, table: Any, conditions: tuple[ColumnElement[bool], ...]
) -> int:
    old = select(table.id).where(*conditions).limit(_AT_ONCE)
    gone: CursorResult[Any] = await session.execute(  # type: ignore[assignment]
        delete(table).where(table.id.in_(old)).execution_options(synchronize_session=False)
    )
    return gone.rowcount
