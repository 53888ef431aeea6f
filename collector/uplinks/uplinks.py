"""The engine's part about uplinks: octets as they came become bins of five minutes, and bins a week of lessons.

Work comes from the store, as it does for rooms: which bins are touched by what was stored since the mark. The mark is
written after the bins and the weeks that they change, so a collector that is killed goes on where it was. A week is
closed when its last lesson is over at all sites; octets that come later open their bins and weeks again. In a district
of which no uplink was ever counted nothing is written.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, date, datetime, timedelta

from collector.district.district import District
from collector.iso_week import monday_of
from collector.store.protocol import Store
from collector.store.uplinks import StoredOctets
from collector.uplinks.lesson_slots import BIN, LessonSlots
from collector.uplinks.listed import capacities, listed_uplinks
from collector.uplinks.outlooks import Outlooks
from collector.uplinks.shown_outlooks import ShownOutlooks
from collector.verdict.uplinks.load import UplinkBin
from collector.verdict.uplinks.octets import Octets, UplinkBinKey, bin_starts, bins_of
from collector.verdict.uplinks.week import uplink_week

WEEK = timedelta(weeks=1)
LOOK_BACK_WEEKS = 4
"""A collector that was away for longer has no reports of the weeks before."""

KNOWN_WEEKS = 60
"""An uplink that was counted in none of so many weeks, more than a year, is forgotten."""

READ_AT_ONCE = timedelta(hours=6)
LONGEST = timedelta(hours=1)
"""No report's period is longer, so that what reaches into a bin began at most that much before."""

ONE_BY_ONE = 5
"""Of up to so many uplinks the store is asked for each alone."""

LATELY = timedelta(minutes=20)
"""Two bins may be on their way: the one that runs, and one that has not settled."""

MARK_EVERY = timedelta(hours=1)
"""Failures alone make no bin: so often the mark passes them all the same."""


