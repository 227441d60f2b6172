"""Reads of fairs and series. What a viewer may know of is decided here."""

import uuid
from collections import Counter
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.errors import Forbidden, NotFound
from market.fairs.meeting_models import LIVE_STATES, FairMeeting
from market.fairs.models import (
    Fair,
    FairListing,
    FairRegistration,
    FairSeries,
    FairSlot,
    FairTable,
)

Id = uuid.UUID

ORGANIZER_ONLY = (
    "organizer_only",
    "只有主办方可以这样做",
    "Only the organizer of the fair may do this.",
)


class SeriesRow(NamedTuple):
    series: FairSeries
    organizer: Organisation
    fairs: int


class FairRow(NamedTuple):
    fair: Fair
    organizer: Organisation


class FairCount(NamedTuple):
    """How much there is at a fair; `by_status` and `by_kind` count registrations."""

    slots: int
    tables: int
    by_status: dict[str, int]
    by_kind: dict[str, int]
    listings: dict[str, int]
    meetings: int


class FairsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Which fairs: of a state, of a series, newer than nothing or older than `before`."""

    status: str | None = None
    series_id: Id | None = None
    before: Id | None = None
    limit: int = 20


def organizes(viewer: Viewer, fair: Fair | FairSeries) -> bool:
    """Whether the viewer is of the organisation that holds the fair."""
    return "organizer" in viewer.roles and viewer.organisation_id == fair.organisation_id


def fairs_visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """All but drafts; drafts are for their organizer and moderators."""
    if viewer.is_moderator:
        return true()
    is_public: ColumnElement[bool] = Fair.status != "draft"
    if "organizer" in viewer.roles and viewer.organisation_id is not None:
        return or_(is_public, Fair.organisation_id == viewer.organisation_id)
    return is_public


async def visible_fair(session: AsyncSession, viewer: Viewer, fair_id: Id | None) -> FairRow:
    """Raises NotFound."""
    row = (
        await session.execute(
            select(Fair, Organisation)
            .join(Organisation, Organisation.id == Fair.organisation_id)
            .where(Fair.id == fair_id, fairs_visible_to(viewer))
        )
    ).first()
    if row is None:
        raise NotFound
    return FairRow(row[0], row[1])


async def organized_fair(
    session: AsyncSession,
    viewer: Viewer,
    fair_id: Id | None,
    *,
    locks: bool = False,
    shares: bool = False,
) -> Fair:
    """The viewer's own fair; locked, nobody else changes it or admits people meanwhile.

    With `shares` others may share it, and nobody lock it. Raises NotFound, and Forbidden for a
    fair of others that the viewer may know of.
    """
    fair = (await visible_fair(session, viewer, fair_id)).fair
    if not organizes(viewer, fair):
        raise Forbidden(*ORGANIZER_ONLY)
    if locks or shares:
        return await locked_fair(session, fair.id, shares=shares)
    return fair


async def locked_fair(session: AsyncSession, fair_id: Id, *, shares: bool = False) -> Fair:
    """The fair as it is now, held until the end of the unit of work. Raises NotFound.

    Who changes one meeting shares the fair; who changes the agenda as a whole has it alone.
    Everybody takes the fair before its meetings, so that nobody waits in a circle.
    """
    found = await session.scalars(
        select(Fair)
        .where(Fair.id == fair_id)
        # Rows that only refer to the fair need not wait.
        .with_for_update(key_share=not shares, read=shares)
        .execution_options(populate_existing=True)
    )
    fair = found.first()
    if fair is None:
        raise NotFound
    return fair


async def shared_fair(session: AsyncSession, viewer: Viewer, fair_id: Id | None) -> Fair:
    """A fair that the viewer may know of, shared with others that change one of its meetings.

    See `locked_fair`. Raises NotFound.
    """
    found = await session.scalars(
        select(Fair)
        .where(Fair.id == fair_id, fairs_visible_to(viewer))
        .with_for_update(of=Fair, read=True)
        .execution_options(populate_existing=True)
    )
    fair = found.first()
    if fair is None:
        raise NotFound
    return fair


async def fairs_page(session: AsyncSession, viewer: Viewer, asked: FairsAsked) -> list[FairRow]:
    """Fairs, the newest first."""
    return await _page(session, asked, Fair.status != "draft", fairs_visible_to(viewer))


async def own_fairs(
    session: AsyncSession, viewer: Viewer, asked: FairsAsked, role: str | None
) -> list[FairRow]:
    """Fairs that the viewer's organisation holds or registered for, the newest first."""
    if viewer.organisation_id is None:
        return []
    holds = Fair.organisation_id == viewer.organisation_id
    takes_part = exists().where(
        FairRegistration.fair_id == Fair.id,
        FairRegistration.organisation_id == viewer.organisation_id,
    )
    wanted = {"organizer": holds, "participant": takes_part, None: or_(holds, takes_part)}
    return await _page(session, asked, wanted[role], fairs_visible_to(viewer))


