"""News, and those who hear of them."""

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from market.subscriptions.models import Subscription
from market.subscriptions.schedule import quiet_until

# What leaves the marketplace; the inbox is always there.
SENT = frozenset({"email", "webhook"})
# Alerts stored in one unit of work.
NEWS_AT_ONCE = 500

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
        return [each for each in self.channels if each in SENT]


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
    """Something to be told to one person. `kind` is that of the listing.

    Of what is told together the inbox has the lowest `place` first.
    """

    hearer: Hearer
    type: str
    subject_id: Id
    subject_version: int
    kind: str = ""
    listing_id: Id | None = None
    match_id: Id | None = None
    reasons: Mapping[str, Any] = {}
    place: int = 0

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
