"""Routes of saved searches."""

from typing import Any

from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.types import ControllerRouterHandler
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.guard import signed_in
from market.accounts.viewer import Viewer
from market.accounts.wire import page_of, unless_unchanged, versioned
from market.db import Database, utc_now
from market.errors import NotFound
from market.http.etags import TAKES_VERSION, TELLS_VERSION, etag, version_asked
from market.http.idempotency import TAKES_KEY, Answer, answer_once
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, id_of, place_of
from market.indexing.engines import Indexes
from market.settings import Settings
from market.subscriptions import service
from market.subscriptions.addresses import feed_address
from market.subscriptions.preview import previewed
from market.subscriptions.queries import Id, own_subscription, own_subscriptions
from market.subscriptions.wire import saved_search_view
from schemas.common import Page
from schemas.subscriptions import (
    FeedLinks,
    Preview,
    PreviewForm,
    SavedSearchChange,
    SavedSearchForm,
    SavedSearchView,
)

TAGS = ["saved-searches"]
READER = signed_in(scope="subscriptions:read")
WRITER = signed_in(scope="subscriptions:write")
_Asked = Request[Viewer, Any, Any]


@post(
    "/saved-searches",
    operation_id="saveSearch",
    summary="保存检索并设置提醒 · Save a search, and how to hear of what it finds",
    tags=TAGS,
    opt=WRITER | TAKES_KEY,
)
async def save_search(
    data: JSONBody[SavedSearchForm],
    request: _Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[SavedSearchView]:
    async def act(session: AsyncSession) -> Answer:
        saved = await service.save_search(session, request.user, data, settings, utc_now())
        headers = {
            "ETag": etag(saved.version),
            "Location": f"/api/v1/saved-searches/{saved.id}",
        }
        return Answer(saved_search_view(saved), headers=headers)

    if request.user.user_id is None:
        raise NotFound
    return await answer_once(request, database, request.user.user_id, act)


@post(
    "/saved-searches/preview",
    status_code=200,
    operation_id="previewSearch",
    summary="预览：过去 30 天会提醒几次 · How often it would have told something in 30 days",
    tags=TAGS,
    opt=READER,
)
async def preview_search(
    data: JSONBody[PreviewForm],
    request: _Asked,
    database: NamedDependency[Database],
    indexes: NamedDependency[Indexes],
) -> Preview:
    async with database.reading() as session:
        await service.check_asked(session, request.user, data)
    return await previewed(database, indexes, request.user, data, utc_now())


@get(
    "/saved-searches",
    operation_id="listSavedSearches",
    summary="我保存的检索 · My saved searches",
    tags=TAGS,
    opt=READER,
)
async def list_saved_searches(
    request: _Asked,
    database: NamedDependency[Database],
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[SavedSearchView]:
    before = place_of(cursor, Id)
    async with database.reading() as session:
        found = await own_subscriptions(session, request.user, before, limit=limit + 1)
    return page_of(found, limit, saved_search_view)


@get(
    "/saved-searches/{search_id:str}",
    operation_id="readSavedSearch",
    summary="查看保存的检索 · Read a saved search",
    tags=TAGS,
    opt=READER | TELLS_VERSION,
)
async def read_saved_search(
    search_id: FromPath[str], request: _Asked, database: NamedDependency[Database]
) -> Response[SavedSearchView]:
    async with database.reading() as session:
        saved = await own_subscription(session, request.user, id_of(search_id))
    return unless_unchanged(request, saved_search_view(saved), saved.version)


@patch(
    "/saved-searches/{search_id:str}",
    operation_id="changeSavedSearch",
    summary="修改保存的检索 · Change a saved search",
    tags=TAGS,
    opt=WRITER | TAKES_VERSION,
)
async def change_saved_search(
    search_id: FromPath[str],
    data: JSONBody[SavedSearchChange],
    request: _Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[SavedSearchView]:
    # Who may not know of it is told that, whatever else is missing.
    async with database.writing() as session:
        await own_subscription(session, request.user, id_of(search_id))
        saved = await service.search_to_change(
            session, request.user, id_of(search_id), version_asked(request)
        )
        await service.change_search(session, request.user, saved, data, settings, utc_now())
    return versioned(saved_search_view(saved), saved.version)


@delete(
    "/saved-searches/{search_id:str}",
    operation_id="deleteSavedSearch",
    summary="删除保存的检索 · Delete a saved search",
    tags=TAGS,
    opt=WRITER,
)
async def delete_saved_search(
    search_id: FromPath[str], request: _Asked, database: NamedDependency[Database]
) -> None:
    async with database.writing() as session:
        await service.delete_search(session, request.user, id_of(search_id))


@post(
    "/saved-searches/{search_id:str}/feed",
    operation_id="giveFeed",
    summary="生成订阅源链接（只显示一次） · Make a feed of it; links before are good no more",
    tags=TAGS,
    opt=WRITER,
)
async def give_feed(
    search_id: FromPath[str],
    request: _Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> FeedLinks:
    async with database.writing() as session:
        token = await service.give_feed(session, request.user, id_of(search_id))
    return FeedLinks(
        atom_url=feed_address(settings, token, "atom"),
        json_url=feed_address(settings, token, "json"),
    )


@delete(
    "/saved-searches/{search_id:str}/feed",
    operation_id="revokeFeed",
    summary="停用订阅源链接 · Revoke the feed",
    tags=TAGS,
    opt=WRITER,
)
async def revoke_feed(
    search_id: FromPath[str], request: _Asked, database: NamedDependency[Database]
) -> None:
    async with database.writing() as session:
        await service.revoke_feed(session, request.user, id_of(search_id))


routes: list[ControllerRouterHandler] = [
    save_search,
    preview_search,
    list_saved_searches,
    read_saved_search,
    change_saved_search,
    delete_saved_search,
    give_feed,
    revoke_feed,
]
