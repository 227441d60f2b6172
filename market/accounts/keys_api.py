"""Routes of API keys. They are for people who signed in: a key makes and sees no keys."""

from typing import Any

from litestar import Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from market.accounts import keys
from market.accounts.guard import signed_in
from market.accounts.queries import keys_page
from market.accounts.viewer import Viewer
from market.accounts.wire import key_view, page_of, place_asked
from market.db import Database, utc_now
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, id_of
from schemas.accounts import KeyForm, KeyView, NewKey
from schemas.common import Page

_TAGS = ["keys"]
_Asked = Request[Viewer, Any, Any]


@post(
    "/keys",
    operation_id="createKey",
    summary="生成 API 密钥（只显示一次） · Make an API key, shown once",
    opt=signed_in(),
    tags=_TAGS,
)
async def create_key(
    request: _Asked, data: JSONBody[KeyForm], database: NamedDependency[Database]
) -> NewKey:
    async with database.writing() as session:
        secret, key = await keys.create_key(session, request.user.user_id, data, utc_now())
    return NewKey(secret=secret, key=key_view(key))


@get(
    "/keys",
    operation_id="listKeys",
    summary="我的密钥 · My keys",
    opt=signed_in(),
    tags=_TAGS,
)
async def list_keys(
    request: _Asked,
    database: NamedDependency[Database],
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[KeyView]:
    place = place_asked(cursor, limit)
    async with database.reading() as session:
        found = await keys_page(session, request.user.user_id, place)
    return page_of(found, limit, key_view)


@delete(
    "/keys/{key_id:str}",
    operation_id="revokeKey",
    summary="停用密钥，立即生效 · Revoke a key, at once",
    opt=signed_in(),
    tags=_TAGS,
)
async def revoke_key(
    request: _Asked, key_id: FromPath[str], database: NamedDependency[Database]
) -> None:
    async with database.writing() as session:
        await keys.revoke_key(session, request.user.user_id, id_of(key_id), utc_now())


routes = [create_key, list_keys, revoke_key]
