"""`duijie demo`: the sample is paired, shown and written; it is part of the development data."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import pytest

from market.sample import sample_needs, sample_results
from tests.market.commands.runs import (
    Duijie,
    Ran,
    all_text,
    column,
    environment,
    names_in,
    parsed,
    run_apart,
    sheets_of,
)
from tests.market.exchange.files import BENCH

FILES = ["needs.csv", "pairs.xlsx", "results.csv"]
FAIR_FILES = [
    *("agendas.csv", "agendas.jsonl", "badges.pdf", "calendars", "fair.xlsx", "handbook.pdf"),
    *("meetings.csv", "meetings.jsonl", "pairs.csv", "pairs.jsonl"),
    *("participants.csv", "participants.jsonl", "statistics.csv", "statistics.jsonl"),
    *("table_plan.csv", "table_plan.jsonl", "unplanned.csv", "unplanned.jsonl", "workbook.xlsx"),
]
SAMPLE = resources.files("market") / "demo_data"
GOOD_GRADE = 2


def last_lines(ran: Ran, count: int) -> Sequence[str]:
    return ran.out.splitlines()[-count:]


def test_demo_shows_pairs_and_says_where_the_workbook_lies(folder: Path, duijie: Duijie) -> None:
    ran = duijie("demo")

    assert (ran.code, ran.err) == (0, "")
    assert names_in(folder) == ["duijie-demo"]
    assert names_in(folder / "duijie-demo") == ["fair", *FILES]
    assert names_in(folder / "duijie-demo" / "fair") == FAIR_FILES
    assert ran.out.splitlines()[0].split() == ["得分", "需求", "→", "成果", "理由"]
    assert last_lines(ran, 8) == [
        (
            f"{len(sample_needs())} 条需求 × {len(sample_results())} 项成果已配对，"
            "工作簿：duijie-demo/pairs.xlsx"
        ),
        "对接会已排定：70 场会面，满足意愿 88%，62 个文件：duijie-demo/fair",
        "（样例中的单位、企业和专利号均为虚构。）",
        "接下来可以试试：",
        "    duijie pair duijie-demo/results.csv duijie-demo/needs.csv -o pairs.xlsx",
        "    duijie search duijie-demo/results.csv 锂电池",
        "    duijie fair duijie-demo/fair/workbook.xlsx -o fair --what-if",
        "    duijie pair --help",
    ]


def test_shown_pairs_are_the_best_first_choices(folder: Path, duijie: Duijie) -> None:
    ran = duijie("demo")

    rows = sheets_of(folder / "duijie-demo" / "pairs.xlsx")["配对"]
    first = [
        score
        for rank, score in zip(column(rows, "名次"), column(rows, "得分"), strict=True)
        if rank == 1
    ]
    best = sorted(first, reverse=True)[:8]
    shown = [line.split()[0] for line in ran.out.splitlines() if line[:1].isdigit()]
    # The line that counts needs and results begins with a digit, too.
    assert shown[:-1] == [f"{score:.0f}" for score in best]
    assert ran.out.count("+ ") >= len(best)


def test_demo_in_english(folder: Path, duijie: Duijie) -> None:
    ran = duijie("demo", "--lang", "en", "--folder", "sample")

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0].split() == ["Score", "Need", "→", "result", "Why"]
    assert last_lines(ran, 8) == [
        (
            f"{len(sample_needs())} needs × {len(sample_results())} results are paired; "
            "the workbook: sample/pairs.xlsx"
        ),
        "A fair is planned: 70 meetings, 88% of the wishes met, 62 files: sample/fair",
        "(Institutes, enterprises and patent numbers of the sample are invented.)",
        "Try next:",
        "    duijie pair sample/results.csv sample/needs.csv -o pairs.xlsx",
        "    duijie search sample/results.csv 锂电池",
        "    duijie fair sample/fair/workbook.xlsx -o fair --what-if",
        "    duijie pair --help",
    ]
    assert next(iter(sheets_of(folder / "sample" / "pairs.xlsx"))) == "Pairs"


def test_demo_writes_the_same_bytes_again(folder: Path, duijie: Duijie) -> None:
    first = duijie("demo")
    written = (path for path in (folder / "duijie-demo").rglob("*") if path.is_file())
    before = {path: path.read_bytes() for path in written}

    again = duijie("demo")

    assert again == first
    assert len(before) == len(FILES) + 1 + 62
    assert {path: path.read_bytes() for path in before} == before


def test_what_demo_suggests_works(folder: Path, duijie: Duijie) -> None:
    duijie("demo", "--folder", "deep/er")

    paired = duijie("pair", "deep/er/results.csv", "deep/er/needs.csv", "-o", "pairs.xlsx")
    searched = duijie("search", "deep/er/results.csv", "锂电池")
    held = duijie("fair", "deep/er/fair/workbook.xlsx", "-o", "fair", "--what-if")

    assert paired.code == 0
    assert searched.code == 0
    assert held.code == 0
    for name in FAIR_FILES:
        if name not in {"calendars", "workbook.xlsx"}:
            shipped = folder / "deep" / "er" / "fair" / name
            assert (folder / "fair" / name).read_bytes() == shipped.read_bytes()
    # The written files hold what the sample holds: the same pairs come of them.
    again, shown = (sheets_of(path)["配对"] for path in _workbooks(folder))
    assert column(again, "成果编号") == column(shown, "成果编号")
    assert column(again, "得分") == column(shown, "得分")


def _workbooks(folder: Path) -> tuple[Path, Path]:
    return folder / "pairs.xlsx", folder / "deep" / "er" / "pairs.xlsx"


def test_suggested_commands_survive_a_folder_with_blanks(duijie: Duijie) -> None:
    ran = duijie("demo", "--folder", "my sample")

    assert last_lines(ran, 3)[:2] == [
        "    duijie search 'my sample/results.csv' 锂电池",
        "    duijie fair 'my sample/fair/workbook.xlsx' -o fair --what-if",
    ]


@pytest.mark.parametrize("place", ["taken", "taken/below"])
def test_folder_that_can_not_be_made_is_named(place: str, folder: Path, duijie: Duijie) -> None:
    (folder / "taken").write_text("a file")

    ran = duijie("demo", "--folder", place)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"错误 · Error: {place}: ")
    assert len(ran.err.splitlines()) == 1
    assert (folder / "taken").read_text() == "a file"


def test_suggested_commands_name_a_program_off_the_path_as_it_was_called(folder: Path) -> None:
    program = folder / ".venv" / "bin" / "duijie"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!{sys.executable}\nfrom market.cli import run\n\nrun()\n")
    program.chmod(0o755)

    done = subprocess.run(
        [".venv/bin/duijie", "demo"],
        cwd=folder,
        env=environment(PATH="/usr/bin:/bin"),
        capture_output=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.decode().splitlines()[-1] == "    .venv/bin/duijie pair --help"


def test_demo_runs_as_a_process_in_a_pipe(folder: Path) -> None:
    ran = run_apart(folder, "demo", COLUMNS="60")

    assert (ran.code, ran.err) == (0, "")
    assert "\x1b" not in ran.out
    assert "\r" not in ran.out


@pytest.mark.parametrize(
    ("sample", "source"), [("results.jsonl", "results.jsonl"), ("needs.jsonl", "needs-dev.jsonl")]
)
def test_sample_is_made_of_lines_of_the_development_data(sample: str, source: str) -> None:
    shipped = (SAMPLE / sample).read_bytes().splitlines()
    whole = (BENCH / source).read_bytes().splitlines()

    assert len(shipped) > 20
    assert len(set(shipped)) == len(shipped)
    assert [line for line in shipped if line not in whole] == []


def test_every_need_of_the_sample_has_its_good_results_in_it() -> None:
    good: dict[str, set[str]] = defaultdict(set)
    for judged in parsed((BENCH / "qrels-dev.jsonl").read_bytes()):
        if judged["grade"] >= GOOD_GRADE:
            good[judged["need"]].add(judged["result"])
    shipped = {result.id for result in sample_results()}

    missing = {need.id: good[need.id] - shipped for need in sample_needs()}

    assert {need: results for need, results in missing.items() if results} == {}
    assert sum(bool(good[need]) for need in missing) > len(missing) // 2


def test_sample_names_nobody_to_call() -> None:
    contacts = [result.contacts for result in sample_results()]
    contacts += [need.contacts for need in sample_needs()]

    assert [named for named in contacts if named] == []


def test_demo_files_hold_no_hint_of_the_machine(folder: Path, duijie: Duijie) -> None:
    duijie("demo")

    texts = [all_text(folder / "duijie-demo" / name).lstrip("\ufeff") for name in FILES]
    assert [str(folder) in text for text in texts] == [False, False, False]
