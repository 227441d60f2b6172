"""What an uploaded file asks for: its rows, and the references under which they are kept."""

import hashlib
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec

from market.exchange.headings import ListingKind
from market.exchange.listing_files import EXPORT_ONLY_HEADERS
from market.exchange.problems import RowProblem, Source, printable
from market.exchange.readers import ReadListings, read_needs, read_results
from schemas.listings import Need, Result
from search.text import fold

# What the columns of a listing hold, and what the forms of the marketplace take.
MAX_REFERENCE_CHARACTERS = 200
MAX_TEXT_CHARACTERS = 20_000
# Whole pages of listings are answered at once; no real row comes near.
MAX_ROW_BYTES = 100_000
_MAX_HEADER_CHARACTERS = 200
_KEPT_TITLE_CHARACTERS = 160
_TITLE = "title:"

_encode = msgspec.json.Encoder().encode


class Limits(msgspec.Struct, frozen=True):
    """What reading one file may take."""

    rows: int = 200_000
    seconds: float = 120


class ImportLine(msgspec.Struct, frozen=True, gc=False):
    """A row that can be imported: where it stands, and which listing of its owner it is."""

    line: int
    reference: str
    listing: Result | Need


class ReadImport(msgspec.Struct, frozen=True):
    """What a file asks for, in the order of its rows."""

    lines: Sequence[ImportLine]
    refused: Sequence[RowProblem]
    warnings: Sequence[RowProblem]


