"""Reads files of results and needs as people have them; nothing here needs a database."""

from collections.abc import Callable, Iterator, Mapping, Set
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from market.exchange.formats import open_table
from market.exchange.headers import Column, columns_of, looks_swapped
from market.exchange.headings import ListingKind
from market.exchange.problems import Lang, RowProblem, Source
from market.exchange.rows import Row, RowError, need_of, result_of
from market.exchange.tables import Record, Table, file_name, refuse_headers
from schemas.listings import Need, Result

ListingT = TypeVar("ListingT", Result, Need)
Progress = Callable[[int], None]

_PROGRESS_EVERY_ROWS = 500
# A .jsonl file may give each line other keys; their meanings are kept for so many key sets.
_KEPT_LAYOUTS = 1_000
_ONCE_A_COLUMN = frozenset({"unit_assumed"})
_KIND_NAMES = {"result": ("成果", "results"), "need": ("需求", "needs")}


class ReadListings(msgspec.Struct, Generic[ListingT], kw_only=True):
    """What a file held. `rows` counts those with content: len(listings) + len(refused).

    `columns` are those of the source in its order, without extra columns that are empty in all
    rows: what is needed to write `extra` and `contacts` again as they came. `lines` tells in
    which row of the file the listing with an id stands; `without_id` are the ids of listings
    whose rows state none, or only their place in the file (序号).
    """

    listings: list[ListingT]
    refused: list[RowProblem]
    warnings: list[RowProblem]
    rows: int
    columns: tuple[Column, ...]
    lines: Mapping[str, int]
    without_id: Set[str]


def read_results(
    path: Path | str,
    *,
    lang: Lang = "zh",
    progress: Progress | None = None,
    sink: Callable[[Result], None] | None = None,
) -> ReadListings[Result]:
    """The results of a .jsonl, .csv, .tsv, .txt, .xlsx or .xlsm file.

    Bad rows are left out and told of in `refused`; FileRefused, its reason in `lang`, is raised
    only when nothing of the file can be read. `progress` gets the number of rows read so far,
    `sink` each result as soon as it is read.
    """
    return _Reader(Source(Path(path), lang), "result", result_of, progress, sink).read()


def read_needs(
    path: Path | str, *, lang: Lang = "zh", progress: Progress | None = None
) -> ReadListings[Need]:
    """The needs of a file; otherwise as `read_results`."""
    return _Reader(Source(Path(path), lang), "need", need_of, progress).read()


def results_of_table(source: Source, table: Table) -> ReadListings[Result]:
    """The results of a table that is open already; problems bear the name of `source`."""
    return _Reader(source, "result", result_of, None).read(table)


def needs_of_table(source: Source, table: Table) -> ReadListings[Need]:
    """The needs of a table that is open already; otherwise as `results_of_table`."""
    return _Reader(source, "need", need_of, None).read(table)


class _Reader(Generic[ListingT]):
    """One reading of one file."""

    def __init__(
        self,
        source: Source,
        kind: ListingKind,
        listing_of: Callable[[Row], ListingT],
        progress: Progress | None,
        sink: Callable[[ListingT], None] | None = None,
    ) -> None:
        self._sink: Callable[[ListingT], None] | None = sink
        self._source = source
        self._kind: ListingKind = kind
        self._listing_of: Callable[[Row], ListingT] = listing_of
        self._progress = progress
        self._layouts: dict[tuple[str, ...], tuple[Column, ...]] = {}
        self._columns: dict[str, Column] = {}
        self._filled_extras: set[str] = set()
        self._first_lines: dict[str, int] = {}
        self._without_id: set[str] = set()
        # Warnings that are worth one line a file: what was said of which column.
        self._said: set[tuple[str, str]] = set()
        self._listings: list[ListingT] = []
        self._refused: list[RowProblem] = []
        self._warnings: list[RowProblem] = []

    def read(self, table: Table | None = None) -> ReadListings[ListingT]:
        table = table or open_table(self._source, self._kind)
        self._warnings.extend(table.warnings)
        self._layout(table.headers, table.header_line)
        for rows, record in enumerate(table.records, 1):
            self._take(record)
            if self._progress is not None and rows % _PROGRESS_EVERY_ROWS == 0:
                self._progress(rows)
        return self._finished(table)

    def _finished(self, table: Table) -> ReadListings[ListingT]:
        rows = len(self._listings) + len(self._refused)
        names = list(self._columns)
        has_title = any(column.field == "title" for column in self._columns.values())
        if names and not has_title:
            raise refuse_headers(self._source, names, self._kind)
        if looks_swapped(names, self._kind):
            other = _KIND_NAMES["need" if self._kind == "result" else "result"]
            other_name = other[0 if self._source.lang == "zh" else 1]
            self._warn_once(table.header_line, "", "files_swapped", other=other_name)
        if not rows:
            self._warn_once(table.header_line, "", "no_rows")
        if self._progress is not None:
            self._progress(rows)
        return ReadListings(
            listings=self._listings,
            refused=self._refused,
            warnings=self._warnings,
            rows=rows,
            columns=tuple(self._kept_columns()),
            lines=self._first_lines,
            without_id=self._without_id,
        )

    def _kept_columns(self) -> Iterator[Column]:
        for column in self._columns.values():
            if column.kind == "field":
                yield column
            # The words that no vocabulary knows stay in `extra` under the header of their field.
            if column.header in self._filled_extras:
                yield Column(column.header, "contact" if column.kind == "contact" else "extra")

    def _take(self, record: Record | RowProblem) -> None:
        if isinstance(record, RowProblem):
            self._refused.append(record)
            return
        columns = self._layout(record.names, record.line)
        try:
            row = Row(file_name(self._source), record.line, columns, record.cells)
            listing = self._listing_of(row)
        except RowError as refusal:
            self._refused.append(refusal.problem)
            return
        if listing.id in self._first_lines:
            self._refused.append(self._duplicate(row, listing.id))
            return
        self._first_lines[listing.id] = record.line
        if not row.has_own_id():
            self._without_id.add(listing.id)
        self._filled_extras.update(listing.extra, listing.contacts)
        self._listings.append(listing)
        if self._sink:
            self._sink(listing)
        self._keep_warnings(row.warnings)

    def _layout(self, headers: tuple[str, ...], line: int) -> tuple[Column, ...]:
        """The meaning of a row's columns, worked out once for each set of headers."""
        known = self._layouts.get(headers)
        if known is not None:
            return known
        columns, repeated = columns_of(headers, self._kind)
        for repeat in repeated:
            self._warn_once(line, repeat.header, "field_repeated", first=repeat.first)
        for column in columns:
            self._columns.setdefault(column.header, column)
        if len(self._layouts) < _KEPT_LAYOUTS:
            self._layouts[headers] = columns
        return columns

    def _keep_warnings(self, warnings: list[RowProblem]) -> None:
        for warning in warnings:
            if warning.code not in _ONCE_A_COLUMN:
                self._warnings.append(warning)
            elif (warning.code, warning.column) not in self._said:
                self._said.add((warning.code, warning.column))
                self._warnings.append(warning)

    def _warn_once(self, line: int, column: str, code: str, **values: str) -> None:
        if (code, column) in self._said:
            return
        self._said.add((code, column))
        problem = RowProblem(file_name(self._source), line, column, code, values)
        self._warnings.append(problem)

    def _duplicate(self, row: Row, listing_id: str) -> RowProblem:
        column = next((c.header for c in row.columns if c.field == "id"), "")
        values = {"value": listing_id, "first": str(self._first_lines[listing_id])}
        return RowProblem(row.file, row.line, column, "duplicate_id", values)
