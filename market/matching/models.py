"""Matches and what people said of them; what matching remembers of texts; synonyms."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from market.db import Json, Model, UtcTime, new_id


class MatchRow(Model):
    """A scored pair of a result and a need, as far as either is among the other's best.

    `for_result`: the need is among the best of the result; `for_need` the other way round. The
    versions are those of the listings that were scored. `explanation` holds both sides' parts,
    the reasons in both languages and the words that they name. A closed match has a side that is
    not published; it is among nobody's best, keeps its feedback and opens again with the listing.
    """

    __tablename__ = "matches"
    __table_args__ = (
        UniqueConstraint("result_id", "need_id"),
        CheckConstraint("state IN ('open','closed')", name="state"),
        Index(None, "need_id", "score"),
        Index(None, "result_id", "score"),
        # Whether a new pair is better than the last one that a side keeps.
        Index(None, "need_id", "for_need", "score"),
        Index(None, "result_id", "for_result", "score"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    result_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("results.id", ondelete="CASCADE"))
    need_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("needs.id", ondelete="CASCADE"))
    score: Mapped[float] = mapped_column(Float)
    explanation: Mapped[dict[str, Any]] = mapped_column(Json)
    for_result: Mapped[bool] = mapped_column()
    for_need: Mapped[bool] = mapped_column()
    result_version: Mapped[int] = mapped_column(Integer)
    need_version: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(8), default="open")
    found_at: Mapped[datetime] = mapped_column(UtcTime)
    scored_at: Mapped[datetime] = mapped_column(UtcTime)


class MatchFeedback(Model):
    """What one organisation said of a match: saved it, or declined it for a coded reason."""

    __tablename__ = "match_feedback"
    __table_args__ = (
        UniqueConstraint("match_id", "organisation_id"),
        CheckConstraint("verdict IN ('saved','declined')", name="verdict"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    match_id: Mapped[uuid.UUID] = mapped_column(Uuid, ForeignKey("matches.id", ondelete="CASCADE"))
    organisation_id: Mapped[uuid.UUID] = mapped_column(
        Uuid, ForeignKey("organisations.id"), index=True
    )
    user_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    verdict: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str | None] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(Text, default="")
    given_at: Mapped[datetime] = mapped_column(UtcTime)


class WordStatisticsRow(Model):
    """How common words are among the published listings of a kind: the latest count of all."""

    __tablename__ = "word_statistics"

    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    documents: Mapped[int] = mapped_column(Integer)
    total_words: Mapped[int] = mapped_column(Integer)
    # zlib-compressed MessagePack of {word: number of documents that hold it}, rare words left out.
    frequencies: Mapped[bytes] = mapped_column(LargeBinary)
    counted_at: Mapped[datetime] = mapped_column(UtcTime)


class SynonymRow(Model):
    """A line of synonyms that administrators added to the shipped ones, in the same notation."""

    __tablename__ = "synonyms"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=new_id)
    line: Mapped[str] = mapped_column(String(500), unique=True)
    note: Mapped[str] = mapped_column(String(500), default="")
    created_by_id: Mapped[uuid.UUID] = mapped_column(Uuid)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
