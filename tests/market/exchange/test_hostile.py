"""Files that are broken or meant to break: each is refused with a sentence, at little cost."""

import os
import resource
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from market.errors import FileRefused
from market.exchange.problems import Lang
from market.exchange.readers import read_needs, read_results
from tests.market.exchange.files import (
    RESULT_HEADERS,
    RESULT_ROW,
    lying_zip,
    sheet_xml,
    text_file,
    with_part,
    workbook,
)

SHEET = "xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
MAX_GROWTH_BYTES = 200 * 1024 * 1024
# What a reader of the file costs beyond the imports, in bytes: the peak before and after.
MEASURE = """
import resource, sys
from market.errors import FileRefused
from market.exchange.readers import read_results
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
try:
    read_results(sys.argv[1])
except FileRefused as refusal:
    print(peak() - before, refusal.reason.split("（")[0].split("：")[0])
else:
    print(peak() - before, "read")
"""


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    return workbook(tmp_path / "plain.xlsx", [RESULT_HEADERS, RESULT_ROW])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "r.xlsx"


def refusal_of(path: Path, lang: Lang = "zh") -> str:
    with pytest.raises(FileRefused) as refused:
        read_results(path, lang=lang)
    assert refused.value.reason.isprintable()
    return refused.value.reason


def sheet_of(cells: str) -> bytes:
    return f"<worksheet {NAMESPACE}><sheetData>{cells}</sheetData></worksheet>".encode()


def with_flag(path: Path, target: Path) -> Path:
    """A copy whose directory says that the first part is encrypted."""
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    target.write_bytes(data)
    return target


def deep_xml() -> bytes:
    return b"<worksheet>" + b"<a>" * 200_000


@pytest.mark.parametrize(
    ("cells", "size"),
    [
        (("A1=成果名称", "XFD1048576=x"), "1048576 行 × 16384 列"),
        (("A1=成果名称", "ALM2=x"), "2 行 × 1001 列"),
        (("A1=成果名称", "A1048577=x"), "1048577 行 × 1 列"),
        (("A1=成果名称", "Z900000=x"), "900000 行 × 26 列"),
    ],
)
def test_sheet_with_a_far_away_cell_is_too_large(
    cells: tuple[str, ...], size: str, plain: Path, path: Path
) -> None:
    with_part(plain, SHEET, sheet_xml(*cells), path)

    assert refusal_of(path) == f"工作表“Sheet1”跨 {size}，过大；请删去远处的单元格"


def test_far_away_cell_without_content_does_no_harm(plain: Path, path: Path) -> None:
    with_part(
        plain,
        SHEET,
        sheet_xml("A1=成果名称", "A2=甲").replace(
            b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>'
        ),
        path,
    )

    assert [r.title for r in read_results(path).listings] == ["甲"]


def test_million_columns_are_too_many(plain: Path, path: Path) -> None:
    cell = '<c t="inlineStr"><is><t>x</t></is></c>'
    with_part(plain, SHEET, sheet_of(f"<row>{cell * 1_000_000}</row>"), path)

    reason = refusal_of(path)

    assert reason.startswith("工作表“Sheet1”跨 1 行 × ")
    assert reason.endswith(" 列，过大；请删去远处的单元格")


def test_shared_text_repeated_beyond_measure_is_too_large(plain: Path, path: Path) -> None:
    # 30,000 characters stand once in the file and 20,000 times in the table.
    shared = f"<sst {NAMESPACE}><si><t>{'长' * 30_000}</t></si></sst>".encode()
    with_part(plain, "xl/sharedStrings.xml", shared, path.with_name("shared.xlsx"))
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 20_001))
    with_part(path.with_name("shared.xlsx"), SHEET, sheet_of(rows), path)

    reason = refusal_of(path)

    assert reason.startswith("工作表“Sheet1”跨 ")
    assert reason.endswith("，过大；请删去远处的单元格")


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml", "docProps/core.xml", "bomb.bin"])
def test_zip_bomb_is_refused_whichever_part_it_hides_in(part: str, plain: Path, path: Path) -> None:
    with_part(plain, part, b" " * 200_000_000, path)

    assert path.stat().st_size < 1_000_000
    assert refusal_of(path) == "解压后过大（超过 1024 MB，或压缩比异常）"


