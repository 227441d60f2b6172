"""The sheets of a fair that say who: participants with their people, and their wishes."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from market.exchange.fair_book import Delegate, Participant, ParticipantKind, Wish
from market.exchange.fair_file import SheetParticipant, SheetWish
from market.exchange.fair_headings import (
    KIND_WORDS,
    NO_WORDS,
    SHEET_NAMES,
    WISH_WORDS,
    YES_WORDS,
    code_meant,
)
from market.exchange.fair_rows import FairRow, RefusedRow, SheetRows
from market.exchange.fair_sheets import MOST_SLOTS, Notes
from market.exchange.fair_words import KINDS, WISHES, said
from search.text import fold

_MOST_TEAMS = 10
_NO_LETTER = re.compile(r"[\W_]+")
_TABLE_SEPARATORS = re.compile(r"[、，,;；\n]+")


def name_key(name: str) -> str:
    """What is compared of an organisation's name: without case, width, blanks, punctuation."""
    return _NO_LETTER.sub("", fold(name))


class Hall(NamedTuple):
    """What the rows of participants refer to."""

    slots: int
    tables: frozenset[str]


class Directory:
    """The participants by id and by name."""

    def __init__(self, participants: Iterable[SheetParticipant]) -> None:
        self._by_id: dict[str, str] = {}
        self._by_name: dict[str, set[str]] = {}
        for each in participants:
            participant = each.participant
            self._by_id[participant.id] = participant.id
            self._by_name.setdefault(name_key(participant.name), set()).add(participant.id)

    def find(self, text: str) -> set[str]:
        """The ids that an id or a name means: one, none, or several of one name."""
        if text in self._by_id:
            return {text}
        return self._by_name.get(name_key(text), set())


def read_participants(sheet: SheetRows, hall: Hall, notes: Notes) -> tuple[SheetParticipant, ...]:
    """The participants in their order. A further row of the same one adds a delegate."""
    found: dict[str, SheetParticipant] = {}
    lines: dict[str, int] = {}
    names: dict[str, str] = {}
    for row in notes.taken(sheet):
        try:
            name = row.needed("name", SHEET_NAMES["participants"].zh)
            given = row.line_of("id")
            known = given or names.get(name_key(name), "")
            if known in found and name_key(found[known].participant.name) == name_key(name):
                found[known] = _with_delegate(found[known], row, notes)
                continue
            if given in found:
                raise row.refuse(
                    "id", "participant_id_repeated", value=given, first=str(lines[given])
                )
            made = _participant(row, given or name, name, hall, notes)
            found[made.participant.id] = made
            lines[made.participant.id] = row.line
            names.setdefault(name_key(name), made.participant.id)
        except RefusedRow as refusal:
            notes.refused.append(refusal.problem)
    return tuple(found.values())


def _participant(
    row: FairRow, participant_id: str, name: str, hall: Hall, notes: Notes
) -> SheetParticipant:
    teams = row.number("teams", 1, _MOST_TEAMS) or 1
    return SheetParticipant(
        participant=Participant(
            id=participant_id,
            kind=_kind(row, notes),
            name=name,
            zone=row.line_of("zone"),
            profile=row.text("profile"),
            teams=teams,
            delegates=_delegates(row, notes),
        ),
        line=row.line,
        most_meetings=row.number("most_meetings", 1, MOST_SLOTS),
        floor=row.number("floor", 0, MOST_SLOTS),
        absent=row.slot_numbers("absent", hall.slots),
        tables=_own_tables(row, teams, hall),
    )


def _kind(row: FairRow, notes: Notes) -> ParticipantKind:
    text = row.needed("kind", "类别")
    kind = code_meant(text, KIND_WORDS)
    if kind is None:
        known = said(("、", ", "), notes.lang).join(
            said(words, notes.lang) for words in KINDS.values()
        )
        raise row.refuse("kind", "kind_unread", value=text, known=known)
    return msgspec.convert(kind, ParticipantKind)  # type: ignore[no-any-return]


def _own_tables(row: FairRow, teams: int, hall: Hall) -> tuple[str, ...]:
    names = [" ".join(part.split()) for part in _TABLE_SEPARATORS.split(row.text("tables"))]
    tables = tuple(dict.fromkeys(filter(None, names)))
    for table in tables:
        if table not in hall.tables:
            sheet = SHEET_NAMES["tables"].zh
            raise row.refuse("tables", "table_unknown", value=table, sheet=sheet)
    if tables and len(tables) != teams:
        raise row.refuse("tables", "tables_too_few", count=str(len(tables)), teams=str(teams))
    return tables


def _with_delegate(known: SheetParticipant, row: FairRow, notes: Notes) -> SheetParticipant:
    participant = known.participant
    for field, before in (("kind", participant.kind), ("zone", participant.zone)):
        text = row.line_of(field)
        now = code_meant(text, KIND_WORDS) if field == "kind" else text
        if text and now != before:
            notes.warnings.append(row.problem(field, "kind_differs", first=str(known.line)))
    delegates = (*participant.delegates, *_delegates(row, notes))
    return msgspec.structs.replace(
        known, participant=msgspec.structs.replace(participant, delegates=delegates)
    )


def _delegates(row: FairRow, notes: Notes) -> tuple[Delegate, ...]:
    name = row.line_of("delegate")
    if not name:
        return ()
    return (
        Delegate(
            name=name,
            post=row.line_of("post"),
            phone=row.line_of("phone"),
            email=row.line_of("email"),
            consents=_consents(row, notes),
        ),
    )


def _consents(row: FairRow, notes: Notes) -> bool:
    """Only a plain yes is consent."""
    text = fold(row.line_of("consents"))
    if text in YES_WORDS:
        return True
    if text and text not in NO_WORDS:
        notes.warnings.append(row.problem("consents", "consent_unread", value=text))
    return False


def read_wishes(
    sheet: SheetRows,
    directory: Directory,
    targets: Mapping[str, set[str]],
    notes: Notes,
) -> Sequence[SheetWish]:
    """The wishes in their order; `targets` say whose a listing is, by its id or title's key."""
    wishes: list[SheetWish] = []
    for row in notes.taken(sheet):
        try:
            who = _one_of(row, "who", directory.find(row.needed("who", "单位")))
            text = row.needed("whom", "想见")
            owners = directory.find(text) or targets.get(text) or targets.get(name_key(text))
            if not owners:
                raise row.refuse("whom", "wish_target_unknown", value=text)
            whom = _one_of(row, "whom", owners)
            if who == whom:
                raise row.refuse("whom", "wish_for_oneself")
            wishes.append(
                SheetWish(
                    who=who,
                    whom=whom,
                    wish=_wish(row, notes),
                    sheet=row.sheet,
                    line=row.line,
                    column=row.header("whom"),
                )
            )
        except RefusedRow as refusal:
            notes.refused.append(refusal.problem)
    return wishes


def _one_of(row: FairRow, field: str, ids: set[str]) -> str:
    if not ids:
        raise row.refuse(field, "organisation_unknown", value=row.line_of(field))
    if len(ids) > 1:
        raise row.refuse(field, "organisation_ambiguous", value=row.line_of(field))
    return next(iter(ids))


def _wish(row: FairRow, notes: Notes) -> Wish:
    text = row.text("wish")
    wish = code_meant(text, WISH_WORDS) if text else "like"
    if wish is None:
        known = said(("、", ", "), notes.lang).join(
            said(words, notes.lang) for words in WISHES.values()
        )
        raise row.refuse("wish", "wish_unread", value=text, known=known)
    return msgspec.convert(wish, Wish)  # type: ignore[no-any-return]
