"""`duijie fairs`: the fairs of the marketplace, and all files of one in a folder."""

import asyncio
import json
import os
from pathlib import Path

import click

from market.commands.progress import steps_on_stderr
from market.exchange.fair_text import CsvEncoding
from market.settings import settings_from
from schemas.vocab import Lang


@click.group()
def fairs() -> None:
    """平台上的对接会：列出、导出全部资料。

    The fairs of the marketplace. `duijie fair` plans one without a server.
    """


@fairs.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON · print JSON")
def list_fairs(limit: int, as_json: bool) -> None:
    """列出对接会，新的在前。

    Lists fairs, the youngest first, with what they hold.
    """
    from market.commands.fair_listing import listed_fairs, print_fairs  # noqa: PLC0415

    found = asyncio.run(listed_fairs(settings_from(os.environ), limit))
    if as_json:
        click.echo(json.dumps({"items": found}, ensure_ascii=False, indent=2))
    elif not found:
        click.echo("还没有对接会 · There are no fairs yet.")
    else:
        print_fairs(found)


@fairs.command()
@click.argument("fair", metavar="FAIR")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="FOLDER",
    help="输出文件夹 · where the files go",
)
@click.option("--plan", "number", type=int, help="用第几号排程代替日程 · this plan, by its number")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option(
    "--encoding",
    type=click.Choice(["utf-8-sig", "gb18030"]),
    default="utf-8-sig",
    show_default=True,
    help="csv 编码 · of .csv",
)
def export(fair: str, output: Path, number: int | None, lang: Lang, encoding: CsvEncoding) -> None:
    """导出一场对接会的全部资料：工作簿、清单、手册、参会证、各单位日历。

    Writes all files of FAIR (its id or name): workbook, lists, pages and calendars.
    """
    from market.commands.fair_exporting import FilesRequest, write_files  # noqa: PLC0415

    request = FilesRequest(fair=fair, output=output, number=number, lang=lang, encoding=encoding)
    with steps_on_stderr(lang) as steps:
        count = asyncio.run(write_files(settings_from(os.environ), request, steps))
    click.echo(f"{count} 个文件 → {output}" if lang == "zh" else f"{count} files → {output}")
