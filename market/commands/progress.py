"""How far a long run is: a bar on a terminal, silence in a pipe."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
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

_REFRESH_S = 0.1


class Steps:
    """The steps of one run, each on a line of its own, named in Chinese and English."""

    def __init__(self, bars: Progress, lang: Lang) -> None:
        self._bars = bars
        self._lang = lang
        self._shown_at_s = 0.0

    def counted(
        self, zh: str, en: str, items: Iterable[T], *, total: int | None = None
    ) -> Iterator[T]:
        """The items, one step of the bar each."""
        if total is None and isinstance(items, Sequence):
            total = len(items)
        show = self._line(zh, en, total)
        for done, item in enumerate(items, 1):
            yield item
            show(done)

    def counter(self, zh: str, en: str) -> Callable[[int], None]:
        """A line for a step whose length nobody knows; call it with how many are done."""
        return self._line(zh, en, None)

    def _line(self, zh: str, en: str, total: int | None) -> Callable[[int], None]:
        tasks: list[TaskID] = []

        def show(done: int) -> None:
            # The line appears with the first call, so that steps show in the order they begin.
            if not tasks:
                tasks.append(self._bars.add_task(self._name(zh, en), total=total))
            self._bars.update(tasks[0], completed=done)
            self._refresh_now_and_then()

        return show

    def _refresh_now_and_then(self) -> None:
        # Not in a thread of its own: a process with threads can't share its work by a fork.
        now_s = monotonic()
        if now_s - self._shown_at_s > _REFRESH_S:
            self._shown_at_s = now_s
            self._bars.refresh()

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
        auto_refresh=False,
        disable=not sys.stderr.isatty(),
    )
    with bars:
        yield Steps(bars, lang)
