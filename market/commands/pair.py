"""`duijie pair RESULTS NEEDS -o PAIRS`: two files in, explained pairs out."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from market.commands.pair_rows import Wanted
from market.commands.pairing import PairRequest, PairSummary, run_pair
from market.errors import EXIT_SOME_REFUSED, UsageRefused
from schemas.vocab import Lang


@click.command()
@click.argument("results", type=click.Path(path_type=Path))
@click.argument("needs", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="PAIRS",
    help="输出 .xlsx .csv .jsonl；- 为标准输出 · where the pairs go; - is .jsonl on stdout",
)
@click.option(
    "--top",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    help="每条需求最多几项成果 · most results for each need",
)
@click.option(
    "--min-score",
    type=click.FloatRange(0, 100),
    default=0.0,
    show_default=True,
    help="低于此分的不输出 · leave out pairs below this score",
)
@click.option(
    "--both-ways",
    is_flag=True,
    help="也给成果找需求，标出互选 · also each result's best needs, and which choices are mutual",
)
@click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    default="zh",
    show_default=True,
    help="理由和表头的语言 · language of reasons and headers",
)
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="按哪一天计算，默认今天 · the day that counts as today",
)
@click.option(
    "--errors",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="退回的行和提醒另存为文件 · refused rows and warnings also go to this file",
)
@click.option(
    "--with-contacts",
    is_flag=True,
    help="输出联系人等列，须已获同意 · include contact columns; only with consent",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="在标准输出打印本次概要 · print a summary of the run as JSON",
)
def pair(
    results: Path,
    needs: Path,
    output: str,
    top: int,
    min_score: float,
    both_ways: bool,
    lang: Lang,
    as_of: datetime | None,
    errors: Path | None,
    with_contacts: bool,
    as_json: bool,
) -> int:
    """成果与需求两份表格配对，逐对说明理由。

    Pairs the file RESULTS with the file NEEDS. Both are .xlsx, .csv or .jsonl with Chinese or
    English headers; a title column and a text column are enough.

    \b
    退出码 · Exit codes
      0    全部成功 · all good
      1    读写失败 · reading or writing failed
      2    用法错误 · usage
      3    有行被退回，其余已配对 · some rows were refused, the others are paired
      130  中断 · interrupted
    """
    if as_json and output == "-":
        raise UsageRefused("-o - 与 --json 都要用标准输出 · both want stdout: choose one")
    if math.isnan(min_score):
        raise UsageRefused("--min-score nan：不是数字 · is no number")
    # "Today" is the day on the clock of whoever runs this, not that of Greenwich.
    day = (as_of or datetime.now(tz=UTC).astimezone()).date()
    request = PairRequest(
        results=results,
        needs=needs,
        output="-" if output == "-" else Path(output),
        wanted=Wanted(top=top, min_score=min_score, both_ways=both_ways),
        lang=lang,
        as_of=day,
        errors=errors,
        with_contacts=with_contacts,
    )
    summary = run_pair(request)
    click.echo(_as_json(summary) if as_json else _as_sentence(summary, lang), err=not as_json)
    return EXIT_SOME_REFUSED if summary.refused else 0


def _as_sentence(summary: PairSummary, lang: Lang) -> str:
    if lang == "en":
        return (
            f"needs: {summary.needs}, results: {summary.results}, pairs: {summary.pairs}; "
            f"needs without a good result: {summary.needs_without_result}; "
            f"rows refused: {summary.refused} → {summary.output}"
        )
    return (
        f"{summary.needs} 条需求、{summary.results} 项成果，配出 {summary.pairs} 对；"
        f"{summary.needs_without_result} 条需求没有合适的成果；"
        f"退回 {summary.refused} 行 → {summary.output}"
    )


def _as_json(summary: PairSummary) -> str:
    return json.dumps(msgspec.to_builtins(summary), ensure_ascii=False)
