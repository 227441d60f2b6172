"""`duijie export results -o FILE`: listings or matches of the marketplace as a file."""

import asyncio
import os
from pathlib import Path
from typing import Literal

import click

from market.commands.progress import steps_on_stderr
from market.errors import UsageRefused
from market.settings import settings_from
from schemas.listing_views import Status
from schemas.vocab import Lang

_STATUSES = ["draft", "published", "paused", "closed", "withdrawn", "expired"]


@click.command()
@click.argument("what", type=click.Choice(["results", "needs", "matches"]))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="输出 .xlsx .csv .jsonl · where it goes",
)
@click.option(
    "--organisation",
    metavar="NAME|ID",
    help="该单位的全部条目，含草稿和联系方式；不给则为全部已发布条目，不含联系方式 · "
    "all of this organisation, with drafts and contacts; else all published ones without contacts",
)
@click.option("--status", type=click.Choice(_STATUSES), help="只要这种状态 · only of this status")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
def export(
    what: Literal["results", "needs", "matches"],
    output: Path,
    organisation: str | None,
    status: Status | None,
    lang: Lang,
) -> None:
    """从平台导出成果、需求或匹配；成果和需求改好后可用 duijie import 导回。

    Exports results, needs or matches. Results and needs can be edited and imported again.
    """
    # Database and text pipeline take a second to import: --help need not wait for them.
    from market.commands.exporting import ExportRequest, run_export  # noqa: PLC0415

    if what == "matches" and status is not None:
        raise UsageRefused("--status 不适用于匹配 · does not go with matches")
    request = ExportRequest(
        what=what, output=output, organisation=organisation, status=status, lang=lang
    )
    with steps_on_stderr(lang) as steps:
        count = asyncio.run(run_export(settings_from(os.environ), request, steps))
    click.echo(f"{count} 行 → {output}" if lang == "zh" else f"{count} rows → {output}")
