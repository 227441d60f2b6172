"""`duijie keys`: API keys of a person, from the machine that the marketplace runs on."""

from datetime import timedelta
from typing import get_args

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import select

from market.accounts.keys import create_key, revoke_key
from market.accounts.models import ApiKey
from market.accounts.wire import key_view
from market.commands.accounts import as_json_option, checked, in_database, print_json, user_with
from market.db import Database, utc_now
from market.errors import NotFound, UsageRefused
from market.http.paging import id_of
from market.settings import Settings
from schemas.accounts import KeyForm, KeyView, NewKey, PersonName, Scope

_email = click.option("--email", required=True, help="密钥属于谁 · whose keys")


@click.group()
def keys() -> None:
    """接口密钥：列出、生成、停用。

    API keys: list, make and revoke them. A key acts for its person, within its scopes.
    """


@keys.command("list")
@_email
@as_json_option
def list_keys(email: str, as_json: bool) -> None:
    """列出一个人的密钥，也包括已停用的。

    Lists the keys of a person, revoked ones too. Secrets can't be shown again.
    """

    async def work(database: Database, _settings: Settings) -> list[KeyView]:
        async with database.reading() as session:
            user = await user_with(session, email, lock=False)
            found = await session.scalars(
                select(ApiKey).where(ApiKey.user_id == user.id).order_by(ApiKey.id)
            )
            return [key_view(key) for key in found]

    found = in_database(work)
    if as_json:
        print_json({"items": found})
    elif found:
        _print_table(found)
    else:
        click.echo("还没有密钥 · No keys yet")


@keys.command()
@_email
@click.option("--name", required=True, help="给什么程序用 · which program it is for")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(get_args(Scope)),
    help="权限，可重复 · what it may do; may be repeated",
)
@click.option(
    "--days",
    type=click.IntRange(1, 1826),
    default=365,
    show_default=True,
    help="多少天后失效 · days that it is good for",
)
@as_json_option
def create(email: str, name: str, scopes: tuple[Scope, ...], days: int, as_json: bool) -> None:
    """生成密钥；密钥只显示这一次。

    Makes a key and prints its secret, this once.
    """
    now = utc_now()
    form = KeyForm(
        name=checked(name, PersonName, "--name"),
        scopes=list(scopes),
        expires_at=now + timedelta(days=days),
    )

    async def work(database: Database, _settings: Settings) -> NewKey:
        async with database.writing() as session:
            user = await user_with(session, email)
            if user.disabled_at is not None:
                raise UsageRefused(f"{email}：账号已停用 · the account is disabled")
            secret, key = await create_key(session, user.id, form, now)
        return NewKey(secret=secret, key=key_view(key))

    made = in_database(work)
    if as_json:
        print_json(made)
        return
    click.echo("密钥，只显示这一次 · The key, shown this once:", err=True)
    click.echo(made.secret)


@keys.command()
@_email
@click.argument("key_id")
@as_json_option
def revoke(email: str, key_id: str, as_json: bool) -> None:
    """停用密钥，立即生效。KEY_ID 见 keys list。

    Revokes a key, at once. KEY_ID is in `keys list`.
    """

    async def work(database: Database, _settings: Settings) -> KeyView:
        async with database.writing() as session:
            user = await user_with(session, email)
            found = id_of(key_id)
            await revoke_key(session, user.id, found, utc_now())
            return key_view(await session.get_one(ApiKey, found))

    try:
        revoked = in_database(work)
    except NotFound:
        raise UsageRefused(f"{key_id}：没有这个密钥 · there is no such key") from None
    if as_json:
        print_json({"key": revoked})
        return
    click.echo(f"已停用 · revoked: {revoked.name} ({revoked.begins_with}…)")


def _print_table(found: list[KeyView]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    # An id stays on one line, so that it can be copied.
    table.add_column("编号 Id", no_wrap=True, min_width=36)
    for header in ("名称 Name", "开头 Begins", "权限 Scopes", "状态 State"):
        table.add_column(header, overflow="fold")
    for key in found:
        table.add_row(
            key.id, Text(key.name), f"{key.begins_with}…", ", ".join(key.scopes), _state(key)
        )
    Console().print(table)


def _state(key: KeyView) -> str:
    if key.revoked_at is not None:
        return "停用 revoked"
    if key.expires_at is None:
        return "有效 live"
    day = key.expires_at.astimezone().date().isoformat()
    return f"到期 expired {day}" if key.expires_at <= utc_now() else f"有效至 live until {day}"
