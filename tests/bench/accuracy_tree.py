"""A district as a tree with one faulty branch at a time, and how often its cause is told.

    python -m tests.bench.accuracy_tree 5000 --seed 1

Segments from a room to the Internet add their delays and pass on what they do not lose. All below a faulty one suffer
in the same seconds. Districts differ in what can be seen of them: labels, wired references, gateways that ignore pings
or drop them, anchors, how much is known of what is usual; every room has trouble of its own in 2 % of the bins.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from collector.verdict.baselines import Baselines
from collector.verdict.bins import LatencySummary
from collector.verdict.causes import Cause
from collector.verdict.machines import MachineSummary
from collector.verdict.profiles import default_profiles
from collector.verdict.slices import Slice, judge_slice
from collector.verdict.topology import Place, RoomKey, Topology
from wire.histogram import EDGES_US, Histogram

Floats = NDArray[np.float64]
SECONDS = 300
DAY = date(2026, 11, 16)
TEN = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
EDGES = np.array(EDGES_US)
FAULTS: dict[str, Cause] = {
    "room": "room_access",
    "ap": "room_access",
    "switch": "site_lan",
    "core": "site_lan",
    "uplink": "site_uplink",
    "egress": "isp_egress",
    "device": "device",
}
CLOSET = "closet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """`gateway`: it answers pings, ignores them, drops three of ten, or answers late. `core_before_reference`: the
    reference is beyond the building's core, so that it does not see what is wrong with that."""

    name: str
    places: dict[str, Place]
    labelled: bool
    reference: bool
    gateway: str
    core_before_reference: bool
    reflector: bool
    uplink_ms: float
    access_ms: dict[str, float]

    @property
    def told(self) -> bool:
        """Whether everything that can be seen of a site is, and there are enough rooms to tell its access points, its
        switches and itself apart."""
        return (
            len(self.places) >= 5 and self.labelled and self.reference and self.gateway == "answers" and self.reflector
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """`cloud`: the district's reflector is beyond the way out."""

    sites: tuple[Site, ...]
    cloud: bool
    anchors_ms: dict[str, float]
    anchor_requests: int
    baselines: Baselines
    known: bool


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was named for what was true, over bad bins with one true cause."""

    named: Counter[tuple[Cause, Cause]]
    high: Counter[tuple[Cause, Cause]]
    told: Counter[tuple[Cause, Cause]]

    def right(self, counted: Counter[tuple[Cause, Cause]], *, but: Cause | None = None) -> float:
        """The share of right ones; those that name `but` do not count."""
        total = sum(n for (_, named), n in counted.items() if named != but)
        return sum(n for (true, named), n in counted.items() if true == named) / total if total else 1.0

    def matrix(self) -> str:
        """A row for each truth, a column for each cause named."""
        causes = sorted({one for pair in self.named for one in pair})
        rows = ["".join(["true \\ named".ljust(14), *(one.rjust(14) for one in causes)])]
        for true in causes:
            counts = [self.named[true, named] for named in causes]
            if sum(counts):
                rows.append("".join([true.ljust(14), *(str(one).rjust(14) for one in counts)]))
        return "\n".join(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What a stretch adds in each second, in milliseconds, and what it loses (0..1)."""

    delay_ms: Floats
    loss: float

    @classmethod
    def usual(cls, random: np.random.Generator, ms: float, noise_ms: float) -> "Segment":
        return cls(delay_ms=ms + random.exponential(noise_ms, SECONDS), loss=0.0003)

    def broken(self, random: np.random.Generator) -> "Segment":
        """With a queue that stands, or with losses, or both."""
        kind = random.choice(["queue", "loss", "both"], p=[0.5, 0.3, 0.2])
        delay, loss = self.delay_ms, self.loss
        if kind != "loss":
            mean, slow = random.uniform(180, 700), np.repeat(random.gamma(4.0, 0.25, SECONDS // 10), 10)
            busy = np.repeat(random.random(SECONDS // 10) < random.uniform(0.3, 1.0), 10)
            delay = delay + mean * slow * busy
        if kind != "queue":
            loss = float(random.uniform(0.07, 0.3))
        return Segment(delay_ms=delay, loss=loss)


def measure(
    random: np.random.Generator, segments: Sequence[Segment], *, agent: str, target: str, method: str = "stamp",
    requests: int = SECONDS, drops: float = 0.0,
) -> LatencySummary:  # fmt: skip
    """What `requests` through `segments` find."""
    at = np.linspace(0, SECONDS - 1, requests).astype(int)
    rtt_us = 1000 * sum(one.delay_ms for one in segments)[at] + random.exponential(300, requests)  # type: ignore[index]
    kept = (1 - drops) * np.prod([1 - one.loss for one in segments])
    back = rtt_us[random.random(requests) < kept]
    buckets, counts = np.unique(np.searchsorted(EDGES, back, side="right"), return_counts=True)
    return LatencySummary(
        agent=agent,
        target=target,
        method=method,  # type: ignore[arg-type]
        sent=requests,
        received=len(back),
        probed_ms=SECONDS * 1000,
        histogram=Histogram(dict(zip(buckets.tolist(), counts.tolist(), strict=True))),
        repaired=False,
    )


def make_site(random: np.random.Generator, name: str) -> Site:
    """A school of 1 to 12 rooms, two an access point, four or more a switch: what a switch does to one room alone is
    what its cable does."""
    rooms, per_switch = int(random.integers(1, 13)), int(random.choice([4, 6]))
    labelled = bool(random.random() < 0.7)
    places = {
        f"{name}-{n}": Place(
            ap=f"AP-{n // 2}", switch=f"SW-{max(0, min(n, rooms - 3)) // per_switch}", uplink=f"{name}-line"
        )
        for n in range(rooms)
    }
    return Site(
        name=name,
        places=places,
        labelled=labelled,
        reference=bool(random.random() < 0.75),
        gateway=str(random.choice(["answers", "ignores", "drops", "late"], p=[0.7, 0.1, 0.1, 0.1])),
        core_before_reference=bool(random.random() < 0.5),
        reflector=bool(random.random() < 0.8),
        uplink_ms=float(random.uniform(1, 8)),
        access_ms={room: float(random.uniform(1, 5)) for room in places},
    )


def make_district(random: np.random.Generator) -> District:
    """Of 1 to 5 sites; in one of eight nothing is known yet of what is usual."""
    sites = tuple(make_site(random, f"s{n}") for n in range(int(random.integers(1, 6))))
    known = bool(random.random() < 0.875)
    names = [f"anchor:a{n}" for n in range(int(random.integers(0, 4)))]
    made = District(
        sites=sites,
        cloud=bool(random.random() < 0.2),
        anchors_ms={name: float(random.uniform(5, 40)) for name in names},
        anchor_requests=int(random.choice([20, 60, 300])),
        baselines=Baselines(),
        known=known,
    )
    if known:
        for _ in range(4):
            run(made, random, fault=None, background=0.0)
    return made


def run(
    made: District, random: np.random.Generator, *, fault: str | None, background: float = 0.02
) -> tuple[dict[RoomKey, set[Cause]], Slice, Topology, dict[str, bool]]:
    """One bin of it: what was true of each room, and the slice. Without a fault its baselines learn."""
    where = made.sites[int(random.integers(len(made.sites)))]
    sick = str(random.choice(sorted(where.places)))
    egress = Segment.usual(random, 4.0, 1.0)
    if fault == "egress":
        egress = egress.broken(random)
    truth: dict[RoomKey, set[Cause]] = {}
    latency: dict[RoomKey, list[LatencySummary]] = {}
    machines: dict[RoomKey, list[MachineSummary]] = {}
    for site in made.sites:
        here = site is where
        core, uplink = Segment.usual(random, 0.3, 0.1), Segment.usual(random, site.uplink_ms, 0.5)
        core = core.broken(random) if here and fault == "core" else core
        uplink = uplink.broken(random) if here and fault == "uplink" else uplink
        beyond = [uplink, egress] if made.cloud else [uplink]
        internet = [uplink, egress]
        aps: dict[str | None, Segment] = {}
        switches: dict[str | None, Segment] = {}
        for room, place in site.places.items():
            sick_ap = here and fault == "ap" and place.ap == where.places[sick].ap
            sick_switch = here and fault == "switch" and place.switch == where.places[sick].switch
            if place.ap not in aps:
                made_ap = Segment.usual(random, 0.5, 0.5)
                aps[place.ap] = made_ap.broken(random) if sick_ap else made_ap
            if place.switch not in switches:
                made_switch = Segment.usual(random, 0.1, 0.1)
                switches[place.switch] = made_switch.broken(random) if sick_switch else made_switch
            access = Segment.usual(random, site.access_ms[room], 1.5)
            mine = here and fault == "room" and room == sick
            noisy = random.random() < background
            if mine or noisy:
                access = access.broken(random)
            device = here and fault == "device" and room == sick
            host = Segment.usual(random, 0.1, 0.1)
            host = host.broken(random) if device else host
            causes: set[Cause] = set()
            causes |= {"room_access"} if mine or noisy or sick_ap else set()
            causes |= {"site_lan"} if sick_switch or (here and fault == "core") else set()
            causes |= {"site_uplink"} if here and fault == "uplink" else set()
            causes |= {"isp_egress"} if fault == "egress" else set()
            causes |= {"device"} if device else set()
            key = (site.name, room)
            truth[key] = causes
            inside = [host, access, aps[place.ap], switches[place.switch], core]
            agent = f"{site.name}.{room}"
            latency[key] = rows(random, site, agent, inside, beyond)
            machines[key] = [MachineSummary(agent=agent, reports=5, cpu_permille=970 if device else 200)]
        if site.reference:
            key, agent = (site.name, CLOSET), f"{site.name}.ref"
            inside = [Segment.usual(random, 0.2, 0.1), *([] if site.core_before_reference else [core])]
            plain = replace(site, reflector=False)
            latency[key] = rows(random, plain, agent, inside, beyond)
            latency[key] += [
                measure(random, [*inside, *internet, Segment.usual(random, ms, 0.5)], agent=agent, target=name,
                        method="icmp", requests=made.anchor_requests)
                for name, ms in made.anchors_ms.items()
            ]  # fmt: skip
            machines[key] = [MachineSummary(agent=agent, reports=5, cpu_permille=50)]
    order = [list(latency)[n] for n in random.permutation(len(latency))]
    profiles = default_profiles()
    whole = Slice(
        started_at=TEN,
        seconds=SECONDS,
        day=DAY,
        latency={key: latency[key] for key in order},
        machines=machines,
        roles={f"{site.name}.ref": "reference" for site in made.sites},
        profiles={site.name: profiles.in_force() for site in made.sites},
    )
    labels = {(site.name, room): place for site in made.sites if site.labelled for room, place in site.places.items()}
    topology = Topology(places=labels, uplink_mbps={})
    if fault is None and background == 0:
        judge_slice(whole, topology=topology, baselines=made.baselines)
    return truth, whole, topology, {site.name: site.told for site in made.sites}


def rows(
    random: np.random.Generator, site: Site, agent: str, inside: Sequence[Segment], beyond: Sequence[Segment]
) -> list[LatencySummary]:
    """Gateway, site and district, as one agent measures them."""
    found = [measure(random, [*inside, *beyond], agent=agent, target="district")]
    if site.gateway != "ignores":
        late = [Segment.usual(random, 0, 40.0)] if site.gateway == "late" else []
        drops = 0.3 if site.gateway == "drops" else 0.0
        found.append(measure(random, [*inside, *late], agent=agent, target="gateway", method="icmp", drops=drops))
    else:
        found.append(measure(random, inside, agent=agent, target="gateway", method="icmp", drops=1.0))
    if site.reflector and site.reference:
        found.append(measure(random, inside, agent=agent, target="site"))
    return found


class _Frozen(Baselines):
    """Baselines that do not learn from what is broken."""

    def __init__(self, known: Baselines) -> None:
        super().__init__()
        self._usual = known

    def usual_ms(self, room: RoomKey, measured: tuple[str, str]) -> float | None:
        return self._usual.usual_ms(room, measured)

    def add_bin(self, room: RoomKey, day: date, measured: tuple[str, str], min_us: float) -> None:
        pass


def score(slices: int, *, seed: int, examples: list[str] | None = None) -> Tally:
    """Judge so many slices, five of each district, and count what was named."""
    random = np.random.default_rng(seed)
    tally = Tally(named=Counter(), high=Counter(), told=Counter())
    made = make_district(random)
    for index in range(slices):
        if index % 5 == 0:
            made = make_district(random)
        fault = str(random.choice(list(FAULTS)))
        truth, whole, topology, told = run(made, random, fault=fault)
        for one in judge_slice(whole, topology=topology, baselines=_Frozen(made.baselines)):
            causes = truth.get((one.site, one.room), set())
            if one.located is None or len(causes) != 1:
                continue
            pair = (next(iter(causes)), one.located.cause)
            tally.named[pair] += 1
            if one.located.confidence == "high":
                tally.high[pair] += 1
            if told[one.site] and made.known and len(made.sites) > 1 and made.anchors_ms:
                tally.told[pair] += 1
            if examples is not None and pair[0] != pair[1]:
                site = next(site for site in made.sites if site.name == one.site)
                examples.append(
                    f"{fault} {pair} {one.located} sites={len(made.sites)} cloud={made.cloud} known={made.known} "
                    f"rooms={len(site.places)} ref={site.reference} gw={site.gateway} labelled={site.labelled} "
                    f"core={site.core_before_reference} reflector={site.reflector}"
                )
    return tally


def main() -> None:
    """Print the confusion matrix."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("slices", type=int, nargs="?", default=5000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--examples", type=int, default=0, help="wrong ones to print")
    given = options.parse_args()
    examples: list[str] = []
    tally = score(given.slices, seed=given.seed, examples=examples)
    print(tally.matrix())
    print(f"bad bins with one cause: {tally.named.total()}")
    print(f"right: {tally.right(tally.named):.4f}; of those told: {tally.right(tally.named, but='undetermined'):.4f}")
    print(f"where all can be seen ({tally.told.total()}): {tally.right(tally.told):.4f}")
    print(f"high ({tally.high.total()}): {tally.right(tally.high):.4f}")
    for one in examples[: given.examples]:
        print(one)


if __name__ == "__main__":
    main()
