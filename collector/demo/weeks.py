"""Two simulated weeks of verdicts, so that a demo has some to show: troubles as those of the simulated rooms, judged by
the real rules, their causes named by the real comparison of rooms.

A week of bins would take longer to simulate than people wait for a demo. So here a room is in trouble or not for a bin,
which decides whether it was bad, and only a few moments are simulated in full, to name the causes from.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from collector.demo.history import BIN_SECONDS, latency_of
from collector.demo.simulated_district import SILENT, TROUBLES, SimulatedRoom, Trouble, medium_of
from collector.district.calendar import Lesson
from collector.district.district import District
from collector.iso_week import monday_of
from collector.verdict.baselines import Baselines
from collector.verdict.causes import Cause, Located
from collector.verdict.days import RoomDay, Seconds, SiteDay, TestCount, site_day
from collector.verdict.machines import MachineSummary
from collector.verdict.marks import BAD, VALID
from collector.verdict.profiles import Profiles
from collector.verdict.slices import Slice, judge_slice
from collector.verdict.topology import RoomKey, Topology
from collector.verdict.weeks import RoomWeek, room_week
from wire.histogram import Histogram
from wire.report_words import Direction

WEEKS = 2
LESSONS_A_DAY = 8
FIRST_LESSON = 8
"""Lessons of the demo are an hour each, all round the clock; these are those with pupils."""
BINS_A_LESSON = 3600 // BIN_SECONDS
MOMENTS = 16
"""Simulated in full, to name causes from."""

QUIET = Trouble(share=0.01, burst_seconds=600)
"""No network is without a bad moment."""

BETTER_BEFORE = frozenset({("oak-hill", "111"), ("summit", "310")})
"""Rooms whose trouble began with the newest week."""

PASSING = 0.8
"""Of what a profile needs a test has to find this much."""

BAD_FROM_MS = 100.0
"""So much added makes 1 in 20 packets slower than a video lesson stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What a store is filled with."""

    days: tuple[RoomDay, ...]
    sites: tuple[SiteDay, ...]
    weeks: tuple[RoomWeek, ...]


def simulated_weeks(district: District, *, now: datetime, profiles: Profiles, seed: int) -> Simulated:
    """The last two weeks that are over, and the days of this one that are. The real room has none."""
    today = now.astimezone(district.time_zone).date()
    this_monday = monday_of(today)
    causes = _causes(district, now, profiles, seed=seed)
    simulated = {site.site for site in district.sites if site.simulated}
    days: list[RoomDay] = []
    weeks: list[RoomWeek] = []
    for number, room in enumerate(one for one in district.rooms if one.site in simulated):
        key = (room.site, room.room)
        random = np.random.default_rng([seed, number])
        before = None
        for monday in (this_monday - timedelta(weeks=back) for back in range(WEEKS, -1, -1)):
            newest = monday >= this_monday - timedelta(weeks=1)
            trouble = TROUBLES.get(key, QUIET) if newest or key not in BETTER_BEFORE else QUIET
            of_week = [
                _day(district, key, day, trouble, causes.get(key), profiles, random, asleep=_asleep(key, day, today))
                for day in (monday + timedelta(days=n) for n in range(7))
                if day < today and district.calendar_of(room.site).lessons_on(day)
            ]
            days += of_week
            if monday < this_monday:
                before = room_week(of_week, site=key[0], room=key[1], week=monday, before=before)
                weeks.append(before)
    by_day: dict[tuple[str, date], list[RoomDay]] = {}
    for one in days:
        by_day.setdefault((one.site, one.day), []).append(one)
    return Simulated(days=tuple(days), sites=tuple(map(site_day, by_day.values())), weeks=tuple(weeks))


def _asleep(key: RoomKey, day: date, today: date) -> bool:
    """The machines that are silent now fell silent two weeks ago."""
    return key in SILENT and day > today - timedelta(days=12)


def _causes(
    district: District, now: datetime, profiles: Profiles, *, seed: int
) -> Mapping[RoomKey, tuple[Located, ...]]:
    """What the real comparison says of each room in those moments in which it was bad."""
    simulated = {site.site for site in district.sites if site.simulated}
    rooms = [one for one in district.rooms if one.site in simulated]
    networks = {(one.site, one.room): SimulatedRoom(room=one, seed=seed) for one in rooms}
    baselines = Baselines()
    found: dict[RoomKey, tuple[Located, ...]] = {}
    for back in range(MOMENTS, 0, -1):
        start = now - timedelta(seconds=back * BIN_SECONDS)
        whole = Slice(
            started_at=start,
            seconds=BIN_SECONDS,
            day=start.astimezone(district.time_zone).date(),
            latency={key: latency_of(one, start) for key, one in networks.items()},
            machines={key: (machine_of(key),) for key in networks},
            profiles=dict.fromkeys(simulated, profiles.in_force()),
            profiles_digest=profiles.digest,
        )
        for judged in judge_slice(whole, topology=Topology(places={}, uplink_mbps={}), baselines=baselines):
            if judged.located is not None:
                key = (judged.site, judged.room)
                found[key] = (*found.get(key, ()), judged.located)
    return found


def machine_of(key: RoomKey) -> MachineSummary:
    """A machine at ease."""
    return MachineSummary(agent="simulated", reports=5, cpu_permille=20, medium=medium_of(key))


def _day(  # noqa: PLR0917  # what a day is made of
    district: District,
    key: RoomKey,
    day: date,
    trouble: Trouble,
    causes: Sequence[Located] | None,
    profiles: Profiles,
    random: np.random.Generator,
    *,
    asleep: bool,
) -> RoomDay:
    lessons = district.calendar_of(key[0]).lessons_on(day)[FIRST_LESSON : FIRST_LESSON + LESSONS_A_DAY]
    marks = "." * (LESSONS_A_DAY * BINS_A_LESSON) if asleep else "".join(_marks(trouble, random))
    bad = [at for at, mark in enumerate(marks) if mark in "Bb"]
    located = [causes[at % len(causes)] for at in range(len(bad))] if causes else []
    cause = Counter(one.cause for one in located).most_common(1)
    example = next((one for one in reversed(located) if one.cause == cause[0][0]), None)
    return RoomDay(
        site=key[0],
        room=key[1],
        day=day,
        started_at=datetime.combine(day, time(0), tzinfo=district.time_zone).astimezone(UTC),
        closed_seconds=len(marks) * BIN_SECONDS,
        seconds=Seconds(
            valid=sum(mark in "Bbndg" for mark in marks) * BIN_SECONDS,
            degraded=sum(mark in "nd" for mark in marks) * BIN_SECONDS,
            bad=len(bad) * BIN_SECONDS,
        ),
        by_profile={},
        sent=0,
        received=0,
        histogram=Histogram(),
        worst=("loss" if trouble.loss >= 0.05 else "latency") if bad else None,
        profile="video_lesson" if bad else None,
        profiles_digest=profiles.digest,
        bin_seconds=BIN_SECONDS,
        marks=marks,
        lessons=len(lessons),
        hit_lessons=tuple(one.label for at, one in enumerate(lessons) if _hit(marks, at)),
        tests={} if asleep else _tests(trouble, profiles),
        causes=_counts(located, len(bad)),
        sure=dict(Counter(one.cause for one in located if one.confidence == "high")),
        example=example,
        example_at=_at(lessons, bad[len(bad) // 2]) if example else None,
    )


def _marks(trouble: Trouble, random: np.random.Generator) -> Iterator[str]:
    """A day of bins: in trouble or not, in bursts; what slows a room down without stopping it is degraded."""
    leave = min(1.0, BIN_SECONDS / trouble.burst_seconds)
    enter = 1.0 if trouble.share >= 1 else min(1.0, leave * trouble.share / (1 - trouble.share))
    fails = trouble is QUIET or trouble.loss >= 0.05 or max(trouble.room_ms, trouble.uplink_ms) >= BAD_FROM_MS
    troubled = bool(random.random() < trouble.share)
    for _ in range(LESSONS_A_DAY * BINS_A_LESSON):
        drawn = random.random()
        if troubled:
            yield ("B" if drawn < 0.8 else "b") if fails else "n"
        else:
            yield "g" if drawn < 0.96 else "d" if drawn < 0.985 else "?"
        drawn = random.random()
        troubled = drawn >= leave if troubled else drawn < enter


def _hit(marks: str, lesson: int) -> bool:
    of_lesson = marks[lesson * BINS_A_LESSON : (lesson + 1) * BINS_A_LESSON]
    valid = sum(mark in VALID for mark in of_lesson)
    return valid * 2 >= len(of_lesson) and sum(mark in BAD for mark in of_lesson) * 3 >= valid


def _tests(trouble: Trouble, profiles: Profiles) -> dict[Direction, TestCount]:
    """One test an hour in each direction."""
    needed = max(one.down.bps for one in profiles.in_force())
    passed = LESSONS_A_DAY if trouble.down_bps >= PASSING * needed else 0
    return {
        "down": TestCount(passed=passed, told=LESSONS_A_DAY),
        "up": TestCount(passed=LESSONS_A_DAY, told=LESSONS_A_DAY),
    }


def _counts(located: Sequence[Located], bad: int) -> dict[Cause, int]:
    if not located:
        return {"undetermined": bad} if bad else {}
    return dict(Counter(one.cause for one in located))


def _at(lessons: Sequence[Lesson], at: int) -> datetime:
    lesson = lessons[at // BINS_A_LESSON]
    return lesson.started_at + timedelta(seconds=at % BINS_A_LESSON * BIN_SECONDS)
