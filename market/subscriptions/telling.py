"""News become alerts, once each, and messages for those who want them at once."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import new_id
from market.jobs import SOON, enqueue
from market.settings import Settings
from market.subscriptions.addresses import address_of
from market.subscriptions.models import Alert, Delivery, Subscription
from market.subscriptions.schedule import quiet_until
from schemas.events import (
    Event,
    ListingFound,
    MatchFoundData,
    OrganisationData,
    OwnListingData,
    WebhookType,
)

# {"id", "try"}: send a delivery, which is at this try by now.
DELIVER_WEBHOOK = "subscriptions.webhook"
DELIVER_MAIL = "subscriptions.mail"
DELIVER = {"webhook": DELIVER_WEBHOOK, "email": DELIVER_MAIL}
# Alerts stored in one unit of work.
NEWS_AT_ONCE = 500
# What a mail or a digest names at most; the inbox has them all.
MOST_IN_A_MAIL = 50

Id = uuid.UUID


class Hearer(NamedTuple):
    """Whoever hears of something, and how. Without a subscription it is the inbox alone."""

    scope_id: Id
    user_id: Id
    subscription_id: Id | None = None
    frequency: str = "instant"
    channels: tuple[str, ...] = ("inbox",)
    endpoint_id: Id | None = None
    time_zone: str = "Asia/Shanghai"
    quiet_from: int | None = None
    quiet_till: int | None = None
    muted_until: datetime | None = None

    def hears_at(self, now: datetime) -> datetime | None:
        """When mails and webhooks may go out; None while muted."""
        if self.muted_until is not None and self.muted_until > now:
            return None
        return quiet_until(now, self.quiet_from, self.quiet_till, self.time_zone) or now

    @property
    def collects(self) -> bool:
        """Whether a digest tells what was found."""
        return self.frequency in {"daily", "weekly"} and bool(self.sent_by)

    @property
    def sent_by(self) -> list[str]:
        return [each for each in self.channels if each in DELIVER]


def hearer_of(saved: Subscription) -> Hearer:
    return Hearer(
        scope_id=saved.id,
        user_id=saved.user_id,
        subscription_id=saved.id,
        frequency=saved.frequency,
        channels=tuple(saved.channels),
        endpoint_id=saved.endpoint_id,
        time_zone=saved.time_zone,
        quiet_from=saved.quiet_from,
        quiet_till=saved.quiet_until,
        muted_until=saved.muted_until,
    )


class News(NamedTuple):
    """Something to be told to one person. `kind` is that of the listing."""

    hearer: Hearer
    type: str
    subject_id: Id
    subject_version: int
    kind: str = ""
    listing_id: Id | None = None
    match_id: Id | None = None
    reasons: Mapping[str, Any] = {}

    @property
    def key(self) -> tuple[Id, str, Id, int]:
        return self.hearer.scope_id, self.type, self.subject_id, self.subject_version


def in_chunks(news: Iterable[News]) -> list[list[News]]:
    """News for one unit of work each, those of one hearer together as far as they fit."""
    # In one order for all writers, so that none waits for another in a circle.
    ordered = sorted(news, key=_order)
    return [ordered[at : at + NEWS_AT_ONCE] for at in range(0, len(ordered), NEWS_AT_ONCE)]


def _order(news: News) -> tuple[Id, str, Id, int]:
    return news.key


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
    for hearer, alerts in by_hearer.items():
        at = hearer.hears_at(now)
        if hearer.frequency == "instant" and at is not None:
            await _send(session, hearer, alerts, settings, (now, at))
    return len(told)


async def _store(
    session: AsyncSession, news: Sequence[News], now: datetime
) -> list[tuple[Id, News]]:
    if not news:
        return []
    by_key = {each.key: each for each in news}
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    rows = await session.execute(
        insert(Alert)
        .values([_alert(each, now) for each in by_key.values()])
        .on_conflict_do_nothing(
            index_elements=["scope_id", "type", "subject_id", "subject_version"]
        )
        .returning(Alert.id, Alert.scope_id, Alert.type, Alert.subject_id, Alert.subject_version)
    )
    told = [(row[0], by_key[row[1], row[2], row[3], row[4]]) for row in rows]
    return sorted(told, key=lambda each: each[0])


def _alert(news: News, now: datetime) -> dict[str, Any]:
    hearer = news.hearer
    return {
        "id": new_id(),
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
) -> None:
    now, at = times
    if "email" in hearer.channels:
        # What one evaluation finds for one person is one mail.
        ids = [str(alert_id) for alert_id, _ in alerts]
        mail = _delivery(hearer, "email", alerts[0][1].type, f"mail:{ids[0]}", now)
        mail.alert_ids = ids
        await send_at(session, mail, at)
    if "webhook" in hearer.channels and hearer.endpoint_id is not None:
        for alert_id, news in alerts:
            sent = _delivery(hearer, "webhook", news.type, f"webhook:{alert_id}", now)
            sent.alert_ids = [str(alert_id)]
            sent.body = _body(alert_id, news, settings, now)
            await send_at(session, sent, at)


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


def _body(alert_id: Id, news: News, settings: Settings, now: datetime) -> str:
    """The exact text of a webhook: thin, so that whoever reads it asks for the rest."""
    named: dict[str, Any] = {
        "alert_id": str(alert_id),
        "saved_search_id": str(news.hearer.subscription_id or ""),
        "url": address_of(settings, news.kind, news.subject_id),
    }
    if news.type == "organisation.verified":
        data: msgspec.Struct = OrganisationData(**named, organisation_id=str(news.subject_id))
    elif news.type == "match.found":
        data = MatchFoundData(
            **named, match_id=str(news.match_id), kind=_kind(news), listing_id=str(news.listing_id)
        )
    else:
        shape = ListingFound if news.type == "listing.found" else OwnListingData
        data = shape(**named, kind=_kind(news), listing_id=str(news.listing_id))
    return event_body(news.type, data, now)


def _kind(news: News) -> Any:
    return news.kind


def event_body(event: str, data: msgspec.Struct, now: datetime) -> str:
    """An event as its receivers get it."""
    kind: WebhookType = msgspec.convert(event, WebhookType)
    return msgspec.json.encode(Event(type=kind, timestamp=now, data=data)).decode()
