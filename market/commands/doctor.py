"""`duijie doctor`: looks for what is wrong with an installation and its data."""

import asyncio
import json
from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console
from rich.text import Text

from market.errors import EXIT_FAILED
from schemas.vocab import Lang

if TYPE_CHECKING:
    from market.commands.examination import Finding

_MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "problem": ("✗", "red")}


@click.command()
@click.option(
    "--index", is_flag=True, help="逐条比较索引与数据库 · compare the index with the database"
)
@click.option(
    "--repair", is_flag=True, help="修复索引的差异（含 --index） · mend the index; implies --index"
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON · print JSON")
def doctor(index: bool, repair: bool, lang: Lang, as_json: bool) -> int:
    """检查设置、数据库、后台任务与索引。

    Looks at settings, database, jobs and, with --index, at every listing in the index. The exit
    code is 1 when something is wrong.
    """
    findings = asyncio.run(_examine(looks_at_index=index or repair, repairs=repair))
    is_well = all(finding.level != "problem" for finding in findings)
    if as_json:
        told = {"ok": is_well, "findings": msgspec.to_builtins(findings)}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _print(findings, lang)
    return 0 if is_well else EXIT_FAILED


async def _examine(*, looks_at_index: bool, repairs: bool) -> "list[Finding]":
    # Database and text pipeline take a second to import: --help need not wait for them.
    from market.commands.examination import examine  # noqa: PLC0415

    return [finding async for finding in examine(looks_at_index=looks_at_index, repairs=repairs)]


def _print(findings: "list[Finding]", lang: Lang) -> None:
    console = Console()
    for finding in findings:
        mark, colour = _MARKS[finding.level]
        line = Text(f"{mark} ", style=colour)
        line.append(finding.zh if lang == "zh" else finding.en, style="default")
        # On one line each, so that paths and commands can be copied.
        console.print(line, soft_wrap=True)
