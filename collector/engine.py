"""The verdict engine: closes complete bins, judges them, writes them back, and shows what is now.

Work comes from the store itself: which bins were touched by latency reports stored since the last round. The mark up to
which all is judged is written after the bins, and the days and weeks they change, so a collector that is killed goes on
where it was, and a late report reopens what it belongs to and no other.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from collector.days import Days
from collector.district.district import District
from collector.judged_weeks import JudgedWeeks
from collector.judging.bin_judge import BinJudge, BinKey
from collector.judging.recent import Recent
from collector.judging.usual import Usual
from collector.now import DistrictNow
from collector.registry.registry import Registry
from collector.snapshot import Judged, snapshot
from collector.store.protocol import Store
from collector.uplinks.outlooks import Outlooks
from collector.uplinks.uplinks import Uplinks
from collector.verdict.bins import RoomBin
from collector.verdict.topology import RoomKey
from collector.verdict.weeks import RoomWeek
from collector.weeks import Weeks

log = logging.getLogger(__name__)

FIRST_LOOK_BACK = timedelta(days=30)
READINGS_LOOK_BACK = timedelta(minutes=15)
FUTURE = timedelta(seconds=30)
"""A report may end this much later than our clock says without being from the future."""


class Engine:
    """Judges one district. `tick` is not for several threads at once; `now` and `week_so_far` may be read by any."""

    def __init__(
        self,
        *,
        store: Store,
        registry: Registry,
        district: District,
        bin_seconds: int,
        settle_seconds: float,
        stale_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._registry = registry
        self._district = district
        self._bin_seconds = bin_seconds
        self._settle = timedelta(seconds=settle_seconds)
        self._stale_seconds = stale_seconds
        self._clock = clock
        self._usual = Usual(store, district, bin_seconds=bin_seconds, clock=clock)
        self._bins = BinJudge(
            store=store,
            registry=registry,
            district=district,
            bin_seconds=bin_seconds,
            settle_seconds=settle_seconds,
            usual=self._usual,
        )
        self._days = Days(store, district, self._usual, bin_seconds=bin_seconds, settle_seconds=settle_seconds)
        self._weeks = Weeks(store, district, self._days)
        self.outlooks = Outlooks(store, district, today=lambda: clock().astimezone(district.time_zone).date())
        self.uplinks = Uplinks(store, district, outlooks=self.outlooks, settle_seconds=settle_seconds)
        self._recent = Recent(store, district, bin_seconds=bin_seconds)
        self._pending: dict[BinKey, datetime] = {}
        self._seen_through: datetime | None = None
        self._newest: dict[RoomKey, datetime] = {}
        self._now: DistrictNow | None = None
        self.weeks = JudgedWeeks(store)
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

    def week_so_far(self, site: str, room: str) -> RoomWeek | None:
        """What the running week would be for a room if it ended now: no verdict, worked out on reading and never kept.
        ``None`` before its first lesson. Raises `StoreUnavailable`."""
        return self._weeks.so_far((site, room), self._clock())

    def tick(self) -> DistrictNow:
        """Judge what is complete and take a new snapshot. Raises `StoreUnavailable`."""
        now = self._clock()
        self._take_touched()
        ready = [key for key in self._pending if self._closed(key[2], now)]
        if ready:
            self._judge(ready)
        self._now = self._snapshot(now)
        self._days.close(now)
        self._weeks.close(now)
        self.uplinks.tick(now)
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
        wanted = {key: self._pending.pop(key) for key in ready}
        written: list[RoomBin] = []
        again: set[tuple[RoomKey, date]] = set()
        try:
            for span in self._bins.judge(wanted):
                # The mark goes last: a collector that is killed before it judges these again, their days and weeks.
                self._store.write_bins(span.bins, judged_through=None)
                written += (replace(one, targets=()) for one in span.bins)
                again |= span.again
            rewritten = self._days.rewrite(written)
            self._usual.set_days(rewritten)
            for room, day in again:
                if day > self._days.done_through():
                    self._usual.count_again(room, day)
            self._weeks.rewrite(((one.site, one.room), one.day) for one in rewritten)
            self._store.write_bins((), judged_through=self._judged_through())
        except BaseException:
            self._pending |= wanted
            self._usual.forget()
            raise
        self.judged_bins += len(written)
        self._recent.add(written, self._clock())

    def _judged_through(self) -> datetime:
        """Everything stored up to this mark is judged: just before the oldest report still pending."""
        assert self._seen_through is not None
        oldest = min(self._pending.values(), default=None)
        return self._seen_through if oldest is None else oldest - timedelta(microseconds=1)

    def _snapshot(self, now: datetime) -> DistrictNow:
        look_back = READINGS_LOOK_BACK if self._now else FIRST_LOOK_BACK
        readings = self._store.newest_readings(now - look_back, now)
        for (site, room), of_room in readings.items():
            self._saw_report(site, room, max(one.ended_at for one in of_room))
        agents: dict[RoomKey, int] = defaultdict(int)
        known = self._registry.agents()
        for agent in known:
            agents[agent.site, agent.room] += agent.revoked_ms is None
        judged = Judged(
            taken_at=now,
            closed_until=now - self._settle,
            bins=self._recent.bins(now),
            tests=self._recent.tests(now),
            readings=readings,
            newest_report_at=self._newest,
            agents=agents,
            services=self._recent.services(now),
            capacity=self._recent.capacity(now),
            weeks=self._weeks.newest(),
            references=frozenset(one.agent for one in known if one.role == "reference"),
        )
        return snapshot(
            self._district,
            judged,
            profiles=self._district.profiles,
            bin_seconds=self._bin_seconds,
            stale_seconds=self._stale_seconds,
        )
