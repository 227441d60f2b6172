"""Jobs DELIVER_WEBHOOK: messages go to their endpoints, again and again until one takes them.

What came of a try is stored at once, with the job of the next one; a job that runs twice finds
its try done. A dead endpoint holds up no other: of each at most two messages are on their way
from a process, and after five failures in a row it is asked only now and then.
"""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, new_id, utc_now
from market.jobs import ClaimedJob, finish
from market.settings import Settings
from market.subscriptions.models import Delivery, DeliveryAttempt, WebhookEndpoint
from market.subscriptions.news import News
from market.subscriptions.outgoing import AddressRefused, Answered, NotAnswered, Outgoing
from market.subscriptions.own_news import own_hearers
from market.subscriptions.schedule import retry_at
from market.subscriptions.signing import signed_headers
from market.subscriptions.telling import enqueue_try, tell
from market.subscriptions.wire import message_id

AT_ONCE_EACH = 2
FAILURES_THAT_OPEN = 5
DISABLED_AFTER = timedelta(days=5)
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=1)
_MOST_DOUBLINGS = 10
_PROBE = timedelta(minutes=1)
_BUSY = timedelta(seconds=1)
_SHOWN_CHARACTERS = 200
_GONE = 410


class _Try(NamedTuple):
    """One try to be made: the message, and where it goes."""

    delivery: Delivery
    endpoint: WebhookEndpoint
    number: int


class _Outcome(NamedTuple):
    """What came of it. Without a status there was no answer, and `error` says why."""

    began_at: datetime
    took_ms: int
    status: int | None = None
    answer: str = ""
    error: str = ""

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def told(self) -> str:
        return self.error or f"HTTP {self.status}"


class Webhooks:
    """Sends webhooks; knows which endpoints are being asked by this process."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        outgoing: Outgoing,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._settings = settings
        self._outgoing = outgoing
        self._clock = clock
        self._asked: Counter[uuid.UUID] = Counter()

    async def handle(self, jobs: Sequence[ClaimedJob]) -> None:
        """Do jobs {"id", "try"} side by side; what fails is that message's own matter."""
        done = await asyncio.gather(*map(self._do, jobs), return_exceptions=True)
        for each in done:
            if isinstance(each, BaseException):
                raise each
        async with self._database.writing() as session:
            await finish(session, jobs)

    async def _do(self, job: ClaimedJob) -> None:
        wanted = uuid.UUID(job.payload["id"]), int(job.payload["try"])
        made = await self._begin(*wanted)
        if made is None:
            return
        try:
            await self._end(made, await self._send(made))
        finally:
            # Only now: whoever is next must see what came of this one.
            self._asked[made.endpoint.id] -= 1

    async def _begin(self, delivery_id: uuid.UUID, number: int) -> _Try | None:
        """The try, if it is to be made now; else it is put off, or there is nothing to do."""
        begun: list[_Try] = []
        try:
            async with self._database.writing() as session:
                made = await self._to_make(session, delivery_id, number)
                if made is not None:
                    # Before anybody else looks, so within this unit of work.
                    self._asked[made.endpoint.id] += 1
                    begun.append(made)
        except BaseException:
            for each in begun:
                self._asked[each.endpoint.id] -= 1
            raise
        return made

    async def _to_make(
        self, session: AsyncSession, delivery_id: uuid.UUID, number: int
    ) -> _Try | None:
        now = self._clock()
        made = await _found(session, delivery_id, number)
        if made is None:
            return None
        if made.endpoint.state == "disabled":
            _close(made.delivery, "dead", now, "端点已停用 · The endpoint is disabled")
            return None
        # One that may be dead keeps a place waiting as long as it takes to give up: one, not two.
        most = AT_ONCE_EACH if made.endpoint.failures == 0 else 1
        if self._asked[made.endpoint.id] >= most:
            later: datetime | None = now + _BUSY
        else:
            later = await _paused_until(session, made.endpoint, now)
        if later is None:
            return made
        made.delivery.next_try_at = later
        await enqueue_try(session, delivery_id, "webhook", number, later)
        return None

    async def _send(self, made: _Try) -> _Outcome:
        began_at, began_s = self._clock(), time.perf_counter()
        body = made.delivery.body.encode()
        headers = signed_headers(
            _secrets(made.endpoint, began_at), message_id(made.delivery), began_at, body
        )
        answered: Answered | None = None
        error = ""
        try:
            answered = await self._outgoing.post(made.endpoint.url, body, headers)
        except (AddressRefused, NotAnswered) as failed:
            error = str(failed)
        took_ms = round((time.perf_counter() - began_s) * 1000)
        if answered is None:
            return _Outcome(began_at, took_ms, error=error)
        return _Outcome(began_at, took_ms, answered.status, _shown(answered.body))

    async def _end(self, made: _Try, outcome: _Outcome) -> None:
        now = self._clock()
        async with self._database.writing() as session:
            current = await _found(session, made.delivery.id, made.number)
            if current is None:
                return
            delivery, endpoint, number = current
            session.add(_attempt(delivery, number, outcome))
            delivery.attempts = number
            delivery.error = "" if outcome.is_taken else outcome.told
            if outcome.is_taken:
                _close(delivery, "delivered", now)
                await _note_success(session, endpoint)
                return
            await self._note_failure(session, endpoint, outcome, now)
            following = retry_at(number, now)
            if following is None:
                _close(delivery, "dead", now, outcome.told)
            else:
                delivery.next_try_at = following
                await enqueue_try(session, delivery.id, "webhook", number + 1, following)

    async def _note_failure(
        self, session: AsyncSession, endpoint: WebhookEndpoint, outcome: _Outcome, now: datetime
    ) -> None:
        failures = endpoint.failures + 1
        since = endpoint.failing_since or now
        await _set(
            session,
            endpoint,
            failures=WebhookEndpoint.failures + 1,
            failing_since=func.coalesce(WebhookEndpoint.failing_since, now),
            open_until=_open_until(failures, now),
        )
        is_hopeless = failures >= FAILURES_THAT_OPEN and now - since >= DISABLED_AFTER
        reason = "gone" if outcome.status == _GONE else "failing" if is_hopeless else None
        if reason is not None and await _disable(session, endpoint, reason):
            await self._tell_disabled(session, endpoint, reason, now)

    async def _tell_disabled(
        self, session: AsyncSession, endpoint: WebhookEndpoint, reason: str, now: datetime
    ) -> None:
        hearers = await own_hearers(session, {endpoint.organisation_id})
        news = [
            News(
                # Not by webhook: that is what does not work.
                hearer=hearer._replace(channels=tuple({*hearer.channels, "inbox"} - {"webhook"})),
                type="endpoint.disabled",
                subject_id=endpoint.id,
                subject_version=int(now.timestamp()),
                reasons={"disabled": reason, "url": endpoint.url},
            )
            for hearer in hearers.get(endpoint.organisation_id, ())
        ]
        await tell(session, news, self._settings, now)


