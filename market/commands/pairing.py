"""One run of pairing: read two files, match, explain, write, and tell of what was refused."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from market.commands.pair_rows import PairRows, Wanted
from market.commands.problems import tell_problems
from market.commands.progress import Steps, steps_on_stderr
from market.commands.reading import ResultsOfFile
from market.errors import UsageRefused
from market.exchange.pair_report import PairReport
from market.exchange.pairs import check_target, write_pairs
from market.exchange.problem_rows import check_refused_target, write_refused
from market.exchange.problems import RowProblem, Source
from market.exchange.readers import ReadListings, read_needs
from market.matching.pairing import Matcher
from market.matching.score import GOOD_SCORE
from schemas.listings import Need
from schemas.vocab import Lang


class PairRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of `duijie pair` was asked to do."""

    results: Path
    needs: Path
    output: Path | Literal["-"]
    wanted: Wanted
    lang: Lang
    as_of: date
    errors: Path | None = None
    with_contacts: bool = False


class PairSummary(msgspec.Struct, kw_only=True):
    """What a run did, as `--json` prints it."""

    results_file: str
    needs_file: str
    output: str
    as_of: date
    results: int
    needs: int
    refused: int
    warnings: int
    pairs: int = 0
    needs_without_result: int = 0
    good_score: float = GOOD_SCORE


def run_pair(request: PairRequest, *, tells_warnings: bool = True) -> PairSummary:
    """Read, match, explain and write; tell of refused rows and of warnings on stderr.

    Raises FileRefused when a file can't be read or written at all, and UsageRefused when the
    output would overwrite an input.
    """
    _check_files(request)
    with steps_on_stderr(request.lang) as steps, _without_collector():
        reading = steps.counter("读取需求", "Reading needs")
        needs = read_needs(request.needs, lang=request.lang, progress=reading)
        reading = steps.counter("读取成果", "Reading results")
        results = ResultsOfFile(request.results, lang=request.lang, progress=reading)
        matcher = Matcher(
            results,
            needs.listings,
            as_of=request.as_of,
            lang=request.lang,
            progress=steps.counter("建立索引", "Indexing"),
        )
        problems = _Problems(
            refused=[*results.refused, *needs.refused],
            warnings=[*results.warnings, *needs.warnings],
        )
        warnings = problems.warnings if tells_warnings else []
        tell_problems(problems.refused, warnings, lang=request.lang)
        if request.errors:
            write_refused(
                [*problems.refused, *problems.warnings], request.errors, lang=request.lang
            )
        return _paired(request, matcher, results, needs, problems, steps)


@contextmanager
def _without_collector() -> Iterator[None]:
    # A run makes millions of objects that live to its end and hardly a cycle among them: looking
    # for cycles would take a tenth of its time.
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _check_files(request: PairRequest) -> None:
    """Before minutes of work: can the outputs be written, and do they spare the inputs?"""
    check_target(request.output, lang=request.lang)
    if request.errors:
        check_refused_target(request.errors, lang=request.lang)
    inputs = {path.resolve() for path in (request.results, request.needs)}
    outputs = [path for path in (request.output, request.errors) if isinstance(path, Path)]
    for path in outputs:
        if path.resolve() in inputs:
            raise UsageRefused(f"{path}：会覆盖输入文件 · would overwrite an input file")
    if len({path.resolve() for path in outputs}) < len(outputs):
        raise UsageRefused(f"{request.errors}：与输出是同一个文件 · is the output file, too")
    for path in outputs:
        if not path.resolve().parent.is_dir():
            raise Source(path, request.lang).refuse("folder_missing")
        if path.is_dir():
            raise Source(path, request.lang).refuse("is_folder")


class _Problems(NamedTuple):
    """What was refused and what was warned of, results before needs."""

    refused: list[RowProblem]
    warnings: list[RowProblem]


def _paired(
    request: PairRequest,
    matcher: Matcher,
    results: ResultsOfFile,
    needs: ReadListings[Need],
    problems: _Problems,
    steps: Steps,
) -> PairSummary:
    rows = PairRows(matcher, request.wanted, steps, lang=request.lang)
    write_pairs(
        PairReport(
            pairs=rows,
            without_result=rows.without_result,
            refused=problems.refused,
            warnings=problems.warnings,
            need_columns=needs.columns,
            result_columns=results.columns,
            lang=request.lang,
            with_contacts=request.with_contacts,
            both_ways=request.wanted.both_ways,
            as_of=request.as_of,
            top=request.wanted.top,
            summary=lambda: _about(request, _summary(request, matcher, problems, rows)),
        ),
        request.output,
    )
    return _summary(request, matcher, problems, rows)


def _summary(
    request: PairRequest, matcher: Matcher, problems: _Problems, rows: PairRows
) -> PairSummary:
    return PairSummary(
        results_file=str(request.results),
        needs_file=str(request.needs),
        output=str(request.output),
        as_of=request.as_of,
        results=len(matcher.results),
        needs=len(matcher.needs),
        refused=len(problems.refused),
        warnings=len(problems.warnings),
        pairs=rows.count,
        needs_without_result=len(rows.without_result),
    )


def _about(request: PairRequest, summary: PairSummary) -> dict[str, str | int | float]:
    """The run in words, for a sheet that may be sent on: of the files their names alone."""
    wanted, zh = request.wanted, request.lang == "zh"
    yes, no = ("是", "否") if zh else ("yes", "no")
    lines: list[tuple[str, str, str | int | float]] = [
        ("成果文件", "File of results", request.results.name),
        ("需求文件", "File of needs", request.needs.name),
        ("成果数", "Results", summary.results),
        ("需求数", "Needs", summary.needs),
        ("退回行数", "Rows refused", summary.refused),
        ("提醒数", "Warnings", summary.warnings),
        ("配对数", "Pairs", summary.pairs),
        ("无合适成果的需求数", "Needs without a good result", summary.needs_without_result),
        ("合适的最低得分", "Score from which a result is good", summary.good_score),
        ("列出的最低得分", "Lowest score that is listed", wanted.min_score),
        ("双向配对", "Both ways", yes if wanted.both_ways else no),
        ("含联系方式", "With contacts", yes if request.with_contacts else no),
    ]
    return {name_zh if zh else name_en: value for name_zh, name_en, value in lines}
