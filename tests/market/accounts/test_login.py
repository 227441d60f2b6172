"""POST /auth/login: the answer, the guesses, the work."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import update

from market.accounts.models import AttemptCount, LoginSession, User
from market.accounts.passwords import hashes_computed
from market.accounts.tokens import token_hash
from market.db import Database, utc_now
from market.settings import Settings
from tests.market.accounts.factories import (
    PASSWORD,
    Account,
    good,
    make_account,
    password_hash,
    rows,
    told,
)

URL = "/api/v1/auth/login"
EMAIL = "lin@example.cn"
WRONG = "not the password"


async def person(database: Database, kind: str | None = "institute", **changes: Any) -> Account:
    values: dict[str, Any] = {"email": EMAIL, "password_hash": await password_hash()}
    return await make_account(database, kind, **(values | changes))


async def log_in(
    client: httpx.AsyncClient, password: str = PASSWORD, email: str = EMAIL, **headers: str
) -> httpx.Response:
    return await client.post(URL, json={"email": email, "password": password}, headers=headers)


async def test_right_password_gives_a_token_that_signs_in(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    account = await person(database)
    before = utc_now()

    answer = await log_in(client, email=" Lin@Example.cn ")

    assert answer.status_code == 200
    told_back = answer.json()
    me = await client.get(
        "/api/v1/auth/me", headers={"Authorization": f"Bearer {told_back['token']}"}
    )
    assert me.json() == {
        "user": told_back["user"],
        "organisation": told_back["organisation"],
        "roles": ["institute"],
    }
    assert told_back["user"]["id"] == str(account.user.id)
    [_, session] = sorted(await rows(database, LoginSession), key=lambda each: each.created_at)
    assert session.token_hash == token_hash(told_back["token"])
    assert session.expires_at - before >= timedelta(days=settings.session_days)


async def test_person_of_no_organisation_signs_in(
    client: httpx.AsyncClient, database: Database
) -> None:
    await person(database, None, is_administrator=True)

    answer = await log_in(client)

    assert (answer.status_code, answer.json()["organisation"]) == (200, None)


async def test_every_login_gives_a_new_token(client: httpx.AsyncClient, database: Database) -> None:
    await person(database)

    tokens = {(await log_in(client)).json()["token"] for _ in range(2)}

    assert len(tokens) == 2


async def test_token_that_a_client_brings_along_is_never_taken_over(
    client: httpx.AsyncClient, database: Database
) -> None:
    account = await person(database)

    answer = await log_in(client, **account.headers)

    assert f"Bearer {answer.json()['token']}" != account.headers["Authorization"]


@pytest.mark.parametrize("cookie", ["session=djs_chosen", "token=djs_chosen"])
async def test_cookie_signs_nobody_in(
    client: httpx.AsyncClient, database: Database, cookie: str
) -> None:
    await person(database)
    await log_in(client, Cookie=cookie)

    answer = await client.get("/api/v1/auth/me", headers={"Cookie": cookie})

    assert told(answer) == (401, "sign_in_required")


async def test_unknown_wrong_and_disabled_are_told_alike_after_the_same_work(
    client: httpx.AsyncClient, database: Database
) -> None:
    await person(database)
    await person(database, email="gone@example.cn", disabled_at=utc_now())
    await person(database, email="new@example.cn", password_hash="!")
    guesses = [
        (EMAIL, WRONG),
        ("nobody@example.cn", WRONG),
        ("gone@example.cn", PASSWORD),
        ("new@example.cn", PASSWORD),
        ("new@example.cn", "!"),
        ("", ""),
    ]

    answers, work = [], []
    for email, password in guesses:
        before = hashes_computed()
        answers.append(await log_in(client, password, email))
        work.append(hashes_computed() - before)

    assert {answer.content for answer in answers} == {answers[0].content}
    assert told(answers[0]) == (401, "credentials_refused")
    assert work == [1] * len(guesses)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"email": EMAIL},
        {"email": EMAIL, "password": 12345678},
        {"email": EMAIL, "password": "x" * 255},
        {"email": "a\0b", "password": PASSWORD},
        {"email": EMAIL, "password": PASSWORD, "token": "djs_mine"},
    ],
)
async def test_what_is_no_login_is_invalid(
    client: httpx.AsyncClient, body: dict[str, object]
) -> None:
    answer = await client.post(URL, json=body)

    assert told(answer) == (422, "invalid")


async def test_a_hundred_guesses_at_once_are_ten_guesses(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    await person(database)
    before = hashes_computed()

    answers = await asyncio.gather(*(log_in(client, f"guess {n}") for n in range(100)))

    most = settings.logins_per_quarter_hour
    assert hashes_computed() - before == most
    assert sorted(answer.status_code for answer in answers) == [401] * most + [429] * (100 - most)


async def test_right_password_is_refused_too_until_the_window_ends(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    await person(database)
    await fill(database, settings.logins_per_quarter_hour, client)

    answer = await log_in(client)

    assert told(answer) == (429, "too_many_attempts")
    assert 1 <= int(answer.headers["Retry-After"]) <= 901
    await move_windows(database, back=timedelta(minutes=15))
    assert (await log_in(client)).status_code == 200


async def test_other_address_is_let_in_meanwhile(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    await person(database)
    await person(database, email="wu@example.cn")
    await fill(database, settings.logins_per_quarter_hour, client)

    answer = await log_in(client, email="wu@example.cn")

    assert answer.status_code == 200


async def test_success_gives_back_its_own_attempt_only(
    client: httpx.AsyncClient, database: Database
) -> None:
    await person(database)
    await log_in(client, WRONG)

    await log_in(client)

    assert [each.attempts for each in await rows(database, AttemptCount)] == [1, 1]


async def test_one_network_address_has_a_limit_of_its_own(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    await person(database)
    await log_in(client, WRONG, "nobody@example.cn")
    async with database.writing() as session:
        await session.execute(
            update(AttemptCount)
            .where(AttemptCount.key == "login-from:127.0.0.1")
            .values(attempts=settings.logins_per_quarter_hour * 10)
        )

    answer = await log_in(client)

    assert told(answer) == (429, "too_many_attempts")


async def test_hash_of_older_settings_is_made_anew(
    client: httpx.AsyncClient, database: Database
) -> None:
    older = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    await person(database, password_hash=older)

    await log_in(client)

    [user] = await rows(database, User)
    assert user.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await log_in(client)).status_code == 200


async def test_failed_login_opens_no_session(client: httpx.AsyncClient, database: Database) -> None:
    account = await person(database)

    await log_in(client, WRONG)

    [session] = await rows(database, LoginSession)
    assert session.user_id == account.user.id
    assert await good(client, account.headers)


async def test_user_agent_is_kept_readable(client: httpx.AsyncClient, database: Database) -> None:
    await person(database)

    answer = await log_in(client, **{"User-Agent": "Mozilla/5.0\t" + "x" * 300})

    token = answer.json()["token"]
    sessions = await client.get(
        "/api/v1/auth/sessions", headers={"Authorization": f"Bearer {token}"}
    )
    agents = {each["is_current"]: each["user_agent"] for each in sessions.json()["items"]}
    assert agents == {True: "Mozilla/5.0" + "x" * 189, False: ""}


async def fill(database: Database, count: int, client: httpx.AsyncClient) -> None:
    """As many failed logins, without the work of each."""
    await log_in(client, WRONG)
    async with database.writing() as session:
        await session.execute(
            update(AttemptCount).where(AttemptCount.key.startswith("login:")).values(attempts=count)
        )


async def move_windows(database: Database, *, back: timedelta) -> None:
    for each in await rows(database, AttemptCount):
        async with database.writing() as session:
            await session.execute(
                update(AttemptCount)
                .where(AttemptCount.key == each.key)
                .values(window_at=each.window_at - back)
            )
