"""Uplinks whose every week is given as a share of their capacity."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from collector.verdict.uplinks.load import Load, UplinkWeek, site_uplink
from collector.verdict.uplinks.look_ahead import outlook
from collector.verdict.uplinks.outlook import Outlook

FIRST = date(2025, 9, 1)
CAPACITY = 1000
OAK_HILL = site_uplink("oak-hill")


def monday(index: int, first: date = FIRST) -> date:
    """The Monday that many weeks after the first."""
    return first + timedelta(weeks=index)


def a_week(
    share: float | None, week: date = FIRST, *, capacity: int | None = CAPACITY, up: float = 0.1, uplink: str = OAK_HILL
) -> UplinkWeek:
    """A week in which the busy hour took that share of `CAPACITY`, or of `capacity` where that is known; missing for
    ``None``."""
    whole = (capacity or CAPACITY) * 1e6
    at = datetime.combine(week + timedelta(days=1), time(15, 35), UTC)

    def load(part: float) -> Load:
        return Load(busy_bps=part * whole, busy_hour=10, peak_bps=part * whole * 1.1, peak_at=at)

    return UplinkWeek(
        uplink=uplink,
        week=week,
        method="snmp",
        capacity_mbps=capacity,
        lesson_days=5,
        counted_days=5 if share is not None else 1,
        counted_share=1.0 if share is not None else 0.2,
        loads={"down": load(share), "up": load(up)} if share is not None else {},
    )


def weeks_of(
    shares: Sequence[float | None], *, first: date = FIRST, capacity: int | None = CAPACITY
) -> list[UplinkWeek]:
    """One week after the other."""
    return [a_week(share, monday(index, first), capacity=capacity) for index, share in enumerate(shares)]


class KeptUplinks:
    """Weeks of uplinks in memory, as a store gives them; it counts how often it is asked."""

    def __init__(self, weeks: Sequence[UplinkWeek], newest_week: Callable[[], date | None] = lambda: None) -> None:
        self.weeks = list(weeks)
        self.newest_week = newest_week
        self.asked = 0

    @property
    def uplinks(self) -> "KeptUplinks":
        """Itself: a store's part."""
        return self

    def weeks_between(self, first: date, last: date, *, uplink: str | None = None) -> dict[str, list[UplinkWeek]]:
        """Per uplink, ascending."""
        self.asked += 1
        found: dict[str, list[UplinkWeek]] = {}
        for one in sorted(self.weeks, key=lambda one: one.week):
            if first <= one.week <= last and uplink in {None, one.uplink}:
                found.setdefault(one.uplink, []).append(one)
        return found


def looked_at(weeks: Sequence[UplinkWeek], *, through: date | None = None, ahead: int = 60) -> Outlook:
    """What these weeks tell after the last of them, where each week has lessons."""
    last = through or max(one.week for one in weeks)
    first = min(one.week for one in weeks)
    count = (last - first).days // 7 + 1 + ahead
    return outlook(OAK_HILL, weeks, school_weeks=[monday(index, first) for index in range(count)], through=last)
