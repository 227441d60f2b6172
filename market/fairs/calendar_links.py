"""Links to calendars: each person has one at most, and whoever holds it reads the calendar."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import Organisation
from market.accounts.tokens import CALENDAR_PREFIX, new_token, token_hash
from market.accounts.viewer import Viewer
from market.errors import NotFound
from market.fairs.calendar_models import CalendarLink
from market.subscriptions.queries import person


async def give_link(session: AsyncSession, viewer: Viewer, now: datetime) -> str:
    """A new token for the viewer's calendar; the one before is good no more.

    Raises NotFound for who is no person of an organisation.
    """
    if viewer.user_id is None or viewer.organisation_id is None:
        raise NotFound
    token = new_token(CALENDAR_PREFIX)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    given = {
        "organisation_id": viewer.organisation_id,
        "token_hash": token_hash(token),
        "created_at": now,
    }
    await session.execute(
        insert(CalendarLink)
        .values(user_id=viewer.user_id, **given)
        .on_conflict_do_update(index_elements=["user_id"], set_=given)
    )
    return token


async def revoke_link(session: AsyncSession, viewer: Viewer) -> None:
    """Nobody reads the calendar by its link any more; twice is as good as once."""
    await session.execute(delete(CalendarLink).where(CalendarLink.user_id == viewer.user_id))


async def link_since(session: AsyncSession, viewer: Viewer) -> datetime | None:
    """Since when the viewer's link is good; None without one."""
    found: datetime | None = await session.scalar(
        select(CalendarLink.created_at).where(
            CalendarLink.user_id == viewer.user_id,
            CalendarLink.organisation_id == viewer.organisation_id,
        )
    )
    return found


async def organisation_of_link(session: AsyncSession, token: str) -> Organisation:
    """Whose calendar it is. Raises NotFound for a link that is no good, or not any more."""
    link = await session.scalar(
        select(CalendarLink).where(CalendarLink.token_hash == token_hash(token))
    )
    found = None if link is None else await person(session, link.user_id)
    organisation = None if found is None else found[1]
    if link is None or organisation is None or organisation.id != link.organisation_id:
        raise NotFound
    return organisation
