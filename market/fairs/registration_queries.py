"""Reads of who takes part in a fair. What a viewer may know of is decided here."""

import uuid
from collections.abc import Collection
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.errors import Forbidden, NotFound
from market.fairs.models import (
    Fair,
    FairDelegate,
    FairDelegation,
    FairListing,
    FairRegistration,
    FairWish,
)
from market.fairs.queries import organizes
from market.listings.models import Listing

Id = uuid.UUID


class RegistrationRow(NamedTuple):
    registration: FairRegistration
    organisation: Organisation


class WholeRegistration(NamedTuple):
    """A registration with everything that belongs to it."""

    registration: FairRegistration
    organisation: Organisation
    delegates: list[FairDelegate]
    listing_ids: list[Id]
    place_in_line: int | None


class ParticipantRow(NamedTuple):
    registration: FairRegistration
    organisation: Organisation
    listings: dict[str, int]


class BroughtRow(NamedTuple):
    brought: FairListing
    registration: FairRegistration


class RegistrationsAsked(msgspec.Struct, frozen=True, kw_only=True):
    status: str | None = None
    kind: str | None = None
    after: Id | None = None
    limit: int = 20


async def registrations_page(
    session: AsyncSession, viewer: Viewer, fair: Fair, asked: RegistrationsAsked
) -> list[RegistrationRow]:
    """Those of the fair for its organizer, one's own for everybody else, in order."""
    wanted = _registrations(FairRegistration.fair_id == fair.id, _visible_to(viewer, fair))
    if asked.status is not None:
        wanted = wanted.where(FairRegistration.status == asked.status)
    if asked.kind is not None:
        wanted = wanted.where(FairRegistration.kind == asked.kind)
    if asked.after is not None:
        wanted = wanted.where(FairRegistration.id > asked.after)
    rows = await session.execute(wanted.order_by(FairRegistration.id).limit(asked.limit))
    return [RegistrationRow(*row) for row in rows]


async def registration_for(
    session: AsyncSession,
    viewer: Viewer,
    fair: Fair,
    registration_id: Id | None,
    *,
    locks: bool = False,
) -> FairRegistration:
    """One's own, or any of the fair for its organizer. Raises NotFound."""
    wanted = select(FairRegistration).where(
        FairRegistration.id == registration_id,
        FairRegistration.fair_id == fair.id,
        _visible_to(viewer, fair),
    )
    if locks:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    found = (await session.scalars(wanted)).first()
    if found is None:
        raise NotFound
    return found


def _visible_to(viewer: Viewer, fair: Fair) -> ColumnElement[bool]:
    if organizes(viewer, fair):
        return FairRegistration.fair_id == fair.id
    return FairRegistration.organisation_id == viewer.organisation_id


def _registrations(
    *conditions: ColumnElement[bool],
) -> Select[FairRegistration, Organisation]:
    return (
        select(FairRegistration, Organisation)
        .join(Organisation, Organisation.id == FairRegistration.organisation_id)
        .where(*conditions)
    )


async def whole(session: AsyncSession, registration: FairRegistration) -> WholeRegistration:
    organisation = await session.get_one(Organisation, registration.organisation_id)
    delegates = await delegates_of(session, [registration.id])
    listing_ids = await session.scalars(
        select(FairListing.listing_id)
        .where(FairListing.registration_id == registration.id)
        .order_by(FairListing.listing_id)
    )
    place = await _place_in_line(session, registration)
    return WholeRegistration(
        registration, organisation, delegates.get(registration.id, []), list(listing_ids), place
    )


async def _place_in_line(session: AsyncSession, registration: FairRegistration) -> int | None:
    if registration.status != "waiting":
        return None
    line = await waiting_line(session, registration.fair_id)
    return 1 + [each.id for each in line].index(registration.id)


async def waiting_line(
    session: AsyncSession, fair_id: Id, *, locks: bool = False
) -> list[FairRegistration]:
    """Those who wait, who came first first."""
    wanted = (
        select(FairRegistration)
        .where(FairRegistration.fair_id == fair_id, FairRegistration.status == "waiting")
        .order_by(FairRegistration.queued_at, FairRegistration.id)
    )
    return list(await session.scalars(wanted.with_for_update() if locks else wanted))


