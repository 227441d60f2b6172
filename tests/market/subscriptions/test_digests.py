"""Digests: everything that was collected, once, at its time, whatever happens in between."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from market.db import utc_now
from market.settings import Settings
from market.subscriptions.digests import Collected, send_due
from market.subscriptions.models import Alert, Delivery, Subscription
from tests.market.subscriptions.square import Square

DAY = timedelta(days=1)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, smtp_host="127.0.0.1", smtp_sender="a@example.cn")


async def daily(square: Square, **changes: Any) -> Subscription:
    form = {"query": {"q": "鞋底"}, "frequency": "daily", "channels": ["inbox", "email"]}
    return await square.saved((await square.save(**(form | changes)))["id"])


async def send(square: Square, now: datetime) -> None:
    async with square.database.writing() as session:
        await send_due(session, square.settings, now)


def told(deliveries: list[Delivery]) -> list[int]:
    """How much each digest tells."""
    return [msgspec.json.decode(each.body, type=Collected).count for each in deliveries]


async def test_what_was_collected_is_told_once(square: Square) -> None:
    saved = await daily(square)
    assert saved.next_digest_at is not None
    for place in range(3):
        await square.post(reference=f"R{place}", title=f"鞋底{place}")
    await send(square, saved.next_digest_at - timedelta(seconds=1))
    early = await square.deliveries()

    for _ in range(3):
        await send(square, saved.next_digest_at)

    (digest,) = await square.deliveries()
    assert early == []
    assert (digest.type, digest.channel, told([digest])) == ("digest", "email", [3])
    newest_first = [str(alert.id) for alert in reversed(await square.alerts())]
    assert digest.alert_ids == newest_first
    assert not any(alert.is_waiting for alert in await square.alerts())


async def test_a_month_of_days_loses_and_doubles_nothing(square: Square) -> None:
    """Clock stepped by the hour over the end of daylight saving in New York; three senders."""
    saved = await daily(square, time_zone="America/New_York", digest_time="01:30")
    await square.post()
    now = datetime.fromisoformat("2027-10-20T00:00:00+00:00")
    async with square.database.writing() as session:
        await session.execute(update(Subscription).values(next_digest_at=now))
    for hour in range(24 * 30):
        if hour % 7 == 0:
            await _collect(square, saved, hour)
        at = now + timedelta(hours=hour)
        await asyncio.gather(*(send(square, at) for _ in range(3 if hour % 24 == 5 else 1)))
    await send(square, now + timedelta(days=31))

    deliveries, alerts = await square.deliveries(), await square.alerts()
    ids = [each for delivery in deliveries for each in delivery.alert_ids]
    assert sorted(ids) == sorted(str(alert.id) for alert in alerts)
    assert sum(told(deliveries)) == len(alerts)
    assert 30 <= len(deliveries) <= 32


async def _collect(square: Square, saved: Subscription, number: int) -> None:
    async with square.database.writing() as session:
        session.add(
            Alert(
                scope_id=saved.id,
                subscription_id=saved.id,
                user_id=saved.user_id,
                type="listing.found",
                subject_id=saved.id,
                subject_version=number,
                in_inbox=True,
                is_waiting=True,
                created_at=utc_now(),
            )
        )


async def test_there_are_no_empty_digests(square: Square) -> None:
    saved = await daily(square)
    assert saved.next_digest_at is not None

    await send(square, saved.next_digest_at)

    assert await square.deliveries() == []
    moved = await square.saved(str(saved.id))
    assert moved.next_digest_at == saved.next_digest_at + DAY
    assert moved.version == saved.version


async def test_days_without_a_worker_count_as_one(square: Square) -> None:
    saved = await daily(square)
    assert saved.next_digest_at is not None
    await square.post()

    await send(square, saved.next_digest_at + 9 * DAY)

    assert told(await square.deliveries()) == [1]
    assert (await square.saved(str(saved.id))).next_digest_at == saved.next_digest_at + 10 * DAY


async def test_what_came_while_muted_is_told_after_that(square: Square) -> None:
    saved = await daily(square, muted_until=(utc_now() + 3 * DAY).isoformat())
    assert saved.next_digest_at is not None
    await square.post()
    await send(square, saved.next_digest_at)
    muted = await square.deliveries()

    await send(square, saved.next_digest_at + 4 * DAY)

    assert muted == []
    assert told(await square.deliveries()) == [1]


async def test_whoever_turns_to_instant_gets_the_rest_at_once(square: Square) -> None:
    saved = await daily(square)
    await square.post()
    await square.client.patch(
        f"/api/v1/saved-searches/{saved.id}",
        json={"frequency": "instant"},
        headers=square.seeker.headers | {"If-Match": '"1"'},
    )

    await send(square, utc_now())

    assert told(await square.deliveries()) == [1]
    assert (await square.saved(str(saved.id))).next_digest_at is None


async def test_the_inbox_alone_waits_for_no_digest(square: Square) -> None:
    saved = await daily(square, channels=["inbox"])
    await square.post()

    assert [alert.is_waiting for alert in await square.alerts()] == [False]
    assert (await square.inbox())["unread"] == 1
    assert saved.next_digest_at is not None
