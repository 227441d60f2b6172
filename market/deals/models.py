"""Intention orders on their way to contracts, and signing ceremonies with their projects."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Json, Model, UtcTime, new_id

_ORGANISATION = "organisations.id"
_LISTING = "listings.id"
_ORDER = "intent_orders.id"


class IntentOrder(Model):
    """What an institute and an enterprise mean to do together (意向订单).

    `institute_id` is the side that gives the technology, `enterprise_id` the one that takes it;
    outposts, brokers and investors stand on a side, too. `listing_id` is the need, or the result
    where there is no need; titles are what the listings were called then. Amounts are both None
    as long as none is named. `hides_counterpart`: who proposed does not know to whom, because the
    listing hides it until that side says yes. `confirmed_at` is when both sides had said yes for
    the first time, `contract_confirmed_at` when both had to the contract. `progressed_at` is when
    anything happened last. Fairs and meetings are known by their ids alone.
    """

    __tablename__ = "intent_orders"
    __table_args__: Any = (
        UniqueConstraint("institute_id", "enterprise_id", "listing_id"),
        CheckConstraint("institute_id <> enterprise_id", name="sides"),
        CheckConstraint("proposed_by_id IN (institute_id, enterprise_id)", name="proposed_by"),
        CheckConstraint("amount_min_cny <= amount_max_cny", name="amount"),
        CheckConstraint(
            "stage IN ('intent','negotiation','agreement','contract','registered','fulfilled',"
            "'lapsed')",
            name="stage",
        ),
        CheckConstraint("(stage = 'lapsed') = (lapsed_from IS NOT NULL)", name="lapsed_from"),
        CheckConstraint(
            "stage NOT IN ('contract','registered','fulfilled') OR "
            "(contract_kind IS NOT NULL AND contract_amount_cny IS NOT NULL "
            "AND signed_on IS NOT NULL)",
            name="contract",
        ),
        Index(None, "institute_id", "id"),
        Index(None, "enterprise_id", "id"),
        Index(None, "fair_id", "id"),
        Index(None, "stage", "progressed_at"),
        Index(None, "confirmed_at"),
        Index(None, "contract_confirmed_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    institute_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_ORGANISATION))
    enterprise_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_ORGANISATION))
    proposed_by_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    hides_counterpart: Mapped[bool] = mapped_column(default=False)
    listing_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_LISTING))
    result_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, ForeignKey(_LISTING))
    need_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, ForeignKey(_LISTING))
    result_title: Mapped[str] = mapped_column(String(200), default="")
    need_title: Mapped[str] = mapped_column(String(200), default="")
    fair_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    meeting_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    amount_min_cny: Mapped[int | None] = mapped_column(BigInteger)
    amount_max_cny: Mapped[int | None] = mapped_column(BigInteger)
    mode: Mapped[str | None] = mapped_column(String(40))
    # 2027-05
    expected_month: Mapped[str | None] = mapped_column(String(7))
    next_step: Mapped[str] = mapped_column(String(200), default="")
    next_step_on: Mapped[date | None] = mapped_column(Date)
    institute_note: Mapped[str] = mapped_column(Text, default="")
    enterprise_note: Mapped[str] = mapped_column(Text, default="")
    stage: Mapped[str] = mapped_column(String(12), default="intent")
    lapsed_from: Mapped[str | None] = mapped_column(String(12))
    contract_kind: Mapped[str | None] = mapped_column(String(40))
    contract_amount_cny: Mapped[int | None] = mapped_column(BigInteger)
    contract_number: Mapped[str] = mapped_column(String(100), default="")
    signed_on: Mapped[date | None] = mapped_column(Date)
    registration_number: Mapped[str] = mapped_column(String(100), default="")
    registered_on: Mapped[date | None] = mapped_column(Date)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    contract_confirmed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    progressed_at: Mapped[datetime] = mapped_column(UtcTime)
    created_by_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}


class OrderConfirmation(Model):
    """That a side says yes to an order as it stands; gone when the other side changes its terms."""

    __tablename__ = "order_confirmations"

    order_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey(_ORDER, ondelete="CASCADE"), primary_key=True
    )
    organisation_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey(_ORGANISATION), primary_key=True
    )
    user_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    confirmed_at: Mapped[datetime] = mapped_column(UtcTime)


class OrderMove(Model):
    """What was done with an order, by whom, when, from which stage to which; for good.

    Without an organisation it was the passing of time.
    """

    __tablename__ = "order_moves"
    __table_args__: Any = (Index(None, "order_id", "id"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    order_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_ORDER, ondelete="CASCADE"))
    action: Mapped[str] = mapped_column(String(12))
    from_stage: Mapped[str | None] = mapped_column(String(12))
    to_stage: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(Text, default="")
    organisation_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, ForeignKey(_ORGANISATION))
    user_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    at: Mapped[datetime] = mapped_column(UtcTime)


class OrderReminder(Model):
    """That a side should look after an order: told once for each occasion.

    confirm: the other side waits for a yes; step: the date of the next step has come; quiet:
    nothing happened for long, and the order will lapse. `about_on` is the day of the occasion.
    """

    __tablename__ = "order_reminders"
    __table_args__: Any = (
        UniqueConstraint("order_id", "organisation_id", "kind", "about_on"),
        CheckConstraint("kind IN ('confirm','step','quiet')", name="kind"),
        Index(None, "organisation_id", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    order_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_ORDER, ondelete="CASCADE"))
    organisation_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_ORGANISATION))
    kind: Mapped[str] = mapped_column(String(8))
    about_on: Mapped[date] = mapped_column(Date)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class SigningCeremony(Model):
    """Contracts and agreements signed together on one day (集中签约).

    `version` grows with its projects, too: what is told of it holds their sums.
    """

    __tablename__ = "signing_ceremonies"
    __table_args__: Any = (
        CheckConstraint("status IN ('draft','published')", name="status"),
        Index(None, "organisation_id", "id"),
        Index(None, "status", "id"),
        Index(None, "held_on"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    organisation_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_ORGANISATION))
    fair_id: Mapped[uuid.UUID | None] = mapped_column(Uuid, index=True)
    created_by_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(String(200))
    held_on: Mapped[date] = mapped_column(Date)
    place: Mapped[str] = mapped_column(String(200), default="")
    about: Mapped[str] = mapped_column(Text, default="")
    private_note: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(String(10), default="draft")
    published_at: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}


class SigningProject(Model):
    """A project that is signed. `amount_cny` None: none is stated, as in many framework agreements.

    `reference` is the organizer's own number, or stands for the title of a row without one;
    `source` is the row as its spreadsheet had it, header by header.
    """

    __tablename__ = "signing_projects"
    __table_args__: Any = (
        UniqueConstraint("ceremony_id", "reference"),
        CheckConstraint("amount_cny >= 0", name="amount"),
        Index(None, "ceremony_id", "place", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    ceremony_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("signing_ceremonies.id", ondelete="CASCADE")
    )
    reference: Mapped[str | None] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(200))
    parties: Mapped[list[str]] = mapped_column(Json, default=list)
    kind: Mapped[str] = mapped_column(String(40))
    amount_cny: Mapped[int | None] = mapped_column(BigInteger)
    is_on_stage: Mapped[bool] = mapped_column(Boolean)
    batch: Mapped[str] = mapped_column(String(40), default="")
    # The order on stage, or in the list of those off stage; equal places are in order of entry.
    place: Mapped[int] = mapped_column(Integer, default=0)
    note: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[dict[str, str]] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}
