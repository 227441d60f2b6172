"""The stored pairs: written in one order by everyone, so that no two writers block each other."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, case, delete, exists, false, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from market.db import new_id
from market.listings.models import Listing
from market.listings.plain import in_parts
from market.matching.models import MatchFeedback, MatchRow

Id = uuid.UUID
_PAIRS_A_STATEMENT = 400


class Pair(NamedTuple):
    """A pair as it shall be stored, seen from one of its sides.

    `is_kept`: it is among the best of the listing that is matched; `is_wanted`: it belongs to
    the best of its partner.
    """

    result_id: Id
    need_id: Id
    result_version: int
    need_version: int
    score: float
    explanation: dict[str, Any]
    is_kept: bool
    is_wanted: bool


def column_of(kind: str) -> InstrumentedAttribute[Id]:
    """Where a pair names its listing of this kind."""
    return MatchRow.result_id if kind == "result" else MatchRow.need_id


async def partners_of(session: AsyncSession, kind: str, ids: Collection[Id]) -> dict[Id, set[Id]]:
    """For each of these listings the partners that it is stored with, open or closed."""
    own, partner = MatchRow.result_id, MatchRow.need_id
    if kind == "need":
        own, partner = partner, own
    found: dict[Id, set[Id]] = {each: set() for each in ids}
    for some in in_parts(ids):
        for listing_id, partner_id in await session.execute(
            select(own, partner).where(own.in_(some))
        ):
            found[listing_id].add(partner_id)
    return found


async def scores_to_beat(
    session: AsyncSession, kind: str, ids: Collection[Id], *, kept: int
) -> dict[Id, float]:
    """The lowest score among the `kept` best pairs of each of these listings.

    Listings with room for another pair are left out.
    """
    table = MatchRow.__table__.alias("others")
    own = table.c.result_id if kind == "result" else table.c.need_id
    is_best = table.c.for_result if kind == "result" else table.c.for_need
    lowest = (
        select(table.c.score)
        .where(own == Listing.id, is_best)
        .order_by(table.c.score.desc())
        .limit(1)
        .offset(kept - 1)
        .correlate(Listing)
        .scalar_subquery()
    )
    found: dict[Id, float] = {}
    for some in in_parts(ids):
        rows = await session.execute(select(Listing.id, lowest).where(Listing.id.in_(some)))
        found |= {listing_id: score for listing_id, score in rows if score is not None}
    return found


async def close_pairs(session: AsyncSession, kind: str, ids: Collection[Id]) -> None:
    """Close the open pairs of listings that are not published any more."""
    own = column_of(kind)
    for some in in_parts(ids):
        open_pairs = (
            select(MatchRow.id)
            .where(own.in_(some), MatchRow.state == "open")
            .order_by(MatchRow.result_id, MatchRow.need_id)
            .with_for_update()
        )
        for part in in_parts((await session.scalars(open_pairs)).all()):
            await session.execute(
                update(MatchRow)
                .where(MatchRow.id.in_(part))
                # Among nobody's best while closed: others take its place meanwhile.
                .values(state="closed", for_result=False, for_need=False)
            )


async def unchanged_versions(session: AsyncSession, ids: Collection[Id]) -> dict[Id, int]:
    """The versions of those listings that are published, held as they are until the commit.

    A listing that someone is changing right now is left out.
    """
    found: dict[Id, int] = {}
    for some in in_parts(ids):
        rows = await session.execute(
            select(Listing.id, Listing.version, Listing.status)
            .where(Listing.id.in_(some))
            .with_for_update(read=True, skip_locked=True)
        )
        found |= {row.id: row.version for row in rows if row.status == "published"}
    return found


async def store_pairs(
    session: AsyncSession, kind: str, pairs: Iterable[Pair], *, now: datetime, floor: float
) -> None:
    """Write pairs as listings of this kind found them; what neither side keeps goes.

    A pair stays among its partner's best until the partner is matched anew, or the score falls
    below `floor`. One that somebody gave feedback on stays in any case. Every writer takes
    the pairs in the same order and locks none out of it: writers never wait in a circle.
    """
    ordered = sorted(pairs, key=lambda pair: (pair.result_id, pair.need_id))
    if not ordered:
        return
    upsert = _upsert(session, kind, floor)
    await session.execute(upsert, [_row(pair, kind, now) for pair in ordered])
    dropped = [(pair.result_id, pair.need_id) for pair in ordered if not pair.is_kept]
    for start in range(0, len(dropped), _PAIRS_A_STATEMENT):
        await _drop_unwanted(session, dropped[start : start + _PAIRS_A_STATEMENT])


def _row(pair: Pair, kind: str, now: datetime) -> Mapping[str, Any]:
    is_of_result = kind == "result"
    return {
        "id": new_id(),
        "result_id": pair.result_id,
        "need_id": pair.need_id,
        "score": pair.score,
        "explanation": pair.explanation,
        "for_result": pair.is_kept if is_of_result else pair.is_wanted,
        "for_need": pair.is_wanted if is_of_result else pair.is_kept,
        "result_version": pair.result_version,
        "need_version": pair.need_version,
        "state": "open",
        "found_at": now,
        "scored_at": now,
    }


def _upsert(session: AsyncSession, kind: str, floor: float) -> Any:
    table = MatchRow.__table__
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement: Any = insert(table)  # type: ignore[arg-type]  # a model's table is a Table.
    new = statement.excluded
    own, other = ("for_result", "for_need") if kind == "result" else ("for_need", "for_result")
    replaced = ("score", "explanation", "result_version", "need_version", "state", "scored_at")
    return statement.on_conflict_do_update(
        index_elements=["result_id", "need_id"],
        set_={
            **{name: new[name] for name in replaced},
            own: new[own],
            other: case((new.score < floor, false()), else_=or_(table.c[other], new[other])),
        },
        # A match of older listings that comes late must not undo a newer one.
        where=and_(
            new.result_version >= table.c.result_version,
            new.need_version >= table.c.need_version,
        ),
    )


async def _drop_unwanted(session: AsyncSession, pairs: Sequence[tuple[Id, Id]]) -> None:
    await session.execute(
        delete(MatchRow).where(
            tuple_(MatchRow.result_id, MatchRow.need_id).in_(pairs),
            ~MatchRow.for_result,
            ~MatchRow.for_need,
            MatchRow.state == "open",
            ~exists().where(MatchFeedback.match_id == MatchRow.id),
        )
    )