async def delegates_of(
    session: AsyncSession, registration_ids: Collection[Id]
) -> dict[Id, list[FairDelegate]]:
    """The people of these registrations, in the order in which they were named."""
    rows = await session.scalars(
        select(FairDelegate)
        .where(FairDelegate.registration_id.in_(registration_ids))
        .order_by(FairDelegate.id)
    )
    found: dict[Id, list[FairDelegate]] = {}
    for each in rows:
        found.setdefault(each.registration_id, []).append(each)
    return found


async def delegate_of(
    session: AsyncSession, registration: FairRegistration, delegate_id: Id | None
) -> FairDelegate:
    """Raises NotFound."""
    found = await session.scalars(
        select(FairDelegate).where(
            FairDelegate.id == delegate_id, FairDelegate.registration_id == registration.id
        )
    )
    delegate = found.first()
    if delegate is None:
        raise NotFound
    return delegate


async def own_registration(
    session: AsyncSession, viewer: Viewer, fair: Fair
) -> FairRegistration | None:
    """The registration of the viewer's organisation, whatever became of it."""
    found = await session.scalars(
        select(FairRegistration).where(
            FairRegistration.fair_id == fair.id,
            FairRegistration.organisation_id == viewer.organisation_id,
        )
    )
    return found.first()


async def refuse_outsiders(session: AsyncSession, viewer: Viewer, fair: Fair) -> None:
    """Raises Forbidden for who neither holds the fair nor was admitted to it."""
    if organizes(viewer, fair):
        return
    own = await own_registration(session, viewer, fair)
    if own is None or own.status != "approved":
        raise Forbidden(
            "participants_only",
            "只有已通过报名的单位可以查看",
            "Only organisations that were admitted may see this.",
        )


async def participants_page(
    session: AsyncSession, fair_id: Id, *, kind: str | None, after: Id | None, limit: int
) -> list[ParticipantRow]:
    """Who was admitted, in order, and how many results and needs each brings."""
    wanted = _registrations(
        FairRegistration.fair_id == fair_id, FairRegistration.status == "approved"
    )
    if kind is not None:
        wanted = wanted.where(FairRegistration.kind == kind)
    if after is not None:
        wanted = wanted.where(FairRegistration.id > after)
    rows = (await session.execute(wanted.order_by(FairRegistration.id).limit(limit))).all()
    counted = await session.execute(
        select(FairListing.registration_id, FairListing.kind, func.count())
        .where(FairListing.registration_id.in_([row[0].id for row in rows]))
        .group_by(FairListing.registration_id, FairListing.kind)
    )
    listings: dict[Id, dict[str, int]] = {}
    for registration_id, of_kind, amount in counted:
        listings.setdefault(registration_id, {})[of_kind] = amount
    return [ParticipantRow(row[0], row[1], listings.get(row[0].id, {})) for row in rows]


async def brought_page(
    session: AsyncSession,
    fair_id: Id,
    *,
    kind: str | None,
    zone: str | None,
    after: Id | None,
    limit: int,
) -> list[BroughtRow]:
    """Published results and needs that those admitted bring, in order."""
    wanted = (
        select(FairListing, FairRegistration)
        .join(FairRegistration, FairRegistration.id == FairListing.registration_id)
        .join(Listing, Listing.id == FairListing.listing_id)
        .where(
            FairListing.fair_id == fair_id,
            FairRegistration.status == "approved",
            Listing.status == "published",
        )
    )
    if kind is not None:
        wanted = wanted.where(FairListing.kind == kind)
    if zone is not None:
        wanted = wanted.where(FairRegistration.zone == zone)
    if after is not None:
        wanted = wanted.where(FairListing.id > after)
    rows = await session.execute(wanted.order_by(FairListing.id).limit(limit))
    return [BroughtRow(*row) for row in rows]


async def wishes_of(session: AsyncSession, registration_id: Id) -> list[FairWish]:
    found = await session.scalars(
        select(FairWish).where(FairWish.registration_id == registration_id).order_by(FairWish.id)
    )
    return list(found)


async def delegations_of(session: AsyncSession, fair_id: Id) -> list[tuple[FairDelegation, int]]:
    """The delegations of a fair by name, and how many were admitted of each."""
    admitted = (
        select(func.count())
        .where(
            FairRegistration.delegation_id == FairDelegation.id,
            FairRegistration.status == "approved",
        )
        .correlate(FairDelegation)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(FairDelegation, admitted)
        .where(FairDelegation.fair_id == fair_id)
        .order_by(FairDelegation.name)
    )
    return [(row[0], row[1]) for row in rows]
