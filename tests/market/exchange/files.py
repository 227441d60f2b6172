"""Files of results and needs as people and attackers make them."""

import csv
import io
import random
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
import xlsxwriter

BENCH = Path(__file__).parents[2] / "bench" / "data"

RESULT_HEADERS = ["成果编号", "成果名称", "成果简介", "技术领域", "转让价格（万元）", "技术成熟度"]
RESULT_ROW = ["R1", "石墨烯导热膜", "导热系数 1500 W/(m·K)", "新材料", "80", "7"]


def text_file(path: Path, rows: Sequence[Sequence[str]], encoding: str = "utf-8") -> Path:
    """A .csv with quotation where it is needed."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    path.write_bytes(buffer.getvalue().encode(encoding))
    return path


def json_lines(path: Path, *rows: object) -> Path:
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    return path


def workbook(path: Path, *sheets: Sequence[Sequence[object]]) -> Path:
    """A workbook with one sheet for each table; cells keep their types."""
    book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"})
    for rows in sheets:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, datetime):
                    sheet.write_datetime(number, column, cell)
                elif isinstance(cell, str) and cell.startswith("="):
                    sheet.write_formula(number, column, cell, value="#N/A")
                else:
                    sheet.write(number, column, cell)
    book.close()
    return path


def with_part(path: Path, part: str, content: bytes, target: Path) -> Path:
    """A copy of a workbook with one part replaced or added."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != part:
                new.writestr(name, old.read(name))
        new.writestr(part, content)
    return target


def sheet_xml(*cells: str) -> bytes:
    """A worksheet part with these cells, each `reference=text`, one row a cell."""
    rows = "".join(
        f'<row r="{int("".join(filter(str.isdigit, ref)))}">'
        f'<c r="{ref}" t="inlineStr"><is><t>{text}</t></is></c></row>'
        for ref, text in (cell.split("=") for cell in cells)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org'
        f'/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'
    ).encode()


def lying_zip(path: Path, part: str, target: Path) -> Path:
    """A copy whose directory states one byte as the size of a part, with a matching checksum."""
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        first_byte = archive.read(part)[:1]
    checksum = zlib.crc32(first_byte).to_bytes(4, "little")
    entry = data.rindex(part.encode()) - 46
    data[entry + 16 : entry + 20] = checksum
    data[entry + 24 : entry + 28] = (1).to_bytes(4, "little")
    target.write_bytes(data)
    return target


def mutated_files(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Broken copies of real files, always the same for a seed: name (with extension) and bytes."""
    rng = random.Random(seed)
    originals = _originals()
    for number in range(count):
        extension, original = originals[number % len(originals)]
        yield f"{number}{extension}", _mutated(rng, extension, original)


def _originals() -> list[tuple[str, bytes]]:
    lines = (BENCH / "results.jsonl").read_bytes().splitlines(keepends=True)[:12]
    rows = [msgspec.json.decode(line) for line in lines]
    headers = [
        "编号",
        "成果名称",
        "简介",
        "技术领域",
        "行业",
        "成熟度",
        "报价（万元）",
        "专利号",
        "电话",
    ]
    table: list[list[object]] = [[*headers], *(_table_row(row) for row in rows)]
    buffer = io.StringIO()
    csv.writer(buffer).writerows(table)
    book = io.BytesIO()
    _write_sheet(book, table)
    return [
        (".jsonl", b"".join(lines)),
        (".csv", buffer.getvalue().encode("utf-8-sig")),
        (".xlsx", book.getvalue()),
        (".csv", buffer.getvalue().encode("gb18030", "replace")),
        (".xlsx", book.getvalue()),
        (".tsv", buffer.getvalue().replace(",", "\t").encode("utf-16")),
    ]


def _table_row(row: dict[str, object]) -> list[object]:
    keys = ("id", "title", "summary", "field", "industries", "trl", "price_cny_10k", "patents")
    cells = [row.get(key) for key in keys]
    texts = ["、".join(cell) if isinstance(cell, list) else cell for cell in cells]
    return [*texts, "0595-0000"]


def _write_sheet(target: io.BytesIO, table: list[list[object]]) -> None:
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet("成果")
    sheet.merge_range(0, 0, 0, 5, "成果汇总表")
    for number, row in enumerate(table, 1):
        sheet.write_row(number, 0, row)
    sheet.write_formula(len(table) + 1, 1, "=NA()", value="#N/A")
    book.close()


def _mutated(rng: random.Random, extension: str, original: bytes) -> bytes:
    if extension == ".xlsx" and rng.random() < 0.8:
        return _with_mutated_part(rng, original)
    return _mutated_bytes(rng, original)


def _with_mutated_part(rng: random.Random, original: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(original)) as old, zipfile.ZipFile(target, "w") as new:
        hit = rng.choice(old.namelist())
        if rng.random() < 0.6:
            hit = rng.choice(["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, _mutated_bytes(rng, part, _XML_TOKENS) if name == hit else part)
    return target.getvalue()


_TOKENS = [
    *(b'"', b",", b"\n", b"\r", b"\x00", b"\xff", b"{", b"}", b"[", b"\\ud800", b"=1+1", b"'=x"),
    *("￥".encode(), "80万".encode(), b"NaN", b"1e999", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"-"),
]
_XML_TOKENS = [
    *(b"<", b">", b'"', b"&#0;", b"&amp;", b"<c/>", b"</row>", b"<row>", b'r="XFD1048576"'),
    *(b't="e"', b't="d"', b't="s"', b't="b"', b"<v>1e400</v>", b"<v>-1</v>", b"99999999999"),
    *(b"<!DOCTYPE a>", b"_x0000_", b'ref="A1:XFD9999999"', b'r="A0"', b's="99999"'),
]


def _mutated_bytes(rng: random.Random, data: bytes, tokens: Sequence[bytes] = _TOKENS) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 3, 8])):
        place = rng.randrange(len(changed) + 1)
        length = rng.choice([0, 1, 1, 4, 40, 400])
        match rng.randrange(6):
            case 0:
                changed[place : place + 1] = bytes([rng.randrange(256)])
            case 1:
                changed[place:place] = rng.choice(tokens)
            case 2:
                del changed[place : place + length]
            case 3:
                changed[place:place] = changed[place : place + length]
            case 4:
                changed[place : place + length] = rng.choice(tokens)
            case 5 if rng.random() < 0.2:
                del changed[place:]
    return bytes(changed)
