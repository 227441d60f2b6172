"""What the worker does for exports of fairs."""

import uuid
from collections.abc import Sequence

from market.db import Database, utc_now
from market.exchange.import_work import Held
from market.fair_exports.service import MAKE, PRUNE, prune_exports
from market.fair_exports.work import GIVEN_UP, fail_export, make_export
from market.jobs import ClaimedJob, JobKind, finish
from market.settings import Settings

# What takes its worker down does so a few times, not for hours.
_MOST_ATTEMPTS = 3


def job_kinds(settings: Settings, database: Database) -> dict[str, JobKind]:
    async def make(jobs: Sequence[ClaimedJob]) -> None:
        for job in jobs:
            held = Held(job, settings.worker_lease_s)
            export_id = uuid.UUID(job.payload["export_id"])
            if job.attempts > _MOST_ATTEMPTS:
                await fail_export(database, export_id, GIVEN_UP, held)
            else:
                await make_export(database, export_id, held)

    async def prune(jobs: Sequence[ClaimedJob]) -> None:
        dropped = 1
        while dropped:
            async with database.writing() as session:
                dropped = await prune_exports(session, utc_now())
                if not dropped:
                    await finish(session, jobs)

    return {MAKE: JobKind(make), PRUNE: JobKind(prune)}
