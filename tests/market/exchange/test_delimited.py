"""Text files: encodings, delimiters, quotation marks, and how their rows are counted."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.errors import FileRefused
from market.exchange.cells import cell_text
from market.exchange.readers import ReadListings, read_needs, read_results
from schemas.listings import Result
from tests.market.exchange.files import RESULT_HEADERS, RESULT_ROW, text_file

RESULT = Result(
    id="R1",
    title="石墨烯导热膜",
    summary="导热系数 1500 W/(m·K)",
    fields=("materials",),
    price_min_cny=800_000,
    price_max_cny=800_000,
    trl=7,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "r.csv"


def read(path: Path, text: str | bytes) -> ReadListings[Result]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_results(path)


def titles(read: ReadListings[Result]) -> dict[str, str]:
    """Title by id; rows without an id have the number of their row."""
    return {listing.id: listing.title for listing in read.listings}


def told(read: ReadListings[Result]) -> list[str]:
    return [problem.text("zh") for problem in read.refused + read.warnings]


def refusal_of(path: Path, text: str | bytes) -> str:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(FileRefused) as refused:
        read_results(path)
    assert refused.value.path == str(path)
    return refused.value.reason


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le-bom", "utf-16-be-bom"]
)
def test_encoding_is_told_by_the_bytes(encoding: str, path: Path) -> None:
    table = text_file(path, [RESULT_HEADERS, RESULT_ROW]).read_bytes().decode()
    bom, codec = ("\ufeff", encoding[:-4]) if encoding.endswith("-bom") else ("", encoding)

    found = read(path, (bom + table).encode(codec))

    assert (found.listings, found.refused, found.warnings) == ([RESULT], [], [])


def test_gb18030_holds_every_character(path: Path) -> None:
    found = read(path, "编号,成果名称\n1,𠮷野家㐂 Größe ℃ 한국\n".encode("gb18030"))

    assert titles(found) == {"1": "𠮷野家㐂 Größe ℃ 한국"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            b"id,title\n1,a\n2,\xff\xff\n3,c\n",
            "第 3 行既不是 UTF-8 也不是 GB18030 编码",
        ),
        (
            "编号,成果名称\n1,甲\n2,".encode() + b"\xff\n",
            "第 3 行既不是 UTF-8 也不是 GB18030 编码",
        ),
        (b"\xef\xbb\xbfid,title\n1,\xff\n", "第 2 行不是有效的 utf-8-sig 编码"),
        (b"\xff\xfei\x00d\x00\n\x00\xd8", "第 2 行不是有效的 utf-16 编码"),
        (b"id,title\n1,a\n2,\xe7", "第 3 行既不是 UTF-8 也不是 GB18030 编码"),
    ],
)
def test_bytes_of_no_encoding_name_their_row(content: bytes, reason: str, path: Path) -> None:
    assert refusal_of(path, content) == reason


@pytest.mark.parametrize("extension", [".csv", ".tsv", ".txt", ".CSV"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "，"])
def test_delimiter_is_told_by_the_header(delimiter: str, extension: str, tmp_path: Path) -> None:
    path = tmp_path / f"r{extension}"

    found = read(path, delimiter.join(["编号", "成果名称"]) + "\n" + delimiter.join(["1", "甲"]))

    assert titles(found) == {"1": "甲"}


def test_other_delimiters_inside_a_cell_part_nothing(path: Path) -> None:
    found = read(path, "编号;成果名称\n1;甲,乙，丙\t丁\n")

    assert titles(found) == {"1": "甲,乙，丙\t丁"}


def test_single_column_needs_no_delimiter(path: Path) -> None:
    assert titles(read(path, "成果名称\n甲\n乙\n")) == {"2": "甲", "3": "乙"}


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_end_of_any_system_ends_a_row(line_end: str, path: Path) -> None:
    found = read(path, line_end.join(["编号,成果名称", "1,甲", "2,乙"]))

    assert titles(found) == {"1": "甲", "2": "乙"}


def test_rows_are_counted_as_records_with_the_blank_ones(path: Path) -> None:
    found = read(path, '成果名称,简介\n甲,"一\n二\n三"\n\n , \n乙,\n,没有名称\n丙,\n')

    assert titles(found) == {"2": "甲", "5": "乙", "7": "丙"}
    assert told(found) == ["r.csv 第 6 行：没有名称"]
    assert found.rows == 4
    assert found.listings[0].summary == "一\n二\n三"


def test_title_rows_above_the_header_are_passed_over(path: Path) -> None:
    found = read(path, "科技成果\n2027 年汇总,,\n\n编号,成果名称,简介\n1,甲,乙\n,丙,\n")

    assert titles(found) == {"1": "甲", "6": "丙"}
    assert told(found) == []


@pytest.mark.parametrize(("rows_above", "found"), [(19, True), (20, False)])
def test_header_stands_within_the_first_twenty_rows(
    rows_above: int, found: bool, path: Path
) -> None:
    text = "说明,见下\n" * rows_above + "编号,成果名称\n1,甲\n"

    if found:
        assert titles(read(path, text)) == {"1": "甲"}
    else:
        assert refusal_of(path, text).startswith("没有找到名称列。读到的表头：说明、见下。")


def test_quotation_marks_and_apostrophes_are_taken_off(path: Path) -> None:
    found = read(path, '编号,成果名称\n1,"他说""好"""\n2,\'=1+1\n3,\'引号\n4,\'\'-x\n')

    assert titles(found) == {"1": '他说"好"', "2": "=1+1", "3": "'引号", "4": "'-x"}


