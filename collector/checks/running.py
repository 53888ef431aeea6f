"""A check under way: what its lease allows, and what has come up so far."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from collector.refusal import Refusal
from collector.throughput.leases import Held
from collector.verdict.room_check import RoomCheck
from wire.lateness import LOOK_EVERY_MS, Lateness
from wire.lease import Lease
from wire.pace import BLOCK_BYTES
from wire.sufficiency import Arrivals, offered_bps

POST_BYTES = 4 * BLOCK_BYTES
"""What the page sends up at once: large against a request's head, small against a second of a lesson's rate."""

POSTS_AT_ONCE = 3
"""A browser opens six connections to a server; the rest is for the round trips that are watched meanwhile."""

LEAST_OFFER = 1.1
MOST_POST_BYTES = 4 * POST_BYTES
MOST_PINGS = 500
"""More than three looks at the idle line and two tests need."""


@dataclass(slots=True, kw_only=True)
class Running:
    """A check of a room by its `lease`. Nobody who does not know `check_id` has to do with it.

    `head_bytes` is how long the head of a request of this browser is. `up_with_heads` counts what came up with all
    heads, those of round trips too, as `held.up` counts it without. `result` is there once it has ended.
    """

    check_id: str
    site: str
    room: str
    lease: Lease
    held: Held
    elapsed_ns: Callable[[], int]
    head_bytes: int
    pings: int = 0
    posts_now: int = 0
    up_began_ns: int | None = None
    up_with_heads: Arrivals = field(default_factory=Arrivals)
    ending: asyncio.Lock = field(default_factory=asyncio.Lock)
    result: RoomCheck | None = None

    @property
    def post_every_ms(self) -> float:
        """The pace of what goes up: with the heads it is what an agent's test offers, and without them still a tenth
        more than is to be shown."""
        offered_ms = (POST_BYTES + self.head_bytes) * 8_000 / offered_bps(self.lease.up_bps)
        return min(offered_ms, POST_BYTES * 8_000 / (LEAST_OFFER * self.lease.up_bps))

    def ping(self, head_bytes: int) -> None:
        """A round trip, whose request has a head of so many bytes. Raises `Refusal`."""
        self._must_run()
        self.pings += 1
        if self.up_began_ns is not None:
            self.up_with_heads.add(self.up_ms(), head_bytes)
        if self.pings > MOST_PINGS:
            raise Refusal(429, "too_many_pings", f"a check has at most {MOST_PINGS} round trips")

    def begin_post(self, head_bytes: int) -> None:
        """A piece of the upload begins, `head_bytes` of its request are there. Raises `Refusal`. Ends by `end_post`."""
        self._must_run()
        if self.posts_now >= POSTS_AT_ONCE:
            raise Refusal(429, "too_many_posts", f"a check sends up to {POSTS_AT_ONCE} pieces at once")
        if self.held.up.total_bytes >= self.lease.up_bytes:
            raise Refusal(413, "too_large", "all that this check may send has come")
        if self.up_began_ns is None:
            self.up_began_ns = self.elapsed_ns()
            self.held.begun.add("up")
        self.posts_now += 1
        self.up_with_heads.add(self.up_ms(), head_bytes)

    def end_post(self) -> None:
        """That piece is over, whole or not."""
        self.posts_now -= 1

    def arrived(self, size: int) -> None:
        """`size` bytes of the upload are there."""
        self._must_run()
        self.held.up.add(self.up_ms(), size)
        self.up_with_heads.add(self.up_ms(), size)

    def up_decided(self) -> bool:
        """Whether no more needs to come up: the rate is shown, or can be no more, or the most that is allowed came."""
        enough = self.held.up.decided(self.lease.up_bps, self.up_ms())
        if enough is False:
            enough = self.up_with_heads.decided(self.lease.up_bps, self.up_ms())
            return enough is False
        return enough is True or self.held.up.total_bytes >= self.lease.up_bytes

    def up_ms(self) -> int:
        """Milliseconds since the upload began; 0 before."""
        return 0 if self.up_began_ns is None else (self.elapsed_ns() - self.up_began_ns) // 1_000_000

    async def note_lateness(self) -> None:
        """Note how long we are ourselves too busy while something comes up, until cancelled."""
        lateness = Lateness(self.elapsed_ns())
        late_before_ms = 0
        while not self._is_over():
            await asyncio.sleep(LOOK_EVERY_MS / 1000)
            lateness.look(self.elapsed_ns())
            if self.up_began_ns is None:
                late_before_ms = lateness.ms
            self.held.up_stalled_ms = lateness.ms - late_before_ms

    def _is_over(self) -> bool:
        """Whether its lease was given back or has run out, which may not be noted before somebody else asks for one."""
        return self.held.over.is_set() or self.elapsed_ns() >= self.held.ends_ns

    def _must_run(self) -> None:
        if self._is_over() or self.result is not None:
            raise Refusal(403, "check_over", "this check is over; begin a new one")
