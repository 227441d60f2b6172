"""Finds for whom a command acts: an organisation, and one of its people."""

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.identification import viewer_of
from market.accounts.models import Organisation, User
from market.accounts.names import email_key, organisation_key
from market.accounts.viewer import Viewer
from market.errors import UsageRefused


async def organisation_called(session: AsyncSession, name_or_id: str) -> Organisation:
    """The organisation with this id or name. Raises UsageRefused for none and for several."""
    try:
        wanted = Organisation.id == uuid.UUID(name_or_id)
    except ValueError:
        wanted = Organisation.name_key == organisation_key(name_or_id)
    found = (await session.scalars(select(Organisation).where(wanted))).all()
    if not found:
        raise UsageRefused(f"{name_or_id}：没有这个单位 · there is no such organisation")
    if len(found) > 1:
        ids = ", ".join(f"{each.id} ({each.kind})" for each in found)
        raise UsageRefused(f"{name_or_id}：有多个同名单位，请用编号 · several; use an id: {ids}")
    return found[0]


async def acting_for(
    session: AsyncSession, organisation: Organisation, email: str | None
) -> Viewer:
    """The person with this address, else the first manager, as they would be signed in.

    Raises UsageRefused when the organisation has no such person.
    """
    wanted = select(User).where(User.organisation_id == organisation.id, User.disabled_at.is_(None))
    if email is not None:
        wanted = wanted.where(User.email == email_key(email))
    user = await session.scalar(wanted.order_by(User.is_manager.desc(), User.id).limit(1))
    if user is None:
        raise UsageRefused(
            f"{email or organisation.name}：该单位没有这样的账号 · "
            "the organisation has no such account"
        )
    return viewer_of(user, organisation)
