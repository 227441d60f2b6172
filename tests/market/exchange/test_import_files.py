"""What an uploaded file asks for, before any database is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.errors import FileRefused
from market.exchange.import_files import (
    ImportLine,
    Limits,
    ReadImport,
    is_own_reference,
    packed,
    read_import,
    title_reference,
    unpacked,
)
from market.exchange.problems import RefusedFile
from schemas.listings import Need, Result
from tests.market.exchange.importing import FILM, HEADERS, NEED, NEED_HEADERS, SOLE, csv_bytes
from tests.market.factories import make_need, make_result

TITLES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1)


def read(rows: list[list[str]], organisation: str = "刺桐大学") -> ReadImport:
    return read_import(csv_bytes(rows), "x.csv", "result", organisation=organisation)


def refusal(rows: list[list[str]], limits: Limits) -> RefusedFile:
    with pytest.raises(RefusedFile) as refused:
        read_import(csv_bytes(rows), "x.csv", "result", organisation="x", limits=limits)
    return refused.value


def test_line_has_the_place_and_the_reference_of_its_row() -> None:
    lines = read([["标题行"], HEADERS, FILM, [], SOLE]).lines

    assert [(line.line, line.reference, line.listing.id) for line in lines] == [
        (3, "R1", "R1"),
        (5, "R2", "R2"),
    ]


@pytest.mark.parametrize("header", ["序号", "行号", "No.", "编号（无）", "备注一"])
def test_numbers_of_rows_are_no_references(header: str) -> None:
    (line,) = read([[header, *HEADERS[1:]], ["7", *FILM[1:]]]).lines

    is_id = header == "编号（无）"
    assert line.reference == ("7" if is_id else "title:石墨烯导热膜")
    assert is_own_reference(line.reference) is is_id


def test_row_without_an_id_among_others_goes_by_its_title() -> None:
    lines = read([HEADERS, FILM, ["", *SOLE[1:]]]).lines

    assert [line.reference for line in lines] == ["R1", "title:防滑橡胶鞋底"]


def test_title_that_stands_for_an_id_may_be_taken_by_another_row() -> None:
    taken = read([HEADERS, ["title:防滑橡胶鞋底", *FILM[1:]], ["", *SOLE[1:]]])

    assert [line.line for line in taken.lines] == [2]
    assert [(each.line, each.code, each.values) for each in taken.refused] == [
        (3, "title_repeated", {"first": "2"})
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [("石墨烯 导热膜", "石墨烯　导热膜 "), ("ＡＢＣ鞋底", "abc鞋底"), ("軟件", "软件")],
)
def test_one_title_spelled_in_two_ways_is_one_reference(one: str, other: str) -> None:
    assert title_reference(one) == title_reference(other)


@given(TITLES, TITLES)
def test_reference_by_title_fits_its_column_and_tells_titles_apart(one: str, other: str) -> None:
    first, second = title_reference(one), title_reference(other)

    assert max(len(first), len(second)) <= 200
    assert not is_own_reference(first)
    assert title_reference(one[:50] * 20 + "a") != title_reference(one[:50] * 20 + "b")


def test_columns_that_only_exports_have_are_left_out() -> None:
    headers = [*HEADERS, "平台状态", "listing_published_on", "展位"]

    (line,) = read([headers, [*FILM, "已发布", "2027-01-01", "A01"]]).lines

    assert line.listing.extra == {"展位": "A01"}


@pytest.mark.parametrize(
    ("named", "kept"),
    [("刺桐大学", ""), ("刺桐大學", ""), ("", ""), ("清源大学", "清源大学")],
)
def test_only_the_name_of_another_owner_is_kept(named: str, kept: str) -> None:
    taken = read([[*HEADERS, "完成单位"], [*FILM, named]])

    (listing,) = (line.listing for line in taken.lines)
    assert isinstance(listing, Result)
    assert listing.institute == kept
    assert [each.code for each in taken.warnings] == (["other_organisation"] if kept else [])


def test_too_many_rows_are_refused_in_both_languages() -> None:
    rows = [HEADERS, *([f"R{number}", *FILM[1:]] for number in range(600))]

    refused = refusal(rows, Limits(rows=500))

    assert (refused.reason, refused.en) == ("超过 500 行", "holds more than 500 rows")


def test_reading_ends_when_it_takes_too_long() -> None:
    refused = refusal([HEADERS, FILM], Limits(seconds=0))

    assert refused.zh == "读取超过 0 秒，请拆分后再导入"


@pytest.mark.parametrize("name", ["x", "x.", "x.x/../../csv", "x.c\x00sv", "x.☃", "", ".csv"])
def test_name_of_a_stranger_opens_no_other_file(name: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read_import(csv_bytes([HEADERS, FILM]), name, "result", organisation="x")

    assert refused.value.reason.startswith("不支持的格式")


def test_lines_come_out_as_they_were_packed() -> None:
    results = [
        ImportLine(2, "R1", make_result()),
        ImportLine(9, "title:甲", make_result(extra={"a": "b"})),
    ]
    needs = [ImportLine(2, "N1", make_need(contacts={"手机": "139"}))]

    assert unpacked(packed(results), "result") == results
    assert unpacked(packed(needs), "need") == needs
    assert unpacked(packed([]), "need") == []


def test_needs_are_read_as_needs() -> None:
    taken = read_import(csv_bytes([NEED_HEADERS, NEED]), "x.csv", "need", organisation="x")

    (listing,) = (line.listing for line in taken.lines)
    assert isinstance(listing, Need)
    assert (listing.id, listing.budget_max_cny, listing.indicators) == (
        "N1",
        500_000,
        "湿摩擦系数≥0.5",
    )
