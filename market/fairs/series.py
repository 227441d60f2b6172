"""What the fairs of a series leave for the next one: who met, and which needs nobody met about."""

import uuid
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, String, cast, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from market.accounts.models import Organisation
from market.fairs.meeting_models import FairMeeting
from market.fairs.models import Fair, FairListing, FairRegistration
from market.fairs.wire import organisation_ref
from market.listings.models import Listing
from schemas.fairs import CarriedOver, MetBefore, UnmetNeed

Id = uuid.UUID
_SHOWN = 500


class _Met(NamedTuple):
    first_id: Id
    second_id: Id
    meetings: int
    last_fair_id: Id


class _Unmet(NamedTuple):
    listing_id: Id
    title: str
    organisation_id: Id
    fairs: int
    last_fair_id: Id


async def carried_over(session: AsyncSession, series_id: Id) -> CarriedOver:
    """The most frequent pairs and the newest unmet needs of a series."""
    met = await _met(session, series_id, None)
    unmet = await _unmet(session, series_id)
    ids = {each for pair in met for each in pair[:2]} | {need.organisation_id for need in unmet}
    found = await session.scalars(select(Organisation).where(Organisation.id.in_(ids)))
    refs = {organisation.id: organisation_ref(organisation) for organisation in found}
    return CarriedOver(
        met_before=[
            MetBefore(
                first=refs[pair.first_id],
                second=refs[pair.second_id],
                meetings=pair.meetings,
                last_fair_id=str(pair.last_fair_id),
            )
            for pair in met
        ],
        unmet_needs=[
            UnmetNeed(
                listing_id=str(need.listing_id),
                title=need.title,
                organisation=refs[need.organisation_id],
                fairs=need.fairs,
                last_fair_id=str(need.last_fair_id),
            )
            for need in unmet
        ],
    )


async def met_before(session: AsyncSession, fair: Fair) -> set[frozenset[Id]]:
    """Pairs of organisations that met at earlier fairs of this fair's series."""
    if fair.series_id is None:
        return set()
    pairs = await _met(session, fair.series_id, fair.created_at, limit=None)
    return {frozenset(pair[:2]) for pair in pairs}


async def unmet_needs(session: AsyncSession, fair: Fair) -> set[Id]:
    """Needs that earlier fairs of this fair's series left without a meeting."""
    if fair.series_id is None:
        return set()
    return {need.listing_id for need in await _unmet(session, fair.series_id)}


async def _met(
    session: AsyncSession,
    series_id: Id,
    before: datetime | None,
    *,
    limit: int | None = _SHOWN,
) -> list[_Met]:
    first, second = aliased(FairRegistration), aliased(FairRegistration)
    amount = func.count()
    wanted = (
        select(first.organisation_id, second.organisation_id, amount, _latest(FairMeeting.fair_id))
        .select_from(FairMeeting)
        .join(Fair, Fair.id == FairMeeting.fair_id)
        .join(first, first.id == FairMeeting.first_id)
        .join(second, second.id == FairMeeting.second_id)
        .where(Fair.series_id == series_id, FairMeeting.state == "held")
        .group_by(first.organisation_id, second.organisation_id)
        .order_by(amount.desc(), first.organisation_id, second.organisation_id)
    )
    if before is not None:
        wanted = wanted.where(Fair.created_at < before)
    rows = await session.execute(wanted.limit(limit))
    return [_Met(row[0], row[1], row[2], uuid.UUID(row[3])) for row in rows]


async def _unmet(session: AsyncSession, series_id: Id) -> list[_Unmet]:
    was_met = exists().where(
        FairMeeting.need_id == FairListing.listing_id, FairMeeting.state == "held"
    )
    last = _latest(FairListing.fair_id)
    wanted: Select[Any] = (
        select(
            Listing.id,
            Listing.title,
            Listing.organisation_id,
            func.count(FairListing.fair_id),
            last,
        )
        .select_from(FairListing)
        .join(Fair, Fair.id == FairListing.fair_id)
        .join(FairRegistration, FairRegistration.id == FairListing.registration_id)
        .join(Listing, Listing.id == FairListing.listing_id)
        .where(
            Fair.series_id == series_id,
            Fair.status == "closed",
            FairListing.kind == "need",
            FairRegistration.status == "approved",
            Listing.status == "published",
            ~was_met,
        )
        .group_by(Listing.id, Listing.title, Listing.organisation_id)
        .order_by(last.desc(), Listing.id)
        .limit(_SHOWN)
    )
    rows = await session.execute(wanted)
    return [_Unmet(row[0], row[1], row[2], row[3], uuid.UUID(row[4])) for row in rows]


def _latest(fair_id: InstrumentedAttribute[Id]) -> Any:
    """The newest of the ids, which sort by time, as text: PostgreSQL knows no largest UUID."""
    return func.max(cast(fair_id, String))
