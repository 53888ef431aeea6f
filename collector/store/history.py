"""What a store kept, as it is moved from one engine to another."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from typing import Any, Protocol

from collector.store.hops import from_text
from collector.store.ledger import Ledger
from collector.store.protocol import Arrival
from collector.store.uplinks import UplinkStore
from collector.verdict.bins import RoomBin
from collector.verdict.days import RoomDay, SiteDay
from collector.verdict.weeks import RoomWeek
from wire.reports import KINDS, Report

_ADDED = {
    kind: {field.name for field in fields(shape) if field.default is not MISSING} for kind, shape in KINDS.items()
}
"""By kind, the fields that may be missing."""


def report_of(kind: str, values: Mapping[str, Any]) -> Report:
    """A report from what an engine kept of it: `values` by field, ``None`` also for fields that are newer than it."""
    known = {name: value for name, value in values.items() if value is not None or name not in _ADDED[kind]}
    if kind == "path":
        known["hops"] = from_text(known["hops"])
    build: Callable[..., Report] = KINDS[kind]
    return build(boot_ms=0, **known)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """A report, and when the store took it. The `boot_ms` of its report is 0: no engine keeps that."""

    arrival: Arrival
    stored_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRange:
    """Sequence numbers of a boot, both ends included, that were stored last at `stored_at`."""

    agent: str
    boot: str
    first_seq: int
    last_seq: int
    stored_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much there is, and from when to when; times are ``None`` where there is nothing. `bins` and `weeks` count
    those of rooms and those of uplinks, `days` those of rooms and those of sites; weeks go by their Mondays."""

    reports: int
    first_stored_at: datetime | None
    last_stored_at: datetime | None
    bins: int
    first_bin_at: datetime | None
    last_bin_at: datetime | None
    days: int
    first_day: date | None
    last_day: date | None
    weeks: int
    first_week: date | None
    last_week: date | None


class History(Protocol):
    """A store whose history can be read whole and written whole.

    Writing the same again changes nothing. Every method may raise `StoreUnavailable`.
    """

    @property
    def uplinks(self) -> UplinkStore:
        """See `Store.uplinks`."""
        ...

    def extent(self) -> Extent:
        """How much is kept."""
        ...

    def reports_stored(self, start: datetime, end: datetime) -> list[StoredReport]:
        """The reports that were stored in ``[start, end)``; those of one write are together."""
        ...

    def whole_bins(self, start: datetime, end: datetime, *, room: tuple[str, str] | None = None) -> list[RoomBin]:
        """See `Store.whole_bins`."""
        ...

    def room_days_between(
        self, first: date, last: date, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], list[RoomDay]]:
        """See `Store.room_days_between`."""
        ...

    def site_days_between(self, first: date, last: date) -> dict[str, list[SiteDay]]:
        """See `Store.site_days_between`."""
        ...

    def room_weeks_between(
        self, first: date, last: date, *, room: tuple[str, str] | None = None
    ) -> dict[tuple[str, str], list[RoomWeek]]:
        """See `Store.room_weeks_between`."""
        ...

    def stored_ranges(self) -> list[StoredRange]:
        """What makes duplicates known, reports that are past their retention included."""
        ...

    def judged_through(self) -> datetime:
        """See `Store.judged_through`."""
        ...

    def take_reports(self, reports: Sequence[StoredReport]) -> None:
        """Keep reports with the moment they were stored at, each at most once by its key."""
        ...

    def write_bins(self, bins: Sequence[RoomBin], *, judged_through: datetime | None) -> None:
        """See `Store.write_bins`."""
        ...

    def write_days(self, rooms: Sequence[RoomDay], sites: Sequence[SiteDay]) -> None:
        """See `Store.write_days`."""
        ...

    def write_weeks(self, weeks: Sequence[RoomWeek]) -> None:
        """See `Store.write_weeks`."""
        ...

    def take_ranges(self, ranges: Sequence[StoredRange]) -> None:
        """Know these as stored from now on."""
        ...


def new_by_write(ledger: Ledger, reports: Sequence[StoredReport]) -> dict[datetime, list[Arrival]]:
    """Those of `reports` that the ledger does not know, by the moment they were stored at."""
    writes: dict[datetime, list[Arrival]] = defaultdict(list)
    for one, is_new in zip(reports, ledger.unseen([one.arrival.key for one in reports]), strict=True):
        if is_new:
            writes[one.stored_at].append(one.arrival)
    return writes
