"""The report of an import, row by row: how it is written, and which listings its rows mean."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar, get_args

from sqlalchemy import Table, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import new_id
from market.exchange.import_files import ImportLine
from market.exchange.models import Import, ImportRow
from market.exchange.problems import RowProblem
from market.listings.bulk import stored_by_reference
from market.listings.models import NeedListing, ResultListing
from market.listings.queries import TABLES
from schemas.imports import ImportCounts, RowUndone
from schemas.listing_views import ListingKind

# So many rows are one transaction: short enough that others can write in between.
CHUNK = 1_000
# Among an import's counts, but not shown: how many rows were carried out so far.
APPLIED_ROWS = "applied_rows"

T = TypeVar("T")
Stored = ResultListing | NeedListing
_COUNTED_AS = {
    "create": "created",
    "update": "updated",
    "unchanged": "unchanged",
    "refused": "refused",
}


def kind_of(told: Import) -> ListingKind:
    kind: ListingKind = told.kind  # type: ignore[assignment]  # checked by the database
    return kind


def chunks(items: Sequence[T], start: int = 0) -> Iterable[Sequence[T]]:
    return (items[place : place + CHUNK] for place in range(start, len(items), CHUNK))


async def targets_of(
    session: AsyncSession, owner: Import, references: Collection[str]
) -> dict[str, Stored]:
    """The owner's listings that these references mean, locked for a change.

    A listing without a reference leaves in exports under its own id, and is known again by it.
    """
    kind = kind_of(owner)
    found = await stored_by_reference(session, owner.organisation_id, kind, references)
    own_ids = {as_id: each for each in references if each not in found and (as_id := _id_of(each))}
    if not own_ids:
        return found
    table: Any = TABLES[kind]
    by_id = await session.scalars(
        select(table)
        .where(table.organisation_id == owner.organisation_id, table.id.in_(own_ids))
        .order_by(table.id)
        .with_for_update()
    )
    return found | {own_ids[listing.id]: listing for listing in by_id}


def _id_of(reference: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(reference)
    except ValueError:
        return None


async def delete_rows(session: AsyncSession, import_id: uuid.UUID) -> None:
    await session.execute(delete(ImportRow).where(ImportRow.import_id == import_id))


async def add_planned(
    session: AsyncSession,
    import_id: uuid.UUID,
    planned: Iterable[tuple[ImportLine, str, uuid.UUID | None]],
) -> None:
    """Write down what rows would do: each with its action and the listing that it means."""
    await _insert(
        session,
        [
            _row(
                import_id,
                line.line,
                action=action,
                reference=line.reference,
                listing_id=listing_id,
            )
            for line, action, listing_id in planned
        ],
    )


async def add_problems(
    session: AsyncSession, import_id: uuid.UUID, placed: Iterable[tuple[int, RowProblem]]
) -> None:
    """Write down refused rows and warnings, each with its place among those of its line."""
    await _insert(
        session,
        [
            _row(
                import_id,
                problem.line,
                place=place,
                action=problem.kind,
                problem={
                    "column": problem.column,
                    "code": problem.code,
                    "values": problem.values,
                },
            )
            for place, problem in placed
        ],
    )


def _row(import_id: uuid.UUID, line: int, **values: Any) -> dict[str, Any]:
    defaults = {"place": 0, "reference": "", "listing_id": None, "problem": None}
    return {"id": new_id(), "import_id": import_id, "line": line, **defaults, **values}


async def _insert(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    if rows:
        await session.execute(insert(_table()), rows)


async def set_done(
    session: AsyncSession, import_id: uuid.UUID, done: Sequence[Mapping[str, Any]]
) -> None:
    """Write down what rows did: {"row_line", "action", "listing_id", "before", "version_after"}."""
    if not done:
        return
    table = _table()
    await session.execute(
        update(table).where(
            table.c.import_id == import_id,
            table.c.line == bindparam("row_line"),
            table.c.place == 0,
        ),
        [dict(each) for each in done],
    )


def _table() -> Table:
    table = ImportRow.__table__
    assert isinstance(table, Table)  # noqa: S101 - for the types: a mapped class has a table.
    return table


async def row_counts(session: AsyncSession, import_id: uuid.UUID) -> dict[str, int]:
    """How many rows of the file there are of each action, and of each way of being undone."""
    counts = dict.fromkeys((*_COUNTED_AS.values(), *get_args(RowUndone)), 0)
    rows = await session.execute(
        select(ImportRow.action, ImportRow.undone, func.count())
        .where(ImportRow.import_id == import_id, ImportRow.action != "warning")
        .group_by(ImportRow.action, ImportRow.undone)
    )
    for action, undone, number in rows:
        counts[_COUNTED_AS[action]] += number
        if undone is not None:
            counts[undone] += number
    return counts


def empty_counts() -> dict[str, int]:
    return dict.fromkeys(ImportCounts.__struct_fields__, 0)
