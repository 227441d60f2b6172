"""Rows of .xlsx and .xlsm files. Formulas count by the value that the last program stored."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import NamedTuple
from zipfile import ZipFile

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from market.exchange.cells import CellError, cell_text
from market.exchange.headers import header_row
from market.exchange.headings import TableKind
from market.exchange.problems import RowProblem, Source
from market.exchange.tables import (
    HEADER_ROWS,
    Record,
    Table,
    file_name,
    named_headers,
    refuse_for,
    refuse_headers,
    without_trailing_blanks,
)
from market.exchange.workbook_scan import ZIP_ERRORS, SheetScan, scan_workbook

_OLE_SIGNATURE = b"\xd0\xcf\x11\xe0"
_ZIP_SIGNATURE = b"PK"


class WorkbookSheet(NamedTuple):
    """A sheet that was opened and not yet understood."""

    name: str
    grid: "_Grid"

    def rows(self) -> Iterator[tuple[int, list[object]]]:
        """Every row with content under its number, as Excel counts it."""
        for line, row in enumerate(self.grid.rows(), 1):
            if any(cell != "" for cell in row):
                yield line, row


class _Sheet(NamedTuple):
    """A sheet whose header row, counted from 0, was found."""

    name: str
    grid: "_Grid"
    header_place: int
    header_cells: list[str]


def read_workbook(source: Source, kind: TableKind) -> Table:
    """The first sheet with a recognised header row; the others that have one are warned of.

    A hidden sheet counts after every visible one: its owner doesn't see what is read.
    """
    workbook, scans = _opened(source)
    first: _Sheet | None = None
    others: list[str] = []
    widest: list[str] = []
    for scan in scans:
        grid = _grid(source, workbook, scan)
        head = [without_trailing_blanks(_texts(row)) for row in islice(grid.rows(), HEADER_ROWS)]
        widest = max([widest, *head], key=len)
        place = header_row(head, kind)
        if place is None:
            continue
        if first is None:
            first = _Sheet(scan.name, grid, place, head[place])
        else:
            others.append(scan.name)
    if first is None:
        raise refuse_headers(source, widest, kind)
    return _table(source, first, others)


def open_sheets(source: Source) -> list[WorkbookSheet]:
    """All sheets of a workbook, hidden ones last; raises FileRefused."""
    workbook, scans = _opened(source)
    return [WorkbookSheet(scan.name, _grid(source, workbook, scan)) for scan in scans]


def table_of(source: Source, sheet: WorkbookSheet, kind: TableKind) -> Table:
    """The table of one sheet; problems bear the name of `source`. Raises FileRefused."""
    head = [without_trailing_blanks(_texts(row)) for row in islice(sheet.grid.rows(), HEADER_ROWS)]
    place = header_row(head, kind)
    if place is None:
        widest = max(head, key=len, default=[])
        raise refuse_headers(source, widest, kind)
    return _table(source, _Sheet(sheet.name, sheet.grid, place, head[place]), [])


def _table(source: Source, sheet: _Sheet, others: list[str]) -> Table:
    header_line = sheet.header_place + 1
    headers, warnings = named_headers(source, header_line, sheet.header_cells)
    if others:
        values = {"sheet": sheet.name, "others": "、".join(others)}
        warnings.append(RowProblem(file_name(source), 0, "", "other_sheets", values))
    return Table(headers, header_line, _records(source, sheet, headers), warnings)


def _opened(source: Source) -> tuple[CalamineWorkbook, list[SheetScan]]:
    _check_signature(source)
    try:
        with ZipFile(source.path) as archive:
            scans = scan_workbook(source, archive)
    except ZIP_ERRORS as error:
        raise source.refuse("damaged", detail=error) from None
    with _reader_errors(source):
        workbook = CalamineWorkbook.from_path(source.path)
        sheets = workbook.sheets_metadata
    names = [sheet.name for sheet in sheets if sheet.typ == SheetTypeEnum.WorkSheet]
    # The sheets that were looked through must be those that are going to be read.
    if names != [scan.name for scan in scans]:
        raise source.refuse("damaged", detail="xl/workbook.xml")
    hidden = {sheet.name for sheet in sheets if sheet.visible != SheetVisibleEnum.Visible}
    return workbook, sorted(scans, key=lambda scan: scan.name in hidden)


def _check_signature(source: Source) -> None:
    try:
        with source.path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise refuse_for(source, error) from None
    if start == _OLE_SIGNATURE:
        raise source.refuse("old_workbook")
    if not start.startswith(_ZIP_SIGNATURE):
        raise source.refuse("not_workbook")


def _grid(source: Source, workbook: CalamineWorkbook, scan: SheetScan) -> "_Grid":
    with _reader_errors(source):
        return _Grid(source, workbook.get_sheet_by_name(scan.name), scan.errors)


@contextmanager
def _reader_errors(source: Source) -> Iterator[None]:
    """Turns every failure of the reader into FileRefused, its panics too."""
    try:
        yield
    except (CalamineError, OSError, ValueError, OverflowError) as error:
        raise source.refuse("damaged", detail=error) from None
    except BaseException as error:
        # A panic of the Rust code arrives as a BaseException whose class can't be imported.
        if type(error).__name__ != "PanicException":
            raise
        raise source.refuse("damaged", detail="panic") from None


class _Grid:
    """A sheet's rows, merged cells filled downwards and error values as their names."""

    def __init__(
        self, source: Source, sheet: CalamineSheet, errors: Mapping[tuple[int, int], str]
    ) -> None:
        self._source = source
        self._sheet = sheet
        self._left = sheet.start[1] if sheet.start else 0
        self._errors: dict[int, list[tuple[int, str]]] = {}
        for (row, column), text in errors.items():
            self._errors.setdefault(row, []).append((column - self._left, text))
        self._merged = sorted(
            (top, left - self._left, bottom)
            for (top, left), (bottom, _) in sheet.merged_cell_ranges or ()
            if bottom > top and left >= self._left
        )

    def rows(self) -> Iterator[list[object]]:
        """Every row from the sheet's first, blank ones too; nothing stands outside the cells."""
        with _reader_errors(self._source):
            yield from self._filled()

    def _filled(self) -> Iterator[list[object]]:
        if self._sheet.start is None:
            return
        merged = iter(self._merged)
        following = next(merged, None)
        open_cells: dict[int, tuple[int, object]] = {}
        for place, cells in enumerate(self._sheet.iter_rows()):
            row: list[object] = list(cells)
            for column, text in self._errors.get(place, ()):
                row[column] = text
            if open_cells and any(cell != "" for cell in row):
                open_cells = _fill_down(row, place, open_cells)
            while following is not None and following[0] <= place:
                _, column, bottom = following
                if following[0] == place and column < len(row):
                    open_cells[column] = (bottom, row[column])
                following = next(merged, None)
            yield row


def _fill_down(
    row: list[object], place: int, open_cells: dict[int, tuple[int, object]]
) -> dict[int, tuple[int, object]]:
    """Writes the values of merged cells into a row below their first; keeps the unfinished."""
    still_open = {c: (bottom, v) for c, (bottom, v) in open_cells.items() if bottom >= place}
    for column, (_, value) in still_open.items():
        if row[column] == "":
            row[column] = value
    return still_open


def _texts(row: Sequence[object]) -> list[str]:
    return [_header_text(cell) for cell in row]


def _header_text(cell: object) -> str:
    try:
        return cell_text(cell)
    except CellError:
        return ""


def _records(
    source: Source, sheet: _Sheet, headers: tuple[str, ...]
) -> Iterator[Record | RowProblem]:
    width = len(headers)
    for place, row in enumerate(sheet.grid.rows()):
        if place <= sheet.header_place or all(cell == "" for cell in row):
            continue
        if any(cell != "" for cell in row[width:]):
            values = {"count": str(len(row)), "limit": str(width)}
            yield RowProblem(file_name(source), place + 1, "", "too_many_cells", values)
            continue
        yield Record(place + 1, headers, row[:width])
