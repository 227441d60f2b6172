"""Reads a spreadsheet of organisations that come to a fair. Pure but for the file itself."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from market.errors import FieldError, FileRefused, Invalid
from market.exchange.cells import CellError, cell_text, undefuse
from market.exchange.formats import open_table
from market.exchange.headers import columns_of
from market.exchange.problems import RefusedFile, RowProblem, Source
from market.exchange.tables import Record
from schemas.fair_registrations import DelegateForm, Reference, Teams
from schemas.vocab import Lang

MOST_ROWS = 1_000
_PHONE = ("电话", "手机", "联系方式", "phone", "mobile", "tel")
_EMAIL = ("邮箱", "邮件", "email", "mail")
_EXTENSIONS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")


class SheetProblem(msgspec.Struct, frozen=True):
    """Why a row is refused: the column where one is to blame, and the reason."""

    column: str | None
    zh: str
    en: str


class SheetRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `problem` tells why it can't be used, whatever else it holds."""

    line: int
    organisation: str = ""
    credit_code: str = ""
    reference: str | None = None
    zone: str = ""
    delegation: str = ""
    teams: int = 1
    note: str = ""
    delegate: DelegateForm | None = None
    problem: SheetProblem | None = None


def read_sheet(content: bytes, file_name: str, lang: Lang) -> list[SheetRow]:
    """The rows below the header, in their order. Raises Invalid for a file that can't be read."""
    extension = Path(file_name).suffix.lower()
    if extension not in _EXTENSIONS:
        raise _refused("请上传 xlsx 或 csv 文件", "Send an .xlsx or .csv file.")
    with tempfile.TemporaryDirectory(prefix="duijie-fair-") as folder:
        # Of the name that a stranger gave only the extension gets into a path of ours.
        path = Path(folder) / f"file{extension}"
        path.write_bytes(content)
        try:
            rows = list(_rows(Source(path, lang)))
        except RefusedFile as refusal:
            raise _refused(refusal.zh, refusal.en) from refusal
        except FileRefused as refusal:
            raise _refused(refusal.reason, refusal.reason) from refusal
    if len(rows) > MOST_ROWS:
        raise _refused(f"最多 {MOST_ROWS} 行", f"At most {MOST_ROWS} rows at a time.")
    return rows


def _refused(zh: str, en: str) -> Invalid:
    return Invalid(FieldError("#/file", zh, en))


def _rows(source: Source) -> Iterator[SheetRow]:
    table = open_table(source, "registration")
    columns, _ = columns_of(table.headers, "registration")
    meaning = {
        column.header: column.field or _contact(column.header) if column.kind != "extra" else ""
        for column in columns
    }
    for place, record in enumerate(table.records):
        if place > MOST_ROWS:
            raise _refused(f"最多 {MOST_ROWS} 行", f"At most {MOST_ROWS} rows at a time.")
        if isinstance(record, RowProblem):
            said = SheetProblem(None, record.reason("zh"), record.reason("en"))
            yield SheetRow(line=record.line, problem=said)
        else:
            yield _row(record, meaning)


def _contact(header: str) -> str:
    """Of the columns that tell of a person: what each holds."""
    said = header.lower()
    if any(word in said for word in _EMAIL):
        return "email"
    return "phone" if any(word in said for word in _PHONE) else "person"


def _row(record: Record, meaning: Mapping[str, str]) -> SheetRow:
    cells: dict[str, str] = {}
    headers: dict[str, str] = {}
    for name, cell in zip(record.names, record.cells, strict=False):
        field = meaning.get(name, "")
        if not field or field in cells:
            continue
        try:
            cells[field] = undefuse(cell_text(cell))
        except CellError:
            said = SheetProblem(name, "单元格无法读取", "The cell can't be read.")
            return SheetRow(line=record.line, problem=said)
        headers[field] = name
    return _checked(record.line, cells, headers)


def _checked(line: int, cells: Mapping[str, str], headers: Mapping[str, str]) -> SheetRow:
    name = cells.get("title", "")[:200]
    try:
        field = "teams"
        teams = msgspec.convert(cells.get("teams") or "1", Teams, strict=False)
        field = "reference"
        reference = msgspec.convert(cells.get("reference") or None, Reference | None)
        field = "person"
        delegate = _delegate(cells)
    except msgspec.ValidationError:
        said = SheetProblem(headers.get(field), "内容不合要求", "This is not valid.")
        return SheetRow(line=line, organisation=name, problem=said)
    problem = None
    if not name and not cells.get("credit_code"):
        problem = SheetProblem(headers.get("title"), "缺少单位名称", "The organisation is missing.")
    return SheetRow(
        line=line,
        organisation=name,
        credit_code=cells.get("credit_code", "").strip().upper(),
        reference=reference,
        zone=cells.get("zone", ""),
        delegation=cells.get("delegation", "")[:200],
        teams=teams,
        note=cells.get("note", "")[:1_000],
        delegate=delegate,
        problem=problem,
    )


def _delegate(cells: Mapping[str, str]) -> DelegateForm | None:
    if not cells.get("person"):
        return None
    said = {
        "name": cells["person"],
        "post": cells.get("post", ""),
        "phone": cells.get("phone", ""),
        "email": cells.get("email") or None,
    }
    return msgspec.convert(said, DelegateForm)
