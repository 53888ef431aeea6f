"""How much a reflector answers: so many packets a second from one sender, and so many from everybody. Pure.

A sender is known by its address and port, within the current second and no longer: a school may stand behind one
address, and one wild sender there must not be taken for a lossy network by the others.
"""

from collections import Counter
from collections.abc import Hashable

MAX_PER_SENDER = 100
"""Packets a second from one address and port: an agent sends ten at the most."""


class ReflectorLimits:
    """Packets of the current second. `per_second` of everybody also bounds the memory that counting takes."""

    def __init__(self, *, per_second: int, per_sender: int = MAX_PER_SENDER) -> None:
        self._per_second = per_second
        self._per_sender = per_sender
        self._second = 0
        self._packets = 0
        self._by_sender: Counter[Hashable] = Counter()

    def admits(self, sender: Hashable, second: int) -> bool:
        """Whether a packet of `sender` that came in `second`, a Unix time, may be answered; it counts in any case."""
        if second != self._second:
            self._second, self._packets = second, 0
            self._by_sender.clear()
        self._packets += 1
        if self._packets > self._per_second:
            return False
        self._by_sender[sender] += 1
        return self._by_sender[sender] <= self._per_sender
