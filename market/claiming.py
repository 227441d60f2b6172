"""Claims: which due jobs a worker gets, and what becomes of those whose worker fell silent."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, TextClause, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.jobs import (
    IS_UNFINISHED,
    ClaimedJob,
    Job,
    backoff_s,
    change_jobs,
    in_parts,
    time_or_now,
)

_SILENT_WORKER = "The worker died or fell silent."


class DueHead(msgspec.Struct, frozen=True):
    """The longest waiting due job of one kind and priority."""

    kind: str
    priority: int
    run_at: datetime


async def due_heads(
    session: AsyncSession, kinds: Collection[str], *, now: datetime | None = None
) -> list[DueHead]:
    """Where due jobs wait, the most urgent first: a look that takes no lock."""
    waiting_since = func.min(Job.run_at)
    heads = await session.execute(
        select(Job.kind, Job.priority, waiting_since)
        .where(Job.kind.in_(kinds), *_due(time_or_now(session, now)))
        .group_by(Job.kind, Job.priority)
        .order_by(Job.priority, waiting_since)
    )
    return [DueHead(*row) for row in heads]


async def claim(
    session: AsyncSession,
    kinds: Collection[str],
    *,
    limit: int,
    lease_s: float,
    priority: int | None = None,
    now: datetime | None = None,
) -> list[ClaimedJob]:
    """Take due jobs, the most urgent first; those of a worker that fell silent, too.

    A job that was tried before comes alone: what kills its worker must not take others along
    again and again. One whose worker fell silent more than once is put off first, so that workers
    that die for other reasons, one after the other, do not use up its attempts within a minute.
    One whose attempts are used up is dead instead.
    """
    time = time_or_now(session, now)
    due = (
        select(Job.id, Job.state, Job.attempts, Job.max_attempts)
        .where(Job.kind.in_(kinds), *_due(time))
        .order_by(Job.priority, Job.run_at)
        .limit(limit)
    )
    if priority is not None:
        due = due.where(Job.priority == priority)
    if session.get_bind().dialect.name == "postgresql":
        due = due.with_for_update(skip_locked=True)
    rows = (await session.execute(due)).all()
    used_up = [row for row in rows if row.attempts >= row.max_attempts]
    silent = [row for row in rows if row.state == "running" and 1 < row.attempts < row.max_attempts]
    alive = [row for row in rows if row not in used_up and row not in silent]
    await _bury(session, [row.id for row in used_up], time)
    for row in silent:
        await _put_off(session, row.id, time + timedelta(seconds=backoff_s(row.attempts)))
    if rows and not alive:
        return await claim(session, kinds, limit=limit, lease_s=lease_s, priority=priority, now=now)
    alone = [row.id for row in alive[:1] if row.attempts]
    ids = alone or [row.id for row in alive if not row.attempts]
    return await _lease(session, ids, time + timedelta(seconds=lease_s))


def _due(now: Any) -> tuple[ColumnElement[bool] | TextClause, ...]:
    is_due = or_(
        and_(Job.state == "queued", Job.run_at <= now),
        and_(Job.state == "running", Job.lease_until < now),
    )
    return IS_UNFINISHED, is_due


async def _bury(session: AsyncSession, ids: Sequence[uuid.UUID], now: Any) -> None:
    for some in in_parts(ids):
        await session.execute(
            change_jobs(Job.id.in_(some)).values(
                state="dead", lease=None, lease_until=None, done_at=now, error=_SILENT_WORKER
            )
        )


async def _put_off(session: AsyncSession, job_id: uuid.UUID, run_at: Any) -> None:
    await session.execute(
        change_jobs(Job.id == job_id).values(
            state="queued", lease=None, lease_until=None, run_at=run_at, error=_SILENT_WORKER
        )
    )


async def _lease(session: AsyncSession, ids: Sequence[uuid.UUID], until: Any) -> list[ClaimedJob]:
    lease = uuid.uuid4()
    claimed: dict[uuid.UUID, ClaimedJob] = {}
    for some in in_parts(ids):
        rows = await session.execute(
            change_jobs(Job.id.in_(some))
            .values(state="running", lease=lease, lease_until=until, attempts=Job.attempts + 1)
            .returning(Job.id, Job.kind, Job.payload, Job.attempts, Job.max_attempts, Job.priority)
        )
        for row in rows:
            claimed[row.id] = ClaimedJob(
                row.id, row.kind, row.payload, row.attempts, row.max_attempts, lease, row.priority
            )
    return [claimed[job_id] for job_id in ids]
