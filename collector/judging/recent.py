"""What is known of the last lessons, kept at hand so that a snapshot need not read it again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from collector.capacity_now import LOOK_BACK, CapacitySeen, capacity_now
from collector.district.district import District
from collector.service_now import SLACK, ServiceNow, look_back, resolvers_now, services_now
from collector.snapshot import STRIP_LESSONS
from collector.store.protocol import Store
from collector.verdict.bins import ProfileScore, RoomBin
from collector.verdict.throughput import ThroughputTest
from collector.verdict.topology import RoomKey

READ_EVERY = timedelta(minutes=1)
"""Services are asked every few minutes and capacity is tested once a day: a look back over days can wait."""


class Recent:
    """Bins, tests and requests of one district's last lessons. Not for several threads. What reads the store may raise
    `StoreUnavailable`."""

    def __init__(self, store: Store, district: District, *, bin_seconds: int) -> None:
        self._store = store
        self._district = district
        self._bin = timedelta(seconds=bin_seconds)
        self._bins: dict[RoomKey, dict[datetime, RoomBin]] | None = None
        self._scores: dict[tuple[ProfileScore, ...], tuple[ProfileScore, ...]] = {}
        self._tests: dict[RoomKey, list[ThroughputTest]] = defaultdict(list)
        self._tests_through: datetime | None = None
        self._read_at: datetime | None = None
        self._services: tuple[ServiceNow, ...] = ()
        self._capacity: tuple[CapacitySeen, ...] = ()

    def add(self, judged: Iterable[RoomBin], now: datetime) -> None:
        """Take bins in place of those of the same rooms and starts."""
        bins = self._known(now)
        for one in judged:
            bins[one.site, one.room][one.started_at] = self._slim(one)

    def bins(self, now: datetime) -> Mapping[RoomKey, Sequence[RoomBin]]:
        """The bins of the last lessons by room, ascending."""
        known, oldest = self._known(now), self._oldest(now)
        for bins in known.values():
            for started_at in [one for one in bins if one < oldest]:
                del bins[started_at]
        return {key: [bins[start] for start in sorted(bins)] for key, bins in known.items()}

    def tests(self, now: datetime) -> Mapping[RoomKey, Sequence[ThroughputTest]]:
        """The throughput tests that ended in the last lessons, ascending by room."""
        oldest = self._oldest(now)
        touched = set()
        for one in self._store.tests_since(self._tests_through or oldest):
            touched.add((one.site, one.room))
            self._tests[one.site, one.room].append(one.test)
            self._tests_through = max(self._tests_through or one.stored_at, one.stored_at)
        for key in touched:
            self._tests[key].sort(key=lambda test: test.ended_at)
        for tests in self._tests.values():
            while tests and tests[0].ended_at < oldest:
                del tests[0]
        return dict(self._tests)

    def services(self, now: datetime) -> tuple[ServiceNow, ...]:
        """How the district's services answer."""
        self._look_back(now)
        return self._services

    def capacity(self, now: datetime) -> tuple[CapacitySeen, ...]:
        """The newest tests of how much there is."""
        self._look_back(now)
        return self._capacity

    def _look_back(self, now: datetime) -> None:
        if self._read_at is not None and self._read_at <= now < self._read_at + READ_EVERY:
            return
        listed = self._district.services
        arrivals = self._store.newest_reports("service", now - look_back(listed), now) if listed else ()
        resolvers = resolvers_now(self._store.newest_reports("latency", now - SLACK, now, method="dns"), now)
        self._services = services_now(listed, arrivals, now) + ((resolvers,) if resolvers else ())
        self._capacity = capacity_now(self._store.newest_reports("throughput", now - LOOK_BACK, now, method="capacity"))
        self._read_at = now

    def _known(self, now: datetime) -> dict[RoomKey, dict[datetime, RoomBin]]:
        if self._bins is None:
            found: dict[RoomKey, dict[datetime, RoomBin]] = defaultdict(dict)
            start = self._oldest(now)
            while start < now:  # an hour at a time, so that not all of it is in memory twice
                end = min(now, start + timedelta(hours=1))
                for key, bins in self._store.bins_between(start, end).items():
                    found[key] |= {one.started_at: self._slim(one) for one in bins}
                start = end
            self._bins = found
        return self._bins

    def _oldest(self, now: datetime) -> datetime:
        calendars = [self._district.calendar, *self._district.site_calendars.values()]
        lessons = [found[0] for one in calendars if (found := one.last_lessons(now, STRIP_LESSONS))]
        return min((one.started_at for one in lessons), default=now) - timedelta(hours=1)

    def _slim(self, one: RoomBin) -> RoomBin:
        """Without histograms, and with scores that all bins of the same scores share."""
        if len(self._scores) > 100_000:
            self._scores.clear()
        return replace(one, targets=(), scores=self._scores.setdefault(one.scores, one.scores))
