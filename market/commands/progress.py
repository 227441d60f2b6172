"""How far a long run is: a bar on a terminal, silence in a pipe."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from schemas.vocab import Lang

T = TypeVar("T")


class Steps:
    """The steps of one run, each on a line of its own, named in Chinese and English."""

    def __init__(self, bars: Progress, lang: Lang) -> None:
        self._bars = bars
        self._lang = lang

    def counted(
        self, zh: str, en: str, items: Iterable[T], *, total: int | None = None
    ) -> Iterator[T]:
        """The items, one step of the bar each."""
        if total is None and isinstance(items, Sequence):
            total = len(items)
        return iter(self._bars.track(items, total=total, description=self._name(zh, en)))

    def counter(self, zh: str, en: str) -> Callable[[int], None]:
        """A line for a step whose length nobody knows; call it with how many are done."""
        tasks: list[TaskID] = []

        def show(done: int) -> None:
            # The line appears with the first call, so that steps show in the order they begin.
            if not tasks:
                tasks.append(self._bars.add_task(self._name(zh, en), total=None))
            self._bars.update(tasks[0], completed=done)

        return show

    def _name(self, zh: str, en: str) -> str:
        return zh if self._lang == "zh" else en


@contextmanager
def steps_on_stderr(lang: Lang) -> Iterator[Steps]:
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bars:
        yield Steps(bars, lang)
