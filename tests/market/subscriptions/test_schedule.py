"""Digests, quiet hours and retries, with the clock stepped over all that clocks do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.subscriptions.schedule import (
    RETRIES_AFTER,
    clock_time_of,
    minute_of,
    next_digest,
    quiet_until,
    retry_at,
    zone_names,
)

_ZONES = (
    "Asia/Shanghai",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Pacific/Apia",
)
_MINUTES = st.integers(0, 1439)
_MOMENTS = st.integers(1_293_840_000, 1_893_456_000).map(lambda s: datetime.fromtimestamp(s, UTC))


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def daily(after: datetime, minute: int, zone: str) -> datetime:
    found = next_digest(after, "daily", minute=minute, weekday=1, zone=zone)
    assert found is not None
    return found


@given(_MINUTES)
def test_times_of_day_are_read_as_they_are_written(minute: int) -> None:
    assert minute_of(clock_time_of(minute)) == minute


@pytest.mark.parametrize(
    ("after", "zone", "minute", "expected"),
    [
        ("2027-03-01T08:59", "Asia/Shanghai", 540, "2027-03-01T01:00+00:00"),
        ("2027-03-01T09:00", "Asia/Shanghai", 540, "2027-03-02T01:00+00:00"),
        ("2027-01-31T10:00", "Asia/Shanghai", 540, "2027-02-01T01:00+00:00"),
        ("2028-02-28T10:00", "Asia/Shanghai", 0, "2028-02-28T16:00+00:00"),
        # 2:30 is skipped in New York on 14 March 2027: it is 3:30 by then.
        ("2027-03-13T12:00", "America/New_York", 150, "2027-03-14T07:30+00:00"),
        # 1:30 comes twice on 7 November 2027: the first one counts.
        ("2027-11-06T12:00", "America/New_York", 90, "2027-11-07T05:30+00:00"),
        ("2027-11-07T01:30", "America/New_York", 90, "2027-11-08T06:30+00:00"),
    ],
)
def test_the_next_daily_digest(after: str, zone: str, minute: int, expected: str) -> None:
    assert daily(at(after, zone), minute, zone) == datetime.fromisoformat(expected)


def test_the_next_weekly_digest_is_on_its_weekday() -> None:
    monday = at("2027-03-01T09:00", "Asia/Shanghai")

    found = [
        next_digest(monday, "weekly", minute=540, weekday=day, zone="Asia/Shanghai")
        for day in range(1, 8)
    ]

    assert found == [monday + timedelta(days=days) for days in (7, 1, 2, 3, 4, 5, 6)]


@pytest.mark.parametrize(
    ("after", "zone", "minute", "weekday", "expected"),
    [
        # Over the end of a month, of a long February, and of a year.
        ("2027-01-29T10:00", "Asia/Shanghai", 540, 1, "2027-02-01T01:00+00:00"),
        ("2028-02-28T10:00", "Asia/Shanghai", 540, 2, "2028-02-29T01:00+00:00"),
        ("2028-02-29T10:00", "Asia/Shanghai", 540, 3, "2028-03-01T01:00+00:00"),
        ("2027-12-31T23:59", "Asia/Shanghai", 0, 6, "2027-12-31T16:00+00:00"),
        # The day is that of the reader: Monday begins on Sunday in UTC.
        ("2027-03-01T00:00", "Asia/Shanghai", 0, 1, "2027-03-07T16:00+00:00"),
        # The Sundays on which New York's clocks change.
        ("2027-03-08T00:00", "America/New_York", 150, 7, "2027-03-14T07:30+00:00"),
        ("2027-11-01T00:00", "America/New_York", 90, 7, "2027-11-07T05:30+00:00"),
        ("2027-11-07T01:30", "America/New_York", 90, 7, "2027-11-14T06:30+00:00"),
    ],
)
def test_the_next_weekly_digest(
    after: str, zone: str, minute: int, weekday: int, expected: str
) -> None:
    found = next_digest(at(after, zone), "weekly", minute=minute, weekday=weekday, zone=zone)

    assert found == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("now", "begin", "end", "expected"),
    [
        # 2:30 is skipped on 14 March: the quiet ends at 3:30 by the clock.
        ("2027-03-14T04:00", 23 * 60, 150, "2027-03-14T07:30"),
        # 1:30 comes twice on 7 November: the quiet ends at the first one, and does not come back.
        ("2027-11-07T04:00", 23 * 60, 90, "2027-11-07T05:30"),
        ("2027-11-07T05:30", 23 * 60, 90, None),
        ("2027-11-07T06:15", 23 * 60, 90, None),
        # What begins within the hour that comes twice goes on through its second half.
        ("2027-11-07T05:10", 75, 180, None),
        ("2027-11-07T06:10", 75, 180, "2027-11-07T08:00"),
        # Both ends are skipped: they come an hour later by the clock.
        ("2027-03-14T07:30", 135, 165, "2027-03-14T07:45"),
        # A night that begins in one month and ends in the next.
        ("2028-03-01T04:30", 23 * 60, 150, "2028-03-01T07:30"),
    ],
)
def test_quiet_hours_while_clocks_change(
    now: str, begin: int, end: int, expected: str | None
) -> None:
    found = quiet_until(at(now), begin, end, "America/New_York")

    assert found == (None if expected is None else at(expected))


@pytest.mark.parametrize("frequency", ["instant", "off"])
def test_others_have_no_digest(frequency: str) -> None:
    after = at("2027-03-01T09:00")

    assert next_digest(after, frequency, minute=0, weekday=1, zone="UTC") is None


@given(_MOMENTS, _MINUTES, st.sampled_from(_ZONES))
def test_digests_come_about_a_day_apart_and_at_their_time(
    after: datetime, minute: int, zone: str
) -> None:
    first = daily(after, minute, zone)
    second = daily(first, minute, zone)

    assert after < first < second
    assert first - after <= timedelta(hours=50)
    # Samoa left a whole day out in 2011; else a day has 23 to 25 hours.
    assert timedelta(hours=22) <= second - first <= timedelta(hours=50)
    local = second.astimezone(ZoneInfo(zone))
    shift = (local.hour * 60 + local.minute - minute) % 1440
    assert shift in {0, 30, 60}


@pytest.mark.parametrize("zone", _ZONES)
def test_a_year_of_digests_has_one_a_day(zone: str) -> None:
    moment, days = at("2026-12-31T23:59", zone), []
    for _ in range(365):
        moment = daily(moment, 150, zone)
        days.append(moment.astimezone(ZoneInfo(zone)).date())

    assert len(set(days)) == 365
    assert days[-1] - days[0] == timedelta(days=364)


@pytest.mark.parametrize(
    ("now", "begin", "end", "expected"),
    [
        ("2027-03-01T23:00", 22 * 60, 7 * 60, "2027-03-02T07:00"),
        ("2027-03-01T03:00", 22 * 60, 7 * 60, "2027-03-01T07:00"),
        ("2027-03-01T22:00", 22 * 60, 7 * 60, "2027-03-02T07:00"),
        ("2027-03-01T07:00", 22 * 60, 7 * 60, None),
        ("2027-03-01T21:59", 22 * 60, 7 * 60, None),
        ("2027-03-01T12:30", 12 * 60, 13 * 60, "2027-03-01T13:00"),
        ("2027-03-01T12:30", 12 * 60, 12 * 60, None),
        ("2027-03-01T12:30", None, None, None),
    ],
)
def test_quiet_hours(now: str, begin: int | None, end: int | None, expected: str | None) -> None:
    zone = "Asia/Shanghai"

    found = quiet_until(at(now, zone), begin, end, zone)

    assert found == (None if expected is None else at(expected, zone))


@given(_MOMENTS, _MINUTES, _MINUTES, st.sampled_from(_ZONES))
def test_the_end_of_quiet_hours_is_not_quiet(
    now: datetime, begin: int, end: int, zone: str
) -> None:
    until = quiet_until(now, begin, end, zone)

    if until is not None:
        # Samoa left a whole day out; else clocks are put back by an hour at most.
        shift = timedelta(hours=24 if zone == "Pacific/Apia" else 1)
        length = timedelta(minutes=(end - begin) % 1440)
        assert now < until <= now + length + shift
        assert quiet_until(until, begin, end, zone) is None


def test_tries_follow_the_published_schedule() -> None:
    now = at("2027-03-01T09:00")

    delays = [retry_at(attempts, now) for attempts in range(1, 9)]

    assert delays == [*(now + each for each in RETRIES_AFTER), None]
    assert sum(RETRIES_AFTER, timedelta()) == timedelta(hours=27, minutes=35, seconds=5)


def test_the_zones_of_the_world_are_known() -> None:
    assert {*_ZONES, "UTC"} <= zone_names()
