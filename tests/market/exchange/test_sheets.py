"""Sheets: limits of Excel, texts that attack or break a workbook, print set-up, same bytes."""

import io
import re
import tracemalloc
import zipfile
from collections.abc import Sequence
from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from market.exchange import sheets
from market.exchange.sheets import Cell, Place, SheetColumn, SheetLayout, writing_book

DAY = date(2026, 12, 1)
NAMESPACE = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
TEXT = [SheetColumn("名称", 20)]


def book_of(
    rows: Sequence[Sequence[Cell]],
    columns: Sequence[SheetColumn] = TEXT,
    layout: SheetLayout | None = None,
) -> bytes:
    buffer = io.BytesIO()
    with writing_book(buffer, as_of=DAY) as book:
        sheet = book.sheet("表", columns, layout=layout)
        for row in rows:
            sheet.write(row)
        sheet.finish()
    return buffer.getvalue()


def read(content: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def part(content: bytes, name: str = "xl/worksheets/sheet1.xml") -> ET.Element:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return ET.fromstring(archive.read(name))


def heights(content: bytes) -> list[float]:
    return [float(row.get("ht", "0")) for row in part(content).iterfind(".//x:row", NAMESPACE)]


@pytest.mark.parametrize(
    "text",
    [
        "007",
        "1e5",
        "2026-12-01",
        "=1+1",
        "+86 595",
        "@SUM(A1)",
        "-",
        "＝1+1",
        "http://x.example",
        "TRUE",
        "#N/A",
        "_x0041_",
        "a\nb",
        "<b>&amp;</b>",
        "鞋底😀𠮷",
    ],
)
def test_text_comes_back_as_the_same_text(text: str) -> None:
    content = book_of([[text]])

    assert read(content)["表"] == [["名称"], [text]]
    assert part(content).find(".//x:f", NAMESPACE) is None
    assert part(content).find(".//x:hyperlink", NAMESPACE) is None


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "＝1", "'=1", "=HYPERLINK(1)"])
def test_text_that_looks_like_a_formula_is_marked_as_quoted(text: str) -> None:
    quoted, plain = book_of([[text]]), book_of([["鞋底"]])

    styles = [part(content, "xl/styles.xml") for content in (quoted, plain)]

    found = [len(style.findall(".//x:xf[@quotePrefix='1']", NAMESPACE)) for style in styles]
    assert found == [1, 0]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x01b\x0bc\x1fd", "a b c d"),
        ("a\ufffeb\uffffc", "a b c"),
        ("a\x00b", "a b"),
        ("a\ud800b", "a?b"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("  a  ", "a"),
    ],
)
def test_characters_that_xml_forbids_break_nothing(text: str, kept: str) -> None:
    assert read(book_of([[text]]))["表"] == [["名称"], [kept]]


@pytest.mark.parametrize(
    "text",
    ["<r></r>", "<r><t>x</t></r>", "<r></c></row></sheetData></r>", "<r><!DOCTYPE a></r>"],
)
def test_markup_in_a_text_stays_text(text: str) -> None:
    content = book_of([[text], ["after"]], [SheetColumn(text, 20)])

    assert [[cell.strip() for cell in row] for row in read(content)["表"]] == [
        [text],
        [text],
        ["after"],
    ]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=5))
def test_any_text_gives_a_workbook_that_opens(texts: list[str]) -> None:
    content = book_of([["start", *texts, "end"]], [SheetColumn("a", 9, "wrapped")] * 7)

    row = read(content)["表"][1]

    assert row[0] == "start"
    assert row[len(texts) + 1] == "end"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("字" * 32_767, "字" * 32_767),
        ("字" * 32_768, "字" * 32_766 + "…"),
        ("😀" * 16_383, "😀" * 16_383),
        ("😀" * 20_000, "😀" * 16_383 + "…"),
    ],
)
def test_text_longer_than_a_cell_ends_with_an_ellipsis(text: str, kept: str) -> None:
    assert read(book_of([[text]]))["表"][1] == [kept]


def test_numbers_are_numbers_and_nothing_is_no_cell() -> None:
    columns = [SheetColumn(name, 9, "score") for name in "abcde"]

    content = book_of([[92.04, 0, None, "", 600_000]], columns)

    assert read(content)["表"][1] == [92.04, 0, "", "", 600_000]
    assert len(part(content).findall(".//x:row[@r='2']/x:c", NAMESPACE)) == 3


