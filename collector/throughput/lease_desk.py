"""Gives and takes back leases: in lessons only, one at a time, within each agent's bytes of the day.

A room's page gets one at any time, because somebody there asks.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Coroutine
from datetime import datetime
from functools import partial
from typing import Any

from prometheus_client import CollectorRegistry, Counter

from collector.refusal import Refusal
from collector.registry.agent import Agent
from collector.registry.registry import Registry
from collector.throughput.leases import LEASE_NS, Held, Leases, Over, Taken, TooSoon
from collector.timetable import Timetable
from collector.verdict.profiles import Profiles
from wire.lease import Lease, LeaseAccount
from wire.sufficiency import most_bytes
from wire.version import WIRE_VERSION

log = logging.getLogger(__name__)

WATCH_BYTES = 20_000
"""Set aside beside the streams for the packets that watch the round trips, and the least that a lease costs."""

CLOSEST_SHARE = 20
"""Two moments of an agent are never closer than a fifteenth of the interval, so who asks within a twentieth is not one
that keeps to them, and must not keep the lease from others."""

PAGE_APART_NS = 30_000_000_000
"""A room's page gets no lease sooner after its last one: who presses again and again must not keep others from it."""


def tested_bps(profiles: Profiles) -> tuple[int, int]:
    """What a test asks for, down and up: the most that any of `profiles` needs."""
    return max(one.down.bps for one in profiles), max(one.up.bps for one in profiles)


def bytes_of_a_test(down_bps: int, up_bps: int) -> int:
    """What is set aside for a test at these rates: both streams in full, and the packets beside them."""
    return most_bytes(down_bps) + most_bytes(up_bps) + WATCH_BYTES


