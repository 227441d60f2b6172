"""One run of `duijie fair`: read the spreadsheet, pair, plan, write, and tell what was refused."""

from datetime import date
from pathlib import Path

import msgspec

from market.commands.problems import tell_problems
from market.commands.progress import Steps, steps_on_stderr
from market.errors import UsageRefused
from market.exchange.atomic import writing_aside
from market.exchange.fair_agendas import FairView
from market.exchange.fair_folder import file_names, write_fair_folder
from market.exchange.fair_reader import read_fair
from market.exchange.fair_statistics import FairStatistics, statistics_of
from market.exchange.fair_template import FairCells, write_template
from market.exchange.fair_text import CsvEncoding
from market.exchange.problems import RowProblem, Source
from market.fairs.file_pairs import pairs_of_file
from market.fairs.file_plan import book_of_file, request_of_file
from market.planner.model import PlanRequest, WhatIf
from market.planner.planning import plan
from market.planner.what_if import what_if
from schemas.vocab import Lang

_MOST_TEAMS_ASKED = 3


class FairRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of `duijie fair` was asked to do; without `output` it only looks ahead."""

    workbook: Path
    output: Path | None
    lang: Lang
    as_of: date
    min_score: float
    seed: int = 0
    floor: int | None = None
    what_if: bool = False
    encoding: CsvEncoding = "utf-8-sig"


class ToldProblem(msgspec.Struct, kw_only=True):
    """A refused row or a warning, by its place; `row` is None for a whole sheet or file."""

    sheet: str
    row: int | None
    column: str
    kind: str
    code: str
    reason: str


class FairSummary(msgspec.Struct, kw_only=True):
    """What a run did, as `--json` prints it."""

    workbook: str
    output: str | None
    as_of: date
    refused: int
    warnings: int
    problems: list[ToldProblem]
    statistics: FairStatistics
    files: list[str]
    what_if: list[WhatIf]


def plan_fair(request: FairRequest, *, tells_warnings: bool = True) -> FairSummary:
    """Read, pair, plan and write; tell of refused rows and of warnings on stderr.

    Raises FileRefused when a file can't be read or written at all, UsageRefused when the output
    would overwrite the workbook.
    """
    lang = request.lang
    with steps_on_stderr(lang) as steps:
        fair = read_fair(request.workbook, lang=lang)
        found = pairs_of_file(
            fair,
            as_of=request.as_of,
            lang=lang,
            min_score=request.min_score,
            progress=steps.counter("需求找成果", "Results for needs"),
        )
        refused = [*fair.refused, *found.refused]
        tell_problems(refused, fair.warnings if tells_warnings else [], lang=lang)
        asked = request_of_file(fair, found.pairs, seed=request.seed, floor=request.floor)
        steps.counter("排定会面", "Planning")(len(found.pairs))
        planned = plan(asked)
        book = book_of_file(fair, found.pairs, planned, as_of=request.as_of, lang=lang)
        view = FairView(book)
        problems = [*refused, *fair.warnings]
        return FairSummary(
            workbook=str(request.workbook),
            output=None if request.output is None else str(request.output),
            as_of=request.as_of,
            refused=len(refused),
            warnings=len(fair.warnings),
            problems=[_told(problem, lang) for problem in problems],
            statistics=statistics_of(view),
            files=_written(request, view, problems, steps),
            what_if=_looked_ahead(asked, steps) if request.what_if else [],
        )


def write_form(path: Path, *, lang: Lang, cells: FairCells | None = None) -> None:
    """The spreadsheet to fill in, with examples or with these cells.

    Raises FileRefused, and UsageRefused for another extension.
    """
    if path.suffix.lower() != ".xlsx":
        raise UsageRefused(f"{path}：空表只能写成 .xlsx · the template is written as .xlsx only")
    with writing_aside(path, lang=lang) as file:
        write_template(file, lang=lang, cells=cells)


def _written(
    request: FairRequest, view: FairView, problems: list[RowProblem], steps: Steps
) -> list[str]:
    folder = request.output
    if folder is None:
        return []
    names = file_names(view)
    if request.workbook.resolve() in {(folder / name).resolve() for name in names}:
        raise UsageRefused(f"{request.workbook}：会被输出覆盖 · would be overwritten")
    if folder.exists() and not folder.is_dir():
        raise Source(folder, request.lang).refuse("exists")
    writing = write_fair_folder(view, folder, problems=problems, encoding=request.encoding)
    return list(steps.counted("写出文件", "Writing", writing, total=len(names)))


def _looked_ahead(asked: PlanRequest, steps: Steps) -> list[WhatIf]:
    """Half, all, one and a half times and twice the slots, each with one to three teams."""
    given = len(asked.slots)
    lengths = sorted({max(1, given // 2), given, given + given // 2, 2 * given})
    wanted = [(teams, length) for teams in range(1, _MOST_TEAMS_ASKED + 1) for length in lengths]
    rows = (
        row
        for teams, length in wanted
        for row in what_if(asked, slots=(length,), delegations=(teams,))
    )
    return list(steps.counted("测算", "Looking ahead", rows, total=len(wanted)))


def _told(problem: RowProblem, lang: Lang) -> ToldProblem:
    return ToldProblem(
        sheet=problem.file,
        row=problem.line or None,
        column=problem.column,
        kind=problem.kind,
        code=problem.code,
        reason=problem.reason(lang),
    )
