"""What `duijie pair` writes: columns, contacts, options, languages, and the same bytes again."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.market.commands.listings import (
    NEED_ROWS,
    POND,
    RESULT_ROWS,
    bench_files,
    english_files,
    needs_csv,
    results_csv,
)
from tests.market.commands.runs import (
    Duijie,
    Ran,
    all_text,
    column,
    names_in,
    pairs_of,
    run_apart,
    sheets_of,
)
from tests.market.exchange.files import text_file

OUTPUTS = ["pairs.xlsx", "pairs.csv", "pairs.jsonl"]
CHINESE = re.compile(r"[\u3400-\u9fff]")
# A need of the same wish as N1 in fewer words, and one that no result meets.
WEAKER = ["N3", "鞋底打滑", "雨天鞋底打滑，求解决办法", "weak@example.org", "上午"]
UNMET = ["N4", "水泥窑脱硝", "氮氧化物超标，求低温催化剂", "kiln@example.org", "下午"]


def rank_of(pair: dict[str, Any]) -> tuple[str, str, int]:
    return pair["need_id"], pair["result_id"], pair["rank"]


def choices(path: Path) -> list[tuple[str, str, str, int, int | None, bool]]:
    keys = ("direction", "need_id", "result_id", "rank", "result_rank", "mutual")
    return [tuple(pair[key] for key in keys) for pair in pairs_of(path)]


def test_dash_writes_nothing_but_json_lines_to_stdout(folder: Path, duijie: Duijie) -> None:
    ran = duijie("pair", results_csv(folder), needs_csv(folder), "-o", "-", "--top", "1")

    assert ran.code == 0
    assert [rank_of(pair) for pair in ran.lines] == [("N1", "R1", 1), ("N2", "R2", 1)]
    for pair in ran.lines:
        assert isinstance(pair["score"], float)
        assert 60 <= pair["score"] <= 100
        assert pair["reasons"]
        assert all(type(reason) is str and reason for reason in pair["reasons"])
    assert names_in(folder) == ["needs.csv", "results.csv"]


def test_dash_and_file_hold_the_same_bytes(folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder), needs_csv(folder)
    duijie("pair", *files, "-o", "pairs.jsonl")

    ran = duijie("pair", *files, "-o", "-")

    assert ran.out.encode() == Path("pairs.jsonl").read_bytes()


def test_scores_fall_and_ranks_count_from_one_in_every_need(folder: Path, duijie: Duijie) -> None:
    files = bench_files(folder, results=40, needs=6)

    ran = duijie("pair", *files, "-o", "-", "--as-of", "2026-12-01")

    assert ran.code == 0
    for number in range(6):
        pairs = ran.lines[number * 10 : number * 10 + 10]
        assert len({pair["need_id"] for pair in pairs}) == 1
        assert [pair["rank"] for pair in pairs] == list(range(1, 11))
        scores = [pair["score"] for pair in pairs]
        assert scores == sorted(scores, reverse=True)


def test_extra_columns_come_out_again_in_the_workbook(folder: Path, duijie: Duijie) -> None:
    duijie("pair", results_csv(folder), needs_csv(folder), "-o", "pairs.xlsx", "--top", "1")

    rows = sheets_of(Path("pairs.xlsx"))["配对"]

    assert rows[0][-2:] == ["需求·场次", "成果·展位"]
    assert [row[-2:] for row in rows[1:]] == [["上午", "A区01"], ["下午", "B区02"]]


def test_formula_in_an_extra_column_is_defused(folder: Path, duijie: Duijie) -> None:
    attack = ["R9", "防滑橡胶鞋底", "橡胶鞋底打滑", "1", "", "", '=HYPERLINK("http://x.example")']
    text_file(
        folder / "r.csv",
        [["编号", "成果名称", "简介", "报价（万元）", "联系人", "手机", "展位"], attack],
    )

    ran = duijie("pair", "r.csv", needs_csv(folder), "-o", "pairs.csv")

    assert ran.code == 0
    assert ",=HYPERLINK" not in all_text(Path("pairs.csv"))
    assert ',"=HYPERLINK' not in all_text(Path("pairs.csv"))
    assert "=HYPERLINK" in all_text(Path("pairs.csv"))


def test_workbook_has_its_sheets_in_order(folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder), needs_csv(folder)

    duijie("pair", *files, "-o", "one.xlsx")
    duijie("pair", *files, "-o", "both.xlsx", "--both-ways")
    duijie("pair", *files, "-o", "english.xlsx", "--both-ways", "--lang", "en")

    assert list(sheets_of(Path("one.xlsx"))) == ["配对", "需求一览", "无合适成果", "退回行", "说明"]
    assert list(sheets_of(Path("both.xlsx"))) == [
        *("配对", "需求一览", "无合适成果", "成果找需求", "退回行", "说明")
    ]
    assert list(sheets_of(Path("english.xlsx"))) == [
        *("Pairs", "Needs", "Needs without a result"),
        *("Needs for results", "Refused rows", "About"),
    ]


def test_need_without_a_good_result_stands_in_its_sheet(folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder), needs_csv(folder, UNMET)

    ran = duijie("pair", *files, "-o", "pairs.xlsx", "--json")

    sheets = sheets_of(Path("pairs.xlsx"))
    assert ran.lines[0]["needs_without_result"] == 1
    assert column(sheets["无合适成果"], "需求编号") == ["N4"]
    assert column(sheets["无合适成果"], "需求描述") == [UNMET[2]]
    (why,) = column(sheets["无合适成果"], "原因")
    assert why.startswith("最高分低于 60")
    assert column(sheets["需求一览"], "需求编号") == ["N1", "N2", "N4"]
    assert column(sheets["需求一览"], "合适成果") == ["有", "有", "无"]


def test_min_score_leaves_out_pairs_but_no_need(folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder), needs_csv(folder, UNMET)

    ran = duijie("pair", *files, "-o", "pairs.xlsx", "--min-score", "60", "--json")

    sheets = sheets_of(Path("pairs.xlsx"))
    assert (ran.lines[0]["pairs"], ran.lines[0]["needs_without_result"]) == (2, 1)
    assert column(sheets["配对"], "需求编号") == ["N1", "N2"]
    assert min(column(sheets["配对"], "得分")) >= 60
    assert column(sheets["需求一览"], "需求编号") == ["N1", "N2", "N4"]


@pytest.mark.parametrize(("top", "pairs"), [(1, 2), (2, 4), (3, 6), (1000, 6)])
def test_top_bounds_the_results_of_each_need(
    top: int, pairs: int, folder: Path, duijie: Duijie
) -> None:
    ran = duijie("pair", results_csv(folder), needs_csv(folder), "-o", "-", "--top", str(top))

    assert len(ran.lines) == pairs


def test_both_ways_tells_which_choices_are_mutual(folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder), needs_csv(folder, WEAKER)

    ran = duijie("pair", *files, "-o", "p.jsonl", "--both-ways", "--top", "1")

    assert ran.code == 0
    needs_side, results_side = choices(Path("p.jsonl"))[:3], choices(Path("p.jsonl"))[3:]
    assert needs_side == [
        ("need", "N1", "R1", 1, 1, True),
        ("need", "N2", "R2", 1, 1, True),
        # The sole material is what N3 wants most, but N1 is who it suits best.
        ("need", "N3", "R1", 1, None, False),
    ]
    assert results_side[:2] == [
        ("result", "N1", "R1", 1, 1, True),
        ("result", "N2", "R2", 1, 1, True),
    ]
    (pond,) = results_side[2:]
    # Somebody is always the best for R3, but for nobody R3 is.
    assert pond[0::2] == ("result", "R3", 1)
    assert pond[3:] == (1, 1, False)


def test_one_way_says_nothing_of_mutual_choices(folder: Path, duijie: Duijie) -> None:
    ran = duijie("pair", results_csv(folder), needs_csv(folder), "-o", "-", "--top", "1")

    assert list(ran.lines[0]) == [
        *("need_id", "result_id", "rank", "score", "reasons", "counter_reasons", "warnings"),
        *("need", "result"),
    ]


def test_workbook_parts_both_ways_by_sheet(folder: Path, duijie: Duijie) -> None:
    files = results_csv(folder), needs_csv(folder)

    duijie("pair", *files, "-o", "p.xlsx", "--both-ways", "--top", "1")

    sheets = sheets_of(Path("p.xlsx"))
    assert column(sheets["配对"], "互选") == ["是", "是"]
    assert column(sheets["成果找需求"], "成果编号") == ["R1", "R2", "R3"]
    assert column(sheets["成果找需求"], "互选") == ["是", "是", "否"]


@pytest.mark.parametrize("output", OUTPUTS)
def test_english_run_of_english_files_holds_no_chinese(
    output: str, folder: Path, duijie: Duijie
) -> None:
    files = english_files(folder)

    ran = duijie("pair", *files, "-o", output, "--lang", "en", "--both-ways")

    assert ran.code == 0
    assert CHINESE.findall(all_text(Path(output))) == []
    assert CHINESE.findall(ran.out + ran.err) == []


def test_chinese_is_the_language_unless_asked_otherwise(folder: Path, duijie: Duijie) -> None:
    files = english_files(folder)

    ran = duijie("pair", *files, "-o", "-", "--top", "1")

    reasons = [reason for pair in ran.lines for reason in pair["reasons"]]
    assert reasons
    assert all(CHINESE.search(reason) for reason in reasons)


@pytest.mark.parametrize(
    ("day", "reasons", "counter_reasons"),
    [
        ("2026-01-01", ["赶得上期限：成果 2026-02-01 可交付，需求期限 2027-05-31"], []),
        ("2028-06-01", [], ["需求期限 2027-05-31 已过"]),
    ],
)
def test_as_of_decides_what_is_late(
    day: str, reasons: list[str], counter_reasons: list[str], folder: Path, duijie: Duijie
) -> None:
    needs = [["编号", "需求名称", "需求描述", "截止日期"], [*NEED_ROWS[0][:3], "2027-05"]]
    results = [["编号", "成果名称", "简介", "可交付日期"], [*RESULT_ROWS[0][:3], "2026-02"]]
    files = text_file(folder / "r.csv", results), text_file(folder / "n.csv", needs)

    ran = duijie("pair", *files, "-o", "-", "--as-of", day)

    (pair,) = ran.lines
    assert [reason for reason in pair["reasons"] if "期限" in reason] == reasons
    assert [reason for reason in pair["counter_reasons"] if "期限" in reason] == counter_reasons


def test_summary_as_json(folder: Path, duijie: Duijie) -> None:
    bad = ["R1", "同号", "", "10", "赵六", "13900004444", ""]
    files = results_csv(folder, bad), needs_csv(folder, UNMET)

    ran = duijie("pair", *files, "-o", "p.csv", "--json", "--as-of", "2026-12-01", "--top", "2")

    assert ran.code == 3
    assert ran.lines == [
        {
            "results_file": str(files[0]),
            "needs_file": str(files[1]),
            "output": "p.csv",
            "as_of": "2026-12-01",
            "results": 3,
            "needs": 3,
            "refused": 1,
            "warnings": 0,
            "pairs": 6,
            "needs_without_result": 1,
            "good_score": 60.0,
        }
    ]
    assert ran.err == "退回 · results.csv 第 5 行 “成果编号”列：编号“R1”与第 2 行重复\n"


def test_summary_for_people_goes_to_stderr(folder: Path, duijie: Duijie) -> None:
    ran = duijie("pair", results_csv(folder), needs_csv(folder), "-o", "p.csv")

    assert ran == Ran(
        0, "", "2 条需求、3 项成果，配出 6 对；0 条需求没有合适的成果；退回 0 行 → p.csv\n"
    )


def test_veto_leaves_out_rights_that_are_given_away(folder: Path, duijie: Duijie) -> None:
    rows = [[*RESULT_ROWS[0][:3], "已独占许可"], [*POND[:3], "已授权"]]
    text_file(folder / "r.csv", [["编号", "成果名称", "简介", "权利状态"], *rows])

    ran = duijie("pair", "r.csv", needs_csv(folder), "-o", "-")

    assert {pair["result_id"] for pair in ran.lines} == {"R3"}


@pytest.mark.parametrize("output", OUTPUTS)
def test_same_input_gives_the_same_bytes(output: str, folder: Path) -> None:
    files = bench_files(folder, results=60, needs=8)
    options = ("--both-ways", "--as-of", "2026-12-01")

    for name, seed in (("first", "1"), ("again", "1"), ("other", "4242")):
        (folder / name).mkdir()
        target = folder / name / output
        ran = run_apart(folder, "pair", *files, "-o", target, *options, PYTHONHASHSEED=seed)
        assert ran.code == 0

    first = (folder / "first" / output).read_bytes()
    assert (folder / "again" / output).read_bytes() == first
    assert (folder / "other" / output).read_bytes() == first


def test_output_replaces_an_older_one_as_a_whole(folder: Path, duijie: Duijie) -> None:
    (folder / "pairs.csv").write_text("old\n" * 100_000)

    ran = duijie("pair", results_csv(folder), needs_csv(folder), "-o", "pairs.csv")

    assert ran.code == 0
    assert "old" not in all_text(folder / "pairs.csv")
    assert names_in(folder) == ["needs.csv", "pairs.csv", "results.csv"]


@pytest.mark.parametrize(
    ("as_of", "notes"),
    [("2027-01-31", []), ("2027-02-01", ["需求期限 2027-01-31 已过"])],
)
def test_a_pair_tells_of_a_deadline_that_has_passed(
    folder: Path, duijie: Duijie, as_of: str, notes: list[str]
) -> None:
    results = text_file(folder / "r.csv", [["title", "summary"], ["防滑鞋底", "橡胶"]])
    rows = [["title", "description", "deadline"], ["防滑鞋底", "橡胶", "2027-01"]]
    needs = text_file(folder / "n.csv", rows)

    ran = duijie("pair", results, needs, "-o", "-", "--as-of", as_of)

    assert [pair["warnings"] for pair in ran.lines] == [notes]