class LeaseDesk:
    """The one place that gives permission to test. Lives on the event loop.

    `every_s` is how often each agent is to test. `off` says in one line why no tests are run at all, ``None`` when they
    are. `elapsed_ns` never steps.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        timetable: Timetable,
        profiles: Profiles,
        bytes_a_day: int,
        every_s: int,
        off: str | None,
        clock: Callable[[], datetime],
        elapsed_ns: Callable[[], int],
        metrics: CollectorRegistry,
    ) -> None:
        self._registry = registry
        self._timetable = timetable
        self._down_bps, self._up_bps = tested_bps(profiles)
        self._bytes_a_day = bytes_a_day
        self._clock = clock
        self.elapsed_ns = elapsed_ns
        self._leases = Leases(apart_ns=every_s * 1_000_000_000 // CLOSEST_SHARE)
        self._asking = asyncio.Lock()
        self.off = off
        self.asked = Counter("bandroom_leases", "Requests for a lease by the answer", ["answer"], registry=metrics)
        self.streams = Counter(
            "bandroom_throughput_streams", "Streams of throughput tests by their end", ["end"], registry=metrics
        )
        self.bytes = Counter(
            "bandroom_throughput_bytes", "Payload of throughput tests", ["direction"], registry=metrics
        )

    def turn(self, off: str | None) -> None:
        """From now on no tests, and why; or tests again."""
        self.off = off

    async def ask(self, agent: Agent, request: str) -> Lease:
        """A lease for `agent`. Raises `Refusal`: ``throughput_off``, ``no_lesson``, ``lease_taken``, ``too_soon``,
        ``lease_over``, ``budget_spent``."""
        return await self._counted(self._ask(agent.agent, request, in_lessons_only=True, apart_ns=None))

    async def ask_for_page(self, site: str, room: str, request: str) -> Lease:
        """A lease for the page of a room, in lessons or not. ``Lease.lease`` is a secret of that page: `held_by_token`
        finds what it stands for, `end_by_token` gives it back. The room must be of the district; that is not looked at
        here. Raises `Refusal` as `ask` does, ``too_soon`` within 30 seconds of the room's last page."""
        return await self._counted(
            self._ask(_page_of(site, room), request, in_lessons_only=False, apart_ns=PAGE_APART_NS)
        )

    async def _counted(self, asking: Coroutine[Any, Any, Lease]) -> Lease:
        try:
            lease = await asking
        except Refusal as error:
            self.asked.labels(answer=error.word).inc()
            raise
        self.asked.labels(answer="given").inc()
        return lease

    async def _ask(self, holder: str, request: str, *, in_lessons_only: bool, apart_ns: int | None) -> Lease:
        now = self._clock()
        if self.off is not None:
            raise Refusal(403, "throughput_off", self.off)
        if in_lessons_only and self._timetable.lesson_at(now) is None:
            raise Refusal(403, "no_lesson", "throughput is tested in lessons only")
        # A copy of a request waits for what becomes of the first: until its bytes are set aside, no lease is given.
        async with self._asking:
            held = await self._held_for(holder, request, now, apart_ns)
        return Lease(
            version=WIRE_VERSION,
            lease=held.lease,
            valid_ms=LEASE_NS // 1_000_000,
            down_bps=held.down_bps,
            up_bps=held.up_bps,
            down_bytes=most_bytes(held.down_bps),
            up_bytes=most_bytes(held.up_bps),
        )

    async def _held_for(self, holder: str, request: str, now: datetime, apart_ns: int | None) -> Held:
        try:
            held, is_new = self._leases.ask(
                holder,
                request,
                down_bps=self._down_bps,
                up_bps=self._up_bps,
                now_ns=self.elapsed_ns(),
                apart_ns=apart_ns,
            )
        except Taken:
            raise Refusal(409, "lease_taken", "a lease is held already; ask again in some seconds") from None
        except TooSoon:
            raise Refusal(403, "too_soon", "this agent had a lease a moment ago; ask at its next moment") from None
        except Over:
            raise Refusal(409, "lease_over", "this request's lease is over; a new test is a new request") from None
        if is_new:
            try:
                await self._reserve(held, now)
            except BaseException:
                self._leases.end(held)
                raise
        return held

    async def _reserve(self, held: Held, now: datetime) -> None:
        held.day = f"{now.astimezone(self._timetable.time_zone):%Y-%m-%d}"
        wanted = bytes_of_a_test(held.down_bps, held.up_bps)
        if not await asyncio.to_thread(
            partial(self._registry.reserve_test_bytes, held.agent, held.day, wanted, limit=self._bytes_a_day)
        ):
            raise Refusal(
                403, "budget_spent", "this agent's throughput_bytes_a_day are spent; it is tested again tomorrow"
            )
        held.reserved_bytes = wanted

    def held(self, agent: Agent, lease: str) -> Held:
        """The lease that `agent` holds by that name. Raises `Refusal` ``lease_over``."""
        try:
            return self._leases.find(agent.agent, lease, self.elapsed_ns())
        except Over:
            raise _over() from None

    def held_by_token(self, token: str) -> Held:
        """The lease of a page that whoever shows `token` may use. Raises `Refusal` ``lease_over``."""
        held = self._leases.current(self.elapsed_ns())
        if held is None or held.lease != token or not held.agent.startswith(_PAGE):
            raise _over()
        return held

    def left_s(self, held: Held) -> float:
        """How long `held` still holds."""
        return max(0.0, (held.ends_ns - self.elapsed_ns()) / 1e9)

    async def end(self, agent: Agent, lease: str, *, used_bytes: int) -> LeaseAccount:
        """Take a lease back and tell our side of its test. Raises `Refusal` ``lease_over``."""
        return await self._end(self.held(agent, lease), used_bytes)

    async def end_by_token(self, token: str, *, used_bytes: int) -> LeaseAccount:
        """Take a page's lease back. Raises `Refusal` ``lease_over``."""
        return await self._end(self.held_by_token(token), used_bytes)

    async def _end(self, held: Held, used_bytes: int) -> LeaseAccount:
        self._leases.end(held)
        if held.streaming:  # what still comes of them must not be missing below
            await asyncio.wait(set(held.streaming))
        # What we saw counts even if the agent says less, and something even if neither saw anything: an agent that only
        # asks and gives back is stopped by its budget, too. Its word cannot cost more than was set aside.
        seen = held.down_bytes + held.up.total_bytes
        used = min(held.reserved_bytes, max(WATCH_BYTES, used_bytes, seen))
        await asyncio.to_thread(self._registry.return_test_bytes, held.agent, held.day, held.reserved_bytes - used)
        return LeaseAccount(
            version=WIRE_VERSION,
            down_stalled_ms=held.down_stalled_ms,
            up_stalled_ms=held.up_stalled_ms,
            down_bytes=held.down_bytes,
            up=held.up.steps(),
        )

    def close(self) -> None:
        """End the test under way: the collector stops."""
        held = self._leases.current(self.elapsed_ns())
        if held is not None:
            self._leases.end(held)


_PAGE = "page"


def _page_of(site: str, room: str) -> str:
    """What a room's page is called among the agents, by whose rules it plays: no agent's id has such letters."""
    return _PAGE + hashlib.sha256(f"{site}/{room}".encode()).hexdigest()[:12]


def _over() -> Refusal:
    return Refusal(403, "lease_over", "there is no such lease, or it is over")
