"""Sheets of a workbook that is written row by row, in little memory and always the same."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import BinaryIO, Literal, NamedTuple

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from market.exchange.cells import MAX_CELL_CHARACTERS, clean, is_dangerous

Style = Literal["text", "wrapped", "score", "money"]
Look = Style | Literal["header", "link"]
Cell = str | int | float | None

# Rows of a sheet in Excel, the header among them.
MAX_SHEET_ROWS = 1_048_576
# Excel opens no sheet with more links (65,530); a few are left for the header.
MAX_LINKS = 65_500

_LOOKS: dict[Look, dict[str, object]] = {
    "header": {
        "bold": True,
        "text_wrap": True,
        "valign": "top",
        "bg_color": "#DCE6F1",
        "bottom": 1,
    },
    "link": {"font_color": "#0563C1", "underline": 1, "valign": "top"},
    "text": {"valign": "top"},
    "wrapped": {"valign": "top", "text_wrap": True},
    "score": {"valign": "top", "num_format": "0.0"},
    "money": {"valign": "top", "num_format": "#,##0"},
}


class SheetColumn(NamedTuple):
    header: str
    width: int
    style: Style = "text"


class Place(NamedTuple):
    """A row of a sheet, counted from 1 as Excel does."""

    sheet: str
    row: int

    @property
    def link(self) -> str:
        return f"internal:'{self.sheet}'!A{self.row}"


class Book:
    """A workbook under construction; use `writing_book`."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self._workbook = workbook
        self._formats: dict[str, Format] = {}

    def sheet(
        self, name: str, columns: Sequence[SheetColumn], *, frozen_columns: int = 0
    ) -> "Sheet":
        return Sheet(self, name, columns, frozen_columns)

    def add(self, name: str) -> Worksheet:
        return self._workbook.add_worksheet(name)

    def format(self, look: Look, *, is_quoted: bool = False) -> Format:
        """`is_quoted`: a text that looks like a formula stays text when its cell is edited."""
        key = f"{look} {is_quoted}"
        if key not in self._formats:
            properties = {**_LOOKS[look], "quote_prefix": is_quoted}
            self._formats[key] = self._workbook.add_format(properties)
        return self._formats[key]


class Sheet:
    """A table with a frozen header; past the last row of a sheet it goes on on another."""

    def __init__(
        self, book: Book, name: str, columns: Sequence[SheetColumn], frozen_columns: int
    ) -> None:
        self._book = book
        self._name = name
        self._columns = columns
        self._frozen_columns = frozen_columns
        self._parts = 0
        self._begin_part()

    @property
    def next_place(self) -> Place:
        """Where the next row will stand."""
        if self._next_row < MAX_SHEET_ROWS:
            return Place(self._worksheet.get_name(), self._next_row + 1)
        return Place(self._part_name(self._parts + 1), 2)

    def write(self, cells: Sequence[Cell], *, links: dict[int, Place] | None = None) -> Place:
        """Adds a row; `links` leads from columns to rows as long as Excel allows more links."""
        place = self.next_place
        if self._next_row == MAX_SHEET_ROWS:
            self.finish()
            self._begin_part()
        for number, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            if links and number in links and self._links < MAX_LINKS:
                self._write_link(number, links[number], str(cell))
            else:
                self._write_cell(number, cell)
        self._next_row += 1
        return place

    def finish(self) -> None:
        """Filters over the rows written; to be called once after the last one."""
        last_row, last_column = max(self._next_row - 1, 0), max(len(self._columns) - 1, 0)
        self._worksheet.autofilter(0, 0, last_row, last_column)

    def _begin_part(self) -> None:
        self._parts += 1
        self._worksheet = self._book.add(self._part_name(self._parts))
        self._next_row = 1
        self._links = 0
        self._worksheet.freeze_panes(1, self._frozen_columns)
        for number, column in enumerate(self._columns):
            self._worksheet.set_column(number, number, column.width)
            header = _writable(column.header)
            self._worksheet.write_string(0, number, header, self._book.format("header"))

    def _part_name(self, part: int) -> str:
        return self._name if part == 1 else f"{self._name} ({part})"

    def _write_cell(self, number: int, cell: str | float) -> None:
        style = self._columns[number].style
        if isinstance(cell, int | float):
            self._worksheet.write_number(self._next_row, number, cell, self._book.format(style))
            return
        text = _writable(cell)
        looks = self._book.format(style, is_quoted=is_dangerous(text))
        self._worksheet.write_string(self._next_row, number, text, looks)

    def _write_link(self, number: int, place: Place, text: str) -> None:
        self._links += 1
        looks = self._book.format("link", is_quoted=is_dangerous(text))
        self._worksheet.write_url(self._next_row, number, place.link, looks, _writable(text))


def _writable(text: str) -> str:
    whole = clean(text.encode("utf-8", "replace").decode())
    if len(whole) <= MAX_CELL_CHARACTERS:
        return whole
    return whole[: MAX_CELL_CHARACTERS - 1] + "…"


@contextmanager
def writing_book(file: BinaryIO, *, as_of: date) -> Iterator[Book]:
    """A workbook that is written to `file` when the block ends well.

    `as_of` is its date of creation: with the time of day no two runs would give the same bytes.
    Raises OSError when file or folder of temporary files is full.
    """
    with tempfile.TemporaryDirectory() as folder:
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        workbook = xlsxwriter.Workbook(file, options)
        workbook.set_properties({"created": datetime(as_of.year, as_of.month, as_of.day)})  # noqa: DTZ001 - xlsxwriter wants it naive
        try:
            yield Book(workbook)
            workbook.close()
        except FileCreateError as error:
            raise error.args[0] from None
        finally:
            _abandon(workbook)


def _abandon(workbook: xlsxwriter.Workbook) -> None:
    # An unclosed workbook writes itself to the file when it is collected; and its worksheets'
    # files must be closed before their folder goes.
    workbook.fileclosed = True
    for worksheet in workbook.worksheets():
        if worksheet.row_data_fh is not None:
            worksheet.row_data_fh.close()
