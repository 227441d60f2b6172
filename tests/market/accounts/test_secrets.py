"""Secrets are shown once and stand nowhere else: in no log, in no list, in no table."""

import logging
import subprocess
import sys

import httpx
import pytest

from market.accounts.models import ApiKey, LoginSession, OneTimeLink, User
from market.accounts.tokens import begins_with
from market.db import Database
from market.http.idempotency import StoredAnswer
from tests.market.accounts.factories import (
    PASSWORD,
    Account,
    make_account,
    password_hash,
    rows,
)
from tests.market.commands.runs import ROOT

API = "/api/v1"
NEW = "海豚-Kiln-2093"


async def every_secret(client: httpx.AsyncClient, manager: Account) -> list[str]:
    """Signs in and makes one secret of each kind; all of them, with the passwords."""
    signed_in = await client.post(
        f"{API}/auth/login", json={"email": manager.user.email, "password": PASSWORD}
    )
    headers = {"Authorization": f"Bearer {signed_in.json()['token']}"}
    organisation = f"{API}/organisations/{manager.user.organisation_id}"
    key = await client.post(
        f"{API}/keys", json={"name": "程序", "scopes": ["listings:read"]}, headers=headers
    )
    invitation = await client.post(
        f"{organisation}/invitations", json={"email": "wu@example.cn"}, headers=headers
    )
    link = await client.post(f"{API}/users/{manager.user.id}/password-reset-links", headers=headers)
    tokens = [signed_in.json()["token"], key.json()["secret"]]
    return [*tokens, invitation.json()["token"], link.json()["token"], PASSWORD]


async def person(database: Database) -> Account:
    return await make_account(database, password_hash=await password_hash())


async def test_log_holds_no_secret(
    client: httpx.AsyncClient, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, logger="aiosqlite")
    manager = await person(database)

    secrets = await every_secret(client, manager)
    await client.post(
        f"{API}/auth/password-resets", json={"token": secrets[3], "new_password": NEW}
    )
    await client.get(f"{API}/auth/me", headers={"Authorization": f"Bearer {secrets[0]}"})

    said = "\n".join([*caplog.messages, *(str(each.__dict__) for each in caplog.records)])
    assert [each for each in (*secrets, NEW, "$argon2id$") if each in said] == []


def test_libraries_that_log_values_keep_silent_also_when_all_is_logged() -> None:
    script = (
        "import logging; from market.http.requests import set_up_logging; "
        "from market.settings import Settings; set_up_logging(Settings(log_level='DEBUG')); "
        "print([name for name in ('httpx', 'aiosqlite', 'sqlalchemy.engine') "
        "if logging.getLogger(name).isEnabledFor(logging.INFO)])"
    )

    done = subprocess.run(
        [sys.executable, "-c", f"import sqlalchemy; {script}"],
        capture_output=True,
        cwd=ROOT,
        check=True,
        text=True,
        timeout=60,
    )

    assert done.stdout == "[]\n"


async def test_lists_and_reads_hold_no_secret(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await person(database)
    secrets = await every_secret(client, manager)
    organisation = f"{API}/organisations/{manager.user.organisation_id}"

    answers = [
        await client.get(path, headers=manager.headers)
        for path in (
            f"{API}/auth/me",
            f"{API}/auth/sessions",
            f"{API}/keys",
            organisation,
            f"{organisation}/invitations",
            f"{organisation}/users",
            f"{API}/users/{manager.user.id}",
        )
    ]

    assert {each.status_code for each in answers} == {200}
    said = "\n".join(each.text for each in answers)
    assert [each for each in (*secrets, "argon2", "token_hash") if each in said] == []


async def test_tables_hold_hashes_only(client: httpx.AsyncClient, database: Database) -> None:
    secrets = await every_secret(client, await person(database))

    stored = [
        {column.name: getattr(row, column.name) for column in table.__table__.columns}
        for table in (User, LoginSession, ApiKey, OneTimeLink)
        for row in await rows(database, table)
    ]

    said = repr(stored)
    assert len(stored) == 6
    assert [each for each in secrets if each in said] == []


async def test_begin_of_a_key_tells_too_little_to_guess_the_rest(
    client: httpx.AsyncClient, database: Database
) -> None:
    secrets = await every_secret(client, await person(database))

    shown = [begins_with(each) for each in secrets[:4]]

    # Eight of 43 characters: 208 of the 256 bits stay secret.
    assert [len(each) for each in shown] == [12] * 4
    assert {len(each) for each in secrets[:4]} == {47}
    assert len({each[4:] for each in secrets[:4]}) == 4


async def test_idempotency_key_never_stores_an_answer_with_a_secret(
    client: httpx.AsyncClient, database: Database
) -> None:
    manager = await person(database)
    headers = manager.headers | {"Idempotency-Key": "one"}
    form = {"name": "程序", "scopes": ["listings:read"]}

    made = [
        (await client.post(f"{API}/keys", json=form, headers=headers)).json()["secret"]
        for _ in range(2)
    ]

    assert made[0] != made[1]
    assert await rows(database, StoredAnswer) == []
