"""Routes to sign in and out: registration, login, sessions, passwords, invitations accepted.

None of their answers goes through Idempotency-Key: most hold a secret, and a registration that
is sent twice is a Conflict the second time.
"""

from typing import Any

from litestar import Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from market.accounts import signing_in
from market.accounts.guard import anyone, signed_in
from market.accounts.identification import is_live_session
from market.accounts.models import User
from market.accounts.queries import organisation_of, sessions_of
from market.accounts.sessions import end_session, end_sessions
from market.accounts.viewer import Viewer
from market.accounts.wire import client_of, organisation_view, session_view, user_view
from market.db import Database, utc_now
from market.http.paging import id_of
from market.settings import Settings
from schemas.accounts import (
    Credentials,
    InvitationAcceptance,
    Me,
    PasswordChange,
    PasswordReset,
    Registration,
    RegistrationForm,
    SessionView,
    SignedIn,
    UserView,
)
from schemas.common import Page

_TAGS = ["auth"]
_Asked = Request[Viewer, Any, Any]


@post(
    "/auth/registrations",
    operation_id="register",
    summary="注册单位及其第一个账号 · Register an organisation and its first person",
    opt=anyone() | {"may_refuse": True},
    tags=_TAGS,
)
async def register(
    request: _Asked,
    data: JSONBody[RegistrationForm],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Registration:
    organisation, user = await signing_in.register(database, settings, data, client_of(request))
    return Registration(organisation=organisation_view(organisation), user=user_view(user))


@post(
    "/auth/login",
    status_code=200,
    operation_id="logIn",
    summary="登录，得到令牌 · Sign in and get a token",
    opt=anyone(),
    tags=_TAGS,
)
async def log_in(
    request: _Asked,
    data: JSONBody[Credentials],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> SignedIn:
    opened = await signing_in.log_in(database, settings, data, client_of(request))
    return SignedIn(
        token=opened.token,
        expires_at=opened.login.expires_at,
        user=user_view(opened.user),
        organisation=organisation_view(opened.organisation) if opened.organisation else None,
    )


@post(
    "/auth/logout",
    status_code=204,
    operation_id="logOut",
    summary="退出登录 · Sign out",
    opt=signed_in(),
    tags=_TAGS,
)
async def log_out(request: _Asked, database: NamedDependency[Database]) -> None:
    async with database.writing() as session:
        await end_session(session, request.user, request.user.session_id)


@post(
    "/auth/logout-everywhere",
    status_code=204,
    operation_id="logOutEverywhere",
    summary="在所有设备上退出 · Sign out on all devices",
    opt=signed_in(),
    tags=_TAGS,
)
async def log_out_everywhere(request: _Asked, database: NamedDependency[Database]) -> None:
    async with database.writing() as session:
        await end_sessions(session, request.user.user_id)


@get(
    "/auth/me",
    operation_id="readMe",
    summary="当前登录的人 · The person who is signed in",
    opt=signed_in(),
    tags=_TAGS,
)
async def read_me(request: _Asked, database: NamedDependency[Database]) -> Me:
    async with database.reading() as session:
        user = await session.get_one(User, request.user.user_id)
        organisation = await organisation_of(session, user)
    return Me(
        user=user_view(user),
        organisation=organisation_view(organisation) if organisation else None,
        roles=sorted(request.user.roles),
    )


@get(
    "/auth/sessions",
    operation_id="listSessions",
    summary="我的登录 · My sessions",
    opt=signed_in(),
    tags=_TAGS,
)
async def list_sessions(
    request: _Asked,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Page[SessionView]:
    is_live = is_live_session(utc_now(), settings.session_idle_days)
    async with database.reading() as session:
        found = await sessions_of(session, request.user, is_live)
    return Page(items=[session_view(login, request.user) for login in found])


@delete(
    "/auth/sessions/{session_id:str}",
    operation_id="endSession",
    summary="结束一次登录 · End a session",
    opt=signed_in(),
    tags=_TAGS,
)
async def delete_session(
    request: _Asked, session_id: FromPath[str], database: NamedDependency[Database]
) -> None:
    async with database.writing() as session:
        await end_session(session, request.user, id_of(session_id))


@post(
    "/auth/password",
    status_code=204,
    operation_id="changePassword",
    summary="修改密码 · Change the password",
    opt=signed_in(),
    tags=_TAGS,
)
async def change_password(
    request: _Asked,
    data: JSONBody[PasswordChange],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> None:
    await signing_in.change_password(database, settings, request.user, data)


@post(
    "/auth/password-resets",
    status_code=204,
    operation_id="resetPassword",
    summary="凭一次性链接设置新密码 · Choose a new password by a one-time link",
    opt=anyone(),
    tags=_TAGS,
)
async def reset_password(
    request: _Asked, data: JSONBody[PasswordReset], database: NamedDependency[Database]
) -> None:
    await signing_in.reset_password(database, data, client_of(request))


@post(
    "/auth/invitations/accept",
    operation_id="acceptInvitation",
    summary="接受邀请 · Accept an invitation",
    opt=anyone(),
    tags=_TAGS,
)
async def accept_invitation(
    request: _Asked, data: JSONBody[InvitationAcceptance], database: NamedDependency[Database]
) -> UserView:
    return user_view(await signing_in.join(database, data, client_of(request)))


routes = [
    register,
    log_in,
    log_out,
    log_out_everywhere,
    read_me,
    list_sessions,
    delete_session,
    change_password,
    reset_password,
    accept_invitation,
]
