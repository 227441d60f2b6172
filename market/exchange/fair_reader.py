"""Reads the spreadsheet of a fair: one workbook, a sheet for each kind of row."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from market.exchange.fair_book import (
    BroughtListing,
    FairSlot,
    FairTable,
    ListingKind,
    Participant,
    ParticipantKind,
)
from market.exchange.fair_facts import brought_need, brought_result
from market.exchange.fair_file import FairFile, FairSettings, SheetParticipant, SheetWish
from market.exchange.fair_headings import OwnSheet, SheetKind, is_help, sheet_kind
from market.exchange.fair_people import (
    Directory,
    Hall,
    name_key,
    read_participants,
    read_wishes,
)
from market.exchange.fair_rows import SheetRows, rows_of
from market.exchange.fair_sheets import Notes, read_settings, read_slots, read_tables
from market.exchange.problems import Lang, RowProblem, Source
from market.exchange.readers import ReadListings, needs_of_table, results_of_table
from market.exchange.tables import check_file, file_name
from market.exchange.workbooks import WorkbookSheet, open_sheets, table_of
from schemas.listings import Need, Result

_EXTENSIONS = frozenset({".xlsx", ".xlsm"})


def read_fair(path: Path, *, lang: Lang = "zh") -> FairFile:
    """Everything that the workbook says of a fair; bad rows are left out and told of.

    Raises FileRefused for a file that is no workbook, and for one without slots or participants.
    Several sheets of one kind: the first counts.
    """
    source = Source(path, lang)
    check_file(source)
    if path.suffix.lower() not in _EXTENSIONS:
        raise source.refuse("fair_not_workbook")
    return _Reading(source).read()


ListingT = TypeVar("ListingT", Result, Need)


class _Brought(NamedTuple):
    """A listing, and where its sheet says whose it is."""

    kind: ListingKind
    listing: Result | Need
    owner: str
    sheet: str
    line: int
    column: str

    def problem(self, code: str) -> RowProblem:
        return RowProblem(self.sheet, self.line, self.column, code, {"value": self.owner})


class _Reading:
    """One reading of one workbook."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._notes = Notes(source.lang)
        self._sheets = self._known_sheets(open_sheets(source))

    def _known_sheets(self, sheets: Sequence[WorkbookSheet]) -> dict[SheetKind, WorkbookSheet]:
        known: dict[SheetKind, WorkbookSheet] = {}
        unread = []
        for sheet in sheets:
            kind = sheet_kind(sheet.name)
            if kind is not None and kind not in known:
                known[kind] = sheet
            elif not is_help(sheet.name):
                unread.append(sheet.name)
        if unread:
            self._warn("sheets_unread", others="、".join(unread))
        return known

    def read(self) -> FairFile:
        settings = self._settings()
        slots = self._slots(settings.time_zone)
        tables = self._tables()
        brought = [*self._results(), *self._needs()]
        hall = Hall(len(slots), frozenset(table.id for table in tables))
        participants = self._participants(hall, brought)
        owners = self._owners(participants, brought)
        taken = [each for each in brought if (each.kind, each.listing.id) in owners]
        return FairFile(
            settings=settings,
            slots=slots,
            tables=tables or self._assumed_tables(participants),
            participants=_with_listings(participants, owners, taken, self._source.lang),
            results=[each.listing for each in taken if isinstance(each.listing, Result)],
            needs=[each.listing for each in taken if isinstance(each.listing, Need)],
            owners=owners,
            wishes=self._wishes(participants, owners, taken),
            refused=self._notes.refused,
            warnings=self._notes.warnings,
        )

    def _settings(self) -> FairSettings:
        sheet = self._rows("fair")
        settings = read_settings(sheet, self._notes) if sheet else FairSettings()
        return msgspec.structs.replace(settings, name=settings.name or self._source.path.stem)

    def _slots(self, time_zone: str) -> tuple[FairSlot, ...]:
        sheet = self._rows("slots")
        slots = read_slots(sheet, time_zone, self._notes) if sheet else ()
        if not slots:
            raise self._source.refuse("fair_without_slots", why=self._first_refusal())
        return slots

    def _tables(self) -> tuple[FairTable, ...]:
        sheet = self._rows("tables")
        return read_tables(sheet, self._notes) if sheet else ()

    def _rows(self, kind: OwnSheet) -> SheetRows | None:
        """The rows of a sheet of our own, None where it is missing or has no header."""
        sheet = self._sheets.get(kind)
        rows = rows_of(sheet, kind, self._source.lang) if sheet else None
        if isinstance(rows, RowProblem):
            self._notes.refused.append(rows)
            return None
        return rows

    def _results(self) -> Iterator[_Brought]:
        if sheet := self._sheets.get("results"):
            # The sheet takes the place of a file in all that is told of its rows.
            source = Source(Path(sheet.name), self._source.lang)
            read = results_of_table(source, table_of(source, sheet, "result"))
            yield from self._noted(read, "result", "institute", sheet.name)

    def _needs(self) -> Iterator[_Brought]:
        if sheet := self._sheets.get("needs"):
            source = Source(Path(sheet.name), self._source.lang)
            read = needs_of_table(source, table_of(source, sheet, "need"))
            yield from self._noted(read, "need", "enterprise", sheet.name)

    def _noted(
        self, read: ReadListings[ListingT], kind: ListingKind, owner: str, sheet: str
    ) -> Iterator[_Brought]:
        self._notes.refused += read.refused
        self._notes.warnings += read.warnings
        column = next((each.header for each in read.columns if each.field == owner), "")
        for listing in read.listings:
            name = " ".join(str(getattr(listing, owner)).split())
            yield _Brought(kind, listing, name, sheet, read.lines[listing.id], column)

    def _participants(
        self, hall: Hall, brought: Sequence[_Brought]
    ) -> tuple[SheetParticipant, ...]:
        if sheet := self._rows("participants"):
            participants = read_participants(sheet, hall, self._notes)
        else:
            participants = _those_who_bring(brought)
            self._warn("participants_assumed")
        if not participants:
            raise self._source.refuse("fair_without_participants", why=self._first_refusal())
        return participants

    def _first_refusal(self) -> str:
        """So that who reads only the last line knows what to mend."""
        first = next(iter(self._notes.refused), None)
        return "" if first is None else f" ({first.text(self._source.lang)})"

    def _assumed_tables(self, participants: Sequence[SheetParticipant]) -> tuple[FairTable, ...]:
        """One for each team of those who keep their table, and at least one."""
        hosts = [each.participant for each in participants if each.participant.kind == "institute"]
        count = max(1, sum(host.teams for host in hosts))
        self._warn("tables_assumed", count=str(count))
        names = [f"{number:02d}" for number in range(1, count + 1)]
        return tuple(FairTable(id=name, name=name) for name in names)

    def _owners(
        self, participants: Sequence[SheetParticipant], brought: Sequence[_Brought]
    ) -> dict[tuple[str, str], str]:
        directory = Directory(participants)
        owners: dict[tuple[str, str], str] = {}
        for each in brought:
            found = directory.find(each.owner) if each.owner else set()
            if len(found) == 1:
                owners[each.kind, each.listing.id] = next(iter(found))
            elif not each.owner:
                self._notes.refused.append(each.problem("organisation_missing"))
            else:
                code = "organisation_ambiguous" if found else "organisation_unknown"
                self._notes.refused.append(each.problem(code))
        return owners

    def _wishes(
        self,
        participants: Sequence[SheetParticipant],
        owners: Mapping[tuple[str, str], str],
        taken: Sequence[_Brought],
    ) -> Sequence[SheetWish]:
        sheet = self._rows("wishes")
        if sheet is None:
            return ()
        targets: dict[str, set[str]] = {}
        for each in taken:
            owner = owners[each.kind, each.listing.id]
            for name in (each.listing.id, name_key(each.listing.title)):
                targets.setdefault(name, set()).add(owner)
        return read_wishes(sheet, Directory(participants), targets, self._notes)

    def _warn(self, code: str, **values: str) -> None:
        problem = RowProblem(file_name(self._source), 0, "", code, values)
        self._notes.warnings.append(problem)


