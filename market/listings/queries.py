"""Reads of listings."""

import uuid
from collections.abc import Collection, Iterable
from typing import Any, get_args

import msgspec
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.errors import Forbidden, NotFound
from market.listings.models import Listing, NeedListing, ResultListing
from market.listings.visibility import relation_of, visible_to
from schemas.listing_views import Status

TABLES: dict[str, type[ResultListing] | type[NeedListing]] = {
    "result": ResultListing,
    "need": NeedListing,
}
STATUSES: tuple[Status, ...] = get_args(Status)


async def listings_by_id(
    session: AsyncSession, kind: str, ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, ResultListing | NeedListing]:
    """The listings of a kind that are there, whatever their status, with their typed columns."""
    if not ids:
        return {}
    table: Any = TABLES[kind]
    found = await session.scalars(select(table).where(table.id.in_(ids)))
    return {listing.id: listing for listing in found}


async def organisations_by_id(
    session: AsyncSession, listings: Iterable[Listing]
) -> dict[uuid.UUID, Organisation]:
    """The organisations that own these listings."""
    ids = {listing.organisation_id for listing in listings}
    found = await session.scalars(select(Organisation).where(Organisation.id.in_(ids)))
    return {organisation.id: organisation for organisation in found}


async def published_after(
    session: AsyncSession, kind: str, after: uuid.UUID | None, *, limit: int
) -> list[uuid.UUID]:
    """Ids of published listings in their order: how one walks through all of them."""
    wanted = select(Listing.id).where(Listing.kind == kind, Listing.status == "published")
    if after is not None:
        wanted = wanted.where(Listing.id > after)
    return list(await session.scalars(wanted.order_by(Listing.id).limit(limit)))


OWNER_ONLY = (
    "owner_only",
    "只有发布机构可以这样做",
    "Only the organisation that posted it may do this.",
)


async def visible_listing(
    session: AsyncSession, viewer: Viewer, kind: str, listing_id: uuid.UUID | None
) -> tuple[ResultListing | NeedListing, Organisation]:
    """A listing that the viewer may know of, and whose it is. Raises NotFound."""
    table: Any = TABLES[kind]
    row = (
        await session.execute(
            select(table, Organisation)
            .join(Organisation, Organisation.id == table.organisation_id)
            .where(table.id == listing_id, visible_to(viewer))
        )
    ).first()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def own_listing(
    session: AsyncSession, viewer: Viewer, kind: str, listing_id: uuid.UUID | None
) -> tuple[ResultListing | NeedListing, Organisation]:
    """A listing whose private part the viewer may see: the owner, or a moderator.

    Raises NotFound, and Forbidden for one of others that the viewer may know of.
    """
    listing, organisation = await visible_listing(session, viewer, kind, listing_id)
    if relation_of(viewer, listing) not in {"owner", "moderator"}:
        raise Forbidden(*OWNER_ONLY)
    return listing, organisation


async def locked_listing(
    session: AsyncSession, viewer: Viewer, kind: str, listing_id: uuid.UUID
) -> ResultListing | NeedListing | None:
    """A listing of the viewer's organisation, locked for a change."""
    table: Any = TABLES[kind]
    # Both tables of the listing are locked: PostgreSQL would else join its new row to the old
    # row of its kind after waiting.
    found = await session.scalars(
        select(table)
        .where(table.id == listing_id, table.organisation_id == viewer.organisation_id)
        .with_for_update()
    )
    listing: ResultListing | NeedListing | None = found.first()
    return listing


class OwnListings(msgspec.Struct, frozen=True, kw_only=True):
    """Which of their own listings someone asks for: a status, and a part of title or reference."""

    kind: str
    status: str | None = None
    text: str = ""
    before: uuid.UUID | None = None


async def listings_of(
    session: AsyncSession, organisation_id: uuid.UUID | None, asked: OwnListings, *, limit: int
) -> list[ResultListing | NeedListing]:
    """An organisation's listings of a kind, the newest first."""
    table: Any = TABLES[asked.kind]
    wanted = select(table).where(table.organisation_id == organisation_id)
    if asked.status is not None:
        wanted = wanted.where(table.status == asked.status)
    if asked.text:
        wanted = wanted.where(
            or_(
                table.title.icontains(asked.text, autoescape=True),
                table.reference.icontains(asked.text, autoescape=True),
            )
        )
    if asked.before is not None:
        wanted = wanted.where(table.id < asked.before)
    return list(await session.scalars(wanted.order_by(table.id.desc()).limit(limit)))


async def counts_by_status(
    session: AsyncSession, organisation_id: uuid.UUID | None, kind: str
) -> dict[str, int]:
    """How many listings of a kind an organisation has in each status."""
    rows = await session.execute(
        select(Listing.status, func.count())
        .where(Listing.organisation_id == organisation_id, Listing.kind == kind)
        .group_by(Listing.status)
    )
    found = {row[0]: row[1] for row in rows}
    return {status: found.get(status, 0) for status in STATUSES}


async def organisation_of(session: AsyncSession, listing: Listing) -> Organisation:
    """The organisation that owns a listing; there always is one."""
    return await session.get_one(Organisation, listing.organisation_id)
