"""A worker that is killed again and again while it tells 2,000 saved searches of one listing."""

import asyncio
import random
import uuid
from collections import Counter
from functools import partial

import msgspec
import pytest
from sqlalchemy import func, insert, select, update

from market.accounts.tokens import STOP_PREFIX, new_token
from market.db import Database, new_id, utc_now
from market.jobs import TELL_OF_LISTINGS, Job, enqueue
from market.settings import Settings
from market.subscriptions.handlers import SEND_DIGESTS
from market.subscriptions.models import Alert, Delivery, Subscription
from market.subscriptions.telling import DELIVER_WEBHOOK
from tests.market.job_trials import until
from tests.market.listings.factories import post_listing
from tests.market.subscriptions.receivers import answering, receiving
from tests.market.subscriptions.square import Square
from tests.market.subscriptions.telling_process import start

_SEARCHES = 2_000
_WITH_WEBHOOKS = 60
_KILLS = 6
_SEARCHES_BY_MAIL = 300
_LISTINGS = 5


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, outgoing_private_hosts="127.0.0.1")


@pytest.mark.timeout(240)
async def test_every_alert_is_there_once_and_every_message_arrives(
    square: Square, database: Database, database_url: str
) -> None:
    async with receiving(answering()) as receiver:
        endpoint = await square.client.post(
            "/api/v1/webhook-endpoints", json={"url": receiver.url}, headers=square.seeker.headers
        )
        await _save(square, uuid.UUID(endpoint.json()["endpoint"]["id"]))
        posted = await post_listing(square.client, square.poster, "results", "publish")
        async with database.writing() as session:
            await enqueue(session, TELL_OF_LISTINGS, {"kind": "result", "ids": [posted.id]})

        kills = await _kill_until_done(database, database_url)

    async with database.reading() as session:
        by_search = Counter(await session.scalars(select(Alert.subscription_id)))
        deliveries = (await session.scalars(select(Delivery))).all()
    assert kills == _KILLS
    assert len(by_search) == _SEARCHES
    assert set(by_search.values()) == {1}
    assert {delivery.state for delivery in deliveries} == {"delivered"}
    sent = Counter(request.headers["webhook-id"] for request in receiver.received)
    assert set(sent) == {f"msg_{delivery.id.hex}" for delivery in deliveries}
    assert len(sent) == _WITH_WEBHOOKS


@pytest.mark.timeout(240)
async def test_everything_is_in_one_mail_though_mails_wait_for_one_another(
    square: Square, database: Database, database_url: str
) -> None:
    """Each subscription's first mail goes out at once; the rest waits, and goes out together."""
    await _save(square, None, searches=_SEARCHES_BY_MAIL, channels=["inbox", "email"])
    for place in range(_LISTINGS):
        posted = await post_listing(
            square.client, square.poster, "results", "publish", reference=f"R{place}"
        )
        async with database.writing() as session:
            await enqueue(session, TELL_OF_LISTINGS, {"kind": "result", "ids": [posted.id]})
    await _kill_until_done(database, database_url, kills=3)
    async with database.writing() as session:
        is_due = Subscription.next_digest_at.is_not(None)
        await session.execute(update(Subscription).where(is_due).values(next_digest_at=utc_now()))
        await enqueue(session, SEND_DIGESTS, {})
    await _kill_until_done(database, database_url, kills=2)

    async with database.reading() as session:
        alerts = (await session.scalars(select(Alert))).all()
        mails = (await session.scalars(select(Delivery))).all()
    assert Counter(Counter(each.subscription_id for each in alerts).values()) == {
        _LISTINGS: _SEARCHES_BY_MAIL
    }
    told = Counter(each for mail in mails for each in mail.alert_ids)
    assert told == Counter(str(alert.id) for alert in alerts)
    assert {alert.is_waiting for alert in alerts} == {False}
    # A worker that takes all the jobs at once finds all that there is for the first mail.
    assert set(Counter(mail.subscription_id for mail in mails).values()) <= {1, 2}


async def _save(
    square: Square,
    endpoint_id: uuid.UUID | None,
    *,
    searches: int = _SEARCHES,
    channels: list[str] | None = None,
) -> None:
    now, user = utc_now(), square.seeker.user
    rows = [
        {
            "id": new_id(),
            "user_id": user.id,
            "organisation_id": user.organisation_id,
            "kind": "results",
            "name": f"检索 {place}",
            "query": {"q": "鞋底"},
            "frequency": "instant",
            "digest_minute": 540,
            "digest_weekday": 1,
            "time_zone": "Asia/Shanghai",
            "channels": channels or (["inbox", "webhook"] if place < _WITH_WEBHOOKS else ["inbox"]),
            "endpoint_id": endpoint_id if place < _WITH_WEBHOOKS else None,
            "stop_token": new_token(STOP_PREFIX),
            "created_at": now,
            "changed_at": now,
            "version": 1,
        }
        for place in range(searches)
    ]
    async with square.database.writing() as session:
        for at in range(0, searches, 500):
            await session.execute(insert(Subscription), rows[at : at + 500])


async def _kill_until_done(database: Database, url: str, kills: int = _KILLS) -> int:
    """Kill the worker while it works; how often. The last one may finish."""
    chance, killed = random.Random(7), 0
    while True:
        before = await _progress(database)
        worker = await start(url)
        if killed == kills:
            await until(lambda: _is_done(database), limit_s=150)
            worker.kill()
            await worker.wait()
            return killed
        # Only a worker that has begun to tell or to send is worth a kill.
        await until(partial(_has_begun, database, before), limit_s=60)
        await asyncio.sleep(chance.random() * 0.1)
        worker.kill()
        await worker.wait()
        killed += 1
        # What it had in hand is to be tried again without the patience of a real one.
        async with database.writing() as session:
            await session.execute(update(Job).values(attempts=0, run_at=utc_now()))


async def _progress(database: Database) -> tuple[int, int, int]:
    async with database.reading() as session:
        alerts = await session.scalar(select(func.count()).select_from(Alert)) or 0
        made = await session.scalar(select(func.count()).select_from(Delivery)) or 0
        sent = await session.scalar(select(func.sum(Delivery.attempts))) or 0
    return alerts, made, sent


async def _has_begun(database: Database, before: tuple[int, int, int]) -> bool:
    return await _progress(database) != before or await _is_done(database)


async def _is_done(database: Database) -> bool:
    async with database.reading() as session:
        left = await session.scalar(
            select(func.count()).where(
                Job.kind.in_((TELL_OF_LISTINGS, DELIVER_WEBHOOK, SEND_DIGESTS)),
                Job.state.in_(("queued", "running")),
            )
        )
    return not left
