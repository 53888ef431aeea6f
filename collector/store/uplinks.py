"""What the collector asks of a store about uplinks; each engine has it as ``Store.uplinks``."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from collector.verdict.uplinks.load import DISTRICT, UplinkBin, UplinkWeek, site_of_uplink, site_uplink
from collector.verdict.uplinks.outlook import Outlook
from wire.uplink_report import Uplink, UplinkReport


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOctets:
    """An uplink report, which uplink it is of (`collector.verdict.uplinks.load`), when it began and when the store took
    it (UTC). The `boot_ms` of its report is 0."""

    uplink: str
    agent: str
    started_at: datetime
    stored_at: datetime
    report: UplinkReport


def uplink_of(site: str, report: UplinkReport) -> str:
    """What the uplink is known as that an agent at `site` reported of."""
    return DISTRICT if report.uplink == "district" else site_uplink(site)


def reported_as(uplink: str) -> tuple[Uplink, str | None]:
    """What reports call that uplink, and the only site whose agents may mean it by that; ``None`` those of any."""
    site = site_of_uplink(uplink)
    return ("district" if site is None else "site"), site


class UplinkStore(Protocol):
    """Octets in, bins and weeks in and out. Every method may raise `StoreUnavailable`.

    `keeps_outlooks` says whether somebody else reads the store, Grafana, and is to find outlooks there.
    """

    keeps_outlooks: bool

    def octets_stored_since(self, stored_after: datetime) -> list[StoredOctets]:
        """The uplink reports stored after `stored_after`, ascending by when they were stored."""
        ...

    def octets_between(self, start: datetime, end: datetime, *, uplink: str | None = None) -> list[StoredOctets]:
        """The uplink reports that began in ``[start, end)``, ascending by when they began; of one uplink alone where
        it is named."""
        ...

    def write_bins(self, bins: Sequence[UplinkBin], *, counted_through: datetime | None = None) -> None:
        """Keep them, replacing those of the same uplink and start, with the mark up to which stored reports are in
        bins; ``None`` leaves the mark. They are kept as long as bins of rooms."""
        ...

    def counted_through(self) -> datetime:
        """The mark last given to `write_bins`; 1970 when there is none."""
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

    def write_outlooks(self, week: date, outlooks: Sequence[Outlook]) -> None:
        """Show what was to be said of these uplinks after `week`, replacing what was shown of the same uplink and week.
        It is worked out of weeks whenever somebody of ours asks, so nothing reads it back. Without `keeps_outlooks`
        this does nothing."""
        ...
