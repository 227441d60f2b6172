"""Array types, and sets of slots as bit masks: bit t stands for slot t."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

# Masks of more slots do not fit into 64 bits and become arrays of Python integers.
_WORD_SLOTS = 62

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
# Bit masks, as words or as Python integers: `&`, `|`, `~` and comparisons work on both.
MaskArray = npt.NDArray[Any]


def integers(values: Iterable[int]) -> IntArray:
    return np.fromiter(values, dtype=np.int64)


def mask_of(flags: Iterable[bool]) -> int:
    """Bit t is set where flag t is."""
    return sum(1 << slot for slot, flag in enumerate(flags) if flag)


def mask_of_slots(slots: Iterable[int]) -> int:
    mask = 0
    for slot in slots:
        mask |= 1 << slot
    return mask


def mask_array(masks: Sequence[int], slots: int) -> MaskArray:
    return np.array(masks, dtype=np.int64 if slots <= _WORD_SLOTS else object)


def bits(mask: int) -> Iterator[int]:
    """The slots of a mask, earliest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
