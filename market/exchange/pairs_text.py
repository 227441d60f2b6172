"""Pairs as lines of text: .jsonl for programs, .csv for anything that opens tables."""

from collections.abc import Iterable
from typing import BinaryIO

import msgspec

from market.exchange.csv_rows import write_csv_rows
from market.exchange.pair_columns import pair_columns, pair_object
from market.exchange.pair_report import PairReport, PairRow


def write_jsonl(report: PairReport, pairs: Iterable[PairRow], file: BinaryIO) -> None:
    """One object a pair, UTF-8, LF."""
    encoder = msgspec.json.Encoder()
    file.writelines(encoder.encode(pair_object(pair, report)) + b"\n" for pair in pairs)


def write_csv(report: PairReport, pairs: Iterable[PairRow], file: BinaryIO) -> None:
    """A header and one row a pair; UTF-8 with BOM and CRLF, as Excel expects."""
    columns = pair_columns(report, for_sheets=False)
    rows = ([column.value(pair) for column in columns] for pair in pairs)
    write_csv_rows([column.header for column in columns], rows, file)
