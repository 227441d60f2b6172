"""API keys: made once, shown once, limited, revoked."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from market.accounts.keys import MOST_LIVE_KEYS
from market.accounts.models import ApiKey
from market.accounts.tokens import token_hash
from market.db import Database, utc_now
from tests.market.accounts.factories import (
    Account,
    make_account,
    make_key,
    places,
    rows,
    told,
)

URL = "/api/v1/keys"
MISSING = "00000000-0000-7000-8000-000000000000"


async def create(client: httpx.AsyncClient, account: Account, **changes: Any) -> httpx.Response:
    form = {"name": "同步程序", "scopes": ["listings:write", "listings:read"]} | changes
    return await client.post(URL, json=form, headers=account.headers)


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


async def is_good(client: httpx.AsyncClient, secret: str) -> bool:
    """Whether a key is let in at all, on a route that is open to everybody."""
    answer = await client.get("/api/v1/organisations", headers=bearer(secret))
    return answer.status_code == 200


async def test_key_is_shown_once_and_good_for_a_year(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await make_account(database)

    answer = await create(client, account)

    assert answer.status_code == 201
    secret, key = answer.json()["secret"], answer.json()["key"]
    assert key == {
        "id": key["id"],
        "name": "同步程序",
        "begins_with": secret[:12],
        "scopes": ["listings:read", "listings:write"],
        "created_at": key["created_at"],
        "last_used_at": None,
        "expires_at": key["expires_at"],
        "revoked_at": None,
    }
    created, expires = (datetime.fromisoformat(key[each]) for each in ("created_at", "expires_at"))
    assert expires - created == timedelta(days=365)
    [row] = await rows(database, ApiKey)
    assert row.token_hash == token_hash(secret)
    assert await is_good(client, secret)


async def test_list_is_one_s_own_without_secrets(
    client: httpx.AsyncClient, database: Database
) -> None:
    account, colleague = await make_account(database), await make_account(database)
    await create(client, colleague)
    made = [(await create(client, account, name=f"程序{n}")).json() for n in range(3)]

    first = await client.get(URL, params={"limit": 2}, headers=account.headers)
    second = await client.get(
        URL, params={"cursor": first.json()["next_cursor"]}, headers=account.headers
    )

    assert first.json()["items"] == [each["key"] for each in made[:2]]
    assert second.json() == {"items": [made[2]["key"]], "next_cursor": None}


async def test_use_of_a_key_is_noted(client: httpx.AsyncClient, database: Database) -> None:
    account = await make_account(database)
    secret = (await create(client, account)).json()["secret"]
    before = utc_now()

    await is_good(client, secret)

    [key] = await rows(database, ApiKey)
    assert key.last_used_at is not None
    assert before <= key.last_used_at <= utc_now()


async def test_revoked_key_is_refused_at_once_and_stays_listed(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await make_account(database)
    made = (await create(client, account)).json()

    answers = [
        await client.delete(f"{URL}/{made['key']['id']}", headers=account.headers) for _ in range(2)
    ]

    assert [(each.status_code, each.content) for each in answers] == [(204, b"")] * 2
    assert not await is_good(client, made["secret"])
    [listed] = (await client.get(URL, headers=account.headers)).json()["items"]
    assert listed == made["key"] | {"revoked_at": listed["revoked_at"]}
    assert listed["revoked_at"] is not None


@pytest.mark.parametrize("which", ["colleague's", "missing", "no id"])
async def test_key_that_is_not_one_s_own_is_not_there(
    client: httpx.AsyncClient, database: Database, which: str
) -> None:
    account = await make_account(database)
    colleague = await make_account(database, organisation=account.organisation)
    theirs = (await create(client, colleague)).json()
    asked = {"colleague's": theirs["key"]["id"], "missing": MISSING, "no id": "x"}[which]

    answer = await client.delete(f"{URL}/{asked}", headers=account.headers)

    assert told(answer) == (404, "not_found")
    assert await is_good(client, theirs["secret"])


async def test_expired_key_is_refused(client: httpx.AsyncClient, database: Database) -> None:
    account = await make_account(database)
    secret = (await create(client, account)).json()["secret"]
    async with database.writing() as session:
        await session.execute(update(ApiKey).values(expires_at=utc_now()))

    assert not await is_good(client, secret)


@pytest.mark.parametrize(
    ("days", "status"), [(1, 201), (5 * 365, 201), (-1, 422), (0, 422), (5 * 366 + 1, 422)]
)
async def test_expiry_lies_within_five_years(
    client: httpx.AsyncClient, database: Database, days: int, status: int
) -> None:
    account = await make_account(database)
    asked = utc_now() + timedelta(days=days)

    answer = await create(client, account, expires_at=asked.isoformat())

    assert answer.status_code == status
    if status == 422:
        assert places(answer) == ["#/expires_at"]
    assert len(await rows(database, ApiKey)) == (status == 201)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "a\0b"},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"scopes": ["listings:read"] * 9},
        {"expires_at": "2030-01-01T00:00:00"},
        {"expires_at": "0001-01-01T00:00:00+14:00"},
        {"expires_at": "9999-12-31T23:59:59-14:00"},
        {"secret": "djk_mine"},
    ],
)
async def test_wrong_key_is_refused(
    client: httpx.AsyncClient, database: Database, changes: dict[str, Any]
) -> None:
    account = await make_account(database)

    answer = await create(client, account, **changes)

    assert told(answer) == (422, "invalid")
    assert await rows(database, ApiKey) == []


async def test_twenty_keys_may_be_live_also_when_made_at_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await make_account(database)
    for _ in range(MOST_LIVE_KEYS - 2):
        await make_key(database, account, "listings:read")

    answers = await asyncio.gather(*(create(client, account) for _ in range(5)))

    assert sorted(each.status_code for each in answers) == [201] * 2 + [409] * 3
    refused = next(each for each in answers if each.status_code == 409)
    assert told(refused) == (409, "too_many_keys")
    made = next(each for each in answers if each.status_code == 201).json()
    await client.delete(f"{URL}/{made['key']['id']}", headers=account.headers)
    assert (await create(client, account)).status_code == 201


@pytest.mark.parametrize(
    ("method", "path"), [("GET", URL), ("POST", URL), ("DELETE", f"{URL}/{MISSING}")]
)
async def test_keys_are_for_people_who_signed_in(
    client: httpx.AsyncClient, database: Database, method: str, path: str
) -> None:
    account = await make_account(database)
    key = await make_key(database, account, "listings:write", "organisation:write")
    form = {"name": "同步程序", "scopes": ["listings:read"]} if method == "POST" else None

    answers = [
        await client.request(method, path, json=form, headers=headers) for headers in ({}, key)
    ]

    assert [told(each) for each in answers] == [(401, "sign_in_required"), (403, "scope_refused")]
    assert len(await rows(database, ApiKey)) == 1


@pytest.mark.parametrize(
    "token", ["djk_unknown", "djs_unknown", "x", "", "djk_" + "x" * 200, "djk_\xff"]
)
@pytest.mark.parametrize("scheme", ["Bearer", "Basic", "bearer"])
async def test_token_that_is_not_good_is_refused_on_open_routes_too(
    client: httpx.AsyncClient, token: str, scheme: str
) -> None:
    headers = [(b"authorization", f"{scheme} {token}".encode("latin-1"))]

    answer = await client.get("/api/v1/organisations", headers=headers)

    assert told(answer) == (401, "token_refused")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("scheme", "status"), [("Bearer", 200), ("bearer", 200), ("Basic", 401)])
async def test_scheme_of_a_token_is_bearer(
    client: httpx.AsyncClient, database: Database, scheme: str, status: int
) -> None:
    account = await make_account(database)
    secret = (await create(client, account)).json()["secret"]

    answer = await client.get(
        "/api/v1/organisations", headers={"Authorization": f"{scheme} {secret}"}
    )

    assert answer.status_code == status
