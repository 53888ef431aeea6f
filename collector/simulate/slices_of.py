"""What the verdict engine would be handed: a slice for each bin of a week, made from how the week goes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from collector.simulate.bursts import stream
from collector.simulate.course import ABSENT, MEASURED, THIN, THIN_SHARE, Course, faults_of
from collector.simulate.kinds import Kind
from collector.simulate.machines import reference_machine, room_machine
from collector.simulate.network import Network, Way, reference_ways, room_ways, uplink_ms
from collector.simulate.scenario import BIN_SECONDS, REFERENCE_ROOM, Scenario
from collector.verdict.bins import LatencySummary
from collector.verdict.machines import MachineSummary
from collector.verdict.profiles import Profiles
from collector.verdict.slices import Slice
from collector.verdict.topology import RoomKey

HOST_KINDS: frozenset[Kind] = frozenset({"device", "clock"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeAgent:
    """An agent, where it is at home, and its ways. `first` is the one of its room that a machine's trouble befalls;
    `mbps` is what its site's uplink carries."""

    agent: str
    home: RoomKey
    ways: tuple[Way, ...]
    first: bool
    reference: bool
    mbps: int


class Measuring:
    """All agents of a scenario, at work. The same seed makes the same."""

    def __init__(self, scenario: Scenario, profiles: Profiles, *, seed: int) -> None:
        self._scenario = scenario
        self._profiles = profiles
        self._seed = seed
        self._faults = faults_of(scenario)
        self._network = Network(self._faults, seed=seed)
        self._cabled = frozenset(
            room for one in scenario.faults if one.kind == "room_cable" for group in one.groups for room in group
        )
        self.agents = tuple(_agents(scenario, seed))

    def slices(self, course: Course) -> Iterator[Slice]:
        """One for each bin of the week, ascending."""
        latency: list[dict[RoomKey, list[LatencySummary]]] = [{} for _ in course.starts]
        machines: list[dict[RoomKey, list[MachineSummary]]] = [{} for _ in course.starts]
        for one in self.agents:
            self._measure(one, course, latency, machines)
        roles = {one.agent: "reference" for one in self.agents if one.reference}
        judging = {one.site: self._profiles.in_force() for one in self._scenario.sites}
        for start, of_latency, of_machines in zip(course.starts, latency, machines, strict=True):
            yield Slice(
                started_at=start,
                seconds=BIN_SECONDS,
                day=self._day(start),
                latency=of_latency,
                machines=of_machines,
                roles=roles,  # type: ignore[arg-type]  # one of the words
                profiles=judging,
                profiles_digest=self._profiles.digest,
            )

    def _measure(
        self,
        one: MadeAgent,
        course: Course,
        latency: list[dict[RoomKey, list[LatencySummary]]],
        machines: list[dict[RoomKey, list[MachineSummary]]],
    ) -> None:
        place = course.moved.get(one.home, one.home)
        if one.reference:
            # It stands where nothing of a room reaches; what its site and the district have it has, too.
            at_site = next(room for room in course.acting if room[0] == one.home[0])
            states, awake = course.states(at_site), np.full(len(course.starts), MEASURED)
        else:
            states = course.states(place)
            awake = np.full(len(course.starts), MEASURED) if place != one.home else course.awake[one.home]
        drawn = stream(self._seed, "drawn", one.agent, course.week).integers(0, 1 << 30, (len(one.ways), len(states)))
        picks = drawn.tolist()
        known: dict[tuple[tuple[int, ...], int], tuple[list[tuple[LatencySummary, ...]], MachineSummary]] = {}
        for n, (state, measured) in enumerate(zip(states, awake.tolist(), strict=True)):
            if measured == ABSENT:
                continue
            key = (state, measured)
            if key not in known:
                felt = state if one.first else tuple(f for f in state if self._faults[f].kind not in HOST_KINDS)
                probed = THIN_SHARE if measured == THIN else 1.0
                pools = [self._network.bins(way, felt, probed=probed) for way in one.ways]
                known[key] = pools, self._machine(one, place, felt)
            pools, machine = known[key]
            found = latency[n].setdefault(place, [])
            found += [bins[pick[n] % len(bins)] for bins, pick in zip(pools, picks, strict=True)]
            machines[n].setdefault(place, []).append(machine)

    def _machine(self, one: MadeAgent, place: RoomKey, felt: tuple[int, ...]) -> MachineSummary:
        kinds = frozenset(self._faults[n].kind for n in felt)
        if one.reference:
            return reference_machine(one.agent, kinds, uplink_mbps=one.mbps)
        return room_machine(one.agent, kinds, cabled=place in self._cabled, spoiled=one.first)

    def _day(self, start: datetime) -> date:
        return self._scenario.calendar.local_day(start)


def _agents(scenario: Scenario, seed: int) -> Iterator[MadeAgent]:
    for site in scenario.sites:
        district_ms = uplink_ms(site.site, seed=seed)
        for room in site.rooms:
            for n in range(site.agents):
                name = f"{site.site}-{room.room}-{n + 1}"
                yield MadeAgent(
                    agent=name,
                    home=(site.site, room.room),
                    ways=room_ways(name, seed=seed, site_has_reference=site.reference, district_ms=district_ms),
                    first=n == 0,
                    reference=False,
                    mbps=site.uplink_mbps,
                )
        if site.reference:
            name = f"{site.site}-reference"
            yield MadeAgent(
                agent=name,
                home=(site.site, REFERENCE_ROOM),
                ways=reference_ways(name, seed=seed, anchors=scenario.anchors, district_ms=district_ms),
                first=False,
                reference=True,
                mbps=site.uplink_mbps,
            )
