"""Writes pairs: .xlsx and .csv for people, .jsonl for programs; the same input, the same bytes."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from market.errors import UsageRefused
from market.exchange.atomic import writing_aside
from market.exchange.pair_report import NeedWithoutResult, PairReport, PairRow
from market.exchange.pairs_text import write_csv, write_jsonl
from market.exchange.pairs_workbook import write_workbook
from market.exchange.problems import Lang

__all__ = ["NeedWithoutResult", "PairReport", "PairRow", "check_target", "write_pairs"]

Progress = Callable[[int], None]
_Writer = Callable[[PairReport, Iterable[PairRow], BinaryIO], None]

_PROGRESS_EVERY_PAIRS = 200
_WRITERS: dict[str, _Writer] = {".xlsx": write_workbook, ".csv": write_csv, ".jsonl": write_jsonl}


def write_pairs(
    report: PairReport, target: Path | Literal["-"], *, progress: Progress | None = None
) -> None:
    """Writes the report by the target's extension; "-" is .jsonl on standard output.

    The pairs are read while they are written. Whatever fails, the target is either whole or as
    before: FileRefused when it can't be written, UsageRefused for another extension, and errors
    of `report.pairs` pass through.
    """
    check_target(target, lang=report.lang)
    writer = write_jsonl if target == "-" else _WRITERS[Path(target).suffix.lower()]
    with writing_aside(target, lang=report.lang) as file:
        writer(report, _counted(report.pairs, progress), file)


def check_target(target: Path | Literal["-"], *, lang: Lang = "zh") -> None:
    """Raises UsageRefused for a target that no format has: better before the work than after."""
    if target == "-" or Path(target).suffix.lower() in _WRITERS:
        return
    raise UsageRefused(
        f"{target}：只能写成 .xlsx、.csv、.jsonl，或用 - 表示标准输出"
        if lang == "zh"
        else f"{target}: pairs are written as .xlsx, .csv, .jsonl, or - for standard output"
    )


def _counted(pairs: Iterable[PairRow], progress: Progress | None) -> Iterator[PairRow]:
    number = 0
    for number, pair in enumerate(pairs, 1):
        yield pair
        if progress is not None and number % _PROGRESS_EVERY_PAIRS == 0:
            progress(number)
    if progress is not None:
        progress(number)
