"""Series, fairs, their slots and tables, and who takes part with what."""

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

_FAIR = "fairs.id"
# Written out, so that both databases see that the partial index serves.
IS_UNTOLD = text("told_at IS NULL")


class FairSeries(Model):
    """Fairs of one trade, again and again. `template` is a schemas.fairs.FairTemplate, plain."""

    __tablename__ = "fair_series"
    __table_args__: Any = (Index(None, "organisation_id", "id"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    organisation_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(200))
    industry: Mapped[str | None] = mapped_column(String(40))
    cadence: Mapped[str] = mapped_column(String(10))
    template: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}


class Fair(Model):
    """One fair. `zones`, `halls` and `days` are the structs of schemas.fairs, plain.

    Slots and tables are made of days and halls. `secret` signs the badges; it never leaves.
    `plan_id` is the published plan. `version` grows with what its organizer changes.
    """

    __tablename__ = "fairs"
    __table_args__: Any = (
        CheckConstraint(
            "status IN ('draft','open','matching','published','running','closed')", name="status"
        ),
        Index(None, "organisation_id", "id"),
        Index(None, "series_id", "id"),
        Index(None, "status", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    series_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, ForeignKey("fair_series.id"))
    organisation_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("organisations.id"))
    created_by_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(String(200))
    about: Mapped[str] = mapped_column(Text, default="")
    venue: Mapped[str] = mapped_column(String(200), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    division: Mapped[str | None] = mapped_column(String(6))
    time_zone: Mapped[str] = mapped_column(String(60))
    zones: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    halls: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    days: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    status: Mapped[str] = mapped_column(String(10), default="draft")
    registration_closes_at: Mapped[datetime | None] = mapped_column(UtcTime)
    needs_approval: Mapped[bool] = mapped_column(default=True)
    places: Mapped[int | None] = mapped_column(Integer)
    quotas: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    meetings_each: Mapped[int | None] = mapped_column(Integer)
    no_show_min: Mapped[int] = mapped_column(Integer, default=10)
    begins_at: Mapped[datetime | None] = mapped_column(UtcTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcTime)
    secret: Mapped[bytes] = mapped_column(LargeBinary(32))
    plan_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    # Of the stored pairs: when they were last worked out, None before.
    pairs_at: Mapped[datetime | None] = mapped_column(UtcTime)
    opened_at: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}


class FairSlot(Model):
    """A stretch of time that holds one meeting a table; `number` counts from 1."""

    __tablename__ = "fair_slots"
    __table_args__: Any = (UniqueConstraint("fair_id", "number"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    fair_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_FAIR, ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    # The day in the fair's own time zone.
    day: Mapped[date] = mapped_column(Date)
    begins_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)


class FairTable(Model):
    """A table or booth; a lost one stays on record and takes no meetings."""

    __tablename__ = "fair_tables"
    __table_args__: Any = (
        UniqueConstraint("fair_id", "number"),
        UniqueConstraint("fair_id", "name"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    fair_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_FAIR, ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(30))
    hall: Mapped[str] = mapped_column(String(60))
    zone: Mapped[str | None] = mapped_column(String(20))
    lost_at: Mapped[datetime | None] = mapped_column(UtcTime)


class FairDelegation(Model):
    """Organisations that come together (代表团): they do not meet one another."""

    __tablename__ = "fair_delegations"
    __table_args__: Any = (UniqueConstraint("fair_id", "name"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    fair_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_FAIR, ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class FairRegistration(Model):
    """An organisation at a fair: what the planner calls a party.

    `absent_slots` are numbers of slots in which it can't meet; `teams` is how many meetings it
    can hold at once. `queued_at` is since when a waiting one waits. `reference` is the
    organizer's own number of it, for spreadsheets. `version` grows with every change.
    """

    __tablename__ = "fair_registrations"
    __table_args__: Any = (
        UniqueConstraint("fair_id", "organisation_id"),
        UniqueConstraint("fair_id", "reference"),
        CheckConstraint(
            "status IN ('pending','waiting','approved','rejected','withdrawn')", name="status"
        ),
        CheckConstraint("teams BETWEEN 1 AND 10", name="teams"),
        Index(None, "fair_id", "status", "queued_at"),
        Index(None, "organisation_id", "fair_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    fair_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_FAIR, ondelete="CASCADE"))
    organisation_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("organisations.id"))
    registered_by_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    delegation_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, ForeignKey("fair_delegations.id"))
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(10))
    reference: Mapped[str | None] = mapped_column(String(100))
    zone: Mapped[str | None] = mapped_column(String(20))
    teams: Mapped[int] = mapped_column(SmallInteger, default=1)
    most_meetings: Mapped[int | None] = mapped_column(Integer)
    absent_slots: Mapped[list[int]] = mapped_column(Json, default=list)
    note: Mapped[str] = mapped_column(Text, default="")
    queued_at: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}


class FairDelegate(Model):
    """A person who comes. `consent` is what they agreed to, word for word; None is no consent.

    Without it their contacts are for their own organisation and nobody else.
    """

    __tablename__ = "fair_delegates"
    __table_args__: Any = (Index(None, "registration_id", "id"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    registration_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("fair_registrations.id", ondelete="CASCADE")
    )
    name: Mapped[str] = mapped_column(String(100))
    post: Mapped[str] = mapped_column(String(100), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    consent: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class FairListing(Model):
    """A result or need that an organisation brings to a fair."""

    __tablename__ = "fair_listings"
    __table_args__: Any = (
        UniqueConstraint("fair_id", "listing_id"),
        Index(None, "registration_id"),
        Index(None, "listing_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    fair_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_FAIR, ondelete="CASCADE"))
    registration_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("fair_registrations.id", ondelete="CASCADE")
    )
    listing_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("listings.id"))
    kind: Mapped[str] = mapped_column(String(8))


class FairWish(Model):
    """Whom an organisation must, would like to, or will not meet.

    `target_id` is the result or need that the wish is about, or `wished_id` itself for the whole
    organisation.
    """

    __tablename__ = "fair_wishes"
    __table_args__: Any = (
        UniqueConstraint("registration_id", "target_id"),
        CheckConstraint("wish IN ('must','like','no')", name="wish"),
        Index(None, "fair_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    fair_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_FAIR, ondelete="CASCADE"))
    registration_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("fair_registrations.id", ondelete="CASCADE")
    )
    wished_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("fair_registrations.id", ondelete="CASCADE")
    )
    target_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    wish: Mapped[str] = mapped_column(String(4))


class FairNotice(Model):
    """What an organisation is told of a fair.

    `dedupe` keeps the same thing from being told twice. `told_at` is when its people were told:
    market.fairs.notice_news.
    """

    __tablename__ = "fair_notices"
    __table_args__: Any = (
        UniqueConstraint("organisation_id", "dedupe"),
        Index(None, "organisation_id", "id"),
        Index(
            "ix_fair_notices_untold",
            "fair_id",
            "organisation_id",
            sqlite_where=IS_UNTOLD,
            postgresql_where=IS_UNTOLD,
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    organisation_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("organisations.id"))
    fair_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_FAIR, ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(30))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    dedupe: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcTime)
    told_at: Mapped[datetime | None] = mapped_column(UtcTime)
