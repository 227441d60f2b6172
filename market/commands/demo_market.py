"""`duijie demo --serve`: a marketplace with the sample in it, served from a folder."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from market.commands.serve import run_server
from market.db import Database
from market.indexing.engines import open_indexes
from market.migrating import migrate
from market.settings import Settings, settings_from
from market.showcase import Credential, fill
from market.work import worker_of
from schemas.vocab import Lang

_DATA = "market"


def serve_demo(folder: Path, port: int, lang: Lang) -> None:
    """Fill a new marketplace in the folder and serve it; one that is filled is only served."""
    data_folder = folder / _DATA
    settings = msgspec.structs.replace(
        settings_from(os.environ),
        data_folder=data_folder,
        # Everything of the sample lies in its folder, whatever database the environment names.
        database_url="",
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        lang=lang,
    )
    console = Console(stderr=True)
    if (data_folder / "duijie.db").exists():
        console.print(
            f"{data_folder}：样例已在其中，密码只在首次显示；忘记时运行 duijie users reset EMAIL\n"
            f"{data_folder} holds the sample; passwords were shown once (duijie users reset EMAIL)",
            highlight=False,
            soft_wrap=True,
        )
    else:
        _print_credentials(asyncio.run(_fill(settings)), lang)
    run_server(settings)


async def _fill(settings: Settings) -> list[Credential]:
    """Fill, index and match, so that the first request finds everything."""
    database = Database(settings.url_of_database)
    try:
        await migrate(database)
        credentials = await fill(settings, database)
        async with open_indexes(settings, database, for_writing=True) as indexes:
            await worker_of(settings, database, indexes).run_until_idle()
    finally:
        await database.close()
    return credentials


def _print_credentials(credentials: Sequence[Credential], lang: Lang) -> None:
    headers = ("角色", "邮箱", "密码", "单位或姓名")
    if lang == "en":
        headers = ("Role", "Email", "Password", "Name")
    table = Table(box=None, header_style="bold")
    for header in headers:
        table.add_column(header, no_wrap=True)
    for each in credentials:
        table.add_row(each.role, each.email, each.password, each.name)
    # On stdout, so that a program can read them; the console would cut them at 80 columns.
    Console(width=200).print(table)
    click.echo("密码只显示这一次 · The passwords are shown this once.", err=True)
