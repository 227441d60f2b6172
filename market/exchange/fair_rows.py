"""Rows of one sheet of a fair under the fields that their columns name."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import NamedTuple

from market.exchange.cells import CellError, cell_text, is_error_value
from market.exchange.fair_headings import FAIR_HEADINGS, OwnSheet, fair_fields
from market.exchange.problems import Lang, RowProblem
from market.exchange.tables import HEADER_ROWS
from market.exchange.workbooks import WorkbookSheet
from search.text import fold

_SLOT_RANGE = re.compile(r"(\d{1,4})(?:\s*(?:-|–|—|~|至|到)\s*(\d{1,4}))?")
_SEPARATORS = re.compile(r"[、，,;；/\s]+")
_CLOCK = re.compile(r"(\d{1,2})[::时点](\d{1,2})?分?(?::\d{1,2}(?:\.\d+)?)?")
_MINUTES_A_DAY = 24 * 60


class RefusedRow(Exception):
    """The row can't be used; `problem` says why."""

    def __init__(self, problem: RowProblem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class FairRow:
    """A row's cells by field. Methods raise RefusedRow for a cell that makes no sense."""

    def __init__(
        self, sheet: str, line: int, headers: dict[str, str], cells: dict[str, object]
    ) -> None:
        self.sheet = sheet
        self.line = line
        self._headers = headers
        self._cells = cells
        self._texts: dict[str, str] = {}
        for field, cell in cells.items():
            try:
                text = cell_text(cell)
            except CellError as refusal:
                raise self.refuse(field, refusal.code, **refusal.values) from None
            self._texts[field] = "" if is_error_value(text) else text

    def text(self, field: str) -> str:
        return self._texts.get(field, "")

    def line_of(self, field: str) -> str:
        """The text on one line, its blanks single."""
        return " ".join(self.text(field).split())

    def needed(self, field: str, name: str) -> str:
        text = self.line_of(field)
        if not text:
            raise self.refuse(field, "cell_missing", name=self._headers.get(field, name))
        return text

    def cell(self, field: str) -> object:
        return self._cells.get(field)

    def number(self, field: str, low: int, high: int) -> int | None:
        text = self.text(field)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 7 and low <= int(text) <= high):
            raise self.refuse(field, "number_unread", value=text, low=str(low), high=str(high))
        return int(text)

    def slot_numbers(self, field: str, count: int) -> frozenset[int]:
        """1-3、5 → {1, 2, 3, 5}, all of them up to `count`."""
        numbers: set[int] = set()
        for part in filter(None, _SEPARATORS.split(fold(self.text(field)))):
            found = _SLOT_RANGE.fullmatch(part)
            first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
            if not 1 <= first <= last <= count:
                raise self.refuse(field, "slots_unread", value=self.text(field), count=str(count))
            numbers.update(range(first, last + 1))
        return frozenset(numbers)

    def clock(self, field: str) -> time | None:
        """The time of day in a cell: of type time, a fraction of a day, or 09:00."""
        if not self.text(field):
            return None
        found = _time_of(self._cells[field], self.text(field))
        if found is None:
            raise self.refuse(field, "time_unread", value=self.text(field))
        return found

    def header(self, field: str) -> str:
        return self._headers.get(field, "")

    def problem(self, field: str, code: str, **values: str) -> RowProblem:
        return RowProblem(self.sheet, self.line, self.header(field), code, values)

    def refuse(self, field: str, code: str, **values: str) -> RefusedRow:
        return RefusedRow(self.problem(field, code, **values))


def _time_of(cell: object, text: str) -> time | None:
    match cell:
        case datetime():
            return cell.time().replace(second=0, microsecond=0)
        case time():
            return cell.replace(second=0, microsecond=0)
        case timedelta() if timedelta() <= cell < timedelta(days=1):
            return _time_of(cell / timedelta(days=1), text)
        case float() if 0 <= cell < 1:
            minutes = round(cell * _MINUTES_A_DAY)
            return time(*divmod(minutes, 60)) if minutes < _MINUTES_A_DAY else None
    found = _CLOCK.fullmatch(fold(text).replace(" ", ""))
    if found is None or int(found[1]) > 23 or int(found[2] or 0) > 59:
        return None
    return time(int(found[1]), int(found[2] or 0))


class _Head(NamedTuple):
    line: int
    headers: list[str]
    fields: list[str]


class SheetRows(NamedTuple):
    """The rows below the header; `unknown` are the headers that nobody knows."""

    name: str
    head_line: int
    unknown: tuple[str, ...]
    rows: Iterator[FairRow | RowProblem]


def rows_of(sheet: WorkbookSheet, kind: OwnSheet, lang: Lang) -> SheetRows | RowProblem:
    """The rows of a sheet, or why there is no header: it names the sheet's first column."""
    head = _head_of(sheet, kind)
    if head is None:
        needed = FAIR_HEADINGS[kind][1 if kind == "participants" else 0]
        name = needed.zh if lang == "zh" else needed.en
        return RowProblem(sheet.name, 0, "", "cell_missing", {"name": name})
    unknown = tuple(
        header
        for header, field in zip(head.headers, head.fields, strict=True)
        if header and not field
    )
    return SheetRows(sheet.name, head.line, unknown, _rows(sheet, head))


def _head_of(sheet: WorkbookSheet, kind: OwnSheet) -> _Head | None:
    """The row among the first that names most fields, its needed one among them."""
    needed = {"participants": "name", "tables": "name", "fair": "key", "wishes": "who"}
    best: _Head | None = None
    for line, cells in sheet.rows():
        if line > HEADER_ROWS:
            break
        headers = [_header(cell) for cell in cells]
        fields = fair_fields(headers, kind)
        if needed.get(kind, "begins") not in fields:
            continue
        if best is None or len(set(fields)) > len(set(best.fields)):
            best = _Head(line, headers, fields)
    return best


def _header(cell: object) -> str:
    try:
        return " ".join(cell_text(cell).split())
    except CellError:
        return ""


def _rows(sheet: WorkbookSheet, head: _Head) -> Iterator[FairRow | RowProblem]:
    headers = {
        field: header for header, field in zip(head.headers, head.fields, strict=True) if field
    }
    for line, cells in sheet.rows():
        if line <= head.line:
            continue
        filled = _filled(head.fields, cells)
        if not filled:
            continue
        try:
            yield FairRow(sheet.name, line, headers, filled)
        except RefusedRow as refusal:
            yield refusal.problem


def _filled(fields: Sequence[str], cells: Sequence[object]) -> dict[str, object]:
    return {field: cell for field, cell in zip(fields, cells, strict=False) if field and cell != ""}
