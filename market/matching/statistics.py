"""How common words are among all published listings of a kind, whatever engine finds them.

The score weighs a word by its rarity in the whole market, and a match looks at a few listings
only. So the words of all are counted now and then by a job; each process keeps the latest count.
"""

import asyncio
import uuid
import zlib
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database
from market.indexing.models import ListingWords
from market.listings.models import Listing
from market.matching.models import WordStatisticsRow
from search.coverage import TextCatalogue
from search.terms import SettledStatistics
from search.text import PIPELINE_VERSION

# So many words has a listing of the shipped sample; it counts until the first count is made.
_USUAL_WORDS = {"result": 118.0, "need": 59.0}
_LISTINGS_A_READ = 1_000
# Below this many documents the words of a single one are kept too: there are few, and their
# share in a weight still shows.
_SMALL_MARKET = 5_000
# A twentieth of the listings changed hardly moves any weight.
_CHANGED_SHARE = 0.05


class KindStatistics(msgspec.Struct, frozen=True):
    """One count of a kind; `counted_at` None before the first."""

    words: SettledStatistics
    average_words: float
    counted_at: datetime | None = None

    def catalogue(self) -> TextCatalogue:
        """An empty catalogue that weighs words by this count."""
        return TextCatalogue(self.words, average_length=self.average_words)


class Statistics:
    """The latest counts, kept by this process until a newer one is there."""

    def __init__(self) -> None:
        self._known = {
            kind: KindStatistics(SettledStatistics(), usual) for kind, usual in _USUAL_WORDS.items()
        }

    async def of(self, session: AsyncSession, kind: str) -> KindStatistics:
        """Costs one small query, unless the count is new."""
        counted_at = await _counted_at(session, kind)
        if counted_at is not None and counted_at != self._known[kind].counted_at:
            row = await session.get_one(WordStatisticsRow, kind)
            self._known[kind] = await asyncio.to_thread(_unpacked, row)
        return self._known[kind]


class WordCount(msgspec.Struct):
    """A count in the making."""

    documents: int = 0
    total_words: int = 0
    frequencies: Counter[str] = msgspec.field(default_factory=Counter)

    def add(self, texts: Iterable[str]) -> None:
        """Count documents, each given as its words joined by blanks."""
        for text in texts:
            found = text.split()
            self.documents += 1
            self.total_words += len(found)
            self.frequencies.update(set(found))

    def kept(self) -> dict[str, int]:
        """The counts worth keeping: half of all words stand in one document of a large market."""
        least = 1 if self.documents < _SMALL_MARKET else 2
        return {word: count for word, count in self.frequencies.items() if count >= least}


async def is_count_due(session: AsyncSession, kind: str) -> bool:
    """Whether more than a few listings changed since the last count."""
    row = await _head(session, kind)
    changed = select(func.count()).where(Listing.kind == kind)
    if row is None:
        changed = changed.where(Listing.status == "published")
    else:
        changed = changed.where(Listing.changed_at > row.counted_at)
    amount = await session.scalar(changed) or 0
    return amount > 0 and (row is None or amount >= _CHANGED_SHARE * row.documents)


async def count_words(database: Database, kind: str) -> WordCount:
    """Count the words of all published listings of a kind, a thousand at a time."""
    count, after = WordCount(), None
    while True:
        async with database.reading() as session:
            rows = await _words_after(session, kind, after)
        await asyncio.to_thread(count.add, [row.words for row in rows])
        if len(rows) < _LISTINGS_A_READ:
            return count
        after = rows[-1].listing_id


async def store_count(session: AsyncSession, kind: str, count: WordCount, now: datetime) -> int:
    """Put a count in place of the last one; how many documents that one had."""
    row = await _head(session, kind)
    packed = await asyncio.to_thread(_packed, count.kept())
    values = {
        "documents": count.documents,
        "total_words": count.total_words,
        "frequencies": packed,
        "counted_at": now,
    }
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    await session.execute(
        insert(WordStatisticsRow)
        .values(kind=kind, **values)
        .on_conflict_do_update(index_elements=["kind"], set_=values)
    )
    return row.documents if row else 0


async def _head(session: AsyncSession, kind: str) -> Row[int, datetime] | None:
    found = await session.execute(
        select(WordStatisticsRow.documents, WordStatisticsRow.counted_at).where(
            WordStatisticsRow.kind == kind
        )
    )
    return found.first()


async def _counted_at(session: AsyncSession, kind: str) -> datetime | None:
    row = await _head(session, kind)
    return row.counted_at if row else None


async def _words_after(
    session: AsyncSession, kind: str, after: uuid.UUID | None
) -> list[Row[uuid.UUID, str]]:
    wanted = (
        select(ListingWords.listing_id, ListingWords.words)
        .join(Listing, Listing.id == ListingWords.listing_id)
        .where(
            Listing.kind == kind,
            Listing.status == "published",
            ListingWords.pipeline_version == PIPELINE_VERSION,
        )
    )
    if after is not None:
        wanted = wanted.where(ListingWords.listing_id > after)
    found = await session.execute(wanted.order_by(ListingWords.listing_id).limit(_LISTINGS_A_READ))
    return list(found)


def _packed(frequencies: dict[str, int]) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(frequencies), level=6)


def _unpacked(row: WordStatisticsRow) -> KindStatistics:
    frequencies: Any = msgspec.msgpack.decode(zlib.decompress(row.frequencies), type=dict[str, int])
    return KindStatistics(
        words=SettledStatistics(row.documents, frequencies),
        average_words=(
            row.total_words / row.documents if row.total_words else _USUAL_WORDS[row.kind]
        ),
        counted_at=row.counted_at,
    )
