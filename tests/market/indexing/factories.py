"""Listings as rows, and the index jobs that follow them."""

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from market.accounts.models import Organisation
from market.db import Database, new_id, utc_now
from market.indexing.engines import Indexes
from market.indexing.handlers import job_kinds
from market.jobs import INDEX, NOW, Job, enqueue
from market.listings.models import Listing, NeedListing, ResultListing
from market.settings import Settings
from market.worker import Worker

Row = ResultListing | NeedListing

_COMMON: dict[str, Any] = {
    "keywords": ["鞋底", "防滑"],
    "fields": ["materials"],
    "industries": ["C1954"],
    "modes": ["licence"],
    "contacts": {},
    "extra": {},
    "shows_terms": True,
    "status": "published",
}
_RESULT: dict[str, Any] = {
    "title": "高湿摩擦系数橡胶鞋底材料",
    "text": "用白炭黑补强橡胶，湿摩擦系数由0.32提升到0.55。",
    "division": "350503",
    "shows_organisation": True,
    "trl": 7,
    "patents": [],
    "price_min_cny": 600_000,
    "price_max_cny": 700_000,
}
_NEED: dict[str, Any] = {
    "title": "橡胶鞋底湿摩擦系数不够",
    "text": "现有橡胶鞋底在湿地面上打滑，求配方。",
    "division": "350582",
    "shows_organisation": False,
    "trl_min": 6,
    "trl_max": 8,
    "budget_min_cny": 200_000,
    "budget_max_cny": 800_000,
    "indicators": [
        {
            "name": "剥离强度",
            "comparator": ">=",
            "value": 97531.0,
            "unit": "N/cm",
            "text": "剥离强度≥97531 N/cm",
        }
    ],
}


def made_listing(organisation: Organisation, kind: str = "result", **changes: Any) -> Row:
    """A published listing with every searchable column filled, but for the changes."""
    now = utc_now()
    table: Any = ResultListing if kind == "result" else NeedListing
    own = _RESULT if kind == "result" else _NEED
    values = {"published_at": now, "created_at": now, "changed_at": now} | _COMMON | own
    listing: Row = table(id=new_id(), organisation_id=organisation.id, **(values | changes))
    return listing


async def post(
    database: Database, organisation: Organisation | None, kind: str = "result", **changes: Any
) -> Row:
    """A stored listing. Nothing is enqueued for it."""
    assert organisation is not None
    listing = made_listing(organisation, kind, **changes)
    async with database.writing() as session:
        session.add(listing)
    return listing


async def change(database: Database, listing: Listing | str, **values: Any) -> None:
    """The row in another state, in its next version. Nothing is enqueued for it."""
    listing_id = uuid.UUID(listing) if isinstance(listing, str) else listing.id
    async with database.writing() as session:
        row = (await session.execute(select(Listing).where(Listing.id == listing_id))).scalar_one()
        for name, value in values.items():
            setattr(row, name, value)


async def remove(database: Database, listing: Listing) -> None:
    async with database.writing() as session:
        row = (await session.execute(select(Listing).where(Listing.id == listing.id))).scalar_one()
        await session.delete(row)


async def announce(
    database: Database, *listings: Row, priority: int = NOW, kind: str | None = None
) -> None:
    """One index job for all of them."""
    ids = [str(listing.id) for listing in listings]
    payload = {"kind": kind or listings[0].kind, "ids": ids}
    async with database.writing() as session:
        await enqueue(session, INDEX, payload, priority=priority)


async def run_jobs(settings: Settings, database: Database, indexes: Indexes) -> None:
    """What the index has to do now is done by a worker."""
    await Worker(database, job_kinds(settings, database, indexes)).run_until_idle()


async def post_indexed(
    settings: Settings,
    database: Database,
    indexes: Indexes,
    *listings: Row,
) -> None:
    """Stored, and in the index as a worker writes it."""
    async with database.writing() as session:
        session.add_all(listings)
    for kind in ("result", "need"):
        of_kind = [listing for listing in listings if listing.kind == kind]
        if of_kind:
            await announce(database, *of_kind)
    await run_jobs(settings, database, indexes)


async def jobs_of(database: Database, kind: str, *states: str) -> list[Job]:
    """Jobs of a kind, the oldest first; without states those that wait."""
    async with database.reading() as session:
        found = await session.scalars(
            select(Job)
            .where(Job.kind == kind, Job.state.in_(states or ("queued",)))
            .order_by(Job.id)
        )
        return list(found)


def ids_of(listings: Iterable[Row]) -> list[str]:
    return [str(listing.id) for listing in listings]
