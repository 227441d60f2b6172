"""How often something may be tried: counters in the database, the same for all processes.

Each attempt is counted before it is made, so that a hundred guesses at once are not a hundred
guesses; one that turns out well is given back.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import delete, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from market.accounts.models import AttemptCount
from market.db import Database
from market.errors import TooManyRequests

QUARTER_HOUR = timedelta(minutes=15)
HOUR = timedelta(hours=1)
# One network address may stand for a whole office.
_PEOPLE_BEHIND_AN_ADDRESS = 10
_REGISTRATIONS_PER_HOUR = 20
_LINK_GUESSES_PER_QUARTER_HOUR = 30


class Allowance(msgspec.Struct, frozen=True):
    """At most `most` attempts under `key` in each `window`."""

    key: str
    most: int
    window: timedelta = QUARTER_HOUR

    def window_at(self, now: datetime) -> datetime:
        """When the window of a time begins."""
        seconds = int(self.window.total_seconds())
        return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


def logins(email: str, client_address: str, most: int) -> tuple[Allowance, Allowance]:
    """Failed logins: `most` for one e-mail address, more for one network address."""
    return (
        Allowance(f"login:{hashlib.sha256(email.encode()).hexdigest()}", most),
        Allowance(f"login-from:{_network(client_address)}", most * _PEOPLE_BEHIND_AN_ADDRESS),
    )


def registrations(client_address: str) -> Allowance:
    return Allowance(f"register-from:{_network(client_address)}", _REGISTRATIONS_PER_HOUR, HOUR)


def link_guesses(client_address: str) -> Allowance:
    return Allowance(f"link-from:{_network(client_address)}", _LINK_GUESSES_PER_QUARTER_HOUR)


def password_checks(user_id: object, most: int) -> Allowance:
    """Old passwords that did not fit: a stolen session must not serve to guess."""
    return Allowance(f"password:{user_id}", most)


async def take_attempts(database: Database, allowances: Sequence[Allowance], now: datetime) -> None:
    """Count one attempt in a unit of work of its own; also refused ones count.

    Raises TooManyRequests with the seconds until the window ends.
    """
    async with database.writing() as session:
        over = [each for each in allowances if await _count(session, each, now) > each.most]
    if over:
        ends_at = max(each.window_at(now) + each.window for each in over)
        raise TooManyRequests(
            "too_many_attempts",
            "尝试次数过多，请稍后再试",
            "Too many attempts; please try again later.",
            retry_after_s=max(1, int((ends_at - now).total_seconds()) + 1),
        )


async def give_back(session: AsyncSession, allowances: Sequence[Allowance], now: datetime) -> None:
    """Take back the attempt that was counted at `now`; those of others stay."""
    for each in allowances:
        await session.execute(
            update(AttemptCount)
            .where(AttemptCount.key == each.key, AttemptCount.window_at == each.window_at(now))
            .values(attempts=AttemptCount.attempts - 1)
        )


async def prune_attempts(session: AsyncSession, now: datetime) -> None:
    """Forget windows that can't be running any more."""
    await session.execute(delete(AttemptCount).where(AttemptCount.window_at < now - 2 * HOUR))


async def _count(session: AsyncSession, allowance: Allowance, now: datetime) -> int:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    counted = await session.execute(
        insert(AttemptCount)
        .values(key=allowance.key, window_at=allowance.window_at(now), attempts=1)
        .on_conflict_do_update(
            index_elements=[AttemptCount.key, AttemptCount.window_at],
            set_={"attempts": AttemptCount.attempts + 1},
        )
        .returning(AttemptCount.attempts)
    )
    return counted.scalar_one()


def _network(client_address: str) -> str:
    """What counts as one client: an address, or the /64 that one IPv6 household gets."""
    try:
        address = ipaddress.ip_address(client_address)
    except ValueError:
        return client_address[:60]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
