"""`duijie users`: the only way to make an administrator."""

import io
from datetime import datetime
from typing import Any

import click.testing
import httpx
import msgspec
import pytest

from market.accounts.models import User
from market.cli import duijie as program
from market.db import Database
from market.errors import EXIT_FAILED, EXIT_USAGE
from tests.market.accounts.factories import (
    good,
    make_account,
    make_key,
    password_hash,
    rows,
    told,
)
from tests.market.commands.runs import Duijie, DuijieOnMarket, Ran

EMAIL = "admin@example.cn"
PASSWORD = "潮汕-Otter-88"


def answer_of(ran: Ran) -> Any:
    """What a command printed with --json."""
    assert (ran.code, ran.err) == (0, "")
    return msgspec.json.decode(ran.out)


def view_of(user: User, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(user.id),
        "organisation_id": str(user.organisation_id) if user.organisation_id else None,
        "email": user.email,
        "name": user.name,
        "is_manager": user.is_manager,
        "is_moderator": user.is_moderator,
        "is_administrator": user.is_administrator,
        "disabled_at": None,
        "created_at": user.created_at.isoformat().replace("+00:00", "Z"),
    } | changes


async def log_in(client: httpx.AsyncClient, email: str, password: str) -> httpx.Response:
    return await client.post("/api/v1/auth/login", json={"email": email, "password": password})


async def test_first_administrator_chooses_a_password_by_the_printed_link(
    duijie_on_market: DuijieOnMarket, client: httpx.AsyncClient
) -> None:
    ran = await duijie_on_market("users", "add", "Admin@Example.cn", "--administrator")

    assert (ran.code, ran.err) == (0, "")
    first, zh, en, url = ran.out.splitlines()
    assert first == "已添加 · added: admin@example.cn (administrator)"
    assert zh.startswith("设置密码的链接，")
    assert en.startswith("A link to choose a password, good once until ")
    base, _, token = url.rpartition("/")
    assert base == "http://127.0.0.1:8000/password-resets"
    chosen = await client.post(
        "/api/v1/auth/password-resets", json={"token": token, "new_password": PASSWORD}
    )
    assert chosen.status_code == 204
    signed_in = (await log_in(client, EMAIL, PASSWORD)).json()
    assert (signed_in["user"]["is_administrator"], signed_in["user"]["name"]) == (True, "Admin")


async def test_added_person_as_json(duijie_on_market: DuijieOnMarket, database: Database) -> None:
    ran = await duijie_on_market("users", "add", EMAIL, "--name", "林工", "--moderator", "--json")

    answer = answer_of(ran)
    [user] = await rows(database, User)
    link = answer["link"]
    assert answer == {
        "user": view_of(user, name="林工", is_moderator=True, is_administrator=False),
        "link": {
            "id": link["id"],
            "url": f"http://127.0.0.1:8000/password-resets/{link['token']}",
            "token": link["token"],
            "expires_at": link["expires_at"],
        },
    }
    assert datetime.fromisoformat(link["expires_at"]) > user.created_at


async def test_password_comes_from_stdin(
    duijie_on_market: DuijieOnMarket, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\r\nmore"))

    ran = await duijie_on_market("users", "add", EMAIL, "--password-stdin", "--json")

    assert answer_of(ran)["link"] is None
    assert PASSWORD not in ran.out
    assert (await log_in(client, EMAIL, PASSWORD)).status_code == 200


@pytest.mark.parametrize("password", ["short", "password1", EMAIL, ""])
async def test_weak_password_from_stdin_adds_nobody(
    duijie_on_market: DuijieOnMarket,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    password: str,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))

    ran = await duijie_on_market("users", "add", EMAIL, "--password-stdin")

    assert (ran.code, ran.out, ran.err.count("\n")) == (EXIT_USAGE, "", 1)
    assert await rows(database, User) == []


def test_password_is_asked_for_twice_and_not_shown() -> None:
    runner = click.testing.CliRunner()

    ran = runner.invoke(
        program, ["users", "add", EMAIL, "--ask-password"], input="password1\npassword1\n"
    )

    # It got as far as the check of the password, before any database.
    assert "最常见的密码" in str(ran.exception)
    assert ran.output.count("Password") == 1
    assert "password1" not in ran.output


@pytest.mark.parametrize("email", ["nobody", "a@b", "Admin@Example.cn\n"])
async def test_what_is_no_address_adds_nobody(
    duijie_on_market: DuijieOnMarket, database: Database, email: str
) -> None:
    ran = await duijie_on_market("users", "add", email)

    assert (ran.code, ran.out) == (EXIT_USAGE, "")
    assert ran.err.startswith("错误 · Error: EMAIL：")
    assert await rows(database, User) == []


async def test_known_address_is_not_added_again(
    duijie_on_market: DuijieOnMarket, database: Database
) -> None:
    account = await make_account(database, email=EMAIL)

    ran = await duijie_on_market("users", "add", EMAIL.upper(), "--administrator")

    assert (ran.code, ran.out) == (EXIT_FAILED, "")
    assert ran.err.startswith("错误 · Error: 单位或邮箱已注册")
    assert [each.is_administrator for each in await rows(database, User)] == [False]
    assert account.user.email == EMAIL


