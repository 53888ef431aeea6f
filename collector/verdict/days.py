"""What a day of lessons was like, by room and by site: sums of judged bins, and percentiles of all round trips.

A day is a local school day. Seconds are lesson time. Percentiles come from the merged histograms of what was judged,
never from percentiles; of two ways of measuring, which cannot be added up, the one that most bins were judged by.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from collector.verdict.baselines import Measured
from collector.verdict.bins import RoomBin
from collector.verdict.causes import Cause, Located
from collector.verdict.qoo import Dimension
from wire.histogram import Histogram
from wire.report_words import Direction

TROUBLED_SHARE = 0.1
"""A room was troubled on a day when this share of its measured lesson time was bad (science.md 6.5: a bad day)."""

MARKS: Mapping[str, str] = {
    "B": "bad, and with limits 10 % laxer as well",
    "b": "bad, but not with limits 10 % laxer",
    "n": "not bad, but with limits 10 % stricter",
    "d": "degraded",
    "g": "good",
    "x": "its machine could not measure, so that it says nothing of the network",
    "?": "an agent was awake and measured too little of it",
    ".": "no agent was awake",
}
"""What one letter says of a bin."""


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

    `marks` has one of `MARKS` for each bin of lesson time, in order: all that a week's verdict needs of them.
    `hit_lessons` are the labels of those of its `lessons` that were bad for a third of their measured time. `tests`
    count the hours in which throughput was tested. `causes` count the bad bins by cause, `sure` those of them whose
    confidence is high; `example` is the comparison of the bin at `example_at`, a telling one of the most frequent
    cause. `minima` are the shortest round trips of its bins, which baselines are made of.
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
    bins: Sequence[RoomBin],
    histograms: Mapping[Measured, Histogram],
) -> RoomDay:
    """Add up one room's bins of a day. `histograms` hold the day's round trips by target and method."""
    valid = [one for one in bins if one.valid]
    bad = [one for one in valid if one.headline and one.headline.quality == "bad"]
    by_profile: dict[str, Seconds] = {}
    for one in valid:
        for score in one.scores:
            by_profile[score.profile] = by_profile.get(score.profile, Seconds()) + _of(one.seconds, score.quality)
    judged = Counter((one.target, str(one.method)) for one in valid)
    most = max(judged, key=lambda one: judged[one], default=None)
    return RoomDay(
        site=site,
        room=room,
        day=day,
        started_at=started_at,
        closed_seconds=closed_seconds,
        seconds=_sum(_of(one.seconds, one.headline.quality) for one in valid if one.headline),
        by_profile=by_profile,
        sent=sum(one.sent for one in valid),
        received=sum(one.received for one in valid),
        histogram=histograms.get(most, Histogram()) if most else Histogram(),
        worst=_most(one.headline.worst for one in bad if one.headline and one.headline.worst),
        profile=_most(one.headline.profile for one in bad if one.headline),
        profiles_digest=valid[-1].profiles_digest if valid else "",
    )


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


def _of(seconds: int, quality: str) -> Seconds:
    return Seconds(
        valid=seconds, degraded=seconds if quality == "degraded" else 0, bad=seconds if quality == "bad" else 0
    )


def _sum(seconds: Iterable[Seconds]) -> Seconds:
    total = Seconds()
    for one in seconds:
        total += one
    return total


def _most(values: Iterable[_Value]) -> _Value | None:
    counted = Counter(values)
    return max(counted, key=lambda one: counted[one], default=None)
