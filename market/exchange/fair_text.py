"""Every list of a fair as .csv and .jsonl."""

from collections.abc import Callable, Mapping
from typing import BinaryIO

import msgspec

from market.exchange.csv_rows import write_csv_rows
from market.exchange.fair_agendas import FairView
from market.exchange.fair_figures import statistics_list
from market.exchange.fair_tables import (
    FairList,
    agendas_list,
    cell_of,
    json_of,
    meetings_list,
    pairs_list,
    participants_list,
    signings_list,
    table_plan_list,
    unplanned_list,
)
from schemas.fair_exports import FairCsvEncoding, FairListName

ListName = FairListName
# gb18030 is what older spreadsheets of Chinese offices expect; the other is UTF-8 with BOM.
CsvEncoding = FairCsvEncoding

FAIR_LISTS: Mapping[ListName, Callable[[FairView], FairList]] = {
    "participants": participants_list,
    "pairs": pairs_list,
    "meetings": meetings_list,
    "agendas": agendas_list,
    "table_plan": table_plan_list,
    "unplanned": unplanned_list,
    "signings": signings_list,
    "statistics": statistics_list,
}


def write_fair_csv(
    view: FairView, name: ListName, file: BinaryIO, encoding: CsvEncoding = "utf-8-sig"
) -> None:
    """One list for people: headers in the book's language, local times, CRLF, no formulas."""
    columns, rows = FAIR_LISTS[name](view)
    headers = [column.header(view.lang) for column in columns]
    cells = (
        [cell_of(value, column, view) for value, column in zip(row, columns, strict=True)]
        for row in rows
    )
    write_csv_rows(headers, cells, file, encoding=encoding)


def write_fair_jsonl(view: FairView, name: ListName, file: BinaryIO) -> None:
    """One list for programs: an object a line, its keys always English, times with offset."""
    columns, rows = FAIR_LISTS[name](view)
    keys = [column.key for column in columns]
    encoder = msgspec.json.Encoder()
    for row in rows:
        values = (json_of(value, view) for value in row)
        file.write(encoder.encode(dict(zip(keys, values, strict=True))) + b"\n")
