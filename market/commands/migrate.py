"""`duijie migrate`: brings the database's tables to this version."""

import asyncio
import os

import click

from market.db import Database
from market.migrating import migrate as run_migrations
from market.migrating import pending
from market.settings import settings_from


@click.command()
@click.option("--check", is_flag=True, help="只检查，不修改 · only tell what is missing")
def migrate(check: bool) -> int:
    """把数据库升级到本版本；已是最新时什么也不做。

    Brings the database to this version; does nothing when it is. With --check the exit code is 1
    when something is missing.
    """
    settings = settings_from(os.environ)
    done = asyncio.run(_run(settings.url_of_database, check=check))
    if check:
        click.echo("\n".join(done) or "已是最新 · up to date")
        return 1 if done else 0
    click.echo(f"已升级 · migrated: {', '.join(done)}" if done else "已是最新 · up to date")
    return 0


async def _run(url: str, *, check: bool) -> list[str]:
    database = Database(url)
    try:
        return await (pending(database) if check else run_migrations(database))
    finally:
        await database.close()
