"""Adds up school days once their lessons are over, and again when late reports change one.

A day is added up after the last lesson's bins of all sites have been judged. What was done is known from the store's
newest day, so a collector that was away makes up for it; days on which nothing was measured leave no trace.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from collector.district.calendar import Lesson, bin_start
from collector.district.district import District
from collector.judging.usual import Usual
from collector.store.protocol import Store
from collector.verdict.baselines import Measured
from collector.verdict.bins import RoomBin
from collector.verdict.days import LessonBins, RoomDay, room_day, site_day
from collector.verdict.throughput import ThroughputTest
from collector.verdict.topology import RoomKey
from wire.histogram import Histogram

LOOK_BACK_DAYS = 30
"""A collector that was away for longer has no reports of the days before."""


class Days:
    """The days of one district. Not for several threads, but for `so_far`. What reads or writes the store may raise
    `StoreUnavailable`."""

    def __init__(
        self, store: Store, district: District, usual: Usual, *, bin_seconds: int, settle_seconds: float
    ) -> None:
        self._store = store
        self._district = district
        self._usual = usual
        self._bin_seconds = bin_seconds
        self._bin = timedelta(seconds=bin_seconds)
        self._settle = timedelta(seconds=settle_seconds)
        self._rooms = {(one.site, one.room) for one in district.rooms}
        self._sites = sorted({one.site for one in district.sites})
        self._done_through: date | None = None

    def close(self, now: datetime) -> None:
        """Add up the days that are over and have not been, and those again that a clock which has been set back since
        took for over."""
        today = now.astimezone(self._district.time_zone).date()
        if self.done_through() > today:
            self._done_through = today - timedelta(days=1)
        day = max(self.done_through(), today - timedelta(days=LOOK_BACK_DAYS)) + timedelta(days=1)
        while day <= today and self._over(day, now):
            self._usual.set_days(self.write(day, self._rooms))
            self._done_through = day
            day += timedelta(days=1)

    def rewrite(self, judged: Iterable[RoomBin]) -> list[RoomDay]:
        """Add up anew the days that are done and that these bins belong to."""
        touched: dict[date, set[RoomKey]] = defaultdict(set)
        for one in judged:
            day = self._day_of(one)
            if day <= self.done_through():
                touched[day].add((one.site, one.room))
        return [one for day, keys in sorted(touched.items()) for one in self.write(day, keys)]

    def done_through(self) -> date:
        """The newest day that has been added up."""
        if self._done_through is None:
            self._done_through = self._store.newest_day() or date.min
        return self._done_through

    def write(self, day: date, rooms: Set[RoomKey]) -> list[RoomDay]:
        """Add up `day` for these rooms, and their sites anew. Returns what it wrote: nothing of a day without lessons
        or measurements."""
        lessons = {site: found for site in self._sites_of(rooms) if (found := self._lessons_on(site, day))}
        rooms = {one for one in rooms if one[0] in lessons}
        if not rooms:
            return []
        known = {key: days[0] for key, days in self._store.room_days_between(day, day).items()}
        # Where nothing is known nothing had come when the day was over; and who has left the district since was there.
        rooms = rooms & (self._rooms | known.keys()) if known else {one for one in self._rooms if one[0] in lessons}
        # A late report is one room's: the whole district need not be read for it.
        only = next(iter(rooms)) if len(rooms) == 1 else None
        # A bin is of the lesson that its middle lies in; what reaches further is of another day.
        start = min(found[0].started_at for found in lessons.values()) - self._bin / 2
        end = max(found[-1].ended_at for found in lessons.values()) - self._bin / 2
        bins = self._store.bins_between(start, end, room=only)
        if not any(self._day_of(one) == day for found in bins.values() for one in found):
            return []
        histograms = self._store.histograms_between(start, end, room=only)
        tests = self._store.tests_between(start, end + self._bin / 2, room=only)
        # In a time zone that was set later it would be another point beside the old one.
        started_at = next((one.started_at for one in known.values()), self._midnight(day))
        made = {
            room: self._make(
                room,
                day,
                lessons[room[0]],
                bins.get(room, ()),
                tests.get(room, ()),
                started_at=started_at,
                histograms=histograms.get(room),
                minima=self._minima(room, day) if room in bins else None,
            )
            for room in rooms
        }
        sites = {site for site, _ in made}
        self._store.write_days(
            list(made.values()),
            [site_day(of_site) for of_site in _by_site(known | made) if of_site[0].site in sites],
        )
        return list(made.values())

    def so_far(self, room: RoomKey, day: date, *, until: datetime) -> RoomDay | None:
        """What `day` is like with those of its lessons that began before `until`, not written; ``None`` without any.
        From any thread."""
        lessons = [one for one in self._lessons_on(room[0], day) if one.started_at < until]
        if not lessons:
            return None
        start, end = lessons[0].started_at - self._bin / 2, lessons[-1].ended_at
        bins = self._store.bins_between(start, end, room=room).get(room, ())
        tests = self._store.tests_between(start, end, room=room).get(room, ())
        return self._make(room, day, lessons, bins, tests)

    def remade(
        self,
        room: RoomKey,
        day: date,
        bins: Sequence[RoomBin],
        tests: Sequence[ThroughputTest] | None,
        known: RoomDay | None,
    ) -> RoomDay | None:
        """What `day` is like by `bins` that were judged again, with what they do not change as it is `known`: round
        trips, and without `tests` those too. ``None`` without lessons."""
        lessons = self._lessons_on(room[0], day)
        if not lessons:
            return None
        if known is not None:
            made = self._make(room, day, lessons, bins, tests or (), started_at=known.started_at)
            counts = known.tests if tests is None else made.tests
            return replace(made, histogram=known.histogram, minima=known.minima, tests=counts)
        start, end = lessons[0].started_at - self._bin / 2, lessons[-1].ended_at - self._bin / 2
        histograms = self._store.histograms_between(start, end, room=room).get(room)
        minima = self._usual.of_stored_bins(room, day)
        return self._make(room, day, lessons, bins, tests or (), histograms=histograms, minima=minima)

    def span(self, day: date) -> tuple[datetime, datetime] | None:
        """When bins of `day` may begin, from the first to before the last, at any site; ``None`` without lessons."""
        found = [lessons for site in self._sites if (lessons := self._lessons_on(site, day))]
        if not found:
            return None
        half = self._bin / 2
        return min(one[0].started_at for one in found) - half, max(one[-1].ended_at for one in found) - half

    def blank(self, room: RoomKey, day: date) -> RoomDay | None:
        """A day of lessons on which nothing was measured; ``None`` without lessons."""
        lessons = self._lessons_on(room[0], day)
        return self._make(room, day, lessons, (), ()) if lessons else None

    def _make(
        self,
        room: RoomKey,
        day: date,
        lessons: Sequence[Lesson],
        bins: Sequence[RoomBin],
        tests: Sequence[ThroughputTest],
        *,
        started_at: datetime | None = None,
        histograms: Mapping[Measured, Histogram] | None = None,
        minima: Mapping[Measured, Histogram] | None = None,
    ) -> RoomDay:
        return room_day(
            site=room[0],
            room=room[1],
            day=day,
            started_at=started_at or self._midnight(day),
            closed_seconds=int(sum((one.ended_at - one.started_at).total_seconds() for one in lessons)),
            bin_seconds=self._bin_seconds,
            lessons=self._lesson_bins(tuple(lessons)),
            bins=bins,
            histograms=histograms or {},
            profiles=self._district.profiles,
            tests=tests,
            minima=minima or {},
        )

    def _minima(self, room: RoomKey, day: date) -> Mapping[Measured, Histogram]:
        closed = day <= self.done_through()
        return self._usual.of_stored_bins(room, day) if closed else self._usual.of_day(room, day)

    def _sites_of(self, rooms: Set[RoomKey]) -> list[str]:
        return sorted({site for site, _ in rooms} | {site for site, _ in self._rooms})

    def _lessons_on(self, site: str, day: date) -> tuple[Lesson, ...]:
        return self._district.calendar_of(site).lessons_on(day)

    def _over(self, day: date, now: datetime) -> bool:
        ends = [lessons[-1].ended_at for site in self._sites if (lessons := self._lessons_on(site, day))]
        if ends:
            return max(ends) + self._bin + self._settle <= now
        return day < now.astimezone(self._district.time_zone).date()

    def _day_of(self, one: RoomBin) -> date:
        middle = one.started_at + timedelta(seconds=one.seconds / 2)
        lesson = self._district.calendar_of(one.site).lesson_at(middle)
        return lesson.day if lesson else middle.astimezone(self._district.time_zone).date()

    def _lesson_bins(self, lessons: tuple[Lesson, ...]) -> tuple[LessonBins, ...]:
        return lesson_bins(lessons, self._bin_seconds)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(0), tzinfo=self._district.time_zone).astimezone(UTC)


@lru_cache(maxsize=512)
def lesson_bins(lessons: tuple[Lesson, ...], bin_seconds: int) -> tuple[LessonBins, ...]:
    """The lessons of a day, each with the starts of the bins whose middle lies in it."""
    found = []
    half = timedelta(seconds=bin_seconds / 2)
    for lesson in lessons:
        start = bin_start(lesson.started_at, bin_seconds)
        starts = []
        while start + half < lesson.ended_at:
            if lesson.contains(start + half):
                starts.append(start)
            start += 2 * half
        found.append(LessonBins(label=lesson.label, starts=tuple(starts)))
    return tuple(found)


def _by_site(days: Mapping[RoomKey, RoomDay]) -> Iterable[list[RoomDay]]:
    by_site: dict[str, list[RoomDay]] = defaultdict(list)
    for (site, _), one in days.items():
        by_site[site].append(one)
    return by_site.values()
