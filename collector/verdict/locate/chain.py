"""What one agent measured near and far in a bin, and which stretch of the way holds most of the trouble.

Per target of science.md 4.3: ``e`` is by how much the 95th percentile of round trips is longer than usual, ``l`` the
loss. A stretch has what its far end has more than its near end. What does not persist at every farther target is the
target's own: routers answer pings late, or drop them, when they forward all the same.

Only methods that send one packet and wait for one are held against each other. A TCP connection that took long may have
sent its packet twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from collector.verdict.baselines import Baselines
from collector.verdict.bins import LatencySummary
from collector.verdict.causes import Compared
from collector.verdict.locate.chance import no_less
from collector.verdict.topology import RoomKey

ELEVATED_MS = 30.0
HEAVY_MS = 90.0
"""The lower and the upper delay variation thresholds of TR-471 (udpst)."""
LAN_ELEVATED_MS = 12.0
"""For what lies within the building (Sundaresan et al., HoA)."""
LOSSY = 0.01
HEAVY_LOSS = 0.02
HOLDS = 0.6
"""The share of the trouble that names a stretch (science.md 4.3)."""
OWN_FACTOR, OWN_MS, OWN_LOSS = 1.5, 12.0, 0.02
"""A target that has so much more than all beyond it has that by itself (our choice: what 300 requests scatter by)."""

WAY = ("gateway", "site", "district")
"""Targets of the way, near to far."""
_ONE_PACKET = frozenset({"stamp", "icmp", "arp"})

Measure = Literal["latency", "loss"]
Stretch = Literal["near", "lan", "far"]
"""Up to the first target in the building; from there to the site's reflector; from the building to the district."""


def family(method: str) -> str:
    """Methods of one family can be held against each other."""
    return "packet" if method in _ONE_PACKET else method


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One target of a way. `usual_ms` is ``None`` while too little is known of it."""

    target: str
    sent: int
    received: int
    p95_ms: float | None
    usual_ms: float | None

    @property
    def loss(self) -> float:
        """The share of requests lost, 0..1."""
        return 1 - self.received / self.sent

    @property
    def compared(self) -> Compared:
        """As evidence."""
        return Compared(target=self.target, p95_ms=self.p95_ms, usual_ms=self.usual_ms, loss=self.loss)

    def over_ms(self, *, absolute: bool) -> float | None:
        """How much longer than usual, or with `absolute` than nothing; ``None`` where nothing came back or no usual
        is known."""
        if self.p95_ms is None or (self.usual_ms is None and not absolute):
            return None
        return self.p95_ms if absolute else max(0.0, self.p95_ms - (self.usual_ms or 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a way shows by one measure. `total` is the trouble at its end (milliseconds, or a share of requests) and
    `near` what of it is there at the first target in the building already, ``None`` where none was told from.

    `stretch` holds most of it, ``None`` where none does. `absolute`: held against nothing instead of what is usual,
    because that is not known, or is as bad. `confirmed`: more than the gateway's own loss speaks of what is near, which
    a router that drops a part of the pings may feign. `alike` is how likely the end loses as much more than what is
    nearer when both lose alike.
    """

    measure: Measure
    total: float
    near: float | None
    stretch: Stretch | None
    absolute: bool
    confirmed: bool = True
    alike: float = 0.0


def way(
    summaries: Iterable[LatencySummary], agent: str, *, key: RoomKey, method: str, baselines: Baselines
) -> tuple[Step, ...]:
    """The targets of the way that `agent` measured by methods of the family of `method`, near to far."""
    return steps(summaries, agent, WAY, key=key, method=method, baselines=baselines)


