"""When a site has lessons: a bell schedule by weekday, and the days on which it is another or on which there are none.

Lesson times are local wall times; every instant handed out is aware UTC. A time within an hour that daylight saving
skips is the moment the clock jumps; of a repeated hour the first pass counts (PEP 495, fold 0), so a lesson that ends
after it is an hour longer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

LOOK_BACK_DAYS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonTime:
    """A lesson's place in the day: local start and end, ``start < end``; `end` 00:00 is midnight."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One lesson on one day. Instants are UTC; `label` is the local span, such as ``10:15-11:00``."""

    started_at: datetime
    ended_at: datetime
    label: str
    day: date

    def contains(self, instant: datetime) -> bool:
        """Whether `instant` lies in the lesson; its end does not."""
        return self.started_at <= instant < self.ended_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Lessons by weekday (0 is Monday), each day's in ascending order without overlap. `lessons_by_date` are the days
    that differ: early release has other lessons, a closure none. Before `first_day` and after `last_day` there are
    none; ``None`` is no such bound."""

    time_zone: ZoneInfo
    lessons_by_weekday: Mapping[int, tuple[LessonTime, ...]]
    lessons_by_date: Mapping[date, tuple[LessonTime, ...]] = field(default_factory=dict)
    first_day: date | None = None
    last_day: date | None = None

    def lessons_on(self, day: date) -> tuple[Lesson, ...]:
        """The lessons that begin on the local day `day`, in order."""
        return _lessons_on(self.time_zone, self.times_on(day), day)

    def times_on(self, day: date) -> tuple[LessonTime, ...]:
        """What that day's lessons are as local times, in order."""
        if (self.first_day is not None and day < self.first_day) or (self.last_day is not None and day > self.last_day):
            return ()
        return self.lessons_by_date.get(day, self.lessons_by_weekday.get(day.weekday(), ()))

    def local_day(self, instant: datetime) -> date:
        """The day that `instant` lies in, as the site's clocks say."""
        return instant.astimezone(self.time_zone).date()

    def lessons_between(self, start: datetime, end: datetime) -> Iterator[Lesson]:
        """Lessons that overlap ``[start, end)``, in order."""
        day = start.astimezone(self.time_zone).date() - timedelta(days=1)
        last = end.astimezone(self.time_zone).date()
        while day <= last:
            for lesson in self.lessons_on(day):
                if lesson.started_at < end and lesson.ended_at > start:
                    yield lesson
            day += timedelta(days=1)

    def lesson_at(self, instant: datetime) -> Lesson | None:
        """The lesson that `instant` lies in, or ``None``."""
        return next(self.lessons_between(instant, instant + timedelta(microseconds=1)), None)

    def last_lessons(self, instant: datetime, count: int) -> tuple[Lesson, ...]:
        """The `count` latest lessons that had begun by `instant`, in order; fewer when the last 60
        days had fewer."""
        found: list[Lesson] = []
        day = instant.astimezone(self.time_zone).date()
        for _ in range(LOOK_BACK_DAYS):
            for lesson in reversed(self.lessons_on(day)):
                if lesson.started_at <= instant:
                    found.append(lesson)
                if len(found) == count:
                    return tuple(reversed(found))
            day -= timedelta(days=1)
        return tuple(reversed(found))

    def next_lesson(self, instant: datetime) -> Lesson | None:
        """The first lesson that begins after `instant` within 60 days, or ``None``."""
        lessons = self.lessons_between(instant, instant + timedelta(days=LOOK_BACK_DAYS))
        return next((one for one in lessons if one.started_at > instant), None)

    def bin_in_session(self, started_at: datetime, seconds: int) -> bool:
        """Whether a bin belongs to lesson time: its middle does."""
        return self.lesson_at(started_at + timedelta(seconds=seconds / 2)) is not None


def bin_start(instant: datetime, seconds: int) -> datetime:
    """The start of the bin of `seconds` length that `instant` lies in; bins are aligned to the epoch."""
    epoch = int(instant.timestamp())
    return datetime.fromtimestamp(epoch - epoch % seconds, UTC)


@lru_cache(maxsize=4096)
def _lessons_on(zone: ZoneInfo, times: tuple[LessonTime, ...], day: date) -> tuple[Lesson, ...]:
    # In the night that skips an hour a lesson within it has no length.
    lessons = (_lesson(zone, one, day) for one in times)
    return tuple(one for one in lessons if one.started_at < one.ended_at)


def _lesson(zone: ZoneInfo, one: LessonTime, day: date) -> Lesson:
    starts, ends = local_span(one, day)
    return Lesson(
        started_at=instant_of(zone, starts),
        ended_at=instant_of(zone, ends),
        label=f"{one.start:%H:%M}\N{EN DASH}{one.end:%H:%M}",
        day=day,
    )


def local_span(one: LessonTime, day: date) -> tuple[datetime, datetime]:
    """Where a lesson of `day` begins and ends, as naive local times."""
    end_day = day + timedelta(days=1) if one.end == time(0) else day
    return datetime.combine(day, one.start), datetime.combine(end_day, one.end)


def skipped_hours(zone: ZoneInfo, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    """From which naive local time to which the clock jumps, on the days from `first` to `last`."""
    day = datetime.combine(first, time(0), tzinfo=UTC) - timedelta(days=1)
    while day.date() <= last:
        following = day + timedelta(days=1)
        before, after = _offset(zone, day), _offset(zone, following)
        if after > before:
            jump = _jump(zone, day, following)
            yield (jump + before).replace(tzinfo=None), (jump + after).replace(tzinfo=None)
        day = following


def instant_of(zone: ZoneInfo, local: datetime) -> datetime:
    """The instant (UTC) of a naive `local` time: where that is skipped, when the clock jumps, and where it comes twice
    the first."""
    aware = local.replace(tzinfo=zone)
    instant = aware.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return instant
    return _jump(zone, aware.replace(fold=1).astimezone(UTC), instant)


def _jump(zone: ZoneInfo, early: datetime, late: datetime) -> datetime:
    """When the zone's offset changes between two instants (UTC), to the second."""
    before = _offset(zone, early)
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=(late - early) // timedelta(seconds=2))
        early, late = (middle, late) if _offset(zone, middle) == before else (early, middle)
    return late


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    found = instant.astimezone(zone).utcoffset()
    assert found is not None
    return found
