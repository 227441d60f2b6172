"""Which reader opens a file: told by its extension, as its owner sees it."""

from collections.abc import Callable

from market.exchange.delimited import read_delimited
from market.exchange.headings import TableKind
from market.exchange.json_lines import read_json_lines
from market.exchange.problems import Source
from market.exchange.tables import Table, check_file
from market.exchange.workbooks import read_workbook

_READERS: dict[str, Callable[[Source, TableKind], Table]] = {
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".xlsx": read_workbook,
    ".xlsm": read_workbook,
}


def open_table(source: Source, kind: TableKind) -> Table:
    """The table in a file, its format told by the extension; raises FileRefused."""
    extension = source.path.suffix.lower()
    check_file(source)
    if extension == ".xls":
        raise source.refuse("old_workbook")
    if extension not in _READERS:
        raise source.refuse("unknown_format")
    return _READERS[extension](source, kind)
