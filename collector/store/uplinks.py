"""What the collector asks of a store about uplinks; each engine has it as ``Store.uplinks``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from collector.verdict.uplinks.load import UplinkBin, UplinkWeek
from wire.uplink_report import UplinkReport


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOctets:
    """An uplink report, which uplink it is of (`collector.verdict.uplinks.load`), when it began and when the store took
    it (UTC). The `boot_ms` of its report is 0."""

    uplink: str
    agent: str
    started_at: datetime
    stored_at: datetime
    report: UplinkReport


class UplinkStore(Protocol):
    """Octets in, bins and weeks in and out. Every method may raise `StoreUnavailable`."""

    def octets_stored_since(self, stored_after: datetime) -> list[StoredOctets]:
        """The uplink reports stored after `stored_after`, ascending by when they were stored."""
        ...

    def octets_between(self, start: datetime, end: datetime) -> list[StoredOctets]:
        """The uplink reports that began in ``[start, end)``, ascending by when they began."""
        ...

    def write_bins(self, bins: Sequence[UplinkBin]) -> None:
        """Keep them, replacing those of the same uplink and start. They are kept as long as bins of rooms."""
        ...

    def bins_between(self, start: datetime, end: datetime, *, uplink: str | None = None) -> dict[str, list[UplinkBin]]:
        """Per uplink, its bins that began in ``[start, end)``, ascending."""
        ...

    def write_weeks(self, weeks: Sequence[UplinkWeek]) -> None:
        """Keep them, replacing those of the same uplink and week. They are kept as long as days of rooms."""
        ...

    def weeks_between(self, first: date, last: date, *, uplink: str | None = None) -> dict[str, list[UplinkWeek]]:
        """Per uplink, its weeks whose Mondays lie from `first` to `last`, both included, ascending."""
        ...
