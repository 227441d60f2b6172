"""Which files `duijie pair` takes, what it says of bad rows, and what it calls a listing."""

from pathlib import Path

import pytest

from tests.market.commands.listings import (
    NEED_HEADERS,
    NEED_ROWS,
    RESULT_HEADERS,
    RESULT_ROWS,
    needs_csv,
    needs_file,
    results_csv,
    results_file,
)
from tests.market.commands.runs import Duijie, pairs_of, parsed, sheets_of
from tests.market.exchange.files import json_lines, text_file, workbook

BEST = [("N1", "R1"), ("N2", "R2")]
BAD_ROWS = [
    ["R1", "第二个同号成果", "编号重复", "10", "赵六", "13900004444", ""],
    ["R5", "价格写错的成果", "看不懂的金额", "八百多吧", "钱七", "13900005555", ""],
    ["R6", "", "没有名称", "10", "孙八", "13900006666", ""],
    ["R7", "写多了格子的成果", "逗号", "10", "", "", "", "多余"],
]
REFUSALS_ZH = [
    ["results.csv", 5, "成果编号", "退回", "编号“R1”与第 2 行重复", "R1"],
    ["results.csv", 6, "报价（万元）", "退回", "金额“八百多吧”无法理解", "八百多吧"],
    ["results.csv", 7, "", "退回", "没有名称", ""],
    ["results.csv", 8, "", "退回", "有 8 个单元格，表头只有 7 个（逗号未加引号？）", ""],
]


def best_pairs(path: Path) -> list[tuple[str, str]]:
    return [(p["need_id"], p["result_id"]) for p in pairs_of(path) if p["rank"] == 1]


@pytest.mark.parametrize("needs", [".csv", ".jsonl", ".xlsx"])
@pytest.mark.parametrize("results", [".csv", ".jsonl", ".xlsx"])
def test_formats_mix_freely(results: str, needs: str, folder: Path, duijie: Duijie) -> None:
    files = results_file(folder, results), needs_file(folder, needs)

    ran = duijie("pair", *files, "-o", "pairs.jsonl")

    assert (ran.code, ran.out) == (0, "")
    assert best_pairs(folder / "pairs.jsonl") == BEST


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encoding_of_a_csv_changes_no_byte_of_the_pairs(
    encoding: str, folder: Path, duijie: Duijie
) -> None:
    duijie("pair", results_csv(folder), needs_csv(folder), "-o", "plain.jsonl")
    files = results_csv(folder, encoding=encoding), needs_csv(folder, encoding=encoding)

    ran = duijie("pair", *files, "-o", "pairs.jsonl")

    assert ran.code == 0
    assert Path("pairs.jsonl").read_bytes() == Path("plain.jsonl").read_bytes()


def test_english_headers_mean_the_same_as_chinese_ones(folder: Path, duijie: Duijie) -> None:
    english = ["id", "Title", "summary", "Price (CNY 10k)", "contact", "Mobile", "展位"]
    needs = ["need_id", "Title", "description", "E-mail", "场次"]
    duijie("pair", results_csv(folder), needs_csv(folder), "-o", "chinese.jsonl")
    text_file(folder / "r.csv", [english, *RESULT_ROWS])
    text_file(folder / "n.csv", [needs, *NEED_ROWS])

    ran = duijie("pair", "r.csv", "n.csv", "-o", "english.jsonl")

    assert ran.code == 0
    assert Path("english.jsonl").read_bytes() == Path("chinese.jsonl").read_bytes()


def test_title_and_text_alone_are_enough(folder: Path, duijie: Duijie) -> None:
    text_file(folder / "r.csv", [["名称", "内容"], *([row[1], row[2]] for row in RESULT_ROWS)])
    json_lines(folder / "n.jsonl", *({"title": r[1], "text": r[2]} for r in NEED_ROWS))

    ran = duijie("pair", "r.csv", "n.jsonl", "-o", "pairs.jsonl")

    assert ran.code == 0
    # Rows count as the file counts them: below the header of the .csv, from 1 in the .jsonl.
    assert best_pairs(Path("pairs.jsonl")) == [("1", "2"), ("2", "3")]


