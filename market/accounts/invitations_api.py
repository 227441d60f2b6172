"""Routes of invitations. The link is in the answer to who invites: nobody else gets to see it."""

from typing import Any

from litestar import Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from market.accounts import service
from market.accounts.guard import signed_in
from market.accounts.links import is_open
from market.accounts.queries import open_invitations_page
from market.accounts.viewer import Viewer
from market.accounts.wire import invitation_view, link_view, page_of, place_asked
from market.db import Database, utc_now
from market.http.paging import DEFAULT_PER_PAGE, CursorText, Limit, id_of
from market.settings import Settings
from schemas.accounts import InvitationForm, InvitationView, OneTimeLinkView
from schemas.common import Page

_TAGS = ["organisations"]
_Asked = Request[Viewer, Any, Any]


@post(
    "/organisations/{organisation_id:str}/invitations",
    operation_id="invite",
    summary="邀请同事（链接只显示一次） · Invite a colleague; the link is shown once",
    opt=signed_in(),
    tags=_TAGS,
)
async def invite(
    request: _Asked,
    organisation_id: FromPath[str],
    data: JSONBody[InvitationForm],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> OneTimeLinkView:
    async with database.writing() as session:
        link = await service.invite(
            session,
            request.user,
            id_of(organisation_id),
            data,
            settings=settings,
            now=utc_now(),
        )
    return link_view(link, settings.public_url)


@get(
    "/organisations/{organisation_id:str}/invitations",
    operation_id="listInvitations",
    summary="未接受的邀请 · Invitations that are open",
    opt=signed_in(),
    tags=_TAGS,
)
async def list_invitations(
    request: _Asked,
    organisation_id: FromPath[str],
    database: NamedDependency[Database],
    cursor: CursorText = None,
    limit: Limit = DEFAULT_PER_PAGE,
) -> Page[InvitationView]:
    place = place_asked(cursor, limit)
    async with database.reading() as session:
        managed = await service.managed_organisation(session, request.user, id_of(organisation_id))
        found = await open_invitations_page(session, managed.id, is_open(utc_now()), place)
    return page_of(found, limit, invitation_view)


@delete(
    "/organisations/{organisation_id:str}/invitations/{invitation_id:str}",
    operation_id="revokeInvitation",
    summary="撤销邀请 · Revoke an invitation",
    opt=signed_in(),
    tags=_TAGS,
)
async def revoke_invitation(
    request: _Asked,
    organisation_id: FromPath[str],
    invitation_id: FromPath[str],
    database: NamedDependency[Database],
) -> None:
    async with database.writing() as session:
        await service.revoke_invitation(
            session, request.user, id_of(organisation_id), id_of(invitation_id), utc_now()
        )


routes = [invite, list_invitations, revoke_invitation]
