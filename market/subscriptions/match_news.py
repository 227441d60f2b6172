"""Jobs TELL_OF_MATCHES: who wants to hear of the matches of listings that were scored anew."""

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from market.accounts.models import User
from market.db import Database, utc_now
from market.jobs import ClaimedJob, finish
from market.listings.models import Listing
from market.listings.plain import in_parts
from market.matching.models import MatchRow
from market.matching.pairs import column_of
from market.settings import Settings
from market.subscriptions.finding import parts_of
from market.subscriptions.models import Subscription
from market.subscriptions.news import News, hearer_of, in_chunks
from market.subscriptions.telling import tell

Id = uuid.UUID


class _Wish(NamedTuple):
    """A subscription to the matches of a listing."""

    saved: Subscription
    kind: str


async def tell_of_matches(
    database: Database, settings: Settings, jobs: Sequence[ClaimedJob]
) -> None:
    """Do jobs {"kind", "ids"}: each pair that scores enough is told once to each side."""
    for kind, ids in parts_of(jobs):
        async with database.reading() as session:
            pairs = await _pairs(session, kind, ids)
            wishes = await _wishes(session, pairs)
        for chunk in in_chunks(_news(pairs, wishes)):
            async with database.writing() as session:
                await tell(session, chunk, settings, utc_now())
    async with database.writing() as session:
        await finish(session, jobs)


async def _pairs(session: AsyncSession, kind: str, ids: Collection[Id]) -> list[Row[Any]]:
    result, need = aliased(Listing.__table__), aliased(Listing.__table__)
    found: list[Row[Any]] = []
    for some in in_parts(ids):
        found += await session.execute(
            select(MatchRow.id, MatchRow.result_id, MatchRow.need_id, MatchRow.score)
            .join(result, result.c.id == MatchRow.result_id)
            .join(need, need.c.id == MatchRow.need_id)
            .where(
                column_of(kind).in_(some),
                MatchRow.state == "open",
                or_(MatchRow.for_result, MatchRow.for_need),
                result.c.status == "published",
                need.c.status == "published",
            )
        )
    return found


async def _wishes(session: AsyncSession, pairs: Iterable[Row[Any]]) -> list[_Wish]:
    """Of people who can sign in and still belong to whom the listing belongs to."""
    listing_ids = {each for pair in pairs for each in (pair.result_id, pair.need_id)}
    wishes: list[_Wish] = []
    for some in in_parts(listing_ids):
        rows = await session.execute(
            select(Subscription, Listing.kind)
            .join(Listing, Listing.id == Subscription.listing_id)
            .join(User, User.id == Subscription.user_id)
            .where(
                Subscription.listing_id.in_(some),
                Subscription.frequency != "off",
                Listing.organisation_id == User.organisation_id,
                User.disabled_at.is_(None),
            )
        )
        wishes += [_Wish(row[0], row[1]) for row in rows]
    return wishes


def _news(pairs: Iterable[Row[Any]], wishes: Iterable[_Wish]) -> Iterator[News]:
    by_listing: dict[Id, list[Row[Any]]] = {}
    for pair in pairs:
        by_listing.setdefault(pair.result_id, []).append(pair)
        by_listing.setdefault(pair.need_id, []).append(pair)
    for saved, kind in wishes:
        for pair in by_listing.get(saved.listing_id or Id(int=0), ()):
            if pair.score < (saved.min_score or 0):
                continue
            partner = pair.need_id if kind == "result" else pair.result_id
            yield News(
                hearer=hearer_of(saved),
                type="match.found",
                subject_id=partner,
                subject_version=1,
                kind="need" if kind == "result" else "result",
                listing_id=partner,
                match_id=pair.id,
            )
