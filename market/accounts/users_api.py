"""Routes of people: read, change, disable and enable them, links to a new password.

Disabling and enabling need no If-Match: who must be shut out is shut out, whatever else changed.
"""

from typing import Any

from litestar import Request, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from market.accounts import users
from market.accounts.guard import signed_in
from market.accounts.queries import own_organisation, users_page, visible_user
from market.accounts.service import offer_password_reset
from market.accounts.viewer import Viewer
from market.accounts.wire import (
    link_view,
    page_of,
    place_asked,
    unless_unchanged,
    user_view,
    versioned,
)
from market.db import Database, utc_now
from market.http.etags import TAKES_VERSION, TELLS_VERSION, version_asked
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, id_of
from market.settings import Settings
from schemas.accounts import OneTimeLinkView, UserChange, UserView
from schemas.common import Page

_TAGS = ["users"]
_Asked = Request[Viewer, Any, Any]


@get(
    "/organisations/{organisation_id:str}/users",
    operation_id="listUsers",
    summary="单位的人员 · People of an organisation",
    opt=signed_in(),
    tags=_TAGS,
)
async def list_users(
    request: _Asked,
    organisation_id: FromPath[str],
    database: NamedDependency[Database],
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[UserView]:
    place = place_asked(cursor, limit)
    async with database.reading() as session:
        organisation = await own_organisation(session, request.user, id_of(organisation_id))
        found = await users_page(session, organisation.id, place)
    return page_of(found, limit, user_view)


@get(
    "/users/{user_id:str}",
    operation_id="readUser",
    summary="查看人员 · Read a person",
    opt=signed_in() | TELLS_VERSION,
    tags=_TAGS,
)
async def read_user(
    request: _Asked, user_id: FromPath[str], database: NamedDependency[Database]
) -> Response[UserView]:
    async with database.reading() as session:
        user = await visible_user(session, request.user, id_of(user_id))
    return unless_unchanged(request, user_view(user), user.version)


@patch(
    "/users/{user_id:str}",
    operation_id="changeUser",
    summary="修改姓名或管理员身份 · Change a name, or who manages the organisation",
    opt=signed_in() | TAKES_VERSION,
    tags=_TAGS,
)
async def change_user(
    request: _Asked,
    user_id: FromPath[str],
    data: JSONBody[UserChange],
    database: NamedDependency[Database],
) -> Response[UserView]:
    version = version_asked(request)
    async with database.writing() as session:
        user = await users.change_user(
            session, request.user, id_of(user_id), version=version, change=data
        )
    return versioned(user_view(user), user.version)


@post(
    "/users/{user_id:str}/disable",
    status_code=200,
    operation_id="disableUser",
    summary="停用账号，立即生效 · Disable an account, at once",
    opt=signed_in(),
    tags=_TAGS,
)
async def disable_user(
    request: _Asked, user_id: FromPath[str], database: NamedDependency[Database]
) -> Response[UserView]:
    async with database.writing() as session:
        user = await users.disable_colleague(session, request.user, id_of(user_id), utc_now())
    return versioned(user_view(user), user.version)


@post(
    "/users/{user_id:str}/enable",
    status_code=200,
    operation_id="enableUser",
    summary="恢复账号 · Enable an account again",
    opt=signed_in(),
    tags=_TAGS,
)
async def enable_user(
    request: _Asked, user_id: FromPath[str], database: NamedDependency[Database]
) -> Response[UserView]:
    async with database.writing() as session:
        user = await users.managed_user(session, request.user, id_of(user_id))
        await users.enable_user(session, user)
    return versioned(user_view(user), user.version)


@post(
    "/users/{user_id:str}/password-reset-links",
    operation_id="createPasswordResetLink",
    summary="生成密码重置链接（只显示一次） · Make a link to a new password, shown once",
    opt=signed_in(),
    tags=_TAGS,
)
async def create_password_reset_link(
    request: _Asked,
    user_id: FromPath[str],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> OneTimeLinkView:
    viewer = request.user
    async with database.writing() as session:
        user = await users.managed_user(session, viewer, id_of(user_id))
        link = await offer_password_reset(
            session, user, created_by_id=viewer.user_id, settings=settings, now=utc_now()
        )
    return link_view(link, settings.public_url)


routes = [
    list_users,
    read_user,
    change_user,
    disable_user,
    enable_user,
    create_password_reset_link,
]
