"""More passwords than the machine can hash."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from market.accounts.passwords import NO_PASSWORD, PasswordCheck, check_password
from market.errors import Unavailable

# Twice what may wait: a place that comes free while the flood arrives does not end it.
FLOOD = 400


@asynccontextmanager
async def flood() -> AsyncIterator[list[BaseException | None]]:
    """What the checks met that were answered at once; the others are given up at the end."""
    checks = [asyncio.create_task(check_password(f"guess {n}", NO_PASSWORD)) for n in range(FLOOD)]
    await asyncio.sleep(0)
    yield [check.exception() for check in checks if check.done()]
    for check in checks:
        check.cancel()
    await asyncio.gather(*checks, return_exceptions=True)


async def test_flood_of_passwords_is_sent_away_and_passes() -> None:
    async with flood() as refused:
        assert {type(problem) for problem in refused} == {Unavailable}

    # Given up midway, the waiting ones free their places at once.
    assert await check_password("guess", NO_PASSWORD) == PasswordCheck(is_right=False)


async def test_refusal_says_when_to_come_again() -> None:
    async with flood() as refused:
        told = {
            (problem.code, problem.retry_after_s)
            for problem in refused
            if isinstance(problem, Unavailable)
        }

    assert told == {("busy", 5)}
