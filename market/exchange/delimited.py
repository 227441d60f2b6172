"""Rows of .csv, .tsv and .txt files: encodings, delimiters, quotation marks."""

import codecs
import csv
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import NamedTuple, TextIO

from market.errors import FileRefused
from market.exchange.cells import clean, undefuse
from market.exchange.headers import columns_of, header_row
from market.exchange.headings import TableKind
from market.exchange.problems import RowProblem, Source
from market.exchange.tables import (
    HEADER_ROWS,
    MAX_COLUMNS,
    MAX_ROWS,
    Record,
    Table,
    file_name,
    named_headers,
    refuse_for,
    refuse_headers,
    without_trailing_blanks,
)

# A forgotten quotation mark would otherwise swallow the file into one record.
MAX_RECORD_CHARACTERS = 8 * 1024 * 1024

_CHUNK_BYTES = 1024 * 1024
# Comma first: it wins where none of them parts anything.
_DELIMITERS = (",", "\t", ";", "，")
# Comes back as a row of its own unless a quotation mark is still open at the end of the file.
_END = "\x1eend\x1e"
_SIGNATURES = {
    b"PK\x03\x04": "is_workbook",
    b"\xd0\xcf\x11\xe0": "old_workbook",
}
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


class _Head(NamedTuple):
    delimiter: str
    place: int
    cells: list[str]


def read_delimited(source: Source, kind: TableKind) -> Table:
    """The table of a text file in UTF-8, UTF-16 with BOM or GB18030; raises FileRefused."""
    encoding = _encoding(source)
    head = _best_head(source, encoding, kind)
    header_line = head.place + 1
    headers, warnings = named_headers(source, header_line, head.cells)
    records = _records(source, encoding, head.delimiter, headers, header_line)
    return Table(headers, header_line, records, warnings)


def _encoding(source: Source) -> str:
    with source.path.open("rb") as file:
        start = file.read(8)
    for signature, code in _SIGNATURES.items():
        if start.startswith(signature):
            raise source.refuse(code)
    for bom, encoding in _BOMS.items():
        if start.startswith(bom):
            line = _undecodable_line(source, encoding)
            if line:
                raise source.refuse("undecodable_as", line=line, encoding=encoding)
            return encoding
    bad_lines = []
    for encoding in ("utf-8", "gb18030"):
        line = _undecodable_line(source, encoding)
        if not line:
            return encoding
        bad_lines.append(line)
    raise source.refuse("undecodable", line=max(bad_lines))


def _undecodable_line(source: Source, encoding: str) -> int:
    """The physical line with the first bytes that aren't of the encoding; 0 when all are."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line_ends = 0
    try:
        with source.path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                line_ends += decoder.decode(chunk).count("\n")
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        good = error.object[: error.start].decode(encoding, "replace")
        return line_ends + good.count("\n") + 1
    except UnicodeError:
        return line_ends + 1
    except OSError as error:
        raise refuse_for(source, error) from None
    return 0


def _best_head(source: Source, encoding: str, kind: TableKind) -> _Head:
    """The delimiter under which the header row names most fields."""
    best: _Head | None = None
    most = 0
    heads = {delimiter: _first_rows(source, encoding, delimiter) for delimiter in _DELIMITERS}
    for delimiter, rows in heads.items():
        # One with too many columns is the wrong delimiter, or none is right.
        place = header_row([row[:MAX_COLUMNS] for row in rows], kind)
        if place is None:
            continue
        known = sum(c.kind == "field" for c in columns_of(rows[place][:MAX_COLUMNS], kind)[0])
        if known > most:
            best, most = _Head(delimiter, place, rows[place]), known
    if best is None:
        _refuse_broken_rows(source, encoding)
        widest = max((row for rows in heads.values() for row in rows), key=len, default=[])
        raise refuse_headers(source, widest, kind)
    _check_width(source, best)
    return best


def _first_rows(source: Source, encoding: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    # Under the wrong delimiter a good file may seem to have open quotation marks or endless
    # cells; under the right one they are met again when the rows are read.
    with suppress(FileRefused):
        for _, row in islice(_rows(source, encoding, delimiter), HEADER_ROWS):
            rows.append(without_trailing_blanks([undefuse(clean(cell)) for cell in row]))
    return rows


def _refuse_broken_rows(source: Source, encoding: str) -> None:
    for _ in islice(_rows(source, encoding, _DELIMITERS[0]), HEADER_ROWS):
        pass


def _check_width(source: Source, head: _Head) -> None:
    count = len(head.cells)
    if count > MAX_COLUMNS:
        line = head.place + 1
        raise source.refuse("too_many_columns", line=line, count=count, limit=MAX_COLUMNS)


def _rows(source: Source, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Every record with its number, blank ones too; raises FileRefused for broken quotation."""
    try:
        with source.path.open(encoding=encoding, newline="") as file:
            yield from _parsed(source, _Lines(source, file), delimiter)
    except (OSError, UnicodeError) as error:
        raise refuse_for(source, error) from None


class _Lines:
    """The lines of a file and the end mark, with a bound on what one record may take of them."""

    def __init__(self, source: Source, file: TextIO) -> None:
        self.record = 1
        # The text of the mark may stand in a file as well; there it ends nothing.
        self.ended = False
        self._record_characters = 0
        self._source = source
        self._file = file

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(MAX_RECORD_CHARACTERS):
            self._record_characters += len(line)
            if self._record_characters >= MAX_RECORD_CHARACTERS:
                raise self._source.refuse(
                    "record_too_long", line=self.record, limit=MAX_RECORD_CHARACTERS
                )
            yield line if line.endswith(("\n", "\r")) else line + "\n"
        self.ended = True
        yield _END

    def next_record(self) -> None:
        self.record += 1
        self._record_characters = 0


def _parsed(source: Source, lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(iter(lines), delimiter=delimiter)
    try:
        for row in reader:
            if lines.ended:
                if row == [_END]:
                    return
                break
            if lines.record > MAX_ROWS:
                raise source.refuse("too_many_rows", limit=MAX_ROWS)
            yield lines.record, row
            lines.next_record()
    except csv.Error:
        # Its only cause here is a field past the module's limit of 131,072 characters.
        limit = csv.field_size_limit()
        raise source.refuse("record_too_long", line=lines.record, limit=limit) from None
    raise source.refuse("quote_open", line=lines.record)


def _records(
    source: Source, encoding: str, delimiter: str, headers: tuple[str, ...], header_line: int
) -> Iterator[Record | RowProblem]:
    width = len(headers)
    blanks = [""] * width
    for line, row in _rows(source, encoding, delimiter):
        if line <= header_line or not any(map(str.strip, row)):
            continue
        if any(map(str.strip, row[width:])):
            values = {"count": str(len(row)), "limit": str(width)}
            yield RowProblem(file_name(source), line, "", "too_many_cells", values)
            continue
        cells = [undefuse(cell) for cell in row[:width]]
        yield Record(line, headers, cells + blanks[len(cells) :])
