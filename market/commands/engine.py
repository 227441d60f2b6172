"""`duijie engine`: the Meilisearch server that holds the indexes."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from market.commands.accounts import as_json_option, print_json
from market.errors import DuijieError, UsageRefused
from market.indexing.remote import index_uid
from market.indexing.upkeep import KINDS
from market.settings import Settings, settings_from
from search.admin import IndexStats, MeilisearchAdmin
from search.port import SearchError

T = TypeVar("T")


@click.group()
def engine() -> None:
    """检索服务器 Meilisearch：密钥、状态、转储。

    The Meilisearch server of DUIJIE_SEARCH_URL: its keys, its state, its dumps.
    """


@engine.command()
@as_json_option
def keys(as_json: bool) -> None:
    """生成三个权限最小的密钥并打印；可重复运行，结果相同。

    Makes the keys for searching, writing and administering, each with the least rights, and prints
    them as settings. DUIJIE_SEARCH_ADMIN_KEY must be the server's master key meanwhile. Running it
    again prints the same keys.
    """

    async def make(settings: Settings, admin: MeilisearchAdmin) -> dict[str, str]:
        made = await admin.create_keys(settings.search_prefix)
        return {
            "DUIJIE_SEARCH_KEY": made["searcher"],
            "DUIJIE_SEARCH_WRITER_KEY": made["writer"],
            "DUIJIE_SEARCH_ADMIN_KEY": made["admin"],
        }

    lines = _on_server(make)
    if as_json:
        print_json(lines)
        return
    for name, value in lines.items():
        click.echo(f"{name}={value}")


@engine.command()
@as_json_option
def status(as_json: bool) -> None:
    """索引中有多少条、占多少空间、是否可用。

    How many documents each index holds and whether it is of this version.
    """

    async def look(settings: Settings, admin: MeilisearchAdmin) -> dict[str, IndexStats]:
        uids = [index_uid(settings.search_prefix, kind) for kind in KINDS]
        return {uid: await admin.stats(uid) for uid in uids}

    found = {uid: msgspec.to_builtins(stats) for uid, stats in _on_server(look).items()}
    if as_json:
        print_json(found)
        return
    table = Table(box=None, header_style="bold")
    names = list(next(iter(found.values())))
    for header in ("index", *names):
        table.add_column(header)
    for uid, stats in found.items():
        table.add_row(uid, *(str(stats[name]) for name in names))
    Console().print(table)


@engine.command()
def dump() -> None:
    """让服务器写一份转储；索引随时可由数据库重建，转储只为省时。

    Lets the server write a dump into its own folder. The database is enough to make the indexes
    anew: a dump only saves time.
    """

    async def write(_settings: Settings, admin: MeilisearchAdmin) -> str:
        return await admin.dump()

    click.echo(_on_server(write))


def _on_server(ask: Callable[[Settings, MeilisearchAdmin], Awaitable[T]]) -> T:
    settings = settings_from(os.environ)
    if not settings.search_url:
        raise UsageRefused(
            "DUIJIE_SEARCH_URL：未设置，正在使用内嵌引擎 · is not set: the embedded engine is used"
        )
    _, _, key = settings.keys_of_search
    try:
        return asyncio.run(_asked(ask, settings, MeilisearchAdmin(settings.search_url, key)))
    except SearchError as error:
        raise DuijieError(f"Meilisearch {settings.search_url}：{error}") from error


async def _asked(
    ask: Callable[[Settings, MeilisearchAdmin], Awaitable[T]],
    settings: Settings,
    admin: MeilisearchAdmin,
) -> T:
    return await ask(settings, admin)
