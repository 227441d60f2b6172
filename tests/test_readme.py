"""The README tells what is so. `python -m tests.test_readme` writes its tables anew."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import click
import pytest

from market import errors
from market.cli import duijie
from market.exchange.headings import HEADINGS, Heading, ListingKind
from market.settings import settings_table

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BEGIN, END = "<!-- headers -->\n", "<!-- /headers -->"
SETTINGS_BEGIN, SETTINGS_END = "<!-- settings -->\n", "<!-- /settings -->"
FIRST_SCREEN_LINES = 40
DEMO = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/duijie demo"
TEST = "python3 -m venv .venv && .venv/bin/pip install '.[test]' && .venv/bin/pytest"
OK = 0
# Parted, so that this file does not name what no file may name.
UNNAMED = ["/wo" + "rk/", "/ro" + "ot/", "/tmp/" + "lab", "pypi" + ".org", "pythonhosted" + ".org"]
SHIPPED_TEXT = {".py", ".md", ".toml", ".txt", ".tsv", ".jsonl", ".yml", ".yaml", ".cfg", ""}


def headers_table() -> str:
    """Every header that is understood, for results and for needs; the written ones first."""
    return "\n".join(
        ["", *_table("result", "成果 · Results"), "", *_table("need", "需求 · Needs"), "", ""]
    )


def _table(kind: ListingKind, caption: str) -> Iterator[str]:
    yield f"| {caption} | headers · 表头 | only if no other column fits · 没有更合适的列时 |"
    yield "| --- | --- | --- |"
    for heading in HEADINGS[kind]:
        yield f"| `{heading.field}` | {_strong(heading)} | {'、'.join(heading.weak.split())} |"


def _strong(heading: Heading) -> str:
    return "、".join([heading.zh, heading.en, *heading.synonyms.split()])


def settings_section() -> str:
    """Every setting of the program with its default."""
    head = "| variable · 变量 | default · 默认 | what for · 用途 |\n| --- | --- | --- |"
    return f"\n{head}\n{settings_table()}\n\n"


def rewrite() -> None:
    """Puts the tables into the README's sections for them."""
    text = _replaced(README.read_text("utf-8"), BEGIN, headers_table(), END)
    README.write_text(_replaced(text, SETTINGS_BEGIN, settings_section(), SETTINGS_END), "utf-8")


def _replaced(text: str, begin: str, section: str, end: str) -> str:
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}{section}{end}{after}"


@cache
def readme() -> str:
    return README.read_text("utf-8")


@cache
def tracked_texts() -> dict[str, str]:
    """Every text file that is, or is about to be, under version control, by its name."""
    listing = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    names = [name for name in listing.stdout.decode().split("\0") if name]
    files = [
        name for name in names if Path(name).suffix in SHIPPED_TEXT and (ROOT / name).is_file()
    ]
    return {name: (ROOT / name).read_text("utf-8") for name in files}


def test_two_commands_stand_on_the_first_screen() -> None:
    lines = readme().splitlines()[:FIRST_SCREEN_LINES]

    assert [line for line in lines if line.startswith("python3 -m venv")] == [DEMO, TEST]


def test_ci_runs_the_readme_s_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    made = [line.strip() for line in script.splitlines() if line.strip().startswith("python3 -m")]

    assert made == [TEST]


def options_of(command: click.Command) -> list[str]:
    """The options of a command and of the commands below it."""
    found = [flag for p in command.params if isinstance(p, click.Option) for flag in p.opts]
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return found + [flag for each in below for flag in options_of(each)]


@pytest.mark.parametrize("name", duijie.list_commands(click.Context(duijie)))
def test_every_option_is_explained(name: str) -> None:
    command = duijie.get_command(click.Context(duijie), name)
    assert command is not None
    flags = options_of(command)
    section = readme()[: readme().index("## Why it is like this")]
    words = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", section))

    # A short and a long name of one option are explained by either.
    unexplained = [flag for flag in flags if flag not in words and flag != "--output"]

    assert unexplained == []


def test_options_of_the_readme_exist() -> None:
    names = ("pair", "fair")
    commands = [getattr(import_module(f"market.commands.{name}"), name) for name in names]
    table = re.findall(r"^\| `(--?[a-z-]+)", readme(), re.MULTILINE)
    flags = {flag for command in commands for flag in options_of(command)}

    assert set(table) - flags == set()


def test_exit_codes_are_those_of_the_program() -> None:
    section = readme()[readme().index("| exit code |") :].split("\n\n")[0]
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)}

    codes = {value for name, value in vars(errors).items() if name.startswith("EXIT_")}
    assert documented == {OK, *codes}


def test_table_of_headers_is_that_of_the_program() -> None:
    _, _, rest = readme().partition(BEGIN)

    assert rest.partition(END)[0] == headers_table()


def test_table_of_settings_is_that_of_the_program() -> None:
    _, _, rest = readme().partition(SETTINGS_BEGIN)

    assert rest.partition(SETTINGS_END)[0] == settings_section()


def test_table_of_headers_names_every_synonym_once_a_table() -> None:
    for kind, headings in HEADINGS.items():
        named = [
            n
            for h in headings
            for n in f"{_strong(h)}、{h.weak.replace(' ', '、')}".split("、")
            if n
        ]
        assert len(named) == len(set(named)), kind


def test_links_of_the_readme_lead_somewhere() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", readme())

    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_good_score_of_the_readme_is_that_of_the_program() -> None:
    good_score: float = import_module("market.matching.score").GOOD_SCORE

    assert f"best score is under **{good_score:g}**" in " ".join(readme().split())


@pytest.mark.parametrize("unnamed", UNNAMED)
def test_no_file_names_a_machine_or_a_registry(unnamed: str) -> None:
    if not tracked_texts():
        pytest.skip("not a checkout: there is no list of tracked files")

    assert [name for name, text in tracked_texts().items() if unnamed in text] == []


if __name__ == "__main__":
    rewrite()
