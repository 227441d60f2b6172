"""What matching reads of listings: published ones, with the words of results."""

import uuid
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, and_
from sqlalchemy.ext.asyncio import AsyncSession

from market.indexing.documents import document_of_result
from market.indexing.models import ListingWords
from market.listings.models import Listing
from market.listings.plain import PLAIN, plain_need, plain_result, plain_rows
from schemas.listings import Need, Result
from search.documents import document_words
from search.text import PIPELINE_VERSION


class PublishedResult(NamedTuple):
    listing: Result
    version: int
    words: Sequence[str]


class PublishedNeed(NamedTuple):
    listing: Need
    version: int


Published = PublishedResult | PublishedNeed
Id = uuid.UUID


def other_kind(kind: str) -> str:
    return "need" if kind == "result" else "result"


async def published_results(
    session: AsyncSession, ids: Collection[Id]
) -> dict[Id, PublishedResult]:
    """The published ones of these results."""
    rows = await _published(session, _CUT_RESULTS, ids)
    return {row.id: _result(row) for row in rows}


async def published_needs(session: AsyncSession, ids: Collection[Id]) -> dict[Id, PublishedNeed]:
    """The published ones of these needs."""
    rows = await _published(session, PLAIN["need"], ids)
    return {row.id: PublishedNeed(plain_need(row), row.version) for row in rows}


async def _published(
    session: AsyncSession, wanted: Select[Any], ids: Collection[Id]
) -> list[Row[Any]]:
    # The status is looked at here: in the statement it would lead SQLite, which knows
    # nothing of how many are published, to read all of those instead of a few ids.
    rows = await plain_rows(session, wanted, ids)
    return [row for row in rows if row.status == "published"]


_CUT_RESULTS = (
    PLAIN["result"]
    .add_columns(ListingWords.words.label("cut"))
    # Words of another state of the listing, or of another way to cut, are no use.
    .outerjoin(
        ListingWords.__table__,
        and_(
            ListingWords.listing_id == Listing.__table__.c.id,
            ListingWords.listing_version == Listing.__table__.c.version,
            ListingWords.pipeline_version == PIPELINE_VERSION,
        ),
    )
)


def _result(row: Row[Any]) -> PublishedResult:
    result = plain_result(row)
    if row.cut is not None:
        return PublishedResult(result, row.version, row.cut.split())
    return PublishedResult(result, row.version, document_words(document_of_result(result)))
