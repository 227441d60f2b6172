"""What indexing remembers: of a listing, and of who writes an index on a server."""

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Model, UtcTime


class ListingWords(Model):
    """The words of a listing as the score counts them (search.documents.document_words).

    Cut once when the listing is indexed, joined by blanks; `pipeline_version` tells whether the
    cut is still the present one.
    """

    __tablename__ = "listing_words"

    listing_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("listings.id", ondelete="CASCADE"), primary_key=True
    )
    listing_version: Mapped[int] = mapped_column(Integer)
    pipeline_version: Mapped[int] = mapped_column(Integer)
    words: Mapped[str] = mapped_column(Text)


class IndexWriter(Model):
    """The one process that may write the indexes of a name, until its time is over."""

    __tablename__ = "index_writers"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    holder: Mapped[uuid.UUID] = mapped_column(Uuid)
    until: Mapped[datetime] = mapped_column(UtcTime)
