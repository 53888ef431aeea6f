"""What is usual for the targets of a district's rooms, as long as an engine runs: read from stored days and from the
bins of days that are still open, so that a restart changes no cause."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta

from collector.district.district import District
from collector.store.protocol import Store
from collector.verdict.baselines import DAYS, Baselines, Measured, minima
from collector.verdict.bins import RoomBin
from collector.verdict.days import RoomDay
from collector.verdict.topology import RoomKey
from wire.histogram import Histogram

STEP = timedelta(days=7)
STEPS_BACK = 26
"""Half a year: no vacation is longer."""

OPEN_DAYS = 14
"""Without any stored day, the bins of so many are read."""

READ_FOR = timedelta(hours=1)
"""Bins of open days are read this much at a time, which bounds the memory."""


class Usual:
    """The baselines of one district. Not for several threads. What reads the store may raise `StoreUnavailable`."""

    def __init__(self, store: Store, district: District, *, bin_seconds: int, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._district = district
        self._bin = timedelta(seconds=bin_seconds)
        self._clock = clock
        self._baselines: Baselines | None = None

    def learning(self) -> Baselines:
        """For bins that are judged for the first time: they become part of what is usual."""
        if self._baselines is None:
            self._baselines = self._load()
        return self._baselines

    def settled(self) -> Baselines:
        """For bins that are judged again, which do not count twice."""
        return Settled(self.learning())

    def forget(self) -> None:
        """Read it again when it is asked for: what was learned is not what was kept."""
        self._baselines = None

    def set_days(self, days: Iterable[RoomDay]) -> None:
        """Take what whole days were like, in place of what was learned of them."""
        if self._baselines is not None:
            for one in days:
                self._baselines.set_day((one.site, one.room), one.day, one.minima)

    def count_again(self, room: RoomKey, day: date) -> None:
        """Take what a day that is still open is like from its bins, in place of what was learned of it."""
        if self._baselines is not None:
            self._baselines.set_day(room, day, self.of_stored_bins(room, day))

    def of_day(self, room: RoomKey, day: date) -> Mapping[Measured, Histogram]:
        """The shortest round trips of the bins of `day`."""
        return self.learning().of_day(room, day) or self.of_stored_bins(room, day)

    def of_stored_bins(self, room: RoomKey, day: date) -> Mapping[Measured, Histogram]:
        """The same, by the store's bins."""
        lessons = self._district.calendar_of(room[0]).lessons_on(day)
        if not lessons:
            return {}
        start, end = lessons[0].started_at - self._bin / 2, lessons[-1].ended_at - self._bin / 2
        counted = Baselines()
        for one in self._store.whole_bins(start, end, room=room):
            self._count(counted, one, only=day)
        return counted.of_day(room, day)

    def _load(self) -> Baselines:
        baselines = Baselines()
        newest = self._store.newest_day()
        load_days(self._store, baselines, newest)
        now = self._clock()
        zone = self._district.time_zone
        first = newest + timedelta(days=1) if newest else now.astimezone(zone).date() - timedelta(days=OPEN_DAYS)
        start = datetime.combine(first, datetime.min.time(), tzinfo=zone)
        while start < now:
            for one in self._store.whole_bins(start, start + READ_FOR):
                self._count(baselines, one)
            start += READ_FOR
        return baselines

    def _count(self, baselines: Baselines, one: RoomBin, only: date | None = None) -> None:
        lesson = self._district.calendar_of(one.site).lesson_at(one.started_at + timedelta(seconds=one.seconds / 2))
        if lesson is not None and only in {None, lesson.day}:
            for measured, min_us in minima(one.targets):
                baselines.add_bin((one.site, one.room), lesson.day, measured, min_us)


class Settled(Baselines):
    """The baselines of another, which do not learn."""

    def __init__(self, known: Baselines) -> None:
        super().__init__()
        self._usual = known

    def usual_ms(self, room: RoomKey, measured: Measured) -> float | None:
        """See `Baselines.usual_ms`."""
        return self._usual.usual_ms(room, measured)

    def add_bin(self, room: RoomKey, day: date, measured: Measured, min_us: float) -> None:
        """Not counted."""


def load_days(store: Store, baselines: Baselines, newest: date | None) -> None:
    """Add the stored school days up to `newest` that count, those of half a year at most; ``None`` are none."""
    known: dict[str, set[date]] = defaultdict(set)
    for step in range(STEPS_BACK if newest else 0):
        assert newest is not None
        last = newest - step * STEP
        for room, days in store.minima_between(last - STEP + timedelta(days=1), last).items():
            for day, minima_of_day in days.items():
                baselines.set_day(room, day, minima_of_day)
            known[room[0]] |= days.keys()
        if known and all(len(days) >= DAYS for days in known.values()):
            return