def test_zip_that_lies_about_its_sizes_is_damaged(plain: Path, path: Path) -> None:
    lying_zip(plain, SHEET, path)

    assert refusal_of(path).startswith("工作簿已损坏或不完整：Bad CRC-32")


@pytest.mark.parametrize(
    ("part", "content", "detail"),
    [
        (SHEET, b"", "no element found: line 1, column 0"),
        (SHEET, b"not xml", "syntax error: line 1, column 0"),
        (SHEET, b'<!DOCTYPE a [<!ENTITY b "bb">]><worksheet>&b;</worksheet>', "DOCTYPE"),
        (SHEET, sheet_of('<row r="1"><c r="A0"><v>1</v></c></row>'), "A0"),
        (SHEET, sheet_of('<row r="1"><c r="1A"><v>1</v></c></row>'), "1A"),
        (SHEET, sheet_of('<row r="-1"><c><v>1</v></c></row>'), "-1"),
        (SHEET, sheet_of('<row r="99999999"><c><v>1</v></c></row>'), "99999999"),
        ("xl/workbook.xml", b"<workbook/>", None),
        ("xl/workbook.xml", b"", "no element found: line 1, column 0"),
        ("xl/_rels/workbook.xml.rels", b"<Relationships/>", "Sheet1"),
    ],
)
def test_workbook_with_a_broken_part_is_damaged(
    part: str, content: bytes, detail: str | None, plain: Path, path: Path
) -> None:
    with_part(plain, part, content, path)

    reason = refusal_of(path)

    if detail is None:
        assert reason.startswith("没有找到名称列。读到的表头：–。")
    else:
        assert reason == f"工作簿已损坏或不完整：{detail}"


@pytest.mark.parametrize("encoding", ["UF-8", "gb18030", "rot13", "idna", "unicode_escape"])
def test_part_in_an_encoding_of_its_own_is_damaged(encoding: str, plain: Path, path: Path) -> None:
    content = f'<?xml version="1.0" encoding="{encoding}"?><sst>铁</sst>'.encode()
    with_part(plain, "xl/sharedStrings.xml", content, path)

    assert refusal_of(path) == f"工作簿已损坏或不完整：{encoding}"


def test_xml_nested_beyond_measure_is_refused(plain: Path, path: Path) -> None:
    with_part(plain, SHEET, deep_xml(), path)

    assert refusal_of(path).startswith("工作簿已损坏或不完整：")


@pytest.mark.parametrize("kept", [5, 100, 0.5, 0.99])
def test_truncated_workbook_is_damaged(kept: float, plain: Path, path: Path) -> None:
    data = plain.read_bytes()
    path.write_bytes(data[: int(kept if kept >= 1 else kept * len(data))])

    assert refusal_of(path) == "工作簿已损坏或不完整：File is not a zip file"


