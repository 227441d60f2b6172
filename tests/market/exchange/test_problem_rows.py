"""Refused rows and warnings as files: .csv, .xlsx and .jsonl, in either language."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest

from market.errors import FileRefused, UsageRefused
from market.exchange.problem_rows import (
    check_refused_target,
    problem_cells,
    problem_columns,
    write_refused,
)
from market.exchange.problems import Lang, RowProblem
from tests.market.commands.runs import names_in, pairs_of, sheets_of

CHINESE = re.compile(r"[\u3000-\u9fff\uff00-\uffef]")
OUTPUTS = ["errors.csv", "errors.xlsx", "errors.jsonl"]
DUPLICATE = RowProblem("r.csv", 5, "id", "duplicate_id", {"value": "R1", "first": "2"})
PATENT = RowProblem("n.csv", 3, "patents", "patent_wrong", {"value": "=ZL1"})
WHOLE_FILE = RowProblem("n.csv", 0, "", "no_rows")
PROBLEMS = [DUPLICATE, PATENT, WHOLE_FILE]
TABLE_ZH: list[list[Any]] = [
    ["文件", "行", "列", "类别", "原因", "原值"],
    ["r.csv", 5, "id", "退回", "编号“R1”与第 2 行重复", "R1"],
    ["n.csv", 3, "patents", "提醒", "专利号“=ZL1”校验不通过", "=ZL1"],
    ["n.csv", "", "", "提醒", "只有表头，没有数据", ""],
]
TABLE_EN: list[list[Any]] = [
    ["File", "Row", "Column", "Kind", "Reason", "Value"],
    ["r.csv", 5, "id", "refused", "the id “R1” is already that of row 2", "R1"],
    [
        *("n.csv", 3, "patents", "warning"),
        *("the patent number “=ZL1” fails its check digit", "=ZL1"),
    ],
    ["n.csv", "", "", "warning", "holds headers but no rows", ""],
]


def csv_rows(path: Path) -> list[list[str]]:
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize(("lang", "table"), [("zh", TABLE_ZH), ("en", TABLE_EN)])
def test_workbook_of_problems(lang: Lang, table: list[list[Any]], tmp_path: Path) -> None:
    write_refused(PROBLEMS, tmp_path / "e.xlsx", lang=lang)

    name = "退回行" if lang == "zh" else "Refused rows"
    assert sheets_of(tmp_path / "e.xlsx") == {name: table}


@pytest.mark.parametrize("name", ["e.csv", "e", "E.CSV"])
@pytest.mark.parametrize(("lang", "table"), [("zh", TABLE_ZH), ("en", TABLE_EN)])
def test_csv_of_problems(lang: Lang, table: list[list[Any]], name: str, tmp_path: Path) -> None:
    write_refused(PROBLEMS, tmp_path / name, lang=lang)

    expected = [[str(cell) for cell in row] for row in table]
    # The quotation of a formula is defused.
    expected[2][-1] = "'=ZL1"
    assert csv_rows(tmp_path / name) == expected


def test_json_lines_of_problems(tmp_path: Path) -> None:
    write_refused(PROBLEMS, tmp_path / "e.jsonl", lang="en")

    assert pairs_of(tmp_path / "e.jsonl") == [
        {
            "file": "r.csv",
            "line": 5,
            "column": "id",
            "kind": "refused",
            "code": "duplicate_id",
            "reason": "the id “R1” is already that of row 2",
            "value": "R1",
        },
        {
            "file": "n.csv",
            "line": 3,
            "column": "patents",
            "kind": "warning",
            "code": "patent_wrong",
            "reason": "the patent number “=ZL1” fails its check digit",
            "value": "=ZL1",
        },
        {
            "file": "n.csv",
            "line": 0,
            "column": "",
            "kind": "warning",
            "code": "no_rows",
            "reason": "holds headers but no rows",
            "value": "",
        },
    ]


@pytest.mark.parametrize("name", OUTPUTS)
def test_english_problems_hold_no_chinese(name: str, tmp_path: Path) -> None:
    write_refused(PROBLEMS, tmp_path / name, lang="en")

    content = (tmp_path / name).read_bytes()
    said = str(sheets_of(tmp_path / name)) if name.endswith("xlsx") else content.decode("utf-8-sig")
    assert CHINESE.findall(said) == []


@pytest.mark.parametrize("name", OUTPUTS)
def test_same_problems_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    write_refused(PROBLEMS, tmp_path / name)
    first = (tmp_path / name).read_bytes()

    write_refused(PROBLEMS, tmp_path / name)

    assert (tmp_path / name).read_bytes() == first
    assert names_in(tmp_path) == [name]


@pytest.mark.parametrize("name", OUTPUTS)
def test_no_problems_are_a_file_all_the_same(name: str, tmp_path: Path) -> None:
    write_refused([], tmp_path / name)

    path = tmp_path / name
    if name.endswith("csv"):
        assert csv_rows(path) == [TABLE_ZH[0]]
    elif name.endswith("xlsx"):
        assert sheets_of(path) == {"退回行": [TABLE_ZH[0]]}
    else:
        assert path.read_bytes() == b""


@pytest.mark.parametrize("name", [*OUTPUTS, "errors", "E.XLSX"])
def test_known_targets_pass_the_check_and_are_not_touched(name: str, tmp_path: Path) -> None:
    check_refused_target(tmp_path / name)

    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", "e.pdf：退回行只能写成 .csv、.xlsx 或 .jsonl"),
        ("en", "e.pdf: refused rows are written as .csv, .xlsx or .jsonl only"),
    ],
)
def test_unknown_target_is_refused_by_check_and_writer_alike(
    lang: Lang, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageRefused) as checked:
        check_refused_target(Path("e.pdf"), lang=lang)
    with pytest.raises(UsageRefused) as wrote:
        write_refused(PROBLEMS, Path("e.pdf"), lang=lang)

    assert str(checked.value) == str(wrote.value) == said
    assert names_in(tmp_path) == []


def test_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        write_refused(PROBLEMS, tmp_path / "nix" / "e.csv")

    assert refused.value.reason == "所在文件夹不存在"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_there_is_a_cell_for_every_column(lang: Lang) -> None:
    columns = problem_columns(lang)

    assert [len(problem_cells(problem, lang)) for problem in PROBLEMS] == [len(columns)] * 3
    assert {column.style for column in columns} == {"wrapped"}
