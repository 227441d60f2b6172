"""Days and periods as people write them."""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from market.exchange.cells import word_set
from search.text import fold


class Period(NamedTuple):
    """The first and the last day of the time that was named; a day is its own period."""

    first: date
    last: date


_MAX_CHARACTERS = 60
# Years outside are slips: the first software fair is younger, the last need is nearer.
_YEARS = range(1950, 2151)
# Excel's serial numbers from 1954 to 2119; smaller ones are rather years or amounts.
_SERIALS = range(20_000, 80_001)
# Day 0 that makes serials right after February 1900, which Excel takes for a leap year.
_EXCEL_EPOCH = date(1899, 12, 30)

_UNKNOWN_WORDS = word_set(
    "长期 长期有效 永久 尽快 随时 不限 待定 未定 另议 面议 协商 双方协商 无 "
    "暂无 未知 不详 - -- — —— / . "
    "n/a na tbd none null open asap long-term longterm"
)
# calendar.month_name would speak the language of the machine.
_FULL_MONTHS_EN = (
    "january february march april may june july august september october november december"
)
_MONTHS_EN = [name[:3] for name in _FULL_MONTHS_EN.split()]
_MONTH_EN = rf"(?P<month_en>{'|'.join([*_FULL_MONTHS_EN.split(), 'sept', *_MONTHS_EN])})\.?"
_YEAR = r"(?P<year>\d{4})"
_TIME = r"(?:[t ]?\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:z|[+-]\d{2}:?\d{2})?)?"
_BY_THEN = r"(?:以前|之前|前|内|止)?"
_TENTHS = {"上旬": (1, 10), "初": (1, 10), "中旬": (11, 20), "下旬": (21, 31)}
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}


def parse_period(text: str) -> Period | None:
    """Read `2027-05`, `2027年5月`, `2027Q2`, `2027年底`, `20270531`, an Excel serial number …

    None means that no date is set (长期, 尽快 …); raises ValueError when it is not understood.
    """
    if len(text) > _MAX_CHARACTERS:
        raise ValueError(text)
    folded = re.sub(r"\s*([年月日号底])\s*", r"\1", " ".join(fold(text).split()))
    if not folded or folded in _UNKNOWN_WORDS:
        return None
    for pattern, read in _FORMS:
        found = pattern.fullmatch(folded)
        if found:
            return _checked(read(found), text)
    raise ValueError(text)


def _checked(period: Period, text: str) -> Period:
    if period.first.year not in _YEARS:
        raise ValueError(text)
    return period


def period_of_day(day: date) -> Period:
    """The period of a cell that is a date already; raises ValueError for an unlikely year."""
    plain = day.date() if isinstance(day, datetime) else day
    return _checked(Period(plain, plain), str(day))


def _day(found: re.Match[str]) -> Period:
    groups = found.groupdict()
    month = groups.get("month") or _MONTHS_EN.index(groups["month_en"][:3]) + 1
    day = date(int(groups["year"]), int(month), int(groups["day"]))
    return Period(day, day)


def _month(found: re.Match[str]) -> Period:
    groups = found.groupdict()
    month = int(groups.get("month") or _MONTHS_EN.index(groups["month_en"][:3]) + 1)
    return _months(int(groups["year"]), month, month)


def _months(year: int, first: int, last: int) -> Period:
    if year not in _YEARS or first not in range(1, 13):
        raise ValueError((year, first))
    return Period(date(year, first, 1), date(year, last, monthrange(year, last)[1]))


def _tenth(found: re.Match[str]) -> Period:
    month = _month(found)
    first, last = _TENTHS[found["tenth"]]
    return Period(
        month.first.replace(day=first), min(month.last, month.first + timedelta(last - 1))
    )


def _quarter(found: re.Match[str]) -> Period:
    last = 3 * _QUARTERS[found["quarter"]]
    return _months(int(found["year"]), last - 2, last)


def _half(found: re.Match[str]) -> Period:
    return _months(int(found["year"]), *((1, 6) if found["half"] == "上" else (7, 12)))


def _middle(found: re.Match[str]) -> Period:
    return _months(int(found["year"]), 6, 6)


def _year(found: re.Match[str]) -> Period:
    return _months(int(found["year"]), 1, 12)


def _year_end(found: re.Match[str]) -> Period:
    return _months(int(found["year"]), 12, 12)


def _serial(found: re.Match[str]) -> Period:
    serial = int(found["serial"])
    if serial not in _SERIALS:
        raise ValueError(serial)
    day = _EXCEL_EPOCH + timedelta(days=serial)
    return Period(day, day)


# The order matters where one form is the beginning of another's text.
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Period]], ...] = tuple(
    (re.compile(pattern, re.ASCII), read)
    for pattern, read in (
        (rf"{_YEAR}(?P<month>\d\d)(?P<day>\d\d)", _day),
        (
            (
                rf"{_YEAR}\s?[-/.年]\s?(?P<month>\d{{1,2}})\s?[-/.月]\s?(?P<day>\d{{1,2}})[日号]?"
                rf"{_TIME}{_BY_THEN}"
            ),
            _day,
        ),
        (rf"(?P<day>\d{{1,2}})[ -]{_MONTH_EN},?[ -]{_YEAR}", _day),
        (rf"{_MONTH_EN} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? {_YEAR}", _day),
        (rf"{_YEAR}(?P<month>\d\d)", _month),
        (rf"{_YEAR}[-/.年](?P<month>\d{{1,2}})月?份?(?:月?底|末)?{_BY_THEN}", _month),
        (rf"{_MONTH_EN},?[ -]{_YEAR}", _month),
        (rf"{_YEAR}[-/.年](?P<month>\d{{1,2}})月(?P<tenth>上旬|初|中旬|下旬)", _tenth),
        (rf"{_YEAR}年?[ -]?(?:q(?P<quarter>[1-4])){_BY_THEN}", _quarter),
        (rf"q(?P<quarter>[1-4])[ /-]?{_YEAR}", _quarter),
        (rf"{_YEAR}年?第?(?P<quarter>[一二三四1-4])季度?(?:底|末)?{_BY_THEN}", _quarter),
        (rf"{_YEAR}年?(?P<half>[上下])半年{_BY_THEN}", _half),
        (rf"{_YEAR}年?年?中", _middle),
        (rf"{_YEAR}年?(?:年?底|年?末)(?:之?前)?", _year_end),
        (rf"{_YEAR}年?{_BY_THEN}", _year),
        (r"(?P<serial>\d{5})(?:\.\d{1,20})?", _serial),
    )
)
