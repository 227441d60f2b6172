"""One-time links: invitations and password resets. Only the SHA-256 of a token is stored."""

import uuid
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import OneTimeLink
from market.accounts.tokens import LINK_PREFIX, new_token, token_hash
from market.errors import NotFound

Purpose = Literal["invitation", "password_reset"]
_KEPT_AFTERWARDS = timedelta(days=30)


class NewLink(msgspec.Struct, frozen=True):
    """A link with its token, which nobody can read again later."""

    row: OneTimeLink
    token: str

    def url(self, public_url: str) -> str:
        path = "invitations" if self.row.purpose == "invitation" else "password-resets"
        return f"{public_url.rstrip('/')}/{path}/{self.token}"


async def add_link(session: AsyncSession, row: OneTimeLink) -> NewLink:
    """Store a link, whose token is made here."""
    token = new_token(LINK_PREFIX)
    row.token_hash = token_hash(token)
    session.add(row)
    await session.flush()
    return NewLink(row, token)


def is_open(now: datetime) -> ColumnElement[bool]:
    """Whether a link can still be used."""
    return and_(
        OneTimeLink.used_at.is_(None),
        OneTimeLink.revoked_at.is_(None),
        OneTimeLink.expires_at > now,
    )


async def open_link(
    session: AsyncSession, purpose: Purpose, token: str, now: datetime
) -> OneTimeLink:
    """The link of a token, unused. Raises NotFound when it can't be used (any more)."""
    found = await session.scalars(
        select(OneTimeLink).where(
            OneTimeLink.purpose == purpose,
            OneTimeLink.token_hash == token_hash(token),
            is_open(now),
        )
    )
    return _there(found.first())


async def use_link(
    session: AsyncSession, purpose: Purpose, token: str, now: datetime
) -> OneTimeLink:
    """Use the link of a token: of many who try at once one does, the others get NotFound."""
    used = await session.scalars(
        update(OneTimeLink)
        .where(
            OneTimeLink.purpose == purpose,
            OneTimeLink.token_hash == token_hash(token),
            is_open(now),
        )
        .values(used_at=now)
        .returning(OneTimeLink)
    )
    return _there(used.first())


async def revoke_links(
    session: AsyncSession, which: ColumnElement[bool], now: datetime
) -> list[uuid.UUID]:
    """Make links useless that are open and fit; answers which ones these were."""
    revoked = await session.scalars(
        update(OneTimeLink)
        .where(which, is_open(now))
        .values(revoked_at=now)
        .returning(OneTimeLink.id)
    )
    return list(revoked)


async def prune_links(session: AsyncSession, now: datetime) -> None:
    """Delete links a month after they could last be used."""
    long_ago = now - _KEPT_AFTERWARDS
    await session.execute(
        delete(OneTimeLink).where(
            or_(
                OneTimeLink.expires_at < long_ago,
                OneTimeLink.used_at < long_ago,
                OneTimeLink.revoked_at < long_ago,
            )
        )
    )


def _there(link: OneTimeLink | None) -> OneTimeLink:
    if link is None:
        raise NotFound(
            "link_not_valid",
            "链接无效、已使用或已过期，请重新索取",
            "The link is not valid, was used or has expired: please ask for a new one.",
        )
    return link
