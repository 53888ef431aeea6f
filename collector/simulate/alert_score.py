"""How often technicians are told of nothing, how late of something, and how many notices it takes. Counted over made-up
rooms and districts whose truth is known."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from collector.simulate.burn_alone import RoomCase, RoomTold, flapping, outage_delays, told_of
from collector.simulate.figures import Figure, all_hold, figure_json, markdown, table
from collector.simulate.rule_alone import BIN_SECONDS
from collector.simulate.runs import Spread
from collector.simulate.scenario_file import find_scenario, load_scenario
from collector.simulate.watched import Watched, watch_scenario

FALSE_LIVE, FALSE_HALF_DAY = 0.10, 0.03
"""At most so many incidents a week of a healthy room, 2 % bad in bursts of 15 minutes (science.md 6.5)."""

SAMPLES = 1000
MINUTES = BIN_SECONDS // 60
SCENARIO = "alerts"
EVENTS = 5
"""So often each trouble of the scenario befalls the district: once on each day of its week."""

CASES = ((0.02, 15.0), (0.02, 30.0), (0.05, 15.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertScore:
    """`figures` have bounds or are told beside them; `delays` are minutes until an outage of one room is told;
    `weeks` the watched weeks of each seed."""

    figures: tuple[Figure, ...]
    delays: tuple[int, ...]
    missed: int
    flaps: int
    weeks: tuple[Watched, ...]

    @property
    def holds(self) -> bool:
        """Whether all its bounds hold."""
        return all_hold(self.figures)

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "holds": self.holds,
            "figures": [figure_json(one) for one in self.figures],
            "delay_minutes": {"median": median(self.delays), "longest": max(self.delays), "missed": self.missed},
            "flapping_incidents": self.flaps,
        }


def alert_score(
    case_seeds: Sequence[int], scenario_seeds: Sequence[int], spread: Spread, *, rooms: int, weeks: int = 18
) -> AlertScore:
    """Look at `rooms` of each case, shared out among `case_seeds`, and watch the scenario under each of the others."""
    share = -(-rooms // len(case_seeds))
    figures: list[Figure] = []
    for of, minutes in CASES:
        case = RoomCase(share=of, burst_minutes=minutes, rooms=share, weeks=weeks)
        told = sum_of(list(spread(partial(_told, case), case_seeds)))
        figures += _false(case, told, bounded=(of, minutes) == CASES[0])
    flaps = flapping(SAMPLES)
    figures += [
        Figure(
            name=f"{SAMPLES} samples that flap, {name}: incidents",
            hits=many,
            n=SAMPLES,
            room_weeks=0,
            bound=0.0,
            side="at most",
        )
        for name, many in flaps.items()
    ]
    outages = max(1, share // 2)
    delays = [one * MINUTES for found in spread(partial(_delays, outages), case_seeds) for one in found]
    watched = [one for run in spread(_watched, scenario_seeds) for one in run]
    figures += _of_weeks(watched)
    return AlertScore(
        figures=tuple(figures),
        delays=tuple(delays),
        missed=outages * len(case_seeds) - len(delays),
        flaps=sum(flaps.values()),
        weeks=tuple(watched),
    )


def sum_of(told: Sequence[RoomTold]) -> RoomTold:
    """All of them together."""
    total = told[0]
    for one in told[1:]:
        total += one
    return total


def _told(case: RoomCase, seed: int) -> RoomTold:
    return told_of(case, seed=seed)


def _delays(rooms: int, seed: int) -> list[int]:
    return outage_delays((18, 24, 36), seed=seed, rooms=rooms)


def _watched(seed: int) -> list[Watched]:
    return list(watch_scenario(load_scenario(find_scenario(SCENARIO)), seed=seed))


def _false(case: RoomCase, told: RoomTold, *, bounded: bool) -> list[Figure]:
    return [
        Figure(
            name=f"{case.title}: incidents a room-week by rule {rule.replace('_', '-')}",
            hits=told.opened.get(rule, 0),
            n=told.room_weeks,
            room_weeks=told.room_weeks,
            bound=bound if bounded else None,
            side="at most",
        )
        for rule, bound in (("live", FALSE_LIVE), ("half_day", FALSE_HALF_DAY))
    ]


def _of_weeks(watched: Sequence[Watched]) -> list[Figure]:
    """What the scenario's weeks came to: each outage is one incident of what it is about."""
    by_week = {week: [one for one in watched if one.week == week] for week in (1, 2, 3, 4)}
    room_weeks = {week: sum(one.room_weeks for one in found) for week, found in by_week.items()}

    def about(week: int, what: str) -> int:
        return sum(one.about == what for found in by_week[week] for one in found.opened)

    uplink, provider = (len(by_week[week]) * EVENTS for week in (2, 3))
    larger = sum(
        one.about.startswith(("site:", "district"))
        for week in (1, 4)
        for found in by_week[week]
        for one in found.opened
    )
    room = sum(("lakeside", "101") in one.rooms for found in by_week[4] for one in found.opened)
    return [
        Figure(
            name="a healthy week: incidents a room-week, rooms told together",
            hits=sum(len(one.opened) for one in by_week[1]),
            n=room_weeks[1],
            room_weeks=room_weeks[1],
            bound=FALSE_LIVE + FALSE_HALF_DAY,
            side="at most",
        ),
        Figure(
            name="a 40-room uplink that is down: incidents, of one each",
            hits=about(2, "site:oak-hill"),
            n=uplink,
            room_weeks=room_weeks[2],
            bound=1.0,
        ),
        Figure(
            name="the same: more than one of it, or of anything larger",
            hits=max(0, about(2, "site:oak-hill") - uplink) + about(2, "district"),
            n=uplink,
            room_weeks=room_weeks[2],
            bound=0.0,
            side="at most",
        ),
        Figure(
            name="the provider is down for three sites: incidents, of one each",
            hits=about(3, "district"),
            n=provider,
            room_weeks=room_weeks[3],
            bound=1.0,
        ),
        Figure(
            name="the same: one of a site beside it",
            hits=sum(one.about.startswith("site:") for found in by_week[3] for one in found.opened),
            n=provider,
            room_weeks=room_weeks[3],
            bound=0.0,
            side="at most",
        ),
        Figure(
            name="one room's Wi-Fi, half of every afternoon: afternoons told of",
            hits=min(room, len(by_week[4]) * EVENTS),
            n=len(by_week[4]) * EVENTS,
            room_weeks=room_weeks[4],
        ),
        Figure(
            name="weeks without an outage: incidents of a site or the district",
            hits=larger,
            n=room_weeks[1] + room_weeks[4],
            room_weeks=room_weeks[1] + room_weeks[4],
            bound=0.0,
            side="at most",
        ),
    ]


