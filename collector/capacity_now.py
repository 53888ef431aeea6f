"""How much each room's line gave, by its newest capacity test in each direction. Pure. No room is judged by it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from collector.store.protocol import Arrival
from wire.histogram import Histogram
from wire.reports import ThroughputReport

LOOK_BACK = timedelta(days=8)
"""A test of the last week is the newest there is on a Monday, or after an admin asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacitySeen:
    """The newest capacity test of a room in one direction; of several agents the newest one's."""

    site: str
    room: str
    started_at: datetime
    report: ThroughputReport

    @property
    def ended_at(self) -> datetime:
        """When it was over."""
        return self.started_at + timedelta(milliseconds=self.report.duration_ms)

    @property
    def idle_rtt_ms(self) -> float | None:
        """The shortest round trip before it, in milliseconds."""
        return None if self.report.idle_rtt_us is None else self.report.idle_rtt_us / 1000

    @property
    def working_p95_ms(self) -> float | None:
        """The 95th percentile of the round trips while it ran, in milliseconds."""
        us = Histogram.from_text(self.report.working_histogram).quantile(0.95)
        return None if us is None else us / 1000


def capacity_now(arrivals: Iterable[Arrival]) -> tuple[CapacitySeen, ...]:
    """The newest test of each room and direction among `arrivals`, ``down`` before ``up``."""
    newest: dict[tuple[str, str, str], CapacitySeen] = {}
    for one in arrivals:
        report = one.report
        if not isinstance(report, ThroughputReport) or report.method != "capacity":
            continue
        key = (one.site, one.room, report.direction)
        if key not in newest or newest[key].started_at < one.started_at:
            newest[key] = CapacitySeen(site=one.site, room=one.room, started_at=one.started_at, report=report)
    return tuple(seen for _, seen in sorted(newest.items()))