def test_row_numbers_of_a_workbook_count_title_and_blank_rows(folder: Path, duijie: Duijie) -> None:
    rows = [row[1:3] for row in RESULT_ROWS]
    workbook(folder / "r.xlsx", [["成果汇总表"], ["成果名称", "简介"], [], *rows])
    needs_csv(folder)

    ran = duijie("pair", "r.xlsx", "needs.csv", "-o", "pairs.jsonl")

    assert ran.code == 0
    assert best_pairs(Path("pairs.jsonl")) == [("N1", "4"), ("N2", "5")]


def test_refused_rows_are_told_and_the_others_paired(folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder, *BAD_ROWS), needs_csv(folder)

    ran = duijie("pair", *files, "-o", "pairs.jsonl")

    assert (ran.code, ran.out) == (3, "")
    assert ran.err.splitlines() == [
        "退回 · results.csv 第 5 行 “成果编号”列：编号“R1”与第 2 行重复",
        "退回 · results.csv 第 6 行 “报价（万元）”列：金额“八百多吧”无法理解",
        "退回 · results.csv 第 7 行：没有名称",
        "退回 · results.csv 第 8 行：有 8 个单元格，表头只有 7 个（逗号未加引号？）",
        "2 条需求、3 项成果，配出 6 对；0 条需求没有合适的成果；退回 4 行 → pairs.jsonl",
    ]
    assert best_pairs(Path("pairs.jsonl")) == BEST


def test_refused_rows_are_told_in_english(folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder, *BAD_ROWS[:2]), needs_csv(folder)

    ran = duijie("pair", *files, "-o", "pairs.jsonl", "--lang", "en")

    assert ran.code == 3
    assert ran.err.splitlines() == [
        "refused · results.csv, row 5, column “成果编号”: the id “R1” is already that of row 2",
        (
            "refused · results.csv, row 6, column “报价（万元）”: "
            "the amount “八百多吧” is not understood"
        ),
        (
            "needs: 2, results: 3, pairs: 6; needs without a good result: 0; "
            "rows refused: 2 → pairs.jsonl"
        ),
    ]


def test_errors_file_as_csv(folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder, *BAD_ROWS), needs_csv(folder)

    ran = duijie("pair", *files, "-o", "pairs.jsonl", "--errors", "refused.csv")

    assert ran.code == 3
    assert Path("refused.csv").read_bytes().decode("utf-8") == (
        "\ufeff文件,行,列,类别,原因,原值\r\n"
        "results.csv,5,成果编号,退回,编号“R1”与第 2 行重复,R1\r\n"
        "results.csv,6,报价（万元）,退回,金额“八百多吧”无法理解,八百多吧\r\n"
        "results.csv,7,,退回,没有名称,\r\n"
        "results.csv,8,,退回,有 8 个单元格，表头只有 7 个（逗号未加引号？）,\r\n"
    )


def test_errors_file_as_workbook(folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder, *BAD_ROWS), needs_csv(folder)

    ran = duijie("pair", *files, "-o", "pairs.jsonl", "--errors", "refused.xlsx")

    assert ran.code == 3
    headers = ["文件", "行", "列", "类别", "原因", "原值"]
    assert sheets_of(Path("refused.xlsx")) == {"退回行": [headers, *REFUSALS_ZH]}


def test_errors_file_as_json_lines(folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder, BAD_ROWS[1]), needs_csv(folder)

    ran = duijie("pair", *files, "-o", "p.csv", "--errors", "refused.jsonl", "--lang", "en")

    assert ran.code == 3
    assert parsed(Path("refused.jsonl").read_bytes()) == [
        {
            "file": "results.csv",
            "line": 5,
            "column": "报价（万元）",
            "kind": "refused",
            "code": "money_unread",
            "reason": "the amount “八百多吧” is not understood",
            "value": "八百多吧",
        }
    ]


def test_warnings_go_to_the_errors_file_and_refuse_nothing(folder: Path, duijie: Duijie) -> None:
    text_file(
        folder / "r.csv",
        [["编号", "成果名称", "专利号"], ["R1", "橡胶鞋底材料", "ZL202210094654.0"]],
    )
    needs_csv(folder)

    ran = duijie("pair", "r.csv", "needs.csv", "-o", "pairs.jsonl", "--errors", "told.csv")

    assert ran.code == 0
    assert Path("told.csv").read_bytes().decode("utf-8-sig").splitlines()[1:] == [
        "r.csv,2,专利号,提醒,专利号“ZL202210094654.0”校验不通过,ZL202210094654.0"
    ]