async def _page(
    session: AsyncSession, asked: FairsAsked, *conditions: ColumnElement[bool]
) -> list[FairRow]:
    wanted = (
        select(Fair, Organisation)
        .join(Organisation, Organisation.id == Fair.organisation_id)
        .where(*conditions)
    )
    if asked.status is not None:
        wanted = wanted.where(Fair.status == asked.status)
    if asked.series_id is not None:
        wanted = wanted.where(Fair.series_id == asked.series_id)
    if asked.before is not None:
        wanted = wanted.where(Fair.id < asked.before)
    rows = await session.execute(wanted.order_by(Fair.id.desc()).limit(asked.limit))
    return [FairRow(*row) for row in rows]


async def count_of(session: AsyncSession, fair_id: Id) -> FairCount:
    """Everything that a fair's page counts."""
    of_fair = FairRegistration.fair_id == fair_id
    rows = await session.execute(
        select(FairRegistration.status, FairRegistration.kind, func.count())
        .where(of_fair)
        .group_by(FairRegistration.status, FairRegistration.kind)
    )
    by_status: Counter[str] = Counter()
    by_kind: Counter[str] = Counter()
    for status, kind, amount in rows:
        by_status[status] += amount
        by_kind[kind] += amount if status == "approved" else 0
    listings = await session.execute(
        select(FairListing.kind, func.count())
        .join(FairRegistration, FairRegistration.id == FairListing.registration_id)
        .where(of_fair, FairRegistration.status == "approved")
        .group_by(FairListing.kind)
    )
    return FairCount(
        slots=await _amount(session, FairSlot.fair_id == fair_id),
        tables=await _amount(
            session, and_(FairTable.fair_id == fair_id, FairTable.lost_at.is_(None))
        ),
        by_status=dict(by_status),
        by_kind=dict(by_kind),
        listings={row[0]: row[1] for row in listings},
        meetings=await _amount(
            session, and_(FairMeeting.fair_id == fair_id, FairMeeting.state.in_(LIVE_STATES))
        ),
    )


async def _amount(session: AsyncSession, condition: ColumnElement[bool]) -> int:
    return await session.scalar(select(func.count()).where(condition)) or 0


async def slots_of_fair(session: AsyncSession, fair_id: Id) -> list[FairSlot]:
    """All slots of a fair in their order."""
    found = await session.scalars(
        select(FairSlot).where(FairSlot.fair_id == fair_id).order_by(FairSlot.number)
    )
    return list(found)


async def tables_of_fair(session: AsyncSession, fair_id: Id) -> list[FairTable]:
    """All tables of a fair in their order, also lost ones."""
    found = await session.scalars(
        select(FairTable).where(FairTable.fair_id == fair_id).order_by(FairTable.number)
    )
    return list(found)


async def series_row(session: AsyncSession, series_id: Id | None) -> SeriesRow:
    """Anybody may know of a series. Raises NotFound."""
    rows = await _series(session, FairSeries.id == series_id, limit=1)
    if not rows:
        raise NotFound
    return rows[0]


async def organized_series(
    session: AsyncSession, viewer: Viewer, series_id: Id | None, *, locks: bool = False
) -> FairSeries:
    """The viewer's own series. Raises NotFound, and Forbidden for one of others."""
    series = (await series_row(session, series_id)).series
    if not organizes(viewer, series):
        raise Forbidden(*ORGANIZER_ONLY)
    if locks:
        await session.refresh(series, with_for_update=True)
    return series


async def series_page(
    session: AsyncSession, viewer: Viewer, *, is_own: bool, before: Id | None, limit: int
) -> list[SeriesRow]:
    """Series, the newest first; with `is_own` those of the viewer's organisation."""
    conditions: list[ColumnElement[bool]] = []
    if is_own:
        conditions.append(FairSeries.organisation_id == viewer.organisation_id)
    if before is not None:
        conditions.append(FairSeries.id < before)
    return await _series(session, *conditions, limit=limit)


async def _series(
    session: AsyncSession, *conditions: ColumnElement[bool], limit: int
) -> list[SeriesRow]:
    held = (
        select(func.count())
        .where(Fair.series_id == FairSeries.id, Fair.status != "draft")
        .correlate(FairSeries)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(FairSeries, Organisation, held)
        .join(Organisation, Organisation.id == FairSeries.organisation_id)
        .where(*conditions)
        .order_by(FairSeries.id.desc())
        .limit(limit)
    )
    return [SeriesRow(*row) for row in rows]
