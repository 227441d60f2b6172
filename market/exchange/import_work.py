"""What the jobs of imports have in common: their hold on the job, the import, how it fails."""

import uuid
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.db import Database
from market.errors import FileRefused
from market.exchange.models import Import, ImportFile
from market.exchange.problems import RefusedFile
from market.jobs import ClaimedJob, LeaseLost, extend, finish


class Held(msgspec.Struct, frozen=True):
    """A claimed job, held for as long as its work goes on."""

    job: ClaimedJob
    lease_s: float

    async def hold(self, session: AsyncSession) -> None:
        """In each unit of work: nothing of it counts once another worker has the job."""
        if not await extend(session, [self.job], lease_s=self.lease_s):
            raise LeaseLost

    async def finish(self, session: AsyncSession) -> None:
        await finish(session, [self.job])


class Opened(msgspec.Struct, frozen=True):
    """An import with its file, as it is when its job begins."""

    told: Import
    organisation: Organisation
    content: bytes


async def open_import(database: Database, import_id: uuid.UUID, state: str) -> Opened | None:
    """The import, if it still is in this state; None for a job that comes late or twice."""
    async with database.reading() as session:
        found = (
            await session.execute(
                select(Import, Organisation, ImportFile.content)
                .join(Organisation, Organisation.id == Import.organisation_id)
                .join(ImportFile, ImportFile.import_id == Import.id)
                .where(Import.id == import_id, Import.state == state)
            )
        ).first()
    return None if found is None else Opened(*found)


async def find_locked(session: AsyncSession, import_id: uuid.UUID) -> Import | None:
    """The import for a change in this unit of work; None when it was dropped meanwhile."""
    return await session.get(Import, import_id, with_for_update=True)


async def locked(session: AsyncSession, import_id: uuid.UUID) -> Import:
    """The import itself, for a change in this unit of work."""
    found: Import = await session.get_one(Import, import_id, with_for_update=True)
    return found


def fail_import(told: Import, problem: dict[str, str], now: datetime) -> None:
    """End an import that can't go on; what it did to listings before stays done."""
    told.state = "failed"
    told.problem = problem
    told.finished_at = now


def problem_of_file(refusal: FileRefused) -> dict[str, str]:
    if isinstance(refusal, RefusedFile):
        return {"zh": refusal.zh, "en": refusal.en}
    return {"zh": refusal.reason, "en": refusal.reason}
