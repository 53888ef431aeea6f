"""The verdict engine: closes complete bins, judges them, writes them back, and shows what is now.

Work comes from the store itself: which bins were touched by reports stored since the last round. The
mark up to which all is judged is written after the bins and the days they change, so a collector that
is killed goes on where it was, and a late report reopens the bin it belongs to and no other.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from collector.capacity_now import LOOK_BACK, capacity_now
from collector.days import Days
from collector.district.district import District
from collector.now import DistrictNow
from collector.registry.registry import Registry
from collector.service_now import ServiceNow, look_back, services_now
from collector.snapshot import STRIP_LESSONS, Judged, snapshot
from collector.store.protocol import Store
from collector.verdict.bins import RoomBin, judge_bin
from collector.verdict.profiles import Profiles
from collector.verdict.throughput import ThroughputTest

log = logging.getLogger(__name__)

BinKey = tuple[str, str, datetime]
"""(site, room, start)"""

CHUNK = timedelta(days=1)
"""Bins of at most this long a time are read from the store in one go."""

GAP = timedelta(hours=1)
"""Bins further apart than this are read one by one: between a late one and those of now lies a whole day."""

FIRST_LOOK_BACK = timedelta(days=30)
READINGS_LOOK_BACK = timedelta(minutes=15)
FUTURE = timedelta(seconds=30)
"""A report may end this much later than our clock says without being from the future."""


class Engine:
    """Judges one district. `tick` is not for several threads at once; `now` may be read by any."""

    def __init__(
        self,
        *,
        store: Store,
        registry: Registry,
        district: District,
        profiles: Profiles,
        bin_seconds: int,
        settle_seconds: float,
        stale_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._registry = registry
        self._district = district
        self._profiles = profiles
        self._bin_seconds = bin_seconds
        self._settle = timedelta(seconds=settle_seconds)
        self._stale_seconds = stale_seconds
        self._clock = clock
        self._days = Days(store, district, bin_seconds=bin_seconds, settle_seconds=settle_seconds)
        self._pending: dict[BinKey, datetime] = {}
        self._seen_through: datetime | None = None
        self._bins: dict[tuple[str, str], dict[datetime, RoomBin]] | None = None
        self._newest: dict[tuple[str, str], datetime] = {}
        self._tests: dict[tuple[str, str], list[ThroughputTest]] = defaultdict(list)
        self._tests_through: datetime | None = None
        self._now: DistrictNow | None = None
        self.judged_bins = 0
        self.trouble: str | None = None

    @property
    def failing(self) -> bool:
        """Whether the last round failed; then `trouble` says why in a sentence."""
        return self.trouble is not None

    @property
    def now(self) -> DistrictNow | None:
        """The newest snapshot; ``None`` before the first `tick`."""
        return self._now

    def tick(self) -> DistrictNow:
        """Judge what is complete and take a new snapshot. Raises `StoreUnavailable`."""
        now = self._clock()
        self._take_touched()
        ready = [key for key in self._pending if self._closed(key[2], now)]
        if ready:
            self._judge(ready)
        self._now = self._snapshot(now)
        self._days.close(now)
        return self._now

    def _take_touched(self) -> None:
        if self._seen_through is None:
            self._seen_through = self._store.judged_through()
        for one in self._store.touched_since(self._seen_through, bin_seconds=self._bin_seconds):
            key = (one.site, one.room, one.started_at)
            self._pending[key] = min(one.first_stored_at, self._pending.get(key, one.first_stored_at))
            self._seen_through = max(self._seen_through, one.last_stored_at)
            # A report from the future was placed by a clock of ours that has been set back since.
            if one.newest_ended_at <= self._clock() + FUTURE:
                self._saw_report(one.site, one.room, one.newest_ended_at)

    def _saw_report(self, site: str, room: str, ended_at: datetime) -> None:
        self._newest[site, room] = max(ended_at, self._newest.get((site, room), ended_at))

    def _closed(self, started_at: datetime, now: datetime) -> bool:
        return started_at + timedelta(seconds=self._bin_seconds) + self._settle <= now

    def _judge(self, ready: Iterable[BinKey]) -> None:
        in_session: dict[datetime, bool] = {}
        wanted: dict[BinKey, datetime] = {}
        for key in ready:
            start = key[2]
            if start not in in_session:
                in_session[start] = self._district.calendar.bin_in_session(start, self._bin_seconds)
            wanted[key] = self._pending.pop(key)
        starts = sorted({key[2] for key in wanted if in_session[key[2]]})
        try:
            judged = [one for span in _spans(starts) for one in self._judge_span(*span, wanted)]
            # The mark goes last: a collector that is killed before it judges these again, and their days.
            self._store.write_bins(judged, judged_through=None)
            self._days.rewrite(judged)
            self._store.write_bins((), judged_through=self._judged_through())
        except BaseException:
            self._pending |= wanted
            raise
        self.judged_bins += len(judged)
        for one in judged:
            self._recent()[one.site, one.room][one.started_at] = one

    def _judge_span(self, first: datetime, last: datetime, wanted: dict[BinKey, datetime]) -> Iterable[RoomBin]:
        end = last + timedelta(seconds=self._bin_seconds)
        found = self._store.latency_between(first, end, bin_seconds=self._bin_seconds)
        for (site, room, started_at), summaries in found.items():
            if (site, room, started_at) in wanted:
                judged = judge_bin(
                    site=site,
                    room=room,
                    started_at=started_at,
                    seconds=self._bin_seconds,
                    summaries=summaries,
                    profiles=self._profiles.in_force(),
                    profiles_digest=self._profiles.digest,
                )
                if judged is not None:
                    yield judged

    def _judged_through(self) -> datetime:
        """Everything stored up to this mark is judged: just before the oldest report still pending."""
        assert self._seen_through is not None
        oldest = min(self._pending.values(), default=None)
        return self._seen_through if oldest is None else oldest - timedelta(microseconds=1)

    def _recent(self) -> dict[tuple[str, str], dict[datetime, RoomBin]]:
        if self._bins is None:
            now = self._clock()
            lessons = self._district.calendar.last_lessons(now, STRIP_LESSONS)
            start = lessons[0].started_at - timedelta(seconds=self._bin_seconds) if lessons else now
            self._bins = defaultdict(dict)
            for key, bins in self._store.bins_between(start, now).items():
                self._bins[key] = {one.started_at: one for one in bins}
        return self._bins

    def _recent_tests(self, oldest: datetime) -> dict[tuple[str, str], list[ThroughputTest]]:
        """The throughput tests that ended from `oldest` on, ascending by room."""
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

    def _snapshot(self, now: datetime) -> DistrictNow:
        recent = self._recent()
        lessons = self._district.calendar.last_lessons(now, STRIP_LESSONS)
        oldest = lessons[0].started_at - timedelta(hours=1) if lessons else now
        for bins in recent.values():
            for started_at in [one for one in bins if one < oldest]:
                del bins[started_at]
        look_back = READINGS_LOOK_BACK if self._now else FIRST_LOOK_BACK
        readings = self._store.newest_readings(now - look_back, now)
        for (site, room), of_room in readings.items():
            self._saw_report(site, room, max(one.ended_at for one in of_room))
        agents: dict[tuple[str, str], int] = defaultdict(int)
        for agent in self._registry.agents():
            agents[agent.site, agent.room] += agent.revoked_ms is None
        judged = Judged(
            taken_at=now,
            closed_until=now - self._settle,
            bins={key: [bins[start] for start in sorted(bins)] for key, bins in recent.items()},
            tests=self._recent_tests(oldest),
            readings=readings,
            newest_report_at=self._newest,
            agents=agents,
            services=self._services(now),
            capacity=capacity_now(self._store.newest_reports("throughput", now - LOOK_BACK, now, method="capacity")),
        )
        return snapshot(
            self._district,
            judged,
            profiles=self._profiles,
            bin_seconds=self._bin_seconds,
            stale_seconds=self._stale_seconds,
        )

    def _services(self, now: datetime) -> tuple[ServiceNow, ...]:
        listed = self._district.services
        arrivals = self._store.newest_reports("service", now - look_back(listed), now) if listed else ()
        return services_now(listed, arrivals, now)


def _spans(starts: list[datetime]) -> list[tuple[datetime, datetime]]:
    """`starts` (ascending) as (first, last) spans of at most `CHUNK`, none with more than `GAP` between two."""
    spans: list[tuple[datetime, datetime]] = []
    for start in starts:
        if spans and start - spans[-1][0] < CHUNK and start - spans[-1][1] <= GAP:
            spans[-1] = (spans[-1][0], start)
        else:
            spans.append((start, start))
    return spans