@pytest.mark.parametrize("header", ["'=成果名称", "'+成果名称"])
def test_defused_header_is_still_a_header(header: str, path: Path) -> None:
    assert titles(read(path, f"编号,{header}\n1,甲\n")) == {"1": "甲"}


def test_short_row_is_filled_up_and_a_long_one_refused(path: Path) -> None:
    found = read(path, "成果名称,简介,备注\n甲\n乙,b,c,d\n丙,b,c,,\n")

    assert titles(found) == {"2": "甲", "4": "丙"}
    assert told(found) == ["r.csv 第 3 行：有 4 个单元格，表头只有 3 个（逗号未加引号？）"]


def test_bad_cells_refuse_their_rows_alone(path: Path) -> None:
    found = read(path, "成果名称,简介\n甲\x00,a\n乙," + "长" * 100_000 + "\n丙,c\n")

    assert titles(found) == {"4": "丙"}
    assert told(found) == [
        "r.csv 第 2 行 “成果名称”列：含有 NUL 字符",
        "r.csv 第 3 行 “简介”列：单元格有 100000 个字符，最多 32767 个",
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('成果名称,简介\n甲,a\n乙,"b\n丙,c\n', "第 3 行的引号没有配对"),
        ('成果名称,简介\n甲,"', "第 2 行的引号没有配对"),
        (
            "成果名称,简介\n甲," + "x" * 131_073,
            "第 2 行过长（超过 131072 个字符，引号没有配对？）",
        ),
        (
            "成果名称,简介\n甲,a\n乙," + "x," * (4 * 1024 * 1024),
            "第 3 行过长（超过 8388608 个字符，引号没有配对？）",
        ),
    ],
)
def test_broken_quotation_names_the_row_where_it_begins(text: str, reason: str, path: Path) -> None:
    assert refusal_of(path, text) == reason


@pytest.mark.parametrize("text", ["鞋底,橡胶;", "鞋底,橡胶\t", "鞋底,橡胶，", '鞋底;"橡胶', ';"'])
def test_cell_that_would_break_under_another_delimiter_is_read(text: str, path: Path) -> None:
    text_file(path, [["成果名称", "简介"], ["甲", text], ["乙", "别的"]])

    found = read_results(path)

    assert [(r.title, r.summary) for r in found.listings] == [("甲", text.strip()), ("乙", "别的")]


