"""Pairs as a workbook: pairs, one line a need, needs without a result, refused rows, about."""

from collections.abc import Iterable
from typing import BinaryIO

from market.exchange.cells import clean
from market.exchange.pair_columns import PairColumn, own_columns, pair_columns
from market.exchange.pair_report import PairReport, PairRow
from market.exchange.problem_rows import PROBLEM_LAYOUT, problem_cells, problem_columns
from market.exchange.sheets import (
    Book,
    Cell,
    Place,
    Sheet,
    SheetColumn,
    SheetLayout,
    writing_book,
)
from schemas.listings import Need

# Need, rank and result: who is paired stays in view beside every further column.
_FROZEN_PAIR_COLUMNS = 4
_NEED_ID_COLUMN, _RANK_COLUMN = 0, 2


def write_workbook(report: PairReport, pairs: Iterable[PairRow], file: BinaryIO) -> None:
    """All sheets of a report; the pairs are read once and not kept."""
    with writing_book(file, as_of=report.as_of) as book:
        _Workbook(report, book).write(pairs)


class _Workbook:
    def __init__(self, report: PairReport, book: Book) -> None:
        self._report = report
        self._zh = report.lang == "zh"
        self._columns = pair_columns(report, for_sheets=True)
        # The order in which sheets are made is that of their tabs.
        self._pairs = self._pair_sheet(book, "配对", "Pairs", "#1F3864")
        self._needs = self._sheet(book, "需求一览", "Needs", _OVERVIEW)
        self._without = self._sheet(book, "无合适成果", "Needs without a result", _WITHOUT)
        self._reverse = (
            self._pair_sheet(book, "成果找需求", "Needs for results", "#7F4A0B")
            if report.both_ways
            else None
        )
        self._problems = book.sheet(
            "退回行" if self._zh else "Refused rows",
            problem_columns(report.lang),
            layout=PROBLEM_LAYOUT,
        )
        self._about = self._sheet(book, "说明", "About", _ABOUT)
        self._without_ids: set[str] = set()
        self._without_taken = 0
        self._need_places: dict[str, Place] = {}
        self._first_pairs: dict[str, Place] = {}

    def write(self, pairs: Iterable[PairRow]) -> None:
        for pair in pairs:
            if pair.direction == "need":
                self._write_pair(pair)
            elif self._reverse is not None:
                self._reverse.write(self._cells(pair))
        for entry in self._report.without_result:
            self._write_without(*entry)
        for problem in (*self._report.refused, *self._report.warnings):
            self._problems.write(problem_cells(problem, self._report.lang))
        self._write_about()
        for sheet in (self._pairs, self._needs, self._without, self._problems, self._about):
            sheet.finish()
        if self._reverse is not None:
            self._reverse.finish()

    def _cells(self, pair: PairRow) -> list[Cell]:
        return [column.value(pair) for column in self._columns]

    def _write_pair(self, pair: PairRow) -> None:
        need_id = pair.need.id
        if need_id not in self._need_places:
            first = self._pairs.next_place
            if self._is_without(need_id):
                self._first_pairs[need_id] = first
            self._need_places[need_id] = self._write_need(pair, first)
        back = {_NEED_ID_COLUMN: self._need_places[need_id]}
        self._pairs.write(self._cells(pair), links=back)

    def _write_need(self, pair: PairRow, first: Place) -> Place:
        is_good = not self._is_without(pair.need.id)
        cells: list[Cell] = [
            pair.need.id,
            pair.need.title,
            pair.need.enterprise,
            self._yes_no(fact=is_good),
            pair.score,
            pair.result.title,
        ]
        return self._needs.write(cells, links={_NEED_ID_COLUMN: first})

    def _is_without(self, need_id: str) -> bool:
        # The list grows while the pairs are read; only its new end is taken in.
        for need, _, _ in self._report.without_result[self._without_taken :]:
            self._without_ids.add(need.id)
        self._without_taken = len(self._report.without_result)
        return need_id in self._without_ids

    def _write_without(self, need: Need, best_score: float | None, reason: str) -> None:
        first = self._first_pairs.get(need.id)
        place = self._without.write(
            [need.id, need.title, need.enterprise, best_score, reason, need.description],
            links=None if first is None else {_NEED_ID_COLUMN: first},
        )
        if need.id not in self._need_places:
            self._needs.write(
                [need.id, need.title, need.enterprise, self._yes_no(fact=False), best_score],
                links={_NEED_ID_COLUMN: place},
            )

    def _write_about(self) -> None:
        zh = self._zh
        score = _SCORE_ZH if zh else _SCORE_EN
        rows: list[tuple[str, str | int | float]] = [
            ("计算日期" if zh else "As of", self._report.as_of.isoformat()),
            ("每项需求最多成果数" if zh else "Results a need at most", self._report.top),
            *((clean(name), value) for name, value in self._report.summary().items()),
            ("得分" if zh else "Score", score),
            ("链接" if zh else "Links", _LINKS_ZH if zh else _LINKS_EN),
        ]
        for row in rows:
            self._about.write(row)

    def _yes_no(self, *, fact: bool) -> str:
        if self._zh:
            return "有" if fact else "无"
        return "yes" if fact else "no"

    def _pair_sheet(self, book: Book, zh: str, en: str, tab_color: str) -> Sheet:
        columns = [_sheet_column(column) for column in self._columns]
        layout = SheetLayout(
            tab_color=tab_color,
            frozen_columns=_FROZEN_PAIR_COLUMNS,
            # All fields of both sides would make the paper's letters too small to read.
            printed_columns=len(own_columns(self._report, for_sheets=True)),
            group_rank=_RANK_COLUMN,
        )
        return book.sheet(zh if self._zh else en, columns, layout=layout)

    def _sheet(self, book: Book, zh: str, en: str, columns: "_Columns") -> Sheet:
        layout, named = columns
        looks = [look._replace(header=c_zh if self._zh else c_en) for c_zh, c_en, look in named]
        return book.sheet(zh if self._zh else en, looks, layout=layout)