def read_import(
    content: bytes,
    file_name: str,
    kind: ListingKind,
    *,
    organisation: str,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> ReadImport:
    """The rows of an uploaded file; ends itself past its limits, so that a thread may run it.

    The same bytes always give the same lines. Raises FileRefused when nothing can be read.
    """
    with tempfile.TemporaryDirectory(prefix="duijie-import-") as folder:
        # Of the name that a stranger gave only the extension gets into a path of ours.
        path = Path(folder) / f"file{_extension(file_name)}"
        path.write_bytes(content)
        read = _read(path, kind, limits)
    return _Taking(read, file_name, organisation).all_lines()


def packed(lines: Sequence[ImportLine]) -> bytes:
    """The lines for keeping, so that what is carried out is what was checked."""
    told = [(line.line, line.reference, line.listing) for line in lines]
    return zlib.compress(msgspec.msgpack.encode(told), level=1)


def unpacked(content: bytes, kind: ListingKind) -> list[ImportLine]:
    """The lines that were packed."""
    listing: type = Result if kind == "result" else Need
    told = msgspec.msgpack.decode(zlib.decompress(content), type=list[tuple[int, str, listing]])  # type: ignore[valid-type]
    return [ImportLine(*each) for each in told]


def is_own_reference(reference: str | None) -> bool:
    """Whether the owner gave it; rows without an id are kept under their titles."""
    return reference is not None and not reference.startswith(_TITLE)


def title_reference(title: str) -> str:
    """What stands for the reference of a row without an id: its title, spelled evenly.

    So the same file twice changes nothing; a row whose title changed is another listing.
    """
    folded = " ".join(fold(title).split())
    if len(folded) > _KEPT_TITLE_CHARACTERS:
        digest = hashlib.sha256(folded.encode()).hexdigest()[:32]
        folded = folded[:_KEPT_TITLE_CHARACTERS] + digest
    return _TITLE + folded


def _extension(file_name: str) -> str:
    extension = Path(file_name).suffix.lower()
    return extension if extension.isascii() and extension[1:].isalnum() else ""


def _read(path: Path, kind: ListingKind, limits: Limits) -> ReadListings[Any]:
    source, ends_s = Source(path, "zh"), monotonic() + limits.seconds

    def check(rows: int) -> None:
        if monotonic() > ends_s:
            raise source.refuse("time_up", limit=limits.seconds)
        if rows > limits.rows:
            raise source.refuse("too_many_rows", limit=limits.rows)

    if kind == "result":
        return read_results(path, progress=check)
    return read_needs(path, progress=check)


class _Taking:
    """Takes the rows that were read into the marketplace, as far as it has room for them."""

    def __init__(self, read: ReadListings[Any], file_name: str, organisation: str) -> None:
        self._read = read
        self._file_name = file_name
        self._organisation = fold(organisation).strip()
        self._headers = {column.field: column.header for column in read.columns if column.field}
        self._references: dict[str, int] = {}
        # Told of once each: a file from elsewhere has the same name in every row.
        self._others: set[str] = set()
        self._refused = [self._as_stored(problem) for problem in read.refused]
        self._warnings = [self._as_stored(problem) for problem in read.warnings]

    def all_lines(self) -> ReadImport:
        lines = list(self._lines())
        return ReadImport(
            lines, sorted(self._refused, key=_place), sorted(self._warnings, key=_place)
        )

    def _lines(self) -> Iterator[ImportLine]:
        for read in self._read.listings:
            line = self._read.lines[read.id]
            listing = self._owned(read, line)
            reference = listing.id
            if listing.id in self._read.without_id:
                reference = title_reference(listing.title)
            if self._fits(listing, line) and self._is_distinct(reference, line):
                yield ImportLine(line, reference, listing)

    def _owned(self, read: Result | Need, line: int) -> Result | Need:
        """The listing as one of whoever imports it: another owner's name stays as a remark."""
        field = "institute" if isinstance(read, Result) else "enterprise"
        named: str = getattr(read, field)
        if fold(named).strip() == self._organisation:
            named = ""
        if named and named not in self._others:
            self._others.add(named)
            self._tell(line, self._headers.get(field, ""), "other_organisation", value=named)
        return msgspec.structs.replace(
            read, extra=_kept(read.extra), contacts=_kept(read.contacts), **{field: named}
        )

    def _fits(self, listing: Result | Need, line: int) -> bool:
        text_field = "summary" if isinstance(listing, Result) else "description"
        for field, limit in (
            ("id", MAX_REFERENCE_CHARACTERS),
            (text_field, MAX_TEXT_CHARACTERS),
        ):
            length = len(getattr(listing, field))
            if length > limit:
                header = self._headers.get(field, "")
                self._tell(line, header, "cell_too_long", length=str(length), limit=str(limit))
                return False
        if len(_encode(listing)) > MAX_ROW_BYTES:
            self._tell(line, "", "row_too_long", limit=str(MAX_ROW_BYTES))
            return False
        return True

    def _is_distinct(self, reference: str, line: int) -> bool:
        """Whether no row above means the same listing: without ids, titles must differ."""
        first = self._references.setdefault(reference, line)
        if first != line:
            self._tell(line, self._headers.get("title", ""), "title_repeated", first=str(first))
        return first == line

    def _tell(self, line: int, column: str, code: str, **values: str) -> None:
        problem = self._as_stored(RowProblem("", line, column, code, values))
        (self._refused if problem.kind == "refused" else self._warnings).append(problem)

    def _as_stored(self, problem: RowProblem) -> RowProblem:
        """As every database holds it, under the name that the file has for its owner."""
        values = {
            key: _storable(text)[:_MAX_HEADER_CHARACTERS] for key, text in problem.values.items()
        }
        return msgspec.structs.replace(
            problem,
            file=self._file_name,
            column=_storable(problem.column)[:_MAX_HEADER_CHARACTERS],
            values=values,
        )


def _kept(columns: Mapping[str, str]) -> dict[str, str]:
    """The columns of the owner's own, without those that only our exports have."""
    return {
        _storable(header)[:_MAX_HEADER_CHARACTERS]: text
        for header, text in columns.items()
        if header not in EXPORT_ONLY_HEADERS
    }


def _place(problem: RowProblem) -> int:
    return problem.line


def _storable(text: str) -> str:
    """Without the characters that PostgreSQL refuses: the keys of .jsonl may hold any."""
    return printable(text)
