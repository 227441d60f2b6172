"""The sheets of a fair that say where and when: the fair itself, its slots and its tables."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from market.exchange.dates import parse_period, period_of_day
from market.exchange.fair_book import FairSlot, FairTable
from market.exchange.fair_file import FairSettings
from market.exchange.fair_headings import SEATING_WORDS, code_meant, setting_field
from market.exchange.fair_rows import FairRow, RefusedRow, SheetRows
from market.exchange.problems import Lang, RowProblem

# Bounds of one fair, as on the wire: what a hall can hold, and what a plan can be made of.
MOST_SLOTS, MOST_TABLES = 200, 2_000
_MOST_MINUTES = 240


class Notes:
    """What was refused and what was warned of while a spreadsheet is read."""

    def __init__(self, lang: Lang) -> None:
        self.lang = lang
        self.refused: list[RowProblem] = []
        self.warnings: list[RowProblem] = []

    def taken(self, sheet: SheetRows) -> Iterator[FairRow]:
        """The rows that could be read; the others are noted, and the columns nobody knows."""
        for header in sheet.unknown:
            self.warnings.append(RowProblem(sheet.name, sheet.head_line, header, "column_unknown"))
        for row in sheet.rows:
            if isinstance(row, RowProblem):
                self.refused.append(row)
            else:
                yield row


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def read_settings(sheet: SheetRows, notes: Notes) -> FairSettings:
    """The fair's own sheet: one setting a row; of several rows for one the first counts."""
    settings: dict[str, object] = {}
    for row in notes.taken(sheet):
        field = setting_field(row.line_of("key"))
        if not row.text("value"):
            continue
        if field is None:
            notes.warnings.append(row.problem("key", "setting_unknown", value=row.line_of("key")))
            continue
        try:
            settings.setdefault(field, _setting(row, field))
        except RefusedRow as refusal:
            notes.refused.append(refusal.problem)
    return msgspec.convert(settings, FairSettings)


def _setting(row: FairRow, field: str) -> object:
    if field == "time_zone":
        name = row.line_of("value")
        if name not in _time_zones():
            raise row.refuse("value", "time_zone_unknown", value=name)
        return name
    if field == "seating":
        seating = code_meant(row.text("value"), SEATING_WORDS)
        if seating is None:
            known = "、".join(words.split()[0] for words in SEATING_WORDS.values())
            raise row.refuse("value", "setting_unread", value=row.line_of("value"), known=known)
        return seating
    if field in {"floor", "most_meetings"}:
        return row.number("value", 0 if field == "floor" else 1, MOST_SLOTS)
    return row.text("value") if field == "about" else row.line_of("value")


def read_slots(sheet: SheetRows, time_zone: str, notes: Notes) -> tuple[FairSlot, ...]:
    """The slots in their order in time, named S1, S2 …

    A row is one slot, or a stretch that is cut into slots of so many minutes. A row without a
    day is on that of the row before. Lengths are real time, as slots are counted in UTC.
    """
    zone = ZoneInfo(time_zone)
    spans: list[tuple[datetime, datetime, int]] = []
    day: date | None = None
    for row in notes.taken(sheet):
        try:
            day = _day(row, day)
            for begins_at, ends_at in _cut(row, day, zone):
                _refuse_overlap(row, spans, begins_at, ends_at)
                spans.append((begins_at, ends_at, row.line))
        except RefusedRow as refusal:
            notes.refused.append(refusal.problem)
    return tuple(
        FairSlot(id=f"S{number}", begins_at=begins_at, ends_at=ends_at)
        for number, (begins_at, ends_at, _) in enumerate(sorted(spans), 1)
    )


def _day(row: FairRow, before: date | None) -> date:
    if not row.text("day"):
        if before is None:
            raise row.refuse("day", "cell_missing", name=row.header("day") or "日期")
        return before
    cell = row.cell("day")
    try:
        period = period_of_day(cell) if isinstance(cell, date) else parse_period(row.text("day"))
    except ValueError:
        period = None
    if period is None or period.first != period.last:
        raise row.refuse("day", "date_unread", value=row.text("day"))
    return period.first


def _cut(row: FairRow, day: date, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    begin, end = _needed_clock(row, "begins", "开始"), _needed_clock(row, "ends", "结束")
    if end <= begin:
        values = {"begin": f"{begin:%H:%M}", "end": f"{end:%H:%M}"}
        raise row.refuse("ends", "times_backwards", **values)
    minutes = row.number("slot_min", 1, _MOST_MINUTES)
    gap = timedelta(minutes=row.number("gap_min", 0, _MOST_MINUTES) or 0)
    at, closes_at = (
        datetime.combine(day, clock, tzinfo=zone).astimezone(UTC) for clock in (begin, end)
    )
    length = closes_at - at if minutes is None else timedelta(minutes=minutes)
    if at + length > closes_at:
        raise row.refuse(
            "slot_min",
            "number_unread",
            value=str(minutes),
            low="1",
            high=str((closes_at - at) // timedelta(minutes=1)),
        )
    spans = []
    while at + length <= closes_at:
        spans.append((at, at + length))
        at += length + gap
    return spans


def _needed_clock(row: FairRow, field: str, name: str) -> time:
    clock = row.clock(field)
    if clock is None:
        raise row.refuse(field, "cell_missing", name=row.header(field) or name)
    return clock


def _refuse_overlap(
    row: FairRow,
    spans: list[tuple[datetime, datetime, int]],
    begins_at: datetime,
    ends_at: datetime,
) -> None:
    if len(spans) >= MOST_SLOTS:
        raise row.refuse("", "too_many_slots", limit=str(MOST_SLOTS))
    for begun_at, ended_at, line in spans:
        if begins_at < ended_at and begun_at < ends_at:
            raise row.refuse("begins", "slots_overlap", first=str(line))


def read_tables(sheet: SheetRows, notes: Notes) -> tuple[FairTable, ...]:
    """The tables in their order; a row with a number of them stands for A-01, A-02 …

    A table's name is its id.
    """
    tables: dict[str, FairTable] = {}
    lines: dict[str, int] = {}
    for row in notes.taken(sheet):
        try:
            for name in _table_names(row):
                if name in tables:
                    raise row.refuse("name", "table_repeated", value=name, first=str(lines[name]))
                if len(tables) >= MOST_TABLES:
                    raise row.refuse("count", "too_many_tables", limit=str(MOST_TABLES))
                hall, zone = row.line_of("hall"), row.line_of("zone")
                tables[name] = FairTable(id=name, name=name, hall=hall, zone=zone)
                lines[name] = row.line
        except RefusedRow as refusal:
            notes.refused.append(refusal.problem)
    return tuple(tables.values())


def _table_names(row: FairRow) -> list[str]:
    prefix = row.needed("name", "桌号")
    count = row.number("count", 1, MOST_TABLES)
    if count is None:
        return [prefix]
    digits = max(2, len(str(count)))
    return [f"{prefix}{number:0{digits}d}" for number in range(1, count + 1)]
