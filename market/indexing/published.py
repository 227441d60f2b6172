"""The published listings of the database, in the order of their ids, bit by bit."""

import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from sqlalchemy import Result, Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database
from market.indexing.listed_documents import public_document
from market.listings.models import Listing
from market.listings.plain import PLAIN
from search.documents import SearchDocument

LISTINGS_A_BATCH = 1_000
_VERSIONS_A_BATCH = 5_000


def unheard(_done: int) -> None:
    """Progress that nobody wants to hear of."""


async def published_documents(
    database: Database, kind: str, progress: Callable[[int], None] = unheard
) -> AsyncIterator[list[SearchDocument]]:
    """What the index of a kind must hold. Each batch is of one state of the database."""
    after, done = uuid.UUID(int=0), 0
    while batch := await _listings_after(database, kind, after):
        after = batch[-1].id
        yield list(map(public_document, batch))
        done += len(batch)
        progress(done)


async def _listings_after(database: Database, kind: str, after: uuid.UUID) -> Sequence[Row[Any]]:
    async with database.reading() as session:
        rows: Result[Any] = await session.execute(
            PLAIN[kind]
            # By columns of the common table, so that its index of published ones serves.
            .where(Listing.kind == kind, Listing.status == "published", Listing.id > after)
            .order_by(Listing.id)
            .limit(LISTINGS_A_BATCH)
        )
        return rows.all()


async def published_versions(session: AsyncSession, kind: str) -> AsyncIterator[dict[str, int]]:
    """Ids and versions of what the index of a kind must hold."""
    after = uuid.UUID(int=0)
    wanted = select(Listing.id, Listing.version).where(
        Listing.kind == kind, Listing.status == "published"
    )
    while True:
        following = wanted.where(Listing.id > after).order_by(Listing.id).limit(_VERSIONS_A_BATCH)
        rows = (await session.execute(following)).all()
        if not rows:
            return
        yield {str(row.id): row.version for row in rows}
        after = rows[-1].id
