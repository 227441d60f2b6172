"""Passwords: the rules, the hashes, and how they are changed and reset."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from market.accounts.models import OneTimeLink
from market.accounts.passwords import (
    NO_PASSWORD,
    check_password,
    common_passwords,
    hash_of,
    hashes_computed,
    password_errors,
)
from market.db import Database, utc_now
from market.errors import FieldError
from market.settings import Settings
from tests.market.accounts.factories import (
    PASSWORD,
    Account,
    good,
    make_account,
    make_administrator,
    make_key,
    password_hash,
    places,
    told,
)

CHANGE = "/api/v1/auth/password"
RESET = "/api/v1/auth/password-resets"
LOG_IN = "/api/v1/auth/login"
NEW = "海豚-Kiln-2093"


async def person(database: Database, **changes: Any) -> Account:
    values: dict[str, Any] = {"password_hash": await password_hash()}
    return await make_account(database, **(values | changes))


async def log_in(client: httpx.AsyncClient, account: Account, password: str) -> httpx.Response:
    return await client.post(LOG_IN, json={"email": account.user.email, "password": password})


async def sessions_of(client: httpx.AsyncClient, account: Account) -> list[dict[str, str]]:
    """Headers of a session more, and of the one that the account came with."""
    token = (await log_in(client, account, PASSWORD)).json()["token"]
    return [{"Authorization": f"Bearer {token}"}, account.headers]


async def link_to(
    client: httpx.AsyncClient, database: Database, account: Account, by: Account | None = None
) -> dict[str, str]:
    """A link to a new password, made by an administrator unless somebody is named."""
    by = by or await make_administrator(database)
    answer = await client.post(
        f"/api/v1/users/{account.user.id}/password-reset-links", headers=by.headers
    )
    assert answer.status_code == 201
    found: dict[str, str] = answer.json()
    return found


async def reset(client: httpx.AsyncClient, token: str, password: str = NEW) -> httpx.Response:
    return await client.post(RESET, json={"token": token, "new_password": password})


@pytest.mark.parametrize("password", ["password", "WOAINI1314", "ｑｗｅｒｔｙ１２３", "12345678"])
def test_commonest_passwords_are_refused(password: str) -> None:
    errors = password_errors(password, email="lin@example.cn", pointer="#/p")

    assert errors == [
        FieldError("#/p", "这是最常见的密码之一，请换一个", "Is one of the commonest passwords.")
    ]


@pytest.mark.parametrize("password", ["Lin.Gong@example.cn", "lin.gong"])
def test_own_address_is_no_password(password: str) -> None:
    errors = password_errors(password, email="lin.gong@example.cn", pointer="#/p")

    assert errors == [FieldError("#/p", "密码不能是邮箱地址", "Must not be your e-mail address.")]


@pytest.mark.parametrize("password", [PASSWORD, NEW, "lin.gong@example.com", "password-of-mine"])
def test_other_passwords_are_good(password: str) -> None:
    assert password_errors(password, email="lin.gong@example.cn", pointer="#/p") == []


def test_list_of_common_passwords_holds_what_could_be_chosen() -> None:
    listed = common_passwords()

    assert len(listed) >= 200
    assert {
        word for word in listed if word != word.casefold() or not 8 <= len(word) <= 128
    } == set()


async def test_full_width_typing_is_the_same_password() -> None:
    stored = await hash_of("Ａｂｃ-１２３４５")

    check = await check_password("Abc-12345", stored)

    assert (check.is_right, check.new_hash) == (True, None)


@pytest.mark.parametrize("stored", [None, NO_PASSWORD, "", "md5$abc"])
async def test_nobody_s_password_costs_as_much_as_a_wrong_one(stored: str | None) -> None:
    before = hashes_computed()

    check = await check_password("nobody has this password", stored)

    assert (check.is_right, check.new_hash) == (False, None)
    assert hashes_computed() - before == 1


async def test_change_ends_other_sessions_and_the_old_password(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await person(database)
    mine, other = await sessions_of(client, account)
    link = await link_to(client, database, account)

    answer = await client.post(
        CHANGE, json={"old_password": PASSWORD, "new_password": NEW}, headers=mine
    )

    assert (answer.status_code, answer.content) == (204, b"")
    assert [await good(client, each) for each in (mine, other)] == [True, False]
    assert told(await log_in(client, account, PASSWORD)) == (401, "credentials_refused")
    assert (await log_in(client, account, NEW)).status_code == 200
    assert told(await reset(client, link["token"])) == (404, "link_not_valid")


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("not the password", NEW, "#/old_password"),
        (PASSWORD, "password1", "#/new_password"),
        (PASSWORD, "short", "#/new_password"),
    ],
)
async def test_wrong_change_leaves_the_password(
    client: httpx.AsyncClient, database: Database, old: str, new: str, place: str
) -> None:
    account = await person(database)

    answer = await client.post(
        CHANGE, json={"old_password": old, "new_password": new}, headers=account.headers
    )

    assert told(answer) == (422, "invalid")
    assert places(answer) == [place]
    assert (await log_in(client, account, PASSWORD)).status_code == 200


async def test_stolen_session_does_not_serve_to_guess(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    account = await person(database)
    guess = {"old_password": "not the password", "new_password": NEW}

    answers = await asyncio.gather(
        *(client.post(CHANGE, json=guess, headers=account.headers) for _ in range(20))
    )

    most = settings.logins_per_quarter_hour
    assert sorted(each.status_code for each in answers) == [422] * most + [429] * (20 - most)


async def test_of_two_changes_at_once_one_counts(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await person(database)
    wishes = [NEW, NEW + "!"]

    answers = await asyncio.gather(
        *(
            client.post(
                CHANGE,
                json={"old_password": PASSWORD, "new_password": wish},
                headers=account.headers,
            )
            for wish in wishes
        )
    )

    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [204, 409]
    assert (await log_in(client, account, wishes[statuses.index(204)])).status_code == 200


@pytest.mark.parametrize("url", [CHANGE, "/api/v1/users/x/password-reset-links"])
async def test_anonymous_and_keys_change_no_password(
    client: httpx.AsyncClient, database: Database, url: str
) -> None:
    account = await person(database)
    key = await make_key(database, account, "organisation:write")
    body = {"old_password": PASSWORD, "new_password": NEW}

    answers = [await client.post(url, json=body, headers=headers) for headers in ({}, key)]

    assert [told(each) for each in answers] == [(401, "sign_in_required"), (403, "scope_refused")]


async def test_link_sets_a_password_and_ends_every_session(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    account, somebody = await person(database), await make_account(database)
    before = await sessions_of(client, account)
    link = await link_to(client, database, account)

    answer = await reset(client, link["token"])

    assert (answer.status_code, answer.content) == (204, b"")
    assert link == {
        "id": link["id"],
        "url": f"{settings.public_url}/password-resets/{link['token']}",
        "token": link["token"],
        "expires_at": link["expires_at"],
    }
    still = [await good(client, each) for each in (*before, somebody.headers)]
    assert still == [False, False, True]
    assert (await log_in(client, account, NEW)).status_code == 200


async def test_of_many_who_use_a_link_at_once_one_does(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await person(database)
    link = await link_to(client, database, account)

    answers = await asyncio.gather(*(reset(client, link["token"], f"{NEW} {n}") for n in range(8)))

    assert sorted(each.status_code for each in answers) == [204] + [404] * 7


async def test_newer_link_replaces_the_older_one(
    client: httpx.AsyncClient, database: Database
) -> None:
    account, administrator = await person(database), await make_administrator(database)
    older = await link_to(client, database, account, administrator)
    newer = await link_to(client, database, account, administrator)

    answers = [await reset(client, link["token"]) for link in (older, newer)]

    assert [each.status_code for each in answers] == [404, 204]


async def test_link_expires(client: httpx.AsyncClient, database: Database) -> None:
    account = await person(database)
    link = await link_to(client, database, account)
    async with database.writing() as session:
        await session.execute(
            update(OneTimeLink).values(expires_at=utc_now() - timedelta(seconds=1))
        )

    answer = await reset(client, link["token"])

    assert told(answer) == (404, "link_not_valid")


@pytest.mark.parametrize("password", ["password1", "short"])
async def test_weak_password_leaves_the_link_good(
    client: httpx.AsyncClient, database: Database, password: str
) -> None:
    link = await link_to(client, database, await person(database))

    answer = await reset(client, link["token"], password)

    assert told(answer) == (422, "invalid")
    assert places(answer) == ["#/new_password"]
    assert (await reset(client, link["token"])).status_code == 204


async def test_invitation_is_no_password_reset(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await person(database)
    invitation = await client.post(
        f"/api/v1/organisations/{account.user.organisation_id}/invitations",
        json={"email": "new@example.cn"},
        headers=account.headers,
    )

    answer = await reset(client, invitation.json()["token"])

    assert told(answer) == (404, "link_not_valid")


async def test_guessed_links_cost_no_hash_and_end_in_429(
    client: httpx.AsyncClient, database: Database
) -> None:
    link = await link_to(client, database, await person(database))
    before = hashes_computed()

    answers = [await reset(client, f"djl_{n}") for n in range(31)]

    assert [each.status_code for each in answers] == [404] * 30 + [429]
    assert hashes_computed() == before
    assert told(await reset(client, link["token"])) == (429, "too_many_attempts")


async def test_manager_makes_links_for_colleagues(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await make_account(database)
    colleague = await person(database, organisation=manager.organisation, is_manager=False)

    link = await link_to(client, database, colleague, manager)

    assert (await reset(client, link["token"])).status_code == 204


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"is_administrator": True}, (403, "staff_account")),
        ({"is_moderator": True}, (403, "staff_account")),
    ],
)
async def test_manager_takes_no_account_of_the_marketplace_s_staff(
    client: httpx.AsyncClient,
    database: Database,
    changes: dict[str, bool],
    refusal: tuple[int, str],
) -> None:
    manager = await make_account(database)
    staff = await person(database, organisation=manager.organisation, **changes)

    answer = await client.post(
        f"/api/v1/users/{staff.user.id}/password-reset-links", headers=manager.headers
    )

    assert told(answer) == refusal


@pytest.mark.parametrize("who", ["colleague", "manager elsewhere", "moderator"])
async def test_others_make_no_links(
    client: httpx.AsyncClient, database: Database, who: str
) -> None:
    account = await person(database)
    wanted: dict[str, dict[str, Any]] = {
        "colleague": {"organisation": account.organisation, "is_manager": False},
        "manager elsewhere": {},
        "moderator": {"is_moderator": True},
    }
    other = await make_account(database, **wanted[who])

    answer = await client.post(
        f"/api/v1/users/{account.user.id}/password-reset-links", headers=other.headers
    )

    expected = (403, "manager_needed") if who == "colleague" else (404, "not_found")
    assert told(answer) == expected
