"""Who may test now: no two tests in each other's way, whatever messages are lost, late or doubled.

In memory, because a lease dies with its collector: the streams that it allows are connections to this process. Time is
elapsed nanoseconds, so that a clock that is set cannot end a lease early or keep it for ever.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from collector.throughput.bottlenecks import Shared
from wire.lease import LeaseKind
from wire.report_words import AskedBy, Bottleneck, Direction
from wire.sufficiency import Arrivals, offered_bps

LEASE_NS = 20_000_000_000
"""Two directions of five seconds, a look at the idle line before each, and time for the queue to drain between."""

CAPACITY_LEASE_NS = 40_000_000_000
"""The same with directions of ten seconds, each of which may end late, and a longer queue."""

SHARED_SHARE = 50
"""Sufficiency tests together offer no more than a fiftieth of what a bottleneck carries."""

WATCH_BYTES = 20_000
"""Set aside beside the streams for the packets that watch the round trips, and the least that a lease costs."""

REMEMBERED = 20_000
"""Requests whose lease is over are known that long, so that a late copy of one gets no second lease."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where an ndt7 server is: `host` ``None`` is the collector's own, as agents reach it."""

    host: str | None
    port: int
    tls: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A test that somebody wants to run: `holder` is an agent, or a page that stands for a room without one.

    `down_bps` and `up_bps` are the rates to be shown or, for a capacity test, reckoned with, `down_limit_bytes` and
    `up_limit_bytes` the most that each direction may carry. `server` is for a capacity test alone; with `inside` it is
    the one of the site's reference, and else our own.
    """

    holder: str
    request: str
    kind: LeaseKind
    asked_by: AskedBy
    site: str
    bottlenecks: tuple[Shared, ...]
    down_bps: int
    up_bps: int
    down_limit_bytes: int
    up_limit_bytes: int
    server: Server | None = None
    inside: bool = False

    @property
    def most_bytes(self) -> int:
        """What is set aside for it."""
        return set_aside_bytes(self.down_limit_bytes, self.up_limit_bytes)

    @property
    def bottleneck_kinds(self) -> tuple[Bottleneck, ...]:
        """What it shares with lessons, each kind once, from the room outwards."""
        return tuple(dict.fromkeys(one.kind for one in self.bottlenecks if one.kind is not None))

    @property
    def lasts_ns(self) -> int:
        """How long its lease holds."""
        return CAPACITY_LEASE_NS if self.kind == "capacity" else LEASE_NS

    @property
    def offers_bps(self) -> int:
        """The most that it offers to the network, in either direction."""
        return max(offered_bps(self.down_bps), offered_bps(self.up_bps))


@dataclass(slots=True, kw_only=True, eq=False)
class Held:
    """A lease under way and the collector's side of its test.

    `begun` are the directions that have had their one stream. `reserved_bytes` stand in the ledger. `over` ends the
    streams, each of which has a future in `streaming` until nothing more of it will be counted.
    """

    lease: str
    wish: Wish
    ends_ns: int
    reserved_bytes: int = 0
    begun: set[Direction] = field(default_factory=set)
    down_bytes: int = 0
    down_stalled_ms: int = 0
    up_stalled_ms: int = 0
    up: Arrivals = field(default_factory=Arrivals)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    streaming: set[asyncio.Future[None]] = field(default_factory=set)

    @property
    def seen_bytes(self) -> int:
        """What went through the collector, both directions together."""
        return self.down_bytes + self.up.total_bytes


class Taken(Exception):
    """Others test now that this test would be in the way of."""


class TooSoon(Exception):
    """This holder had a lease a moment ago."""


class Over(Exception):
    """This lease is over: it was given back, ran out, or was never given."""


class Leases:
    """The leases of this collector. Not for several threads."""

    def __init__(self) -> None:
        self._given_ns: dict[tuple[str, LeaseKind], int] = {}
        self._held: dict[str, Held] = {}
        self._over: OrderedDict[tuple[str, str], None] = OrderedDict()

    def give(self, wish: Wish, *, apart_ns: int, now_ns: int) -> Held:
        """A new lease for `wish`, of whose request `of_request` knows none.

        Raises `Taken` while others hold what it needs, and `TooSoon` within `apart_ns` of the holder's last lease.
        """
        others = [one.wish for one in self.current(now_ns)]
        if any(one.holder == wish.holder for one in others) or not _is_free(wish, others):
            raise Taken
        last_ns = self._given_ns.get((wish.holder, wish.kind), now_ns - apart_ns)
        if now_ns - last_ns < apart_ns:
            raise TooSoon
        self._given_ns[wish.holder, wish.kind] = now_ns
        held = Held(lease=secrets.token_hex(8), wish=wish, ends_ns=now_ns + wish.lasts_ns)
        self._held[held.lease] = held
        return held

    def of_request(self, holder: str, request: str, now_ns: int) -> Held | None:
        """The lease that this request got, while it holds; ``None`` for a new request. Raises `Over`."""
        for held in self.current(now_ns):
            if (held.wish.holder, held.wish.request) == (holder, request):
                return held
        if (holder, request) in self._over:
            raise Over
        return None

    def current(self, now_ns: int) -> tuple[Held, ...]:
        """The leases that hold at `now_ns`."""
        for held in [one for one in self._held.values() if one.ends_ns <= now_ns]:
            self.end(held)
        return tuple(self._held.values())

    def find(self, lease: str, now_ns: int, *, holder: str | None = None) -> Held:
        """The lease called `lease`, held by `holder` where one is named. Raises `Over`."""
        self.current(now_ns)
        held = self._held.get(lease)
        if held is None or holder not in {None, held.wish.holder}:
            raise Over
        return held

    def end(self, held: Held) -> None:
        """`held` is over, and so are its streams."""
        held.over.set()
        if self._held.pop(held.lease, None) is not None:
            self._over[held.wish.holder, held.wish.request] = None
            if len(self._over) > REMEMBERED:
                self._over.popitem(last=False)


def set_aside_bytes(down_limit_bytes: int, up_limit_bytes: int) -> int:
    """What is set aside for a test: both directions in full, and the packets beside them."""
    return down_limit_bytes + up_limit_bytes + WATCH_BYTES


def _is_free(wish: Wish, others: Sequence[Wish]) -> bool:
    """Whether `wish` may run beside `others`: a capacity test has its bottlenecks for itself; sufficiency tests share
    one where its capacity is known, and offer little of it."""
    for shared in wish.bottlenecks:
        there = [one for one in others if any(its.name == shared.name for its in one.bottlenecks)]
        if not there:
            continue  # alone, any test may be made
        if wish.kind == "capacity" or any(one.kind == "capacity" for one in there) or shared.capacity_bps is None:
            return False
        if (wish.offers_bps + sum(one.offers_bps for one in there)) * SHARED_SHARE > shared.capacity_bps:
            return False
    return True
