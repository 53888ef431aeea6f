"""What naming causes adds to judging bins: a slice of many rooms, 5 % of them bad, and what is usual of them in memory.

python -m tests.bench.locating
"""

import gc
import random
import time
import tracemalloc
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from statistics import median

from collector.verdict.baselines import Baselines
from collector.verdict.bins import LatencySummary, judge_bin
from collector.verdict.machines import MachineSummary
from collector.verdict.profiles import default_profiles
from collector.verdict.slices import Slice, judge_slice
from collector.verdict.topology import Place, RoomKey, Topology
from tests.bench.figure import Figure, Part, ratio, table
from wire.enrolment import Role
from wire.histogram import Histogram
from wire.reports import LatencyMethod

ROOMS_A_SITE = 50
SHARE_BAD = 0.05
DAY = date(2026, 11, 16)
TEN = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
TARGETS: tuple[tuple[str, LatencyMethod, float], ...] = (
    ("gateway", "icmp", 2_000),
    ("site", "stamp", 2_500),
    ("district", "stamp", 11_000),
)
TAKES = 5


def measure() -> Part:
    """Time slices of 500, 1,000 and 5,000 rooms."""
    figures = []
    for rooms in (500, 1_000, 5_000):
        whole, topology = made(rooms)
        profiles = default_profiles()
        alone = _seconds(
            lambda whole=whole, profiles=profiles: [  # type: ignore[misc]
                judge_bin(
                    site=key[0], room=key[1], started_at=TEN, seconds=300, summaries=summaries,
                    profiles=profiles.in_force(), profiles_digest="",
                )
                for key, summaries in whole.latency.items()
            ]
        )  # fmt: skip
        baselines = Baselines()
        for _ in range(3):
            judge_slice(whole, topology=topology, baselines=baselines)
        took = _seconds(lambda w=whole, t=topology, b=baselines: judge_slice(w, topology=t, baselines=b))  # type: ignore[misc]
        figures.append(
            Figure(
                name=f"slice of {rooms} rooms, 5 % bad",
                value=f"{took:.3f} s",
                reference=f"{alone:.3f} s",
                against="its bins judged alone",
                ratio=ratio(took, alone),
            )
        )
    mib, bare = _memory(5_000)
    figures.append(
        Figure(
            name="what is usual, 5,000 rooms x 3 targets x 14 days",
            value=f"{mib:.0f} MiB",
            reference=f"{bare:.0f} MiB",
            against="the texts of the histograms alone",
            ratio=ratio(mib, bare),
        )
    )
    return Part(title="Locating", command="python -m tests.bench.locating", figures=figures)


def made(rooms: int) -> tuple[Slice, Topology]:
    """Fifty rooms a site, each with three targets at 1 Hz, each site with a reference and two anchors."""
    chance = random.Random(7)
    latency: dict[RoomKey, list[LatencySummary]] = {}
    machines: dict[RoomKey, list[MachineSummary]] = {}
    roles: dict[str, Role] = {}
    places: dict[RoomKey, Place] = {}
    for number in range(rooms):
        site, room = f"s{number // ROOMS_A_SITE}", f"r{number % ROOMS_A_SITE}"
        agent, extra_us = f"{site}.{room}", 300_000.0 if chance.random() < SHARE_BAD else 0.0
        latency[site, room] = [_summary(chance, agent, target, extra_us) for target in TARGETS]
        machines[site, room] = [MachineSummary(agent=agent, reports=5, cpu_permille=200)]
        places[site, room] = Place(ap=f"ap-{number // 2}", switch=f"sw-{number // 12}")
    for site in sorted({site for site, _ in latency}):
        agent = f"{site}.reference"
        roles[agent] = "reference"
        internet: list[tuple[str, LatencyMethod, float]] = [("anchor:a", "icmp", 20_000), ("anchor:b", "icmp", 25_000)]
        latency[site, "closet"] = [_summary(chance, agent, target, 0.0) for target in (*TARGETS[::2], *internet)]
    profiles = default_profiles().in_force()
    whole = Slice(
        started_at=TEN, seconds=300, day=DAY, latency=latency, machines=machines, roles=roles,
        profiles={site: profiles for site, _ in latency},
    )  # fmt: skip
    return whole, Topology(places=places, uplink_mbps={})


def _summary(
    chance: random.Random, agent: str, measured: tuple[str, LatencyMethod, float], extra_us: float
) -> LatencySummary:
    target, method, us = measured
    return LatencySummary(
        agent=agent,
        target=target,
        method=method,
        sent=300,
        received=300,
        probed_ms=300_000,
        histogram=Histogram.of([us + extra_us + chance.expovariate(1 / (0.1 * us)) for _ in range(300)]),
        repaired=False,
    )


def _seconds(work: Callable[[], object]) -> float:
    took = []
    for _ in range(TAKES):
        gc.collect()
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return median(took)


def _memory(rooms: int) -> tuple[float, float]:
    """MiB of what is usual after 14 days of 84 bins, and of its bare texts."""
    chance = random.Random(7)
    samples = [Histogram.of([11_000 + chance.expovariate(1 / 300) for _ in range(84)]) for _ in range(50)]
    texts = sum(len(chance.choice(samples).to_text()) for _ in range(1_000)) / 1_000 * rooms * len(TARGETS) * 14
    tracemalloc.start()
    baselines = Baselines()
    for back in range(14, 0, -1):
        for number in range(rooms):
            minima = {(target, str(method)): chance.choice(samples) for target, method, _ in TARGETS}
            baselines.set_day((f"s{number // ROOMS_A_SITE}", f"r{number}"), DAY - timedelta(days=back), minima)
    for number in range(rooms):
        for target, method, us in TARGETS:
            key = (f"s{number // ROOMS_A_SITE}", f"r{number}")
            for _ in range(10):
                baselines.add_bin(key, DAY, (target, method), us + chance.expovariate(1 / 300))
            baselines.usual_ms(key, (target, method))
    gc.collect()
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return used / 2**20, texts / 2**20


if __name__ == "__main__":
    print(table(measure()))
