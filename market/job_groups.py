"""One claimed group of jobs: done together or one by one, its leases kept, its end written down."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, is_database_away
from market.errors import Unavailable
from market.jobs import NOW, ClaimedJob, JobKind, LeaseLost, extend, fail, give_back
from search.port import SearchUnavailable

_log = logging.getLogger(__name__)
Jobs = Sequence[ClaimedJob]

# Between tries to write while the database is away.
DATABASE_AWAY_S = 1.0
# A cancelled group is given back within this, or its lease runs out.
_LAST_WORDS_S = 2.0
# PostgreSQL's SQLSTATE of a statement that ran out of its time.
_QUERY_CANCELED = "57014"


class Limits(msgspec.Struct, frozen=True):
    """How long a lease lasts without a heartbeat, how long one call of a handler may take, and
    how long jobs wait when what they need is away."""

    lease_s: float
    handler_s: float
    away_s: float


class JobGroup:
    """Jobs of one kind under one lease.

    `must_stop` is set when the worker stops; `now` tells a stepped time, or None for the real one.
    """

    def __init__(
        self,
        database: Database,
        kind: JobKind,
        jobs: Jobs,
        limits: Limits,
        must_stop: asyncio.Event,
        now: Callable[[], datetime | None],
    ) -> None:
        self._database = database
        self._how = kind
        self._jobs = jobs
        self._limits = limits
        self._must_stop = must_stop
        self._now = now
        self.kind = jobs[0].kind
        self.is_patient = all(job.priority != NOW for job in jobs)
        self.needs_rest = False
        """After `do`: whether what the kind needs is away."""

    async def do(self) -> None:
        """Do the jobs, and write down what did not work out.

        Raises nothing but CancelledError; the jobs are given back then.
        """
        try:
            await self._do_together()
        except asyncio.CancelledError:
            with suppress(Exception):
                async with asyncio.timeout(_LAST_WORDS_S):
                    await self._return(self._jobs, delay_s=0)
            raise
        except Exception:
            _log.exception("How jobs %s ended can't be stored; their lease runs out.", self.kind)

    async def _do_together(self) -> None:
        try:
            await self._handle(self._jobs)
        except Exception as error:
            if len(self._jobs) == 1 or _costs_no_attempt(error):
                await self._settle(self._jobs, error)
                return
            _log.warning(
                "%d jobs %s failed together (%s), so each runs alone.",
                len(self._jobs),
                self.kind,
                _sentence_of(error),
            )
            await self._do_one_by_one()

    async def _do_one_by_one(self) -> None:
        """Find the poison among them; the others are done within the attempt that they have."""
        for place, job in enumerate(self._jobs):
            left = self._jobs[place:]
            if self._must_stop.is_set():
                await self._return(left, delay_s=0)
                return
            try:
                if await self._extend([job]):
                    await self._handle([job], waiting=left[1:])
            except Exception as error:
                if _costs_no_attempt(error):
                    await self._settle(left, error)
                    return
                await self._settle([job], error)

    async def _handle(self, jobs: Jobs, *, waiting: Jobs = ()) -> None:
        """Run the handler within its time, its leases kept. Raises LeaseLost."""
        is_lost = asyncio.Event()
        try:
            async with asyncio.timeout(self._limits.handler_s) as scope:
                beats = asyncio.create_task(self._beat(jobs, waiting, scope, is_lost))
                try:
                    await self._how.handle(jobs)
                finally:
                    beats.cancel()
                    await asyncio.wait([beats])
        except TimeoutError as error:
            if is_lost.is_set():
                raise LeaseLost from error
            raise
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise RuntimeError("The handler cancelled itself.") from error

    async def _beat(
        self, jobs: Jobs, waiting: Jobs, scope: asyncio.Timeout, is_lost: asyncio.Event
    ) -> None:
        """Keep the leases while the handler works; cut it short when one of its own is lost."""
        while True:
            await asyncio.sleep(self._limits.lease_s / 3)
            try:
                is_held = await self._extend(jobs) == len(jobs)
                await self._extend(waiting)
            except Exception as error:
                # The next beat comes in time; without any, whoever claims next is fenced off.
                _log.warning("A heartbeat of jobs %s failed: %s", self.kind, _sentence_of(error))
                continue
            if not is_held and not scope.expired():
                is_lost.set()
                scope.reschedule(0)
                return

    async def _extend(self, jobs: Jobs) -> int:
        if not jobs:
            return 0
        async with self._database.writing() as session:
            return await extend(session, jobs, lease_s=self._limits.lease_s, now=self._now())

    async def _settle(self, jobs: Jobs, error: Exception) -> None:
        """Give back when something is away, fail otherwise; a lost lease is no error."""
        if isinstance(error, LeaseLost):
            _log.info("Another worker has jobs %s by now.", self.kind)
        elif _costs_no_attempt(error):
            away_s = self._limits.away_s
            _log.warning("Jobs %s wait %g s: %s", self.kind, away_s, _sentence_of(error))
            self.needs_rest = True
            await self._return(jobs, delay_s=away_s)
        else:
            await self._fail(jobs[0], error)

    async def _fail(self, job: ClaimedJob, error: Exception) -> None:
        _log.error(
            "Job %s %s failed at attempt %d of %d.",
            job.kind,
            job.id,
            job.attempts,
            job.max_attempts,
            exc_info=error,
        )
        sentence = _sentence_of(error)
        await self._write(lambda session: fail(session, job, sentence, now=self._now()))

    async def _return(self, jobs: Jobs, *, delay_s: float) -> None:
        await self._write(
            lambda session: give_back(session, jobs, delay_s=delay_s, now=self._now())
        )

    async def _write(self, act: Callable[[AsyncSession], Awaitable[object]]) -> None:
        """In a unit of work of its own; while the database is away, again until the lease ends."""
        async with asyncio.timeout(self._limits.lease_s):
            while True:
                with suppress(Unavailable):
                    async with self._database.writing() as session:
                        await act(session)
                    return
                await asyncio.sleep(DATABASE_AWAY_S)


def _costs_no_attempt(error: BaseException) -> bool:
    """Whether something that the job needs is away, so that the job itself is not to blame.

    A statement that ran out of its time is the job's own doing: it would again, for ever.
    """
    cause = error.__cause__ if isinstance(error, Unavailable) else error
    if isinstance(cause, DBAPIError) and getattr(cause.orig, "sqlstate", "") == _QUERY_CANCELED:
        return False
    return isinstance(error, Unavailable | SearchUnavailable) or is_database_away(error)


def _sentence_of(error: BaseException) -> str:
    if isinstance(error, DBAPIError) and error.orig:
        # The statement, and the details below the first line, hold values: what people wrote.
        return f"{type(error.orig).__name__}: {str(error.orig).partition(chr(10))[0]}"
    return f"{type(error).__name__}: {error}"
