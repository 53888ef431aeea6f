"""Octets as they were counted, laid over five-minute bins."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from collector.verdict.uplinks.load import BIN_SECONDS, UplinkBin
from wire.uplink_report import CountedBy

BIN_MS = 1000 * BIN_SECONDS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

UplinkBinKey = tuple[str, datetime]
"""(uplink, start of a bin)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Octets:
    """What one counter, an agent by one method, counted of an uplink from `started_at` on (UTC) for `duration_ms`."""

    uplink: str
    agent: str
    method: CountedBy
    started_at: datetime
    duration_ms: int
    down_bytes: int
    up_bytes: int
    speed_mbps: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """What of some octets falls into the bin that begins `bin_ms` milliseconds after 1970."""

    bin_ms: int
    counted_ms: int
    down_bytes: int
    up_bytes: int


def parts(one: Octets) -> Iterator[Part]:
    """The octets in the bins that their period overlaps, in proportion of time, as if they had flowed evenly.

    Whole octets, rounded so that the parts of a period add up to it.
    """
    start_ms = (one.started_at - _EPOCH) // _MILLISECOND
    end_ms = start_ms + one.duration_ms
    at_ms = start_ms
    while at_ms < end_ms:
        bin_ms = at_ms // BIN_MS * BIN_MS
        until_ms = min(bin_ms + BIN_MS, end_ms)
        before, after = at_ms - start_ms, until_ms - start_ms
        yield Part(
            bin_ms,
            until_ms - at_ms,
            one.down_bytes * after // one.duration_ms - one.down_bytes * before // one.duration_ms,
            one.up_bytes * after // one.duration_ms - one.up_bytes * before // one.duration_ms,
        )
        at_ms = until_ms


def bin_starts(started_at: datetime, duration_ms: int) -> Iterator[datetime]:
    """The starts of the bins that a period overlaps."""
    start_ms = (started_at - _EPOCH) // _MILLISECOND
    for bin_ms in range(start_ms // BIN_MS * BIN_MS, start_ms + duration_ms, BIN_MS):
        yield _EPOCH + bin_ms * _MILLISECOND


class _Counter:
    """What one counter counted in one bin."""

    __slots__ = ("down_bytes", "ms", "newest_at", "speed_mbps", "up_bytes")

    def __init__(self) -> None:
        self.ms = self.down_bytes = self.up_bytes = 0
        self.speed_mbps: int | None = None
        self.newest_at: datetime | None = None

    def add(self, part: Part, of: Octets) -> None:
        self.ms += part.counted_ms
        self.down_bytes += part.down_bytes
        self.up_bytes += part.up_bytes
        if self.newest_at is None or of.started_at >= self.newest_at:
            self.newest_at, self.speed_mbps = of.started_at, of.speed_mbps

    def bin(self, uplink: str, bin_ms: int, method: CountedBy, capacity_mbps: int | None) -> UplinkBin:
        # Periods overlap where a clock was set between two boots: then the rate is right, and not the sum.
        over = max(self.ms, BIN_MS)
        return UplinkBin(
            uplink=uplink,
            started_at=_EPOCH + bin_ms * _MILLISECOND,
            method=method,
            counted_seconds=min(self.ms, BIN_MS) / 1000,
            down_bytes=self.down_bytes * BIN_MS // over,
            up_bytes=self.up_bytes * BIN_MS // over,
            capacity_mbps=capacity_mbps or self.speed_mbps or None,
        )


def bins_of(
    octets: Iterable[Octets], *, wanted: Collection[UplinkBinKey], capacity_mbps: Mapping[str, int]
) -> list[UplinkBin]:
    """The bins `wanted` in which something was counted, by all the `octets` that reach into them.

    Of several counters of an uplink one is taken, never their sum: one that counted half of the bin before others, then
    a router's before an agent's own interface, then the one that counted for longer. `capacity_mbps` is what the
    district says of its uplinks; of others it is what the counter's interface said last.
    """
    wanted_ms = {(uplink, (start - _EPOCH) // _MILLISECOND) for uplink, start in wanted}
    found: dict[tuple[str, int], dict[tuple[CountedBy, str], _Counter]] = defaultdict(lambda: defaultdict(_Counter))
    for one in octets:
        for part in parts(one):
            if (one.uplink, part.bin_ms) in wanted_ms:
                found[one.uplink, part.bin_ms][one.method, one.agent].add(part, one)
    bins = []
    for (uplink, bin_ms), counters in sorted(found.items()):
        method, agent = max(
            counters, key=lambda by: (2 * counters[by].ms >= BIN_MS, by[0] == "snmp", counters[by].ms, by[1])
        )
        bins.append(counters[method, agent].bin(uplink, bin_ms, method, capacity_mbps.get(uplink)))
    return bins