def _those_who_bring(brought: Sequence[_Brought]) -> tuple[SheetParticipant, ...]:
    """Participants as the listings name them: who has results is an institute."""
    kinds: dict[str, ParticipantKind] = {}
    names: dict[str, str] = {}
    for each in brought:
        if each.owner:
            names.setdefault(name_key(each.owner), each.owner)
            kinds.setdefault(
                name_key(each.owner), "institute" if each.kind == "result" else "enterprise"
            )
    return tuple(
        SheetParticipant(participant=Participant(id=name, kind=kinds[key], name=name))
        for key, name in names.items()
    )


def _with_listings(
    participants: Sequence[SheetParticipant],
    owners: Mapping[tuple[str, str], str],
    taken: Sequence[_Brought],
    lang: Lang,
) -> tuple[SheetParticipant, ...]:
    brings: dict[str, list[BroughtListing]] = {}
    for each in taken:
        listing = each.listing
        shown = (
            brought_result(listing, lang)
            if isinstance(listing, Result)
            else brought_need(listing, lang)
        )
        brings.setdefault(owners[each.kind, listing.id], []).append(shown)
    return tuple(
        msgspec.structs.replace(
            each,
            participant=msgspec.structs.replace(
                each.participant, listings=tuple(brings.get(each.participant.id, ()))
            ),
        )
        for each in participants
    )
