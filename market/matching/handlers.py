"""What the worker does for matching."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.indexing.engines import KINDS, Indexes
from market.jobs import (
    APPLY_IMPORT,
    CHECK_IMPORT,
    INDEX,
    LATER,
    REMATCH,
    UNDO_IMPORT,
    ClaimedJob,
    JobKind,
    enqueue_all,
    finish,
)
from market.listings.queries import published_after
from market.matching.rematching import LISTINGS_AT_ONCE, Rematching
from market.matching.statistics import count_words, is_count_due, store_count
from market.settings import Settings

# {"kind"}: count the words of a kind again, or of both without a kind; when it is due.
COUNT_WORDS = "matching.count_words"

# Few, so that an urgent job does not wait for many that are not.
_JOBS_TOGETHER = 4
_IDS_A_JOB = LISTINGS_AT_ONCE
# Matching what an import brings would take turns with the import, and most of the machine.
_BULK_WORK = frozenset({INDEX, CHECK_IMPORT, APPLY_IMPORT, UNDO_IMPORT})
_IDS_A_READ = 1_000
# Weights have moved so much that the scores of all pairs are worth a new look.
_GROWTH_WORTH_A_REMATCH = 2


def job_kinds(
    settings: Settings,  # noqa: ARG001 - every area's handlers are made alike.
    database: Database,
    indexes: Indexes,
) -> dict[str, JobKind]:
    return {
        REMATCH: JobKind(
            Rematching(database, indexes).handle,
            batch=_JOBS_TOGETHER,
            patient_batch=1,
            at_once=2,
            patient_at_once=1,
            yields_to=_BULK_WORK,
        ),
        COUNT_WORDS: JobKind(partial(_count_words, database)),
    }


async def _count_words(database: Database, jobs: Sequence[ClaimedJob]) -> None:
    asked = {job.payload.get("kind") for job in jobs}
    for kind in KINDS:
        if kind in asked or None in asked:
            await _count_if_due(database, kind)
    async with database.writing() as session:
        await finish(session, jobs)


async def _count_if_due(database: Database, kind: str) -> None:
    now = utc_now()
    async with database.reading() as session:
        is_due = await is_count_due(session, kind)
    if not is_due:
        return
    count = await count_words(database, kind)
    async with database.writing() as session:
        before = await store_count(session, kind, count, now)
        if kind == "result" and count.documents >= _GROWTH_WORTH_A_REMATCH * before:
            await _rematch_all_needs(session)


async def _rematch_all_needs(session: AsyncSession) -> None:
    """Scores weigh words by the results' count; a need's rematch scores all its pairs."""
    after = None
    while ids := await published_after(session, "need", after, limit=_IDS_A_READ):
        texts = list(map(str, ids))
        payloads = [
            {"kind": "need", "ids": texts[start : start + _IDS_A_JOB]}
            for start in range(0, len(texts), _IDS_A_JOB)
        ]
        await enqueue_all(session, REMATCH, payloads, priority=LATER)
        after = ids[-1]
