"""A look through a workbook's parts before the reader gets it.

The reader (calamine) unzips a sheet whole and keeps a dense grid from the first used cell to the
last, each shared text copied into every cell that names it: a few hundred bytes can ask for
terabytes. Everything here streams, so that such a file is refused before it costs anything.
"""

import posixpath
import re
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from copy import copy
from typing import NamedTuple
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo

from market.exchange.problems import Source
from market.exchange.tables import MAX_COLUMNS, MAX_ROWS

# Sheets of a million rows with long texts stay below; a bomb does not.
MAX_UNZIPPED_BYTES = 1024 * 1024 * 1024
# Deflate reaches 1,032 at most; sheets of real data stay under 50.
MAX_RATIO = 200
# Small parts of few, equal lines pack well without harm.
_RATIO_MATTERS_BYTES = 64 * 1024 * 1024
# The reader keeps 32 bytes a cell, used or not: 640 MB at most.
MAX_GRID_CELLS = 20_000_000
# Text of all cells together, shared texts counted at each place.
_MAX_TEXT_CHARACTERS = 512 * 1024 * 1024
_MAX_PARTS = 10_000

_CHUNK_BYTES = 256 * 1024
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})", re.IGNORECASE | re.ASCII)
# Workbooks are UTF-8 or UTF-16 (ECMA-376 part 2); the other two are harmless and built in.
_ENCODINGS = frozenset({"utf-8", "utf-16", "us-ascii", "iso-8859-1"})
# Errors that the zip reader raises for damaged, truncated or exotic archives.
ZIP_ERRORS = (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


class SheetScan(NamedTuple):
    """What a sheet's part holds: where its error values stand (row and column from 0)."""

    name: str
    errors: dict[tuple[int, int], str]


class DamagedError(Exception):
    """The workbook is not what it says; the text says why, for its owner."""


def scan_workbook(source: Source, archive: ZipFile) -> list[SheetScan]:
    """The worksheets in their order; raises FileRefused for what must not reach the reader."""
    parts = _parts(source, archive)
    try:
        _drain_all(source, archive, parts)
        lengths = _shared_text_lengths(archive, parts)
        return [
            SheetScan(name, _scan_sheet(source, name, _stream(archive, parts[part]), lengths))
            for name, part in _sheets(archive, parts)
        ]
    except DamagedError as error:
        raise source.refuse("damaged", detail=error) from None
    except expat.ExpatError as error:
        raise source.refuse("damaged", detail=error) from None


def _parts(source: Source, archive: ZipFile) -> dict[str, ZipInfo]:
    infos = archive.infolist()
    parts = {info.filename.replace("\\", "/").lower(): info for info in infos}
    if any(info.flag_bits & 0x1 for info in infos):
        raise source.refuse("encrypted")
    if len(parts) != len(infos) or len(infos) > _MAX_PARTS:
        raise source.refuse("damaged", detail="zip")
    return parts


def _drain_all(source: Source, archive: ZipFile, parts: dict[str, ZipInfo]) -> None:
    """Unzips every part once to see its true size: the directory's figures may lie."""
    total = 0
    packed = sum(info.compress_size for info in parts.values()) or 1
    for info in parts.values():
        with closing(_stream(archive, info)) as chunks:
            for chunk in chunks:
                total += len(chunk)
                suspicious = total > _RATIO_MATTERS_BYTES and total > MAX_RATIO * packed
                if total > MAX_UNZIPPED_BYTES or suspicious:
                    raise source.refuse("bomb", limit=MAX_UNZIPPED_BYTES // 1024 // 1024)


def _stream(archive: ZipFile, info: ZipInfo) -> Generator[bytes, None, None]:
    """The part in pieces; to be closed, as a refusal in between would leave the file open."""
    # The zip reader stops at the size that the directory states; the reader of sheets does not.
    # With the size raised it goes on to the true end, and the checksum is compared there.
    honest = copy(info)
    honest.file_size = MAX_UNZIPPED_BYTES + 1
    with archive.open(honest) as part:
        while chunk := part.read(_CHUNK_BYTES):
            yield chunk


def _parse(chunks: Generator[bytes, None, None], parser: expat.XMLParserType) -> None:
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.XmlDeclHandler = _check_encoding
    with closing(chunks):
        for chunk in chunks:
            parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _check_encoding(_: str, encoding: str | None, __: int) -> None:
    # For any other name the parser asks Python's codecs, whose errors are no XML errors.
    if encoding is not None and encoding.lower() not in _ENCODINGS:
        raise DamagedError(encoding[:20])


def _refuse_doctype(*_: object) -> None:
    # No writer of workbooks makes one; entities are only good for bombs.
    raise DamagedError("DOCTYPE")


def _elements(archive: ZipFile, info: ZipInfo, name: str) -> list[dict[str, str]]:
    """The attributes of every element with this local name."""
    found: list[dict[str, str]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == name:
            found.append({key.rpartition(":")[2]: value for key, value in attributes.items()})

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    _parse(_stream(archive, info), parser)
    return found


def _sheets(archive: ZipFile, parts: dict[str, ZipInfo]) -> Iterator[tuple[str, str]]:
    """Name and part of each worksheet, by the workbook's table of contents."""
    for needed in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
        if needed not in parts:
            raise DamagedError(needed)
    targets = {
        relation.get("Id", ""): relation
        for relation in _elements(archive, parts["xl/_rels/workbook.xml.rels"], "Relationship")
    }
    for sheet in _elements(archive, parts["xl/workbook.xml"], "sheet"):
        relation = targets.get(sheet.get("id", ""), {})
        part = _part_of(relation.get("Target", ""))
        if part not in parts:
            raise DamagedError(part or sheet.get("name", ""))
        if relation.get("Type", "").endswith("/worksheet"):
            yield sheet.get("name", ""), part


def _part_of(target: str) -> str:
    if not target:
        return ""
    target = target.replace("\\", "/").lower()
    path = target.lstrip("/") if target.startswith(("/", "xl/")) else f"xl/{target}"
    return posixpath.normpath(path)


def _shared_text_lengths(archive: ZipFile, parts: dict[str, ZipInfo]) -> list[int]:
    """The length of each shared text, in the order in which cells number them."""
    lengths: list[int] = []
    if "xl/sharedstrings.xml" not in parts:
        return lengths

    def start(tag: str, _: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "si":
            lengths.append(0)

    def characters(text: str) -> None:
        if lengths:
            lengths[-1] += len(text)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.CharacterDataHandler = characters
    _parse(_stream(archive, parts["xl/sharedstrings.xml"]), parser)
    return lengths


class _SheetReader:
    """Follows the cells of one sheet: the box around those with content, errors, text."""

    def __init__(self, lengths: list[int]) -> None:
        self.errors: dict[tuple[int, int], str] = {}
        self.top = self.left = 1 << 30
        self.bottom = self.right = -1
        self.text_characters = 0
        self._lengths = lengths
        self._row = self._column = -1
        self._type = ""
        self._value: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "c":
            self._type = attributes.get("t", "")
            self._move_to_cell(attributes.get("r"))
        elif name in {"v", "is"}:
            self._grow()
            self._value = []
        elif name == "row":
            self._row = _row_number(attributes.get("r"), self._row)
            self._column = -1

    def end(self, tag: str) -> None:
        if self._value is None or tag.rpartition(":")[2] not in {"v", "is"}:
            return
        self._take("".join(self._value))
        self._value = None

    def characters(self, text: str) -> None:
        if self._value is not None:
            self._value.append(text)

    def _move_to_cell(self, reference: str | None) -> None:
        if reference is None:
            self._column += 1
            return
        match = _REFERENCE.fullmatch(reference)
        if match is None:
            raise DamagedError(reference[:20])
        self._row = int(match[2]) - 1
        self._column = _column_number(match[1])

    def _grow(self) -> None:
        self.top, self.bottom = min(self.top, self._row), max(self.bottom, self._row)
        self.left, self.right = min(self.left, self._column), max(self.right, self._column)

    def _take(self, text: str) -> None:
        if self._type == "e":
            self.errors[self._row, self._column] = text
        elif self._type == "s":
            with suppress(ValueError, IndexError):
                self.text_characters += self._lengths[int(text)]
        else:
            self.text_characters += len(text)


def _scan_sheet(
    source: Source, name: str, chunks: Generator[bytes, None, None], lengths: list[int]
) -> dict[tuple[int, int], str]:
    sheet = _SheetReader(lengths)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = sheet.start
    parser.EndElementHandler = sheet.end
    parser.CharacterDataHandler = sheet.characters

    def checked() -> Generator[bytes, None, None]:
        with closing(chunks):
            for chunk in chunks:
                yield chunk
                _check_size(source, name, sheet)

    _parse(checked(), parser)
    _check_size(source, name, sheet)
    return sheet.errors


def _check_size(source: Source, name: str, sheet: _SheetReader) -> None:
    rows, columns = sheet.bottom - sheet.top + 1, sheet.right - sheet.left + 1
    if rows <= 0:
        return
    too_large = (
        rows * columns > MAX_GRID_CELLS
        or columns > MAX_COLUMNS
        or sheet.bottom >= MAX_ROWS
        or sheet.text_characters > _MAX_TEXT_CHARACTERS
    )
    if too_large:
        raise source.refuse("sheet_too_large", sheet=name, rows=rows, columns=columns)


def _row_number(reference: str | None, previous: int) -> int:
    if reference is None:
        return previous + 1
    if not reference.isascii() or not reference.isdecimal() or len(reference) > 7:
        raise DamagedError(reference[:20])
    return int(reference) - 1


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1
