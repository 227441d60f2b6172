"""What `duijie pair` will not do, and how it says so."""

from pathlib import Path

import pytest

from tests.market.commands.listings import needs_csv, results_csv
from tests.market.commands.runs import Duijie, Ran, names_in
from tests.market.exchange.files import text_file

INPUTS = ["needs.csv", "results.csv"]


@pytest.fixture(autouse=True)
def inputs(folder: Path) -> None:
    results_csv(folder)
    needs_csv(folder)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["results.csv", "needs.csv", "-o", "-", "--json"],
            "-o - 与 --json 都要用标准输出 · both want stdout: choose one",
        ),
        (
            ["results.csv", "needs.csv", "-o", "pairs.pdf"],
            "pairs.pdf：只能写成 .xlsx、.csv、.jsonl，或用 - 表示标准输出",
        ),
        (
            ["results.csv", "needs.csv", "-o", "pairs", "--lang", "en"],
            "pairs: pairs are written as .xlsx, .csv, .jsonl, or - for standard output",
        ),
        (
            ["results.csv", "needs.csv", "-o", "needs.csv"],
            "needs.csv：会覆盖输入文件 · would overwrite an input file",
        ),
        (
            ["results.csv", "needs.csv", "-o", "./x/../results.csv"],
            "x/../results.csv：会覆盖输入文件 · would overwrite an input file",
        ),
        (
            ["results.csv", "needs.csv", "-o", "p.csv", "--errors", "results.csv"],
            "results.csv：会覆盖输入文件 · would overwrite an input file",
        ),
        (
            ["results.csv", "needs.csv", "-o", "p.csv", "--errors", "./p.csv"],
            "p.csv：与输出是同一个文件 · is the output file, too",
        ),
        (
            ["results.csv", "needs.csv", "-o", "p.csv", "--errors", "refused.pdf"],
            "refused.pdf：退回行只能写成 .csv、.xlsx 或 .jsonl",
        ),
        (
            ["results.csv", "needs.csv", "-o", "p.csv", "--min-score", "nan"],
            "--min-score nan：不是数字 · is no number",
        ),
    ],
)
def test_request_that_makes_no_sense_is_refused(
    arguments: list[str], said: str, folder: Path, duijie: Duijie
) -> None:
    (folder / "x").mkdir()

    ran = duijie("pair", *arguments)

    assert ran == Ran(2, "", f"错误 · Error: {said}\n")
    assert names_in(folder) == [*INPUTS, "x"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["results.csv"], "Missing argument 'NEEDS'"),
        (["results.csv", "needs.csv"], "Missing option '-o'"),
        (["results.csv", "needs.csv", "-o", "p.csv", "--top", "0"], "'--top'"),
        (["results.csv", "needs.csv", "-o", "p.csv", "--top", "many"], "'--top'"),
        (["results.csv", "needs.csv", "-o", "p.csv", "--min-score", "101"], "'--min-score'"),
        (["results.csv", "needs.csv", "-o", "p.csv", "--as-of", "2026-13-01"], "'--as-of'"),
        (["results.csv", "needs.csv", "-o", "p.csv", "--lang", "fr"], "'--lang'"),
        (["results.csv", "needs.csv", "-o", "p.csv", "--nosuch"], "--nosuch"),
        (["results.csv", "needs.csv", "more.csv", "-o", "p.csv"], "more.csv"),
    ],
)
def test_wrong_use_names_the_option(
    arguments: list[str], said: str, folder: Path, duijie: Duijie
) -> None:
    ran = duijie("pair", *arguments)

    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err.splitlines()[-1]
    assert names_in(folder) == INPUTS


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nix.csv", "needs.csv", "-o", "p.csv"], "nix.csv: 文件不存在"),
        (["results.csv", "nix.csv", "-o", "p.csv"], "nix.csv: 文件不存在"),
        (
            ["results.csv", "nix.csv", "-o", "p.csv", "--lang", "en"],
            "nix.csv: there is no such file",
        ),
        ([".", "needs.csv", "-o", "p.csv"], ".: 这是文件夹，不是文件"),
        (["results.csv", "folder.csv", "-o", "p.csv"], "folder.csv: 这是文件夹，不是文件"),
        (["results.csv", "needs.csv", "-o", "folder.csv"], "folder.csv: 这是文件夹，不是文件"),
        (["results.csv", "needs.csv", "-o", "nix/p.csv"], "nix/p.csv: 所在文件夹不存在"),
        (
            ["results.csv", "needs.csv", "-o", "needs.csv/p.csv"],
            "needs.csv/p.csv: 所在文件夹不存在",
        ),
        (
            ["results.csv", "needs.csv", "-o", "p.csv", "--errors", "nix/e.csv", "--lang", "en"],
            "nix/e.csv: its folder does not exist",
        ),
        (["empty.csv", "needs.csv", "-o", "p.csv"], "empty.csv: 文件是空的"),
        (
            ["note.pdf", "needs.csv", "-o", "p.csv"],
            "note.pdf: 不支持的格式，可读取 .xlsx、.xlsm、.csv、.tsv、.txt、.jsonl、.ndjson",
        ),
        (
            ["binary.csv", "needs.csv", "-o", "p.csv"],
            "binary.csv: 第 1 行既不是 UTF-8 也不是 GB18030 编码",
        ),
        (
            ["text.xlsx", "needs.csv", "-o", "p.csv"],
            "text.xlsx: 不是 Excel 工作簿（可能是改了扩展名的 CSV 或网页），请另存为 .xlsx",
        ),
    ],
)
def test_file_that_can_not_be_read_or_written_is_named(
    arguments: list[str], said: str, folder: Path, duijie: Duijie
) -> None:
    (folder / "folder.csv").mkdir()
    (folder / "empty.csv").touch()
    (folder / "note.pdf").write_bytes(b"%PDF-1.4")
    (folder / "binary.csv").write_bytes(b"\xff\xff\x80,\x80\n")
    text_file(folder / "text.xlsx", [["成果名称"], ["橡胶鞋底"]])
    before = names_in(folder)

    ran = duijie("pair", *arguments)

    assert ran == Ran(1, "", f"错误 · Error: {said}\n")
    assert names_in(folder) == before


def test_file_without_titles_says_what_it_read_and_what_it_wants(
    folder: Path, duijie: Duijie
) -> None:
    text_file(folder / "r.csv", [["甲", "乙"], ["橡胶鞋底", "80"]])

    ran = duijie("pair", "r.csv", "needs.csv", "-o", "p.csv")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(
        "错误 · Error: r.csv: 没有找到名称列。读到的表头：甲、乙。可识别的名称列：成果名称、title、"
    )


def test_failed_run_leaves_the_older_output_as_it_was(folder: Path, duijie: Duijie) -> None:
    (folder / "pairs.csv").write_text("of yesterday")

    ran = duijie("pair", "results.csv", "nix.csv", "-o", "pairs.csv")

    assert ran.code == 1
    assert (folder / "pairs.csv").read_text() == "of yesterday"
