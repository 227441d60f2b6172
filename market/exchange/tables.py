"""What every format of a file yields: headers and records, before anything is understood."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from market.errors import FileRefused
from market.exchange.headers import titles_understood
from market.exchange.headings import TableKind
from market.exchange.problems import RowProblem, Source, quoted
from market.exchange.system_errors import READING, refuse_system_error

# A bigger export is cut into parts by the system that wrote it; reading holds it in memory.
MAX_FILE_BYTES = 512 * 1024 * 1024
# The rows of an Excel sheet; text files are held to the same.
MAX_ROWS = 1_048_576
# The widest forms known have some 60 columns; a file with more than this is no table.
MAX_COLUMNS = 1_000
# The header stands within the first rows, below a title and a line of hints at most.
HEADER_ROWS = 20

_SHOWN_HEADERS = 30


class Record(NamedTuple):
    """One row: `names` are the headers of its cells, `line` counts as the file counts rows."""

    line: int
    names: tuple[str, ...]
    cells: Sequence[object]


class Table(NamedTuple):
    """A file's rows below its header, blank ones left out; bad ones as the reason why.

    `headers` is empty where each record brings its own (.jsonl).
    """

    headers: tuple[str, ...]
    header_line: int
    records: Iterator[Record | RowProblem]
    warnings: list[RowProblem]


def check_file(source: Source) -> None:
    """Raises FileRefused unless the path is a readable file of a fair size with something in it."""
    path = source.path
    try:
        # A NUL or an unpaired surrogate in the name makes the system call itself fail.
        size_bytes = path.stat().st_size
        if path.is_dir():
            raise source.refuse("is_folder")
        if not path.is_file():
            raise source.refuse("not_a_file")
        with path.open("rb"):
            pass
    except (OSError, ValueError) as error:
        raise refuse_for(source, error) from None
    if size_bytes > MAX_FILE_BYTES:
        raise source.refuse("too_big", limit=MAX_FILE_BYTES // 1024 // 1024)
    if not size_bytes:
        raise source.refuse("empty")


def refuse_for(source: Source, error: OSError | ValueError) -> FileRefused:
    """What an error of the system means for the file's owner."""
    return refuse_system_error(source, error, READING)


def refuse_headers(source: Source, found: Iterable[str], kind: TableKind) -> FileRefused:
    """The error for a file in which no column of titles is recognised."""
    headers = [quoted(header) for header in found if header.strip()][:_SHOWN_HEADERS]
    separator = "、" if source.lang == "zh" else ", "
    shown = separator.join(headers) or "–"
    understood = separator.join(titles_understood(kind))
    return source.refuse("headers_unknown", found=shown, understood=understood)


def without_trailing_blanks(cells: Sequence[str]) -> list[str]:
    """The cells up to the last one with content."""
    width = max((place for place, cell in enumerate(cells, 1) if cell), default=0)
    return list(cells[:width])


def named_headers(
    source: Source, header_line: int, cells: Sequence[str]
) -> tuple[tuple[str, ...], list[RowProblem]]:
    """Headers that differ from each other, and a warning for each one that was renamed.

    A column without a header is named after its place (列3).
    """
    names: dict[str, None] = {}
    warnings: list[RowProblem] = []
    for place, cell in enumerate(cells, 1):
        header = " ".join(cell.split())
        name = header or f"列{place}"
        number = 2
        while name in names:
            name = f"{header} ({number})"
            number += 1
        names[name] = None
        if header and name != header:
            problem = {"name": name}
            warnings.append(
                RowProblem(file_name(source), header_line, header, "header_repeated", problem)
            )
    return tuple(names), warnings


@lru_cache(maxsize=16)
def file_name(source: Source) -> str:
    return Path(source.path).name
