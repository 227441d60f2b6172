"""The worker: claims due jobs, does them a few groups at once, and never dies of one of them."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence, Set
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import msgspec

from market.claiming import DueHead, claim, due_heads
from market.crons import Cron, tick
from market.db import Database, utc_now
from market.errors import Unavailable
from market.job_groups import DATABASE_AWAY_S, JobGroup, Limits
from market.jobs import NOW, ClaimedJob, JobKind
from market.settings import Settings

_log = logging.getLogger(__name__)

# In this share of its looks a worker takes what waits longest, whatever its priority: a flood of
# urgent jobs leaves the others a share, and a long backlog never stands before an urgent one.
_FAIR_SHARE = 0.2
_CRONS_EVERY_S = 1.0
_GIVES_WAY_FOR = timedelta(minutes=5)


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """The worker's measures: `at_once` groups of jobs, each call of a handler within `limit_s`;
    jobs whose engine or database is away wait `away_s`."""

    lease_s: float = 60.0
    poll_s: float = 0.5
    shutdown_s: float = 20.0
    limit_s: float = 600.0
    away_s: float = 5.0
    at_once: int = 4


def pace_of(settings: Settings) -> Pace:
    return Pace(
        lease_s=settings.worker_lease_s,
        poll_s=settings.worker_poll_ms / 1000,
        shutdown_s=settings.shutdown_s,
    )


class Worker:
    """Does the jobs of `kinds`, and keeps those `crons` going whose kind it knows.

    Any number of workers may run on one database. `clock` steps the time in trials.
    """

    def __init__(
        self,
        database: Database,
        kinds: Mapping[str, JobKind],
        crons: Sequence[Cron] = (),
        pace: Pace | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._database = database
        self._kinds = kinds
        self._crons = [cron for cron in crons if cron.kind in kinds]
        self._pace = pace or Pace()
        self._clock = clock
        self._running: dict[asyncio.Task[None], JobGroup] = {}
        self._crons_at_s = 0.0
        self._rests_until: dict[str, datetime] = {}
        self._news = asyncio.Event()
        self._must_stop = asyncio.Event()

    def wake(self) -> None:
        """Look for jobs now instead of at the next poll. For the thread of the loop only."""
        self._news.set()

    def stop(self) -> None:
        """Let `run` come to its end: claim no more, finish what runs within `shutdown_s`."""
        self._must_stop.set()
        self._news.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run beside the block, and stop with it."""
        task = asyncio.create_task(self.run(), name="worker")
        try:
            yield
        finally:
            self.stop()
            await task

    async def run(self) -> None:
        """Work until `stop`. Failures are logged and outlived.

        Jobs that run on after `shutdown_s`, or when this task is cancelled, are cancelled and
        given back; what was finished stays finished.
        """
        self._database.when_enqueued.append(self.wake)
        try:
            while not self._must_stop.is_set():
                await self._look()
        finally:
            self._database.when_enqueued.remove(self.wake)
            await self._wind_up()

    async def run_once(self) -> None:
        """Enqueue what is due by the clock, then `run_until_idle`."""
        await self._tick()
        await self.run_until_idle()

    async def run_until_idle(self) -> None:
        """Do what is due now, and what that enqueues; jobs put off and crons stay.

        Failures of jobs are logged and put off as ever. Raises Unavailable when the database is
        away.
        """
        try:
            while not self._must_stop.is_set():
                self._news.clear()
                # A group that ends during the look may leave something behind that it missed.
                was_at_work = bool(self._running)
                if not await self._start_due() and not was_at_work:
                    break
                if self._running:
                    await self._news.wait()
        finally:
            await self._wind_up()

    async def _look(self) -> None:
        self._news.clear()
        try:
            await self._tick()
            await self._start_due()
        except Unavailable as away:
            _log.warning("The database is away; looking again soon: %s", away.__cause__ or away)
            await _within(DATABASE_AWAY_S, self._must_stop.wait())
        except Exception:
            _log.exception("The worker failed to look for jobs; it goes on.")
            await _within(DATABASE_AWAY_S, self._must_stop.wait())
        else:
            await _within(self._pace.poll_s, self._news.wait())

    async def _tick(self) -> None:
        at_s = asyncio.get_running_loop().time()
        if at_s >= self._crons_at_s:
            self._crons_at_s = at_s + _CRONS_EVERY_S
            await tick(self._database, self._crons, self._time())

    async def _start_due(self) -> int:
        """Fill the free places with groups of due jobs; how many groups were started."""
        started = 0
        # Before the look: a kind that ends meanwhile is not among the heads, and may have more.
        busy = {group.kind for group in self._running.values()}
        heads = await self._heads()
        busy |= {head.kind for head in heads}
        for head in heads:
            if self._gives_way(head, busy):
                continue
            while self._has_place(head.kind) and not self._is_held_back(head):
                jobs = await self._claim(head)
                if not jobs:
                    break
                self._start(jobs)
                started += 1
        return started

    async def _heads(self) -> list[DueHead]:
        kinds = [name for name, kind in self._kinds.items() if self._is_open(name, kind)]
        if not kinds:
            return []
        async with self._database.reading() as session:
            heads = await due_heads(session, kinds, now=self._stepped())
        if random.random() < _FAIR_SHARE:  # noqa: S311
            heads.sort(key=lambda head: head.run_at)
        return heads

    async def _claim(self, head: DueHead) -> list[ClaimedJob]:
        async with self._database.writing() as session:
            return await claim(
                session,
                [head.kind],
                limit=self._kinds[head.kind].batch_of(head.priority),
                lease_s=self._pace.lease_s,
                priority=head.priority,
                now=self._stepped(),
            )

    def _gives_way(self, head: DueHead, busy: Set[str]) -> bool:
        """Whether what nobody waits for leaves the machine to the work that it follows from."""
        if head.priority == NOW or self._time() - head.run_at > _GIVES_WAY_FOR:
            return False
        return not self._kinds[head.kind].yields_to.isdisjoint(busy)

    def _is_held_back(self, head: DueHead) -> bool:
        """Whether what nobody waits for has its places, and the others are for urgent jobs."""
        most = self._kinds[head.kind].patient_at_once
        if head.priority == NOW or most is None:
            return False
        patient = [
            group
            for group in self._running.values()
            if group.kind == head.kind and group.is_patient
        ]
        return len(patient) >= most

    def _is_open(self, name: str, kind: JobKind) -> bool:
        return self._has_place(name) and not self._is_resting(name) and kind.is_possible()

    def _has_place(self, kind: str) -> bool:
        at_work = [group.kind for group in self._running.values()]
        return (
            len(at_work) < self._pace.at_once
            and at_work.count(kind) < self._kinds[kind].at_once
            and not self._must_stop.is_set()
        )

    def _is_resting(self, kind: str) -> bool:
        # A clock that was set back must not make the rest longer.
        left = self._rests_until.get(kind, self._time()) - self._time()
        return timedelta() < left <= timedelta(seconds=self._pace.away_s)

    def _start(self, jobs: Sequence[ClaimedJob]) -> None:
        group = JobGroup(
            self._database,
            self._kinds[jobs[0].kind],
            jobs,
            Limits(self._pace.lease_s, self._pace.limit_s, self._pace.away_s),
            self._must_stop,
            self._stepped,
        )
        task = asyncio.create_task(group.do(), name=f"jobs {group.kind}")
        self._running[task] = group
        task.add_done_callback(self._end)

    def _end(self, task: asyncio.Task[None]) -> None:
        group = self._running.pop(task)
        if group.needs_rest:
            self._rests_until[group.kind] = self._time() + timedelta(seconds=self._pace.away_s)
        self._news.set()

    async def _wind_up(self) -> None:
        """Wait for what runs, when asked to stop; cancel the rest, which gives itself back."""
        if self._running and self._must_stop.is_set():
            await asyncio.wait(set(self._running), timeout=self._pace.shutdown_s)
        late = list(self._running)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    def _stepped(self) -> datetime | None:
        return self._clock() if self._clock else None

    def _time(self) -> datetime:
        return self._clock() if self._clock else utc_now()


async def _within(limit_s: float, event: Awaitable[object]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            await event
