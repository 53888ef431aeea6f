"""What an uplink carried: five minutes of it, and a school week.

An uplink is known as ``site:SLUG``, the way out of that site, or ``district``, the way out of all of them. Rates are
bits per second, ``down`` is towards the pupils. Octets come from interface counters; speed tests say nothing of load.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from wire.report_words import Direction
from wire.uplink_report import CountedBy

BIN_SECONDS = 300
"""Utilisation is told in averages of five minutes, as network operators do."""

FEWEST_DAYS = 3
COUNTED_SHARE = 0.6
"""A week with fewer counted days of lessons, or less of its lesson time counted, is missing and not zero."""

DISTRICT = "district"


def site_uplink(site: str) -> str:
    """What the uplink of `site` is known as."""
    return f"site:{site}"


def site_of_uplink(uplink: str) -> str | None:
    """The site whose way out it is; ``None`` of the district's."""
    return uplink.partition(":")[2] or None


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkBin:
    """Five minutes of one uplink, which began at `started_at`, a multiple of five minutes (UTC).

    `counted_seconds` of them the octets are known of. `capacity_mbps` is what the district's file says that the uplink
    carries, else what the interface says, ``None`` unknown.
    """

    uplink: str
    started_at: datetime
    method: CountedBy
    counted_seconds: float
    down_bytes: int
    up_bytes: int
    capacity_mbps: int | None

    def bps(self, direction: Direction) -> float | None:
        """The average rate of what was counted; ``None`` where nothing was."""
        octets = self.down_bytes if direction == "down" else self.up_bytes
        return 8 * octets / self.counted_seconds if self.counted_seconds else None

    def share(self, direction: Direction) -> float | None:
        """That rate as a share of the capacity, 0..1 and a little more; ``None`` where one of both is not known."""
        rate = self.bps(direction)
        return None if rate is None or not self.capacity_mbps else rate / (self.capacity_mbps * 1e6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One direction of an uplink in a week of lessons, in bits per second.

    `busy_bps` is the p95 of its five-minute rates in `busy_hour`, the local hour of the day in whose lesson time it was
    highest; `peak_bps` is the highest five minutes of all lesson time, which began at `peak_at` (UTC).
    """

    busy_bps: float
    busy_hour: int
    peak_bps: float
    peak_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkWeek:
    """One uplink in one week, which begins on the Monday `week`; lesson time alone.

    `loads` are empty where the week is missing: fewer than `FEWEST_DAYS` counted days, or less than `COUNTED_SHARE` of
    its lesson time counted. `capacity_mbps` is that of its last counted bin.
    """

    uplink: str
    week: date
    method: CountedBy | None
    capacity_mbps: int | None
    lesson_days: int
    counted_days: int
    counted_share: float
    loads: Mapping[Direction, Load] = field(default_factory=dict)

    @property
    def missing(self) -> bool:
        """Whether too little was counted to say how full it was."""
        return not self.loads

    def busy_share(self, direction: Direction) -> float | None:
        """`busy_bps` as a share of the capacity; ``None`` where one of both is not known."""
        load = self.loads.get(direction)
        return None if load is None or not self.capacity_mbps else load.busy_bps / (self.capacity_mbps * 1e6)

    @property
    def fuller(self) -> Direction | None:
        """The direction that is nearer to its limit; ``None`` where the week is missing."""
        return max(self.loads, key=lambda one: self.loads[one].busy_bps, default=None)
