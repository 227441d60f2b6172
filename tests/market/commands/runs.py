"""Runs the real commands, in this process or in one of their own, and reads what they wrote."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from python_calamine import CalamineWorkbook

ROOT = Path(__file__).parents[3]


class Ran(NamedTuple):
    """What a finished command left: its exit code, and its two streams as text."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as .jsonl."""
        return parsed(self.out.encode())


Duijie = Callable[..., Ran]
DuijieOnMarket = Callable[..., Awaitable[Ran]]


def environment(**variables: str) -> dict[str, str]:
    """That of this process, with the product of this checkout, in UTF-8 as on any Linux."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **variables}


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "market", *map(str, arguments)]


def run_apart(folder: Path, *arguments: str | Path, **variables: str) -> Ran:
    """The command in a process of its own, with `folder` as its working folder."""
    done = subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        timeout=60,
        check=False,
    )
    out, err = (stream.decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
    return Ran(done.returncode, out, err)


def parsed(content: bytes) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line, type=dict[str, Any]) for line in content.splitlines()]


def pairs_of(path: Path) -> list[dict[str, Any]]:
    return parsed(path.read_bytes())


def sheets_of(path: Path) -> dict[str, list[list[Any]]]:
    """Every sheet of a workbook by its name: rows of cells, the headers first."""
    with CalamineWorkbook.from_path(path) as book:
        return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def all_text(path: Path) -> str:
    """Everything that a file says, the parts of a workbook unzipped."""
    if path.suffix != ".xlsx":
        return path.read_text("utf-8")
    with zipfile.ZipFile(path) as archive:
        # The theme names fonts for every script, whoever wrote the workbook.
        parts = [name for name in archive.namelist() if "theme" not in name]
        return "\n".join(archive.read(part).decode() for part in parts)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def column(rows: Sequence[Sequence[Any]], header: str) -> list[Any]:
    """The cells below a header."""
    place = list(rows[0]).index(header)
    return [row[place] for row in rows[1:]]
