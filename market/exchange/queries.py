"""Reads of imports: of one's own organisation, for whoever asks."""

import uuid
from collections.abc import Sequence
from typing import Annotated

import msgspec
from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.viewer import Viewer
from market.errors import NotFound
from market.exchange.models import Import, ImportRow
from market.exchange.problems import RowProblem
from schemas.imports import ImportState, RowAction, RowUndone

# A table of problems for people; nobody corrects more than that by hand.
MAX_PROBLEMS = 20_000


_Number = Annotated[int, msgspec.Meta(ge=0, le=10**9)]


class RowPlace(msgspec.Struct, frozen=True, array_like=True):
    """Where a page of rows goes on: behind this row."""

    line: _Number
    place: _Number


def own(viewer: Viewer) -> ColumnElement[bool]:
    """The imports of the viewer's organisation."""
    if viewer.organisation_id is None:
        return false()
    return Import.organisation_id == viewer.organisation_id


async def import_for(
    session: AsyncSession, viewer: Viewer, import_id: uuid.UUID | None, *, locks: bool = False
) -> Import:
    """One import of the viewer's organisation. Raises NotFound."""
    if import_id is None:
        raise NotFound
    wanted = select(Import).where(Import.id == import_id, own(viewer))
    found: Import | None = await session.scalar(wanted.with_for_update() if locks else wanted)
    if found is None:
        raise NotFound
    return found


async def imports_of(
    session: AsyncSession,
    viewer: Viewer,
    *,
    state: ImportState | None,
    before: uuid.UUID | None,
    limit: int,
) -> Sequence[Import]:
    """The organisation's imports, the newest first."""
    wanted = select(Import).where(own(viewer))
    if state is not None:
        wanted = wanted.where(Import.state == state)
    if before is not None:
        wanted = wanted.where(Import.id < before)
    return (await session.scalars(wanted.order_by(Import.id.desc()).limit(limit))).all()


async def rows_of(
    session: AsyncSession,
    import_id: uuid.UUID,
    *,
    action: RowAction | None = None,
    undone: RowUndone | None = None,
    after: RowPlace | None = None,
    limit: int,
) -> Sequence[ImportRow]:
    """The report in the order of the file."""
    wanted = select(ImportRow).where(ImportRow.import_id == import_id)
    if action is not None:
        wanted = wanted.where(ImportRow.action == action)
    if undone is not None:
        wanted = wanted.where(ImportRow.undone == undone)
    if after is not None:
        is_on_line = and_(ImportRow.line == after.line, ImportRow.place > after.place)
        wanted = wanted.where(or_(ImportRow.line > after.line, is_on_line))
    ordered = wanted.order_by(ImportRow.line, ImportRow.place).limit(limit)
    return (await session.scalars(ordered)).all()


async def problems_of(session: AsyncSession, told: Import) -> list[RowProblem]:
    """Refused rows and warnings, at most MAX_PROBLEMS, in the order of the file."""
    rows = await session.scalars(
        select(ImportRow)
        .where(ImportRow.import_id == told.id, ImportRow.action.in_(("refused", "warning")))
        .order_by(ImportRow.line, ImportRow.place)
        .limit(MAX_PROBLEMS)
    )
    problems = (problem_of(row, told.file_name) for row in rows)
    return [problem for problem in problems if problem is not None]


def problem_of(row: ImportRow, file_name: str) -> RowProblem | None:
    """What a row tells; None for one that is neither refused nor a warning."""
    told = row.problem
    if told is None:
        return None
    return RowProblem(file_name, row.line, told["column"], told["code"], told["values"])
