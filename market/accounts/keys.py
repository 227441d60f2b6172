"""API keys: made by people for their programs, shown once, revoked at any time."""

import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.identification import is_live_key
from market.accounts.models import ApiKey, User
from market.accounts.tokens import API_KEY_PREFIX, begins_with, new_token, token_hash
from market.errors import Conflict, FieldError, Invalid, NotFound
from schemas.accounts import KeyForm

MOST_LIVE_KEYS = 20
_GOOD_FOR = timedelta(days=365)
_LONGEST = timedelta(days=5 * 366)


async def create_key(
    session: AsyncSession, user_id: uuid.UUID | None, form: KeyForm, now: datetime
) -> tuple[str, ApiKey]:
    """A new key and its secret, which only the caller gets to know.

    Raises Invalid for an expiry out of bounds, NotFound for a person who can't sign in, and
    Conflict when the person has twenty keys that work.
    """
    expires_at = _expiry(form.expires_at, now)
    await _lock(session, user_id)
    counted = select(func.count()).where(ApiKey.user_id == user_id, is_live_key(now))
    if (await session.scalar(counted) or 0) >= MOST_LIVE_KEYS:
        raise Conflict(
            "too_many_keys",
            f"最多 {MOST_LIVE_KEYS} 个有效密钥：请先停用不用的",
            f"At most {MOST_LIVE_KEYS} keys may be live: revoke one that you don't use.",
        )
    secret = new_token(API_KEY_PREFIX)
    key = ApiKey(
        user_id=user_id,
        name=form.name.strip(),
        begins_with=begins_with(secret),
        token_hash=token_hash(secret),
        scopes=sorted(set(form.scopes)),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(key)
    await session.flush()
    return secret, key


async def revoke_key(
    session: AsyncSession, user_id: uuid.UUID | None, key_id: uuid.UUID | None, now: datetime
) -> None:
    """Make a key of this person useless; twice is as good as once. Raises NotFound."""
    revoked = await session.scalars(
        update(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.user_id == user_id)
        .values(revoked_at=func.coalesce(ApiKey.revoked_at, now))
        .returning(ApiKey.id)
    )
    if revoked.first() is None:
        raise NotFound


async def _lock(session: AsyncSession, user_id: uuid.UUID | None) -> None:
    """Keys of one person are made one after the other, and none after they were disabled."""
    found = await session.scalars(
        select(User.id)
        .where(User.id == user_id, User.disabled_at.is_(None))
        .with_for_update(key_share=True)
    )
    if found.first() is None:
        raise NotFound


def _expiry(asked: datetime | None, now: datetime) -> datetime:
    if asked is None:
        return now + _GOOD_FOR
    if not now < asked <= now + _LONGEST:
        raise Invalid(
            FieldError(
                "#/expires_at",
                "应在今后五年之内",
                "Must lie in the future, and within five years.",
            )
        )
    return asked
