"""What an installation holds: the data files beside the code, and the command."""

import subprocess
import sys
import tomllib
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path

import pytest

from market import cli

ROOT = Path(__file__).parents[1]
PACKAGES = ["market", "search", "schemas"]
# Every file that the program reads at run time; a new one is named here when it is added.
DATA_FILES = [
    "market/accounts/common_passwords.txt",
    "market/demo_data/needs.jsonl",
    "market/demo_data/results.jsonl",
    "market/exchange/pages/badges.typ",
    "market/exchange/pages/handbook.typ",
    "market/migrations/script.py.mako",
    "schemas/data/contract_kinds.tsv",
    "schemas/data/divisions.tsv",
    "schemas/data/fields.tsv",
    "schemas/data/industries.tsv",
    "schemas/data/modes.tsv",
    "schemas/data/signing_kinds.tsv",
    "schemas/data/stages.tsv",
    "search/data/boilerplate.txt",
    "search/data/idf.tsv",
    "search/data/stopwords.txt",
    "search/data/synonyms.tsv",
    "search/data/traditional.tsv",
    "search/data/words.txt",
]


@pytest.fixture(scope="module")
def distribution() -> metadata.Distribution:
    try:
        return metadata.distribution("duijie")
    except metadata.PackageNotFoundError:
        pytest.skip("duijie is not installed here: it runs from its source")


def data_files(folder: Traversable, prefix: str) -> list[str]:
    found = []
    for entry in folder.iterdir():
        name = f"{prefix}/{entry.name}"
        if entry.is_dir():
            found += [] if entry.name == "__pycache__" else data_files(entry, name)
        elif not entry.name.endswith((".py", ".pyc")):
            found.append(name)
    return sorted(found)


def test_packages_of_the_wheel_are_those_of_the_source() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    on_disk = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}

    assert packages == PACKAGES
    assert on_disk == set(PACKAGES)


@pytest.mark.parametrize("package", PACKAGES)
def test_package_holds_its_data_files(package: str) -> None:
    named = [name for name in DATA_FILES if name.startswith(f"{package}/")]

    assert data_files(resources.files(package), package) == named


@pytest.mark.parametrize("name", DATA_FILES)
def test_data_file_is_read_through_its_package(name: str) -> None:
    package, _, path = name.partition("/")

    text = resources.files(package).joinpath(path).read_text("utf-8")

    assert len(text.splitlines()) > 1


def test_build_takes_every_data_file() -> None:
    # The builder leaves out what version control ignores.
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", *DATA_FILES],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if ignored.returncode not in {0, 1}:
        pytest.skip("not a checkout: nothing is ignored")

    assert ignored.stdout.decode().splitlines() == []


def test_command_is_the_program(distribution: metadata.Distribution) -> None:
    (command,) = distribution.entry_points.select(group="console_scripts")

    assert (command.name, command.value) == ("duijie", "market.cli:run")
    assert command.load() is cli.run


def test_installed_files_hold_the_data(distribution: metadata.Distribution) -> None:
    files = {str(file) for file in distribution.files or ()}
    if "market/cli.py" not in files:
        pytest.skip("installed in place: the files are those of the source")

    assert [name for name in DATA_FILES if name not in files] == []
    assert {name.split("/")[0] for name in files if name.endswith(".py")} == set(PACKAGES)


def test_installed_command_tells_its_version(distribution: metadata.Distribution) -> None:
    program = Path(sys.executable).with_name("duijie")

    done = subprocess.run([program, "--version"], capture_output=True, timeout=60, check=True)

    assert done.stdout.decode() == f"duijie, version {distribution.version}\n"
