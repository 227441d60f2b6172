"""The organizer's workbook of a fair: one file with all that the organizer looks up and prints."""

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import BinaryIO, NamedTuple

from market.exchange.fair_agendas import FairView
from market.exchange.fair_book import FairSlot
from market.exchange.fair_figures import statistics_list
from market.exchange.fair_tables import (
    FairList,
    agendas_list,
    cell_of,
    meetings_list,
    pairs_list,
    participants_list,
    signings_list,
    unplanned_list,
)
from market.exchange.fair_words import Words, said
from market.exchange.problem_rows import PROBLEM_LAYOUT, problem_cells, problem_columns
from market.exchange.problems import RowProblem
from market.exchange.sheets import Book, Cell, SheetColumn, SheetLayout, writing_book

# Wider grids go over several pages side by side, so that the paper stays legible.
_SLOTS_A_PAGE = 8
_GRID_TABLE_WIDTH, _GRID_SLOT_WIDTH = 14, 22
_TWO_COLUMNS = SheetLayout(tab_color="#1F3864", is_filtered=False)
_KEY_WIDTH, _VALUE_WIDTH = 30, 90


class _Tab(NamedTuple):
    """A sheet that shows one list."""

    words: Words
    layout: SheetLayout
    list_of: Callable[[FairView], FairList]


_TABS = (
    _Tab(("参会单位", "Participants"), SheetLayout("#1F6E6E", frozen_columns=2), participants_list),
    _Tab(("配对", "Matched pairs"), SheetLayout("#7F4A0B", frozen_columns=2), pairs_list),
    _Tab(("会面", "Meetings"), SheetLayout("#1F3864", 4, printed_columns=12), meetings_list),
    # The line that parts two organisations stands above the first meeting of each.
    _Tab(
        ("各单位日程", "Agendas"),
        SheetLayout("#1F6E6E", 1, printed_columns=12, group_rank=1),
        agendas_list,
    ),
)
_UNPLANNED = _Tab(("未排定", "Unplanned"), SheetLayout("#C55A11", frozen_columns=2), unplanned_list)
_SIGNINGS = _Tab(("签约", "Signing list"), SheetLayout("#C00000"), signings_list)
_STATISTICS = _Tab(
    ("统计", "Statistics"), SheetLayout("#1F3864", is_filtered=False), statistics_list
)


def write_fair_workbook(
    view: FairView, file: BinaryIO, *, problems: Sequence[RowProblem] = ()
) -> None:
    """All sheets of a fair; `problems` are those of the spreadsheet that it came from, if any."""
    as_of = view.local(view.book.planned_at).date()
    with writing_book(file, as_of=as_of) as book:
        _write_facts(book, ("概况", "Overview"), overview(view), view)
        for tab in _TABS:
            _write_tab(book, tab, view)
        for day, slots in view.days().items():
            _write_grid(book, day, slots, view)
        _write_tab(book, _UNPLANNED, view)
        if view.book.signings:
            _write_tab(book, _SIGNINGS, view)
        _write_tab(book, _STATISTICS, view)
        if problems:
            _write_problems(book, problems, view)


def overview(view: FairView) -> Iterator[tuple[Words, Cell]]:
    """What the first sheet tells of the fair."""
    book, days = view.book, list(view.days().items())
    halls = dict.fromkeys(table.hall for table in book.tables if table.hall)
    yield ("名称", "Name"), book.name
    yield ("主办方", "Organizer"), book.organizer
    yield ("地点", "Venue"), book.venue
    yield ("地址", "Address"), book.address
    yield ("时区", "Time zone"), book.time_zone
    for day, slots in days:
        first, last = view.local(slots[0].begins_at), view.local(slots[-1].ends_at)
        count = said((f"{len(slots)} 场", f"{len(slots)} slots"), view.lang)
        yield ("日期", "Day"), f"{view.day_text(day)} {first:%H:%M}–{last:%H:%M} ({count})"
    yield ("展区", "Zones"), said(("、", ", "), view.lang).join(book.zones)
    yield ("展厅", "Halls"), said(("、", ", "), view.lang).join(halls)
    yield ("洽谈桌", "Tables"), len(book.tables)
    yield ("简介", "About"), book.about
    yield ("排定时间", "Planned at"), f"{view.local(book.planned_at):%Y-%m-%d %H:%M}"
    yield ("联系方式", "Contacts"), said(_CONSENT, view.lang)


_CONSENT = (
    "电话和邮箱仅在本人单独同意后列出（个人信息保护法第二十三条）。",
    "Telephone and mail are listed only with the person's separate consent (PIPL art. 23).",
)


def _write_facts(
    book: Book, words: Words, facts: Iterator[tuple[Words, Cell]], view: FairView
) -> None:
    headers = said(("项目", "What"), view.lang), said(("内容", "Value"), view.lang)
    columns = [
        SheetColumn(headers[0], _KEY_WIDTH, "wrapped"),
        SheetColumn(headers[1], _VALUE_WIDTH, "wrapped"),
    ]
    sheet = book.sheet(said(words, view.lang), columns, layout=_TWO_COLUMNS)
    for name, value in facts:
        sheet.write([said(name, view.lang), value])
    sheet.finish()


def _write_tab(book: Book, tab: _Tab, view: FairView) -> None:
    columns, rows = tab.list_of(view)
    looks = [SheetColumn(each.header(view.lang), each.width, each.style) for each in columns]
    sheet = book.sheet(said(tab.words, view.lang), looks, layout=tab.layout)
    for row in rows:
        sheet.write(
            [cell_of(value, column, view) for value, column in zip(row, columns, strict=True)]
        )
    sheet.finish()


def _write_grid(book: Book, day: date, slots: Sequence[FairSlot], view: FairView) -> None:
    """One day's table plan: a row for each table, a column for each slot."""
    columns = [
        SheetColumn(said(("桌号", "Table"), view.lang), _GRID_TABLE_WIDTH, "wrapped", "source"),
        *(SheetColumn(_grid_header(slot, view), _GRID_SLOT_WIDTH, "wrapped") for slot in slots),
    ]
    layout = SheetLayout(
        "#595959",
        frozen_columns=1,
        is_filtered=False,
        pages_wide=math.ceil(len(slots) / _SLOTS_A_PAGE),
    )
    name = said((f"桌位表 {day:%m-%d}", f"Table plan {day:%m-%d}"), view.lang)
    sheet = book.sheet(name, columns, layout=layout)
    taken = {
        (each.table.id, each.slot.id): f"{each.first.name}\n{each.second.name}"
        for each in view.appointments
        if each.is_on
    }
    for table in view.book.tables:
        place = "\n".join(filter(None, (table.name, table.hall)))
        sheet.write([place, *(taken.get((table.id, slot.id)) for slot in slots)])
    sheet.finish()


def _grid_header(slot: FairSlot, view: FairView) -> str:
    return f"{view.slot_numbers[slot.id]}\n{view.clock(slot)}"


def _write_problems(book: Book, problems: Sequence[RowProblem], view: FairView) -> None:
    columns = problem_columns(view.lang)
    # The file is known: what the organizer needs is the sheet.
    columns[0] = columns[0]._replace(header=said(("工作表", "Sheet"), view.lang))
    name = said(("退回行", "Refused rows"), view.lang)
    sheet = book.sheet(name, columns, layout=PROBLEM_LAYOUT)
    for problem in problems:
        sheet.write(problem_cells(problem, view.lang))
    sheet.finish()
