"""The sufficiency test, as far as both ends must agree on it: is a rate there, without asking for more?

The sender offers `OFFER` times the rate to be shown, in whole blocks, for at most `LONGEST_MS`. The receiver counts.
The rate is held when what arrives after `WARM_UP_MS` makes up the rate over the rest of the time; that is known as
soon as enough has arrived, or can no longer arrive. Whoever knows it first ends the test.
"""

from bisect import bisect_right

from wire.lease import MAX_STEPS, Arrived
from wire.pace import BLOCK_BYTES, CATCH_UP_MS

OFFER = 1.25
WARM_UP_MS = 1_000
LONGEST_MS = 5_000
_STEP_MS = 10


def offered_bps(required_bps: int) -> int:
    """What the sender offers to show `required_bps`, in bits per second of goodput."""
    return int(required_bps * OFFER)


def most_bytes(required_bps: int) -> int:
    """The most that one direction of a test carries: the offer for the longest time."""
    return offered_bps(required_bps) * LONGEST_MS // 8_000


def decided(required_bps: int, *, at_ms: int, warm_bytes: int, total_bytes: int) -> bool | None:
    """Whether the rate is held, `at_ms` into the test with `total_bytes` arrived, `warm_bytes` of them in the warm-up;
    ``None`` while that is open."""
    needed_bytes = required_bps * (LONGEST_MS - WARM_UP_MS) / 8_000
    measured_bytes = total_bytes - warm_bytes
    if at_ms > WARM_UP_MS and measured_bytes >= needed_bytes:
        return True
    left_ms = max(0, LONGEST_MS - max(at_ms, WARM_UP_MS))
    # Beside what the time brings: what the sender was held up with, a block at the least, and the block that is due.
    can_come = offered_bps(required_bps) * (left_ms + CATCH_UP_MS) / 8_000 + 2 * BLOCK_BYTES if left_ms else 0.0
    return False if at_ms > WARM_UP_MS and measured_bytes + can_come < needed_bytes else None


class Arrivals:
    """What has arrived when, in steps of ten milliseconds at the finest. Times count from the test's beginning."""

    def __init__(self) -> None:
        self._at_ms: list[int] = []
        self._total: list[int] = []
        self.total_bytes = 0

    @classmethod
    def of(cls, steps: "tuple[Arrived, ...]") -> "Arrivals":
        """The arrivals that the other side noted."""
        arrivals = cls()
        for one in steps:
            arrivals.add(one.at_ms, one.total_bytes - arrivals.total_bytes)
        return arrivals

    def add(self, at_ms: int, size: int) -> None:
        """`size` more bytes are there at `at_ms`, which never goes back."""
        self.total_bytes += size
        if self._at_ms and (_in_one_step(self._at_ms[-1], at_ms) or len(self._at_ms) == MAX_STEPS):
            self._total[-1] = self.total_bytes
        else:
            self._at_ms.append(at_ms)
            self._total.append(self.total_bytes)

    def steps(self) -> tuple[Arrived, ...]:
        """The account of it for the other side."""
        return tuple(
            Arrived(at_ms=at_ms, total_bytes=total) for at_ms, total in zip(self._at_ms, self._total, strict=True)
        )

    def by(self, at_ms: int) -> int:
        """How many bytes had arrived at `at_ms`."""
        index = bisect_right(self._at_ms, at_ms)
        return self._total[index - 1] if index else 0

    def rate_bps(self, from_ms: int, to_ms: int) -> float:
        """Bits per second that arrived in ``(from_ms, to_ms]``."""
        return (self.by(to_ms) - self.by(from_ms)) * 8_000 / (to_ms - from_ms)

    def rate_between_arrivals_bps(self, from_ms: int) -> float | None:
        """Bits per second from the first arrival at or after `from_ms` until the last step began: the rate of a full
        bottleneck, free of where the window's edges fall between packets. ``None`` with fewer than four steps."""
        first = bisect_right(self._at_ms, from_ms - 1)
        if len(self._at_ms) - first < 4:
            return None
        # The last step may not be over, so it only says when the one before was.
        before = self._total[first - 1] if first else 0
        return (self._total[-2] - before) * 8_000 / (self._at_ms[-1] - self._at_ms[first])

    def decided(self, required_bps: int, at_ms: int) -> bool | None:
        """Whether `required_bps` is held by what is there at `at_ms`; ``None`` while that is open. What comes after
        `LONGEST_MS` does not count."""
        return decided(
            required_bps,
            at_ms=at_ms,
            warm_bytes=self.by(min(at_ms, WARM_UP_MS)),
            total_bytes=self.by(min(at_ms, LONGEST_MS)),
        )


def _in_one_step(began_ms: int, at_ms: int) -> bool:
    """Whether what arrives at `at_ms` belongs to the step that began then. No step spans an edge that is judged by."""
    return at_ms - began_ms < _STEP_MS and not any(began_ms <= edge < at_ms for edge in (WARM_UP_MS, LONGEST_MS))
