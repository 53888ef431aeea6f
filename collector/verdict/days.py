"""What a day of lessons was like, by room and by site: sums of judged bins, and percentiles of all round trips.

A day is a local school day. Seconds are lesson time. Percentiles come from the merged histograms of what was judged,
never from percentiles; of two ways of measuring, which cannot be added up, the one that most bins were judged by.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from collector.verdict.baselines import Measured
from collector.verdict.bins import Quality, RoomBin
from collector.verdict.causes import Cause, Confidence, Located
from collector.verdict.marks import BAD, VALID, marker
from collector.verdict.profiles import Profiles
from collector.verdict.qoo import Dimension
from collector.verdict.throughput import ThroughputTest, hour_passed, need_bps
from wire.histogram import Histogram
from wire.report_words import Direction

TROUBLED_SHARE = 0.1
"""A room was troubled on a day when this share of its measured lesson time was bad (science.md 6.5: a bad day)."""

HIT_SHARE = 1 / 3
KNOWN_SHARE = 0.5
"""A lesson was hit when a third of its measured time was bad, if half of it was measured: as the board's strip says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonBins:
    """A lesson and the starts of its bins, ascending: those whose middle lies in it."""

    label: str
    starts: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCount:
    """Hours in which throughput was tested in one direction: how many told something, and how many of these passed.
    An hour passes when its best agent's test received four fifths of what the most demanding profile needs."""

    passed: int
    told: int

    def __add__(self, other: "TestCount") -> "TestCount":
        return TestCount(passed=self.passed + other.passed, told=self.told + other.told)


