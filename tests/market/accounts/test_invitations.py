"""Invitations: made by managers, accepted once."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from market.accounts.models import OneTimeLink, User
from market.accounts.service import MOST_OPEN_INVITATIONS
from market.accounts.tokens import token_hash
from market.db import Database, utc_now
from market.settings import Settings
from tests.market.accounts.factories import (
    Account,
    make_account,
    make_administrator,
    make_key,
    places,
    rows,
    told,
)

ACCEPT = "/api/v1/auth/invitations/accept"
EMAIL = "wu@example.cn"
PASSWORD = "陶瓷-Glaze-306"


def url_of(account: Account) -> str:
    return f"/api/v1/organisations/{account.user.organisation_id}/invitations"


async def invite(
    client: httpx.AsyncClient, account: Account, email: str = EMAIL, **changes: Any
) -> dict[str, str]:
    answer = await client.post(
        url_of(account), json={"email": email, **changes}, headers=account.headers
    )
    assert answer.status_code == 201
    link: dict[str, str] = answer.json()
    return link


async def accept(client: httpx.AsyncClient, token: str, password: str = PASSWORD) -> httpx.Response:
    return await client.post(ACCEPT, json={"token": token, "name": "吴工", "password": password})


@pytest.mark.parametrize("is_manager", [False, True])
async def test_invited_person_joins_as_invited(
    client: httpx.AsyncClient, database: Database, settings: Settings, is_manager: bool
) -> None:
    manager = await make_account(database)
    link = await invite(client, manager, "Wu@Example.cn", is_manager=is_manager)

    answer = await accept(client, link["token"])

    assert answer.status_code == 201
    user = answer.json()
    assert user == {
        "id": user["id"],
        "organisation_id": str(manager.user.organisation_id),
        "email": EMAIL,
        "name": "吴工",
        "is_manager": is_manager,
        "is_moderator": False,
        "is_administrator": False,
        "disabled_at": None,
        "created_at": user["created_at"],
    }
    assert link["url"] == f"{settings.public_url}/invitations/{link['token']}"
    signed_in = await client.post("/api/v1/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert signed_in.json()["user"] == user


async def test_only_the_hash_of_a_token_is_stored(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    manager = await make_account(database)

    link = await invite(client, manager)

    [row] = await rows(database, OneTimeLink)
    assert row.token_hash == token_hash(link["token"])
    assert row.expires_at == row.created_at + timedelta(days=settings.invitation_days)
    assert row.created_by_id == manager.user.id


async def test_of_twenty_who_accept_at_once_one_joins(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    link = await invite(client, manager)

    answers = await asyncio.gather(*(accept(client, link["token"]) for _ in range(20)))

    assert sorted(each.status_code for each in answers) == [201] + [404] * 19
    assert len(await rows(database, User)) == 2


async def test_list_holds_open_invitations_without_their_tokens(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    elsewhere = await make_account(database)
    await invite(client, elsewhere, "elsewhere@example.cn")
    used = await invite(client, manager, "used@example.cn")
    await accept(client, used["token"])
    link = await invite(client, manager, is_manager=True)

    answer = await client.get(url_of(manager), headers=manager.headers)

    [item] = answer.json()["items"]
    assert answer.json() == {
        "items": [
            {
                "id": link["id"],
                "email": EMAIL,
                "is_manager": True,
                "created_at": item["created_at"],
                "expires_at": link["expires_at"],
            }
        ],
        "next_cursor": None,
    }


async def test_list_comes_in_pages(client: httpx.AsyncClient, database: Database) -> None:
    manager = await make_account(database)
    made = [(await invite(client, manager, f"p{n}@example.cn"))["id"] for n in range(3)]

    first = await client.get(url_of(manager), params={"limit": 2}, headers=manager.headers)
    cursor = first.json()["next_cursor"]
    second = await client.get(
        url_of(manager), params={"limit": 2, "cursor": cursor}, headers=manager.headers
    )

    assert [[each["id"] for each in page.json()["items"]] for page in (first, second)] == [
        made[:2],
        made[2:],
    ]
    assert second.json()["next_cursor"] is None


async def test_second_invitation_of_an_address_ends_the_first(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager, elsewhere = await make_account(database), await make_account(database)
    other = await invite(client, elsewhere)
    first = await invite(client, manager)

    second = await invite(client, manager, is_manager=True)

    answers = [await accept(client, link["token"]) for link in (first, second)]
    assert [each.status_code for each in answers] == [404, 201]
    # The other organisation's invitation stays open, but by now the address has an account.
    assert told(await accept(client, other["token"])) == (409, "already_registered")


async def test_revoked_invitation_is_worth_nothing(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    link = await invite(client, manager)

    answer = await client.delete(f"{url_of(manager)}/{link['id']}", headers=manager.headers)

    assert (answer.status_code, answer.content) == (204, b"")
    assert told(await accept(client, link["token"])) == (404, "link_not_valid")
    again = await client.delete(f"{url_of(manager)}/{link['id']}", headers=manager.headers)
    assert told(again) == (404, "not_found")


async def test_invitation_of_another_organisation_can_t_be_revoked(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager, elsewhere = await make_account(database), await make_account(database)
    link = await invite(client, elsewhere)

    answers = [
        await client.delete(f"{url_of(manager)}/{link['id']}", headers=manager.headers),
        await client.delete(f"{url_of(elsewhere)}/{link['id']}", headers=manager.headers),
        await client.delete(f"{url_of(manager)}/x", headers=manager.headers),
    ]

    assert [told(each) for each in answers] == [(404, "not_found")] * 3
    assert (await accept(client, link["token"])).status_code == 201


async def test_expired_invitation_is_worth_nothing(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    link = await invite(client, manager)
    async with database.writing() as session:
        await session.execute(update(OneTimeLink).values(expires_at=utc_now()))

    answer = await accept(client, link["token"])

    assert told(answer) == (404, "link_not_valid")


async def test_invitation_dies_with_the_account_of_who_made_it(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    other = await make_account(database, organisation=manager.organisation)
    link = await invite(client, other)
    kept = await invite(client, manager, "kept@example.cn")

    await client.post(f"/api/v1/users/{other.user.id}/disable", headers=manager.headers)

    answers = [await accept(client, each["token"]) for each in (link, kept)]
    assert [each.status_code for each in answers] == [404, 201]


async def test_administrator_invites_into_any_organisation(
    client: httpx.AsyncClient, database: Database
) -> None:
    account, administrator = await make_account(database), await make_administrator(database)

    answer = await client.post(
        url_of(account), json={"email": EMAIL}, headers=administrator.headers
    )

    assert answer.status_code == 201
    joined = await accept(client, answer.json()["token"])
    assert joined.json()["organisation_id"] == str(account.user.organisation_id)


@pytest.mark.parametrize(
    ("who", "refusal"),
    [
        ("anonymous", (401, "sign_in_required")),
        ("colleague", (403, "manager_needed")),
        ("manager elsewhere", (404, "not_found")),
        ("moderator elsewhere", (404, "not_found")),
        ("key", (403, "scope_refused")),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_others_neither_invite_nor_see_invitations(
    client: httpx.AsyncClient, database: Database, who: str, refusal: tuple[int, str], method: str
) -> None:
    manager = await make_account(database)
    await invite(client, manager, "secret@example.cn")
    headers = {
        "anonymous": {},
        "colleague": (
            await make_account(database, organisation=manager.organisation, is_manager=False)
        ).headers,
        "manager elsewhere": (await make_account(database)).headers,
        "moderator elsewhere": (await make_account(database, is_moderator=True)).headers,
        "key": await make_key(database, manager, "organisation:write"),
    }[who]
    body = {"email": EMAIL} if method == "POST" else None

    answer = await client.request(method, url_of(manager), json=body, headers=headers)

    assert told(answer) == refusal
    assert [each.email for each in await rows(database, OneTimeLink)] == ["secret@example.cn"]


@pytest.mark.parametrize("organisation", ["00000000-0000-7000-8000-000000000000", "x"])
async def test_nobody_is_invited_to_nowhere(
    client: httpx.AsyncClient, database: Database, organisation: str
) -> None:
    administrator = await make_administrator(database)

    answer = await client.post(
        f"/api/v1/organisations/{organisation}/invitations",
        json={"email": EMAIL},
        headers=administrator.headers,
    )

    assert told(answer) == (404, "not_found")


@pytest.mark.parametrize(
    "body", [{}, {"email": "no address"}, {"email": EMAIL, "role": "administrator"}]
)
async def test_wrong_invitation_is_refused(
    client: httpx.AsyncClient, database: Database, body: dict[str, str]
) -> None:
    manager = await make_account(database)

    answer = await client.post(url_of(manager), json=body, headers=manager.headers)

    assert told(answer) == (422, "invalid")
    assert await rows(database, OneTimeLink) == []


async def test_so_many_invitations_may_be_open(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    now = utc_now()
    async with database.writing() as session:
        session.add_all(
            OneTimeLink(
                purpose="invitation",
                token_hash=token_hash(str(n)),
                organisation_id=manager.user.organisation_id,
                email=f"p{n}@example.cn",
                created_at=now,
                expires_at=now + timedelta(days=1),
            )
            for n in range(MOST_OPEN_INVITATIONS - 1)
        )

    answers = await asyncio.gather(
        *(
            client.post(
                url_of(manager), json={"email": f"new{n}@example.cn"}, headers=manager.headers
            )
            for n in range(4)
        )
    )

    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409]


async def test_weak_password_leaves_the_invitation_open(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    link = await invite(client, manager)

    answer = await accept(client, link["token"], EMAIL)

    assert told(answer) == (422, "invalid")
    assert places(answer) == ["#/password"]
    assert (await accept(client, link["token"])).status_code == 201


async def test_address_that_has_an_account_can_t_join_again(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    somebody = await make_account(database, email="known@example.cn")
    link = await invite(client, manager, "known@example.cn")

    answer = await accept(client, link["token"])

    assert told(answer) == (409, "already_registered")
    kept = [each for each in await rows(database, User) if each.email == "known@example.cn"]
    assert [each.id for each in kept] == [somebody.user.id]


async def test_guessed_invitations_end_in_429(client: httpx.AsyncClient) -> None:
    answers = [await accept(client, f"djl_{n}") for n in range(31)]

    assert [each.status_code for each in answers] == [404] * 30 + [429]
