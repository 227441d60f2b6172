"""Sessions of signed-in people: opened by a login, ended by a logout or by their age."""

import uuid
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import LoginSession, User
from market.accounts.tokens import SESSION_PREFIX, new_token, token_hash
from market.accounts.viewer import Viewer
from market.errors import NotFound
from market.settings import Settings

# Whoever signs in more often than that loses the oldest sessions.
MOST_SESSIONS = 50
_USER_AGENT_CHARACTERS = 200


class Client(msgspec.Struct, frozen=True):
    """Where a request comes from."""

    address: str
    user_agent: str = ""


async def open_session(
    session: AsyncSession, user: User, client: Client, settings: Settings, now: datetime
) -> tuple[str, LoginSession]:
    """A new session, always with a new token, which only the caller gets to know."""
    token = new_token(SESSION_PREFIX)
    login = LoginSession(
        user_id=user.id,
        token_hash=token_hash(token),
        user_agent=_printable(client.user_agent),
        created_at=now,
        last_used_at=now,
        expires_at=now + timedelta(days=settings.session_days),
    )
    session.add(login)
    await session.flush()
    await _end_oldest(session, user.id)
    return token, login


async def end_session(session: AsyncSession, viewer: Viewer, session_id: uuid.UUID | None) -> None:
    """End one session of the viewer's. Raises NotFound for any other."""
    ended = await session.scalars(
        delete(LoginSession)
        .where(LoginSession.id == session_id, LoginSession.user_id == viewer.user_id)
        .returning(LoginSession.id)
    )
    if ended.first() is None:
        raise NotFound


async def end_sessions(
    session: AsyncSession, user_id: uuid.UUID | None, *, but: uuid.UUID | None = None
) -> None:
    """End every session of a person, except `but`."""
    ending = delete(LoginSession).where(LoginSession.user_id == user_id)
    if but is not None:
        ending = ending.where(LoginSession.id != but)
    await session.execute(ending)


async def prune_sessions(session: AsyncSession, now: datetime) -> None:
    """Delete sessions that are too old to be used."""
    await session.execute(delete(LoginSession).where(LoginSession.expires_at <= now))


async def _end_oldest(session: AsyncSession, user_id: uuid.UUID) -> None:
    newest = (
        select(LoginSession.id)
        .where(LoginSession.user_id == user_id)
        .order_by(LoginSession.id.desc())
        .limit(MOST_SESSIONS)
    )
    await session.execute(
        delete(LoginSession).where(LoginSession.user_id == user_id, LoginSession.id.not_in(newest))
    )


def _printable(user_agent: str) -> str:
    return "".join(each for each in user_agent if each.isprintable())[:_USER_AGENT_CHARACTERS]
