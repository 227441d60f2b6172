"""How people come to accounts: registration, invitations, password resets. And what is forgotten.

Passwords arrive here as hashes: `signing_in` makes them between its units of work.
"""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.attempts import prune_attempts
from market.accounts.links import (
    NewLink,
    add_link,
    is_open,
    prune_links,
    revoke_links,
    use_link,
)
from market.accounts.models import OneTimeLink, Organisation, User
from market.accounts.names import email_key
from market.accounts.queries import own_organisation
from market.accounts.sessions import end_sessions, prune_sessions
from market.accounts.users import manager_needed
from market.accounts.viewer import Viewer
from market.errors import Conflict, NotFound
from market.settings import Settings
from schemas.accounts import InvitationForm

MOST_OPEN_INVITATIONS = 100


async def add_account(session: AsyncSession, organisation: Organisation, user: User) -> None:
    """Store a new organisation with its first person, who manages it.

    Raises Conflict when organisation or address are known, and does not say which of them: a
    registration must not be a cheap way to ask who has an account.
    """
    session.add(organisation)
    try:
        await session.flush()
        user.organisation_id = organisation.id
        await add_user(session, user)
    except IntegrityError:
        raise already_registered() from None


async def add_user(session: AsyncSession, user: User) -> None:
    """Store a new person. Raises Conflict when the address has an account."""
    user.email = email_key(user.email)
    session.add(user)
    try:
        await session.flush()
    except IntegrityError:
        raise already_registered() from None


def already_registered() -> Conflict:
    return Conflict(
        "already_registered",
        "单位或邮箱已注册：请登录，或请本单位管理员发送邀请",
        "The organisation or the address is registered: sign in, or ask a manager of your "
        "organisation for an invitation.",
    )


async def invite(
    session: AsyncSession,
    viewer: Viewer,
    organisation_id: uuid.UUID | None,
    form: InvitationForm,
    *,
    settings: Settings,
    now: datetime,
) -> NewLink:
    """A link by which one person joins an organisation; an older one for the address ends.

    Whether the address has an account is told only to who opens the link. Raises NotFound,
    Forbidden, and Conflict when a hundred invitations are open.
    """
    organisation = await managed_organisation(session, viewer, organisation_id, lock=True)
    email = email_key(form.email)
    is_older = (OneTimeLink.organisation_id == organisation.id) & (OneTimeLink.email == email)
    await revoke_links(session, is_older & (OneTimeLink.purpose == "invitation"), now)
    await _refuse_too_many(session, organisation, now)
    return await add_link(
        session,
        OneTimeLink(
            purpose="invitation",
            organisation_id=organisation.id,
            email=email,
            is_manager=form.is_manager,
            created_by_id=viewer.user_id,
            created_at=now,
            expires_at=now + timedelta(days=settings.invitation_days),
        ),
    )


async def revoke_invitation(
    session: AsyncSession,
    viewer: Viewer,
    organisation_id: uuid.UUID | None,
    invitation_id: uuid.UUID | None,
    now: datetime,
) -> None:
    """Raises NotFound for what is no open invitation of the organisation, and Forbidden."""
    organisation = await managed_organisation(session, viewer, organisation_id)
    which = (
        (OneTimeLink.id == invitation_id)
        & (OneTimeLink.organisation_id == organisation.id)
        & (OneTimeLink.purpose == "invitation")
    )
    if not await revoke_links(session, which, now):
        raise NotFound


async def managed_organisation(
    session: AsyncSession, viewer: Viewer, organisation_id: uuid.UUID | None, *, lock: bool = False
) -> Organisation:
    """An organisation whose people the viewer manages. Raises NotFound, Forbidden.

    With `lock` nobody else changes it until the unit of work ends.
    """
    organisation = await own_organisation(session, viewer, organisation_id, lock=lock)
    if not viewer.is_manager and "administrator" not in viewer.roles:
        raise manager_needed()
    return organisation


async def accept_invitation(
    session: AsyncSession, token: str, *, name: str, password_hash: str, now: datetime
) -> User:
    """The invited person joins. Raises NotFound for a used link, Conflict for a known address."""
    link = await use_link(session, "invitation", token, now)
    user = User(
        organisation_id=link.organisation_id,
        email=link.email,
        name=name.strip(),
        password_hash=password_hash,
        is_manager=link.is_manager,
        created_at=now,
    )
    await add_user(session, user)
    return user


async def offer_password_reset(
    session: AsyncSession,
    user: User,
    *,
    created_by_id: uuid.UUID | None,
    settings: Settings,
    now: datetime,
) -> NewLink:
    """A link by which a person chooses a new password; older ones of theirs end."""
    await _revoke_resets(session, user.id, now)
    return await add_link(
        session,
        OneTimeLink(
            purpose="password_reset",
            user_id=user.id,
            created_by_id=created_by_id,
            created_at=now,
            expires_at=now + timedelta(minutes=settings.password_reset_minutes),
        ),
    )


async def set_password(
    session: AsyncSession,
    user: User,
    password_hash: str,
    *,
    now: datetime,
    keeps_session: uuid.UUID | None = None,
) -> None:
    """Replace a password. Ends sessions, except `keeps_session`, and links for a reset."""
    user.password_hash = password_hash
    await session.flush()
    await end_sessions(session, user.id, but=keeps_session)
    await _revoke_resets(session, user.id, now)


async def prune_accounts(session: AsyncSession, now: datetime) -> None:
    """Forget sessions that are over, links of long ago and attempts that no longer count."""
    await prune_sessions(session, now)
    await prune_links(session, now)
    await prune_attempts(session, now)


async def _refuse_too_many(
    session: AsyncSession, organisation: Organisation, now: datetime
) -> None:
    counted = await session.scalar(
        select(func.count()).where(
            OneTimeLink.organisation_id == organisation.id,
            OneTimeLink.purpose == "invitation",
            is_open(now),
        )
    )
    if (counted or 0) >= MOST_OPEN_INVITATIONS:
        raise Conflict(
            "too_many_invitations",
            f"最多 {MOST_OPEN_INVITATIONS} 个未接受的邀请：请先撤销一些",
            f"At most {MOST_OPEN_INVITATIONS} invitations may be open: revoke some first.",
        )


async def _revoke_resets(session: AsyncSession, user_id: uuid.UUID, now: datetime) -> None:
    which = (OneTimeLink.user_id == user_id) & (OneTimeLink.purpose == "password_reset")
    await revoke_links(session, which, now)
