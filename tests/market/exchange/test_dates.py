"""Days and periods: every way to write one, and what is not understood."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.exchange.dates import Period, parse_period, period_of_day

DAYS = st.dates(date(1950, 1, 1), date(2150, 12, 31))


def period(first: str, last: str = "") -> Period:
    return Period(date.fromisoformat(first), date.fromisoformat(last or first))


@pytest.mark.parametrize(
    "text",
    [
        "2027-05-31",
        "2027/5/31",
        "2027.5.31",
        "20270531",
        "2027年5月31日",
        "2027 年 5 月 31 日",
        "２０２７年５月３１号",
        "2027年5月31日前",
        "2027-05-31止",
        "2027-05-31 00:00:00",
        "2027-05-31T17:30:00.5+08:00",
        "31 May 2027",
        "31-may-2027",
        "May 31, 2027",
        "May 31st 2027",
        "46538",
        "46538.75",
    ],
)
def test_day_is_its_own_period(text: str) -> None:
    assert parse_period(text) == period("2027-05-31")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2027-05", period("2027-05-01", "2027-05-31")),
        ("2027/5", period("2027-05-01", "2027-05-31")),
        ("2027.05", period("2027-05-01", "2027-05-31")),
        ("202705", period("2027-05-01", "2027-05-31")),
        ("2027年5月", period("2027-05-01", "2027-05-31")),
        ("2027年5月份", period("2027-05-01", "2027-05-31")),
        ("2027年5月底前", period("2027-05-01", "2027-05-31")),
        ("2024年2月", period("2024-02-01", "2024-02-29")),
        ("2027年2月", period("2027-02-01", "2027-02-28")),
        ("May 2027", period("2027-05-01", "2027-05-31")),
        ("Sept. 2027", period("2027-09-01", "2027-09-30")),
        ("September, 2027", period("2027-09-01", "2027-09-30")),
        ("2027年5月上旬", period("2027-05-01", "2027-05-10")),
        ("2027年5月初", period("2027-05-01", "2027-05-10")),
        ("2027年5月中旬", period("2027-05-11", "2027-05-20")),
        ("2027年2月下旬", period("2027-02-21", "2027-02-28")),
        ("2027Q2", period("2027-04-01", "2027-06-30")),
        ("Q4 2027", period("2027-10-01", "2027-12-31")),
        ("2027年第二季度", period("2027-04-01", "2027-06-30")),
        ("2027年1季度末", period("2027-01-01", "2027-03-31")),
        ("2027年上半年", period("2027-01-01", "2027-06-30")),
        ("2027下半年", period("2027-07-01", "2027-12-31")),
        ("2027年中", period("2027-06-01", "2027-06-30")),
        ("2027年底", period("2027-12-01", "2027-12-31")),
        ("2027年年底前", period("2027-12-01", "2027-12-31")),
        ("2027", period("2027-01-01", "2027-12-31")),
        ("2027年", period("2027-01-01", "2027-12-31")),
        ("20000", period("1954-10-03")),
        ("80000", period("2119-01-11")),
    ],
)
def test_period_runs_from_its_first_day_to_its_last(text: str, expected: Period) -> None:
    assert parse_period(text) == expected


@pytest.mark.parametrize(
    "text", ["", " ", "长期", "长期有效", "尽快", "待定", "不限", "—", "/", "N/A", "ASAP", "open"]
)
def test_open_date_is_none(text: str) -> None:
    assert parse_period(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "2027-13",
        "2027-00",
        "2027-02-30",
        "2023-02-29",
        "0000-00-00",
        "99999999",
        "1949",
        "2151",
        "19999",
        "80001",
        "270531",
        "31/05/2027",
        "05/31/2027",
        "二〇二七年五月",
        "２０２７年五月",
        "明年",
        "6个月",
        "2027-2028",
        "maybe 2027",
        "mayonnaise 2027",
        "5月",
        "TRUE",
        "NaN",
        "٢٠٢٧",
        "2027-05-31" + " " * 60,
    ],
)
def test_date_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_period(text)


@given(DAYS, st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日", "%Y.%m.%d"]))
def test_written_day_is_read_back(day: date, form: str) -> None:
    assert parse_period(day.strftime(form)) == Period(day, day)


@given(st.dates(date(1954, 10, 3), date(2119, 1, 11)))
def test_serial_number_of_a_day_is_that_day(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days

    assert parse_period(str(serial)) == Period(day, day)


@given(DAYS)
def test_month_holds_each_of_its_days(day: date) -> None:
    month = parse_period(day.strftime("%Y-%m"))

    assert month is not None
    assert month.first.day == 1
    assert month.first <= day <= month.last
    assert (month.last.year, month.last.month) == (day.year, day.month)


@given(st.text(max_size=70))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_period(text)
    except ValueError:
        return

    assert found is None or date(1950, 1, 1) <= found.first <= found.last <= date(2150, 12, 31)


@pytest.mark.parametrize("day", [date(2027, 5, 31), datetime(2027, 5, 31, 23, 59, tzinfo=UTC)])
def test_cell_that_is_a_date_already_is_its_day(day: date) -> None:
    assert period_of_day(day) == period("2027-05-31")


@pytest.mark.parametrize("day", [date(1899, 12, 31), date(1949, 12, 31), date(2151, 1, 1)])
def test_cell_with_an_unlikely_year_is_refused(day: date) -> None:
    with pytest.raises(ValueError, match=str(day)):
        period_of_day(day)
