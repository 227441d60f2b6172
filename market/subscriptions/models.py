"""Saved searches, what they told, and what was sent of it."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Json, Model, UtcTime, new_id

IS_DUE = text("next_digest_at IS NOT NULL")


class WebhookEndpoint(Model):
    """Where an organisation's own system listens.

    `failures` count since the last success, which `failing_since` follows; until `open_until`
    nothing is sent (circuit breaker). Secrets are kept as they are: every message is signed.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        CheckConstraint("state IN ('enabled','disabled')", name="state"),
        CheckConstraint("disabled_reason IN ('owner','gone','failing')", name="disabled_reason"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    organisation_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("organisations.id"), index=True
    )
    created_by_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    url: Mapped[str] = mapped_column(String(2_000))
    description: Mapped[str] = mapped_column(String(200), default="")
    secret: Mapped[str] = mapped_column(String(100))
    old_secret: Mapped[str | None] = mapped_column(String(100))
    old_secret_until: Mapped[datetime | None] = mapped_column(UtcTime)
    state: Mapped[str] = mapped_column(String(8), default="enabled")
    disabled_reason: Mapped[str | None] = mapped_column(String(8))
    failures: Mapped[int] = mapped_column(Integer, default=0)
    failing_since: Mapped[datetime | None] = mapped_column(UtcTime)
    open_until: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}


class Subscription(Model):
    """A saved search of one person, or what this person wants to hear of what is their own.

    `query` is a schemas.subscriptions.SavedQuery. Times of day are minutes after midnight in
    `time_zone`. `next_digest_at` is when what was collected is told next; of an instant one mails
    collect, too, until `next_mail_at`. The stop token lets its
    holder stop this subscription and nothing else, and stands in every mail, so it is kept as it
    is; of the feed's token only the hash is kept.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        CheckConstraint("kind IN ('results','needs','matches','own')", name="kind"),
        CheckConstraint("frequency IN ('instant','daily','weekly','off')", name="frequency"),
        CheckConstraint("(kind = 'matches') = (listing_id IS NOT NULL)", name="listing"),
        Index(None, "user_id", "id"),
        Index(None, "organisation_id", "kind"),
        Index(None, "kind", "frequency"),
        Index(
            "ix_subscriptions_due",
            "next_digest_at",
            sqlite_where=IS_DUE,
            postgresql_where=IS_DUE,
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("users.id"))
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, ForeignKey("organisations.id"))
    kind: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(200))
    query: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    listing_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("listings.id", ondelete="CASCADE"), index=True
    )
    min_score: Mapped[int | None] = mapped_column(SmallInteger)
    frequency: Mapped[str] = mapped_column(String(8))
    digest_minute: Mapped[int] = mapped_column(SmallInteger)
    digest_weekday: Mapped[int] = mapped_column(SmallInteger)
    time_zone: Mapped[str] = mapped_column(String(60))
    quiet_from: Mapped[int | None] = mapped_column(SmallInteger)
    quiet_until: Mapped[int | None] = mapped_column(SmallInteger)
    muted_until: Mapped[datetime | None] = mapped_column(UtcTime)
    channels: Mapped[list[str]] = mapped_column(Json)
    endpoint_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("webhook_endpoints.id", ondelete="SET NULL"), index=True
    )
    next_digest_at: Mapped[datetime | None] = mapped_column(UtcTime)
    next_mail_at: Mapped[datetime | None] = mapped_column(UtcTime)
    stop_token: Mapped[str] = mapped_column(String(60), unique=True)
    feed_hash: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}


class ListingMaterial(Model):
    """Which material version of a listing is the present one.

    `fingerprint` is of what matters to those who were told of it already (evaluation.fingerprint);
    `version` grows when it changes. `listing_version` is the one that was looked at.
    """

    __tablename__ = "listing_materials"

    listing_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("listings.id", ondelete="CASCADE"), primary_key=True
    )
    listing_version: Mapped[int] = mapped_column(Integer)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary(16))
    version: Mapped[int] = mapped_column(Integer)


class Alert(Model):
    """One thing told to one person, once.

    `scope_id` is the subscription, or the person where none asked for it; `subject_id` the
    listing, organisation, endpoint, notice of a fair, move or reminder of an order. `reasons` are
    the facts: see reasons.py and own_news.Told. `is_waiting`: a digest, or the next mail, tells it.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        UniqueConstraint("scope_id", "type", "subject_id", "subject_version"),
        Index(None, "user_id", "in_inbox", "id"),
        Index(None, "user_id", "in_inbox", "read_at"),
        Index(None, "subscription_id", "is_waiting", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    scope_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    subscription_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("subscriptions.id", ondelete="SET NULL")
    )
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("users.id"))
    type: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    subject_version: Mapped[int] = mapped_column(Integer)
    listing_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("listings.id", ondelete="CASCADE"), index=True
    )
    match_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    reasons: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    in_inbox: Mapped[bool] = mapped_column()
    is_waiting: Mapped[bool] = mapped_column(default=False)
    read_at: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime, index=True)


class Delivery(Model):
    """One message to one receiver, by mail or webhook. Its id names it at every try.

    `key` tells what it is about: no two of the same. A webhook's `body` is the exact one that
    is signed and sent; a mail is written when it is sent, of what may be seen by then.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint("channel IN ('email','webhook')", name="channel"),
        CheckConstraint("state IN ('waiting','delivered','dead','cancelled')", name="state"),
        Index(None, "endpoint_id", "id"),
        Index(None, "state", "ended_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    channel: Mapped[str] = mapped_column(String(8))
    type: Mapped[str] = mapped_column(String(32))
    subscription_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("subscriptions.id", ondelete="SET NULL"), index=True
    )
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("users.id"))
    endpoint_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("webhook_endpoints.id", ondelete="CASCADE")
    )
    alert_ids: Mapped[list[str]] = mapped_column(Json, default=list)
    body: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcTime)
    error: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class DeliveryAttempt(Model):
    """One try of a delivery. Of the answer its status and its beginning are kept."""

    __tablename__ = "delivery_attempts"
    __table_args__ = (UniqueConstraint("delivery_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    delivery_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("deliveries.id", ondelete="CASCADE")
    )
    number: Mapped[int] = mapped_column(Integer)
    began_at: Mapped[datetime] = mapped_column(UtcTime)
    took_ms: Mapped[int] = mapped_column(Integer)
    status: Mapped[int | None] = mapped_column(Integer)
    answer: Mapped[str] = mapped_column(String(200), default="")
    error: Mapped[str] = mapped_column(String(300), default="")


class MailCount(Model):
    """How many mails an organisation (or a person without one) was sent on a day, UTC."""

    __tablename__ = "mail_counts"

    owner_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    mails: Mapped[int] = mapped_column(Integer)
