"""`duijie pair` against a plain script, as whole processes on the same two files.

python -m tests.bench.pair [--json] [--listings N] [--needs N] [--rounds N] [--full] [--seed N]
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

from tests.bench.generator import write_files
from tests.bench.table import Row, Section, arguments, at_most, count, note, run_alone, stated

_SMALL = 1_000
_FULL_NEEDS = 10_000
_AS_OF = "2026-11-24"
_REPOSITORY = Path(__file__).parents[2]


class Run(NamedTuple):
    """What one process took from start to end."""

    wall_s: float
    peak_memory_mb: float


class ProcessFailed(Exception):
    """A measured process ended with another exit code than 0."""


def parser() -> argparse.ArgumentParser:
    made = arguments("tests.bench.pair", "duijie pair against a plain script")
    made.add_argument("--needs", type=count, default=_SMALL, metavar="N", help="needs to pair")
    made.add_argument("--rounds", type=count, default=2, metavar="N", help="runs of each")
    made.add_argument(
        "--full", action="store_true", help=f"also the listings × {_FULL_NEEDS:,} needs, for memory"
    )
    return made


def measure(chosen: argparse.Namespace) -> Section:
    note(f"pair: {chosen.listings:,} results × {chosen.needs:,} needs")
    with tempfile.TemporaryDirectory(prefix="duijie-bench-") as folder:
        rows = _rows(chosen, Path(folder))
    return Section(f"pair: {chosen.needs:,} needs × {chosen.listings:,} results", rows)


def _rows(chosen: argparse.Namespace, folder: Path) -> list[Row]:
    files = write_files(folder, results=chosen.listings, needs=chosen.needs, seed=chosen.seed)
    ours, plain = _in_turns(files, folder, rounds=chosen.rounds)
    ratio = median(a.wall_s / b.wall_s for a, b in zip(ours, plain, strict=True))
    rows = [
        at_most("duijie pair ÷ plain script", ratio, "×", target=2),
        stated("  duijie pair", median(run.wall_s for run in ours), "s"),
        stated("  plain script", median(run.wall_s for run in plain), "s"),
        stated("  peak memory of duijie pair", max(r.peak_memory_mb for r in ours), "MB"),
        stated("  peak memory of the plain script", max(r.peak_memory_mb for r in plain), "MB"),
        _small(folder, seed=chosen.seed),
    ]
    return [*rows, *_full(chosen, folder)] if chosen.full else rows


def _in_turns(
    files: tuple[Path, Path], folder: Path, *, rounds: int
) -> tuple[list[Run], list[Run]]:
    ours: list[Run] = []
    plain: list[Run] = []
    for _ in range(rounds):
        ours.append(run_process(pair_command(*files, folder / "pairs.jsonl")))
        plain.append(run_process(plain_command(*files, folder / "plain.jsonl")))
    return ours, plain


def _small(folder: Path, *, seed: int) -> Row:
    files = write_files(folder / "small", results=_SMALL, needs=_SMALL, seed=seed)
    run = run_process(pair_command(*files, folder / "small" / "pairs.jsonl"))
    return stated(f"duijie pair, {_SMALL:,} × {_SMALL:,}", run.wall_s, "s")


def _full(chosen: argparse.Namespace, folder: Path) -> list[Row]:
    note(f"pair: {chosen.listings:,} results × {_FULL_NEEDS:,} needs")
    files = write_files(
        folder / "full", results=chosen.listings, needs=_FULL_NEEDS, seed=chosen.seed
    )
    run = run_process(pair_command(*files, folder / "full" / "pairs.jsonl"))
    name = f"duijie pair, {chosen.listings:,} × {_FULL_NEEDS:,}"
    return [
        at_most(f"{name}: peak memory", run.peak_memory_mb, "MB", target=1_500),
        stated(name, run.wall_s, "s"),
    ]


def pair_command(results: Path, needs: Path, pairs: Path) -> list[str]:
    files = [str(results), str(needs), "-o", str(pairs)]
    return [sys.executable, "-m", "market", "pair", *files, "--as-of", _AS_OF]


def plain_command(results: Path, needs: Path, pairs: Path) -> list[str]:
    return [sys.executable, "-m", "tests.bench.plain_pair", *map(str, (results, needs, pairs))]


def run_process(command: Sequence[str]) -> Run:
    """Run a process and wait for it. Raises ProcessFailed with what it said on stderr."""
    begin_s = perf_counter()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, cwd=_REPOSITORY, stdout=subprocess.DEVNULL, stderr=errors
        )
        # wait4 tells the peak of this child alone; getrusage would keep that of the largest.
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = perf_counter() - begin_s
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        said = errors.read().decode(errors="replace")
    if process.returncode:
        raise ProcessFailed(f"{' '.join(command)} ended with {process.returncode}: {said[-2000:]}")
    return Run(wall_s, usage.ru_maxrss / 1024)


if __name__ == "__main__":
    run_alone(parser(), measure)
