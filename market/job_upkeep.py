"""What operators and the clock do with jobs: look at them, try them again, take them away."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import ENQUEUED
from market.jobs import HAS_ENDED, IS_UNFINISHED, Job, State

DONE_KEPT_DAYS = 7
DEAD_KEPT_DAYS = 90
PRUNED_AT_ONCE = 1_000


async def listed_jobs(
    session: AsyncSession, *, state: State | None = None, kind: str | None = None, limit: int
) -> list[Job]:
    """The youngest jobs first."""
    found = select(Job).where(*_filters(state, kind)).order_by(Job.id.desc()).limit(limit)
    return list(await session.scalars(found))


async def count_jobs(
    session: AsyncSession, *, state: State | None = None, kind: str | None = None
) -> dict[str, dict[str, int]]:
    """How many jobs there are of each kind in each state: {kind: {state: count}}."""
    rows = await session.execute(
        select(Job.kind, Job.state, func.count())
        .where(*_filters(state, kind))
        .group_by(Job.kind, Job.state)
        .order_by(Job.kind, Job.state)
    )
    counts: dict[str, dict[str, int]] = {}
    for kind_found, state_found, count in rows:
        counts.setdefault(kind_found, {})[state_found] = count
    return counts


async def oldest_due_at(session: AsyncSession, now: datetime) -> datetime | None:
    """Since when the longest waiting of the due jobs has been due; None when none waits."""
    return await session.scalar(
        select(func.min(Job.run_at)).where(IS_UNFINISHED, Job.state == "queued", Job.run_at <= now)
    )


async def retry_jobs(
    session: AsyncSession, ids: Collection[uuid.UUID], now: datetime
) -> set[uuid.UUID]:
    """Make dead jobs, and those put off, due now with all their attempts; which ones."""
    return await _retry(session, now, Job.id.in_(ids), Job.state.in_(("dead", "queued")))


async def retry_dead_jobs(
    session: AsyncSession, now: datetime, *, kind: str | None = None
) -> set[uuid.UUID]:
    return await _retry(session, now, *_filters("dead", kind))


async def drop_jobs(
    session: AsyncSession, ids: Collection[uuid.UUID], now: datetime
) -> set[uuid.UUID]:
    """Take jobs away for good, those that a worker has in hand excepted; which ones.

    What they were to do is not done; their `dedupe` may be used again.
    """
    is_in_hand = and_(Job.state == "running", Job.lease_until >= now)
    dropped = await session.scalars(
        delete(Job)
        .where(Job.id.in_(ids), ~is_in_hand)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    return set(dropped)


async def prune_jobs(session: AsyncSession, now: datetime) -> int:
    """Remove up to PRUNED_AT_ONCE jobs that ended long ago; how many it were."""
    done_by = now - timedelta(days=DONE_KEPT_DAYS)
    dead_by = now - timedelta(days=DEAD_KEPT_DAYS)
    old = (
        select(Job.id)
        .where(
            HAS_ENDED,
            or_(
                and_(Job.state == "done", Job.done_at < done_by),
                and_(Job.state == "dead", Job.done_at < dead_by),
            ),
        )
        .limit(PRUNED_AT_ONCE)
    )
    removed = await session.scalars(
        delete(Job)
        .where(Job.id.in_(old))
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    return len(removed.all())


async def _retry(
    session: AsyncSession, now: datetime, *conditions: ColumnElement[bool]
) -> set[uuid.UUID]:
    again = await session.scalars(
        update(Job)
        .where(*conditions)
        .values(state="queued", run_at=now, attempts=0, done_at=None)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    session.info[ENQUEUED] = True
    return set(again)


def _filters(state: State | None, kind: str | None) -> list[ColumnElement[bool]]:
    conditions = []
    if state is not None:
        conditions.append(Job.state == state)
    if kind is not None:
        conditions.append(Job.kind == kind)
    return conditions
