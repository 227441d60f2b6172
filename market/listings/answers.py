"""What the routes of results and of needs have in common: one function for each thing to do."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec
from litestar import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.accounts.viewer import Viewer
from market.db import Database, utc_now
from market.errors import NotFound
from market.http.etags import etag, is_unchanged, version_asked
from market.http.idempotency import Answer, answer_once
from market.http.languages import language_of
from market.http.paging import cursor_of, id_of
from market.listings import service
from market.listings.completeness import Suggestion, advice, missing_for_publication
from market.listings.models import NeedListing, ResultListing
from market.listings.queries import (
    OwnListings,
    counts_by_status,
    listings_of,
    organisation_of,
    own_listing,
    visible_listing,
)
from market.listings.service import Publication
from market.listings.states import last_day
from market.listings.visibility import Relation, need_view, relation_of, result_view, summary_of
from market.settings import Settings
from schemas.listing_forms import Change, Form, Renewal
from schemas.listing_views import Action, Advice, ListingKind, MyListings, NeedView, ResultView
from schemas.vocab import Lang

V = TypeVar("V", ResultView, NeedView)
Asked = Request[Viewer, Any, Any]
_Stored = ResultListing | NeedListing


class Side(msgspec.Struct, Generic[V], frozen=True):
    """One side of the market: its kind of listing, its path, and how a listing is shown."""

    kind: ListingKind
    path: str
    view: Callable[[Any, Organisation, Relation, Lang], V]


RESULTS = Side[ResultView]("result", "results", result_view)
NEEDS = Side[NeedView]("need", "needs", need_view)


async def created(side: Side[V], request: Asked, database: Database, form: Form) -> Response[Any]:
    async def act(session: AsyncSession) -> Answer:
        listing = await service.create_listing(session, request.user, side.kind, form, utc_now())
        organisation = await organisation_of(session, listing)
        view, headers = _shown(side, request, listing, organisation)
        return Answer(view, headers={**headers, "Location": f"/api/v1/{side.path}/{listing.id}"})

    if request.user.user_id is None:
        raise NotFound
    return await answer_once(request, database, request.user.user_id, act)


async def read(side: Side[V], request: Asked, database: Database, listing_id: str) -> Response[Any]:
    async with database.reading() as session:
        listing, organisation = await visible_listing(
            session, request.user, side.kind, id_of(listing_id)
        )
    variant = _variant(request, listing, organisation)
    if is_unchanged(request, listing.version, variant):
        headers = {"ETag": etag(listing.version, variant), "Vary": _VARY}
        return Response(None, status_code=304, headers=headers)
    view, headers = _shown(side, request, listing, organisation)
    return Response(view, headers=headers)


async def changed(
    side: Side[V], request: Asked, database: Database, listing_id: str, change: Change
) -> Response[V]:
    async with database.writing() as session:
        listing = await _to_change(session, side, request, listing_id)
        await service.change_listing(session, listing, change, utc_now())
        organisation = await organisation_of(session, listing)
    view, headers = _shown(side, request, listing, organisation)
    return Response(view, headers=headers)


async def moved(
    side: Side[V],
    request: Asked,
    database: Database,
    settings: Settings,
    listing_id: str,
    action: Action,
) -> Response[V]:
    now = utc_now()
    publication = Publication(now, last_day(now, days=settings.listing_days))
    return await _moved(side, request, database, (listing_id, action), publication)


async def renewed(
    side: Side[V],
    request: Asked,
    database: Database,
    settings: Settings,
    listing_id: str,
    renewal: Renewal,
) -> Response[V]:
    now = utc_now()
    if renewal.expires_on is not None:
        service.refuse_last_day(renewal.expires_on, now)
    until = renewal.expires_on or last_day(now, days=settings.listing_days)
    return await _moved(side, request, database, (listing_id, "renew"), Publication(now, until))


async def deleted(side: Side[V], request: Asked, database: Database, listing_id: str) -> None:
    async with database.writing() as session:
        listing = await _to_change(session, side, request, listing_id)
        await service.delete_draft(session, listing)


class Previewed(msgspec.Struct, Generic[V], frozen=True):
    listing: V
    advice: list[Advice]
    missing: list[Advice]


async def previewed(
    side: Side[V], request: Asked, database: Database, listing_id: str, relation: Relation
) -> Previewed[V]:
    async with database.reading() as session:
        listing, organisation = await own_listing(
            session, request.user, side.kind, id_of(listing_id)
        )
    lang = language_of(request)
    missing = [
        Suggestion("missing", each.place, each.zh, each.en)
        for each in missing_for_publication(listing)
    ]
    return Previewed(
        listing=side.view(listing, organisation, relation, lang),
        advice=_in_language(advice(listing, organisation.name), lang),
        missing=_in_language(missing, lang),
    )


async def my_listings(
    request: Asked, database: Database, asked: OwnListings, limit: int
) -> MyListings:
    """A page of the listings of the viewer's organisation, shown as to their owner."""
    mine = request.user.organisation_id
    async with database.reading() as session:
        found = await listings_of(session, mine, asked, limit=limit + 1)
        counts = await counts_by_status(session, mine, asked.kind)
        organisation = await organisation_of(session, found[0]) if found else None
    lang, page = language_of(request), found[:limit]
    return MyListings(
        items=[summary_of(each, organisation, "owner", lang) for each in page if organisation],
        counts=counts,
        next_cursor=cursor_of(page[-1].id) if len(found) > limit else None,
    )


_VARY = "Accept-Language, Authorization"


async def _moved(
    side: Side[V],
    request: Asked,
    database: Database,
    asked: tuple[str, Action],
    publication: Publication,
) -> Response[V]:
    listing_id, action = asked
    async with database.writing() as session:
        listing = await _to_change(session, side, request, listing_id)
        organisation = await organisation_of(session, listing)
        await service.move_listing(session, listing, organisation, action, publication)
    view, headers = _shown(side, request, listing, organisation)
    return Response(view, headers=headers)


async def _to_change(
    session: AsyncSession, side: Side[V], request: Asked, listing_id: str
) -> _Stored:
    version, asked = version_asked(request), id_of(listing_id)
    if asked is None:
        raise NotFound
    return await service.listing_to_change(session, request.user, side.kind, asked, version)


def _shown(
    side: Side[V], request: Asked, listing: _Stored, organisation: Organisation
) -> tuple[V, dict[str, str]]:
    relation = relation_of(request.user, listing)
    view = side.view(listing, organisation, relation, language_of(request))
    tag = etag(listing.version, _variant(request, listing, organisation))
    return view, {"ETag": tag, "Vary": _VARY}


def _variant(request: Asked, listing: _Stored, organisation: Organisation) -> str:
    """What else than the listing's version an answer depends on."""
    relation = relation_of(request.user, listing)
    return f"{organisation.version}.{relation}.{language_of(request)}"


def _in_language(suggestions: list[Suggestion], lang: Lang) -> list[Advice]:
    return [
        Advice(code=each.code, pointer=each.pointer, text=each.zh if lang == "zh" else each.en)
        for each in suggestions
    ]
