"""How fairs write down what others must know of them. Each function may be called again.

Nothing here enqueues or commits: the caller's unit of work does both, so that a fact is there
exactly when what it tells of is.
"""

import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal, TypeVar

import msgspec
from sqlalchemy import case, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.db import new_id
from market.records.models import FairFact, FairRecord

FactStage = Literal["registered", "checked_in", "planned", "held"]

T = TypeVar("T")
# Seven parameters a row, and SQLite as well as PostgreSQL bound the parameters of a statement.
_ROWS_A_STATEMENT = 500


class KnownFair(msgspec.Struct, frozen=True, kw_only=True):
    """A fair as others know it."""

    fair_id: uuid.UUID
    organisation_id: uuid.UUID
    name: str
    begins_on: date | None = None
    series_id: uuid.UUID | None = None


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """That a subject, a registration or a meeting, came to a stage; as in models.FairFact."""

    stage: FactStage
    subject_id: uuid.UUID
    organisation_id: uuid.UUID
    at: datetime
    other_organisation_id: uuid.UUID | None = None


async def record_fair(session: AsyncSession, fair: KnownFair) -> None:
    """Make a fair known, or tell what changed of it. Facts need it to be there."""
    said = msgspec.structs.asdict(fair)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    changed = {name: value for name, value in said.items() if name != "fair_id"}
    await session.execute(
        insert(FairRecord)
        .values(said)
        .on_conflict_do_update(index_elements=["fair_id"], set_=changed)
    )


async def forget_fair(session: AsyncSession, fair_id: uuid.UUID) -> None:
    """Take a fair that never was back, with all its facts."""
    await session.execute(delete(FairFact).where(FairFact.fair_id == fair_id))
    await session.execute(delete(FairRecord).where(FairRecord.fair_id == fair_id))


async def record(session: AsyncSession, fair_id: uuid.UUID, facts: Sequence[Fact]) -> None:
    """Write facts of one fair down. Of the times that one is told at the earliest counts."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    for some in _parts(facts):
        rows: list[dict[str, Any]] = [
            {"id": new_id(), "fair_id": fair_id, **msgspec.structs.asdict(fact)} for fact in some
        ]
        # The rows beside the statement: with them in it, it would be compiled each time.
        told = insert(FairFact.__table__)  # type: ignore[arg-type]  # a model's table is a Table.
        earliest = case((told.excluded.at < FairFact.at, told.excluded.at), else_=FairFact.at)
        await session.execute(
            told.on_conflict_do_update(
                index_elements=["fair_id", "stage", "subject_id"], set_={"at": earliest}
            ),
            rows,
        )


async def erase(
    session: AsyncSession,
    fair_id: uuid.UUID,
    stage: FactStage,
    subject_ids: Collection[uuid.UUID],
) -> None:
    """Take facts back that are not so any more: a registration withdrawn, a meeting cancelled."""
    for some in _parts(sorted(subject_ids)):
        await session.execute(
            delete(FairFact).where(
                FairFact.fair_id == fair_id,
                FairFact.stage == stage,
                FairFact.subject_id.in_(some),
            )
        )


def _parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[at : at + _ROWS_A_STATEMENT] for at in range(0, len(items), _ROWS_A_STATEMENT))
