"""`duijie pair` against a plain script, as whole processes on the same two files.

python -m tests.bench.pair [--json] [--listings N] [--needs N] [--rounds N] [--full [NEEDS]]
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.bench.generator import write_files
from tests.bench.processes import Run, run_process
from tests.bench.table import Row, Section, arguments, at_most, count, note, run_alone, stated

_SMALL = 1_000
_FULL_NEEDS = 10_000
_AS_OF = "2026-11-24"


def parser() -> argparse.ArgumentParser:
    made = arguments("tests.bench.pair", "duijie pair against a plain script")
    made.add_argument("--needs", type=count, default=_SMALL, metavar="N", help="needs to pair")
    made.add_argument("--rounds", type=count, default=2, metavar="N", help="runs of each")
    add_full(made)
    return made


def add_full(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--full",
        type=count,
        nargs="?",
        const=_FULL_NEEDS,
        metavar="NEEDS",
        help="also pair all listings with so many needs (default %(const)s), for the memory",
    )


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
        at_most("pair: duijie pair ÷ plain script", ratio, "×", target=2),
        stated("pair: duijie pair", median(run.wall_s for run in ours), "s"),
        stated("pair: plain script", median(run.wall_s for run in plain), "s"),
        stated("pair: peak memory of duijie pair", max(r.peak_memory_mb for r in ours), "MB"),
        stated("pair: peak memory of the plain script", max(r.peak_memory_mb for r in plain), "MB"),
        _small(folder, size=min(_SMALL, chosen.listings), seed=chosen.seed),
    ]
    return [*rows, *_full(chosen, folder)] if chosen.full is not None else rows


def _in_turns(
    files: tuple[Path, Path], folder: Path, *, rounds: int
) -> tuple[list[Run], list[Run]]:
    ours: list[Run] = []
    plain: list[Run] = []
    for _ in range(rounds):
        ours.append(run_process(pair_command(*files, folder / "pairs.jsonl")))
        plain.append(run_process(plain_command(*files, folder / "plain.jsonl")))
    return ours, plain


def _small(folder: Path, *, size: int, seed: int) -> Row:
    files = write_files(folder / "small", results=size, needs=size, seed=seed)
    run = run_process(pair_command(*files, folder / "small" / "pairs.jsonl"))
    return stated(f"pair: duijie pair, {size:,} × {size:,}", run.wall_s, "s")


def _full(chosen: argparse.Namespace, folder: Path) -> list[Row]:
    note(f"pair: {chosen.listings:,} results × {chosen.full:,} needs")
    files = write_files(
        folder / "full", results=chosen.listings, needs=chosen.full, seed=chosen.seed
    )
    run = run_process(pair_command(*files, folder / "full" / "pairs.jsonl"))
    name = f"pair: duijie pair, {chosen.listings:,} × {chosen.full:,}"
    return [
        at_most(f"{name}: peak memory", run.peak_memory_mb, "MB", target=1_500),
        stated(name, run.wall_s, "s"),
    ]


def pair_command(results: Path, needs: Path, pairs: Path) -> list[str]:
    files = [str(results), str(needs), "-o", str(pairs)]
    return [sys.executable, "-m", "market", "pair", *files, "--as-of", _AS_OF]


def plain_command(results: Path, needs: Path, pairs: Path) -> list[str]:
    return [sys.executable, "-m", "tests.bench.plain_pair", *map(str, (results, needs, pairs))]


if __name__ == "__main__":
    run_alone(parser(), measure)
