"""What a saved search would have told lately, before it is saved.

The engine finds, as in any search; what it found only by relaxing is left out by the same
comparison that alerts are made by. Engines rank strict hits first, so the first page tells.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Result, Row, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from market.accounts.viewer import Viewer
from market.db import Database
from market.indexing.engines import Indexes
from market.indexing.listed_documents import public_document
from market.indexing.search_queries import in_bands
from market.listings.models import Listing
from market.listings.plain import PLAIN, plain_rows
from market.matching.models import MatchRow
from market.matching.synonyms import marketplace_synonyms
from market.subscriptions.asked import LISTING_KIND, exact_filters, id_named, sees_exactly
from schemas.subscriptions import FoundBefore, Preview, PreviewForm
from search.port import SearchQuery
from search.strict import held_by, strict_search

DAYS = 30
_LOOKED_AT = 100
_SHOWN = 5
_LISTED = Listing.__table__.c


async def previewed(
    database: Database, indexes: Indexes, viewer: Viewer, form: PreviewForm, now: datetime
) -> Preview:
    """How often this would have told something in the last DAYS. Raises SearchUnavailable."""
    since = now - timedelta(days=DAYS)
    if form.kind in LISTING_KIND:
        rows = await _found(database, indexes, viewer, form, since)
    elif form.kind == "matches":
        async with database.reading() as session:
            rows = await _matched(session, form, since)
    else:
        rows = []
    newest = sorted(rows, key=lambda row: (row.published_at or since, row.id), reverse=True)
    return Preview(
        days=DAYS,
        count=len(rows),
        is_more=len(rows) >= _LOOKED_AT,
        newest=[
            FoundBefore(
                id=str(row.id), kind=row.kind, title=row.title, published_at=row.published_at
            )
            for row in newest[:_SHOWN]
        ],
    )


async def _found(
    database: Database, indexes: Indexes, viewer: Viewer, form: PreviewForm, since: datetime
) -> list[Row[Any]]:
    kind = LISTING_KIND[form.kind]
    filters = exact_filters(form.kind, form.query)
    if not sees_exactly(viewer):
        filters = in_bands(filters)
    filters = msgspec.structs.replace(filters, published_since_s=int(since.timestamp()))
    page = await indexes.of(kind).search(
        SearchQuery(text=form.query.q, filters=filters, limit=_LOOKED_AT)
    )
    async with database.reading() as session:
        synonyms = await marketplace_synonyms(session)
        wanted = PLAIN[kind].add_columns(_LISTED.organisation_id)
        rows = await plain_rows(session, wanted, [uuid.UUID(hit.id) for hit in page.hits])
    search = strict_search(form.query.q, filters, synonyms)
    return [
        row
        for row in rows
        if row.status == "published"
        and row.organisation_id != viewer.organisation_id
        and _is_of(row, form.query.organisation_id)
        and search.fits(held_by(public_document(row)))
    ]


def _is_of(row: Row[Any], organisation_id: str | None) -> bool:
    if organisation_id is None:
        return True
    return bool(row.shows_organisation) and row.organisation_id == id_named(organisation_id)


async def _matched(session: AsyncSession, form: PreviewForm, since: datetime) -> list[Row[Any]]:
    own, partner = id_named(form.listing_id or ""), aliased(Listing)
    rows: Result[Any] = await session.execute(
        select(partner.id, partner.kind, partner.title, partner.published_at)
        .join(
            MatchRow,
            or_(
                and_(MatchRow.result_id == own, MatchRow.need_id == partner.id),
                and_(MatchRow.need_id == own, MatchRow.result_id == partner.id),
            ),
        )
        .where(
            MatchRow.state == "open",
            or_(MatchRow.for_result, MatchRow.for_need),
            MatchRow.score >= form.min_score,
            MatchRow.found_at >= since,
            partner.status == "published",
        )
        .order_by(partner.id.desc())
        .limit(_LOOKED_AT)
    )
    return list(rows.all())
