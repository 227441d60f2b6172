"""Who a session token or an API key stands for."""

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import ApiKey, LoginSession, Organisation, User
from market.accounts.tokens import API_KEY_PREFIX, could_be_token, token_hash
from market.accounts.viewer import Viewer
from market.db import Database, utc_now
from market.errors import Unavailable

# The use of a session or key is written down at most so often.
_USE_NOTED_EVERY = timedelta(minutes=1)


async def viewer_of_token(
    database: Database, token: str, *, session_idle_days: int
) -> Viewer | None:
    """Who a session token or an API key stands for; None when it is not good any more."""
    if not could_be_token(token):
        return None
    now = utc_now()
    found: tuple[Viewer, LoginSession | ApiKey] | None
    async with database.reading() as session:
        if token.startswith(API_KEY_PREFIX):
            found = await _of_key(session, token, is_live_key(now))
        else:
            found = await _of_session(session, token, is_live_session(now, session_idle_days))
    if found is None:
        return None
    viewer, used = found
    if used.last_used_at is None or now - used.last_used_at > _USE_NOTED_EVERY:
        await _note_use(database, used, now)
    return viewer


def is_live_session(now: datetime, session_idle_days: int) -> ColumnElement[bool]:
    """Whether a session can still be used: neither too old nor unused for too long."""
    return and_(
        LoginSession.expires_at > now,
        LoginSession.last_used_at > now - timedelta(days=session_idle_days),
    )


def is_live_key(now: datetime) -> ColumnElement[bool]:
    return and_(
        ApiKey.revoked_at.is_(None), or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
    )


def viewer_of(
    user: User,
    organisation: Organisation | None,
    *,
    login: LoginSession | None = None,
    key: ApiKey | None = None,
) -> Viewer:
    roles = {organisation.kind} if organisation else set()
    if user.is_administrator:
        roles.add("administrator")
    if user.is_moderator:
        roles.add("moderator")
    return Viewer(
        user_id=user.id,
        organisation_id=user.organisation_id,
        roles=frozenset(roles),
        is_manager=user.is_manager,
        is_verified=bool(organisation and organisation.verified_at),
        scopes=None if key is None else frozenset(key.scopes),
        session_id=login.id if login else None,
    )


async def _of_session(
    session: AsyncSession, token: str, is_live: ColumnElement[bool]
) -> tuple[Viewer, LoginSession] | None:
    row = (
        await session.execute(
            select(LoginSession, User, Organisation)
            .join(User, User.id == LoginSession.user_id)
            .outerjoin(Organisation, Organisation.id == User.organisation_id)
            .where(
                LoginSession.token_hash == token_hash(token),
                is_live,
                User.disabled_at.is_(None),
            )
        )
    ).first()
    if row is None:
        return None
    login, user, organisation = row
    return viewer_of(user, organisation, login=login), login


async def _of_key(
    session: AsyncSession, token: str, is_live: ColumnElement[bool]
) -> tuple[Viewer, ApiKey] | None:
    row = (
        await session.execute(
            select(ApiKey, User, Organisation)
            .join(User, User.id == ApiKey.user_id)
            .outerjoin(Organisation, Organisation.id == User.organisation_id)
            .where(ApiKey.token_hash == token_hash(token), is_live, User.disabled_at.is_(None))
        )
    ).first()
    if row is None:
        return None
    key, user, organisation = row
    return viewer_of(user, organisation, key=key), key


async def _note_use(database: Database, used: LoginSession | ApiKey, now: datetime) -> None:
    table = type(used)
    # A database that is busy writing must not make a mere read fail.
    with suppress(Unavailable):
        async with database.writing() as session:
            await session.execute(update(table).where(table.id == used.id).values(last_used_at=now))
