"""The program itself: its commands, its exit codes, its streams."""

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from market import cli
from market.errors import EXIT_USAGE
from tests.market.commands.listings import needs_csv, results_csv
from tests.market.commands.runs import ROOT, command, environment, names_in, run_apart
from tests.market.exchange.files import text_file

COMMANDS = [
    *("demo", "pair", "fair", "search", "serve", "worker", "migrate", "users"),
    *("keys", "jobs", "import", "fairs", "export", "reindex", "engine", "doctor"),
]
FULL_DISK = Path("/dev/full")
# Modules that take their time; help and usage errors must not wait for them.
HEAVY = ("tantivy", "rjieba", "xlsxwriter", "python_calamine", "market.commands", "search")


def output_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = cli.exit_code_of(arguments)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_names_every_command(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = output_of([option], capsys)

    assert (code, err) == (0, "")
    listed = out[out.index("Commands:") :].splitlines()[1:]
    assert [line.split()[0] for line in listed] == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = output_of([name, "--help"], capsys)

    assert (code, err) == (0, "")
    assert out.startswith(f"Usage: duijie {name} [OPTIONS]")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_module_of_its_name(name: str) -> None:
    # A word of the language can't name a module.
    module_name = f"{name}_" if name == "import" else name
    module = import_module(f"market.commands.{module_name}")

    assert getattr(module, module_name).name == name


def test_help_does_not_load_what_the_commands_need() -> None:
    script = (
        "import sys; from market.cli import exit_code_of; exit_code_of(['--help']); "
        f"print([name for name in sys.modules if name.startswith({HEAVY})])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.decode().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nosuch"], "Error: No such command 'nosuch'."),
        (["--nosuch"], "Error: No such option '--nosuch'."),
        (["search"], "Error: Missing argument 'FILE'."),
        (["demo", "extra"], "Error: Got unexpected extra argument (extra)"),
    ],
)
def test_wrong_use_is_one_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = output_of(arguments, capsys)

    assert (code, out) == (EXIT_USAGE, "")
    # Quotation marks differ between versions of the library that reads options.
    last = err.splitlines()[-1]
    assert re.sub(r"\W", "", last) == re.sub(r"\W", "", said)


def test_version_is_told_even_where_nothing_is_installed(folder: Path) -> None:
    ran = run_apart(folder, "--version")

    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(r"duijie, version (\d+\.\d+\.\d+|\(not installed\))\n", ran.out)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file of results and one of needs."""
    results_csv(tmp_path)
    needs_csv(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["nosuch"], 2)])
def test_run_leaves_with_the_exit_code(arguments: list[str], code: int) -> None:
    with pytest.raises(SystemExit) as left:
        cli.run(arguments)

    assert left.value.code == code


@pytest.mark.parametrize(
    ("result", "arguments", "code"),
    [
        (["R1", "鞋底"], ["pair", "r.csv", "needs.csv", "-o", "p.csv"], 0),
        (["R1", ""], ["pair", "r.csv", "needs.csv", "-o", "p.csv"], 3),
        (["R1", "鞋底"], ["pair", "nix.csv", "needs.csv", "-o", "p.csv"], 1),
        (["R1", "鞋底"], ["pair", "r.csv", "needs.csv", "-o", "p.doc"], 2),
        (["R1", "鞋底"], ["search", "r.csv", "鞋底"], 0),
        (["R1", ""], ["search", "r.csv", "鞋底"], 3),
        (["R1", "鞋底"], ["search", "nix.csv", "鞋底"], 1),
        (["R1", "鞋底"], ["search", "r.csv", "--trl", "10"], 2),
    ],
)
def test_process_ends_with_the_documented_code(
    result: list[str], arguments: list[str], code: int, folder: Path
) -> None:
    text_file(folder / "r.csv", [["编号", "成果名称"], result])

    assert run_apart(folder, *arguments).code == code


@pytest.mark.skipif(not FULL_DISK.exists(), reason="the system has no device that is always full")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pair", "results.csv", "needs.csv", "-o", "-"], "错误 · Error: -: 磁盘已满"),
        (
            ["pair", "results.csv", "needs.csv", "-o", "p.csv", "--json"],
            "错误 · Error: No space left on device",
        ),
        (["search", "results.csv"], "错误 · Error: No space left on device"),
        (["search", "results.csv", "--json"], "错误 · Error: No space left on device"),
        (["demo"], "错误 · Error: No space left on device"),
    ],
)
def test_stdout_on_a_full_disk_is_told(arguments: list[str], said: str, folder: Path) -> None:
    with FULL_DISK.open("wb") as full:
        done = subprocess.run(
            command(*arguments),
            cwd=folder,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )

    assert (done.returncode, done.stderr.decode().splitlines()) == (1, [said])


def test_reader_of_a_table_that_leaves_early_is_no_crash(folder: Path) -> None:
    rows = [[f"R{number}", f"橡胶鞋底材料{number}" * 20] for number in range(1_000)]
    text_file(folder / "r.csv", [["编号", "成果名称"], *rows])

    process = subprocess.Popen(
        command("search", "r.csv", "--limit", "1000"),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()

    assert (process.wait(60), err) == (1, b"")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_terminal_without_chinese_shows_numbers_for_it(encoding: str, folder: Path) -> None:
    ran = run_apart(folder, "search", "results.csv", "茶叶", PYTHONIOENCODING=encoding)

    assert (ran.code, ran.err) == (0, "")
    assert r"\u8336\u53f6" in ran.out


def test_stdout_of_pairs_is_utf8_whatever_the_terminal(folder: Path) -> None:
    arguments = ("pair", "results.csv", "needs.csv", "-o", "-", "--top", "1")
    plain = run_apart(folder, *arguments)

    ran = run_apart(folder, *arguments, PYTHONIOENCODING="ascii")

    assert ran.code == 0
    assert ran.out == plain.out
    assert "茶叶" in ran.out


def test_file_name_that_is_no_text_is_no_crash(folder: Path) -> None:
    name = b"\xff.csv".decode("utf-8", "surrogateescape")
    (folder / "results.csv").rename(folder / name)

    ran = run_apart(folder, "pair", name, "needs.csv", "-o", "p.csv", "--json")

    assert ran.code == 0
    assert '"results_file": "\\udcff.csv"' in ran.out
    assert "p.csv" in names_in(folder)
