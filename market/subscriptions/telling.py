"""News become alerts, once each, and messages for those who want them at once."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import new_id
from market.jobs import SOON, enqueue
from market.settings import Settings
from market.subscriptions.bodies import news_body
from market.subscriptions.collating import collect, take_turns
from market.subscriptions.models import Alert, Delivery
from market.subscriptions.news import Hearer, News

# {"id", "try"}: send a delivery, which is at this try by now.
DELIVER_WEBHOOK = "subscriptions.webhook"
DELIVER_MAIL = "subscriptions.mail"
DELIVER = {"webhook": DELIVER_WEBHOOK, "email": DELIVER_MAIL}
# What a mail or a digest names at most; the inbox has them all.
MOST_IN_A_MAIL = 50

Id = uuid.UUID


async def tell(
    session: AsyncSession, news: Sequence[News], settings: Settings, now: datetime
) -> int:
    """Store what was not told before, with the messages that go out at once; how many.

    Doing it again tells nothing more.
    """
    told = await _store(session, news, now)
    by_hearer: dict[Hearer, list[tuple[Id, News]]] = {}
    for alert_id, each in told:
        by_hearer.setdefault(each.hearer, []).append((alert_id, each))
    instant = {
        hearer: at
        for hearer in by_hearer
        if hearer.frequency == "instant" and (at := hearer.hears_at(now)) is not None
    }
    window = timedelta(minutes=settings.instant_mail_minutes)
    late = await take_turns(session, instant, window, now)
    for hearer, at in instant.items():
        alerts = by_hearer[hearer]
        if hearer.subscription_id in late:
            await collect(session, [alert_id for alert_id, _ in alerts])
        await _send(session, hearer, alerts, settings, (now, at), late)
    return len(told)


async def _store(
    session: AsyncSession, news: Sequence[News], now: datetime
) -> list[tuple[Id, News]]:
    if not news:
        return []
    by_key = {each.key: each for each in news}
    # Ids sort by the time they were made at.
    ids = {each.key: new_id() for each in sorted(by_key.values(), key=_place)}
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    rows = await session.execute(
        insert(Alert)
        .values([_alert(each, ids[key], now) for key, each in by_key.items()])
        .on_conflict_do_nothing(
            index_elements=["scope_id", "type", "subject_id", "subject_version"]
        )
        .returning(Alert.id, Alert.scope_id, Alert.type, Alert.subject_id, Alert.subject_version)
    )
    told = [(row[0], by_key[row[1], row[2], row[3], row[4]]) for row in rows]
    return sorted(told, key=lambda each: each[0])


def _place(news: News) -> int:
    return news.place


def _alert(news: News, alert_id: Id, now: datetime) -> dict[str, Any]:
    hearer = news.hearer
    return {
        "id": alert_id,
        "scope_id": hearer.scope_id,
        "subscription_id": hearer.subscription_id,
        "user_id": hearer.user_id,
        "type": news.type,
        "subject_id": news.subject_id,
        "subject_version": news.subject_version,
        "listing_id": news.listing_id,
        "match_id": news.match_id,
        "reasons": dict(news.reasons),
        "in_inbox": "inbox" in hearer.channels,
        "is_waiting": hearer.collects,
        "read_at": None,
        "created_at": now,
    }


async def _send(
    session: AsyncSession,
    hearer: Hearer,
    alerts: Sequence[tuple[Id, News]],
    settings: Settings,
    times: tuple[datetime, datetime],
    late: Collection[Id],
) -> None:
    now, at = times
    if "email" in hearer.channels and hearer.subscription_id not in late:
        # What one evaluation finds for one person is one mail.
        ids = [str(alert_id) for alert_id, _ in alerts]
        mail = _delivery(hearer, "email", alerts[0][1].type, f"mail:{ids[0]}", now)
        mail.alert_ids = ids
        await send_at(session, mail, at)
    if "webhook" in hearer.channels and hearer.endpoint_id is not None:
        for alert_id, news in alerts:
            sent = _delivery(hearer, "webhook", news.type, webhook_key(alert_id), now)
            sent.alert_ids = [str(alert_id)]
            sent.body = news_body(alert_id, news, settings, now)
            await send_at(session, sent, at)


def webhook_key(alert_id: Id) -> str:
    """What the webhook of one alert is known by."""
    return f"webhook:{alert_id}"


def _delivery(hearer: Hearer, channel: str, kind: str, key: str, now: datetime) -> Delivery:
    return Delivery(
        id=new_id(),
        key=key,
        channel=channel,
        type=kind,
        subscription_id=hearer.subscription_id,
        user_id=hearer.user_id,
        endpoint_id=hearer.endpoint_id if channel == "webhook" else None,
        created_at=now,
    )


async def send_at(session: AsyncSession, delivery: Delivery, at: datetime) -> None:
    """Store a new delivery, and the job that makes its first try."""
    delivery.state, delivery.attempts, delivery.next_try_at = "waiting", 0, at
    session.add(delivery)
    await session.flush()
    await enqueue_try(session, delivery.id, delivery.channel, 1, at)


async def enqueue_try(
    session: AsyncSession, delivery_id: Id, channel: str, number: int, at: datetime
) -> None:
    """The job of one try; asking for it twice makes no second one."""
    await enqueue(
        session,
        DELIVER[channel],
        {"id": str(delivery_id), "try": number},
        priority=SOON,
        run_at=at,
        dedupe=f"deliver:{delivery_id}:{number}:{int(at.timestamp())}",
    )
