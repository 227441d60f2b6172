"""Imports from the command line: the same steps as over HTTP, with a worker beside them."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from market.accounts.viewer import Viewer
from market.commands.databases import opened_database
from market.commands.organisations import acting_for, organisation_called
from market.commands.progress import steps_on_stderr
from market.db import Database, utc_now
from market.errors import UsageRefused
from market.exchange import service
from market.exchange.handlers import import_kinds
from market.exchange.imports_wire import import_view
from market.exchange.models import Import
from market.exchange.problems import RowProblem, Source
from market.exchange.queries import import_for, problems_of
from market.exchange.service import Upload
from market.exchange.tables import check_file
from market.settings import Settings
from market.worker import Worker, pace_of
from schemas.imports import ImportView
from schemas.listing_views import ListingKind
from schemas.vocab import Lang

_POLL_S = 0.1
_STEPS: dict[str, tuple[str, str]] = {
    "checking": ("检查", "Checking"),
    "applying": ("导入", "Importing"),
    "undoing": ("撤销", "Undoing"),
}


class ImportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be imported, for whom, and how far: a dry run ends with the report."""

    path: Path
    kind: ListingKind
    organisation: str
    user: str | None
    publishes: bool
    is_dry_run: bool
    lang: Lang


class Told(msgspec.Struct, frozen=True):
    """An import as it is, with what its report says of refused rows and warnings."""

    view: ImportView
    problems: Sequence[RowProblem]


async def run_import(
    settings: Settings, request: ImportRequest, confirm: Callable[[Told], bool]
) -> Told:
    """Check the file, ask, and carry it out. Raises FileRefused, UsageRefused, RequestRefused.

    Without consent nothing stays of the import but what was told.
    """
    check_file(Source(request.path, request.lang))
    content = request.path.read_bytes()
    async with opened_database(settings) as database:
        viewer = await _viewer(database, request.organisation, request.user)
        steward = _Steward(settings, database, viewer, request.lang)
        upload = Upload(request.path.name, content, request.kind, request.publishes)
        checked = await steward.begin(upload)
        if checked.view.state != "checked":
            return checked
        if request.is_dry_run or not confirm(checked):
            await steward.cancel(checked)
            return checked
        return await steward.apply(checked)


async def run_undo(settings: Settings, import_id: str, *, user: str | None, lang: Lang) -> Told:
    """Undo an import. Raises UsageRefused, RequestRefused."""
    async with opened_database(settings) as database:
        async with database.reading() as session:
            told = await session.get(Import, _id(import_id))
        if told is None:
            raise UsageRefused(f"{import_id}：没有这个导入 · there is no such import")
        viewer = await _viewer(database, str(told.organisation_id), user)
        return await _Steward(settings, database, viewer, lang).undo(told.id)


async def _viewer(database: Database, organisation: str, user: str | None) -> Viewer:
    async with database.reading() as session:
        return await acting_for(session, await organisation_called(session, organisation), user)


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise UsageRefused(f"{text}：不是导入的编号 · is no id of an import") from None


class _Steward:
    """Takes one person's import from step to step."""

    def __init__(self, settings: Settings, database: Database, viewer: Viewer, lang: Lang) -> None:
        self._settings = settings
        self._database = database
        self._viewer = viewer
        self._lang: Lang = lang

    async def begin(self, upload: Upload) -> Told:
        async with self._database.writing() as session:
            begun = await service.begin_import(session, self._viewer, upload, utc_now())
        return await self._worked_on(begun)

    async def apply(self, checked: Told) -> Told:
        async with self._database.writing() as session:
            applied = await service.apply(session, self._viewer, uuid.UUID(checked.view.id))
        return await self._worked_on(applied)

    async def undo(self, import_id: uuid.UUID) -> Told:
        async with self._database.writing() as session:
            undone = await service.undo(session, self._viewer, import_id)
        return await self._worked_on(undone)

    async def cancel(self, checked: Told) -> None:
        async with self._database.writing() as session:
            await service.cancel(session, self._viewer, uuid.UUID(checked.view.id))

    async def _worked_on(self, told: Import) -> Told:
        """The import when its step is done: by a worker here, or by one that was faster."""
        kinds = import_kinds(self._settings, self._database)
        worker = Worker(self._database, kinds, (), pace_of(self._settings))
        with steps_on_stderr(self._lang) as steps:
            show = steps.counter(*_STEPS[told.state])
            async with worker.running():
                while told.state in _STEPS:
                    await asyncio.sleep(_POLL_S)
                    told = await self._as_it_is(told.id)
                    show(told.rows_done)
        async with self._database.reading() as session:
            problems = await problems_of(session, told)
        return Told(import_view(told, self._lang), problems)

    async def _as_it_is(self, import_id: uuid.UUID) -> Import:
        async with self._database.reading() as session:
            return await import_for(session, self._viewer, import_id)
