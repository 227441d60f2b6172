"""What a workbook says of its own run; targets that are refused before anything is read."""

from pathlib import Path
from typing import Any

import pytest

from tests.market.commands.listings import needs_csv, results_csv
from tests.market.commands.runs import Duijie, Ran, column, names_in, sheets_of

UNMET = ["N4", "水泥窑脱硝", "氮氧化物超标，求低温催化剂", "kiln@example.org", "下午"]
BAD = ["R1", "同号", "", "10", "赵六", "13900004444", ""]


def about(path: Path, tab: str) -> dict[str, Any]:
    return {row[0]: row[1] for row in sheets_of(path)[tab][1:]}


def test_about_states_files_counts_and_options(folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder, BAD), needs_csv(folder, UNMET)

    ran = duijie(
        "pair", *files, "-o", "p.xlsx", "--as-of", "2026-12-01", "--top", "2", "--both-ways"
    )

    told = about(Path("p.xlsx"), "说明")
    sheets = sheets_of(Path("p.xlsx"))
    assert ran.code == 3
    assert list(told.items())[:-2] == [
        ("计算日期", "2026-12-01"),
        ("每项需求最多成果数", 2),
        ("成果文件", "results.csv"),
        ("需求文件", "needs.csv"),
        ("成果数", 3),
        ("需求数", 3),
        ("退回行数", 1),
        ("提醒数", 0),
        ("配对数", 12),
        ("无合适成果的需求数", 1),
        ("合适的最低得分", 60),
        ("列出的最低得分", 0),
        ("双向配对", "是"),
        ("含联系方式", "否"),
    ]
    listed = len(sheets["配对"]) + len(sheets["成果找需求"]) - 2
    assert listed == told["配对数"]
    assert len(column(sheets["无合适成果"], "需求编号")) == told["无合适成果的需求数"]


def test_about_in_english_names_no_folder(folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder), needs_csv(folder)

    duijie("pair", *files, "-o", "p.xlsx", "--lang", "en", "--min-score", "60", "--with-contacts")

    told = about(Path("p.xlsx"), "About")
    assert told["File of results"] == "results.csv"
    assert (told["Pairs"], told["Needs without a good result"]) == (2, 0)
    assert (told["Lowest score that is listed"], told["Score from which a result is good"]) == (
        *(60, 60),
    )
    assert (told["Both ways"], told["With contacts"]) == ("no", "yes")
    assert str(folder) not in str(told)


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", "e.pdf：退回行只能写成 .csv、.xlsx 或 .jsonl"),
        ("en", "e.pdf: refused rows are written as .csv, .xlsx or .jsonl only"),
    ],
)
def test_target_of_errors_is_checked_before_the_files_are_read(
    lang: str, said: str, folder: Path, duijie: Duijie
) -> None:
    # The inputs don't exist: who reads them first says so.
    ran = duijie("pair", "r.csv", "n.csv", "-o", "p.csv", "--errors", "e.pdf", "--lang", lang)

    assert ran == Ran(2, "", f"错误 · Error: {said}\n")
    assert names_in(folder) == []


def test_demo_in_english_writes_english_tables(folder: Path, duijie: Duijie) -> None:
    duijie("demo", "--lang", "en", "--folder", "en")
    duijie("demo", "--folder", "zh")

    first_lines = {
        f"{lang}/{name}": (folder / lang / name).read_text("utf-8-sig").split(",")[:2]
        for lang in ("en", "zh")
        for name in ("results.csv", "needs.csv")
    }
    assert first_lines == {
        "en/results.csv": ["id", "title"],
        "en/needs.csv": ["id", "title"],
        "zh/results.csv": ["成果编号", "成果名称"],
        "zh/needs.csv": ["需求编号", "需求名称"],
    }
    for tabs in (("Pairs", "配对"), ("Needs", "需求一览")):
        english, chinese = (
            sheets_of(folder / lang / "pairs.xlsx")[tab]
            for lang, tab in zip(("en", "zh"), tabs, strict=True)
        )
        assert [row[0] for row in english[1:]] == [row[0] for row in chinese[1:]]
