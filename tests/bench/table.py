"""What a bench measured: rows, their table, and the arguments that all benches share."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import msgspec
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

DEFAULT_LISTINGS = 100_000
DEFAULT_SEED = 20_261_124


class Row(NamedTuple):
    """One measured value. `limit` says on which side of the target the value must lie."""

    name: str
    value: float
    unit: str
    target: float | None = None
    limit: Literal["≤", "≥"] = "≤"

    @property
    def holds(self) -> bool | None:
        """Whether the value meets its target; None where there is no target."""
        if self.target is None:
            return None
        return self.value <= self.target if self.limit == "≤" else self.value >= self.target

    def as_json(self) -> dict[str, str | float | bool | None]:
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "unit": self.unit,
            "target": self.target,
            "holds": self.holds,
        }


class Section(NamedTuple):
    """The rows of one bench under a title."""

    title: str
    rows: list[Row]


def stated(name: str, value: float, unit: str) -> Row:
    """A value without a target."""
    return Row(name, value, unit)


def at_most(name: str, value: float, unit: str, *, target: float) -> Row:
    return Row(name, value, unit, target, "≤")


def at_least(name: str, value: float, unit: str, *, target: float) -> Row:
    return Row(name, value, unit, target, "≥")


def arguments(name: str, description: str) -> argparse.ArgumentParser:
    """A parser with what every bench takes; a bench adds its own."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=description)
    parser.add_argument("--json", action="store_true", help="print one JSON list instead")
    parser.add_argument(
        "--listings",
        type=count,
        default=DEFAULT_LISTINGS,
        metavar="N",
        help="synthetic results (default %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=DEFAULT_SEED, help="default %(default)s")
    return parser


def count(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def print_sections(sections: Sequence[Section], *, as_json: bool) -> None:
    """Tables for a person, or all rows as exactly one JSON list on stdout."""
    if as_json:
        rows = [row.as_json() for section in sections for row in section.rows]
        sys.stdout.write(msgspec.json.encode(rows).decode() + "\n")
        return
    console = Console(width=110)
    for section in sections:
        console.print(_table(section))


def _table(section: Section) -> Table:
    table = Table(title=section.title, box=SIMPLE, title_justify="left", title_style="bold")
    for heading, justify in _COLUMNS:
        table.add_column(heading, justify=justify)
    for row in section.rows:
        target = "" if row.target is None else f"{row.limit} {row.target:g}"
        table.add_row(row.name, f"{row.value:,.3f}", row.unit, target, _VERDICTS[row.holds])
    return table


_COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("measured", "left"),
    ("value", "right"),
    ("unit", "left"),
    ("target", "right"),
    ("holds", "left"),
)
_VERDICTS = {None: "", True: "yes", False: "NO"}


def note(text: str) -> None:
    """Tell a waiting person what goes on, on stderr, so that stdout stays clean."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def run_alone(
    parser: argparse.ArgumentParser, measure: Callable[[argparse.Namespace], Section]
) -> None:
    """Run one bench from its command line."""
    chosen = parser.parse_args()
    print_sections([measure(chosen)], as_json=chosen.json)
