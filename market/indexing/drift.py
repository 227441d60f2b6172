"""How far an index is from the database, and the way back."""

from collections.abc import Iterable

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database
from market.indexing.models import ListingWords
from market.indexing.published import published_versions
from market.indexing.sync import index_again
from market.jobs import INDEX, Job
from market.listings.models import Listing
from search.port import SearchEngine
from search.text import PIPELINE_VERSION


class Drift(msgspec.Struct, frozen=True):
    """Ids of listings about which index and database disagree.

    `missing` are published and not in the index, `stale` there in another version, `surplus`
    there and not published; `uncut` have no words of their present version in the database.
    """

    missing: frozenset[str] = frozenset()
    stale: frozenset[str] = frozenset()
    surplus: frozenset[str] = frozenset()
    uncut: frozenset[str] = frozenset()

    @property
    def ids(self) -> frozenset[str]:
        return self.missing | self.stale | self.surplus | self.uncut

    def __and__(self, other: "Drift") -> "Drift":
        return Drift(
            self.missing & other.missing,
            self.stale & other.stale,
            self.surplus & other.surplus,
            self.uncut & other.uncut,
        )


async def compare(database: Database, engine: SearchEngine, kind: str) -> Drift:
    """What is wrong and will not mend by itself: listings with an index job ahead don't count.

    Index and database can't be read at one moment, so only what two looks in a row find is told.
    """
    first = await _look(database, engine, kind)
    if not first.ids:
        return first
    return first & await _look(database, engine, kind)


async def repair(database: Database, kind: str, drift: Drift) -> int:
    """Enqueue index jobs for all that drifted; how many listings that are."""
    async with database.writing() as session:
        await index_again(session, kind, drift.ids)
    return len(drift.ids)


async def _look(database: Database, engine: SearchEngine, kind: str) -> Drift:
    indexed = await engine.versions()
    missing: set[str] = set()
    stale: set[str] = set()
    async with database.reading() as session:
        ahead = await _ids_with_a_job(session, kind)
        uncut = await _ids_without_words(session, kind)
        async for versions in published_versions(session, kind):
            for listing_id, version in versions.items():
                held = indexed.pop(listing_id, None)
                if held is None:
                    missing.add(listing_id)
                elif held != version:
                    stale.add(listing_id)
    return Drift(*(frozenset(ids) - ahead for ids in (missing, stale, set(indexed), uncut)))


async def _ids_with_a_job(session: AsyncSession, kind: str) -> set[str]:
    payloads = await session.scalars(
        select(Job.payload).where(Job.kind == INDEX, Job.state.in_(("queued", "running")))
    )
    return {
        listing_id
        for payload in payloads
        if payload["kind"] == kind
        for listing_id in payload["ids"]
    }


async def _ids_without_words(session: AsyncSession, kind: str) -> set[str]:
    ids: Iterable[object] = await session.scalars(
        select(Listing.id)
        .outerjoin(ListingWords, ListingWords.listing_id == Listing.id)
        .where(
            Listing.kind == kind,
            Listing.status == "published",
            or_(
                ListingWords.listing_id.is_(None),
                ListingWords.listing_version != Listing.version,
                ListingWords.pipeline_version != PIPELINE_VERSION,
            ),
        )
    )
    return set(map(str, ids))
