"""One run of pairing: read two files, match, explain, write, and tell of what was refused."""

from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from market.commands.pair_rows import PairRows, Wanted
from market.commands.problems import tell_problems
from market.commands.progress import Steps, steps_on_stderr
from market.errors import UsageRefused
from market.exchange.pair_report import PairReport
from market.exchange.pairs import check_target, write_pairs
from market.exchange.problem_rows import write_refused
from market.exchange.problems import Source
from market.exchange.readers import ReadListings, read_needs, read_results
from market.matching.pairing import Matcher
from market.matching.score import GOOD_SCORE
from schemas.listings import Need, Result
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
    with steps_on_stderr(request.lang) as steps:
        results = read_results(
            request.results,
            lang=request.lang,
            progress=steps.counter("读取成果", "Reading results"),
        )
        needs = read_needs(
            request.needs, lang=request.lang, progress=steps.counter("读取需求", "Reading needs")
        )
        tell_problems(
            [*results.refused, *needs.refused],
            [*results.warnings, *needs.warnings] if tells_warnings else [],
            lang=request.lang,
        )
        return _paired(request, results, needs, steps)


def _check_files(request: PairRequest) -> None:
    """Before minutes of work: can the outputs be written, and do they spare the inputs?"""
    check_target(request.output, lang=request.lang)
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


def _paired(
    request: PairRequest, results: ReadListings[Result], needs: ReadListings[Need], steps: Steps
) -> PairSummary:
    refused = [*results.refused, *needs.refused]
    warnings = [*results.warnings, *needs.warnings]
    if request.errors:
        write_refused([*refused, *warnings], request.errors, lang=request.lang)
    matcher = Matcher(
        results.listings,
        needs.listings,
        as_of=request.as_of,
        lang=request.lang,
        progress=steps.counter("建立索引", "Indexing"),
    )
    rows = PairRows(matcher, request.wanted, steps, lang=request.lang)
    write_pairs(
        PairReport(
            pairs=rows,
            without_result=rows.without_result,
            refused=refused,
            warnings=warnings,
            need_columns=needs.columns,
            result_columns=results.columns,
            lang=request.lang,
            with_contacts=request.with_contacts,
            both_ways=request.wanted.both_ways,
            as_of=request.as_of,
            top=request.wanted.top,
        ),
        request.output,
    )
    return PairSummary(
        results_file=str(request.results),
        needs_file=str(request.needs),
        output=str(request.output),
        as_of=request.as_of,
        results=len(results.listings),
        needs=len(needs.listings),
        refused=len(refused),
        warnings=len(warnings),
        pairs=rows.count,
        needs_without_result=len(rows.without_result),
    )
