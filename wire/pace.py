"""The pace of a sender in a throughput test: whole blocks, evenly spread, and no burst to make up for lost time."""

BLOCK_BYTES = 1_400
"""A block and its headers fit into one packet, so that pacing does not turn into small packets."""

CATCH_UP_MS = 25
"""A sender that was held up makes up for so much at once and no more: a larger burst would itself be a queue."""


class Pace:
    """How many blocks are due: a bucket that fills at `rate_bps` and holds `CATCH_UP_MS` worth of them.

    `stalled_ns` is how long the sender came too late by its own fault, beyond what it could make up for.
    """

    def __init__(self, rate_bps: int, now_ns: int) -> None:
        self._ns_per_block = BLOCK_BYTES * 8 * 1_000_000_000 // rate_bps
        self._most_ns = max(CATCH_UP_MS * 1_000_000, self._ns_per_block)
        self._due_ns = now_ns
        self.stalled_ns = 0

    def wait_ns(self, now_ns: int) -> int:
        """How long until the next block is due."""
        return max(0, self._due_ns - now_ns)

    def woke(self, now_ns: int) -> None:
        """The wait is over: what is beyond catching up is the sender's own stall, and never sent."""
        late_ns = now_ns - self._due_ns - self._most_ns
        if late_ns > 0:
            self.stalled_ns += late_ns
            self._due_ns += late_ns

    def take_blocks(self, now_ns: int) -> int:
        """How many blocks to send now, at least one."""
        blocks = max(1, (now_ns - self._due_ns) // self._ns_per_block + 1)
        self._due_ns += blocks * self._ns_per_block
        return blocks

    def sent(self, now_ns: int) -> None:
        """The system took the blocks. What it held us up for was the path's doing, and is not made up for either."""
        self._due_ns = max(self._due_ns, now_ns - self._most_ns)
