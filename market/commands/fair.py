"""`duijie fair WORKBOOK -o FOLDER`: one spreadsheet in, a planned fair and its files out."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table

from market.commands.fairing import FairRequest, FairSummary, plan_fair, write_form
from market.errors import EXIT_SOME_REFUSED, UsageRefused
from market.exchange.fair_pdf import PDF_MISSING
from market.exchange.fair_text import CsvEncoding
from market.exchange.fair_words import said
from market.fairs.weighing import FLOOR
from market.planner.model import WhatIf
from schemas.vocab import Lang

_HIGHEST_SEED = 2**31 - 1


@click.command()
@click.argument("workbook", required=False, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="输出文件夹 · the folder where all files go",
)
@click.option(
    "--template",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="写出带说明和示例的空表 · write an empty spreadsheet with explanations and examples",
)
@click.option(
    "--what-if",
    is_flag=True,
    help="测算：场次、洽谈组数与意愿满足率 · what more slots or delegations would bring",
)
@click.option(
    "--floor",
    type=click.IntRange(0, 200),
    metavar="N",
    help="尽量保证每单位至少几场 · meetings that each participant gets if possible",
)
@click.option(
    "--min-score",
    type=click.FloatRange(0, 100),
    default=FLOOR,
    show_default=True,
    help="没有意愿时，低于此分的配对不安排 · without a wish, pairs below this score do not meet",
)
@click.option(
    "--seed",
    type=click.IntRange(0, _HIGHEST_SEED),
    default=0,
    show_default=True,
    help="换一个等价的方案 · another plan of the same worth",
)
@click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    default="zh",
    show_default=True,
    help="输出的语言 · language of all that comes out",
)
@click.option(
    "--csv-encoding",
    type=click.Choice(["utf-8-sig", "gb18030"]),
    default="utf-8-sig",
    show_default=True,
    help=".csv 的编码 · encoding of the .csv files",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="按哪一天计算并注明，默认今天 · the day that counts as today",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="在标准输出打印概要 · print a summary of the run as JSON",
)
def fair(
    workbook: Path | None,
    output: Path | None,
    template: Path | None,
    what_if: bool,
    floor: int | None,
    min_score: float,
    seed: int,
    lang: Lang,
    csv_encoding: CsvEncoding,
    as_of: datetime | None,
    as_json: bool,
) -> int:
    """读入一个工作簿，排定整场对接会，写出日程、桌位表、手册、日历和胸卡。

    Plans a fair that one .xlsx WORKBOOK describes (participants, results, needs, wishes, slots,
    tables) and writes workbook, lists, calendars, handbook and badges into a folder. No server.

    \b
    退出码 · Exit codes
      0    全部成功 · all good
      1    读写失败 · reading or writing failed
      2    用法错误 · usage
      3    有行被退回，其余已排定 · some rows were refused, the fair is planned without them
      130  中断 · interrupted
    """
    if template is not None:
        if workbook is not None or output is not None or what_if:
            raise UsageRefused(
                "--template 单独使用，不与工作簿或其他输出同用 · --template stands alone"
            )
        write_form(template, lang=lang)
        click.echo(str(template))
        return 0
    if workbook is None:
        raise UsageRefused(
            "请指明工作簿，或用 --template 生成空表 · name a workbook, or --template"
        )
    if output is None and not what_if:
        raise UsageRefused(
            "请用 -o 指明输出文件夹，或用 --what-if 测算 · name -o FOLDER, or --what-if"
        )
    # "Today" is the day on the clock of whoever runs this, not that of Greenwich.
    day = (as_of or datetime.now(tz=UTC).astimezone()).date()
    summary = plan_fair(
        FairRequest(
            workbook=workbook,
            output=output,
            lang=lang,
            as_of=day,
            seed=seed,
            floor=floor,
            min_score=min_score,
            what_if=what_if,
            encoding=csv_encoding,
        )
    )
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(summary), ensure_ascii=False))
    else:
        if summary.what_if:
            print_what_if(summary.what_if, lang)
        if output is not None:
            click.echo(as_sentence(summary, lang), err=True)
            tell_missing_pages(summary, lang)
    return EXIT_SOME_REFUSED if summary.refused else 0


def as_sentence(summary: FairSummary, lang: Lang) -> str:
    """The run in one line."""
    told = summary.statistics
    wishes = f"{told.wishes_met}/{told.wishes}"
    zh = (
        f"{sum(told.participants.values())} 个单位排定 {told.meetings} 场会面，"
        f"满足意愿 {wishes}，达到上界的 {100 * told.weight_share:.1f}%；"
        f"退回 {summary.refused} 行；写出 {len(summary.files)} 个文件 → {summary.output}"
    )
    en = (
        f"participants: {sum(told.participants.values())}, meetings: {told.meetings}, "
        f"wishes met: {wishes}, {100 * told.weight_share:.1f}% of the upper bound; "
        f"rows refused: {summary.refused}; files: {len(summary.files)} → {summary.output}"
    )
    return said((zh, en), lang)


def tell_missing_pages(summary: FairSummary, lang: Lang) -> None:
    """Where handbook and badges were left out, how to get them."""
    if "handbook.pdf" not in summary.files:
        click.echo(said(PDF_MISSING, lang), err=True)


def print_what_if(rows: list[WhatIf], lang: Lang) -> None:
    """A table of slots × delegations: the share of wanted meetings, and of their weight."""
    slots = sorted({row.slots for row in rows})
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column(said(("院所洽谈组数", "Teams of each institute"), lang))
    for count in slots:
        table.add_column(said((f"{count} 场", f"{count} slots"), lang), justify="right")
    by_place = {(row.delegations, row.slots): row for row in rows}
    for teams in sorted({row.delegations for row in rows}):
        shown = (by_place[teams, count] for count in slots)
        cells = [f"{row.meetings_share:.0%} / {row.weight_share:.0%}" for row in shown]
        table.add_row(str(teams), *cells)
    console = Console()
    console.print(table)
    note = (
        "可安排配对中能会面的比例 / 按权重计的比例",
        "share of the wanted pairs that meet / by weight",
    )
    console.print(said(note, lang), highlight=False, markup=False)
