"""Writes the exports that were ordered: the book from the rows, then file by file in a thread."""

import asyncio
import hashlib
import uuid
from collections.abc import Iterator
from typing import cast

from sqlalchemy import update

from market.accounts.viewer import Viewer
from market.db import Database, utc_now
from market.exchange.fair_agendas import FairView
from market.exchange.fair_book import FairBook
from market.exchange.fair_pdf import PDF_MISSING
from market.exchange.fair_text import CsvEncoding
from market.exchange.import_work import Held
from market.fair_exports.books import fair_book
from market.fair_exports.models import FairExport, FairExportFile
from market.fair_exports.writing import Bundle
from market.fairs.models import Fair
from schemas.vocab import Lang

Id = uuid.UUID
_PROGRESS_BEGUN, _PROGRESS_READ = 5, 40
# Progress is noted that often at most.
_STEP = 5
GIVEN_UP = {
    "zh": "多次尝试后仍未成功，请重新导出",
    "en": "It failed at every attempt; please order it again.",
}


async def make_export(database: Database, export_id: Id, held: Held) -> None:
    """Write one export; done again it begins anew, and one that ended stays as it is."""
    export = await _begin(database, export_id, held)
    if export is None:
        return
    book = await _book_of(database, export)
    await _note(database, export, _PROGRESS_READ, held)
    bundle = await asyncio.to_thread(_bundle_of, book, export)
    if not bundle.steps and export.format == "pdf":
        zh, en = PDF_MISSING
        await fail_export(database, export_id, {"zh": zh, "en": en}, held)
        return
    await _write(database, export, bundle, held)
    await _store(database, export, bundle.content(), held)


async def _begin(database: Database, export_id: Id, held: Held) -> FairExport | None:
    """The export, now running; None for one that was dropped or has ended."""
    async with database.writing() as session:
        export = await session.get(FairExport, export_id, with_for_update=True)
        if export is None or export.state not in {"queued", "running"}:
            await held.finish(session)
            return None
        export.state, export.progress = "running", _PROGRESS_BEGUN
    return export


async def _book_of(database: Database, export: FairExport) -> FairBook:
    async with database.reading() as session:
        fair = await session.get_one(Fair, export.fair_id)
    viewer = Viewer(
        user_id=export.ordered_by_id,
        organisation_id=fair.organisation_id,
        roles=frozenset({"organizer"}),
    )
    lang = cast(Lang, export.lang)
    return await fair_book(database, viewer, fair.id, lang, plan_id=export.plan_id)


def _bundle_of(book: FairBook, export: FairExport) -> Bundle:
    encoding = cast(CsvEncoding, export.encoding)
    return Bundle(FairView(book), export.content, export.format, encoding)


async def _write(database: Database, export: FairExport, bundle: Bundle, held: Held) -> None:
    written, told = 0, _PROGRESS_READ
    names = bundle.write()
    while await asyncio.to_thread(_next, names) is not None:
        written += 1
        progress = _PROGRESS_READ + (99 - _PROGRESS_READ) * written // bundle.steps
        if progress >= told + _STEP:
            told = progress
            await _note(database, export, progress, held)


def _next(names: Iterator[str]) -> str | None:
    return next(names, None)


async def _note(database: Database, export: FairExport, progress: int, held: Held) -> None:
    async with database.writing() as session:
        await held.hold(session)
        await session.execute(
            update(FairExport)
            .where(FairExport.id == export.id, FairExport.state == "running")
            .values(progress=progress)
        )


async def _store(database: Database, export: FairExport, content: bytes, held: Held) -> None:
    async with database.writing() as session:
        await held.finish(session)
        row = await session.get(FairExport, export.id, with_for_update=True)
        # Somebody may have dropped it meanwhile.
        if row is None or row.state != "running":
            return
        row.state, row.progress, row.finished_at = "done", 100, utc_now()
        row.size_bytes, row.sha256 = len(content), hashlib.sha256(content).hexdigest()
        session.add(FairExportFile(export_id=row.id, content=content))
        await session.flush()


async def fail_export(
    database: Database, export_id: Id, problem: dict[str, str], held: Held
) -> None:
    """Tell the organizer, instead of leaving the export where it stands for ever."""
    async with database.writing() as session:
        await held.finish(session)
        row = await session.get(FairExport, export_id, with_for_update=True)
        if row is not None and row.state in {"queued", "running"}:
            row.state, row.problem, row.finished_at = "failed", problem, utc_now()
            await session.flush()