def _sheet_column(column: PairColumn) -> SheetColumn:
    return SheetColumn(column.header, column.width, column.style, column.tone)


_Columns = tuple[SheetLayout, tuple[tuple[str, str, SheetColumn], ...]]

_OVERVIEW: _Columns = (
    SheetLayout(tab_color="#1F6E6E", frozen_columns=1),
    (
        ("需求编号", "Need id", SheetColumn("", 14)),
        ("需求名称", "Need", SheetColumn("", 44, "wrapped")),
        ("企业", "Enterprise", SheetColumn("", 30, "wrapped")),
        ("合适成果", "Good result", SheetColumn("", 12, "centred")),
        ("最高得分", "Best score", SheetColumn("", 12, "score")),
        ("最佳成果", "Best result", SheetColumn("", 50, "wrapped")),
    ),
)
_WITHOUT: _Columns = (
    SheetLayout(tab_color="#C55A11", frozen_columns=1),
    (
        ("需求编号", "Need id", SheetColumn("", 14)),
        ("需求名称", "Need", SheetColumn("", 36, "wrapped")),
        ("企业", "Enterprise", SheetColumn("", 26, "wrapped")),
        ("最高得分", "Best score", SheetColumn("", 12, "score")),
        ("原因", "Why", SheetColumn("", 44, "wrapped")),
        ("需求描述", "Description", SheetColumn("", 70, "wrapped")),
    ),
)
_ABOUT: _Columns = (
    SheetLayout(tab_color="#595959", is_filtered=False),
    (
        ("项目", "What", SheetColumn("", 38, "wrapped")),
        ("内容", "Value", SheetColumn("", 90, "wrapped")),
    ),
)
_SCORE_ZH = (
    "0–100：双方各自愿意谈的可能性的几何平均，由“理由”和“不利因素”中列出的各项相加而来。"
    "未填写的项目不计入，也不扣分。"
)
_SCORE_EN = (
    "0–100: the geometric mean of how likely either side is to want a talk, made up of the points "
    "named under reasons and counter-reasons. What nobody filled in neither counts nor costs."
)
_LINKS_ZH = "“需求一览”的编号链接到该需求的第一个配对，配对表的需求编号链接回来。"
_LINKS_EN = "Ids in “Needs” lead to the need's first pair; need ids beside pairs lead back."
