"""When this machine's own throughput test ran: what was measured then says nothing of the room."""

from collections import deque

from agent.clock import NS_PER_S

AFTER_NS = 3 * NS_PER_S
"""A queue that a test filled has drained so long after it, and TCP of others has recovered."""

REMEMBERED = 360
"""The most tests in the longest period of a report: an hour, one every ten seconds."""


class WorkingTimes:
    """The stretches of time in which a test ran, on the boot clock, each with `AFTER_NS` behind it.

    A test of one kind may begin before one of the other has wholly ended; such tests are one stretch.
    """

    def __init__(self) -> None:
        self._times: deque[tuple[int, int | None]] = deque(maxlen=REMEMBERED)
        self._running = 0

    def begin(self, now_ns: int) -> None:
        """A test begins: before its first packet, while the line is still idle."""
        if not self._running:
            self._times.append((now_ns, None))
        self._running += 1

    def end(self, now_ns: int) -> None:
        """A test that began has ended."""
        self._running -= 1
        if not self._running:
            began_ns, _ = self._times.pop()
            self._times.append((began_ns, now_ns + AFTER_NS))

    def cover(self, sent_ns: int) -> bool:
        """Whether a request sent at `sent_ns` was sent in such a time."""
        return any(began_ns <= sent_ns and (end_ns is None or sent_ns < end_ns) for began_ns, end_ns in self._times)
