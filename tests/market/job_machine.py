"""The table of jobs against a model of it: any sequence of what workers and time may do.

The model is a few lines of Python that say what must be; the database must be the same after
every step.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import text

from market.claiming import claim
from market.db import Database
from market.jobs import (
    NOW,
    PRIORITIES,
    ClaimedJob,
    Job,
    LeaseLost,
    enqueue,
    extend,
    fail,
    give_back,
)
from tests.market.job_trials import KIND, Clock, change_jobs, effects, in_unit, leave_effects, rows

MAX_ATTEMPTS = 3
LEASE_S = 60.0


@dataclass
class Expected:
    """What a job must look like. `holder` is the hand whose lease is the present one."""

    number: int
    priority: int
    run_at: datetime
    state: str = "queued"
    attempts: int = 0
    lease_until: datetime | None = None
    holder: int | None = None

    def is_due(self, now: datetime) -> bool:
        if self.state == "running":
            return self.lease_until is not None and self.lease_until < now
        return self.state == "queued" and self.run_at <= now

    def let_go(self, state: str) -> None:
        self.state, self.lease_until, self.holder = state, None, None


@dataclass
class Hand:
    """What one call of claim gave to a worker."""

    number: int
    jobs: list[ClaimedJob] = field(default_factory=list)


class JobMachine(RuleBasedStateMachine):
    """Several workers' hands on one table, and a clock that is stepped."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        super().__init__()
        self.runner = runner
        self.database = Database(url, synchronous="NORMAL")
        self.clock = Clock()
        self.expected: list[Expected] = []
        self.ids: list[uuid.UUID] = []
        self.hands: list[Hand] = []

    def teardown(self) -> None:
        self.runner.run(self.database.close())

    def unit(self, act: Callable[[Any], Awaitable[Any]]) -> Any:
        return self.runner.run(in_unit(self.database, act))

    @initialize()
    def begin_with_an_empty_table(self) -> None:
        self.unit(lambda session: session.execute(text("DELETE FROM jobs")))
        self.unit(lambda session: session.execute(text("DELETE FROM effects")))

    @rule(priority=st.sampled_from(PRIORITIES), delay_s=st.sampled_from([-90, 0, 30, 200]))
    def put(self, priority: int, delay_s: int) -> None:
        number = len(self.expected)
        # A microsecond of its own, so that the order of claims is told without a tie.
        run_at = self.clock.now + timedelta(seconds=delay_s, microseconds=number)
        self.unit(
            lambda session: enqueue(
                session, KIND, {"n": number}, priority=priority, run_at=run_at, dedupe=str(number)
            )
        )
        self.runner.run(change_jobs(self.database, max_attempts=MAX_ATTEMPTS))
        self.ids = [job.id for job in self.runner.run(rows(self.database))]
        self.expected.append(Expected(number, priority, run_at))

    @precondition(lambda self: self.expected)
    @rule(data=st.data())
    def put_the_same_again(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.expected)).number

        is_new = self.unit(lambda session: enqueue(session, KIND, {}, dedupe=str(number)))

        assert not is_new

    @rule(seconds=st.sampled_from([1, 20, 59, 61, 400]))
    def let_time_pass(self, seconds: int) -> None:
        self.clock.step(seconds=seconds)

    @rule(limit=st.integers(1, 4), only_now=st.booleans())
    def claim(self, limit: int, only_now: bool) -> None:
        now, hand = self.clock.now, Hand(len(self.hands))
        priority = NOW if only_now else None

        hand.jobs = self.unit(
            lambda session: claim(
                session, [KIND], limit=limit, lease_s=LEASE_S, priority=priority, now=now
            )
        )

        wanted = self._expected_claim(limit, priority)
        assert [job.payload["n"] for job in hand.jobs] == [job.number for job in wanted]
        for job in wanted:
            job.state, job.attempts, job.holder = "running", job.attempts + 1, hand.number
            job.lease_until = now + timedelta(seconds=LEASE_S)
        self.hands.append(hand)

    def _expected_claim(self, limit: int, priority: int | None) -> list[Expected]:
        while True:
            due = [
                job
                for job in sorted(self.expected, key=lambda job: (job.priority, job.run_at))
                if job.is_due(self.clock.now) and priority in {None, job.priority}
            ][:limit]
            used_up = [job for job in due if job.attempts >= MAX_ATTEMPTS]
            silent = [job for job in due if job.state == "running" and job.attempts > 1]
            for job in used_up:
                job.let_go("dead")
            for job in silent:
                if job not in used_up:
                    job.let_go("queued")
                    self._adopt_backoff(job)
            alive = [job for job in due if job not in used_up and job not in silent]
            if alive or not due:
                break
        if alive and alive[0].attempts:
            return alive[:1]
        return [job for job in alive if not job.attempts]

    @precondition(lambda self: any(hand.jobs for hand in self.hands))
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        hand = self._some_hand(data)
        held = self._held(hand)

        try:
            self.runner.run(leave_effects(self.database, hand.jobs))
            was_done = True
        except LeaseLost:
            was_done = False

        assert was_done == (len(held) == len(hand.jobs))
        if was_done:
            for job in held:
                job.let_go("done")

    @precondition(lambda self: any(hand.jobs for hand in self.hands))
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        hand = self._some_hand(data)
        claimed = data.draw(st.sampled_from(hand.jobs))
        job = self.expected[claimed.payload["n"]]
        was_ours = job in self._held(hand)

        was_held = self.unit(lambda session: fail(session, claimed, "no", now=self.clock.now))

        assert was_held == was_ours
        if was_ours:
            job.let_go("dead" if job.attempts >= MAX_ATTEMPTS else "queued")
            self._adopt_backoff(job)

    def _adopt_backoff(self, job: Expected) -> None:
        """The wait is random: the model takes it over, if it lies within its bounds."""
        run_at = self.runner.run(rows(self.database))[job.number].run_at
        full_s = 2.0**job.attempts
        waits_s = (run_at - self.clock.now).total_seconds()
        assert full_s / 2 <= waits_s <= full_s
        job.run_at = run_at

    @precondition(lambda self: any(hand.jobs for hand in self.hands))
    @rule(data=st.data(), delay_s=st.sampled_from([0, 5]))
    def give_back(self, data: st.DataObject, delay_s: int) -> None:
        hand = self._some_hand(data)
        held = self._held(hand)

        returned = self.unit(
            lambda session: give_back(session, hand.jobs, delay_s=delay_s, now=self.clock.now)
        )

        assert returned == len(held)
        for job in held:
            job.let_go("queued")
            job.attempts -= 1
            job.run_at = self.clock.now + timedelta(seconds=delay_s)
        self._tell_apart(held)

    def _tell_apart(self, jobs: list[Expected]) -> None:
        """What was given back together is due together: without ties the order can be told."""
        for job in jobs:
            job.run_at += timedelta(microseconds=job.number)
            place = self.ids[job.number]
            self.runner.run(_move(self.database, place, job.run_at))

    @precondition(lambda self: any(hand.jobs for hand in self.hands))
    @rule(data=st.data())
    def extend(self, data: st.DataObject) -> None:
        hand = self._some_hand(data)
        held = self._held(hand)

        count = self.unit(
            lambda session: extend(session, hand.jobs, lease_s=LEASE_S, now=self.clock.now)
        )

        assert count == len(held)
        for job in held:
            job.lease_until = self.clock.now + timedelta(seconds=LEASE_S)

    def _some_hand(self, data: st.DataObject) -> Hand:
        return data.draw(st.sampled_from([hand for hand in self.hands if hand.jobs]))

    def _held(self, hand: Hand) -> list[Expected]:
        """What a hand still holds: nobody else has claimed it since, and it has not ended."""
        jobs = [self.expected[job.payload["n"]] for job in hand.jobs]
        return [job for job in jobs if job.holder == hand.number]

    @invariant()
    def table_is_as_expected(self) -> None:
        stored = [
            (job.state, job.priority, job.attempts, job.run_at, job.lease_until)
            for job in self.runner.run(rows(self.database))
        ]
        assert stored == [
            (job.state, job.priority, job.attempts, job.run_at, job.lease_until)
            for job in self.expected
        ]

    @invariant()
    def each_done_job_has_left_its_effect_exactly_once(self) -> None:
        done = Counter(self.ids[job.number] for job in self.expected if job.state == "done")
        assert self.runner.run(effects(self.database)) == done

    @invariant()
    def no_job_is_in_two_hands(self) -> None:
        leases = [job.lease for job in self.runner.run(rows(self.database)) if job.lease]
        running = sum(job.state == "running" for job in self.expected)
        assert len(leases) == running


async def _move(database: Database, job_id: uuid.UUID, run_at: datetime) -> None:
    await change_jobs(database, Job.id == job_id, run_at=run_at)
