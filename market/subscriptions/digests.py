"""Digests: what a saved search collected is told together, once, at its time."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, new_id, utc_now
from market.jobs import ClaimedJob, finish
from market.listings.plain import in_parts
from market.settings import Settings
from market.subscriptions.addresses import api_address
from market.subscriptions.bodies import event_body
from market.subscriptions.models import Alert, Delivery, Subscription
from market.subscriptions.news import Hearer, hearer_of
from market.subscriptions.service import digest_after
from market.subscriptions.telling import MOST_IN_A_MAIL, send_at, webhook_key
from schemas.events import DigestData

_AT_ONCE = 100
DIGEST = "digest"


class Collected(msgspec.Struct, frozen=True):
    """What a digest by mail knows beside the newest alerts: how many there were."""

    count: int


async def send_digests(database: Database, settings: Settings, jobs: Sequence[ClaimedJob]) -> None:
    """Send what is due, in units of work short enough to let others write."""
    while True:
        async with database.writing() as session:
            done = await send_due(session, settings, utc_now())
            if done < _AT_ONCE:
                await finish(session, jobs)
                return


async def send_due(session: AsyncSession, settings: Settings, now: datetime) -> int:
    """Up to _AT_ONCE digests whose time has come; how many.

    Each time of each saved search is taken by one unit of work, together with what it tells:
    nothing is lost or told twice. Times that passed unattended count as one.
    """
    due = await session.scalars(
        select(Subscription)
        .where(Subscription.next_digest_at <= now)
        .order_by(Subscription.next_digest_at, Subscription.id)
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    found = due.all()
    for saved in found:
        await _send(session, saved, settings, now)
    return len(found)


async def _send(
    session: AsyncSession, saved: Subscription, settings: Settings, now: datetime
) -> None:
    slot = saved.next_digest_at
    hearer = hearer_of(saved)
    at = hearer.hears_at(now)
    await _move_on(session, saved, at, settings, now)
    if at is None or slot is None:
        # Muted: it is all told after that.
        return
    taken = await session.scalars(
        update(Alert)
        .where(Alert.subscription_id == saved.id, Alert.is_waiting)
        .values(is_waiting=False)
        .returning(Alert.id)
        .execution_options(synchronize_session=False)
    )
    ids = sorted(taken, reverse=True)
    for channel in hearer.sent_by if ids else ():
        told = ids if channel == "email" else await _not_sent(session, hearer, ids)
        if not told:
            continue
        delivery = _delivery(hearer, channel, told, slot, now)
        delivery.body = _body(channel, hearer, told, settings, now)
        await send_at(session, delivery, at)


async def _move_on(
    session: AsyncSession,
    saved: Subscription,
    at: datetime | None,
    settings: Settings,
    now: datetime,
) -> None:
    """When to tell next. `at` is when this one goes out; None while the subscription is muted."""
    window = timedelta(minutes=settings.instant_mail_minutes)
    following = digest_after(saved, now)
    if at is None and saved.frequency == "instant":
        following = saved.muted_until
    # No change of the owner's: the version stays.
    await session.execute(
        update(Subscription)
        .where(Subscription.id == saved.id)
        .values(
            next_digest_at=following,
            next_mail_at=saved.next_mail_at if at is None else at + window,
        )
        .execution_options(synchronize_session=False)
    )


async def _not_sent(
    session: AsyncSession, hearer: Hearer, ids: Sequence[uuid.UUID]
) -> list[uuid.UUID]:
    """Without those that a webhook told already: of an instant subscription only mails wait."""
    if hearer.endpoint_id is None:
        return []
    sent: set[str] = set()
    for some in in_parts(ids):
        keys = [webhook_key(each) for each in some]
        sent.update(await session.scalars(select(Delivery.key).where(Delivery.key.in_(keys))))
    return [each for each in ids if webhook_key(each) not in sent]


def _delivery(
    hearer: Hearer, channel: str, ids: Sequence[uuid.UUID], slot: datetime, now: datetime
) -> Delivery:
    return Delivery(
        id=new_id(),
        key=f"digest:{hearer.scope_id}:{int(slot.timestamp())}:{channel}",
        channel=channel,
        type=DIGEST,
        subscription_id=hearer.subscription_id,
        user_id=hearer.user_id,
        endpoint_id=hearer.endpoint_id if channel == "webhook" else None,
        alert_ids=[str(each) for each in ids[:MOST_IN_A_MAIL]],
        created_at=now,
    )


def _body(
    channel: str, hearer: Hearer, ids: Sequence[uuid.UUID], settings: Settings, now: datetime
) -> str:
    if channel == "email":
        return msgspec.json.encode(Collected(count=len(ids))).decode()
    data = DigestData(
        saved_search_id=str(hearer.scope_id),
        count=len(ids),
        alert_ids=[str(each) for each in ids[:MOST_IN_A_MAIL]],
        url=api_address(settings, "alerts"),
    )
    return event_body(DIGEST, data, now)
