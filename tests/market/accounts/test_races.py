"""Signing in at the same time as what takes the right to: nothing slips through between."""

import asyncio

import httpx
import pytest

from market.accounts.models import LoginSession, User
from market.db import Database
from tests.market.accounts.factories import (
    PASSWORD,
    Account,
    good,
    make_account,
    make_key,
    password_hash,
    rows,
)

API = "/api/v1"
NEW = "海豚-Kiln-2093"


async def log_in(client: httpx.AsyncClient, account: Account) -> httpx.Response:
    return await client.post(
        f"{API}/auth/login", json={"email": account.user.email, "password": PASSWORD}
    )


async def two_people(database: Database) -> tuple[Account, Account]:
    """A manager, and a colleague with a password."""
    manager = await make_account(database)
    colleague = await make_account(
        database,
        organisation=manager.organisation,
        is_manager=False,
        password_hash=await password_hash(),
    )
    return manager, colleague


async def test_nobody_is_left_signed_in_who_was_disabled_meanwhile(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager, colleague = await two_people(database)

    *logins, disabled = await asyncio.gather(
        *(log_in(client, colleague) for _ in range(4)),
        client.post(f"{API}/users/{colleague.user.id}/disable", headers=manager.headers),
    )

    assert disabled.status_code == 200
    assert {each.status_code for each in logins} <= {200, 401}
    left = [each.user_id for each in await rows(database, LoginSession)]
    assert left == [manager.user.id]


async def test_nobody_is_left_signed_in_by_a_password_that_was_replaced_meanwhile(
    client: httpx.AsyncClient, database: Database
) -> None:
    _, colleague = await two_people(database)

    *logins, changed = await asyncio.gather(
        *(log_in(client, colleague) for _ in range(4)),
        client.post(
            f"{API}/auth/password",
            json={"old_password": PASSWORD, "new_password": NEW},
            headers=colleague.headers,
        ),
    )

    assert changed.status_code == 204
    assert {each.status_code for each in logins} <= {200, 401}
    tokens = [each.json()["token"] for each in logins if each.status_code == 200]
    assert [await good(client, {"Authorization": f"Bearer {each}"}) for each in tokens] == [
        False
    ] * len(tokens)
    assert await good(client, colleague.headers)


async def test_no_key_outlives_the_disabling_of_its_person(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager, colleague = await two_people(database)
    old = await make_key(database, colleague, "listings:read")
    form = {"name": "程序", "scopes": ["listings:read"]}

    *made, disabled = await asyncio.gather(
        *(client.post(f"{API}/keys", json=form, headers=colleague.headers) for _ in range(4)),
        client.post(f"{API}/users/{colleague.user.id}/disable", headers=manager.headers),
    )

    assert disabled.status_code == 200
    secrets = [each.json()["secret"] for each in made if each.status_code == 201]
    keys = [old] + [{"Authorization": f"Bearer {each}"} for each in secrets]
    answers = [await client.get(f"{API}/organisations", headers=each) for each in keys]
    assert {each.status_code for each in answers} == {401}


@pytest.mark.parametrize("first", ["reset", "new link"])
async def test_link_is_used_and_replaced_at_once_without_a_deadlock(
    client: httpx.AsyncClient, database: Database, first: str
) -> None:
    manager, colleague = await two_people(database)
    links = f"{API}/users/{colleague.user.id}/password-reset-links"
    token = (await client.post(links, headers=manager.headers)).json()["token"]
    requests = [
        client.post(f"{API}/auth/password-resets", json={"token": token, "new_password": NEW}),
        *(client.post(links, headers=manager.headers) for _ in range(3)),
    ]

    answers = await asyncio.gather(*(requests if first == "reset" else reversed(requests)))

    statuses = sorted(each.status_code for each in answers)
    assert statuses in ([201, 201, 201, 204], [201, 201, 201, 404])


async def test_two_organisations_do_not_both_get_one_invited_person(
    client: httpx.AsyncClient, database: Database
) -> None:
    tokens = []
    for manager in (await make_account(database), await make_account(database)):
        answer = await client.post(
            f"{API}/organisations/{manager.user.organisation_id}/invitations",
            json={"email": "wu@example.cn"},
            headers=manager.headers,
        )
        tokens.append(answer.json()["token"])

    answers = await asyncio.gather(
        *(
            client.post(
                f"{API}/auth/invitations/accept",
                json={"token": token, "name": "吴工", "password": NEW},
            )
            for token in tokens
        )
    )

    assert sorted(each.status_code for each in answers) == [201, 409]
    assert [each.email for each in await rows(database, User)].count("wu@example.cn") == 1
