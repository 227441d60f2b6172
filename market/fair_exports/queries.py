"""Reads of exports, for the organizer of their fair."""

import uuid

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.errors import NotFound
from market.fair_exports.models import FairExport, FairExportFile
from market.fairs.meeting_models import FairPair

Id = uuid.UUID


async def exports_page(
    session: AsyncSession, fair_id: Id, *, before: Id | None, limit: int
) -> list[FairExport]:
    """The exports of a fair, the newest first."""
    wanted = select(FairExport).where(FairExport.fair_id == fair_id)
    if before is not None:
        wanted = wanted.where(FairExport.id < before)
    return list(await session.scalars(wanted.order_by(FairExport.id.desc()).limit(limit)))


async def export_of(session: AsyncSession, fair_id: Id, export_id: Id | None) -> FairExport:
    """Raises NotFound."""
    found = await session.scalars(
        select(FairExport).where(FairExport.id == export_id, FairExport.fair_id == fair_id)
    )
    export = found.first()
    if export is None:
        raise NotFound
    return export


async def content_of_export(session: AsyncSession, export: FairExport) -> bytes:
    """The file of an export that is done. Raises NotFound."""
    content: bytes | None = await session.scalar(
        select(FairExportFile.content).where(FairExportFile.export_id == export.id)
    )
    if content is None:
        raise NotFound
    return content


async def count_pairs(session: AsyncSession, fair_id: Id) -> int:
    return await session.scalar(select(func.count()).where(FairPair.fair_id == fair_id)) or 0