class Uplinks:
    """The uplinks of one district. Not for several threads. What reads or writes the store may raise
    `StoreUnavailable`."""

    def __init__(self, store: Store, district: District, *, outlooks: Outlooks, settle_seconds: float) -> None:
        self._store = store
        self._district = district
        self._settle = timedelta(seconds=settle_seconds)
        self._capacity = capacities(district)
        self._pending: dict[UplinkBinKey, datetime] = {}
        self._seen_through: datetime | None = None
        self._marked: datetime = datetime.fromtimestamp(0, UTC)
        self._done_through: date | None = None
        self._counted: set[str] = set()
        self._lessons: dict[date, LessonSlots] = {}
        self._outlooks = ShownOutlooks(store, outlooks)
        # At a start, too: the store may have been copied, or a collector killed between a week and its outlook.
        self._unshown = True
        self._newest: dict[str, datetime] = {}

    def tick(self, now: datetime) -> None:
        """Lay what has come over bins, and close the weeks that are over."""
        self._take()
        ready = [key for key in self._pending if key[1] + BIN + self._settle <= now]
        this_week = monday_of(now.astimezone(self._district.time_zone).date())
        if ready:
            self._count(ready, this_week)
        elif not self._pending and self._seen_through and self._seen_through - self._marked > MARK_EVERY:
            self._mark()
        closed = self._close(now, this_week)
        self._unshown |= closed
        if self._unshown:
            self._unshown = not self._outlooks.show(now, at_once=closed)

    def counted_lately(self, now: datetime) -> int:
        """How many uplinks something counts: has a bin that began less than `LATELY` ago. From any thread."""
        return sum(now - one < LATELY for one in tuple(self._newest.values()))

    def _take(self) -> None:
        if self._seen_through is None:
            self._seen_through = self._marked = self._store.uplinks.counted_through()
        for one in self._store.uplinks.octets_stored_since(self._seen_through):
            self._seen_through = max(self._seen_through, one.stored_at)
            if one.report.failure is None:
                for start in bin_starts(one.started_at, one.report.duration_ms):
                    key = (one.uplink, start)
                    self._pending[key] = min(one.stored_at, self._pending.get(key, one.stored_at))

    def _count(self, ready: Iterable[UplinkBinKey], this_week: date) -> None:
        wanted = {key: self._pending.pop(key) for key in ready}
        touched: dict[date, set[str]] = defaultdict(set)
        try:
            for keys in _spans(wanted):
                bins = self._bins(keys)
                self._store.uplinks.write_bins(bins)
                for one in bins:
                    self._newest[one.uplink] = max(one.started_at, self._newest.get(one.uplink, one.started_at))
                for one in bins:
                    for week in self._weeks_of(one, through=self._done(this_week)):
                        touched[week].add(one.uplink)
            for week, uplinks in sorted(touched.items()):
                self._unshown |= self._write_week(week, self._lesson_bins(week, uplinks), uplinks, late=True)
            self._mark()
        except BaseException:
            self._pending |= wanted
            raise

    def _weeks_of(self, one: UplinkBin, *, through: date) -> Iterator[date]:
        """The closed weeks of which it is lesson time; a lesson that ends after midnight is of the day before."""
        week = monday_of(one.started_at.astimezone(self._district.time_zone).date())
        for candidate in (week, week - WEEK):
            if candidate <= through and one.started_at in self._slots(candidate).of(one.uplink):
                yield candidate

    def _bins(self, wanted: Set[UplinkBinKey]) -> list[UplinkBin]:
        starts = [start for _, start in wanted]
        uplinks = {uplink for uplink, _ in wanted}
        found = self._store.uplinks.octets_between(
            min(starts) - LONGEST, max(starts) + BIN, uplink=uplinks.pop() if len(uplinks) == 1 else None
        )
        return bins_of(_octets(found), wanted=wanted, capacity_mbps=self._capacity)

    def _mark(self) -> None:
        """Everything stored up to the mark is in bins: just before the oldest report that is still pending."""
        assert self._seen_through is not None
        oldest = min(self._pending.values(), default=None)
        mark = self._seen_through if oldest is None else oldest - timedelta(microseconds=1)
        self._store.uplinks.write_bins((), counted_through=mark)
        self._marked = mark

    def _close(self, now: datetime, this_week: date) -> bool:
        """Whether a week was written."""
        if self._done(this_week) > this_week:  # by a clock that has been set back since
            self._done_through = this_week - WEEK
        week, written = self._done(this_week) + WEEK, False
        while week <= this_week and self._over(week, now):
            bins = self._lesson_bins(week)
            self._counted |= bins.keys()
            written |= self._write_week(week, bins, bins.keys() | self._silent())
            self._done_through = week
            week += WEEK
        return written

    def _silent(self) -> set[str]:
        """The district's uplinks that are told of though nothing may have counted them: those that something did in an
        earlier week, and if that is true of any, those of which the file says what they carry."""
        if not self._counted:
            return set()
        return (self._counted & listed_uplinks(self._district).keys()) | self._capacity.keys()

    def _done(self, this_week: date) -> date:
        """The newest week that was written, or that there was nothing to write of."""
        if self._done_through is None:
            known = self._store.uplinks.weeks_between(this_week - KNOWN_WEEKS * WEEK, this_week + WEEK)
            self._counted = {uplink for uplink, weeks in known.items() if any(one.method is not None for one in weeks)}
            newest = max((weeks[-1].week for weeks in known.values()), default=date.min)
            self._done_through = max(newest, this_week - (LOOK_BACK_WEEKS + 1) * WEEK)
        return self._done_through

    def _over(self, week: date, now: datetime) -> bool:
        spans = self._slots(week).spans
        return not spans or spans[-1][1] + self._settle <= now

    def _write_week(
        self, week: date, bins: Mapping[str, Sequence[UplinkBin]], uplinks: Set[str], *, late: bool = False
    ) -> bool:
        """Write the week of these uplinks, as far as it is another one than the store has; whether it was. What comes
        `late` can only add to a week: of one that would lose by it the bins have been forgotten, and it stays."""
        slots = self._slots(week)
        made = [
            uplink_week(
                uplink,
                week,
                slots=slots.of(uplink),
                bins=bins.get(uplink, ()),
                capacity_mbps=self._capacity.get(uplink),
            )
            for uplink in sorted(uplinks)
            if slots.of(uplink)
        ]
        known = self._store.uplinks.weeks_between(week, week) if made else {}
        changed = [
            one
            for one in made
            if known.get(one.uplink) != [one]
            and not (late and any(before.counted_share > one.counted_share for before in known.get(one.uplink, ())))
        ]
        if changed:
            self._store.uplinks.write_weeks(changed)
        return bool(changed)

    def _lesson_bins(self, week: date, uplinks: Set[str] = frozenset()) -> dict[str, list[UplinkBin]]:
        """By uplink, its bins of the hours in which there are lessons anywhere; of those alone if few are named."""
        asked: Iterable[str | None] = uplinks if 0 < len(uplinks) <= ONE_BY_ONE else (None,)
        found: dict[str, list[UplinkBin]] = defaultdict(list)
        for start, end in self._slots(week).spans:
            for uplink in asked:
                for known_as, bins in self._store.uplinks.bins_between(start, end, uplink=uplink).items():
                    found[known_as] += bins
        return found

    def _slots(self, week: date) -> LessonSlots:
        if week not in self._lessons:
            if len(self._lessons) >= 2 * LOOK_BACK_WEEKS:
                self._lessons.clear()
            self._lessons[week] = LessonSlots(self._district, week)
        return self._lessons[week]


def _spans(keys: Iterable[UplinkBinKey]) -> Iterator[set[UplinkBinKey]]:
    """The bins in groups that are read in one go, ascending."""
    by_span: dict[int, set[UplinkBinKey]] = defaultdict(set)
    for uplink, start in keys:
        by_span[int(start.timestamp() // READ_AT_ONCE.total_seconds())].add((uplink, start))
    for _, of_span in sorted(by_span.items()):
        yield of_span


def _octets(found: Iterable[StoredOctets]) -> Iterator[Octets]:
    for one in found:
        report = one.report
        if report.down_bytes is not None and report.up_bytes is not None:
            yield Octets(
                uplink=one.uplink,
                agent=one.agent,
                method=report.method,
                started_at=one.started_at,
                duration_ms=report.duration_ms,
                down_bytes=report.down_bytes,
                up_bytes=report.up_bytes,
                speed_mbps=report.speed_mbps,
            )