def steps(
    summaries: Iterable[LatencySummary],
    agent: str,
    targets: Sequence[str],
    *,
    key: RoomKey,
    method: str | None,
    baselines: Baselines,
) -> tuple[Step, ...]:
    """Those of `targets` that `agent` measured; `method` ``None`` takes each by the one that stood for most of the bin.

    A target that never answered and is not known to answer is none: it ignores us.
    """
    longest: dict[str, LatencySummary] = {}
    for one in summaries:
        if one.agent != agent or one.target not in targets or not one.sent:
            continue
        if method is not None and family(one.method) != family(method):
            continue
        known = longest.get(one.target)
        if known is None or (one.probed_ms, one.method) > (known.probed_ms, known.method):
            longest[one.target] = one
    found = []
    for target in targets:
        if (summary := longest.get(target)) is None:
            continue
        usual_ms = baselines.usual_ms(key, (target, summary.method))
        if summary.received or usual_ms is not None or target not in ("gateway", "site"):
            found.append(
                Step(
                    target=target,
                    sent=summary.sent,
                    received=summary.received,
                    p95_ms=summary.rtt_ms(95),
                    usual_ms=usual_ms,
                )
            )
    return tuple(found)


def read(way: Sequence[Step], measure: Measure) -> Reading | None:
    """Where most of the trouble at the end of `way` lies; ``None`` where there is none to speak of."""
    if not way:
        return None
    if measure == "loss":
        found = _read([(one.target, one.loss) for one in way], "loss", absolute=False)
        lost, near = way[-1].sent - way[-1].received, way[:-1]
        alike = no_less(lost, way[-1].sent, sum(one.sent - one.received for one in near), sum(one.sent for one in near))
        return found and replace(found, alike=alike)
    absolute = any(one.usual_ms is None for one in way)
    found = None if absolute else _read(_over(way, absolute=False), "latency", absolute=False)
    # As bad as usual, or not known: then by what there is.
    return found or _read(_over(way, absolute=True), "latency", absolute=True)


def _over(way: Sequence[Step], *, absolute: bool) -> list[tuple[str, float]]:
    return [(one.target, ms) for one in way if (ms := one.over_ms(absolute=absolute)) is not None]


def _read(values: list[tuple[str, float]], measure: Measure, *, absolute: bool) -> Reading | None:
    """`values` are (target, trouble), near to far."""
    if not values:
        return None
    total = values[-1][1]
    least = LOSSY if measure == "loss" else LAN_ELEVATED_MS if values[-1][0] != "district" else ELEVATED_MS
    if total < least:
        return None
    persistent = _persistent(values, measure)
    stretches: dict[Stretch, float] = {}
    before, seen = 0.0, 0
    for target, value in persistent:
        stretch: Stretch = "far" if target == "district" else "lan" if seen else "near"
        stretches[stretch] = stretches.get(stretch, 0.0) + value - before
        before, seen = value, seen + 1
    near = stretches.get("near")
    if near is None:
        return Reading(measure=measure, total=total, near=None, stretch=None, absolute=absolute)
    most = max(stretches, key=lambda one: stretches[one])
    wanted = LOSSY if measure == "loss" else ELEVATED_MS if most == "far" else LAN_ELEVATED_MS
    named = stretches[most] >= HOLDS * total and stretches[most] >= wanted
    return Reading(
        measure=measure,
        total=total,
        near=near,
        stretch=most if named else None,
        absolute=absolute,
        confirmed=measure == "latency" or any(target == "site" for target, _ in persistent),
    )


def _persistent(values: list[tuple[str, float]], measure: Measure) -> list[tuple[str, float]]:
    """Of each target what all beyond it have as well, without those that have much more than that by themselves."""
    own = OWN_LOSS if measure == "loss" else OWN_MS
    kept: list[tuple[str, float]] = []
    least = values[-1][1]
    for target, value in reversed(values):
        if value <= OWN_FACTOR * least + own:
            least = min(least, value)
            kept.append((target, least))
    return kept[::-1]


def agreed(readings: Mapping[Measure, Reading | None]) -> Reading | None:
    """The reading of those measures that made a bin bad; without a stretch where they name different ones."""
    found = [one for one in readings.values() if one is not None]
    if not found:
        return None
    named = {one.stretch for one in found}
    first = max(found, key=lambda one: (one.stretch is not None, one.measure == "latency"))
    if len(named - {None}) > 1:
        return replace(first, stretch=None)
    return first
