"""Searches of published listings: the engine finds, the database shows.

The index holds nothing that owners hide, but some of it is told only to verified organisations:
exact prices, and who posts a need. To others no filter and no order may tell it either.
"""

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import or_, select

from market.accounts.viewer import Viewer
from market.db import Database
from market.errors import FieldError, Forbidden, Invalid
from market.http.paging import cursor_of, id_of, place_of
from market.indexing.engines import Indexes, Kind
from market.indexing.search_parameters import MOST_CNY, NeedSearch, ResultSearch, kind_of, wanted_by
from market.indexing.shown_rows import organisation_of, shown_rows
from market.listings.facets import facet_label
from market.listings.models import Listing
from market.listings.visibility import TABLE, Relation, relation_of, summary_parts
from schemas.search import FacetCount, FoundListing, FoundPage
from schemas.vocab import Lang
from search.port import PRICE_BANDS_CNY, Filters, Hit, SearchPage, SearchQuery, Span

MOST_SKIPPED = 10_000
# No institute comes near it; the engine takes a set of ids of any size in about that time.
_MOST_IDS = 5_000
_SNIPPET_BEFORE = 40
_SNIPPET_CHARACTERS = 160


async def find_listings(
    database: Database,
    indexes: Indexes,
    asked: ResultSearch | NeedSearch,
    viewer: Viewer,
    lang: Lang,
) -> FoundPage:
    """One page of what is published and meets all that was asked, as the viewer may see it.

    Raises Invalid for what can't be understood, Forbidden for filters and orders that would tell
    what the viewer may not know, SearchUnavailable.
    """
    kind, relation = kind_of(asked), relation_in_general(viewer)
    wanted = wanted_by(asked)
    refuse_telling(kind, asked, relation)
    filters = in_bands(wanted.filters) if TABLE["terms"][relation] == "band" else wanted.filters
    mark = _fingerprint(kind, asked, filters)
    offset = _offset(asked.cursor, mark)
    if asked.organisation_id is not None:
        ids = await _ids_of_organisation(database, kind, asked.organisation_id, viewer)
        if not ids:
            return FoundPage(items=[], total=0, facets={name: [] for name in wanted.facets})
        filters = msgspec.structs.replace(filters, ids=ids)
    page = await indexes.of(kind).search(
        SearchQuery(
            text=asked.q,
            filters=filters,
            facets=wanted.facets,
            sort=asked.sort,
            limit=asked.limit,
            offset=offset,
            highlight=asked.highlight,
        )
    )
    return FoundPage(
        items=await _shown(database, kind, page.hits, viewer, lang),
        total=page.total,
        facets=_named(page, lang),
        next_cursor=_following(offset + asked.limit, page.total, mark),
        degraded=page.is_degraded,
    )


def relation_in_general(viewer: Viewer) -> Relation:
    """How the viewer stands to listings that are not their own."""
    may_read_own = viewer.scopes is None or "listings:read" in viewer.scopes
    if viewer.is_moderator and may_read_own:
        return "moderator"
    return "verified" if viewer.is_verified else "anyone"


def refuse_telling(kind: Kind, asked: ResultSearch | NeedSearch, relation: Relation) -> None:
    """Raises Forbidden for an order or a filter that would tell what the relation may not know."""
    # Within a band the order would tell which price is the lower one, and by many listings of
    # one's own between them, how low it is.
    if asked.sort in ("price_up", "price_down") and TABLE["terms"][relation] == "band":
        raise Forbidden(
            "price_order_refused",
            "按价格排序仅对已认证单位开放",
            "Only verified organisations may sort by price.",
        )
    by_name = bool(asked.organisation) or asked.organisation_id is not None
    if by_name and TABLE["institute" if kind == "result" else "enterprise"][relation] == "band":
        raise Forbidden(
            "organisation_filter_refused",
            "按需求单位筛选仅对已认证单位开放",
            "Only verified organisations may ask whose needs these are.",
        )


def in_bands(filters: Filters) -> Filters:
    """The asked range widened to the edges of price bands, which is all that may be told."""
    low, high = filters.price_min_cny, filters.price_max_cny
    return msgspec.structs.replace(
        filters,
        price_min_cny=None if low is None else _band_of(low)[0],
        price_max_cny=None if high is None else _band_of(high)[1],
    )


