"""When something is sent: digests, quiet hours, and tries after a failure. Pure functions.

Times of day are minutes after midnight in a time zone. A time that daylight saving skips is that
much later on that day; of one that comes twice the first counts. So every day has its digest, once.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

# As Svix publishes it: at once, then after these; eight tries within 27.6 hours.
RETRIES_AFTER = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
_DAY = timedelta(days=1)
_DAYS_AHEAD = 9


@cache
def zone_names() -> frozenset[str]:
    """The time zones that are known."""
    return frozenset(available_timezones())


@cache
def zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def minute_of(clock_time: str) -> int:
    """Minutes after midnight of "09:30"."""
    hours, minutes = clock_time.split(":")
    return int(hours) * 60 + int(minutes)


def clock_time_of(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def next_digest(
    after: datetime, frequency: str, *, minute: int, weekday: int, zone: str
) -> datetime | None:
    """The first digest after a time, in UTC; None where there are no digests.

    `weekday` (1 is Monday) counts for weekly ones.
    """
    if frequency not in {"daily", "weekly"}:
        return None
    for moment in _occurrences(after, minute, zone):
        is_day = frequency == "daily" or moment.isoweekday() == weekday
        if is_day and moment.astimezone(UTC) > after:
            return moment.astimezone(UTC)
    raise AssertionError("A week has every weekday.")


def quiet_until(
    now: datetime, quiet_from: int | None, quiet_till: int | None, zone: str
) -> datetime | None:
    """When the quiet hours that `now` lies in end; None outside of them.

    They may reach over midnight. Equal ends mean none. An hour that comes twice is not quiet
    again once the quiet hours ended in its first half.
    """
    if quiet_from is None or quiet_till is None or quiet_from == quiet_till:
        return None
    # In UTC, since within one zone clock times are compared, whichever of two they are.
    began = [each for each in _in_utc(now, quiet_from, zone) if each <= now]
    if not began:
        return None
    ends = next(each for each in _in_utc(began[-1], quiet_till, zone) if each > began[-1])
    return ends if now < ends else None


def retry_at(attempts: int, now: datetime) -> datetime | None:
    """When to try again after so many tries that failed; None after the last one."""
    if attempts > len(RETRIES_AFTER):
        return None
    return now + RETRIES_AFTER[attempts - 1]


def _in_utc(after: datetime, minute: int, zone: str) -> Iterator[datetime]:
    return (moment.astimezone(UTC) for moment in _occurrences(after, minute, zone))


def _occurrences(after: datetime, minute: int, zone: str) -> Iterator[datetime]:
    """The time of day on the day before, and on the days that follow."""
    known = zone_of(zone)
    first: date = after.astimezone(known).date() - _DAY
    at = time(minute // 60, minute % 60)
    for days in range(_DAYS_AHEAD + 1):
        yield datetime.combine(first + days * _DAY, at, tzinfo=known)
