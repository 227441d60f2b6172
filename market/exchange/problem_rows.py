"""Refused rows and warnings as a table, and as the file that --errors asks for."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec

from market.errors import UsageRefused
from market.exchange.atomic import writing_aside
from market.exchange.csv_rows import write_csv_rows
from market.exchange.problems import Lang, RowProblem
from market.exchange.sheets import SheetColumn, SheetLayout, writing_book

_COLUMNS = (
    ("文件", "File", 24),
    ("行", "Row", 8),
    ("列", "Column", 20),
    ("类别", "Kind", 10),
    ("原因", "Reason", 60),
    ("原值", "Value", 40),
)
PROBLEM_LAYOUT = SheetLayout(tab_color="#C00000")
_KINDS = {"refused": "退回", "warning": "提醒"}
# A list of errors has no day of its own; a fixed one keeps its bytes the same.
_CREATED = date(2000, 1, 1)
_EXTENSIONS = {".csv", ".xlsx", ".jsonl"}


def problem_columns(lang: Lang) -> list[SheetColumn]:
    """The columns in the asked language."""
    return [SheetColumn(zh if lang == "zh" else en, width, "wrapped") for zh, en, width in _COLUMNS]


def problem_cells(problem: RowProblem, lang: Lang) -> list[str | int | float | None]:
    kind = _KINDS[problem.kind] if lang == "zh" else problem.kind
    # Line 0 means the whole file.
    line = problem.line or None
    return [problem.file, line, problem.column, kind, problem.reason(lang), problem.value]


def check_refused_target(path: Path, *, lang: Lang = "zh") -> None:
    """Raises UsageRefused for an extension that `write_refused` does not know."""
    if _extension(path) in _EXTENSIONS:
        return
    raise UsageRefused(
        f"{path}：退回行只能写成 .csv、.xlsx 或 .jsonl"
        if lang == "zh"
        else f"{path}: refused rows are written as .csv, .xlsx or .jsonl only"
    )


def _extension(path: Path) -> str:
    return path.suffix.lower() or ".csv"


def write_refused(problems: Sequence[RowProblem], path: Path, lang: Lang = "zh") -> None:
    """Writes refused rows and warnings as .csv, .xlsx or .jsonl; without an extension as .csv.

    Raises UsageRefused for another extension, FileRefused when the file can't be written.
    """
    check_refused_target(path, lang=lang)
    extension = _extension(path)
    rows = [problem_cells(problem, lang) for problem in problems]
    columns = problem_columns(lang)
    with writing_aside(path, lang=lang) as file:
        if extension == ".csv":
            write_csv_rows([column.header for column in columns], rows, file)
        elif extension == ".xlsx":
            with writing_book(file, as_of=_CREATED) as book:
                name = "退回行" if lang == "zh" else "Refused rows"
                sheet = book.sheet(name, columns, layout=PROBLEM_LAYOUT)
                for row in rows:
                    sheet.write(row)
                sheet.finish()
        else:
            for problem in problems:
                file.write(msgspec.json.encode(_problem_object(problem, lang)) + b"\n")


def _problem_object(problem: RowProblem, lang: Lang) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "kind": problem.kind,
        "code": problem.code,
        "reason": problem.reason(lang),
        "value": problem.value,
    }
