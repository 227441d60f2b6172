"""`duijie keys`."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import update

from market.accounts.models import ApiKey
from market.db import Database, utc_now
from market.errors import EXIT_USAGE
from tests.market.accounts.factories import make_account, make_key, rows
from tests.market.commands.runs import DuijieOnMarket, Ran

EMAIL = "lin@example.cn"
MISSING = "00000000-0000-7000-8000-000000000000"


def answer_of(ran: Ran) -> Any:
    """What a command printed with --json."""
    assert (ran.code, ran.err) == (0, "")
    return msgspec.json.decode(ran.out)


async def is_good(client: httpx.AsyncClient, secret: str) -> bool:
    headers = {"Authorization": f"Bearer {secret}"}
    return (await client.get("/api/v1/organisations", headers=headers)).status_code == 200


async def create(run: DuijieOnMarket, *more: str) -> Ran:
    return await run(
        *("keys", "create", "--email", EMAIL, "--name", "同步程序", "--scope", "listings:read"),
        *more,
    )


async def test_only_the_secret_goes_to_stdout(
    duijie_on_market: DuijieOnMarket, client: httpx.AsyncClient, database: Database
) -> None:
    await make_account(database, email=EMAIL)

    ran = await create(duijie_on_market)

    assert (ran.code, ran.err) == (0, "密钥，只显示这一次 · The key, shown this once:\n")
    assert await is_good(client, ran.out.removesuffix("\n"))


async def test_created_key_as_json(
    duijie_on_market: DuijieOnMarket, client: httpx.AsyncClient, database: Database
) -> None:
    await make_account(database, email=EMAIL)

    ran = await create(duijie_on_market, "--scope", "imports:write", "--days", "30", "--json")

    made = answer_of(ran)
    key = made["key"]
    assert key == {
        "id": key["id"],
        "name": "同步程序",
        "begins_with": made["secret"][:12],
        "scopes": ["imports:write", "listings:read"],
        "created_at": key["created_at"],
        "last_used_at": None,
        "expires_at": key["expires_at"],
        "revoked_at": None,
    }
    created, expires = (datetime.fromisoformat(key[each]) for each in ("created_at", "expires_at"))
    assert expires - created == timedelta(days=30)
    assert await is_good(client, made["secret"])


async def test_keys_are_listed_with_their_state_and_without_secrets(
    duijie_on_market: DuijieOnMarket, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    account, other = await make_account(database, email=EMAIL), await make_account(database)
    await make_key(database, other, "listings:read")
    await make_key(database, account, "listings:read")
    made = [answer_of(await create(duijie_on_market, "--json")) for _ in range(3)]
    await duijie_on_market("keys", "revoke", "--email", EMAIL, made[0]["key"]["id"])
    async with database.writing() as session:
        expired = datetime.fromisoformat(made[1]["key"]["expires_at"])
        await session.execute(
            update(ApiKey).where(ApiKey.expires_at == expired).values(expires_at=utc_now())
        )

    ran = await duijie_on_market("keys", "list", "--email", EMAIL)
    listed = answer_of(await duijie_on_market("keys", "list", "--email", EMAIL, "--json"))

    _, *lines = ran.out.splitlines()
    states = [" ".join(line.split()[4:-1] or line.split()[4:]) for line in lines]
    assert states == ["有效", "停用", "到期 expired", "有效至 live until"]
    assert [each["id"] for each in listed["items"]][1:] == [each["key"]["id"] for each in made]
    assert not any(each["secret"] in ran.out for each in made)


async def test_id_can_be_copied_from_a_narrow_terminal(
    duijie_on_market: DuijieOnMarket, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    await make_account(database, email=EMAIL)
    made = answer_of(await create(duijie_on_market, "--json"))

    ran = await duijie_on_market("keys", "list", "--email", EMAIL)

    assert ran.out.split().count(made["key"]["id"]) == 1


async def test_empty_list_says_so(duijie_on_market: DuijieOnMarket, database: Database) -> None:
    await make_account(database, email=EMAIL)

    ran = await duijie_on_market("keys", "list", "--email", EMAIL)

    assert ran == Ran(0, "还没有密钥 · No keys yet\n", "")


async def test_revoked_key_is_refused_at_once(
    duijie_on_market: DuijieOnMarket, client: httpx.AsyncClient, database: Database
) -> None:
    await make_account(database, email=EMAIL)
    made = answer_of(await create(duijie_on_market, "--json"))
    key = made["key"]

    ran = await duijie_on_market("keys", "revoke", "--email", EMAIL, key["id"])
    again = await duijie_on_market("keys", "revoke", "--email", EMAIL, key["id"], "--json")

    assert ran == Ran(0, f"已停用 · revoked: 同步程序 ({key['begins_with']}…)\n", "")
    revoked = answer_of(again)["key"]
    assert revoked == key | {"revoked_at": revoked["revoked_at"]}
    assert not await is_good(client, made["secret"])


@pytest.mark.parametrize("which", ["another person's", "missing", "no id"])
async def test_key_of_somebody_else_stays(
    duijie_on_market: DuijieOnMarket, database: Database, which: str
) -> None:
    await make_account(database, email=EMAIL)
    await make_key(database, await make_account(database), "listings:read")
    [theirs] = await rows(database, ApiKey)
    asked = {"another person's": str(theirs.id), "missing": MISSING, "no id": "x"}[which]

    ran = await duijie_on_market("keys", "revoke", "--email", EMAIL, asked)

    assert ran == Ran(
        EXIT_USAGE, "", f"错误 · Error: {asked}：没有这个密钥 · there is no such key\n"
    )
    assert [each.revoked_at for each in await rows(database, ApiKey)] == [None]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--scope", "everything"), "'everything' is not one of"),
        (("--days", "0"), "0 is not in the range"),
        (("--days", "1827"), "1827 is not in the range"),
        (("--name", " "), "错误 · Error: --name：无法使用"),
    ],
)
async def test_wrong_key_is_not_made(
    duijie_on_market: DuijieOnMarket, database: Database, more: tuple[str, ...], said: str
) -> None:
    await make_account(database, email=EMAIL)

    ran = await create(duijie_on_market, *more)

    assert (ran.code, ran.out) == (EXIT_USAGE, "")
    assert said in ran.err
    assert await rows(database, ApiKey) == []


async def test_disabled_and_unknown_people_get_no_key(
    duijie_on_market: DuijieOnMarket, database: Database
) -> None:
    unknown = await create(duijie_on_market)
    await make_account(database, email=EMAIL, disabled_at=utc_now())
    disabled = await create(duijie_on_market)

    assert [unknown, disabled] == [
        Ran(EXIT_USAGE, "", f"错误 · Error: {EMAIL}：没有这个账号 · there is no such account\n"),
        Ran(EXIT_USAGE, "", f"错误 · Error: {EMAIL}：账号已停用 · the account is disabled\n"),
    ]
