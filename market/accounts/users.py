"""People of organisations: who may change whom, and what must not be lost by it."""

import uuid
from datetime import datetime

from msgspec import UNSET
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.links import revoke_links
from market.accounts.models import ApiKey, OneTimeLink, Organisation, User
from market.accounts.queries import other_managers, visible_user
from market.accounts.sessions import end_sessions
from market.accounts.viewer import Viewer
from market.errors import Conflict, Forbidden, PreconditionFailed
from schemas.accounts import UserChange


async def managed_user(session: AsyncSession, viewer: Viewer, user_id: uuid.UUID | None) -> User:
    """A person whom the viewer may manage, locked until the unit of work ends.

    Administrators manage everybody, managers the people of their organisation. Raises NotFound
    for people whom the viewer does not see, and Forbidden for colleagues without the right.
    """
    user = await visible_user(session, viewer, user_id, lock=True)
    _refuse_managing(viewer, user)
    return user


async def change_user(
    session: AsyncSession,
    viewer: Viewer,
    user_id: uuid.UUID | None,
    *,
    version: int,
    change: UserChange,
) -> User:
    """Change a name (everybody their own) or who manages the organisation (its managers).

    Raises NotFound, Forbidden, PreconditionFailed, and Conflict for the last manager.
    """
    user = await visible_user(session, viewer, user_id, lock=True)
    if user.id != viewer.user_id or change.is_manager is not UNSET:
        _refuse_managing(viewer, user)
    if user.version != version:
        raise PreconditionFailed
    if change.name is not UNSET:
        user.name = change.name.strip()
    if change.is_manager is not UNSET and change.is_manager != user.is_manager:
        await _let_manage(session, user, is_manager=change.is_manager)
    await session.flush()
    return user


async def disable_colleague(
    session: AsyncSession, viewer: Viewer, user_id: uuid.UUID | None, now: datetime
) -> User:
    """`disable_user` with the rules for people: nobody themselves, and not the last manager."""
    user = await managed_user(session, viewer, user_id)
    if user.id == viewer.user_id:
        raise Conflict(
            "disables_oneself", "不能停用自己的账号", "You can't disable your own account."
        )
    if user.disabled_at is None and user.is_manager:
        await _keep_a_manager(session, user)
    await disable_user(session, user, now)
    return user


async def disable_user(session: AsyncSession, user: User, now: datetime) -> None:
    """Shut a person out at once: no session, key or link of theirs works any more.

    Also links that they made for others stop working. Does nothing to who is disabled already.
    """
    if user.disabled_at is not None:
        return
    user.disabled_at = now
    await session.flush()
    await end_sessions(session, user.id)
    await session.execute(
        update(ApiKey)
        .where(ApiKey.user_id == user.id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    by_or_for_them = or_(OneTimeLink.user_id == user.id, OneTimeLink.created_by_id == user.id)
    await revoke_links(session, by_or_for_them, now)


async def enable_user(session: AsyncSession, user: User) -> None:
    """Let a person sign in again. Keys and sessions of before stay ended."""
    user.disabled_at = None
    await session.flush()


def _refuse_managing(viewer: Viewer, user: User) -> None:
    if "administrator" in viewer.roles:
        return
    if not viewer.is_manager or viewer.organisation_id != user.organisation_id:
        raise manager_needed()
    # Else a manager could make a reset link for an administrator among their colleagues, and
    # by it become one.
    is_staff = user.is_administrator or user.is_moderator
    if is_staff and user.id != viewer.user_id:
        raise Forbidden(
            "staff_account",
            "此账号由平台管理员管理",
            "This account is managed by the administrators of the marketplace.",
        )


def manager_needed() -> Forbidden:
    return Forbidden(
        "manager_needed", "需要本单位管理员的权限", "Only managers of the organisation may do this."
    )


async def _let_manage(session: AsyncSession, user: User, *, is_manager: bool) -> None:
    if user.organisation_id is None:
        raise Conflict(
            "no_organisation", "此账号不属于任何单位", "This account belongs to no organisation."
        )
    if not is_manager and user.disabled_at is None:
        await _keep_a_manager(session, user)
    user.is_manager = is_manager


async def _keep_a_manager(session: AsyncSession, user: User) -> None:
    """Raises Conflict when nobody else could manage the organisation.

    The organisation is locked first: of two managers who go at once, the second is counted
    after the first is gone.
    """
    await session.execute(
        select(Organisation.id)
        .where(Organisation.id == user.organisation_id)
        .with_for_update(key_share=True)
    )
    if await other_managers(session, user) == 0:
        raise Conflict(
            "last_manager",
            "单位至少需要一名管理员：请先指定另一名",
            "An organisation needs a manager: appoint another one first.",
        )
