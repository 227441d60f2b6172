"""What the worker does for the indexes."""

import uuid
from collections.abc import Sequence
from functools import partial

from market.db import Database
from market.indexing.drift import compare, repair
from market.indexing.engines import KINDS, RECONCILE, Indexes
from market.indexing.published import published_documents
from market.indexing.sync import index_organisation, sync_listings
from market.jobs import INDEX, INDEX_ORGANISATION, ClaimedJob, JobKind, finish
from market.settings import Settings

# {"kind"}: make an index anew, or both without a kind.
REBUILD = "index.rebuild"

_INDEX_JOBS_AT_ONCE = 50
# A write of a server costs half a second and more, whether of one document or of a thousand.
_REMOTE_INDEX_JOBS_AT_ONCE = 1_000
# Those of imports name a thousand listings each.
_PATIENT_JOBS_AT_ONCE = 2


def job_kinds(
    settings: Settings,
    database: Database,
    indexes: Indexes,
) -> dict[str, JobKind]:
    """The jobs that write an index are possible where this process may write it."""

    def may_write() -> bool:
        return indexes.can_write

    return {
        INDEX: JobKind(
            partial(sync_listings, database, indexes),
            batch=_REMOTE_INDEX_JOBS_AT_ONCE if settings.search_url else _INDEX_JOBS_AT_ONCE,
            patient_batch=_PATIENT_JOBS_AT_ONCE,
            # One reads rows and stores words while the other's documents are being written.
            patient_at_once=2,
            at_once=3,
            is_possible=may_write,
        ),
        RECONCILE: JobKind(partial(_reconcile, database, indexes), is_possible=may_write),
        REBUILD: JobKind(partial(_rebuild, database, indexes), is_possible=may_write),
        INDEX_ORGANISATION: JobKind(partial(_index_organisations, database)),
    }


async def _reconcile(database: Database, indexes: Indexes, jobs: Sequence[ClaimedJob]) -> None:
    for kind in KINDS:
        for engine in indexes.copies_of(kind):
            drift = await compare(database, engine, kind)
            if drift.ids:
                await repair(database, kind, drift)
    async with database.writing() as session:
        await finish(session, jobs)


async def _rebuild(database: Database, indexes: Indexes, jobs: Sequence[ClaimedJob]) -> None:
    asked = {job.payload.get("kind") for job in jobs}
    for kind in KINDS:
        if kind in asked or None in asked:
            await indexes.rebuild(kind, published_documents(database, kind))
    async with database.writing() as session:
        await finish(session, jobs)


async def _index_organisations(database: Database, jobs: Sequence[ClaimedJob]) -> None:
    async with database.writing() as session:
        for job in jobs:
            await index_organisation(session, uuid.UUID(job.payload["id"]), KINDS)
        await finish(session, jobs)
