"""What people hear of what is their own: listings that expire, their organisation, and whatever
other areas tell organisations of."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Result, Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import User
from market.db import Database, utc_now
from market.jobs import ClaimedJob, finish
from market.listings.models import Listing
from market.settings import Settings
from market.subscriptions.models import Subscription
from market.subscriptions.news import Hearer, News, hearer_of, in_chunks
from market.subscriptions.telling import tell
from schemas.events import NewsType

Id = uuid.UUID
_LISTINGS_AT_ONCE = 500
_DECISIONS: Mapping[bool, NewsType] = {
    True: "organisation.verified",
    False: "organisation.unverified",
}


class Told(NamedTuple):
    """Something that the people of an organisation are told, once for each subject and version.

    `facts` are plain values: the ids that EVENTS names for the type; "title" and "lines", each in
    Chinese and English, for people; "fair_id" or "order_id" for the address. Nothing in them may
    be secret from these people.
    """

    organisation_id: Id
    type: NewsType
    subject_id: Id
    version: int = 1
    facts: Mapping[str, Any] = {}


async def tell_organisations(
    session: AsyncSession, told: Sequence[Told], settings: Settings, now: datetime
) -> None:
    """Tell the people of organisations by the channels that each chose, in this order; again tells
    nothing."""
    hearers = await own_hearers(session, {each.organisation_id for each in told})
    news = [
        News(
            hearer=hearer,
            type=each.type,
            subject_id=each.subject_id,
            subject_version=each.version,
            reasons={**each.facts, "told_to": str(each.organisation_id)},
            place=place,
        )
        for place, each in enumerate(told)
        for hearer in hearers.get(each.organisation_id, ())
    ]
    for chunk in in_chunks(news):
        await tell(session, chunk, settings, now)


async def own_hearers(
    session: AsyncSession, organisation_ids: Collection[Id]
) -> Mapping[Id, list[Hearer]]:
    """The people of each organisation: by what they subscribed to, else by their inbox."""
    users = (
        await session.execute(
            select(User.id, User.organisation_id).where(
                User.organisation_id.in_(organisation_ids), User.disabled_at.is_(None)
            )
        )
    ).all()
    subscribed = await session.scalars(
        select(Subscription).where(
            Subscription.kind == "own", Subscription.user_id.in_([user.id for user in users])
        )
    )
    by_user: dict[Id, list[Subscription]] = {}
    for saved in subscribed:
        by_user.setdefault(saved.user_id, []).append(saved)
    found: dict[Id, list[Hearer]] = {}
    for user in users:
        hearers = found.setdefault(user.organisation_id, [])
        # Whoever turned it off does not hear, not even by default.
        if saved_ones := by_user.get(user.id):
            hearers += [
                hearer_of(each)
                for each in saved_ones
                if each.frequency != "off" and each.organisation_id == user.organisation_id
            ]
        else:
            hearers.append(Hearer(scope_id=user.id, user_id=user.id))
    return found


async def expired_news(session: AsyncSession, rows: Iterable[Row[Any]]) -> list[News]:
    """News of those of these listings that have expired, for those whose they are."""
    expired = [row for row in rows if row.status == "expired" and row.expires_on is not None]
    return await _news_of(session, "listing.expired", expired)


async def _news_of(session: AsyncSession, kind: str, rows: Sequence[Any]) -> list[News]:
    """One piece of news for each last day of each listing."""
    hearers = await own_hearers(session, {row.organisation_id for row in rows}) if rows else {}
    return [
        News(
            hearer=hearer,
            type=kind,
            subject_id=row.id,
            subject_version=row.expires_on.toordinal(),
            kind=row.kind,
            listing_id=row.id,
            reasons={"expires_on": row.expires_on.isoformat()},
        )
        for row in rows
        for hearer in hearers.get(row.organisation_id, ())
    ]


async def tell_of_expiring(
    database: Database, settings: Settings, jobs: Sequence[ClaimedJob]
) -> None:
    """Tell owners of listings that expire soon: once for each last day of each."""
    now = utc_now()
    until = now.date() + timedelta(days=settings.expiry_notice_days)
    after: tuple[date, Id] = (date.min, Id(int=0))
    while True:
        async with database.reading() as session:
            rows = await _expiring(session, now.date(), until, after)
            news = await _news_of(session, "listing.expiring", rows)
        for chunk in in_chunks(news):
            async with database.writing() as session:
                await tell(session, chunk, settings, now)
        if len(rows) < _LISTINGS_AT_ONCE:
            break
        after = rows[-1].expires_on, rows[-1].id
    async with database.writing() as session:
        await finish(session, jobs)


async def _expiring(
    session: AsyncSession, today: date, until: date, after: tuple[date, Id]
) -> Sequence[Row[Any]]:
    last_day, last_id = after
    found: Result[Any] = await session.execute(
        select(Listing.id, Listing.kind, Listing.organisation_id, Listing.expires_on)
        .where(
            Listing.status.in_(("published", "paused")),
            Listing.expires_on >= today,
            Listing.expires_on <= until,
            (Listing.expires_on > last_day)
            | ((Listing.expires_on == last_day) & (Listing.id > last_id)),
        )
        .order_by(Listing.expires_on, Listing.id)
        .limit(_LISTINGS_AT_ONCE)
    )
    return found.all()


async def tell_of_verification(
    database: Database, settings: Settings, jobs: Sequence[ClaimedJob]
) -> None:
    """Do jobs {"id", "version", "is_verified"}: people hear what was decided of their organisation.

    Each decision is told once.
    """
    told = [
        Told(
            organisation_id=Id(job.payload["id"]),
            type=_DECISIONS[job.payload.get("is_verified", True)],
            subject_id=Id(job.payload["id"]),
            version=job.payload.get("version", 1),
        )
        for job in jobs
    ]
    async with database.writing() as session:
        await tell_organisations(session, told, settings, utc_now())
        await finish(session, jobs)
