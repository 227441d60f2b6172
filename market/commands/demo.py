"""`duijie demo`: pairs the shipped sample, plans a fair of it, and says what to try next."""

import shlex
import shutil
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from market.commands.fairing import FairRequest, FairSummary, plan_fair, write_form
from market.commands.pair_rows import Wanted
from market.commands.pairing import PairRequest, run_pair
from market.exchange.atomic import refuse_writing
from market.exchange.fair_pdf import PDF_MISSING
from market.exchange.listing_files import write_listings
from market.exchange.problems import Source
from market.fairs.weighing import FLOOR
from market.matching.pairing import Matcher
from market.sample import sample_fair, sample_needs, sample_results
from schemas.listings import Need, Result
from schemas.matching import Match
from schemas.vocab import Lang

_PAIRS_SHOWN = 8
_REASONS_SHOWN = 2


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("duijie-demo"),
    show_default=True,
    help="样例文件写到哪个文件夹 · where the sample files go",
)
@click.option("--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True)
@click.option(
    "--serve",
    is_flag=True,
    help="改为建立一个带样例的平台并运行 · fill a marketplace with the sample and serve it",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="与 --serve 同用，0 为任意空闲端口 · port to serve on",
)
def demo(folder: Path, lang: Lang, serve: bool, port: int) -> None:
    """用随附样例跑一遍：配对并说明理由，排定一场对接会，写出全部文件。

    Pairs the sample (invented results and needs), shows the best pairs with their reasons, plans
    a small fair of it, and writes all files into a folder. Run again, it writes them anew.

    With --serve it fills a marketplace in the folder instead: accounts of every role, whose
    passwords are shown once, and the sample's listings; then it serves it.
    """
    if serve:
        # The web stack takes a second to import: pairing need not wait for it.
        from market.commands.demo_market import serve_demo  # noqa: PLC0415

        serve_demo(folder, port, lang)
        return
    results, needs = sample_results(), sample_needs()
    as_of = datetime.now(tz=UTC).astimezone().date()
    request = PairRequest(
        results=folder / "results.csv",
        needs=folder / "needs.csv",
        output=folder / "pairs.xlsx",
        wanted=Wanted(both_ways=True),
        lang=lang,
        as_of=as_of,
    )
    _write_sample(request, results, needs)
    run_pair(request, tells_warnings=False)
    best = _best_pairs(Matcher(results, needs, as_of=as_of, lang=lang))
    console = Console()
    _print_pairs(console, best, results, needs, lang)
    fair = _hold_fair(folder / "fair", as_of, lang)
    _print_next(console, request, fair, needs=len(needs), results=len(results))


def _write_sample(request: PairRequest, results: list[Result], needs: list[Need]) -> None:
    try:
        request.results.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refuse_writing(Source(request.results.parent, request.lang), error) from None
    write_listings(results, request.results, lang=request.lang)
    write_listings(needs, request.needs, lang=request.lang)


def _hold_fair(folder: Path, as_of: date, lang: Lang) -> FairSummary:
    """The sample's fair: its spreadsheet, and all that comes out of it, in the same folder."""
    workbook = folder / "workbook.xlsx"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refuse_writing(Source(folder, lang), error) from None
    write_form(workbook, lang=lang, cells=sample_fair(lang))
    request = FairRequest(workbook=workbook, output=folder, lang=lang, as_of=as_of, min_score=FLOOR)
    return plan_fair(request, tells_warnings=False)


def _best_pairs(matcher: Matcher) -> list[Match]:
    """The first choice of each need, the best of these first."""
    first = [matches[0] for matches in matcher.results_for_needs(top=1) if matches]
    return sorted(first, key=lambda match: -match.score)[:_PAIRS_SHOWN]


def _print_pairs(
    console: Console, best: list[Match], results: list[Result], needs: list[Need], lang: Lang
) -> None:
    need_titles = {need.id: need.title for need in needs}
    result_titles = {result.id: result.title for result in results}
    headers = ("得分", "需求 → 成果", "理由") if lang == "zh" else ("Score", "Need → result", "Why")
    table = Table(box=None, header_style="bold", padding=(0, 2, 1, 0))
    for header in headers:
        # Chinese has no blanks to break at; without folding the ends would be cut off.
        table.add_column(header, overflow="fold")
    for match in best:
        pair = Text(f"{need_titles[match.need_id]}\n", style="bold")
        pair.append(f"→{result_titles[match.result_id]}", style="not bold")
        supporting = [f"+ {reason.text}" for reason in match.reasons if reason.supports]
        opposing = [f"− {reason.text}" for reason in match.reasons if not reason.supports]
        reasons = Text("\n".join([*supporting[:_REASONS_SHOWN], *opposing[:1]]))
        table.add_row(f"{match.score:.0f}", pair, reasons)
    console.print(table)


def _print_next(
    console: Console, request: PairRequest, fair: FairSummary, *, needs: int, results: int
) -> None:
    duijie = _program()
    files = [shlex.quote(str(path)) for path in (request.results, request.needs)]
    pair = f"{duijie} pair {' '.join(files)} -o pairs.xlsx"
    look = f"{duijie} search {files[0]} 锂电池"
    hold = f"{duijie} fair {shlex.quote(fair.workbook)} -o fair --what-if"
    told = fair.statistics
    if request.lang == "zh":
        lines = (
            f"{needs} 条需求 × {results} 项成果已配对，工作簿：{request.output}",
            (
                f"对接会已排定：{told.meetings} 场会面，满足意愿 {told.wish_share:.0%}，"
                f"{len(fair.files)} 个文件：{fair.output}"
            ),
            *([PDF_MISSING[0]] if "handbook.pdf" not in fair.files else []),
            "（样例中的单位、企业和专利号均为虚构。）",
            "接下来可以试试：",
        )
    else:
        lines = (
            f"{needs} needs × {results} results are paired; the workbook: {request.output}",
            (
                f"A fair is planned: {told.meetings} meetings, {told.wish_share:.0%} of the wishes "
                f"met, {len(fair.files)} files: {fair.output}"
            ),
            *([PDF_MISSING[1]] if "handbook.pdf" not in fair.files else []),
            "(Institutes, enterprises and patent numbers of the sample are invented.)",
            "Try next:",
        )
    commands = (f"    {command}" for command in (pair, look, hold, f"{duijie} pair --help"))
    # Commands stay on one line each, so that they can be copied.
    console.print("\n".join([*lines, *commands]), highlight=False, markup=False, soft_wrap=True)


def _program() -> str:
    """The name under which this shell finds the program: in a fresh .venv only by its path."""
    called = Path(sys.argv[0])
    if called.stem != "duijie" or shutil.which("duijie"):
        return "duijie"
    return shlex.quote(str(called))
