"""The jobs of imports."""

import uuid
from collections.abc import Awaitable, Callable, Sequence

from market.db import Database, utc_now
from market.exchange.applying import apply_import
from market.exchange.checking import check_import
from market.exchange.import_work import Held, fail_import, find_locked
from market.exchange.service import GIVEN_UP, prune_imports
from market.exchange.undoing import undo_import
from market.indexing.engines import Indexes
from market.jobs import APPLY_IMPORT, CHECK_IMPORT, UNDO_IMPORT, ClaimedJob, JobKind, finish
from market.settings import Settings

PRUNE = "imports.prune"
# A file that takes its worker down does so a few times, not for hours.
_MOST_ATTEMPTS = 3

_Step = Callable[[uuid.UUID, Held], Awaitable[None]]


def job_kinds(settings: Settings, database: Database, indexes: Indexes) -> dict[str, JobKind]:  # noqa: ARG001 - as every area
    """As import_kinds, and imports.prune {}."""

    async def prune(jobs: Sequence[ClaimedJob]) -> None:
        async with database.writing() as session:
            await prune_imports(session, utc_now())
            await finish(session, jobs)

    return {**import_kinds(settings, database), PRUNE: JobKind(prune)}


def import_kinds(settings: Settings, database: Database) -> dict[str, JobKind]:
    """imports.check, imports.apply, imports.undo {"import_id"}: one's way through an import."""

    async def apply(import_id: uuid.UUID, held: Held) -> None:
        await apply_import(database, import_id, held, listing_days=settings.listing_days)

    def kind_of(step: _Step) -> JobKind:
        async def handle(jobs: Sequence[ClaimedJob]) -> None:
            for job in jobs:
                held = Held(job, settings.worker_lease_s)
                import_id = uuid.UUID(job.payload["import_id"])
                if job.attempts > _MOST_ATTEMPTS:
                    await _give_up(database, import_id, held)
                else:
                    await step(import_id, held)

        return JobKind(handle)

    return {
        CHECK_IMPORT: kind_of(lambda import_id, held: check_import(database, import_id, held)),
        APPLY_IMPORT: kind_of(apply),
        UNDO_IMPORT: kind_of(lambda import_id, held: undo_import(database, import_id, held)),
    }


async def _give_up(database: Database, import_id: uuid.UUID, held: Held) -> None:
    """Tell the owner, instead of leaving the import where it stands for ever."""
    async with database.writing() as session:
        told = await find_locked(session, import_id)
        if told is not None and told.state in {"checking", "applying", "undoing"}:
            fail_import(told, GIVEN_UP, utc_now())
        await held.finish(session)
