"""Tells of refused rows and warnings on stderr."""

from collections import Counter
from collections.abc import Sequence

import click

from market.exchange.problems import RowProblem
from schemas.vocab import Lang

_MOST_TOLD = 1_000


def tell_problems(
    refused: Sequence[RowProblem], warnings: Sequence[RowProblem], *, lang: Lang
) -> None:
    """Every refused row on a line of its own; of warnings one line for each kind and column."""
    for problem in refused[:_MOST_TOLD]:
        _tell(("退回" if lang == "zh" else "refused") + f" · {problem.text(lang)}")
    if rest := len(refused) - len(refused[:_MOST_TOLD]):
        _tell(f"……另有 {rest} 行被退回" if lang == "zh" else f"… and {rest} more refused rows")
    counts = Counter((warning.file, warning.column, warning.code) for warning in warnings)
    for warning in warnings:
        if count := counts.pop((warning.file, warning.column, warning.code), 0):
            _tell(
                ("提醒" if lang == "zh" else "warning")
                + f" · {warning.text(lang)}{_more(count, lang)}"
            )


def _more(count: int, lang: Lang) -> str:
    if count == 1:
        return ""
    return f"（同类共 {count} 处）" if lang == "zh" else f" ({count} of this kind)"


def _tell(line: str) -> None:
    click.echo(line, err=True)
