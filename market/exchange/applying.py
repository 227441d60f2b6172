"""An import that is carried out: listings made, overwritten and published, chunk by chunk."""

import asyncio
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.errors import Conflict
from market.exchange.import_files import ImportLine, unpacked
from market.exchange.import_rows import (
    APPLIED_ROWS,
    Stored,
    chunks,
    kind_of,
    row_counts,
    set_done,
    targets_of,
)
from market.exchange.import_work import Held, locked, open_import
from market.exchange.models import Import
from market.jobs import SOON
from market.listings.bulk import (
    Posting,
    create_listings,
    overwrite_listings,
    says_the_same,
    snapshot_of,
)
from market.listings.service import announce
from market.listings.states import last_day
from schemas.listings import Need, Result

# How often the rows of a chunk may lose to others who post the same.
_MOST_CONFLICTS = 3


class _Done(msgspec.Struct, frozen=True):
    """What became of a row."""

    action: str
    listing_id: uuid.UUID
    version_after: int | None = None
    before: Mapping[str, Any] | None = None
    was_draft: bool = True
    is_draft: bool = True
    is_published: bool = False


async def apply_import(
    database: Database, import_id: uuid.UUID, held: Held, *, listing_days: int
) -> None:
    """Do what the rows ask for, by what is stored now: that may differ from what the check saw.

    Each chunk is one transaction with its report, so a second run goes on where the first one
    was cut short. An organisation that is not verified (any more) gets drafts.
    """
    opened = await open_import(database, import_id, "applying")
    if opened is None:
        async with database.writing() as session:
            await held.finish(session)
        return
    told = opened.told
    rows = await asyncio.to_thread(unpacked, opened.content, kind_of(told))
    publishes = told.publishes and opened.organisation.verified_at is not None
    until = last_day(utc_now(), days=listing_days) if publishes else None
    for lines in chunks(rows, told.rows_done):
        await _apply_chunk(database, import_id, held, lines, until=until)
    async with database.writing() as session:
        await _end(session, await locked(session, import_id))
        await held.finish(session)


async def _apply_chunk(
    database: Database,
    import_id: uuid.UUID,
    held: Held,
    lines: Sequence[ImportLine],
    *,
    until: date | None,
) -> None:
    """Raises Conflict when others keep taking the references of these rows."""
    for attempt in range(_MOST_CONFLICTS + 1):
        try:
            async with database.writing() as session:
                await held.hold(session)
                told = await locked(session, import_id)
                await _Chunk(session, told, utc_now(), until).do(lines)
        except Conflict:
            # Someone posted one of the references a moment ago: now it is there to be updated.
            if attempt == _MOST_CONFLICTS:
                raise
        else:
            return


async def _end(session: AsyncSession, told: Import) -> None:
    told.counts = told.counts | await row_counts(session, told.id)
    told.rows_done = told.rows
    told.state = "applied"
    told.finished_at = utc_now()


class _Chunk:
    """Some rows of an import, in one unit of work."""

    def __init__(
        self, session: AsyncSession, told: Import, now: datetime, published_until: date | None
    ) -> None:
        self._session = session
        self._told = told
        self._posting = Posting(
            organisation_id=told.organisation_id,
            user_id=told.user_id,
            kind=kind_of(told),
            now=now,
            published_until=published_until,
        )

    async def do(self, lines: Sequence[ImportLine]) -> None:
        stored = await targets_of(self._session, self._told, [line.reference for line in lines])
        new = [line for line in lines if line.reference not in stored]
        known = [(line, stored[line.reference]) for line in lines if line.reference in stored]
        done = await self._create(new) | await self._overwrite(known)
        await set_done(
            self._session, self._told.id, [_report(line, done[line.line]) for line in lines]
        )
        await self._announce(done.values())
        self._count(done.values(), len(lines))

    async def _create(self, lines: Sequence[ImportLine]) -> dict[int, _Done]:
        said = [msgspec.structs.replace(line.listing, id=line.reference) for line in lines]
        stored = await create_listings(self._session, self._posting, said)
        return {
            line.line: _Done(
                "create",
                each.id,
                version_after=1,
                is_draft=not each.is_published,
                is_published=each.is_published,
            )
            for line, each in zip(lines, stored, strict=True)
        }

    async def _overwrite(self, pairs: Sequence[tuple[ImportLine, Stored]]) -> dict[int, _Done]:
        said = [(listing, line.listing) for line, listing in pairs]
        may_change = [pair for pair in said if self._may_change(*pair)]
        before = {listing.id: snapshot_of(listing) for listing, _ in may_change}
        stored = await overwrite_listings(self._session, self._posting, may_change)
        changed = {each.id for each in stored}
        return {
            line.line: _of_stored(listing, before[listing.id] if listing.id in changed else None)
            for line, listing in pairs
        }

    def _may_change(self, listing: Stored, said: Result | Need) -> bool:
        """Most rows of a second import change nothing, and need no copy of what was there."""
        could_go_out = self._posting.published_until is not None and listing.status == "draft"
        return could_go_out or not says_the_same(listing, said)

    async def _announce(self, done: Collection[_Done]) -> None:
        ids = [each.listing_id for each in done if each.is_published]
        await announce(self._session, self._posting.kind, ids, priority=SOON)

    def _count(self, done: Collection[_Done], lines: int) -> None:
        counts = dict(self._told.counts)
        counts[APPLIED_ROWS] = counts.get(APPLIED_ROWS, 0) + lines
        if self._told.publishes:
            drafts = [each for each in done if each.was_draft]
            left = sum(each.is_draft for each in drafts)
            counts["left_draft"] += left
            counts["published"] += len(drafts) - left
        self._told.counts = counts
        self._told.rows_done += lines


def _of_stored(listing: Stored, before: Mapping[str, Any] | None) -> _Done:
    """`before` is what was stored, if the row changed it."""
    is_draft = listing.status == "draft"
    if before is None:
        return _Done("unchanged", listing.id, was_draft=is_draft, is_draft=is_draft)
    return _Done(
        "update",
        listing.id,
        version_after=listing.version,
        before=before,
        was_draft=before["status"] == "draft",
        is_draft=is_draft,
        is_published=listing.status == "published",
    )


def _report(line: ImportLine, done: _Done) -> dict[str, Any]:
    return {
        "row_line": line.line,
        "action": done.action,
        "listing_id": done.listing_id,
        "before": done.before,
        "version_after": done.version_after,
    }
