"""Cuts the days of a fair into slots, and its halls into tables. Pure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from market.errors import FieldError
from schemas.fairs import MOST_SLOTS, MOST_TABLES, Break, FairDay, Hall, SeriesDay, Zone

_Checked = tuple[FieldError, ...]


class CutSlot(NamedTuple):
    number: int
    day: date
    begins_at: datetime
    ends_at: datetime


class NamedTable(NamedTuple):
    number: int
    name: str
    hall: str
    zone: str | None


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_time_zone(name: str) -> bool:
    """Whether the time zone database has this name."""
    return name in _zones()


def slots_of(days: Sequence[FairDay], time_zone: str) -> list[CutSlot]:
    """All slots in their order, in UTC; none lies in a break or reaches beyond its day.

    Lengths are real time: on a day on which clocks are changed a slot is as long as ever.
    """
    zone = ZoneInfo(time_zone)
    cut = (
        (day.on, *span)
        for day in sorted(days, key=lambda each: each.on)
        for span in _cut(day, zone)
    )
    return [CutSlot(number, *slot) for number, slot in enumerate(cut, 1)]


def _cut(day: FairDay, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    length, gap = timedelta(minutes=day.slot_min), timedelta(minutes=day.gap_min)
    breaks = sorted(
        (_at(day.on, each.begins, zone), _at(day.on, each.ends, zone)) for each in day.breaks
    )
    begins, closes = _at(day.on, day.begins, zone), _at(day.on, day.ends, zone)
    while begins + length <= closes:
        ends = begins + length
        hit = next((each for each in breaks if each[0] < ends and begins < each[1]), None)
        if hit is None:
            yield begins, ends
            begins = ends + gap
        else:
            begins = hit[1]


def _at(day: date, clock: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=zone).astimezone(UTC)


def day_errors(days: Sequence[FairDay], time_zone: str) -> _Checked:
    """What is wrong with the days of a fair, each at its place."""
    errors = [*hour_errors(days)]
    seen: set[date] = set()
    for place, day in enumerate(days):
        if day.on in seen:
            errors.append(
                FieldError(f"#/days/{place}/on", "这一天重复了", "This day is there twice.")
            )
        seen.add(day.on)
    if seen and max(seen) - min(seen) > timedelta(days=60):
        errors.append(FieldError("#/days", "首末两天相距过远", "The days are too far apart."))
    if errors:
        return tuple(errors)
    if is_time_zone(time_zone) and len(slots_of(days, time_zone)) > MOST_SLOTS:
        most = f"最多 {MOST_SLOTS} 个时段", f"At most {MOST_SLOTS} slots are possible."
        return (FieldError("#/days", *most),)
    return ()


def hour_errors(
    days: Sequence[FairDay] | Sequence[SeriesDay], top: str = "#"
) -> Iterator[FieldError]:
    """Days that end before they begin, and breaks that do."""
    for place, day in enumerate(days):
        if day.ends <= day.begins:
            yield _backwards(f"{top}/days/{place}/ends")
        for at, each in enumerate(day.breaks):
            if each.ends <= each.begins:
                yield _backwards(f"{top}/days/{place}/breaks/{at}/ends")


def _backwards(pointer: str) -> FieldError:
    return FieldError(pointer, "应晚于开始时间", "It must be later than the beginning.")


def tables_of(halls: Sequence[Hall]) -> list[NamedTable]:
    """The tables of all halls, numbered through and named after the prefix of their hall."""
    tables: list[NamedTable] = []
    for hall in halls:
        digits = max(2, len(str(hall.tables)))
        tables += [
            NamedTable(
                len(tables) + place, f"{hall.prefix}{place:0{digits}d}", hall.name, hall.zone
            )
            for place in range(1, hall.tables + 1)
        ]
    return [each._replace(number=number) for number, each in enumerate(tables, 1)]


def hall_errors(
    halls: Sequence[Hall], zones: Sequence[Zone], top: str = "#"
) -> Iterator[FieldError]:
    """Halls in zones that are not there, of one prefix, or with too many tables."""
    codes = {zone.code for zone in zones}
    prefixes: set[str] = set()
    for place, hall in enumerate(halls):
        if hall.zone is not None and hall.zone not in codes:
            yield FieldError(f"{top}/halls/{place}/zone", "没有这个展区", "There is no such zone.")
        if hall.prefix in prefixes:
            yield FieldError(
                f"{top}/halls/{place}/prefix", "前缀重复", "Another hall has this prefix."
            )
        prefixes.add(hall.prefix)
    if sum(hall.tables for hall in halls) > MOST_TABLES:
        most = f"最多 {MOST_TABLES} 张洽谈桌", f"At most {MOST_TABLES} tables are possible."
        yield FieldError(f"{top}/halls", *most)
    if len(codes) < len(zones):
        yield FieldError(f"{top}/zones", "展区代码重复", "A zone's code is there twice.")


def dated(days: Sequence[SeriesDay], begins_on: date) -> list[FairDay]:
    """The days of a template, from this first day on."""
    return [
        FairDay(
            on=begins_on + timedelta(days=day.day - 1),
            begins=day.begins,
            ends=day.ends,
            slot_min=day.slot_min,
            gap_min=day.gap_min,
            breaks=[Break(begins=each.begins, ends=each.ends) for each in day.breaks],
        )
        for day in days
    ]
