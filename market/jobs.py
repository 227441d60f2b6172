"""Jobs: the outbox and the queue in one table.

A job is enqueued in the transaction of the change that asks for it, so neither is there without
the other. A worker claims due jobs under a lease; whoever finishes must still hold it, in the
transaction of the job's own effects: effects in the database happen exactly once, outside ones at
least once. Attempts count from the claim, so that a job that kills its worker also ends dead.
Times are those of the database where it has a clock for all its clients: a worker whose own
clock is wrong takes nobody's lease away. `now` is for those who step the clock themselves.
"""

import random
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    Update,
    Uuid,
    insert,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from market.db import ENQUEUED, Json, Model, UtcTime, new_id, time_of, utc_now

# What the marketplace asks of itself; each area's handlers.py tells how it is done. Payloads:
# INDEX, REMATCH {"kind": "result" | "need", "ids": [id, …]}, INDEX_ORGANISATION {"id"}, the others
# as their handlers say.
INDEX = "index.sync"
INDEX_ORGANISATION = "index.organisation"
REMATCH = "matching.rematch"
# {"kind", "ids"} as REMATCH: who wants to hear of these listings, and of what they match.
TELL_OF_LISTINGS = "subscriptions.listings"
TELL_OF_MATCHES = "subscriptions.matches"
# {"id", "version", "is_verified"}: an organisation was verified, or is not any more.
TELL_OF_VERIFICATION = "subscriptions.verification"
# {"fair_id"}: organisations have notices of a fair that their people were not told of.
TELL_OF_NOTICES = "fairs.tell"
# {"ids": [id, …]}: of moves in the history of intention orders, and of reminders.
TELL_OF_ORDERS, TELL_OF_REMINDERS = "deals.tell", "deals.tell_reminders"
CHECK_IMPORT, APPLY_IMPORT, UNDO_IMPORT = "imports.check", "imports.apply", "imports.undo"

# Someone waits for it; it may wait; nobody would notice for an hour.
NOW, SOON, LATER = PRIORITIES = (0, 5, 9)
MAX_ATTEMPTS = 8
_BACKOFF_LIMIT_S = 3600.0
_ERROR_CHARACTERS = 2_000
# SQLite and PostgreSQL bound the parameters of a statement.
_IDS_A_STATEMENT = 1_000
State = Literal["queued", "running", "done", "dead"]
# Written out, without parameters: only so do both databases see that a partial index serves.
IS_UNFINISHED = text("state IN ('queued','running')")
HAS_ENDED = text("state IN ('done','dead')")


class Job(Model):
    """One thing to do. `payload` carries ids: handlers read the rows as they are by then."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("state IN ('queued','running','done','dead')", name="state"),
        Index(
            "ix_jobs_due",
            "kind",
            "priority",
            "run_at",
            # These two, so that a look for due jobs reads nothing but the index.
            "state",
            "lease_until",
            sqlite_where=IS_UNFINISHED,
            postgresql_where=IS_UNFINISHED,
        ),
        Index(
            "ix_jobs_ended",
            "done_at",
            sqlite_where=HAS_ENDED,
            postgresql_where=HAS_ENDED,
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(8), default="queued")
    priority: Mapped[int] = mapped_column(SmallInteger, default=NOW)
    run_at: Mapped[datetime] = mapped_column(UtcTime)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    max_attempts: Mapped[int] = mapped_column(Integer, default=MAX_ATTEMPTS)
    lease: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    lease_until: Mapped[datetime | None] = mapped_column(UtcTime)
    dedupe: Mapped[str | None] = mapped_column(String(200), unique=True)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcTime)


class CronSlot(Model):
    """When a recurring job is due next; moving it on and enqueueing is one transaction."""

    __tablename__ = "cron_slots"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(UtcTime)


class LeaseLost(Exception):
    """Another worker has the job by now: nothing of what this one did may count."""


class ClaimedJob(msgspec.Struct, frozen=True):
    id: uuid.UUID
    kind: str
    payload: dict[str, Any]
    attempts: int
    max_attempts: int
    lease: uuid.UUID
    priority: int = NOW


class JobKind(msgspec.Struct, frozen=True):
    """How jobs of one kind are done.

    `handle` gets up to `batch` claimed jobs, reads the rows that they name as they are now, and
    calls `finish` for all of them in its last unit of work. It may run twice or late. What it
    raises puts the jobs off; Unavailable and SearchUnavailable cost no attempt.
    `is_possible` tells whether this process can do such jobs now; a process runs up to `at_once`
    calls of `handle` side by side. Of jobs that nobody waits for, priorities SOON and LATER,
    `patient_batch` come together, in `patient_at_once` calls side by side, if these are given: an
    urgent one then waits less for them. Such jobs also give way to those of the kinds
    `yields_to`, for some minutes.
    """

    handle: Callable[[Sequence[ClaimedJob]], Awaitable[None]]
    batch: int = 1
    patient_batch: int | None = None
    yields_to: frozenset[str] = frozenset()
    is_possible: Callable[[], bool] = lambda: True
    at_once: int = 1
    patient_at_once: int | None = None

    def batch_of(self, priority: int) -> int:
        is_patient = priority != NOW and self.patient_batch is not None
        return self.patient_batch or 1 if is_patient else self.batch


async def enqueue(
    session: AsyncSession,
    kind: str,
    payload: dict[str, Any],
    *,
    priority: int = NOW,
    run_at: datetime | None = None,
    dedupe: str | None = None,
) -> bool:
    """Add a job to this unit of work; False when one with this `dedupe` was there before.

    `priority` is NOW, SOON or LATER. The workers of this process hear of it after the commit.
    """
    if priority not in PRIORITIES:
        raise ValueError(f"There is no priority {priority}.")
    values = {
        "id": new_id(),
        "kind": kind,
        "payload": payload,
        "priority": priority,
        "run_at": run_at or time_or_now(session, None),
        "dedupe": dedupe,
        "created_at": utc_now(),
        "state": "queued",
        "attempts": 0,
        "max_attempts": MAX_ATTEMPTS,
    }
    adding = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    added = await session.execute(
        adding(Job)
        .values(values)
        .on_conflict_do_nothing(index_elements=["dedupe"])
        .returning(Job.id)
    )
    session.info[ENQUEUED] = True
    return added.first() is not None


async def enqueue_all(
    session: AsyncSession, kind: str, payloads: Iterable[dict[str, Any]], *, priority: int = NOW
) -> None:
    """Add a job for each payload, as `enqueue` would, at a fraction of the cost of many calls."""
    if priority not in PRIORITIES:
        raise ValueError(f"There is no priority {priority}.")
    now = utc_now()
    rows = [
        {
            "id": new_id(),
            "kind": kind,
            "payload": payload,
            "priority": priority,
            "created_at": now,
            "state": "queued",
            "attempts": 0,
            "max_attempts": MAX_ATTEMPTS,
        }
        for payload in payloads
    ]
    if rows:
        adding = insert(Job.__table__).values(run_at=time_or_now(session, None))  # type: ignore[arg-type]
        await session.execute(adding, rows)
        session.info[ENQUEUED] = True


async def extend(
    session: AsyncSession,
    jobs: Sequence[ClaimedJob],
    *,
    lease_s: float,
    now: datetime | None = None,
) -> int:
    """Hold the leases longer: the heartbeat of long work. How many are still held."""
    until = time_or_now(session, now) + timedelta(seconds=lease_s)
    return await _change_held(session, jobs, lease_until=until)


async def finish(
    session: AsyncSession, jobs: Sequence[ClaimedJob], *, now: datetime | None = None
) -> None:
    """Finish in this unit of work, together with the jobs' effects. Raises LeaseLost."""
    held = await _change_held(
        session,
        jobs,
        state="done",
        lease=None,
        lease_until=None,
        done_at=time_or_now(session, now),
        error=None,
    )
    if held != len({job.id for job in jobs}):
        raise LeaseLost