async def _found(session: AsyncSession, delivery_id: uuid.UUID, number: int) -> _Try | None:
    """The try of this number, while it is the next one."""
    row = (
        await session.execute(
            select(Delivery, WebhookEndpoint)
            .join(WebhookEndpoint, WebhookEndpoint.id == Delivery.endpoint_id)
            .where(
                Delivery.id == delivery_id,
                Delivery.state == "waiting",
                Delivery.attempts == number - 1,
            )
            .with_for_update(of=Delivery)
        )
    ).first()
    return None if row is None else _Try(row[0], row[1], number)


async def _paused_until(
    session: AsyncSession, endpoint: WebhookEndpoint, now: datetime
) -> datetime | None:
    """Until when nothing is sent; when the pause is over, one message may try."""
    if endpoint.open_until is None:
        return None
    if endpoint.open_until > now:
        return endpoint.open_until
    following = now + _PROBE
    taken = await session.execute(
        update(WebhookEndpoint)
        .where(
            WebhookEndpoint.id == endpoint.id,
            WebhookEndpoint.open_until == endpoint.open_until,
        )
        .values(open_until=following)
        .returning(WebhookEndpoint.id)
        .execution_options(synchronize_session=False)
    )
    return None if taken.first() is not None else following


def _open_until(failures: int, now: datetime) -> datetime | None:
    if failures < FAILURES_THAT_OPEN:
        return None
    doublings: int = min(failures - FAILURES_THAT_OPEN, _MOST_DOUBLINGS)
    return now + min(_FIRST_PAUSE * (1 << doublings), _LONGEST_PAUSE)


async def _note_success(session: AsyncSession, endpoint: WebhookEndpoint) -> None:
    if endpoint.failures or endpoint.failing_since or endpoint.open_until:
        await _set(session, endpoint, failures=0, failing_since=None, open_until=None)


async def _set(session: AsyncSession, endpoint: WebhookEndpoint, **values: Any) -> None:
    """What deliveries note of an endpoint is no change of its version."""
    await session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint.id)
        .values(values)
        .execution_options(synchronize_session=False)
    )


async def _disable(session: AsyncSession, endpoint: WebhookEndpoint, reason: str) -> bool:
    """Whether this unit of work is the one that disabled it."""
    disabled = await session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint.id, WebhookEndpoint.state == "enabled")
        .values(state="disabled", disabled_reason=reason, version=WebhookEndpoint.version + 1)
        .returning(WebhookEndpoint.id)
        .execution_options(synchronize_session=False)
    )
    return disabled.first() is not None


def _close(delivery: Delivery, state: str, now: datetime, error: str = "") -> None:
    delivery.state, delivery.ended_at, delivery.next_try_at = state, now, None
    delivery.error = error[:300]


def _secrets(endpoint: WebhookEndpoint, now: datetime) -> list[str]:
    secrets = [endpoint.secret]
    if endpoint.old_secret and endpoint.old_secret_until and endpoint.old_secret_until > now:
        secrets.append(endpoint.old_secret)
    return secrets


def _attempt(delivery: Delivery, number: int, outcome: _Outcome) -> DeliveryAttempt:
    return DeliveryAttempt(id=new_id(), delivery_id=delivery.id, number=number, **outcome._asdict())


def _shown(body: bytes) -> str:
    """How an answer begins, as text that every database takes."""
    text = body[: 4 * _SHOWN_CHARACTERS].decode("utf-8", "replace").replace("\0", "\ufffd")
    return text[:_SHOWN_CHARACTERS]