def test_rows_past_the_end_go_on_on_another_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_SHEET_ROWS", 3)
    buffer = io.BytesIO()

    with writing_book(buffer, as_of=DAY) as book:
        sheet = book.sheet("表", TEXT)
        announced, places = [], []
        for number in range(5):
            announced.append(sheet.next_place)
            places.append(sheet.write([f"R{number}"]))
        sheet.finish()

    assert places == announced
    assert places == [
        *(Place("表", 2), Place("表", 3)),
        *(Place("表 (2)", 2), Place("表 (2)", 3)),
        Place("表 (3)", 2),
    ]
    assert read(buffer.getvalue()) == {
        "表": [["名称"], ["R0"], ["R1"]],
        "表 (2)": [["名称"], ["R2"], ["R3"]],
        "表 (3)": [["名称"], ["R4"]],
    }
    filters = [
        part(buffer.getvalue(), f"xl/worksheets/sheet{number}.xml").find("x:autoFilter", NAMESPACE)
        for number in (1, 2, 3)
    ]
    assert [None if found is None else found.get("ref") for found in filters] == [
        *("A1:A3", "A1:A3", "A1:A2")
    ]


def test_limit_of_rows_is_that_of_excel() -> None:
    assert (sheets.MAX_SHEET_ROWS, sheets.MAX_LINKS <= 65_530) == (1_048_576, True)


def test_links_past_the_limit_become_plain_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MAX_LINKS", 2)
    buffer = io.BytesIO()

    with writing_book(buffer, as_of=DAY) as book:
        sheet = book.sheet("表", TEXT)
        for number in range(4):
            sheet.write([f"R{number}"], links={0: Place("表", 9)})
        sheet.finish()

    links = part(buffer.getvalue()).findall(".//x:hyperlink", NAMESPACE)
    assert [(link.get("ref"), link.get("location")) for link in links] == [
        ("A2", "'表'!A9"),
        ("A3", "'表'!A9"),
    ]
    assert [row[0] for row in read(buffer.getvalue())["表"][1:]] == ["R0", "R1", "R2", "R3"]


def test_more_links_than_excel_opens_are_never_written() -> None:
    buffer = io.BytesIO()

    with writing_book(buffer, as_of=DAY) as book:
        sheet = book.sheet("表", TEXT)
        for _ in range(65_600):
            sheet.write(["R"], links={0: Place("表", 2)})
        sheet.finish()

    with zipfile.ZipFile(buffer) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    assert len(re.findall(rb"<hyperlink ", xml)) == sheets.MAX_LINKS
    assert len(re.findall(rb"<row ", xml)) == 65_601


def test_linked_formula_is_text_all_the_same() -> None:
    buffer = io.BytesIO()

    with writing_book(buffer, as_of=DAY) as book:
        sheet = book.sheet("表", TEXT)
        sheet.write(["=cmd|' /c'!A1"], links={0: Place("表", 2)})
        sheet.finish()

    assert read(buffer.getvalue())["表"][1] == ["=cmd|' /c'!A1"]
    assert part(buffer.getvalue()).find(".//x:f", NAMESPACE) is None
    styles = part(buffer.getvalue(), "xl/styles.xml")
    assert len(styles.findall(".//x:xf[@quotePrefix='1']", NAMESPACE)) == 1


def test_every_sheet_prints_in_landscape_on_a4_one_page_wide() -> None:
    content = book_of([["R1"]])

    sheet = part(content)

    page = sheet.find("x:pageSetup", NAMESPACE)
    assert page is not None
    assert {key: page.get(key) for key in ("paperSize", "orientation", "fitToHeight")} == {
        "paperSize": "9",
        "orientation": "landscape",
        "fitToHeight": "0",
    }
    assert sheet.find(".//x:pageSetUpPr[@fitToPage='1']", NAMESPACE) is not None
    names = {
        name.get("name"): name.text
        for name in part(content, "xl/workbook.xml").iterfind(".//x:definedName", NAMESPACE)
    }
    assert names == {
        "_xlnm._FilterDatabase": "表!$A$1:$A$2",
        "_xlnm.Print_Area": "表!$A$1:$A$2",
        "_xlnm.Print_Titles": "表!$1:$1",
    }


