"""Counters of attempts."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from market.accounts.attempts import (
    HOUR,
    Allowance,
    give_back,
    link_guesses,
    logins,
    password_checks,
    prune_attempts,
    registrations,
    take_attempts,
)
from market.accounts.models import AttemptCount
from market.db import Database
from market.errors import TooManyRequests
from tests.market.accounts.factories import rows

NOON = datetime(2026, 11, 24, 12, 7, 30, tzinfo=UTC)
THREE = Allowance("a", 3)


async def taken(database: Database, allowance: Allowance, now: datetime = NOON) -> bool:
    try:
        await take_attempts(database, [allowance], now)
    except TooManyRequests:
        return False
    return True


async def test_more_than_allowed_is_refused(database: Database) -> None:
    assert [await taken(database, THREE) for _ in range(5)] == [True] * 3 + [False] * 2


async def test_attempts_at_once_are_counted_one_by_one(database: Database) -> None:
    many = await asyncio.gather(*(taken(database, THREE) for _ in range(20)))

    assert sorted(many) == [False] * 17 + [True] * 3


async def test_refusal_tells_when_the_window_ends(database: Database) -> None:
    for _ in range(3):
        await take_attempts(database, [THREE], NOON)

    with pytest.raises(TooManyRequests) as refused:
        await take_attempts(database, [THREE], NOON)

    # 12:07:30 → 12:15, and a second for the fraction.
    assert refused.value.retry_after_s == 451


async def test_next_window_begins_anew(database: Database) -> None:
    for _ in range(4):
        await taken(database, THREE)

    later = [await taken(database, THREE, NOON + timedelta(minutes=n)) for n in (7, 8)]

    assert later == [False, True]


async def test_keys_do_not_share(database: Database) -> None:
    for _ in range(4):
        await taken(database, THREE)

    assert await taken(database, Allowance("b", 3))


async def test_refused_attempt_counts_under_every_key(database: Database) -> None:
    strict, lax = Allowance("strict", 0), Allowance("lax", 9)

    with pytest.raises(TooManyRequests):
        await take_attempts(database, [strict, lax], NOON)

    counted = {each.key: each.attempts for each in await rows(database, AttemptCount)}
    assert counted == {"strict": 1, "lax": 1}


async def test_attempt_given_back_can_be_made_again(database: Database) -> None:
    for _ in range(3):
        await taken(database, THREE)
    async with database.writing() as session:
        await give_back(session, [THREE], NOON)

    assert [await taken(database, THREE) for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("testclient", "testclient"),
        ("", ""),
        ("x" * 500, "x" * 60),
    ],
)
def test_one_client_is_an_address_or_a_network_of_ipv6(address: str, key: str) -> None:
    assert registrations(address) == Allowance(f"register-from:{key}", 20, HOUR)
    assert link_guesses(address) == Allowance(f"link-from:{key}", 30)


def test_login_counts_the_address_and_the_network_apart() -> None:
    by_email, by_network = logins("lin@example.cn", "203.0.113.5", 10)

    assert (by_email.most, by_network) == (10, Allowance("login-from:203.0.113.5", 100))
    # Nobody reads addresses of people out of the counters.
    assert by_email.key.startswith("login:")
    assert "lin" not in by_email.key
    assert len(by_email.key) <= 120


def test_old_passwords_are_counted_for_a_person() -> None:
    assert password_checks("an id", 10) == Allowance("password:an id", 10)


async def test_windows_that_are_over_are_forgotten(database: Database) -> None:
    hourly = Allowance("h", 3, HOUR)
    for hours in (3, 2, 1, 0):
        await taken(database, hourly, NOON - timedelta(hours=hours))

    async with database.writing() as session:
        await prune_attempts(session, NOON)

    left = sorted(each.window_at for each in await rows(database, AttemptCount))
    assert left == [datetime(2026, 11, 24, hour, tzinfo=UTC) for hour in (11, 12)]