def alert_text(found: AlertScore) -> str:
    """Its tables, in Markdown."""
    minutes = sorted(found.delays)
    rows = [
        (
            "one room, from its first bad bin",
            f"{median(minutes):g} min",
            f"{minutes[int(0.9 * len(minutes))]} min",
            f"{len(minutes):,}",
            f"{found.missed:,}",
        ),
    ]
    for week, what in ((2, "40 rooms, an uplink"), (3, "three sites, the provider")):
        late = sorted(
            round((one.opened_at - one.began_at).total_seconds() / 60)
            for watched in found.weeks
            if watched.week == week
            for one in watched.opened
            # One that began with a room and turned out to be larger is told of as that room.
            if one.about.startswith(("site:", "district")) and one.first_rooms > 1
        )
        if late:
            rows.append((what, f"{median(late):g} min", f"{late[int(0.9 * len(late))]} min", f"{len(late):,}", ""))
    counts = Counter[int]()
    for one in found.weeks:
        counts[one.week] += one.notices
    seeds = max(1, len(found.weeks) // 4)
    notices = [
        (what, f"{counts[week] / seeds:g}")
        for week, what in (
            (1, "nothing is wrong"),
            (2, "a 40-room uplink is down once a day: 5 + 5 are of that"),
            (3, "the provider is down once a day: 5 + 5 are of that"),
            (4, "one room's Wi-Fi is bad for half of every afternoon"),
        )
    ]
    return "\n\n".join(
        (
            "### Alerts",
            table(found.figures),
            "How late an outage is told of:",
            markdown(("outage", "median", "90th percentile", "told of", "not told of"), rows),
            "Notices to a channel that takes all, in a week of a district of 64 rooms, where every bin is a restart:",
            markdown(("week", "notices"), notices),
        )
    )
