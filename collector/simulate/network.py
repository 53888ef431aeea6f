"""The made-up network: round trips and losses that add up along a tree, segment by segment.

::

    machine -- access -- gateway -- lan -- site reflector -- uplink -- district reflector -- egress -- anchors

A round trip is the sum of what each segment takes, and a packet arrives if no segment loses it. A fault adds delay and
loss to one segment, so that whatever lies behind it suffers and nothing before it does. Of each state that a way can be
in, some dozens of bins are made and drawn from again and again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collector.simulate.bursts import stream
from collector.simulate.kinds import Segment
from collector.simulate.scenario import BIN_SECONDS, Fault
from collector.verdict.bins import LatencySummary
from wire.histogram import EDGES_US, Histogram
from wire.reports import LatencyMethod

Floats = NDArray[np.float64]

ROOM_TARGETS: Mapping[str, tuple[Segment, ...]] = {
    "gateway": ("host", "access"),
    "site": ("host", "access", "lan"),
    "district": ("host", "access", "lan", "uplink"),
    "resolver:1": ("host", "access", "lan", "uplink", "resolver"),
}
REFERENCE_TARGETS: Mapping[str, tuple[Segment, ...]] = {"gateway": (), "district": ("uplink",)}
ANCHOR_SEGMENTS: tuple[Segment, ...] = ("uplink", "egress")
"""A wired reference stands at the core of the building: what is wrong with access or switches it does not see."""

HEALTHY_BINS, TROUBLED_BINS = 48, 24
"""How many bins are made of a way without trouble, and of one in each kind of trouble."""

PROBE_MS = {"anchor": 15_000, "resolver": 30_000}
STEADY_LOSS = 0.0003
SEVERITY_SPREAD = 0.2
_EDGES = np.array(EDGES_US)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """From one agent to one target: the shortest that each segment takes, in milliseconds."""

    agent: str
    target: str
    method: LatencyMethod
    segments: tuple[Segment, ...]
    least_ms: Mapping[Segment, float]

    @property
    def every_ms(self) -> int:
        """How often it is probed."""
        return PROBE_MS.get(self.target.partition(":")[0], 1000)


class Network:
    """What agents measure over it. `faults` are known by their place in this list."""

    def __init__(self, faults: Sequence[Fault], *, seed: int) -> None:
        self._faults = faults
        self._seed = seed
        self._made: dict[tuple[str, str, tuple[int, ...], float], tuple[LatencySummary, ...]] = {}

    def bins(self, way: Way, acting: tuple[int, ...], *, probed: float = 1.0) -> tuple[LatencySummary, ...]:
        """Bins of `way` while the faults `acting` act, `probed` (0..1) of each; those faults that its segments do not
        have make no difference."""
        felt = tuple(n for n in acting if self._faults[n].touched.segment in way.segments)
        key = (way.agent, way.target, felt, probed)
        if key not in self._made:
            self._made[key] = self._make(way, felt, probed)
        return self._made[key]

    def _make(self, way: Way, felt: tuple[int, ...], probed: float) -> tuple[LatencySummary, ...]:
        random = stream(self._seed, "network", way.agent, way.target, *felt)
        rows = TROUBLED_BINS if felt else HEALTHY_BINS
        sent = int(probed * BIN_SECONDS * 1000) // way.every_ms
        shape = (rows, sent)
        times_ms: Floats = np.zeros(shape)
        for segment in way.segments or ("lan",):
            least_ms = way.least_ms.get(segment, 0.0)
            times_ms += least_ms + 0.35 * least_ms * random.gamma(1.5, 0.7, shape)
        arrives: Floats = np.full((rows, 1), 1 - STEADY_LOSS)
        for n in felt:
            fault = self._faults[n]
            severity = random.lognormal(0, SEVERITY_SPREAD, (rows, 1))
            times_ms += severity * fault.delay_ms * random.gamma(4, 0.25, shape)
            arrives *= np.clip(1 - severity * fault.loss, 0, 1)
        answered = random.random(shape) < arrives
        buckets = np.searchsorted(_EDGES, times_ms * 1000, side="right")
        return tuple(
            LatencySummary(
                agent=way.agent,
                target=way.target,
                method=way.method,
                sent=sent,
                received=int(answered[row].sum()),
                probed_ms=sent * way.every_ms,
                histogram=_histogram(buckets[row][answered[row]]),
                repaired=False,
            )
            for row in range(rows)
        )


def room_ways(agent: str, *, seed: int, site_has_reference: bool, district_ms: float) -> tuple[Way, ...]:
    """The ways of an agent in a room, each room's air a little different. `district_ms` is what its site's uplink
    takes at the least."""
    random = stream(seed, "room", agent)
    least_ms: dict[Segment, float] = {
        "access": float(random.uniform(1.2, 3.5)),
        "lan": float(random.uniform(0.2, 0.6)),
        "uplink": district_ms,
        "resolver": float(random.uniform(1, 4)),
    }
    return tuple(
        Way(
            agent=agent,
            target=target,
            method=_method(target),
            segments=segments,
            least_ms=least_ms,
        )
        for target, segments in ROOM_TARGETS.items()
        if target != "site" or site_has_reference
    )


def reference_ways(agent: str, *, seed: int, anchors: Sequence[str], district_ms: float) -> tuple[Way, ...]:
    """The ways of a site's wired reference."""
    random = stream(seed, "reference", agent)
    near: dict[Segment, float] = {"lan": float(random.uniform(0.2, 0.5)), "uplink": district_ms}
    ways = [
        Way(
            agent=agent,
            target=target,
            method="icmp" if target == "gateway" else "stamp",
            segments=segments,
            least_ms=near,
        )
        for target, segments in REFERENCE_TARGETS.items()
    ]
    for name in anchors:
        far: dict[Segment, float] = {**near, "egress": float(stream(seed, "anchor", name).uniform(5, 25))}
        ways.append(Way(agent=agent, target=f"anchor:{name}", method="icmp", segments=ANCHOR_SEGMENTS, least_ms=far))
    return tuple(ways)


def uplink_ms(site: str, *, seed: int) -> float:
    """What the line from `site` to the district takes at the least."""
    return float(stream(seed, "uplink", site).uniform(2, 9))


def _method(target: str) -> LatencyMethod:
    return "dns" if target.startswith("resolver") else "stamp" if target in {"site", "district"} else "icmp"


def _histogram(buckets: NDArray[np.int64]) -> Histogram:
    values, counts = np.unique(buckets, return_counts=True)
    return Histogram(dict(zip(values.tolist(), counts.tolist(), strict=True)))
