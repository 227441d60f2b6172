"""How sheets look, on the screen and on paper: colours, heights of rows, set-up of pages."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from xlsxwriter.worksheet import Worksheet

Style = Literal["text", "wrapped", "centred", "score", "money"]
Look = Style | Literal["link"]
# To whom a column belongs shows in the colour of its header.
Tone = Literal["own", "need", "result", "source"]
Cell = str | int | float | None

LOOKS: dict[Look, dict[str, object]] = {
    "link": {"font_color": "#0563C1", "underline": 1, "valign": "top"},
    "text": {"valign": "top"},
    "wrapped": {"valign": "top", "align": "left", "text_wrap": True},
    "centred": {"valign": "top", "align": "center"},
    "score": {"valign": "top", "align": "center", "num_format": "0.0"},
    "money": {"valign": "top", "num_format": "#,##0"},
}
_HEADER = {
    "bold": True,
    "text_wrap": True,
    "valign": "vcenter",
    "font_color": "#FFFFFF",
    "border": 1,
    "border_color": "#FFFFFF",
}
_TONES: dict[Tone, str] = {
    "own": "#1F3864",
    "need": "#1F6E6E",
    "result": "#7F4A0B",
    "source": "#595959",
}
SCORE_BAR = {
    "type": "data_bar",
    "bar_color": "#BDD7EE",
    "bar_solid": True,
    "min_type": "num",
    "min_value": 0,
    "max_type": "num",
    "max_value": 100,
}

# Cells without content have no format of their own, so lines are drawn by conditions.
ROW_LINE: dict[str, object] = {"bottom": 1, "bottom_color": "#D9D9D9"}
GROUP_LINE: dict[str, object] = {"top": 1, "top_color": "#1F3864"}

_A4 = 9
_FOOTER = "&L&A&R&P / &N"
# Inches: the footer needs its own below the table.
_MARGINS = {"left": 0.4, "right": 0.4, "top": 0.5, "bottom": 0.7}

# A line of 11 points with room for Chinese fonts, whose lines are taller than Latin ones.
_LINE_POINTS = 16
# So that the last line of a row does not touch the next one.
_AIR_POINTS = 4
# Latin words break before the end of a line, and fonts differ in width.
_BREAKING_LOSS = 1.1
# The arrow of the filter covers some characters of a header.
_FILTER_CHARACTERS = 3
# Excel allows 409 points to a row.
_MAX_LINES = 25


class SheetColumn(NamedTuple):
    header: str
    width: int
    style: Style = "text"
    tone: Tone = "own"


class SheetLayout(NamedTuple):
    """How a sheet shows and prints; None prints all columns.

    A line parts the rows where the column of `group_rank` (by its place) is 1. A sheet that is
    too wide for one page repeats its frozen columns on each of `pages_wide`.
    """

    tab_color: str = "#1F3864"
    frozen_columns: int = 0
    printed_columns: int | None = None
    group_rank: int | None = None
    is_filtered: bool = True
    pages_wide: int = 1


def header_look(tone: Tone) -> dict[str, object]:
    return {**_HEADER, "bg_color": _TONES[tone]}


def set_up_page(sheet: Worksheet, layout: SheetLayout) -> None:
    """Landscape A4, the header on every page and in view."""
    sheet.set_tab_color(layout.tab_color)
    sheet.freeze_panes(1, layout.frozen_columns)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(layout.pages_wide, 0)
    sheet.repeat_rows(0)
    if layout.pages_wide > 1 and layout.frozen_columns:
        sheet.repeat_columns(0, layout.frozen_columns - 1)
    sheet.set_margins(**_MARGINS)
    sheet.set_footer(_FOOTER)


def row_height(cells: Sequence[Cell], columns: Sequence[SheetColumn]) -> int:
    """In points. Stated, because line ends in cells that don't wrap would stretch the row."""
    lines = 1
    for cell, column in zip(cells, columns, strict=False):
        if column.style == "wrapped" and isinstance(cell, str):
            lines = max(lines, _lines(cell, column.width))
    return _LINE_POINTS * lines + _AIR_POINTS


def header_height(columns: Sequence[SheetColumn]) -> int:
    """In points, with some air above and below."""
    lines = (_lines(c.header, c.width - _FILTER_CHARACTERS) for c in columns)
    return _LINE_POINTS * max(lines, default=1) + 2 * _AIR_POINTS


def _lines(text: str, width: int) -> int:
    """How many lines the text takes in a cell that is `width` digits wide."""
    # GB18030 has two bytes for a Chinese character, which is as wide as two digits.
    widths = (len(line.encode("gb18030", "replace")) for line in text.split("\n"))
    lines = sum(max(1, math.ceil(wide * _BREAKING_LOSS / width)) for wide in widths)
    return min(lines, _MAX_LINES)
