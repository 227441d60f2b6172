"""Times two ways of doing one thing side by side, so that a busy machine slows both alike."""

import gc
import resource
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import NamedTuple, TypeVar

ItemT = TypeVar("ItemT")


class Comparison(NamedTuple):
    """Medians over all items: seconds of each way, and of the ratios measured item by item."""

    ours_s: float
    plain_s: float
    ratio: float


def compare(
    items: Iterable[ItemT],
    ours: Callable[[ItemT], object],
    plain: Callable[[ItemT], object],
    *,
    warm_up: int = 20,
) -> Comparison:
    """Run both ways on each item, in turns as to which goes first.

    The first `warm_up` items are run but not counted, unless there are no more than these.
    """
    pairs: list[tuple[float, float]] = []
    with _no_collector():
        for place, item in enumerate(items):
            if place % 2:
                plain_s, ours_s = seconds(plain, item), seconds(ours, item)
            else:
                ours_s, plain_s = seconds(ours, item), seconds(plain, item)
            pairs.append((ours_s, plain_s))
    counted = pairs[warm_up:] or pairs
    return Comparison(
        ours_s=median(ours_s for ours_s, _ in counted),
        plain_s=median(plain_s for _, plain_s in counted),
        ratio=median(ours_s / plain_s for ours_s, plain_s in counted),
    )


def seconds(run: Callable[[ItemT], object], item: ItemT) -> float:
    begin_s = perf_counter()
    run(item)
    return perf_counter() - begin_s


def peak_memory_mb() -> float:
    """The most memory that this process held at once so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def _no_collector() -> Iterator[None]:
    # A collection that happens to fall into one way's turn would be counted against it.
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