def test_layout_freezes_prints_and_colours_as_asked() -> None:
    columns = [SheetColumn(name, 9, "centred") for name in "abcd"]
    layout = SheetLayout(
        tab_color="#C00000",
        frozen_columns=2,
        printed_columns=3,
        group_rank=1,
        is_filtered=False,
    )

    content = book_of([["x", 1, "y", "z"]], columns, layout)

    sheet = part(content)
    pane, tab = sheet.find(".//x:pane", NAMESPACE), sheet.find(".//x:tabColor", NAMESPACE)
    assert pane is not None
    assert (pane.get("xSplit"), pane.get("ySplit"), pane.get("state")) == ("2", "1", "frozen")
    assert tab is not None
    assert tab.get("rgb") == "FFC00000"
    assert sheet.find("x:autoFilter", NAMESPACE) is None
    areas = part(content, "xl/workbook.xml").findall(".//x:definedName", NAMESPACE)
    assert [area.text for area in areas] == ["表!$A$1:$C$2", "表!$1:$1"]
    formulas = sheet.findall(".//x:cfRule/x:formula", NAMESPACE)
    assert [formula.text for formula in formulas] == ["$B2=1", "TRUE"]


def test_score_has_a_bar_from_nought_to_hundred() -> None:
    columns = [SheetColumn("id", 9), SheetColumn("得分", 9, "score")]

    sheet = part(book_of([["a", 50.0], ["b", 60.0]], columns))

    bounds = {
        marked.get("sqref"): [bound.get("val") for bound in marked.iterfind(".//x:cfvo", NAMESPACE)]
        for marked in sheet.iterfind("x:conditionalFormatting", NAMESPACE)
    }
    assert bounds == {"B2:B3": ["0", "100"], "A2:B3": []}


def test_digits_as_text_are_no_mistake_to_excel() -> None:
    ignored = part(book_of([["007"]])).find(".//x:ignoredError", NAMESPACE)

    assert ignored is not None
    assert (ignored.get("sqref"), ignored.get("numberStoredAsText")) == ("A1:A2", "1")


def test_row_is_as_high_as_its_wrapped_text() -> None:
    columns = [SheetColumn("名称", 20), SheetColumn("理由", 20, "wrapped")]
    rows = [
        ["R1", "短"],
        ["R2", "一\n二\n三"],
        ["R3", "字" * 30],
        ["a\nb\nc\nd", "x"],
        ["R5", "字" * 30_000],
        ["R6"],
    ]

    lines = [round(height / 16) for height in heights(book_of(rows, columns))[1:]]
    assert lines == [1, 3, 4, 1, 25, 1]


def test_no_row_is_higher_than_excel_allows() -> None:
    columns = [SheetColumn("理由", 1, "wrapped")]

    assert max(heights(book_of([["字\n" * 16_000]], columns))) <= 409


def test_empty_table_keeps_its_header() -> None:
    content = book_of([])

    assert read(content) == {"表": [["名称"]]}
    assert part(content).find("x:conditionalFormatting", NAMESPACE) is None


def test_same_rows_give_the_same_bytes() -> None:
    rows: list[list[Cell]] = [
        [f"R{number}", 50.0 + number, "=1", "理由\n二"] for number in range(50)
    ]
    columns = [
        SheetColumn("id", 9),
        SheetColumn("得分", 9, "score"),
        SheetColumn("c", 9, "text", "need"),
        SheetColumn("d", 9, "wrapped", "result"),
    ]

    assert book_of(rows, columns) == book_of(rows, columns)


def test_workbook_is_dated_by_its_day_and_names_no_machine() -> None:
    with zipfile.ZipFile(io.BytesIO(book_of([["R1"]]))) as archive:
        core = archive.read("docProps/core.xml").decode()
        dates = {entry.date_time[0] for entry in archive.infolist()}

    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", core)) == {"2026-12-01T00:00:00Z"}
    assert dates == {1980}


def test_interruption_writes_nothing() -> None:
    buffer = io.BytesIO()

    def write_half() -> None:
        with writing_book(buffer, as_of=DAY) as book:
            book.sheet("表", TEXT).write(["R1"])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()

    assert buffer.getvalue() == b""


def test_rows_are_not_kept_in_memory() -> None:
    buffer = io.BytesIO()
    with writing_book(buffer, as_of=DAY) as book:
        sheet = book.sheet("表", TEXT)
        tracemalloc.start()
        for number in range(2_000):
            sheet.write([f"{number}" + "字" * 1_000])
        held_bytes, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        sheet.finish()

    # The texts alone are 4 MB; what stays is the height of each row.
    assert held_bytes < 1_500_000
