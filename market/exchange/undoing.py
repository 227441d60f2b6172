"""The way back from an import: what it did is undone, as far as nobody changed it since."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.exchange.import_rows import CHUNK, Stored, kind_of, row_counts
from market.exchange.import_work import Held, locked
from market.exchange.models import Import, ImportRow
from market.jobs import SOON
from market.listings.bulk import restore
from market.listings.queries import TABLES
from market.listings.service import announce
from market.listings.states import may_be_deleted, move
from schemas.imports import RowUndone


async def undo_import(database: Database, import_id: uuid.UUID, held: Held) -> None:
    """Undo what an import did, and write down for each row what became of it.

    Drafts that it made are deleted and published ones withdrawn; updated listings are as before.
    What was changed since is kept. Each chunk is one transaction: a second run goes on where the
    first one was cut short.
    """
    while True:
        async with database.writing() as session:
            await held.hold(session)
            told = await locked(session, import_id)
            if told.state != "undoing":
                await held.finish(session)
                return
            rows = await _next_rows(session, import_id)
            if not rows:
                await _end(session, told)
                await held.finish(session)
                return
            await _undo(session, told, rows)


async def _next_rows(session: AsyncSession, import_id: uuid.UUID) -> Sequence[ImportRow]:
    """The last of the rows that did something: of two that met in one listing the later first."""
    found = await session.scalars(
        select(ImportRow)
        .where(
            ImportRow.import_id == import_id,
            ImportRow.version_after.is_not(None),
            ImportRow.undone.is_(None),
        )
        .order_by(ImportRow.line.desc())
        .limit(CHUNK)
    )
    return found.all()


async def _undo(session: AsyncSession, told: Import, rows: Sequence[ImportRow]) -> None:
    kind = kind_of(told)
    table: Any = TABLES[kind]
    found = await session.scalars(
        select(table)
        .where(table.id.in_([row.listing_id for row in rows]))
        .order_by(table.id)
        .with_for_update()
    )
    listings: dict[uuid.UUID | None, Stored] = {listing.id: listing for listing in found}
    now, changed = utc_now(), []
    for row in rows:
        listing = listings.get(row.listing_id)
        was_public = listing is not None and listing.status == "published"
        row.undone = await _undo_row(session, row, listing, now)
        if listing is not None and (was_public or listing.status == "published"):
            changed.append(listing.id)
    await session.flush()
    await announce(session, kind, changed, priority=SOON)
    told.rows_done += len(rows)


async def _undo_row(
    session: AsyncSession, row: ImportRow, listing: Stored | None, now: datetime
) -> RowUndone:
    if listing is None:
        return "gone"
    if listing.version != row.version_after:
        return "kept"
    if row.before is not None:
        await restore(session, listing, row.before, now)
        return "restored"
    if may_be_deleted(listing):
        await session.delete(listing)
        return "deleted"
    move(listing, "withdraw", now, expires_on=now.date())
    return "withdrawn"


async def _end(session: AsyncSession, told: Import) -> None:
    told.counts = told.counts | await row_counts(session, told.id)
    told.rows_done = told.rows
    told.state = "undone"
    told.finished_at = utc_now()