_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """Lesson time in seconds: measured enough, and of that degraded and bad."""

    valid: int = 0
    degraded: int = 0
    bad: int = 0

    @property
    def bad_share(self) -> float | None:
        """The share of the measured time that was bad, 0..1; ``None`` when nothing was measured."""
        return self.bad / self.valid if self.valid else None

    def __add__(self, other: "Seconds") -> "Seconds":
        return Seconds(
            valid=self.valid + other.valid, degraded=self.degraded + other.degraded, bad=self.bad + other.bad
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomDay:
    """One room on one day. `started_at` is the local midnight that it begins with; `closed_seconds` is how long its
    lessons were, measured or not. `seconds` are by the worst profile, `by_profile` by each. `worst` and `profile` are
    what most of the bad time was bad by; ``None`` without any. Times in the histogram are microseconds.

    `marks` has one of `collector.verdict.marks.MARKS` for each bin of lesson time, in order: all that a week's verdict
    needs of them. `hit_lessons` are the labels of those of its `lessons` that were bad for a third of their measured
    time. `tests` count the hours in which throughput was tested. `causes` count the bad bins by cause, those that the
    machine spoiled among them; `sure` those of them whose confidence is high; `example` is the comparison of the bin at
    `example_at`, a telling one of the most frequent cause. `minima` are the shortest round trips of its bins, which
    baselines are made of.
    """

    site: str
    room: str
    day: date
    started_at: datetime
    closed_seconds: int
    seconds: Seconds
    by_profile: Mapping[str, Seconds]
    sent: int
    received: int
    histogram: Histogram = field(compare=False)
    worst: Dimension | None
    profile: str | None
    profiles_digest: str
    bin_seconds: int = 300
    marks: str = ""
    lessons: int = 0
    hit_lessons: tuple[str, ...] = ()
    tests: Mapping[Direction, TestCount] = field(default_factory=dict)
    causes: Mapping[Cause, int] = field(default_factory=dict)
    sure: Mapping[Cause, int] = field(default_factory=dict)
    example: Located | None = None
    example_at: datetime | None = None
    minima: Mapping[Measured, Histogram] = field(default_factory=dict, compare=False)

    @property
    def loss(self) -> float | None:
        """The share of requests lost, 0..1."""
        return 1 - self.received / self.sent if self.sent else None

    def rtt_ms(self, percentile: float) -> float | None:
        """Round-trip time at `percentile` (0..100) in milliseconds; ``None`` when nothing came back."""
        us = self.histogram.quantile(percentile / 100)
        return None if us is None else us / 1000

    @property
    def troubled(self) -> bool:
        """Whether a tenth of the measured time was bad."""
        return (self.seconds.bad_share or 0) >= TROUBLED_SHARE


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDay:
    """The rooms of one site on one day, added up. `rooms` are all of them, `measured_rooms` those with measured
    time, `troubled_rooms` those that were bad for a tenth of it."""

    site: str
    day: date
    started_at: datetime
    rooms: int
    measured_rooms: int
    troubled_rooms: int
    closed_seconds: int
    seconds: Seconds
    sent: int
    received: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None

    @property
    def loss(self) -> float | None:
        """The share of requests lost, 0..1."""
        return 1 - self.received / self.sent if self.sent else None


def room_day(
    *,
    site: str,
    room: str,
    day: date,
    started_at: datetime,
    closed_seconds: int,
    bin_seconds: int,
    lessons: Sequence[LessonBins],
    bins: Sequence[RoomBin],
    histograms: Mapping[Measured, Histogram],
    profiles: Profiles,
    tests: Sequence[ThroughputTest] = (),
    minima: Mapping[Measured, Histogram] | None = None,
) -> RoomDay:
    """Add up one room's day.

    `lessons` are all of the day by its site's calendar, ascending, measured or not; `bins` of other times do not count.
    `histograms` hold the day's round trips by target and method, `minima` the shortest of each bin. `tests` are the
    sufficiency tests that nobody asked for; those outside lessons do not count. `profiles` are the district's.
    """
    by_start = {one.started_at: one for one in bins}
    mark_of = marker(profiles.by_name)
    marks = {start: mark_of(by_start.get(start)) for one in lessons for start in one.starts}
    valid = [by_start[start] for start, mark in marks.items() if mark in VALID]
    bad = [by_start[start] for start, mark in marks.items() if mark in BAD]
    failed = [by_start[start] for start, mark in marks.items() if mark in BAD or mark == "x"]
    by_profile: dict[str, Counter[Quality]] = {}
    seconds: Counter[Quality] = Counter()
    for one in valid:
        for score in one.scores:
            by_profile.setdefault(score.profile, Counter())[score.quality] += one.seconds
        if headline := one.headline:
            seconds[headline.quality] += one.seconds
    worst_of = [headline for one in bad if (headline := one.headline)]
    judged = Counter((one.target, str(one.method)) for one in valid)
    most = max(judged, key=lambda one: judged[one], default=None)
    example = _example(failed)
    return RoomDay(
        site=site,
        room=room,
        day=day,
        started_at=started_at,
        closed_seconds=closed_seconds,
        seconds=_seconds(seconds),
        by_profile={name: _seconds(found) for name, found in by_profile.items()},
        sent=sum(one.sent for one in valid),
        received=sum(one.received for one in valid),
        histogram=histograms.get(most, Histogram()) if most else Histogram(),
        worst=_most(one.worst for one in worst_of if one.worst),
        profile=_most(one.profile for one in worst_of),
        profiles_digest=valid[-1].profiles_digest if valid else "",
        bin_seconds=bin_seconds,
        marks="".join(marks.values()),
        lessons=len(lessons),
        hit_lessons=tuple(one.label for one in lessons if _hit("".join(marks[start] for start in one.starts))),
        tests=_tests(tests, marks.keys(), started_at, bin_seconds, profiles),
        causes=dict(Counter(_cause(one) for one in failed)),
        sure=dict(Counter(_cause(one) for one in failed if one.located and one.located.confidence == "high")),
        example=example.located if example else None,
        example_at=example.started_at if example else None,
        minima=minima or {},
    )


def _cause(one: RoomBin) -> Cause:
    return one.located.cause if one.located else "undetermined"


def _example(failed: Sequence[RoomBin]) -> RoomBin | None:
    """Of the most frequent cause, and of those of its bins that are surest of it, the middle one by how far it was from
    usual: the wildest would say more than the day did."""
    located = [one for one in failed if one.located]
    cause = _most(_cause(one) for one in located)
    of_cause = [one for one in located if _cause(one) == cause]
    surest = max((_SURENESS[one.located.confidence] for one in of_cause if one.located), default=0)
    telling = [one for one in of_cause if one.located and _SURENESS[one.located.confidence] == surest]
    return sorted(telling, key=_excess)[(len(telling) - 1) // 2] if telling else None


_SURENESS: Mapping[Confidence, int] = {"high": 2, "medium": 1, "low": 0}


def _excess(one: RoomBin) -> tuple[float, float, datetime]:
    compared = one.located.room if one.located else ()
    ms = max((target.excess_ms for target in compared if target.excess_ms is not None), default=one.p95_ms or 0.0)
    return ms, one.loss or 0.0, one.started_at


def _hit(marks: str) -> bool:
    valid = sum(mark in VALID for mark in marks)
    return 0 < valid >= KNOWN_SHARE * len(marks) and sum(mark in BAD for mark in marks) >= HIT_SHARE * valid


def _tests(
    tests: Sequence[ThroughputTest],
    starts: Set[datetime],
    midnight: datetime,
    bin_seconds: int,
    profiles: Profiles,
) -> dict[Direction, TestCount]:
    """By direction, the hours of the local clock with tests in lessons that told something."""
    lessons = profiles.in_force()
    found: dict[Direction, TestCount] = {}
    directions: tuple[Direction, ...] = ("down", "up")
    for direction in directions:
        by_hour: dict[int, list[ThroughputTest]] = {}
        for one in tests:
            second = int(one.ended_at.timestamp())
            in_bin = datetime.fromtimestamp(second - second % bin_seconds, UTC)
            if one.direction == direction and in_bin in starts:
                by_hour.setdefault((one.ended_at - midnight) // timedelta(hours=1), []).append(one)
        needed = max((need_bps(one, direction) for one in lessons), default=0)
        told = [passed for hour in by_hour.values() if (passed := hour_passed(hour, needed)) is not None]
        if told:
            found[direction] = TestCount(passed=sum(told), told=len(told))
    return found


def site_day(rooms: Sequence[RoomDay]) -> SiteDay:
    """Add up the days of all rooms of one site, at least one, all of the same day."""
    first = rooms[0]
    merged = Histogram()
    for one in rooms:
        merged.merge(one.histogram)
    percentiles = {percentile: merged.quantile(percentile / 100) for percentile in (50, 95, 99)}
    ms = {percentile: None if us is None else us / 1000 for percentile, us in percentiles.items()}
    return SiteDay(
        site=first.site,
        day=first.day,
        started_at=first.started_at,
        rooms=len(rooms),
        measured_rooms=sum(one.seconds.valid > 0 for one in rooms),
        troubled_rooms=sum(one.troubled for one in rooms),
        closed_seconds=sum(one.closed_seconds for one in rooms),
        seconds=_sum(one.seconds for one in rooms),
        sent=sum(one.sent for one in rooms),
        received=sum(one.received for one in rooms),
        p50_ms=ms[50],
        p95_ms=ms[95],
        p99_ms=ms[99],
    )


def _seconds(by_quality: Mapping[Quality, int]) -> Seconds:
    return Seconds(valid=sum(by_quality.values()), degraded=by_quality.get("degraded", 0), bad=by_quality.get("bad", 0))


def _sum(seconds: Iterable[Seconds]) -> Seconds:
    total = Seconds()
    for one in seconds:
        total += one
    return total


def _most(values: Iterable[_Value]) -> _Value | None:
    counted = Counter(values)
    return max(counted, key=lambda one: counted[one], default=None)
