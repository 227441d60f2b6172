"""Workbooks: types of cells, merged cells, formulas, sheets, and how rows are counted."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from market.errors import FileRefused
from market.exchange.problems import RowProblem
from market.exchange.readers import ReadListings, read_needs, read_results
from schemas.listings import Need, Result
from tests.market.exchange.files import RESULT_HEADERS, RESULT_ROW, sheet_xml, with_part, workbook

SHEET = "xl/worksheets/sheet1.xml"
HEADERS = ["成果编号", "成果名称", "完成单位"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "r.xlsx"


def drawn(path: Path, draw: Callable[[Worksheet], object]) -> Path:
    """A workbook with one sheet, filled by a function."""
    with xlsxwriter.Workbook(path) as book:
        draw(book.add_worksheet("成果"))
    return path


def with_sheet(path: Path, content: bytes) -> Path:
    """A workbook whose only sheet is replaced by this part."""
    plain = workbook(path.with_name("plain.xlsx"), [["成果名称"]])
    return with_part(plain, SHEET, content, path)


def rows_xml(rows: str) -> bytes:
    return (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{rows}</sheetData></worksheet>"
    ).encode()


def text_cell(text: str, reference: str = "") -> str:
    place = f' r="{reference}"' if reference else ""
    return f'<c{place} t="inlineStr"><is><t>{text}</t></is></c>'


def told(read: ReadListings[Result] | ReadListings[Need]) -> list[str]:
    return [problem.text("zh") for problem in read.refused + read.warnings]


def titles(read: ReadListings[Result]) -> dict[str, str]:
    return {listing.id: listing.title for listing in read.listings}


def test_rows_of_a_workbook_are_listings(path: Path) -> None:
    workbook(path, [RESULT_HEADERS, RESULT_ROW, ["R2", "第二", "", "", 12.5, 6]])

    read = read_results(path)

    assert read.listings == [
        Result(
            id="R1",
            title="石墨烯导热膜",
            summary="导热系数 1500 W/(m·K)",
            fields=("materials",),
            price_min_cny=800_000,
            price_max_cny=800_000,
            trl=7,
        ),
        Result(id="R2", title="第二", price_min_cny=125_000, price_max_cny=125_000, trl=6),
    ]
    assert (read.refused, read.warnings, read.rows) == ([], [], 2)


def test_macro_workbook_is_read_alike(tmp_path: Path) -> None:
    path = workbook(tmp_path / "r.xlsx", [HEADERS, ["1", "甲"]]).rename(tmp_path / "r.XLSM")

    assert titles(read_results(path)) == {"1": "甲"}


def test_zeros_in_front_of_an_id_stay(path: Path) -> None:
    drawn(path, lambda sheet: [
        sheet.write_row(0, 0, HEADERS),
        sheet.write_string(1, 0, "0012"),
        sheet.write_string(1, 1, "甲"),
        sheet.write_number(2, 0, 12),
        sheet.write_string(2, 1, "乙"),
    ])  # fmt: skip

    assert titles(read_results(path)) == {"0012": "甲", "12": "乙"}


@pytest.mark.parametrize(
    "cell", [datetime(2027, 5, 31), 46538, "46538", "2027-05", "2027年5月31日", "2027/5/31"]  # noqa: DTZ001
)  # fmt: skip
def test_date_is_read_as_date_as_serial_and_as_text(cell: object, path: Path) -> None:
    workbook(path, [["需求编号", "需求名称", "截止日期"], ["N1", "打滑", cell]])

    read = read_needs(path)

    assert read.listings == [Need(id="N1", title="打滑", deadline=date(2027, 5, 31))]
    assert told(read) == []


def test_formula_counts_by_its_stored_value(path: Path) -> None:
    def draw(sheet: Worksheet) -> None:
        sheet.write_row(0, 0, ["成果编号", "成果名称", "转让价格（万元）", "展位", "成熟度"])
        sheet.write_formula(1, 0, '="R"&1', value="R1")
        sheet.write_formula(1, 1, "=B9", value="橡胶鞋底")
        sheet.write_formula(1, 2, "=40*2", value=80)
        sheet.write_formula(1, 3, "=NA()", value="#N/A")
        sheet.write_formula(1, 4, "=1/0", value="#DIV/0!")

    read = read_results(drawn(path, draw))

    assert read.listings == [
        Result(id="R1", title="橡胶鞋底", price_min_cny=800_000, price_max_cny=800_000)
    ]
    assert sorted(told(read)) == [
        "r.xlsx 第 2 行 “展位”列：错误值 #N/A 按空白处理",
        "r.xlsx 第 2 行 “成熟度”列：错误值 #DIV/0! 按空白处理",
    ]


def test_text_that_looks_like_a_formula_is_text(path: Path) -> None:
    drawn(path, lambda sheet: [
        sheet.write_row(0, 0, HEADERS),
        sheet.write_string(1, 0, "=1+1"),
        sheet.write_string(1, 1, "'=2+2"),
    ])  # fmt: skip

    assert titles(read_results(path)) == {"=1+1": "'=2+2"}


def test_boolean_is_no_amount(path: Path) -> None:
    workbook(path, [["成果编号", "成果名称", "价格（万元）"], ["1", "甲", True], ["2", "乙", 8]])

    read = read_results(path)

    assert titles(read) == {"2": "乙"}
    assert told(read) == ["r.xlsx 第 2 行 “价格（万元）”列：金额“TRUE”无法理解"]


def test_merged_cell_counts_for_each_of_its_rows(path: Path) -> None:
    def draw(sheet: Worksheet) -> None:
        sheet.write_row(0, 0, HEADERS)
        for row, title in enumerate("甲乙丙丁", 1):
            sheet.write_row(row, 0, [str(row), title])
        sheet.merge_range(1, 2, 3, 2, "刺桐大学")

    read = read_results(drawn(path, draw))

    assert [(r.id, r.institute) for r in read.listings] == [
        ("1", "刺桐大学"),
        ("2", "刺桐大学"),
        ("3", "刺桐大学"),
        ("4", ""),
    ]


def test_cells_merged_to_the_right_count_once(path: Path) -> None:
    def draw(sheet: Worksheet) -> None:
        sheet.merge_range(0, 0, 0, 2, "科技成果汇总表")
        sheet.write_row(1, 0, HEADERS)
        sheet.write(2, 0, "1")
        sheet.merge_range(2, 1, 2, 2, "甲")

    assert read_results(drawn(path, draw)).listings == [Result(id="1", title="甲")]


def test_cells_merged_below_the_last_row_make_no_rows(path: Path) -> None:
    def draw(sheet: Worksheet) -> None:
        sheet.write_row(0, 0, HEADERS)
        sheet.write_row(1, 0, ["1", "甲"])
        sheet.merge_range(1, 2, 500, 2, "刺桐大学")

    read = read_results(drawn(path, draw))

    assert (read.rows, [r.institute for r in read.listings]) == (1, ["刺桐大学"])


@pytest.mark.parametrize(("top", "left"), [(0, 0), (0, 3), (4, 0), (7, 5)])
def test_table_may_stand_anywhere_and_rows_count_from_the_first(
    top: int, left: int, path: Path
) -> None:
    def draw(sheet: Worksheet) -> None:
        sheet.write_row(top, left, ["成果名称", "完成单位"])
        sheet.write_row(top + 1, left, ["甲"])
        sheet.write_row(top + 4, left, ["乙"])
        sheet.write_row(top + 5, left, ["", "没有名称"])
        sheet.write_formula(top + 4, left + 1, "=NA()", value="#N/A")

    read = read_results(drawn(path, draw))

    assert titles(read) == {str(top + 2): "甲", str(top + 5): "乙"}
    assert told(read) == [
        f"r.xlsx 第 {top + 6} 行：没有名称",
        f"r.xlsx 第 {top + 5} 行 “完成单位”列：错误值 #N/A 按空白处理",
    ]


def test_cell_right_of_the_header_refuses_its_row(path: Path) -> None:
    workbook(path, [["成果名称", "单位"], ["甲", "a", "", "多余"], ["乙", "b", "", " "]])

    read = read_results(path)

    assert told(read)[0] == "r.xlsx 第 2 行：有 4 个单元格，表头只有 2 个（逗号未加引号？）"


def test_first_sheet_with_a_header_is_read_and_the_others_are_told(path: Path) -> None:
    workbook(
        path,
        [["填表说明"], ["请勿改动表头"]],
        [HEADERS, ["1", "甲"]],
        [["图例"]],
        [HEADERS, ["2", "乙"]],
    )

    read = read_results(path)

    assert titles(read) == {"1": "甲"}
    assert read.warnings == [
        RowProblem("r.xlsx", 0, "", "other_sheets", {"sheet": "Sheet2", "others": "Sheet4"})
    ]
    assert told(read) == ["r.xlsx：只读取了工作表“Sheet2”，未读取：Sheet4"]


@pytest.mark.parametrize("way", ["hide", "very_hidden"])
def test_visible_sheet_counts_before_a_hidden_one(way: str, path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        hidden, shown = book.add_worksheet("旧数据"), book.add_worksheet("数据")
        hidden.write_column(0, 0, ["成果名称", "旧"])
        shown.write_column(0, 0, ["成果名称", "新"])
        shown.activate()
        shown.set_first_sheet()
        getattr(hidden, way)()

    read = read_results(path)

    assert titles(read) == {"2": "新"}
    assert told(read) == ["r.xlsx：只读取了工作表“数据”，未读取：旧数据"]


def test_hidden_sheet_is_read_where_no_other_has_a_header(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        hidden, shown = book.add_worksheet("数据"), book.add_worksheet("说明")
        hidden.write_column(0, 0, ["成果名称", "甲"])
        shown.activate()
        shown.set_first_sheet()
        hidden.hide()

    read = read_results(path)

    assert (titles(read), told(read)) == ({"2": "甲"}, [])


def test_chart_sheets_and_empty_sheets_are_passed_over(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        chart = book.add_chart({"type": "column"})
        book.add_worksheet("空")
        book.add_chartsheet("图").set_chart(chart)
        sheet = book.add_worksheet("数据")
        sheet.write_column(0, 0, ["成果名称", "甲"])
        chart.add_series({"values": ["数据", 0, 0, 1, 0]})

    read = read_results(path)

    assert (titles(read), told(read)) == ({"2": "甲"}, [])


def test_header_alone_is_an_empty_list_with_a_warning(path: Path) -> None:
    workbook(path, [["汇总表"], HEADERS])

    read = read_results(path)

    assert (read.listings, told(read)) == ([], ["r.xlsx 第 2 行：只有表头，没有数据"])


@pytest.mark.parametrize("rows", [[], [["编号", "备注"], ["1", "2"]], [[1, 2.5, True]]])
def test_workbook_without_a_title_column_is_refused(rows: list[list[object]], path: Path) -> None:
    workbook(path, rows)

    with pytest.raises(FileRefused) as refused:
        read_results(path)

    shown = "、".join(str(cell).upper() for cell in rows[0]) if rows else "–"
    assert refused.value.reason.startswith(f"没有找到名称列。读到的表头：{shown}。")


def test_cells_without_references_stand_one_after_the_other(path: Path) -> None:
    cells = [["成果名称", "完成单位"], ["甲", "刺桐大学"]]
    rows = "".join(f"<row>{''.join(map(text_cell, row))}</row>" for row in cells)

    read = read_results(with_sheet(path, rows_xml(rows)))

    assert read.listings == [Result(id="2", title="甲", institute="刺桐大学")]


def test_prefix_of_the_namespace_does_not_matter(path: Path) -> None:
    content = sheet_xml("B2=成果名称", "B3=甲").decode()
    for tag in ("worksheet", "sheetData", "row", "c", "is", "t"):
        content = content.replace(f"<{tag}>", f"<x:{tag}>").replace(f"<{tag} ", f"<x:{tag} ")
        content = content.replace(f"</{tag}>", f"</x:{tag}>")
    content = content.replace("xmlns=", "xmlns:x=")

    assert titles(read_results(with_sheet(path, content.encode()))) == {"3": "甲"}


def test_parts_of_rich_text_are_one_text(path: Path) -> None:
    def draw(sheet: Worksheet) -> None:
        sheet.write(0, 0, "成果名称")
        sheet.write_rich_string(1, 0, "橡胶", bold, "鞋底")

    with xlsxwriter.Workbook(path) as book:
        bold = book.add_format({"bold": True})
        draw(book.add_worksheet())

    assert titles(read_results(path)) == {"2": "橡胶鞋底"}


def test_line_breaks_and_controls_in_a_cell_become_clean_text(path: Path) -> None:
    rows = "<row r='1'>" + text_cell("成果名称", "A1") + "</row><row r='2'>"
    rows += text_cell("甲_x0007_乙&#10;丙", "A2") + "</row>"

    read = read_results(with_sheet(path, rows_xml(rows)))

    assert titles(read) == {"2": "甲 乙\n丙"}


def test_cell_far_longer_than_excel_allows_refuses_its_row(path: Path) -> None:
    content = sheet_xml("A1=成果名称", f"A2={'长' * 100_000}", "A3=乙")

    read = read_results(with_sheet(path, content))

    assert titles(read) == {"3": "乙"}
    assert told(read) == ["r.xlsx 第 2 行 “成果名称”列：单元格有 100000 个字符，最多 32767 个"]
