"""Imports of spreadsheets: the file, what would happen, what happened, and the way back."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Json, Model, UtcTime, new_id


class Import(Model):
    """One file of results or needs on its way into the marketplace.

    checking → checked → applying → applied → undoing → undone; failed from each of the running
    ones, with `problem` in both languages. `publishes` asks to publish what can be published.
    """

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint("kind IN ('result','need')", name="kind"),
        CheckConstraint(
            "state IN ('checking','checked','applying','applied','undoing','undone','failed')",
            name="state",
        ),
        Index(None, "organisation_id", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    organisation_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("organisations.id"))
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(String(8))
    file_name: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(10))
    publishes: Mapped[bool] = mapped_column(default=False)
    rows: Mapped[int] = mapped_column(Integer, default=0)
    rows_done: Mapped[int] = mapped_column(Integer, default=0)
    # {"created": n, "updated": n, "unchanged": n, "refused": n, "published": n, …}
    counts: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    problem: Mapped[dict[str, str] | None] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcTime)


class ImportFile(Model):
    """The bytes of an import's file, apart so that lists of imports don't read them.

    Once the file is checked they are its rows as they were read (import_files.packed).
    """

    __tablename__ = "import_files"

    import_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True
    )
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ImportRow(Model):
    """One row of an import: what it does to which listing, or why it is refused.

    `before` is the listing as it was before an update, `version_after` the version that the
    import left: an undo gives back `before` only while the listing still has that version.
    """

    __tablename__ = "import_rows"
    __table_args__ = (UniqueConstraint("import_id", "line", "place"),)

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    import_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("imports.id", ondelete="CASCADE"))
    line: Mapped[int] = mapped_column(Integer)
    # Several things may be told of one line of the file.
    place: Mapped[int] = mapped_column(Integer, default=0)
    reference: Mapped[str] = mapped_column(String(200), default="")
    # create, update, unchanged, refused, warning
    action: Mapped[str] = mapped_column(String(10))
    listing_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    version_after: Mapped[int | None] = mapped_column(Integer)
    problem: Mapped[dict[str, Any] | None] = mapped_column(Json)
    # What an undo did: restored, withdrawn, kept
    undone: Mapped[str | None] = mapped_column(String(10))
