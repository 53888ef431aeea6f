"""Who may test now: one throughput test at a time, whatever messages are lost, late or doubled.

In memory, because a lease dies with its collector: the streams that it allows are connections to this process. Time is
elapsed nanoseconds, so that a clock that is set cannot end a lease early or keep it for ever.
"""

import asyncio
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from wire.reports import Direction
from wire.sufficiency import Arrivals

LEASE_NS = 20_000_000_000
"""Two directions of five seconds, a look at the idle line before each, and time for the queue to drain between."""

REMEMBERED = 20_000
"""Requests whose lease is over are known that long, so that a late copy of one gets no second lease."""


@dataclass(slots=True, kw_only=True)
class Held:
    """A lease under way and the collector's side of its test.

    `begun` are the directions that have had their one stream. `reserved_bytes` stand in the ledger of `day`. `over`
    ends the streams, each of which has a future in `streaming` until nothing more of it will be counted.
    """

    lease: str
    agent: str
    request: str
    ends_ns: int
    down_bps: int
    up_bps: int
    reserved_bytes: int = 0
    day: str = ""
    begun: set[Direction] = field(default_factory=set)
    down_bytes: int = 0
    down_stalled_ms: int = 0
    up_stalled_ms: int = 0
    up: Arrivals = field(default_factory=Arrivals)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    streaming: set[asyncio.Future[None]] = field(default_factory=set)


class Taken(Exception):
    """Another agent tests now."""


class TooSoon(Exception):
    """This agent had a lease a moment ago."""


class Over(Exception):
    """This lease is over: it was given back, ran out, or was never given."""


class Leases:
    """The one lease of this collector. Not for several threads."""

    def __init__(self, apart_ns: int) -> None:
        """No agent gets a lease within `apart_ns` of its last one."""
        self._apart_ns = apart_ns
        self._given_ns: dict[str, int] = {}
        self._held: Held | None = None
        self._over: OrderedDict[tuple[str, str], None] = OrderedDict()

    def ask(
        self, agent: str, request: str, *, down_bps: int, up_bps: int, now_ns: int, apart_ns: int | None = None
    ) -> tuple[Held, bool]:
        """The lease for `request` of `agent`, and whether it is new: asked again, it is the same one. `apart_ns` stands
        in for what keeps agents' leases apart.

        Raises `Taken` while another agent's holds, `TooSoon`, and `Over` when the lease of this request is over.
        """
        held = self.current(now_ns)
        if held is not None and (held.agent, held.request) == (agent, request):
            return held, False
        if (agent, request) in self._over:
            raise Over
        if held is not None:
            raise Taken
        apart_ns = self._apart_ns if apart_ns is None else apart_ns
        if now_ns - self._given_ns.get(agent, now_ns - apart_ns) < apart_ns:
            raise TooSoon
        self._given_ns[agent] = now_ns
        self._held = Held(
            lease=secrets.token_hex(8),
            agent=agent,
            request=request,
            ends_ns=now_ns + LEASE_NS,
            down_bps=down_bps,
            up_bps=up_bps,
        )
        return self._held, True

    def current(self, now_ns: int) -> Held | None:
        """The lease that holds at `now_ns`."""
        if self._held is not None and self._held.ends_ns <= now_ns:
            self.end(self._held)
        return self._held

    def find(self, agent: str, lease: str, now_ns: int) -> Held:
        """The lease called `lease`, which must be held by `agent`. Raises `Over`."""
        held = self.current(now_ns)
        if held is None or held.lease != lease or held.agent != agent:
            raise Over
        return held

    def end(self, held: Held) -> None:
        """`held` is over, and so are its streams."""
        held.over.set()
        if self._held is held:
            self._held = None
            self._over[held.agent, held.request] = None
            if len(self._over) > REMEMBERED:
                self._over.popitem(last=False)