def test_zip_without_a_workbook_is_damaged(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("notes.txt", "notes")

    assert refusal_of(path) == "工作簿已损坏或不完整：xl/workbook.xml"


def test_workbook_of_thousands_of_parts_is_damaged(plain: Path, path: Path) -> None:
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
        for number in range(10_001):
            new.writestr(f"x/{number}", b"")

    assert refusal_of(path) == "工作簿已损坏或不完整：zip"


def test_encrypted_workbook_asks_for_one_without_a_password(plain: Path, path: Path) -> None:
    with_flag(plain, path)

    assert refusal_of(path) == "工作簿已加密，请去掉密码后另存"
    assert refusal_of(path, "en") == "the workbook is encrypted; save it without a password"


@pytest.mark.parametrize("name", ["r.xlsx", "r.xlsm", "r.xls", "r.csv", "r.txt"])
def test_old_or_encrypted_office_file_is_told_of(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(OLE)

    assert refusal_of(tmp_path / name) == "旧版 Excel 或加密的文件，请另存为不加密的 .xlsx"


def test_text_named_as_a_workbook_is_told_of(path: Path) -> None:
    text_file(path, [RESULT_HEADERS, RESULT_ROW])

    assert refusal_of(path) == (
        "不是 Excel 工作簿（可能是改了扩展名的 CSV 或网页），请另存为 .xlsx"
    )


def test_workbook_named_as_text_is_told_of(plain: Path, tmp_path: Path) -> None:
    path = plain.rename(tmp_path / "r.csv")

    assert refusal_of(path) == "内容是 Excel 工作簿，请把扩展名改为 .xlsx"


@pytest.mark.parametrize("extension", [".csv", ".jsonl", ".xlsx", ".tsv", ".txt", ".ndjson"])
def test_empty_file_is_told_of(extension: str, tmp_path: Path) -> None:
    path = tmp_path / f"r{extension}"
    path.touch()

    assert refusal_of(path) == "文件是空的"
    assert refusal_of(path, "en") == "the file is empty"


@pytest.mark.parametrize("name", ["r.pdf", "r", "r.docx", "r.json", ".csv"])
def test_other_formats_are_named_as_unknown(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"%PDF")

    assert refusal_of(tmp_path / name) == (
        "不支持的格式，可读取 .xlsx、.xlsm、.csv、.tsv、.txt、.jsonl、.ndjson"
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none.csv", "文件不存在"),
        ("none/r.csv", "文件不存在"),
        ("plain.xlsx/r.csv", "文件不存在"),
        ("folder.csv", "这是文件夹，不是文件"),
        (f"{'长' * 100}.csv", "文件名过长"),
        ("a\x00b.csv", "文件名含有系统不接受的字符"),
    ],
)
@pytest.mark.usefixtures("plain")
def test_path_that_leads_nowhere_says_why(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()

    assert refusal_of(tmp_path / name) == reason


def test_name_that_is_no_text_is_refused_in_printable_words(tmp_path: Path) -> None:
    assert refusal_of(tmp_path / "r\udcff\ud800.csv") == "文件名含有系统不接受的字符"


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without the rights of root, who may read everything."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.parametrize(("lang", "reason"), [("zh", "没有权限"), ("en", "permission denied")])
def test_file_without_permission_is_told_of(lang: Lang, reason: str, plain: Path) -> None:
    plain.chmod(0)

    with as_nobody():
        assert refusal_of(plain, lang) == reason


def test_pipe_and_device_are_no_files_and_never_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    device = tmp_path / "zero.csv"
    device.symlink_to("/dev/zero")

    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [refusal_of(pipe), refusal_of(device)] == ["不是普通文件", "不是普通文件"]


@contextmanager
def no_more_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))  # noqa: PTH208 - the numbers alone
    held = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
    try:
        while True:
            try:
                held.append(os.open("/dev/null", os.O_RDONLY))
            except OSError:
                break
        yield
    finally:
        for number in held:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("lang", "reason"),
    [("zh", "打开的文件过多，请稍后再试"), ("en", "too many files are open; try again later")],
)
def test_too_many_open_files_are_told_in_the_language_of_the_run(
    lang: Lang, reason: str, tmp_path: Path
) -> None:
    path = text_file(tmp_path / "r.csv", [RESULT_HEADERS, RESULT_ROW])

    with no_more_files(), pytest.raises(FileRefused) as refused:
        read_results(path, lang=lang)

    assert refused.value.reason == reason


def far_cell(plain: Path, target: Path) -> None:
    with_part(plain, SHEET, sheet_xml("A1=成果名称", "XFD1048576=x"), target)


def bomb(plain: Path, target: Path) -> None:
    with_part(plain, SHEET, b" " * 300_000_000, target)


def lying_bomb(plain: Path, target: Path) -> None:
    bomb(plain, target.with_name("true.xlsx"))
    lying_zip(target.with_name("true.xlsx"), SHEET, target)


@pytest.mark.parametrize(
    ("make", "outcome"),
    [
        (far_cell, "工作表“Sheet1”跨 1048576 行 × 16384 列，过大；请删去远处的单元格"),
        (bomb, "解压后过大"),
        (lying_bomb, "解压后过大"),
    ],
)
def test_hostile_workbook_costs_little_memory(
    make: Callable[[Path, Path], None], outcome: str, plain: Path, path: Path
) -> None:
    make(plain, path)

    ran = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    )

    growth, _, said = ran.stdout.strip().partition(" ")
    assert said == outcome
    assert int(growth) < MAX_GROWTH_BYTES


def test_needs_are_refused_in_the_same_words(plain: Path, path: Path) -> None:
    bomb(plain, path)

    with pytest.raises(FileRefused) as refused:
        read_needs(path, lang="en")

    assert refused.value.reason == (
        "grows too large when unzipped (over 1024 MB, or packed beyond belief)"
    )
