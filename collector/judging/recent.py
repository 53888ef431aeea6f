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
        known, spans = self._known(now), self._spans(now)
        for (site, _), bins in known.items():
            oldest, _ = spans.get(site, spans[""])
            for started_at in [one for one in bins if one < oldest]:
                del bins[started_at]
        return {key: [bins[start] for start in sorted(bins)] for key, bins in known.items()}

    def tests(self, now: datetime) -> Mapping[RoomKey, Sequence[ThroughputTest]]:
        """The throughput tests that ended in the last lessons, ascending by room."""
        spans = self._spans(now)
        touched = set()
        for one in self._store.tests_since(self._tests_through or min(start for start, _ in spans.values())):
            touched.add((one.site, one.room))
            self._tests[one.site, one.room].append(one.test)
            self._tests_through = max(self._tests_through or one.stored_at, one.stored_at)
        for key in touched:
            self._tests[key].sort(key=lambda test: test.ended_at)
        for (site, _), tests in self._tests.items():
            oldest, _ = spans.get(site, spans[""])
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
            spans = self._spans(now)
            start = min(start for start, _ in spans.values())
            while start < now:  # an hour at a time, so that not all of it is in memory twice
                end = min(now, start + timedelta(hours=1))
                # A school that has been closed for weeks does not bring the weeks of the others.
                if any(first < end and start <= last for first, last in spans.values()):
                    for key, bins in self._store.bins_between(start, end).items():
                        oldest, _ = spans.get(key[0], spans[""])
                        found[key] |= {one.started_at: self._slim(one) for one in bins if one.started_at >= oldest}
                start = end
            self._bins = found
        return self._bins

    def _spans(self, now: datetime) -> Mapping[str, tuple[datetime, datetime]]:
        """From an hour before each site's last lessons to a bin after them; by ``""`` of sites that are not named."""
        of_calendars: dict[int, tuple[datetime, datetime]] = {}
        spans: dict[str, tuple[datetime, datetime]] = {}
        for site in ("", *(one.site for one in self._district.sites)):
            calendar = self._district.calendar_of(site)
            if id(calendar) not in of_calendars:
                lessons = calendar.last_lessons(now, STRIP_LESSONS)
                first, last = (lessons[0].started_at, lessons[-1].ended_at) if lessons else (now, now)
                of_calendars[id(calendar)] = (first - timedelta(hours=1), last + self._bin)
            spans[site] = of_calendars[id(calendar)]
        return spans

    def _slim(self, one: RoomBin) -> RoomBin:
        """Without histograms, and with scores that all bins of the same scores share."""
        if len(self._scores) > 100_000:
            self._scores.clear()
        return replace(one, targets=(), scores=self._scores.setdefault(one.scores, one.scores))
