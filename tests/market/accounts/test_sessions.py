"""Sessions: how they are listed, ended, and how long they live."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from market.accounts.models import LoginSession, User
from market.accounts.sessions import MOST_SESSIONS, Client, open_session
from market.db import Database, utc_now
from market.settings import Settings
from tests.market.accounts.factories import Account, good, make_account, make_key, rows, told

URL = "/api/v1/auth/sessions"


async def another_session(
    database: Database, settings: Settings, account: Account
) -> tuple[str, dict[str, str]]:
    """Id and headers of one more session of the same person."""
    async with database.writing() as session:
        user = await session.get_one(User, account.user.id)
        token, login = await open_session(
            session, user, Client("127.0.0.1", "curl"), settings, utc_now()
        )
    return str(login.id), {"Authorization": f"Bearer {token}"}


async def test_sessions_are_one_s_own_newest_first(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    mine = await make_account(database)
    await make_account(database)
    newer_id, newer = await another_session(database, settings, mine)

    answer = await client.get(URL, headers=newer)

    found = answer.json()
    assert found == {
        "items": [
            found["items"][0] | {"id": newer_id, "user_agent": "curl", "is_current": True},
            found["items"][1] | {"user_agent": "", "is_current": False},
        ],
        "next_cursor": None,
    }
    assert [sorted(each) for each in found["items"]] == [
        ["created_at", "expires_at", "id", "is_current", "last_used_at", "user_agent"]
    ] * 2


async def test_logout_ends_this_session_for_good(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    account = await make_account(database)
    _, other = await another_session(database, settings, account)

    answer = await client.post("/api/v1/auth/logout", headers=account.headers)

    assert (answer.status_code, answer.content) == (204, b"")
    replayed = await client.get("/api/v1/auth/me", headers=account.headers)
    assert told(replayed) == (401, "token_refused")
    assert await good(client, other)


async def test_logout_everywhere_ends_all_sessions_but_those_of_others(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    account, somebody = await make_account(database), await make_account(database)
    _, other = await another_session(database, settings, account)

    answer = await client.post("/api/v1/auth/logout-everywhere", headers=account.headers)

    assert answer.status_code == 204
    still = [await good(client, each) for each in (account.headers, other, somebody.headers)]
    assert still == [False, False, True]


async def test_one_session_is_ended_by_its_id(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    account = await make_account(database)
    other_id, other = await another_session(database, settings, account)

    answer = await client.delete(f"{URL}/{other_id}", headers=account.headers)

    assert answer.status_code == 204
    assert [await good(client, each) for each in (account.headers, other)] == [True, False]


@pytest.mark.parametrize("which", ["another person's", "missing", "no id"])
async def test_session_that_is_not_one_s_own_is_not_there(
    client: httpx.AsyncClient, database: Database, settings: Settings, which: str
) -> None:
    account, somebody = await make_account(database), await make_account(database)
    other_id, other = await another_session(database, settings, somebody)
    asked = {
        "another person's": other_id,
        "missing": "00000000-0000-7000-8000-000000000000",
        "no id": "x",
    }[which]

    answer = await client.delete(f"{URL}/{asked}", headers=account.headers)

    assert told(answer) == (404, "not_found")
    assert await good(client, other)


@pytest.mark.parametrize(
    ("column", "ago", "is_good"),
    [
        ("last_used_at", timedelta(days=13), True),
        ("last_used_at", timedelta(days=14, seconds=1), False),
        ("expires_at", timedelta(seconds=1), False),
    ],
)
async def test_session_ends_unused_or_old(
    client: httpx.AsyncClient, database: Database, column: str, ago: timedelta, is_good: bool
) -> None:
    account = await make_account(database)
    async with database.writing() as session:
        await session.execute(update(LoginSession).values({column: utc_now() - ago}))

    still = await good(client, account.headers)

    assert still is is_good


async def test_session_that_ended_is_not_listed(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    account = await make_account(database)
    old_id, _ = await another_session(database, settings, account)
    async with database.writing() as session:
        await session.execute(
            update(LoginSession)
            .where(LoginSession.user_agent == "curl")
            .values(last_used_at=utc_now() - timedelta(days=15))
        )

    answer = await client.get(URL, headers=account.headers)

    listed = [each["id"] for each in answer.json()["items"]]
    assert (len(listed), listed.count(old_id)) == (1, 0)


async def test_use_is_noted_once_a_minute(client: httpx.AsyncClient, database: Database) -> None:
    account = await make_account(database)
    noted = utc_now() - timedelta(seconds=50)
    async with database.writing() as session:
        await session.execute(update(LoginSession).values(last_used_at=noted))

    await good(client, account.headers)
    [soon] = await rows(database, LoginSession)
    async with database.writing() as session:
        await session.execute(
            update(LoginSession).values(last_used_at=noted - timedelta(seconds=20))
        )
    await good(client, account.headers)
    [later] = await rows(database, LoginSession)

    assert soon.last_used_at == noted
    assert later.last_used_at > noted


async def test_oldest_session_makes_room_for_a_new_one(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    oldest, somebody = await make_account(database), await make_account(database)
    opened = [await another_session(database, settings, oldest) for _ in range(MOST_SESSIONS)]

    answer = await client.get(URL, headers=opened[-1][1])

    assert [each["id"] for each in answer.json()["items"]] == [each[0] for each in opened][::-1]
    assert [await good(client, each.headers) for each in (oldest, somebody)] == [False, True]


async def test_key_neither_sees_nor_ends_sessions(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await make_account(database)
    key = await make_key(database, account, "listings:read", "organisation:write")

    answers = [
        await client.get(URL, headers=key),
        await client.get("/api/v1/auth/me", headers=key),
        await client.post("/api/v1/auth/logout", headers=key),
        await client.post("/api/v1/auth/logout-everywhere", headers=key),
    ]

    assert [told(answer) for answer in answers] == [(403, "scope_refused")] * 4
    assert await good(client, account.headers)
