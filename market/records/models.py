"""What deals and statistics must know of fairs: the fairs write it, nobody else does."""

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Model, UtcTime, new_id


class FairRecord(Model):
    """A fair as others know it. `organisation_id` is its organizer."""

    __tablename__ = "fair_records"
    __table_args__: Any = (Index(None, "organisation_id"), Index(None, "series_id"))

    fair_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    series_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    organisation_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(200))
    begins_on: Mapped[date | None] = mapped_column(Date)


class FairFact(Model):
    """Something that happened at a fair, once for each subject.

    registered, checked_in: the subject is a registration of `organisation_id`. planned, held: it
    is a meeting of `organisation_id` with `other_organisation_id`.
    """

    __tablename__ = "fair_facts"
    __table_args__: Any = (
        UniqueConstraint("fair_id", "stage", "subject_id"),
        CheckConstraint("stage IN ('registered','checked_in','planned','held')", name="stage"),
        Index(None, "stage", "at"),
        Index(None, "fair_id", "organisation_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    fair_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("fair_records.fair_id", ondelete="CASCADE")
    )
    stage: Mapped[str] = mapped_column(String(10))
    subject_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    organisation_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("organisations.id"))
    other_organisation_id: Mapped[uuid.UUID | None] = mapped_column(
        Uuid, ForeignKey("organisations.id")
    )
    at: Mapped[datetime] = mapped_column(UtcTime)
