"""Routes of feeds: of what is published, for anyone, and of saved searches, by their links."""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi.spec import (
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Schema,
)
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.guard import anyone
from market.accounts.identification import viewer_of
from market.accounts.tokens import token_hash
from market.accounts.viewer import ANONYMOUS, Viewer
from market.db import Database
from market.errors import NotFound
from market.http.languages import language_of
from market.listings.models import Listing
from market.listings.queries import listings_by_id, organisations_by_id
from market.listings.visibility import relation_of, summary_of
from market.settings import Settings
from market.subscriptions.addresses import address_of, api_address, feed_address
from market.subscriptions.feeds import ATOM, JSON, Entry, Feed, atom, json_feed
from market.subscriptions.models import Alert, Subscription
from market.subscriptions.queries import Id, person
from market.subscriptions.wire import alert_views
from schemas.listing_views import ListingSummary
from schemas.subscriptions import AlertView
from schemas.vocab import Lang

_TAGS = ["feeds"]
_ENTRIES = 50
_WRITERS = {"atom": (atom, ATOM), "json": (json_feed, JSON)}
_KINDS = {
    "results": ("result", "科技成果", "Technology results"),
    "needs": ("need", "技术需求", "Technical needs"),
}
# Readers ask every few minutes; nobody is told less for it.
_FRESH = {"Cache-Control": "public, max-age=300"}
_PRIVATE = {"Cache-Control": "private, max-age=300"}


@dataclass
class _FeedOperation(Operation):
    """Documents what a route of feeds answers: one of both formats."""

    def __post_init__(self) -> None:
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse):
            content = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
            answer.content = dict.fromkeys((ATOM, JSON), OpenAPIMediaType(schema=content))


@get(
    "/feeds/{kind:str}/{form:str}",
    operation_id="readPublicFeed",
    summary="最新发布（results 或 needs，atom 或 json） · What was published last; atom or json",
    tags=_TAGS,
    opt=anyone(),
    media_type=ATOM,
    operation_class=_FeedOperation,
)
async def read_public_feed(
    kind: FromPath[str],
    form: FromPath[str],
    request: Request[Viewer, Any, Any],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    if kind not in _KINDS or form not in _WRITERS:
        raise NotFound
    lang = language_of(request)
    name, zh, en = _KINDS[kind]
    async with database.reading() as session:
        summaries = await _published(session, name, lang)
    feed = Feed(
        id=api_address(settings, f"feeds/{kind}"),
        title=f"对接 Duijie · {zh if lang == 'zh' else en}",
        url=api_address(settings, f"feeds/{kind}/{form}"),
        entries=[_entry_of_listing(each, settings) for each in summaries],
    )
    return _answer(feed, form, _FRESH)


@get(
    "/feeds/saved/{token:str}/{form:str}",
    operation_id="readSavedFeed",
    summary="保存的检索的订阅源 · The feed of a saved search, by its link",
    tags=_TAGS,
    opt=anyone(),
    media_type=ATOM,
    operation_class=_FeedOperation,
)
async def read_saved_feed(
    token: FromPath[str],
    form: FromPath[str],
    request: Request[Viewer, Any, Any],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    if form not in _WRITERS:
        raise NotFound
    async with database.reading() as session:
        saved, viewer = await _owner(session, token)
        alerts = await session.scalars(
            select(Alert)
            .where(Alert.subscription_id == saved.id)
            .order_by(Alert.id.desc())
            .limit(_ENTRIES)
        )
        views = await alert_views(session, viewer, alerts.all(), language_of(request))
    feed = Feed(
        id=f"urn:uuid:{saved.id}",
        title=saved.name,
        url=feed_address(settings, token, form),
        entries=[
            _entry_of_alert(each, each.listing, settings)
            for each in views
            if each.listing is not None
        ],
    )
    return _answer(feed, form, _PRIVATE)


async def _published(session: AsyncSession, kind: str, lang: Lang) -> list[ListingSummary]:
    """As anyone sees them, the last published ones first."""
    newest = await session.scalars(
        select(Listing.id)
        .where(Listing.kind == kind, Listing.status == "published")
        .order_by(Listing.published_at.desc(), Listing.id.desc())
        .limit(_ENTRIES)
    )
    ids = list(newest)
    listings = await listings_by_id(session, kind, ids)
    organisations = await organisations_by_id(session, listings.values())
    return [
        summary_of(
            listings[each],
            organisations[listings[each].organisation_id],
            relation_of(ANONYMOUS, listings[each]),
            lang,
        )
        for each in ids
    ]


async def _owner(session: AsyncSession, token: str) -> tuple[Subscription, Viewer]:
    """Whose feed it is, and as whom it is read. Raises NotFound for links that are no good."""
    saved = await session.scalar(
        select(Subscription).where(Subscription.feed_hash == token_hash(token))
    )
    found = None if saved is None else await person(session, saved.user_id)
    if saved is None or found is None or found[0].organisation_id != saved.organisation_id:
        raise NotFound
    return saved, viewer_of(*found)


def _entry_of_listing(summary: ListingSummary, settings: Settings) -> Entry:
    return Entry(
        id=f"urn:uuid:{summary.id}",
        title=summary.title,
        text=summary.excerpt,
        url=address_of(settings, summary.kind, Id(summary.id)),
        author=_who(summary),
        updated_at=summary.published_at or summary.changed_at,
    )


def _entry_of_alert(view: AlertView, listing: ListingSummary, settings: Settings) -> Entry:
    return Entry(
        id=f"urn:uuid:{view.id}",
        title=view.title,
        text="\n".join([*view.reasons, listing.excerpt]),
        url=address_of(settings, listing.kind, Id(listing.id)),
        author=_who(listing),
        updated_at=view.created_at,
    )


def _who(summary: ListingSummary) -> str:
    if summary.organisation is not UNSET:
        return summary.organisation.name
    return summary.organisation_hint if summary.organisation_hint is not UNSET else ""


def _answer(feed: Feed, form: str, headers: dict[str, str]) -> Response[bytes]:
    write, media_type = _WRITERS[form]
    return Response(write(feed), media_type=f"{media_type}; charset=utf-8", headers=headers)


routes: list[ControllerRouterHandler] = [read_public_feed, read_saved_feed]
