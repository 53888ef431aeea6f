"""What the collector asks of a store, in its own words. No query language leaks out of an engine."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, Protocol

from collector.store.uplinks import UplinkStore
from collector.verdict.baselines import Measured
from collector.verdict.bins import LatencySummary, RoomBin
from collector.verdict.days import RoomDay, SiteDay
from collector.verdict.machines import MachineSummary
from collector.verdict.throughput import ThroughputTest
from collector.verdict.weeks import RoomWeek
from wire.histogram import Histogram
from wire.path_report import PathReport
from wire.reports import Report

Unstorable = Literal["too_old", "not_storable"]
"""Why a store will never take a report."""


class StoreError(Exception):
    """The store cannot be used as it stands; the message names the fix. Not worth a retry."""


class StoreUnavailable(Exception):
    """The store did not take the write or did not answer now; the message names the fix where there is one.

    Worth a retry: what may have been kept of the write is kept once, however often it is repeated.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A report as it goes into the store: whose it is, and when it really began (UTC).

    `repaired` says that `started_at` does not come from the agent's own wall clock.
    """

    agent: str
    site: str
    room: str
    boot: str
    started_at: datetime
    repaired: bool
    report: Report

    @property
    def key(self) -> tuple[str, str, int]:
        """(agent, boot, seq): what makes a report the same report when it is sent again."""
        return (self.agent, self.boot, self.report.seq)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOutcome:
    """For each arrival of a write, in order: whether it is new.

    `refused` holds the places of those that the store will never take. The others that are not new were there before.
    """

    new: tuple[bool, ...]
    refused: Mapping[int, Unstorable] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A bin that reports were stored into, when the store took the first and the last of those, and when
    the period of the newest of them ended."""

    site: str
    room: str
    started_at: datetime
    first_stored_at: datetime
    last_stored_at: datetime
    newest_ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The newest latency report to one target: what the wire says this minute, unjudged."""

    target: str
    method: str
    ended_at: datetime
    sent: int
    received: int
    p50_ms: float | None
    p95_ms: float | None
    failure: str | None
    repaired: bool

    @property
    def loss(self) -> float | None:
        """The share of requests lost, 0..1; ``None`` when none was sent."""
        return 1 - self.received / self.sent if self.sent else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTest:
    """A throughput test, where it was made, and when the store took it."""

    site: str
    room: str
    stored_at: datetime
    test: ThroughputTest


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentHealth:
    """What an agent's newest health report says. `late` is how long after its end it was stored."""

    ended_at: datetime
    late: timedelta
    version: str
    platform: str
    waiting_reports: int
    dropped_reports: int
    quarantined_reports: int
    clock_repaired: bool
    clock_synchronised: bool | None


