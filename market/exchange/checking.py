"""The dry run of an import: what each row would do, and why not."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from market.db import Database, utc_now
from market.errors import FileRefused
from market.exchange.import_files import ImportLine, ReadImport, packed, read_import
from market.exchange.import_rows import (
    Stored,
    add_planned,
    add_problems,
    chunks,
    delete_rows,
    empty_counts,
    kind_of,
    targets_of,
)
from market.exchange.import_work import (
    Held,
    Opened,
    fail_import,
    locked,
    open_import,
    problem_of_file,
)
from market.exchange.models import Import, ImportFile
from market.exchange.problems import RowProblem
from market.listings.bulk import says_the_same
from market.listings.completeness import is_complete
from schemas.listings import Need, Result

MAX_WARNINGS = 20_000
_COUNTED_AS = {"create": "created", "update": "updated", "unchanged": "unchanged"}


async def check_import(database: Database, import_id: uuid.UUID, held: Held) -> None:
    """Read the file and write the report; nothing of the owner's listings changes.

    Done again from its beginning when it was cut short. A file that can't be read ends the
    import as failed, with the reason.
    """
    opened = await open_import(database, import_id, "checking")
    if opened is None:
        async with database.writing() as session:
            await held.finish(session)
        return
    try:
        read = await _read(opened)
    except FileRefused as refusal:
        await _fail(database, import_id, held, problem_of_file(refusal))
        return
    await _Check(database, held, opened, read).write()


async def _read(opened: Opened) -> ReadImport:
    told = opened.told
    return await asyncio.to_thread(
        read_import,
        opened.content,
        told.file_name,
        kind_of(told),
        organisation=opened.organisation.name,
    )


async def _fail(
    database: Database, import_id: uuid.UUID, held: Held, problem: dict[str, str]
) -> None:
    async with database.writing() as session:
        fail_import(await locked(session, import_id), problem, utc_now())
        await held.finish(session)


class _Check:
    """One dry run, chunk by chunk."""

    def __init__(self, database: Database, held: Held, opened: Opened, read: ReadImport) -> None:
        self._database = database
        self._held = held
        self._told = opened.told
        self._read = read
        self._publishes = opened.told.publishes and opened.organisation.verified_at is not None
        self._counts = empty_counts()

    async def write(self) -> None:
        await self._begin()
        for problems in chunks(list(_placed(self._read))):
            async with self._database.writing() as session:
                await self._held.hold(session)
                await add_problems(session, self._told.id, problems)
        for lines in chunks(self._read.lines):
            await self._plan(lines)
        content = await asyncio.to_thread(packed, self._read.lines)
        async with self._database.writing() as session:
            await self._end(session, content)

    async def _begin(self) -> None:
        async with self._database.writing() as session:
            await self._held.hold(session)
            await delete_rows(session, self._told.id)
            told = await locked(session, self._told.id)
            told.rows = len(self._read.lines) + len(self._read.refused)
            told.rows_done = len(self._read.refused)

    async def _plan(self, lines: Sequence[ImportLine]) -> None:
        async with self._database.writing() as session:
            await self._held.hold(session)
            told = await locked(session, self._told.id)
            stored = await targets_of(session, told, [line.reference for line in lines])
            planned = [self._planned(line, stored.get(line.reference)) for line in lines]
            await add_planned(session, told.id, planned)
            told.rows_done += len(lines)

    def _planned(
        self, line: ImportLine, target: Stored | None
    ) -> tuple[ImportLine, str, uuid.UUID | None]:
        publishes = self._would_publish(line.listing, target)
        if target is None:
            action = "create"
        elif publishes or not says_the_same(target, line.listing):
            action = "update"
        else:
            action = "unchanged"
        self._counts[_COUNTED_AS[action]] += 1
        return line, action, None if target is None else target.id

    def _would_publish(self, said: Result | Need, target: Stored | None) -> bool:
        if not self._publishes or (target is not None and target.status != "draft"):
            return False
        publishes = is_complete(_columns_that_matter(said))
        self._counts["published" if publishes else "left_draft"] += 1
        return publishes

    async def _end(self, session: AsyncSession, content: bytes) -> None:
        file = await session.get_one(ImportFile, self._told.id)
        file.content = content
        told: Import = await locked(session, self._told.id)
        told.state = "checked"
        told.counts = self._counts | {
            "refused": len(self._read.refused),
            "warnings": len(self._read.warnings),
        }
        await self._held.finish(session)


def _columns_that_matter(said: Result | Need) -> dict[str, object]:
    columns = {"title": said.title, "fields": said.fields, "industries": said.industries}
    if isinstance(said, Need):
        indicators = [{"text": said.indicators}]
        return {**columns, "text": said.description, "indicators": indicators}
    return {**columns, "text": said.summary}


def _placed(read: ReadImport) -> Iterator[tuple[int, RowProblem]]:
    """Refused rows stand first on their lines, warnings follow what the row does.

    Of more warnings than anybody reads the first ones are kept; the counts tell of all.
    """
    for problem in read.refused:
        yield 0, problem
    places: Counter[int] = Counter()
    for warning in read.warnings[:MAX_WARNINGS]:
        places[warning.line] += 1
        yield places[warning.line], warning
