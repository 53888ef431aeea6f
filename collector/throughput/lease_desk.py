"""Gives and takes back leases: the right test at the right time, in nobody's way, within the budgets."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter

from collector.district.district import District
from collector.refusal import Refusal
from collector.registry.agent import Agent
from collector.throughput.budgets import Budgets
from collector.throughput.capacity_turns import CapacityTurns
from collector.throughput.leases import WATCH_BYTES, Held, Leases, Over, Taken, TooSoon, Wish
from collector.throughput.times import check_time
from collector.throughput.wishes import CAPACITY_MS, CapacityPlan, Wishes
from collector.verdict.profiles import Profiles
from wire.lease import Lease, LeaseAccount, LeaseRequest
from wire.version import WIRE_VERSION

CLOSEST_SHARE = 20
"""Two moments of an agent are never closer than a fifteenth of the interval, so who asks within a twentieth is not one
that keeps to them, and must not keep the lease from others."""

PAGE_APART_NS = 30_000_000_000
"""A room's page gets no lease sooner after its last one: who presses again and again must not keep others from it."""


class LeaseDesk:
    """The one place that gives permission to test. Lives on the event loop.

    `every_s` is how often each agent is to test. Without a `capacity` plan there are no tests of that kind. `off` says
    in one line why no tests are run at all, ``None`` when they are. `elapsed_ns` never steps.
    """

    def __init__(
        self,
        *,
        district: District,
        profiles: Profiles,
        budgets: Budgets,
        every_s: int,
        capacity: CapacityPlan | None,
        off: str | None,
        clock: Callable[[], datetime],
        elapsed_ns: Callable[[], int],
        metrics: CollectorRegistry,
    ) -> None:
        self._district = district
        self._wishes = Wishes(district, profiles)
        self._apart_ns = every_s * 1_000_000_000 // CLOSEST_SHARE
        self._clock = clock
        self.elapsed_ns = elapsed_ns
        self._leases = Leases()
        self._asking = asyncio.Lock()
        self.budgets = budgets
        self.turns = CapacityTurns(capacity, elapsed_ns)
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

    async def ask(self, agent: Agent, asked: LeaseRequest) -> Lease:
        """A lease for `agent`. Raises `Refusal`: ``throughput_off``, ``capacity_off``, ``assessment``, ``no_lesson``,
        ``lesson``, ``lease_taken``, ``too_soon``, ``lease_over``, ``budget_spent``."""

        def wish() -> Wish:
            if asked.kind == "sufficiency":
                return self._wishes.sufficiency(agent, asked.request)
            plan, asked_by = self.turns.turn_of(agent, self.budgets.today())
            return self._wishes.capacity(agent, asked.request, plan, asked_by=asked_by, link_mbps=asked.link_mbps)

        lease, is_new = await self._answer(agent.agent, asked.request, wish, agent.agent)
        if is_new and lease.kind == "capacity":
            self.turns.taken(agent.agent, lease.asked_by, self.budgets.today())
        return lease

    async def ask_for_page(self, site: str, room: str, request: str) -> Lease:
        """A lease for the page of a room that needs no agent: somebody there asks whether it can carry the lesson.

        It is a sufficiency test like any other, but also out of lessons: it shares the same bottlenecks and is paid
        from the budgets of its site and of the district. `request` is 16 hexadecimal digits, drawn anew each time
        somebody asks; the same one gets the same lease. ``Lease.lease`` is a secret of that page: `held_by_token` finds
        what it stands for, which `streams.begin`, `Download` and `Upload` take as they do an agent's, and
        `end_by_token` gives it back. The site and the room must be of the district; that is not looked at here.
        Raises `Refusal` as `ask` does, ``too_soon`` within 30 seconds of the room's last page.
        """
        wish = self._wishes.page(site, room, request)
        lease, _ = await self._answer(wish.holder, request, lambda: wish, None)
        return lease

    def held(self, agent: Agent, lease: str) -> Held:
        """The lease that `agent` holds by that name. Raises `Refusal` ``lease_over``."""
        try:
            return self._leases.find(lease, self.elapsed_ns(), holder=agent.agent)
        except Over:
            raise _over() from None

    def held_by_token(self, token: str) -> Held:
        """The lease of a page, or for a capacity test, that whoever shows `token` may use. Raises `Refusal`
        ``lease_over``."""
        try:
            held = self._leases.find(token, self.elapsed_ns())
        except Over:
            raise _over() from None
        if held.wish.asked_by != "user" and held.wish.kind != "capacity":
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

    def close(self) -> None:
        """End the tests under way: the collector stops."""
        for held in self._leases.current(self.elapsed_ns()):
            self._leases.end(held)

    async def _answer(
        self, holder: str, request: str, wish: Callable[[], Wish], agent: str | None
    ) -> tuple[Lease, bool]:
        """A lease, and whether it is new; counted by the answer."""
        try:
            if self.off is not None:
                raise Refusal(403, "throughput_off", self.off)
            # A copy of a request waits for what becomes of the first: until its bytes are set aside, no lease is given.
            async with self._asking:
                held, is_new = await self._held_for(holder, request, wish, agent)
        except Refusal as error:
            self.asked.labels(answer=error.word).inc()
            raise
        self.asked.labels(answer="given").inc()
        return self._lease(held), is_new

    async def _held_for(
        self, holder: str, request: str, wish: Callable[[], Wish], agent: str | None
    ) -> tuple[Held, bool]:
        try:
            known = self._leases.of_request(holder, request, self.elapsed_ns())
            if known is not None:
                return known, False
            wanted = wish()
            check_time(self._district, wanted, self._clock())
            held = self._leases.give(wanted, apart_ns=self._apart(wanted), now_ns=self.elapsed_ns())
        except Taken:
            raise Refusal(409, "lease_taken", "a test is under way that this would disturb; ask again soon") from None
        except TooSoon:
            raise Refusal(403, "too_soon", "there was a lease a moment ago; ask at the next moment") from None
        except Over:
            raise Refusal(409, "lease_over", "this request's lease is over; a new test is a new request") from None
        try:
            await self.budgets.reserve(held.lease, wanted.most_bytes, agent=agent, site=wanted.site)
            held.reserved_bytes = wanted.most_bytes
        except BaseException:
            self._leases.end(held)
            raise
        return held, True

    def _apart(self, wish: Wish) -> int:
        if wish.asked_by == "user":
            return PAGE_APART_NS
        return self._apart_ns if wish.kind == "sufficiency" else 0

    def _lease(self, held: Held) -> Lease:
        wish = held.wish
        server = wish.server
        return Lease(
            version=WIRE_VERSION,
            lease=held.lease,
            valid_ms=wish.lasts_ns // 1_000_000,
            down_bps=wish.down_bps,
            up_bps=wish.up_bps,
            down_bytes=wish.down_limit_bytes,
            up_bytes=wish.up_limit_bytes,
            kind=wish.kind,
            bottlenecks=wish.bottleneck_kinds,
            asked_by=wish.asked_by,
            host=server.host if server else None,
            port=server.port if server else None,
            tls=server.tls if server else False,
            token=held.lease if server else None,
            longest_ms=CAPACITY_MS if server else None,
        )

    async def _end(self, held: Held, used_bytes: int) -> LeaseAccount:
        self._leases.end(held)
        if held.streaming:  # what still comes of them must not be missing below
            await asyncio.wait(set(held.streaming))
        # What we saw counts even if the agent says less, and something even if neither saw anything: an agent that only
        # asks and gives back is stopped by its budget, too. Its word cannot cost more than was set aside.
        used = max(WATCH_BYTES, held.seen_bytes, min(held.reserved_bytes, used_bytes))
        await self.budgets.settle(held.lease, used)
        return LeaseAccount(
            version=WIRE_VERSION,
            down_stalled_ms=held.down_stalled_ms,
            up_stalled_ms=held.up_stalled_ms,
            down_bytes=held.down_bytes,
            up=held.up.steps(),
        )


def _over() -> Refusal:
    return Refusal(403, "lease_over", "there is no such lease, or it is over")
