"""The stages of a long story: what each takes by the clock and of the processors."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.bench.table import Row, at_most, note, stated


class Stage(NamedTuple):
    """`cpu_s` is that of all threads of this process."""

    name: str
    seconds: float
    cpu_s: float


class Stages:
    """Takes the time of one stage after another."""

    def __init__(self) -> None:
        self.taken: list[Stage] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        note(f"{name} …")
        begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
        yield
        took = time.perf_counter() - begin_s, time.process_time() - begin_cpu_s
        self.taken.append(Stage(name, *took))
        note(f"  {took[0]:.1f} s, of the processors {took[1]:.1f} s")

    def told(self) -> list[Row]:
        """Two rows for each stage."""
        return [
            row
            for each in self.taken
            for row in (
                stated(each.name, each.seconds, "s"),
                stated("– of the processors", each.cpu_s, "s"),
            )
        ]

    def rows(self, *, target_s: float) -> list[Row]:
        """As `told`, and the whole against its target."""
        whole_s = sum(each.seconds for each in self.taken)
        cpu_s = sum(each.cpu_s for each in self.taken)
        return [
            *self.told(),
            at_most("the whole fair", whole_s, "s", target=target_s),
            at_most("the whole fair, of the processors", cpu_s, "s", target=target_s),
        ]
