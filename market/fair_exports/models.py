"""Exports of fairs: what was ordered, and the file once it is there."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Json, Model, UtcTime, new_id


class FairExport(Model):
    """Files of a fair as its organizer ordered them; the times are told in schemas/fair_exports.

    queued → running → done, failed with `problem` in both languages.
    """

    __tablename__ = "fair_exports"
    __table_args__: Any = (
        CheckConstraint("state IN ('queued','running','done','failed')", name="state"),
        Index(None, "fair_id", "id"),
        Index(None, "expires_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    fair_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("fairs.id", ondelete="CASCADE"))
    ordered_by_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    content: Mapped[str] = mapped_column(String(12))
    format: Mapped[str] = mapped_column(String(5))
    lang: Mapped[str] = mapped_column(String(2))
    encoding: Mapped[str] = mapped_column(String(9))
    plan_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    file_name: Mapped[str] = mapped_column(String(250))
    state: Mapped[str] = mapped_column(String(7))
    progress: Mapped[int] = mapped_column(SmallInteger, default=0)
    size_bytes: Mapped[int | None] = mapped_column(Integer)
    sha256: Mapped[str | None] = mapped_column(String(64))
    problem: Mapped[dict[str, str] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)


class FairExportFile(Model):
    """The bytes, apart so that lists of exports don't read them."""

    __tablename__ = "fair_export_files"

    export_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("fair_exports.id", ondelete="CASCADE"), primary_key=True
    )
    content: Mapped[bytes] = mapped_column(LargeBinary)
