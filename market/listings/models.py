"""Listings: results and needs, with one life cycle (joined-table inheritance)."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Json, Model, UtcTime, new_id


class Listing(Model):
    """What a result and a need have in common.

    `text` is a result's summary or a need's description. `reference` is the owner's own number,
    unique among the owner's listings of a kind; None where the owner has none. Codes are those
    of schemas.vocab, best first. `version` grows with every change, also of the status.
    `shows_organisation` and `shows_terms` say whether others see who posts and the indicators,
    price or budget and deadline. `contacts` never leave without consent.
    """

    __tablename__ = "listings"
    __table_args__: Any = (
        CheckConstraint("kind IN ('result','need')", name="kind"),
        CheckConstraint(
            "status IN ('draft','published','paused','closed','withdrawn','expired')",
            name="status",
        ),
        Index("uq_listings_reference", "organisation_id", "kind", "reference", unique=True),
        # Keyset paging of an owner's list and of the published ones.
        Index(None, "organisation_id", "kind", "id"),
        Index(None, "kind", "status", "id"),
        # The last published ones, for feeds.
        Index(None, "kind", "status", "published_at"),
        Index(None, "status", "expires_on"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(8))
    organisation_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("organisations.id"))
    created_by_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    reference: Mapped[str | None] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text, default="")
    keywords: Mapped[list[str]] = mapped_column(Json, default=list)
    fields: Mapped[list[str]] = mapped_column(Json, default=list)
    industries: Mapped[list[str]] = mapped_column(Json, default=list)
    modes: Mapped[list[str]] = mapped_column(Json, default=list)
    division: Mapped[str | None] = mapped_column(String(6))
    shows_organisation: Mapped[bool] = mapped_column()
    shows_terms: Mapped[bool] = mapped_column(default=True)
    private_note: Mapped[str] = mapped_column(Text, default="")
    contacts: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    extra: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    status: Mapped[str] = mapped_column(String(10), default="draft")
    published_at: Mapped[datetime | None] = mapped_column(UtcTime)
    expires_on: Mapped[date | None] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {
        "polymorphic_on": kind,
        "polymorphic_abstract": True,
        "version_id_col": version,
    }


class ResultListing(Listing):
    """A technology result. `price_floor_cny` is the owner's secret."""

    __tablename__ = "results"
    __table_args__: Any = (
        CheckConstraint("trl BETWEEN 1 AND 9", name="trl"),
        CheckConstraint("price_min_cny <= price_max_cny", name="price"),
    )
    __mapper_args__ = {"polymorphic_identity": "result"}

    id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("listings.id", ondelete="CASCADE"), primary_key=True
    )
    trl: Mapped[int | None] = mapped_column(SmallInteger)
    rights: Mapped[str | None] = mapped_column(String(12))
    patents: Mapped[list[str]] = mapped_column(Json, default=list)
    price_min_cny: Mapped[int | None] = mapped_column(BigInteger)
    price_max_cny: Mapped[int | None] = mapped_column(BigInteger)
    price_floor_cny: Mapped[int | None] = mapped_column(BigInteger)
    ready_on: Mapped[date | None] = mapped_column(Date)


class NeedListing(Listing):
    """A technical need. `indicators` are schemas.listings.Indicator as plain values."""

    __tablename__ = "needs"
    __table_args__: Any = (
        CheckConstraint("trl_min BETWEEN 1 AND 9", name="trl_min"),
        CheckConstraint("trl_max BETWEEN 1 AND 9", name="trl_max"),
        CheckConstraint("budget_min_cny <= budget_max_cny", name="budget"),
    )
    __mapper_args__ = {"polymorphic_identity": "need"}

    id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("listings.id", ondelete="CASCADE"), primary_key=True
    )
    indicators: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    trl_min: Mapped[int | None] = mapped_column(SmallInteger)
    trl_max: Mapped[int | None] = mapped_column(SmallInteger)
    budget_min_cny: Mapped[int | None] = mapped_column(BigInteger)
    budget_max_cny: Mapped[int | None] = mapped_column(BigInteger)
    deadline: Mapped[date | None] = mapped_column(Date)