def test_mark_of_the_end_is_text_where_the_file_goes_on(path: Path) -> None:
    found = read(path, "成果名称,简介\n\x1eend\x1e\n甲,\x1eend\x1e\n乙,b\n")

    assert titles(found) == {"2": "end", "3": "甲", "4": "乙"}


def test_row_of_long_cells_is_read(path: Path) -> None:
    text_file(
        path, [["成果名称", "简介", "背景", "创新点", "优势", "特点"], ["甲", *["x" * 30_000] * 5]]
    )

    found = read_results(path)

    assert titles(found) == {"2": "甲"}
    assert found.listings[0].summary == "\n".join(["x" * 30_000] * 5)


def test_million_columns_are_no_table(path: Path) -> None:
    header = "编号,成果名称," + "x," * 1_000_000

    reason = refusal_of(path, header + "\n1,甲\n")

    assert reason == "第 1 行有 1000002 列，最多 1000 列"


@pytest.mark.parametrize("text", ["\n", "\ufeff", " , ,\n\n", "\x00\n", "\t\t\t"])
def test_file_without_any_text_has_no_header(text: str, path: Path) -> None:
    assert refusal_of(path, text).startswith("没有找到名称列。读到的表头：")


def test_header_alone_is_an_empty_list_with_a_warning(path: Path) -> None:
    found = read(path, "编号,成果名称\n")

    assert (found.listings, found.rows) == ([], 0)
    assert told(found) == ["r.csv 第 1 行：只有表头，没有数据"]


def test_repeated_and_missing_headers_get_names_of_their_own(path: Path) -> None:
    found = read(path, "成果名称,备注,,备注,编号\n甲,一,二,三,1\n")

    assert [column.header for column in found.columns] == [
        "成果名称",
        "备注",
        "列3",
        "备注 (2)",
        "编号",
    ]
    assert found.listings == [
        Result(id="1", title="甲", extra={"备注": "一", "列3": "二", "备注 (2)": "三"})
    ]
    assert told(found) == ["r.csv 第 1 行 “备注”列：表头重复，后一列改名为“备注 (2)”原样保留"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("r.csv", b"PK\x03\x04...", "内容是 Excel 工作簿，请把扩展名改为 .xlsx"),
        (
            "r.csv",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "旧版 Excel 或加密的文件，请另存为不加密的 .xlsx",
        ),
        ("r.tsv", b"PK\x03\x04...", "内容是 Excel 工作簿，请把扩展名改为 .xlsx"),
    ],
)
def test_workbook_named_as_text_is_told_of(
    name: str, content: bytes, reason: str, tmp_path: Path
) -> None:
    assert refusal_of(tmp_path / name, content) == reason


def test_needs_are_read_by_their_own_headers(path: Path) -> None:
    path.write_text("需求编号,技术难题名称,难题描述\nN1,打滑,湿地面\n", "utf-8")

    found = read_needs(path)

    assert [(n.id, n.title, n.description) for n in found.listings] == [("N1", "打滑", "湿地面")]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


ROWS = st.lists(st.tuples(CELLS, CELLS), max_size=6)


@given(cells=ROWS, encoding=st.sampled_from(["utf-8", "gb18030"]))
def test_written_cells_come_back_whatever_they_hold(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]], encoding: str
) -> None:
    path = tmp_path_factory.mktemp("cells") / "r.csv"
    # An apostrophe in front would be taken for a defusing one.
    rows = [[f"题{title}", f"文{text}"] for title, text in cells]
    text_file(path, [["成果名称", "简介"], *rows], encoding)

    found = read_results(path)

    assert [[r.title, r.summary] for r in found.listings] == [
        [cell_text(cell) for cell in row] for row in rows
    ]