async def fail(
    session: AsyncSession,
    job: ClaimedJob,
    error: str,
    *,
    retry: bool = True,
    now: datetime | None = None,
) -> bool:
    """Put a failed job off, or lay it to rest when its attempts are used up.

    False, and nothing happens, when the lease is lost.
    """
    is_dead = not retry or job.attempts >= job.max_attempts
    time = time_or_now(session, now)
    held = await _change_held(
        session,
        [job],
        state="dead" if is_dead else "queued",
        lease=None,
        lease_until=None,
        run_at=time + timedelta(seconds=backoff_s(job.attempts)),
        error=_storable(error),
        done_at=time if is_dead else None,
    )
    return held == 1


async def give_back(
    session: AsyncSession,
    jobs: Sequence[ClaimedJob],
    *,
    delay_s: float,
    now: datetime | None = None,
) -> int:
    """Return jobs unharmed, without counting the attempt: what they need is away just now.

    Those whose lease is lost stay as they are; how many were returned.
    """
    return await _change_held(
        session,
        jobs,
        state="queued",
        lease=None,
        lease_until=None,
        attempts=Job.attempts - 1,
        run_at=time_or_now(session, now) + timedelta(seconds=delay_s),
    )


def time_or_now(session: AsyncSession, now: datetime | None) -> Any:
    """The database's own time, unless somebody steps the clock."""
    return time_of(session) if now is None else now


async def _change_held(session: AsyncSession, jobs: Sequence[ClaimedJob], **values: Any) -> int:
    """Change these jobs as far as their leases are still the ones that were claimed; how many."""
    ids_of_lease: dict[uuid.UUID, list[uuid.UUID]] = {}
    for job in jobs:
        ids_of_lease.setdefault(job.lease, []).append(job.id)
    held = 0
    for lease, ids in ids_of_lease.items():
        for some in in_parts(ids):
            of_ours = (Job.id.in_(some), Job.lease == lease, Job.state == "running")
            changed = await session.execute(change_jobs(*of_ours).values(values).returning(Job.id))
            held += len(changed.all())
    return held


def change_jobs(*conditions: ColumnElement[bool]) -> Update:
    # No unit of work keeps jobs as objects, so there are none to bring up to date.
    return update(Job).where(*conditions).execution_options(synchronize_session=False)


def in_parts(ids: Sequence[uuid.UUID]) -> Iterator[Sequence[uuid.UUID]]:
    for start in range(0, len(ids), _IDS_A_STATEMENT):
        yield ids[start : start + _IDS_A_STATEMENT]


def _storable(error: str) -> str:
    """PostgreSQL takes neither NUL nor half a surrogate pair, and the failure must be stored."""
    whole = error.replace("\0", "").encode("utf-8", "replace").decode()
    return whole[:_ERROR_CHARACTERS]


def backoff_s(attempts: int) -> float:
    """2, 4, 8 … seconds, at most an hour, spread so that what failed together comes back apart."""
    return min(_BACKOFF_LIMIT_S, 2.0 ** min(attempts, 20)) * random.uniform(0.5, 1.0)  # noqa: S311