def _band_of(amount_cny: int) -> tuple[int, int]:
    """The lowest and the highest amount of the band that an amount lies in."""
    edges = [0, *(upper for _, upper in PRICE_BANDS_CNY if upper is not None), MOST_CNY + 1]
    lowest = max(edge for edge in edges[:-1] if edge <= amount_cny)
    return lowest, min(edge for edge in edges if edge > amount_cny) - 1


def _fingerprint(kind: Kind, asked: ResultSearch | NeedSearch, filters: Filters) -> str:
    """What a list depends on: a cursor of another list would show pages of neither."""
    parts = (kind, asked.q, asked.sort, asked.organisation_id, filters)
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=9).hexdigest()


def _offset(cursor: str | None, mark: str) -> int:
    place = place_of(cursor, tuple[int, str])
    if place is None:
        return 0
    offset, marked = place
    if marked != mark or not 0 <= offset <= MOST_SKIPPED:
        raise Invalid(
            FieldError(
                "cursor",
                "游标属于另一个检索",
                "The cursor is of another search.",
                source="query",
            )
        )
    return offset


def _following(offset: int, total: int, mark: str) -> str | None:
    return cursor_of((offset, mark)) if offset < total and offset <= MOST_SKIPPED else None


async def _ids_of_organisation(
    database: Database, kind: Kind, organisation_id: str, viewer: Viewer
) -> tuple[str, ...]:
    """Published listings that may be known to be of this organisation, the newest first."""
    asked = id_of(organisation_id)
    is_known = or_(Listing.shows_organisation, Listing.organisation_id == viewer.organisation_id)
    async with database.reading() as session:
        ids = await session.scalars(
            select(Listing.id)
            .where(
                Listing.organisation_id == asked,
                Listing.kind == kind,
                Listing.status == "published",
                is_known,
            )
            .order_by(Listing.id.desc())
            .limit(_MOST_IDS)
        )
        return tuple(map(str, ids))


async def _shown(
    database: Database, kind: Kind, hits: Sequence[Hit], viewer: Viewer, lang: Lang
) -> list[FoundListing]:
    """The hits in their order, as their rows are now; those not published any more are left out."""
    if not hits:
        return []
    rows = await shown_rows(database, kind, [uuid.UUID(hit.id) for hit in hits])
    return [_found(row, hit, viewer, lang) for hit in hits if (row := rows.get(hit.id))]


def _found(row: Any, hit: Hit, viewer: Viewer, lang: Lang) -> FoundListing:
    parts = summary_parts(row, organisation_of(row), relation_of(viewer, row), lang)
    if hit.highlights:
        parts["highlights"], parts["snippet"] = _marked(row, hit)
    return FoundListing(**parts, score=round(hit.score, 4))


def _marked(row: Any, hit: Hit) -> tuple[dict[str, list[tuple[int, int]]], str | Any]:
    """Found places in what the viewer gets: the row may have changed since it was indexed."""
    texts = {"title": row.title, "keywords": "、".join(row.keywords)}
    marked = {
        field: _within(hit.highlights.get(field, ()), 0, len(shown))
        for field, shown in texts.items()
    }
    snippet: str | Any = UNSET
    in_text = _within(hit.highlights.get("body", ()), 0, len(row.text))
    if in_text:
        start = max(0, in_text[0][0] - _SNIPPET_BEFORE)
        snippet = row.text[start : start + _SNIPPET_CHARACTERS]
        marked["snippet"] = _within(hit.highlights["body"], start, start + len(snippet))
    return {field: places for field, places in marked.items() if places}, snippet


def _within(spans: Sequence[Span], start: int, end: int) -> list[tuple[int, int]]:
    return [
        (span.start - start, span.end - start)
        for span in spans
        if start <= span.start and span.end <= end
    ]


def _named(page: SearchPage, lang: Lang) -> dict[str, list[FacetCount]]:
    return {
        facet: [
            FacetCount(code=code, label=facet_label(facet, code, lang), count=count)
            for code, count in counts.items()
        ]
        for facet, counts in page.facets.items()
    }
