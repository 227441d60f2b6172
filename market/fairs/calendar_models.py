"""Links to calendars of fairs."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Model, UtcTime


class CalendarLink(Model):
    """The link to one person's calendar of the fairs of their organisation.

    Of its token only the hash is kept. It is good while they are of that organisation.
    """

    __tablename__ = "fair_calendar_links"

    user_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    organisation_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("organisations.id"))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
