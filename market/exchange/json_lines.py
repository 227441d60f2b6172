"""Rows of a .jsonl file: one JSON object a line, its keys the headers."""

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from market.exchange.headings import TableKind
from market.exchange.problems import RowProblem, Source, printable
from market.exchange.tables import (
    MAX_COLUMNS,
    MAX_ROWS,
    Record,
    Table,
    file_name,
    refuse_for,
)

# A thousand cells of the greatest length allowed would be longer, but no real listing comes near.
MAX_LINE_BYTES = 8 * 1024 * 1024

_BOM = b"\xef\xbb\xbf"
_decoder = msgspec.json.Decoder()


def read_json_lines(source: Source, kind: TableKind) -> Table:  # noqa: ARG001 - as the other formats
    """The lines of the file as records; every bad line is a problem of its own."""
    return Table((), 1, _records(source), [])


def _records(source: Source) -> Iterator[Record | RowProblem]:
    try:
        with source.path.open("rb") as file:
            yield from _lines(source, file)
    except OSError as error:
        raise refuse_for(source, error) from None


def _lines(source: Source, file: BinaryIO) -> Iterator[Record | RowProblem]:
    line = 0
    while raw := file.readline(MAX_LINE_BYTES + 1):
        line += 1
        if line > MAX_ROWS:
            raise source.refuse("too_many_rows", limit=MAX_ROWS)
        if len(raw) > MAX_LINE_BYTES:
            _skip_rest_of_line(raw, file)
            limit = {"limit": str(MAX_LINE_BYTES)}
            yield RowProblem(file_name(source), line, "", "line_too_long", limit)
            continue
        raw = raw.removeprefix(_BOM) if line == 1 else raw
        if not raw.isspace() and raw:
            yield _record(source, line, raw)


def _skip_rest_of_line(raw: bytes, file: BinaryIO) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = file.readline(MAX_LINE_BYTES)


def _record(source: Source, line: int, raw: bytes) -> Record | RowProblem:
    def problem(code: str, **values: str) -> RowProblem:
        return RowProblem(file_name(source), line, "", code, values)

    try:
        row = _decoder.decode(raw)
    except UnicodeDecodeError:
        return problem("not_utf8")
    except RecursionError:
        return problem("json_unread", detail="nested too deeply")
    except msgspec.DecodeError as error:
        return problem("json_unread", detail=printable(str(error)))
    if not isinstance(row, dict):
        return problem("not_object")
    if len(row) > MAX_COLUMNS:
        return problem("too_many_cells", count=str(len(row)), limit=str(MAX_COLUMNS))
    return Record(line, tuple(row), list(row.values()))