def test_workbook_holds_the_refused_rows_of_both_files(folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder, *BAD_ROWS), needs_csv(folder, ["N2", "同号需求", "", "", ""])

    ran = duijie("pair", *files, "-o", "pairs.xlsx")

    assert ran.code == 3
    assert sheets_of(Path("pairs.xlsx"))["退回行"][1:] == [
        *REFUSALS_ZH,
        ["needs.csv", 4, "需求编号", "退回", "编号“N2”与第 3 行重复", "N2"],
    ]


def test_json_lines_refuse_the_bad_line_alone(folder: Path, duijie: Duijie) -> None:
    results = results_file(folder, ".jsonl")
    results.write_bytes(results.read_bytes() + b'{"title": broken\n[1, 2]\n')

    ran = duijie("pair", results, needs_csv(folder), "-o", "pairs.jsonl", "--lang", "en")

    assert ran.code == 3
    first, second, _ = ran.err.splitlines()
    assert first.startswith("refused · results.jsonl, row 4: is no valid JSON: ")
    assert second == "refused · results.jsonl, row 5: is no JSON object"
    assert best_pairs(Path("pairs.jsonl")) == BEST


def test_swapped_files_are_told_of(folder: Path, duijie: Duijie) -> None:
    files = needs_csv(folder), results_csv(folder)

    ran = duijie("pair", *files, "-o", "pairs.jsonl")

    assert ran.code == 0
    assert ran.err.splitlines() == [
        "提醒 · needs.csv 第 1 行：表头更像需求，两个文件是否颠倒了？",
        "提醒 · results.csv 第 1 行：表头更像成果，两个文件是否颠倒了？",
        "3 条需求、2 项成果，配出 6 对；1 条需求没有合适的成果；退回 0 行 → pairs.jsonl",
    ]


def test_many_warnings_of_a_kind_are_one_line(folder: Path, duijie: Duijie) -> None:
    rows = [[f"R{number}", "橡胶鞋底", "ZL202210094654.0"] for number in range(5)]
    text_file(folder / "r.csv", [["编号", "成果名称", "专利号"], *rows])
    needs_csv(folder)

    ran = duijie("pair", "r.csv", "needs.csv", "-o", "pairs.jsonl")

    assert ran.err.splitlines()[0] == (
        "提醒 · r.csv 第 2 行 “专利号”列：专利号“ZL202210094654.0”校验不通过（同类共 5 处）"
    )
    assert len(ran.err.splitlines()) == 2


def test_more_than_a_thousand_refused_rows_are_summed_up(folder: Path, duijie: Duijie) -> None:
    rows = [[f"R{number}", "", ""] for number in range(1_003)]
    text_file(folder / "r.csv", [["编号", "成果名称", "简介"], RESULT_ROWS[0][:3], *rows])
    needs_csv(folder)

    ran = duijie("pair", "r.csv", "needs.csv", "-o", "p.jsonl", "--errors", "refused.csv")

    assert ran.code == 3
    assert len(ran.err.splitlines()) == 1_000 + 2
    assert ran.err.splitlines()[-2] == "……另有 3 行被退回"
    assert len(Path("refused.csv").read_bytes().splitlines()) == 1 + 1_003


@pytest.mark.parametrize(
    ("file", "summary"),
    [
        ("results.csv", {"results": 0, "needs": 2, "needs_without_result": 2}),
        ("needs.csv", {"results": 3, "needs": 0, "needs_without_result": 0}),
    ],
)
def test_file_of_headers_alone_gives_an_empty_list(
    file: str, summary: dict[str, int], folder: Path, duijie: Duijie
) -> None:
    results_csv(folder)
    needs_csv(folder)
    headers = RESULT_HEADERS if file == "results.csv" else NEED_HEADERS
    text_file(folder / file, [headers])

    ran = duijie("pair", "results.csv", "needs.csv", "-o", "pairs.xlsx", "--json")

    assert ran.code == 0
    assert {key: ran.lines[0][key] for key in summary} == summary
    assert ran.lines[0]["pairs"] == 0
    assert ran.err.splitlines() == [f"提醒 · {file} 第 1 行：只有表头，没有数据"]
    sheets = sheets_of(Path("pairs.xlsx"))
    assert len(sheets["配对"]) == 1
    assert [row[4] for row in sheets["无合适成果"][1:]] == ["没有可比的成果"] * summary[
        "needs_without_result"
    ]
