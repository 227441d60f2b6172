"""A working folder of its own for each test, and the command as a function."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from market.cli import exit_code_of
from tests.market.commands.catalogue import BARE, CATALYST, DRYER, SOLE, Answer, Search
from tests.market.commands.runs import Duijie, DuijieOnMarket, Ran
from tests.market.exchange.files import json_lines


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: files are named in messages as a person there would name them."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def duijie(capsys: pytest.CaptureFixture[str]) -> Duijie:
    """Runs a command in this process, as the program itself does."""

    def run(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        code = exit_code_of([str(argument) for argument in arguments])
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def catalogue(folder: Path) -> Path:
    """The file results.jsonl in the working folder."""
    return json_lines(folder / "results.jsonl", SOLE, DRYER, CATALYST, BARE)


@pytest.fixture
def found(catalogue: Path, duijie: Duijie) -> Search:
    """Searches the catalogue with --json; the answer as an object."""

    def search(*arguments: str) -> Answer:
        ran = duijie("search", catalogue, *arguments, "--json")
        assert (ran.code, ran.err) == (0, "")
        return msgspec.json.decode(ran.out, type=dict)

    return search


@pytest.fixture
def duijie_on_market(
    duijie: Duijie, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> DuijieOnMarket:
    """Runs a command on the test's database, in a thread: commands bring their own loop."""
    monkeypatch.setenv("DUIJIE_DATABASE_URL", database_url)

    async def run(*arguments: str) -> Ran:
        return await asyncio.to_thread(duijie, *arguments)

    return run
