"""Rows of accounts as the structs that go out. No row leaves as it is."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar, cast

import msgspec
from litestar import Request, Response

from market.accounts.links import NewLink
from market.accounts.models import ApiKey, LoginSession, OneTimeLink, Organisation, User
from market.accounts.queries import Place
from market.accounts.sessions import Client
from market.accounts.viewer import Viewer
from market.http.etags import etag, is_unchanged
from market.http.paging import cursor_of, place_of
from schemas.accounts import (
    InvitationView,
    KeyView,
    OneTimeLinkView,
    OrganisationSummary,
    OrganisationView,
    Scope,
    SessionView,
    UserView,
)
from schemas.common import Page

V = TypeVar("V")


class _Row(Protocol):
    @property
    def id(self) -> Any: ...


R = TypeVar("R", bound=_Row)


def page_of(rows: Sequence[R], limit: int, view: Callable[[R], V]) -> Page[V]:
    """A page of rows, of which one more than `limit` was read if there is a next page."""
    shown = rows[:limit]
    next_cursor = cursor_of(shown[-1].id) if len(rows) > limit else None
    return Page(items=[view(row) for row in shown], next_cursor=next_cursor)


def place_asked(cursor: str | None, limit: int) -> Place:
    """Where the page that is asked for begins. Raises Invalid."""
    return Place(place_of(cursor, uuid.UUID), limit)


def versioned(view: V, version: int) -> Response[V]:
    """An answer with the ETag that a change of it will have to name."""
    return Response(view, headers={"ETag": etag(version)})


def unless_unchanged(
    request: Request[Any, Any, Any], view: V, version: int, variant: str = ""
) -> Response[V]:
    """`versioned`, or 304 for a client that has this version; `variant` as in `etag`."""
    headers = {"ETag": etag(version, variant)}
    if is_unchanged(request, version, variant):
        return Response(cast(Any, None), status_code=304, headers=headers)
    return Response(view, headers=headers)


def client_of(request: Request[Any, Any, Any]) -> Client:
    address = request.client.host if request.client else ""
    return Client(address, request.headers.get("user-agent", ""))


def organisation_summary(organisation: Organisation) -> OrganisationSummary:
    return OrganisationSummary(
        id=str(organisation.id),
        kind=msgspec.convert(organisation.kind, Any),
        name=organisation.name,
        division=organisation.division,
        about=organisation.about,
        is_verified=organisation.verified_at is not None,
    )


def organisation_view(organisation: Organisation) -> OrganisationView:
    return OrganisationView(
        id=str(organisation.id),
        kind=msgspec.convert(organisation.kind, Any),
        name=organisation.name,
        credit_code=organisation.credit_code,
        division=organisation.division,
        about=organisation.about,
        verified_at=organisation.verified_at,
        created_at=organisation.created_at,
    )


def organisation_for(
    viewer: Viewer, organisation: Organisation
) -> OrganisationView | OrganisationSummary:
    """What a viewer sees of an organisation that is shown to them."""
    if viewer.is_moderator or viewer.organisation_id == organisation.id:
        return organisation_view(organisation)
    return organisation_summary(organisation)


def user_view(user: User) -> UserView:
    return UserView(
        id=str(user.id),
        organisation_id=str(user.organisation_id) if user.organisation_id else None,
        email=user.email,
        name=user.name,
        is_manager=user.is_manager,
        is_moderator=user.is_moderator,
        is_administrator=user.is_administrator,
        disabled_at=user.disabled_at,
        created_at=user.created_at,
    )


def session_view(login: LoginSession, viewer: Viewer) -> SessionView:
    return SessionView(
        id=str(login.id),
        user_agent=login.user_agent,
        created_at=login.created_at,
        last_used_at=login.last_used_at,
        expires_at=login.expires_at,
        is_current=login.id == viewer.session_id,
    )


def link_view(link: NewLink, public_url: str) -> OneTimeLinkView:
    return OneTimeLinkView(
        id=str(link.row.id),
        url=link.url(public_url),
        token=link.token,
        expires_at=link.row.expires_at,
    )


def invitation_view(link: OneTimeLink) -> InvitationView:
    return InvitationView(
        id=str(link.id),
        email=link.email,
        is_manager=link.is_manager,
        created_at=link.created_at,
        expires_at=link.expires_at,
    )


def key_view(key: ApiKey) -> KeyView:
    return KeyView(
        id=str(key.id),
        name=key.name,
        begins_with=key.begins_with,
        scopes=msgspec.convert(key.scopes, list[Scope]),
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )
