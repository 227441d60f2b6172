"""One table and the hosts that share it: which of its slots each is going to need."""

from collections.abc import Mapping, Sequence

from market.fairs.plan_bits import bits

_NOBODY = -1


class Lane:
    """The slots of one table. `guests` are meetings pinned to it: slot and both parties.

    `masks` are the slots in which each party is there, `pinned` those of its pinned meetings.
    """

    def __init__(self, masks: Sequence[int], opened: int, pinned: Mapping[int, int]) -> None:
        self.open = opened
        self.guests: list[tuple[int, tuple[int, int]]] = []
        self._masks = masks
        self._pinned = pinned
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
        pinned = self._pinned.get(host, 0)
        if pinned & (self._closed_to(host) | ~self.open):
            return None
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

    def _closed_to(self, host: int) -> int:
        """Slots of others' pinned meetings at this table."""
        closed = sum(1 << slot for slot, both in self.guests if host not in both)
        for other in self._hosts:
            if other != host:
                closed |= self._pinned.get(other, 0)
        return closed

    def _place(self, holders: list[int], host: int, joining: int, pinned: int) -> bool:
        """Give a host one more slot along an augmenting path (Kuhn), none of the pinned ones."""
        tried = pinned

        def augment(who: int) -> bool:
            nonlocal tried
            closed = self._closed_to(who) | (pinned if who != joining else 0)
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
