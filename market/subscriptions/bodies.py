"""The exact texts of webhooks: thin, so that whoever reads one asks for the rest."""

import uuid
from datetime import datetime
from typing import Any

import msgspec

from market.settings import Settings
from market.subscriptions.addresses import address_of, address_of_facts
from market.subscriptions.news import News
from schemas.events import EVENTS, Event, WebhookType


def news_body(alert_id: uuid.UUID, news: News, settings: Settings, now: datetime) -> str:
    """News as a webhook tells them: of what is known that which EVENTS names for the type."""
    url = address_of_facts(settings, news.reasons)
    known: dict[str, Any] = {
        **news.reasons,
        "alert_id": str(alert_id),
        "saved_search_id": str(news.hearer.subscription_id or ""),
        "organisation_id": str(news.subject_id),
        "match_id": str(news.match_id),
        "listing_id": str(news.listing_id),
        "kind": news.kind,
        "url": url or address_of(settings, news.kind, news.subject_id),
    }
    data = msgspec.convert(known, EVENTS[_type(news.type)].data)
    return event_body(news.type, data, now)


def event_body(event: str, data: msgspec.Struct, now: datetime) -> str:
    """An event as its receivers get it."""
    return msgspec.json.encode(Event(type=_type(event), timestamp=now, data=data)).decode()


def _type(event: str) -> WebhookType:
    kind: WebhookType = msgspec.convert(event, WebhookType)
    return kind
