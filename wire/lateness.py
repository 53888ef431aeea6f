"""How each end of a throughput test knows that it was itself too busy, so that the line is not blamed for it."""

from wire.pace import CATCH_UP_MS

LOOK_EVERY_MS = 10
"""How often both ends look at the clock while a stream runs."""


class Lateness:
    """How long one end was too busy, or asleep, to look at the clock when it meant to, beyond what is made up for."""

    def __init__(self, now_ns: int) -> None:
        self._looked_ns = now_ns
        self._late_ns = 0

    def look(self, now_ns: int) -> None:
        """It is `now_ns`; the look before was to be `LOOK_EVERY_MS` ago at the most."""
        self._late_ns += max(0, now_ns - self._looked_ns - (LOOK_EVERY_MS + CATCH_UP_MS) * 1_000_000)
        self._looked_ns = now_ns

    @property
    def ms(self) -> int:
        """All of it so far, in milliseconds."""
        return self._late_ns // 1_000_000
