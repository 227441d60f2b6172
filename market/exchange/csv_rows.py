"""Tables as .csv in the way that spreadsheets open without a question."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from market.exchange.cells import defuse

Cell = str | int | float | None


def write_csv_rows(
    header: list[str],
    rows: Iterable[list[Cell]],
    file: BinaryIO,
    *,
    encoding: str = "utf-8-sig",
) -> None:
    """Any table as .csv; cells that a spreadsheet would run as formulas are defused."""
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    try:
        writer.writerow(_defused(header))
        writer.writerows(map(_defused, rows))
        text.flush()
    finally:
        # The file belongs to the caller: without this it would be closed with the wrapper.
        text.detach()


def _defused(row: Iterable[Cell]) -> Iterator[Cell]:
    return (defuse(cell) if isinstance(cell, str) else cell for cell in row)
