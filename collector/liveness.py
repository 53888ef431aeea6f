"""Whether the collector still does its work, which is more than that its process lives."""

from collections.abc import Callable

ROUND_PATIENCE_S = 1800.0
"""A judging round that takes longer hangs. The first one after a long outage judges what gathered, and
that takes seconds to minutes; too little patience would start it anew again and again."""


class Liveness:
    """What hangs, if anything does; for the watchdog.

    An outage of the store is not a fault that a new start mends: the round fails, is counted, and comes
    round again. So what counts is that judging comes round, not how. A commit that hangs is seen here,
    too: it holds the lock that the next round writes its bins under.
    """

    def __init__(self, *, reflecting: Callable[[], bool], now_s: Callable[[], float]) -> None:
        """`reflecting` says whether latency tests are answered: without that every room would look lost."""
        self._reflecting = reflecting
        self._now_s = now_s
        self._round_s = now_s()

    def came_round(self) -> None:
        """Note that a judging round ended, well or badly."""
        self._round_s = self._now_s()

    def stuck(self) -> str | None:
        """The part that hangs; ``None`` when all work."""
        if not self._reflecting():
            return "reflector"
        return "judging" if self._now_s() - self._round_s > ROUND_PATIENCE_S else None
