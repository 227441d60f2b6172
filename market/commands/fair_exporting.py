"""What `duijie fairs export` does: the marketplace's fair as a folder of files."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.viewer import Viewer
from market.commands.databases import opened_database
from market.commands.progress import Steps
from market.errors import UsageRefused
from market.exchange.fair_agendas import FairView
from market.exchange.fair_folder import file_names, write_fair_folder
from market.exchange.fair_text import CsvEncoding
from market.exchange.problems import Source
from market.fair_exports.books import fair_book
from market.fairs.meeting_models import FairPlan
from market.fairs.models import Fair
from market.settings import Settings
from schemas.vocab import Lang


class FilesRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which fair, by id or name, with which plan in place of its agenda, and where it goes."""

    fair: str
    output: Path
    number: int | None
    lang: Lang
    encoding: CsvEncoding


async def write_files(settings: Settings, request: FilesRequest, steps: Steps) -> int:
    """Write all files; how many. Raises FileRefused, UsageRefused."""
    if request.output.exists() and not request.output.is_dir():
        raise Source(request.output, request.lang).refuse("exists")
    async with opened_database(settings) as database:
        async with database.reading() as session:
            fair = await _fair_called(session, request.fair)
            plan_id = await _plan_numbered(session, fair, request.number)
        organizer = Viewer(
            user_id=None, organisation_id=fair.organisation_id, roles=frozenset({"organizer"})
        )
        book = await fair_book(database, organizer, fair.id, request.lang, plan_id=plan_id)
    view = FairView(book)
    writing = write_fair_folder(view, request.output, encoding=request.encoding)
    return sum(1 for _ in _counted(steps, writing, len(file_names(view))))


def _counted(steps: Steps, writing: Iterator[str], total: int) -> Iterator[str]:
    return steps.counted("写出文件", "Writing", writing, total=total)


async def _fair_called(session: AsyncSession, name_or_id: str) -> Fair:
    try:
        wanted = Fair.id == uuid.UUID(name_or_id)
    except ValueError:
        wanted = Fair.name == name_or_id.strip()
    found = (await session.scalars(select(Fair).where(wanted).limit(2))).all()
    if not found:
        raise UsageRefused(f"{name_or_id}：没有这场对接会 · there is no such fair")
    if len(found) > 1:
        raise UsageRefused(
            f"{name_or_id}：有多场同名，请用编号 · several have this name: use the id"
        )
    return found[0]


async def _plan_numbered(session: AsyncSession, fair: Fair, number: int | None) -> uuid.UUID | None:
    if number is None:
        return None
    found: uuid.UUID | None = await session.scalar(
        select(FairPlan.id).where(
            FairPlan.fair_id == fair.id,
            FairPlan.number == number,
            FairPlan.state.in_(("draft", "published")),
        )
    )
    if found is None:
        raise UsageRefused(f"--plan {number}：没有这个排程 · there is no such plan")
    return found
