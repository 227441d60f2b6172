"""Array types, and sets of slots as bit masks: bit t stands for slot t."""

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def integers(values: Iterable[int]) -> IntArray:
    return np.fromiter(values, dtype=np.int64)


def mask_of(flags: Iterable[bool]) -> int:
    """Bit t is set where flag t is."""
    return sum(1 << slot for slot, flag in enumerate(flags) if flag)


def bits(mask: int) -> Iterator[int]:
    """The slots of a mask, earliest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
