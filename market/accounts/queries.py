"""Reads of accounts. What a viewer may see of them is decided here, in the WHERE of each."""

import uuid
from typing import TypeVar

import msgspec
from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import ApiKey, LoginSession, OneTimeLink, Organisation, User
from market.accounts.names import email_key, organisation_key
from market.accounts.viewer import Viewer
from market.errors import NotFound
from schemas.accounts import OrganisationKind
from schemas.vocab import division_prefix

T = TypeVar("T")
_HasId = Organisation | User | OneTimeLink | ApiKey


class Place(msgspec.Struct, frozen=True):
    """Where in a list a page begins: behind the row `after`. Pages are in order of ids."""

    after: uuid.UUID | None
    limit: int


class OrganisationsWanted(msgspec.Struct, frozen=True):
    """`name` is a part of one; `division` a code, or the digits that codes begin with."""

    kind: OrganisationKind | None = None
    name: str = ""
    division: str = ""
    is_verified: bool = True


def organisations_visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """Verified ones, but enterprises only for people of a verified organisation.

    One's own is always there, and moderators see all of them.
    """
    if viewer.is_moderator:
        return true()
    public: ColumnElement[bool] = Organisation.verified_at.is_not(None)
    if not viewer.is_verified:
        public = and_(public, Organisation.kind != "enterprise")
    return or_(public, Organisation.id == viewer.organisation_id)


def users_visible_to(viewer: Viewer) -> ColumnElement[bool]:
    """Colleagues and oneself; administrators see everybody."""
    if "administrator" in viewer.roles:
        return true()
    if viewer.user_id is None:
        return false()
    if viewer.organisation_id is None:
        return User.id == viewer.user_id
    return User.organisation_id == viewer.organisation_id


async def visible_organisation(
    session: AsyncSession, viewer: Viewer, organisation_id: uuid.UUID | None, *, lock: bool = False
) -> Organisation:
    """Raises NotFound. With `lock` nobody else changes it until the unit of work ends."""
    wanted = select(Organisation).where(
        Organisation.id == organisation_id, organisations_visible_to(viewer)
    )
    return await _one(session, wanted, lock=lock)


async def own_organisation(
    session: AsyncSession, viewer: Viewer, organisation_id: uuid.UUID | None, *, lock: bool = False
) -> Organisation:
    """An organisation whose people the viewer may know: their own; any for administrators.

    Raises NotFound.
    """
    wanted = select(Organisation).where(Organisation.id == organisation_id)
    if "administrator" not in viewer.roles:
        wanted = wanted.where(Organisation.id == viewer.organisation_id)
    return await _one(session, wanted, lock=lock)


async def visible_user(
    session: AsyncSession, viewer: Viewer, user_id: uuid.UUID | None, *, lock: bool = False
) -> User:
    """Raises NotFound. With `lock` nobody else changes them until the unit of work ends."""
    wanted = select(User).where(User.id == user_id, users_visible_to(viewer))
    return await _one(session, wanted, lock=lock)


async def organisations_page(
    session: AsyncSession, viewer: Viewer, wanted: OrganisationsWanted, place: Place
) -> list[Organisation]:
    """A page of organisations, those first that registered first; one row more than asked for."""
    verified = Organisation.verified_at
    rows = select(Organisation).where(
        organisations_visible_to(viewer),
        verified.is_not(None) if wanted.is_verified else verified.is_(None),
    )
    if wanted.kind is not None:
        rows = rows.where(Organisation.kind == wanted.kind)
    if wanted.name.strip():
        key = organisation_key(wanted.name)
        rows = rows.where(Organisation.name_key.contains(key, autoescape=True))
    if wanted.division:
        prefix = division_prefix(wanted.division)
        rows = rows.where(Organisation.division.startswith(prefix, autoescape=True))
    return await _page(session, rows, Organisation, place)


async def users_page(session: AsyncSession, organisation_id: uuid.UUID, place: Place) -> list[User]:
    """A page of an organisation's people; one row more than asked for."""
    rows = select(User).where(User.organisation_id == organisation_id)
    return await _page(session, rows, User, place)


async def open_invitations_page(
    session: AsyncSession, organisation_id: uuid.UUID, is_open: ColumnElement[bool], place: Place
) -> list[OneTimeLink]:
    """A page of invitations that can still be accepted; one row more than asked for."""
    rows = select(OneTimeLink).where(
        OneTimeLink.organisation_id == organisation_id,
        OneTimeLink.purpose == "invitation",
        is_open,
    )
    return await _page(session, rows, OneTimeLink, place)


async def keys_page(session: AsyncSession, user_id: uuid.UUID | None, place: Place) -> list[ApiKey]:
    """A page of a person's keys, also of revoked ones; one row more than asked for."""
    return await _page(session, select(ApiKey).where(ApiKey.user_id == user_id), ApiKey, place)


async def sessions_of(
    session: AsyncSession, viewer: Viewer, is_live: ColumnElement[bool]
) -> list[LoginSession]:
    """The viewer's own sessions, the newest first."""
    rows = select(LoginSession).where(LoginSession.user_id == viewer.user_id, is_live)
    return list(await session.scalars(rows.order_by(LoginSession.id.desc())))


async def user_by_email(session: AsyncSession, email: str) -> User | None:
    found = await session.scalars(select(User).where(User.email == email_key(email)))
    return found.first()


async def organisation_of(session: AsyncSession, user: User) -> Organisation | None:
    if user.organisation_id is None:
        return None
    return await session.get(Organisation, user.organisation_id)


async def other_managers(session: AsyncSession, user: User) -> int:
    """How many people besides this one can manage their organisation."""
    counted = await session.scalar(
        select(func.count())
        .select_from(User)
        .where(
            User.organisation_id == user.organisation_id,
            User.id != user.id,
            User.is_manager.is_(True),
            User.disabled_at.is_(None),
        )
    )
    return counted or 0


async def _one(session: AsyncSession, wanted: Select[T], *, lock: bool) -> T:
    if lock:
        # Rows that only refer to this one need not wait, hence the weaker of the two locks.
        wanted = wanted.with_for_update(key_share=True)
    found = (await session.scalars(wanted)).first()
    if found is None:
        raise NotFound
    return found


async def _page(
    session: AsyncSession, rows: Select[T], table: type[_HasId], place: Place
) -> list[T]:
    if place.after is not None:
        rows = rows.where(table.id > place.after)
    found = await session.scalars(rows.order_by(table.id).limit(place.limit + 1))
    return list(found)
