"""From a spreadsheet to signed projects; nothing here needs a database.

A row that could make a sum wrong is refused. A label that stands twice may be two things: both
rows stay, with a warning and the source's own words.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec

from market.exchange.cells import cell_text, word_set
from market.exchange.formats import open_table
from market.exchange.headers import Column, columns_of
from market.exchange.import_files import (
    MAX_REFERENCE_CHARACTERS,
    MAX_ROW_BYTES,
    title_reference,
)
from market.exchange.money import parse_amount
from market.exchange.problems import RowProblem, Source, printable
from market.exchange.rows import Row, RowError
from market.exchange.tables import Record
from schemas import vocab
from search.text import fold

MAX_ROWS = 5_000
MAX_SECONDS = 20
_MAX_TITLE, _MAX_PARTY, _MAX_PARTIES, _MAX_BATCH, _MAX_NOTE = 200, 200, 20, 40, 1_000
_MAX_PLACE = 100_000
_KEPT_HEADER = 200
_ON_STAGE = word_set(
    "上台 上台签约 台上 台上签约 现场 现场签约 是 on onstage on_stage yes true 1 √"
)
_OFF_STAGE = word_set(
    "线下 线下签约 台下 台下签约 不上台 会下 场下 否 off offstage off_stage no false 0 ×"
)


class ProjectLine(msgspec.Struct, frozen=True, kw_only=True):
    """A project as a row states it. `reference` is the same whenever the file comes again."""

    line: int
    reference: str
    title: str
    parties: tuple[str, ...]
    kind: str
    amount_cny: int | None
    is_on_stage: bool
    batch: str
    place: int
    note: str
    source: Mapping[str, str]


class ReadProjects(msgspec.Struct, frozen=True):
    """What a file holds, and what is wrong with it, in the order of its rows."""

    lines: Sequence[ProjectLine]
    problems: Sequence[RowProblem]

    @property
    def refused(self) -> int:
        return sum(problem.kind == "refused" for problem in self.problems)


def read_projects(content: bytes, file_name: str) -> ReadProjects:
    """The projects of an uploaded .xlsx, .csv or .jsonl file.

    The same bytes always give the same lines. Ends itself past its limits, so that a thread may
    run it. Raises FileRefused when nothing can be read.
    """
    with tempfile.TemporaryDirectory(prefix="duijie-signing-") as folder:
        extension = Path(file_name).suffix.lower()
        is_plain = extension.isascii() and extension[1:].isalnum()
        path = Path(folder) / f"file{extension if is_plain else ''}"
        path.write_bytes(content)
        return _Reading(Source(path, "zh"), printable(file_name)).all_lines()


class _Reading:
    """One reading of one file."""

    def __init__(self, source: Source, shown_name: str) -> None:
        self._source = source
        self._shown_name = shown_name
        self._ends_s = monotonic() + MAX_SECONDS
        self._lines: list[ProjectLine] = []
        self._problems: list[RowProblem] = []
        # Where each own id, and each label, stood first.
        self._ids: dict[str, int] = {}
        self._labels: dict[str, list[int]] = {}

    def all_lines(self) -> ReadProjects:
        table = open_table(self._source, "signing")
        self._problems += [self._shown(each) for each in table.warnings]
        for number, record in enumerate(table.records, 1):
            self._refuse_endless(number)
            if isinstance(record, RowProblem):
                self._problems.append(self._shown(record))
            else:
                self._take(record)
        if not self._lines and not self._problems:
            self._problems.append(RowProblem(self._shown_name, table.header_line, "", "no_rows"))
        return ReadProjects(self._lines, self._problems)

    def _refuse_endless(self, number: int) -> None:
        if number > MAX_ROWS:
            raise self._source.refuse("too_many_rows", limit=MAX_ROWS)
        if monotonic() > self._ends_s:
            raise self._source.refuse("time_up", limit=MAX_SECONDS)

    def _take(self, record: Record) -> None:
        columns, repeated = columns_of(record.names, "signing")
        if not self._lines:
            self._problems += [
                RowProblem(
                    self._shown_name,
                    record.line,
                    each.header,
                    "field_repeated",
                    {"first": each.first},
                )
                for each in repeated
            ]
        try:
            row = _ProjectRow(self._shown_name, record.line, columns, record.cells)
            line = self._line(row)
        except RowError as refusal:
            self._problems.append(self._shown(refusal.problem))
            return
        self._lines.append(line)
        self._problems += [self._shown(each) for each in row.warnings]

    def _line(self, row: "_ProjectRow") -> ProjectLine:
        title = row.bounded("title", row.title(), _MAX_TITLE)
        line = ProjectLine(
            line=row.line,
            reference=self._reference(row, title),
            title=title,
            parties=row.parties(),
            kind=row.kind(),
            amount_cny=row.amount(),
            is_on_stage=row.is_on_stage(),
            batch=row.bounded("batch", row.text("batch"), _MAX_BATCH),
            place=row.place(),
            note=row.bounded("note", row.text("note"), _MAX_NOTE),
            source=row.source,
        )
        row.refuse_too_long(line)
        if line.amount_cny is None and line.kind != "framework":
            row.warn("amount", "amount_missing")
        self._note(row, line)
        return line

    def _reference(self, row: "_ProjectRow", title: str) -> str:
        if not row.has_own_id():
            # The second row of a label is the second one also when the file comes again.
            place = len(self._labels.get(fold(title), ())) + 1
            return title_reference(title) + (f"#{place}" if place > 1 else "")
        own = row.bounded("id", row.text("id"), MAX_REFERENCE_CHARACTERS)
        if own in self._ids:
            raise row.refuse("id", "duplicate_id", value=own, first=str(self._ids[own]))
        return own

    def _note(self, row: "_ProjectRow", line: ProjectLine) -> None:
        """What later rows are compared with; a refused row is none of it."""
        if row.has_own_id():
            self._ids[line.reference] = line.line
        before = self._labels.setdefault(fold(line.title), [])
        if before:
            row.warn("title", "label_repeated", value=line.title, first=str(before[0]))
        before.append(line.line)

    def _shown(self, problem: RowProblem) -> RowProblem:
        """Under the name that the file has for its owner, on one line each."""
        values = {key: printable(text)[:_KEPT_HEADER] for key, text in problem.values.items()}
        column = printable(problem.column)[:_KEPT_HEADER]
        return msgspec.structs.replace(problem, file=self._shown_name, column=column, values=values)


class _ProjectRow(Row):
    """A row's cells as what a signed project has; raises RowError where they make no sense."""

    def __init__(
        self, file: str, line: int, columns: Sequence[Column], cells: Sequence[object]
    ) -> None:
        super().__init__(file, line, columns, cells)
        # The row as it came, but for people's contact details.
        self.source = {
            printable(column.header)[:_KEPT_HEADER]: text
            for column, cell in zip(columns, cells, strict=True)
            if column.kind != "contact" and (text := cell_text(cell))
        }

    def kind(self) -> str:
        text = self.text("kind")
        entry = vocab.signing_kinds().find(text)
        if entry is None:
            raise self.refuse("kind", "signing_kind_unread", value=text)
        return entry.code

    def amount(self) -> int | None:
        if "amount" not in self._cells:
            return None
        column, _, text = self._cells["amount"]
        try:
            return parse_amount(text, unit_cny=column.unit_cny)
        except ValueError:
            raise self.refuse("amount", "amount_unread", value=text) from None

    def is_on_stage(self) -> bool:
        """A ceremony's projects are signed on stage where nothing else is said."""
        text = self.text("stage")
        key = fold(text).replace(" ", "")
        if text and key not in _ON_STAGE | _OFF_STAGE:
            raise self.refuse("stage", "stage_unread", value=text)
        return key not in _OFF_STAGE

    def place(self) -> int:
        text = self.text("place")
        if not text:
            return 0
        if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text) <= _MAX_PLACE):
            raise self.refuse("place", "place_unread", value=text)
        return int(text)

    def parties(self) -> tuple[str, ...]:
        named = [*self.items("parties"), *self.items("party_a"), *self.items("party_b")]
        parties = tuple(dict.fromkeys(named))
        if len(parties) > _MAX_PARTIES:
            raise self.refuse(
                "parties", "too_many_parties", count=str(len(parties)), limit=str(_MAX_PARTIES)
            )
        return tuple(self.bounded("parties", party, _MAX_PARTY) for party in parties)

    def bounded(self, field: str, text: str, limit: int) -> str:
        if len(text) > limit:
            raise self.refuse(field, "cell_too_long", length=str(len(text)), limit=str(limit))
        # One line each, as everything else of a project.
        return " ".join(text.split()) if field != "note" else text

    def refuse_too_long(self, line: ProjectLine) -> None:
        if len(msgspec.json.encode(line)) > MAX_ROW_BYTES:
            raise self.refuse("", "row_too_long", limit=str(MAX_ROW_BYTES))

    def warn(self, field: str, code: str, **values: str) -> None:
        self.warnings.append(RowProblem(self.file, self.line, self._header_of(field), code, values))

    def refuse(self, field: str, code: str, **values: str) -> RowError:
        return self._refuse(self._header_of(field), code, **values)

    def _header_of(self, field: str) -> str:
        return self._cells[field][0].header if field in self._cells else ""


def columns_of_line(line: ProjectLine) -> dict[str, Any]:
    """What of a line a project stores."""
    columns = msgspec.structs.asdict(line)
    del columns["line"]
    return columns | {"parties": list(line.parties), "source": dict(line.source)}
