"""Adds up school days once their lessons are over, and again when late reports change one.

A day is added up after its last lesson's bins have been judged. What was done is known from the store's newest day, so
a collector that was away makes up for it; days on which nothing was measured leave no trace.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from datetime import UTC, date, datetime, time, timedelta

from collector.district.calendar import Lesson, bin_start
from collector.district.district import District
from collector.store.protocol import Store
from collector.verdict.bins import RoomBin
from collector.verdict.days import LessonBins, RoomDay, room_day, site_day

LOOK_BACK_DAYS = 30
"""A collector that was away for longer has no reports of the days before."""


class Days:
    """The days of one district. Not for several threads."""

    def __init__(self, store: Store, district: District, *, bin_seconds: int, settle_seconds: float) -> None:
        self._store = store
        self._district = district
        self._bin = timedelta(seconds=bin_seconds)
        self._settle = timedelta(seconds=settle_seconds)
        self._rooms = {(one.site, one.room) for one in district.rooms}
        self._done_through: date | None = None

    def close(self, now: datetime) -> None:
        """Add up the days that are over and have not been. Raises `StoreUnavailable`."""
        today = now.astimezone(self._district.time_zone).date()
        day = max(self._done(), today - timedelta(days=LOOK_BACK_DAYS)) + timedelta(days=1)
        while day <= today and self._over(day, now):
            self._write(day, self._rooms)
            self._done_through = day
            day += timedelta(days=1)

    def rewrite(self, judged: Iterable[RoomBin]) -> None:
        """Add up anew the days that are done and that these bins belong to. Raises `StoreUnavailable`."""
        touched: dict[date, set[tuple[str, str]]] = defaultdict(set)
        for one in judged:
            day = self._day_of(one)
            if day <= self._done():
                touched[day].add((one.site, one.room))
        for day, keys in touched.items():
            self._write(day, keys)

    def _done(self) -> date:
        """The newest day that has been added up."""
        if self._done_through is None:
            self._done_through = self._store.newest_day() or date.min
        return self._done_through

    def _over(self, day: date, now: datetime) -> bool:
        lessons = self._district.calendar.lessons_on(day)
        if lessons:
            return lessons[-1].ended_at + self._bin + self._settle <= now
        return day < now.astimezone(self._district.time_zone).date()

    def _day_of(self, one: RoomBin) -> date:
        middle = one.started_at + timedelta(seconds=one.seconds / 2)
        lesson = self._district.calendar.lesson_at(middle)
        return lesson.day if lesson else middle.astimezone(self._district.time_zone).date()

    def _write(self, day: date, rooms: Set[tuple[str, str]]) -> None:
        lessons = self._district.calendar.lessons_on(day)
        if not lessons:
            return
        # A bin is of the lesson that its middle lies in; what reaches further is of another day.
        start, end = lessons[0].started_at - self._bin / 2, lessons[-1].ended_at - self._bin / 2
        known = {key: days[0] for key, days in self._store.room_days_between(day, day).items()}
        # Where nothing is known nothing had come when the day was over; and who has left the district since was there.
        rooms = rooms & (self._rooms | known.keys()) if known else self._rooms
        # A late report is one room's: the whole district need not be read for it.
        only = next(iter(rooms)) if len(rooms) == 1 else None
        bins = {
            key: [one for one in found if self._day_of(one) == day]
            for key, found in self._store.bins_between(start, end, room=only).items()
        }
        if not any(bins.values()):
            return
        histograms = self._store.histograms_between(start, end, room=only)
        # In a time zone that was set later it would be another point beside the old one.
        started_at = next((one.started_at for one in known.values()), self._midnight(day))
        closed_seconds = int(sum((one.ended_at - one.started_at).total_seconds() for one in lessons))
        lesson_bins = tuple(self._bins_of(one) for one in lessons)
        made = {
            (site, room): room_day(
                site=site,
                room=room,
                day=day,
                started_at=started_at,
                closed_seconds=closed_seconds,
                bin_seconds=int(self._bin.total_seconds()),
                lessons=lesson_bins,
                bins=bins.get((site, room), ()),
                histograms=histograms.get((site, room), {}),
                profiles=self._district.profiles,
            )
            for site, room in rooms
        }
        self._store.write_days(list(made.values()), [site_day(of_site) for of_site in _by_site(known | made)])

    def _bins_of(self, lesson: Lesson) -> LessonBins:
        starts = []
        start = bin_start(lesson.started_at, int(self._bin.total_seconds()))
        while start + self._bin / 2 < lesson.ended_at:
            if lesson.contains(start + self._bin / 2):
                starts.append(start)
            start += self._bin
        return LessonBins(label=lesson.label, starts=tuple(starts))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(0), tzinfo=self._district.time_zone).astimezone(UTC)


def _by_site(days: Mapping[tuple[str, str], RoomDay]) -> Iterable[list[RoomDay]]:
    by_site: dict[str, list[RoomDay]] = defaultdict(list)
    for (site, _), one in days.items():
        by_site[site].append(one)
    return by_site.values()
