"""Sheets of a workbook that is written row by row, in little memory and always the same."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import BinaryIO, NamedTuple

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from market.exchange.cells import MAX_CELL_CHARACTERS, is_dangerous, showable
from market.exchange.sheet_looks import (
    GROUP_LINE,
    LOOKS,
    ROW_LINE,
    SCORE_BAR,
    Cell,
    Look,
    SheetColumn,
    SheetLayout,
    Style,
    Tone,
    header_height,
    header_look,
    row_height,
    set_up_page,
)

__all__ = [
    "Book",
    "Cell",
    "Place",
    "Sheet",
    "SheetColumn",
    "SheetLayout",
    "Style",
    "Tone",
    "writing_book",
]

# Rows of a sheet in Excel, the header among them.
MAX_SHEET_ROWS = 1_048_576
# So many rows of a form show hints and choices.
_GUIDED_ROWS = 2_000
# Excel opens no sheet with more links (65,530); a few are left for the header.
MAX_LINKS = 65_500


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
        self, name: str, columns: Sequence[SheetColumn], *, layout: SheetLayout | None = None
    ) -> "Sheet":
        return Sheet(self, name, columns, layout or SheetLayout())

    def add(self, name: str) -> Worksheet:
        return self._workbook.add_worksheet(name)

    def format(self, look: Look, *, is_quoted: bool = False) -> Format:
        """`is_quoted`: a text that looks like a formula stays text when its cell is edited."""
        return self._format(f"{look} {is_quoted}", {**LOOKS[look], "quote_prefix": is_quoted})

    def header_format(self, tone: Tone) -> Format:
        return self._format(f"header {tone}", header_look(tone))

    def line_format(self, *, parts_groups: bool) -> Format:
        if parts_groups:
            return self._format("group", GROUP_LINE)
        return self._format("row", ROW_LINE)

    def _format(self, key: str, properties: dict[str, object]) -> Format:
        if key not in self._formats:
            self._formats[key] = self._workbook.add_format(properties)
        return self._formats[key]


class Sheet:
    """A table with a frozen header; past the last row of a sheet it goes on on another."""

    def __init__(
        self, book: Book, name: str, columns: Sequence[SheetColumn], layout: SheetLayout
    ) -> None:
        self._book = book
        self._name = name
        self._columns = columns
        self._layout = layout
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
        self._worksheet.set_row(self._next_row, row_height(cells, self._columns))
        for number, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            if links and number in links and self._links < MAX_LINKS:
                self._write_link(number, links[number], str(cell))
            else:
                self._write_cell(number, cell)
        self._next_row += 1
        return place

    def guide(
        self, number: int, *, title: str, hint: str, choices: Sequence[str] | str = ()
    ) -> None:
        """Who fills in a column (by its place) sees `hint`, and may choose from `choices`.

        Choices are words, or a formula that names a range of cells; other words stay allowed,
        because the reader understands more of them than a list can hold.
        """
        options: dict[str, object] = {
            "validate": "list" if choices else "any",
            "input_title": title[:32],
            "input_message": hint[:255],
            "error_type": "information",
        }
        if choices:
            options["source"] = choices if isinstance(choices, str) else list(choices)
        self._worksheet.data_validation(1, number, _GUIDED_ROWS, number, options)

    def finish(self) -> None:
        """What spans the rows written; to be called once after the last one."""
        last_row, last_column = self._next_row - 1, max(len(self._columns) - 1, 0)
        if self._layout.is_filtered:
            self._worksheet.autofilter(0, 0, last_row, last_column)
        printed = self._layout.printed_columns or len(self._columns)
        self._worksheet.print_area(0, 0, last_row, max(printed - 1, 0))
        # An id of digits stays text without a mark in the corner that calls it a mistake.
        whole = f"A1:{xl_rowcol_to_cell(last_row, last_column)}"
        self._worksheet.ignore_errors({"number_stored_as_text": whole})
        if last_row:
            self._mark_rows(last_row, last_column)

    def _mark_rows(self, last_row: int, last_column: int) -> None:
        for number, column in enumerate(self._columns):
            if column.style == "score":
                self._worksheet.conditional_format(1, number, last_row, number, SCORE_BAR)
        whole = 1, 0, last_row, last_column
        if self._layout.group_rank is not None:
            rank = xl_rowcol_to_cell(1, self._layout.group_rank, col_abs=True)
            self._worksheet.conditional_format(*whole, self._line(f"={rank}=1", parts_groups=True))
        self._worksheet.conditional_format(*whole, self._line("=TRUE", parts_groups=False))

    def _line(self, criteria: str, *, parts_groups: bool) -> dict[str, object]:
        looks = self._book.line_format(parts_groups=parts_groups)
        return {"type": "formula", "criteria": criteria, "format": looks}

    def _begin_part(self) -> None:
        self._parts += 1
        self._worksheet = self._book.add(self._part_name(self._parts))
        self._next_row = 1
        self._links = 0
        set_up_page(self._worksheet, self._layout)
        self._worksheet.set_row(0, header_height(self._columns))
        for number, column in enumerate(self._columns):
            self._worksheet.set_column(number, number, column.width)
            looks = self._book.header_format(column.tone)
            self._worksheet.write_string(0, number, _writable(column.header), looks)

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
    whole = showable(text)
    # Excel counts UTF-16 units: rare characters and emoji are two.
    units = whole.encode("utf-16-le")
    if len(units) > 2 * MAX_CELL_CHARACTERS:
        kept = units[: 2 * (MAX_CELL_CHARACTERS - 1)]
        return kept.decode("utf-16-le", "ignore") + "…"
    # xlsxwriter takes such a text for its own markup and would write it as it is.
    return f"{whole} " if whole.startswith("<r>") and whole.endswith("</r>") else whole


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
