"""One table and the hosts that share it: which of its slots each is going to need."""

from collections.abc import Sequence
from typing import NamedTuple

from market.planner.bits import bits, mask_of_slots

_NOBODY = -1


class Fixed(NamedTuple):
    """The fixed meetings of hosts, as slots: at their own table, and at that of another host."""

    sitting: dict[int, int]
    walking: dict[int, int]

    def of(self, host: int) -> int:
        return self.sitting.get(host, 0) | self.walking.get(host, 0)


class Lane:
    """The slots of one table. `guests` are meetings pinned to it: slot, and whose table it is.

    `masks` are the slots in which each party is there.
    """

    def __init__(self, masks: Sequence[int], opened: int, fixed: Fixed) -> None:
        self.open = opened
        self.guests: list[tuple[int, int | None]] = []
        self._masks = masks
        self._fixed = fixed
        self._hosts: list[int] = []
        self._holders = [_NOBODY] * max(opened.bit_length(), 1)

    @property
    def room(self) -> int:
        """Slots that nobody needs yet."""
        return sum(self._holders[slot] == _NOBODY for slot in bits(self.open))

    def join(self, host: int, holders: list[int]) -> None:
        """`holders` is what `with_host` answered."""
        self._hosts.append(host)
        self._holders = holders or self._holders

    def with_host(self, host: int, need: int) -> list[int] | None:
        """Who holds which slot if the host joins, as many as it needs or as there are.

        Others move to other slots for it. None where pinned meetings collide
        or would be held without this table.
        """
        others = self._fixed_of_others(host)
        sitting = self._fixed.sitting.get(host, 0)
        if self._fixed.of(host) & others or sitting & (self._guests_of_others(host) | ~self.open):
            return None
        pinned = self._fixed.of(host) & self.open
        holders = list(self._holders)
        moved = []
        for slot in bits(pinned):
            moved.append(holders[slot])
            holders[slot] = host
        for other in moved:
            if other != _NOBODY:
                self._place(holders, other, host, pinned)
        while holders.count(host) < need and self._place(holders, host, host, pinned):
            pass
        return holders

    def _guests_of_others(self, host: int) -> int:
        return mask_of_slots(slot for slot, whose in self.guests if whose != host)

    def _fixed_of_others(self, host: int) -> int:
        fixed = 0
        for other in self._hosts:
            if other != host:
                fixed |= self._fixed.of(other)
        return fixed

    def _place(self, holders: list[int], host: int, joining: int, pinned: int) -> bool:
        """Give a host one more slot along an augmenting path (Kuhn), none of the pinned ones."""
        tried = pinned

        def augment(who: int) -> bool:
            nonlocal tried
            closed = self._guests_of_others(who) | self._fixed_of_others(who)
            closed |= pinned if who != joining else 0
            for slot in bits(self._masks[who] & self.open & ~closed):
                if tried >> slot & 1:
                    continue
                tried |= 1 << slot
                other = holders[slot]
                if other == _NOBODY or (other != who and augment(other)):
                    holders[slot] = who
                    return True
            return False

        return augment(host)
