"""Jobs for trials: a table of effects, handlers that leave one, and a clock to step."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, text, update

from market.claiming import claim
from market.db import Database
from market.jobs import ClaimedJob, Job, JobKind, enqueue, finish

START = datetime(2026, 10, 30, 22, 30, tzinfo=UTC)
KIND = "trial"


class Clock:
    """A time that stands until it is stepped."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def step(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


async def make_effects_table(database: Database) -> None:
    async with database.writing() as session:
        await session.execute(text("CREATE TABLE effects (job_id VARCHAR(36))"))


async def leave_effects(database: Database, jobs: Sequence[ClaimedJob], **options: Any) -> None:
    """What a well-behaved handler does: its effects and their end in one unit of work."""
    async with database.writing() as session:
        for job in jobs:
            await session.execute(
                text("INSERT INTO effects (job_id) VALUES (:id)"), {"id": str(job.id)}
            )
        await finish(session, jobs, **options)


async def effects(database: Database) -> Counter[uuid.UUID]:
    async with database.reading() as session:
        rows = await session.scalars(text("SELECT job_id FROM effects"))
        return Counter(uuid.UUID(row) for row in rows)


def well_behaved(database: Database, **options: Any) -> JobKind:
    async def handle(jobs: Sequence[ClaimedJob]) -> None:
        await leave_effects(database, jobs)

    return JobKind(handle, **options)


def failing(error: Callable[[], BaseException], **options: Any) -> JobKind:
    async def handle(_jobs: Sequence[ClaimedJob]) -> None:
        raise error()

    return JobKind(handle, **options)


class Gate:
    """A handler that waits at a gate, and tells whether it was cancelled there."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.entered = asyncio.Event()
        self.open = asyncio.Event()
        self.was_cancelled = False

    async def handle(self, jobs: Sequence[ClaimedJob]) -> None:
        self.entered.set()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        await leave_effects(self._database, jobs)


async def put(database: Database, count: int = 1, kind: str = KIND, **options: Any) -> None:
    async with database.writing() as session:
        for number in range(count):
            await enqueue(session, kind, {"n": number}, **options)


async def take(
    database: Database,
    kinds: Collection[str] = (KIND,),
    *,
    limit: int = 100,
    lease_s: float = 60,
    **options: Any,
) -> list[ClaimedJob]:
    async with database.writing() as session:
        return await claim(session, kinds, limit=limit, lease_s=lease_s, **options)


async def in_unit(database: Database, act: Callable[[Any], Awaitable[Any]]) -> Any:
    async with database.writing() as session:
        return await act(session)


async def rows(database: Database) -> list[Job]:
    """All jobs in the order in which they were enqueued."""
    async with database.reading() as session:
        return list(await session.scalars(select(Job).order_by(Job.id)))


async def the_job(database: Database) -> Job:
    (job,) = await rows(database)
    return job


async def states(database: Database) -> list[str]:
    return [job.state for job in await rows(database)]


async def change_jobs(database: Database, *conditions: Any, **values: Any) -> None:
    """Bring stored jobs into a state that would take long to reach."""
    async with database.writing() as session:
        await session.execute(update(Job).where(*conditions).values(**values))


async def make_all_due(database: Database) -> None:
    """Let the time pass for which jobs are put off."""
    await change_jobs(database, Job.state == "queued", run_at=START - timedelta(days=365))


async def until(is_so: Callable[[], Awaitable[bool]], *, limit_s: float = 20) -> None:
    """Wait for what no event tells of."""
    async with asyncio.timeout(limit_s):
        while not await is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
