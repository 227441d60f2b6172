"""Compares what was acknowledged with what is there, once everything is at rest."""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from market.db import Database
from market.indexing.drift import compare
from market.indexing.engines import Indexes
from market.jobs import Job
from market.listings.models import Listing
from market.matching.models import MatchFeedback, MatchRow
from tests.hard.writers import Held, Writer

_POLL_S = 0.2


async def wait_for_rest(database: Database, *, limit_s: float) -> None:
    """Wait until no job is queued or running. Raises TimeoutError telling which are left."""
    left: dict[str, int] = {}
    try:
        async with asyncio.timeout(limit_s):
            # The jobs are done in other processes: there is nothing here to wait for but time.
            while left := await jobs_by(database, Job.kind, ("queued", "running")):  # noqa: ASYNC110
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise TimeoutError(f"Jobs are left after {limit_s} s: {left}") from None


async def jobs_by(database: Database, column: Any, states: Collection[str]) -> dict[str, int]:
    async with database.reading() as session:
        counted = await session.execute(
            select(column, func.count()).where(Job.state.in_(states)).group_by(column)
        )
        return {row[0]: row[1] for row in counted}


async def faults_left(database: Database, indexes: Indexes, writers: Iterable[Writer]) -> list[str]:
    """Each broken promise as a sentence: lost, doubled, dead, drifted, mismatched."""
    writers = list(writers)
    stored = await _stored(database)
    faults = [fault for writer in writers for fault in writer.faults]
    faults += [fault for writer in writers for fault in _lost(writer, stored)]
    faults += _doubled(stored, {title for writer in writers for title in writer.titles})
    faults += await _feedback_lost(database, writers)
    faults += await _not_done(database)
    faults += await _drifted(database, indexes)
    return faults + await _mismatched(database)


class _Row:
    def __init__(self, row: Any) -> None:
        self.id, self.title, self.status, self.version = row


async def _stored(database: Database) -> list[_Row]:
    async with database.reading() as session:
        rows = await session.execute(
            select(Listing.id, Listing.title, Listing.status, Listing.version)
        )
        return [_Row(row) for row in rows]


def _lost(writer: Writer, stored: list[_Row]) -> Iterator[str]:
    by_id = {str(row.id): row for row in stored}
    for held in writer.held.values():
        row = by_id.get(held.id)
        if row is None:
            yield f"{held} is gone"
        elif not _is_as_acknowledged(held, row):
            yield f"{held} is {row.title}, {row.status}, version {row.version}"
    titles = {row.title for row in stored}
    yield from (f"{title} was imported and is gone" for title in writer.imported - titles)


def _is_as_acknowledged(held: Held, row: _Row) -> bool:
    """Writes that were never answered may have happened, and nothing else."""
    if held.unanswered:
        return bool(held.version <= row.version <= held.version + held.unanswered)
    return (held.title, held.status, held.version) == (row.title, row.status, row.version)


def _doubled(stored: list[_Row], sent: set[str]) -> Iterator[str]:
    for title, count in Counter(row.title for row in stored).items():
        if count > 1:
            yield f"{title} is there {count} times"
        if title not in sent:
            yield f"{title} was never sent"


async def _feedback_lost(database: Database, writers: list[Writer]) -> list[str]:
    async with database.reading() as session:
        rows = await session.execute(select(MatchFeedback.match_id, MatchFeedback.text))
        stored = {(str(match_id), text) for match_id, text in rows}
    return [
        f"The verdict {text} on match {match_id} is gone"
        for writer in writers
        for match_id, text in writer.feedback.items()
        if (match_id, text) not in stored
    ]


async def _not_done(database: Database) -> list[str]:
    left = await jobs_by(database, Job.kind, ("queued", "running", "dead"))
    async with database.reading() as session:
        errors = set(await session.scalars(select(Job.error).where(Job.state == "dead")))
    return [f"{count} jobs {kind} are not done: {errors}" for kind, count in left.items()]


async def _drifted(database: Database, indexes: Indexes) -> list[str]:
    faults: list[str] = []
    for kind in ("result", "need"):
        drift = await compare(database, indexes.of(kind), kind)
        if drift.ids:
            faults.append(f"The index of {kind}s drifted: {drift}")
    return faults


async def _mismatched(database: Database) -> list[str]:
    """An open match is of two published listings as they are now; a closed one is not."""
    result, need = aliased(Listing.__table__), aliased(Listing.__table__)
    async with database.reading() as session:
        rows = await session.execute(
            select(
                MatchRow.id,
                MatchRow.state,
                MatchRow.result_version,
                MatchRow.need_version,
                result.c.version,
                need.c.version,
                result.c.status,
                need.c.status,
            )
            .join(result, result.c.id == MatchRow.result_id)
            .join(need, need.c.id == MatchRow.need_id)
        )
        return [f"A match is not of its listings: {row}" for row in rows if not _fits(*row[1:])]


def _fits(state: str, *facts: Any) -> bool:
    matched, present, statuses = facts[:2], facts[2:4], facts[4:]
    is_open = set(statuses) == {"published"}
    return state == ("open" if is_open else "closed") and (not is_open or matched == present)