async def test_list_names_everybody_with_role_and_state(
    duijie_on_market: DuijieOnMarket, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    account = await make_account(database, name="晋江鞋业研究院", email="lin@example.cn")
    await make_account(database, None, email=EMAIL, is_administrator=True, is_moderator=True)
    await duijie_on_market("users", "disable", EMAIL)

    ran = await duijie_on_market("users", "list")
    listed = answer_of(await duijie_on_market("users", "list", "--json"))

    header, *lines = [line.split() for line in ran.out.splitlines()]
    assert header == [
        *("邮箱", "Email", "姓名", "Name", "单位", "Organisation"),
        *("角色", "Roles", "状态", "State"),
    ]
    assert lines == [
        ["lin@example.cn", "张工", "晋江鞋业研究院", "manager", "正常", "active"],
        [EMAIL, "张工", "manager,", "administrator,", "moderator", "停用", "disabled"],
    ]
    assert [each["email"] for each in listed["items"]] == ["lin@example.cn", EMAIL]
    assert listed["items"][0] == view_of(account.user)


async def test_empty_list_tells_what_to_do(duijie_on_market: DuijieOnMarket) -> None:
    ran = await duijie_on_market("users", "list")

    assert ran == Ran(0, "还没有账号 · Nobody yet: duijie users add EMAIL --administrator\n", "")
    assert answer_of(await duijie_on_market("users", "list", "--json")) == {"items": []}


async def test_reset_prints_a_link_and_the_password_stays_until_it_is_used(
    duijie_on_market: DuijieOnMarket, client: httpx.AsyncClient, database: Database
) -> None:
    await make_account(database, email=EMAIL, password_hash=await password_hash())
    older = answer_of(await duijie_on_market("users", "reset", EMAIL, "--json"))["link"]

    ran = await duijie_on_market("users", "reset", EMAIL)

    newer = ran.out.splitlines()[-1].rpartition("/")[2]
    answers = [
        await client.post(
            "/api/v1/auth/password-resets", json={"token": token, "new_password": PASSWORD}
        )
        for token in (older["token"], newer)
    ]
    assert [each.status_code for each in answers] == [404, 204]
    assert (await log_in(client, EMAIL, PASSWORD)).status_code == 200


async def test_disabled_person_is_out_at_once_and_comes_back_without_old_tokens(
    duijie_on_market: DuijieOnMarket, client: httpx.AsyncClient, database: Database
) -> None:
    account = await make_account(database, email=EMAIL)
    key = await make_key(database, account, "listings:read")

    disabled = await duijie_on_market("users", "disable", EMAIL)
    out = [await good(client, account.headers), await good(client, key)]
    enabled = answer_of(await duijie_on_market("users", "enable", EMAIL, "--json"))

    assert disabled == Ran(0, f"已停用 · disabled: {EMAIL}\n", "")
    assert out == [False, False]
    assert enabled == {"user": view_of(account.user)}
    assert told(await client.get("/api/v1/organisations", headers=key)) == (401, "token_refused")


async def test_disabled_person_gets_no_link(
    duijie_on_market: DuijieOnMarket, database: Database
) -> None:
    await make_account(database, email=EMAIL)
    await duijie_on_market("users", "disable", EMAIL)

    ran = await duijie_on_market("users", "reset", EMAIL)

    assert ran == Ran(
        EXIT_USAGE, "", f"错误 · Error: {EMAIL}：账号已停用 · the account is disabled\n"
    )


async def test_roles_are_granted_and_taken_back_at_once(
    duijie_on_market: DuijieOnMarket, client: httpx.AsyncClient, database: Database
) -> None:
    account = await make_account(database, email=EMAIL)
    steps = []

    for action, *roles in (
        ("grant", "--administrator"),
        ("grant", "--moderator"),
        ("revoke", "--administrator", "--moderator"),
    ):
        ran = await duijie_on_market("users", action, EMAIL, *roles)
        me = await client.get("/api/v1/auth/me", headers=account.headers)
        steps.append((ran.code, ran.out, me.json()["roles"]))

    assert steps == [
        (0, f"现有角色 · roles now: {EMAIL} (administrator)\n", ["administrator", "institute"]),
        (
            0,
            f"现有角色 · roles now: {EMAIL} (administrator, moderator)\n",
            ["administrator", "institute", "moderator"],
        ),
        (0, f"现有角色 · roles now: {EMAIL}\n", ["institute"]),
    ]


@pytest.mark.parametrize("action", ["grant", "revoke"])
async def test_roles_must_be_named(duijie_on_market: DuijieOnMarket, action: str) -> None:
    ran = await duijie_on_market("users", action, EMAIL)

    assert (ran.code, ran.out) == (EXIT_USAGE, "")
    assert "--administrator" in ran.err


@pytest.mark.parametrize(
    "arguments",
    [("reset",), ("disable",), ("enable",), ("grant", "--moderator"), ("revoke", "--moderator")],
)
async def test_unknown_person_is_named(
    duijie_on_market: DuijieOnMarket, database: Database, arguments: tuple[str, ...]
) -> None:
    await make_account(database, email=EMAIL)
    action, *roles = arguments

    ran = await duijie_on_market("users", action, "nobody@example.cn", *roles)

    assert ran == Ran(
        EXIT_USAGE,
        "",
        "错误 · Error: nobody@example.cn：没有这个账号 · there is no such account\n",
    )


def test_missing_database_is_told_in_one_sentence(duijie: Duijie) -> None:
    ran = duijie("users", "list")

    assert (ran.code, ran.out) == (EXIT_USAGE, "")
    assert ran.err.count("\n") == 1
    assert "duijie migrate" in ran.err
