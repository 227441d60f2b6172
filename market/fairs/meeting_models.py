"""Pairs, plans, meetings with their seats, and what happened on the day."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
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
_REGISTRATION = "fair_registrations.id"

# Written out, so that both databases see that the partial index serves.
IS_LIVE = text("state IN ('planned','held')")
LIVE_STATES = ("planned", "held")


class FairPair(Model):
    """Two participants that may meet: the best of their listings together, and their wishes.

    `first_id` is the host, who keeps its table. A pair that either side refused is `forbidden`.
    `weight` is what the planner adds up. The rows are worked out anew as a whole.
    """

    __tablename__ = "fair_pairs"
    __table_args__: Any = (
        UniqueConstraint("fair_id", "first_id", "second_id"),
        Index(None, "fair_id", "weight", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    fair_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_FAIR, ondelete="CASCADE"))
    first_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_REGISTRATION, ondelete="CASCADE"))
    second_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey(_REGISTRATION, ondelete="CASCADE")
    )
    result_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    need_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    score: Mapped[float | None] = mapped_column(Float)
    first_likes: Mapped[float] = mapped_column(Float)
    second_likes: Mapped[float] = mapped_column(Float)
    first_wish: Mapped[str | None] = mapped_column(String(4))
    second_wish: Mapped[str | None] = mapped_column(String(4))
    met_before: Mapped[bool] = mapped_column(default=False)
    forbidden: Mapped[bool] = mapped_column(default=False)
    weight: Mapped[int] = mapped_column(Integer)


class FairPlan(Model):
    """A plan in the making, a draft, or a proposal to improve the published one.

    queued → running → draft → published; failed, dropped. `progress` counts to 100. `outcome`
    holds what the planner answered beside the meetings, plain; `problem` why it failed.
    """

    __tablename__ = "fair_plans"
    __table_args__: Any = (
        UniqueConstraint("fair_id", "number"),
        CheckConstraint("kind IN ('plan','improve','fill')", name="kind"),
        CheckConstraint(
            "state IN ('queued','running','draft','published','failed','dropped')", name="state"
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    fair_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_FAIR, ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(10))
    progress: Mapped[int] = mapped_column(SmallInteger, default=0)
    options: Mapped[dict[str, Any]] = mapped_column(Json)
    weight: Mapped[int | None] = mapped_column(BigInteger)
    upper_bound: Mapped[int | None] = mapped_column(BigInteger)
    outcome: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    problem: Mapped[dict[str, str] | None] = mapped_column(Json)
    is_edited: Mapped[bool] = mapped_column(default=False)
    created_by_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}


class PlanMeeting(Model):
    """A meeting of a plan that is not published; whether it can be is the checker's to say."""

    __tablename__ = "fair_plan_meetings"
    __table_args__: Any = (
        UniqueConstraint("plan_id", "slot_id", "table_id"),
        UniqueConstraint("plan_id", "first_id", "second_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    plan_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("fair_plans.id", ondelete="CASCADE")
    )
    first_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_REGISTRATION, ondelete="CASCADE"))
    second_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey(_REGISTRATION, ondelete="CASCADE")
    )
    slot_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("fair_slots.id"))
    table_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("fair_tables.id"))
    weight: Mapped[int] = mapped_column(Integer)
    is_pinned: Mapped[bool] = mapped_column(default=False)


class FairMeeting(Model):
    """A published meeting: planned → held; cancelled, no_show and superseded take no place.

    One live meeting for each slot and table, and (FairSeat) for each slot and participant's
    team, whatever happens at the same time. `checked_in` are the sides whose people are there.
    """

    __tablename__ = "fair_meetings"
    __table_args__: Any = (
        CheckConstraint(
            "state IN ('planned','held','no_show','cancelled','superseded')", name="state"
        ),
        Index(
            "uq_fair_meetings_table",
            "fair_id",
            "slot_id",
            "table_id",
            unique=True,
            sqlite_where=IS_LIVE,
            postgresql_where=IS_LIVE,
        ),
        Index(
            "uq_fair_meetings_pair",
            "fair_id",
            "first_id",
            "second_id",
            unique=True,
            sqlite_where=IS_LIVE,
            postgresql_where=IS_LIVE,
        ),
        Index(None, "fair_id", "id"),
        Index(None, "first_id"),
        Index(None, "second_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    fair_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_FAIR, ondelete="CASCADE"))
    first_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_REGISTRATION))
    second_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_REGISTRATION))
    slot_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("fair_slots.id"))
    table_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("fair_tables.id"))
    result_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    need_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    weight: Mapped[int] = mapped_column(Integer, default=0)
    is_pinned: Mapped[bool] = mapped_column(default=False)
    # Somebody cancelled it by hand: these two are not brought together again by themselves.
    is_refused: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default="planned")
    # Who did not come, of a no-show; why, of a cancelled one.
    absent: Mapped[list[str]] = mapped_column(Json, default=list)
    reason: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    changed_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(Integer)

    __mapper_args__ = {"version_id_col": version}


class FairSeat(Model):
    """The place of one side of a live meeting in its slot; gone with the meeting.

    `seat` counts the teams of a participant from 0.
    """

    __tablename__ = "fair_seats"

    fair_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey(_FAIR, ondelete="CASCADE"), primary_key=True
    )
    slot_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("fair_slots.id"), primary_key=True)
    registration_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey(_REGISTRATION), primary_key=True
    )
    seat: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    meeting_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("fair_meetings.id", ondelete="CASCADE"), index=True
    )


class FairOutcome(Model):
    """What one side says of a meeting; the other side does not see it."""

    __tablename__ = "fair_outcomes"
    __table_args__: Any = (
        UniqueConstraint("meeting_id", "registration_id"),
        CheckConstraint("answer IN ('again','intent','no')", name="answer"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    meeting_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("fair_meetings.id", ondelete="CASCADE")
    )
    registration_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_REGISTRATION), index=True)
    answer: Mapped[str] = mapped_column(String(8))
    note: Mapped[str] = mapped_column(Text, default="")
    given_by_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    given_at: Mapped[datetime] = mapped_column(UtcTime)


class FairCheckIn(Model):
    """When a delegate first came on a day of the fair, of all scans that were sent."""

    __tablename__ = "fair_check_ins"
    __table_args__: Any = (Index(None, "fair_id", "day", "registration_id"),)

    delegate_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("fair_delegates.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    fair_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey(_FAIR, ondelete="CASCADE"))
    registration_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey(_REGISTRATION, ondelete="CASCADE")
    )
    came_at: Mapped[datetime] = mapped_column(UtcTime)
    gate: Mapped[str] = mapped_column(String(60), default="")
    received_at: Mapped[datetime] = mapped_column(UtcTime)