class Store(Protocol):
    """Reports in, bins in and out.

    An engine may be called from several threads. All of a write is durable when the call returns. Of one that fails
    nothing counts as kept: an engine without transactions may hold a part of it, and the same write made again leaves
    what it would have left alone. Every method may raise `StoreUnavailable`. `uplinks` is what it keeps of uplinks.
    """

    @property
    def uplinks(self) -> UplinkStore:
        """See `UplinkStore`."""
        ...

    def write_reports(self, arrivals: Sequence[Arrival]) -> WriteOutcome:
        """Keep each report at most once by its key, for ever within the retention time."""
        ...

    def touched_since(self, stored_after: datetime, *, bin_seconds: int) -> list[Touched]:
        """Bins that latency reports stored after `stored_after` began in."""
        ...

    def latency_between(
        self, start: datetime, end: datetime, *, bin_seconds: int
    ) -> dict[tuple[str, str, datetime], list[LatencySummary]]:
        """Per (site, room, start of bin), what each agent measured to each target, by latency reports
        that began in ``[start, end)``; bins are aligned to the epoch."""
        ...

    def newest_readings(self, since: datetime, until: datetime) -> dict[tuple[str, str], list[Reading]]:
        """Per room, the newest latency report by target that ended after `since` and began by `until`; reports of
        nothing but requests beside a throughput test are passed over."""
        ...

    def tests_since(self, stored_after: datetime) -> list[StoredTest]:
        """The sufficiency tests that were stored after `stored_after`, without those that a user asked for."""
        ...

    def tests_between(
        self, start: datetime, end: datetime, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], list[ThroughputTest]]:
        """Per room, the sufficiency tests that ended in ``[start, end)``, ascending, without those that a user asked
        for."""
        ...

    def machines_between(
        self, start: datetime, end: datetime, *, bin_seconds: int
    ) -> dict[tuple[str, str, datetime], list[MachineSummary]]:
        """Per (site, room, start of bin), how each agent's machine was, by health reports that began in
        ``[start, end)``; bins are aligned to the epoch."""
        ...

    def paths_between(
        self, start: datetime, end: datetime, *, bin_seconds: int
    ) -> dict[tuple[str, str, datetime], list[PathReport]]:
        """Per (site, room, start of bin), the path reports that began in ``[start, end)``; the `boot_ms` of each
        is 0."""
        ...

    def newest_reports(
        self, kind: str, since: datetime, until: datetime, *, method: str | None = None
    ) -> list[Arrival]:
        """Of the reports of `kind`, or of those by `method`, that began in ``(since, until]``, the newest of each
        agent, target, direction and uplink, by place. The `boot_ms` of each is 0."""
        ...

    def write_bins(self, bins: Sequence[RoomBin], *, judged_through: datetime | None) -> None:
        """Keep judged bins, replacing those of the same room and start, with the mark up to which
        stored reports have been judged; ``None`` leaves the mark. What was measured in a bin that comes without
        `targets` is left as it is."""
        ...

    def judged_through(self) -> datetime:
        """The mark last given to `write_bins`; 1970 when there is none."""
        ...

    def bins_between(
        self, start: datetime, end: datetime, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], list[RoomBin]]:
        """Per room, its judged bins that began in ``[start, end)``, ascending."""
        ...

    def whole_bins(
        self,
        start: datetime,
        end: datetime,
        *,
        room: tuple[str, str] | None = None,
        rooms: Collection[tuple[str, str]] | None = None,
    ) -> list[RoomBin]:
        """The bins that began in ``[start, end)``, ascending, with all that was measured in them; of one room, or of
        these."""
        ...

    def histograms_between(
        self, start: datetime, end: datetime, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], dict[Measured, Histogram]]:
        """Per room, the round trips of its valid bins that began in ``[start, end)``, merged by target and method."""
        ...

    def write_days(self, rooms: Sequence[RoomDay], sites: Sequence[SiteDay]) -> None:
        """Keep days, replacing those of the same room or site and day."""
        ...

    def newest_day(self) -> date | None:
        """The newest day that was written; ``None`` when none was."""
        ...

    def room_days_between(
        self, first: date, last: date, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], list[RoomDay]]:
        """Per room, its days from `first` to `last`, both included, ascending."""
        ...

    def minima_between(
        self, first: date, last: date
    ) -> Mapping[tuple[str, str], Mapping[date, Mapping[Measured, Histogram]]]:
        """Per room and day from `first` to `last`, both included, the day's `minima`."""
        ...

    def site_days_between(self, first: date, last: date) -> dict[str, list[SiteDay]]:
        """Per site, its days from `first` to `last`, both included, ascending."""
        ...

    def write_weeks(self, weeks: Sequence[RoomWeek]) -> None:
        """Keep weeks, replacing those of the same room and week. They are kept as long as days."""
        ...

    def newest_week(self) -> date | None:
        """The Monday of the newest week that was written; ``None`` when none was."""
        ...

    def room_weeks_between(
        self, first: date, last: date, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], list[RoomWeek]]:
        """Per room, its weeks whose Mondays lie from `first` to `last`, both included, ascending."""
        ...

    def enforce_retention(self, *, reports_before: datetime, bins_before: datetime, days_before: datetime) -> int:
        """Forget reports, bins and days that began earlier. Returns how many rows went."""
        ...

    def count_reports(self) -> int:
        """How many reports are kept."""
        ...

    def close(self) -> None:
        """Finish what is under way and let go of the store."""
        ...
