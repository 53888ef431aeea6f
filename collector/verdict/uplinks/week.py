"""A school week of an uplink, of its five-minute bins."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from collector.verdict.uplinks.load import (
    BIN_SECONDS,
    COUNTED_SHARE,
    FEWEST_DAYS,
    Load,
    UplinkBin,
    UplinkWeek,
)
from wire.report_words import Direction

PERCENT = 95
FEWEST_BINS = 20
"""Of fewer rates the 95th percentile is the highest: an hour with so few of them in lessons is not the busy one."""

ENOUGH_SECONDS = BIN_SECONDS / 2
"""A bin of which less was counted tells no five-minute rate, and counts as one that was not counted."""


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a bin lies in the week's lessons: the lesson's local day, and the hour that the clocks show."""

    day: date
    hour: int


def uplink_week(
    uplink: str,
    week: date,
    *,
    slots: Mapping[datetime, Slot],
    bins: Sequence[UplinkBin],
    capacity_mbps: int | None = None,
) -> UplinkWeek:
    """The week that begins on the Monday `week`. `slots` are all bins of its lesson time by their start, `bins` those
    that were counted, ascending; what is not in a slot is passed over. `capacity_mbps` is that of a week of which
    nothing was counted."""
    counted = [one for one in bins if one.started_at in slots and one.counted_seconds >= ENOUGH_SECONDS]
    of_day = Counter(slot.day for slot in slots.values())
    counted_of_day = Counter(slots[one.started_at].day for one in counted)
    days = sum(count >= COUNTED_SHARE * of_day[day] for day, count in counted_of_day.items())
    share = len(counted) / len(slots) if slots else 0.0
    enough = days >= FEWEST_DAYS and share >= COUNTED_SHARE
    ways: tuple[Direction, ...] = ("down", "up")
    return UplinkWeek(
        uplink=uplink,
        week=week,
        method=Counter(one.method for one in counted).most_common(1)[0][0] if counted else None,
        capacity_mbps=counted[-1].capacity_mbps if counted else capacity_mbps,
        lesson_days=len(of_day),
        counted_days=days,
        counted_share=share,
        loads={way: _load(way, counted, slots) for way in ways} if enough else {},
    )


def _load(way: Direction, counted: Sequence[UplinkBin], slots: Mapping[datetime, Slot]) -> Load:
    by_hour: dict[int, list[float]] = defaultdict(list)
    peak_bps, peak_at = -1.0, counted[0].started_at
    for one in counted:
        rate = one.bps(way) or 0.0
        by_hour[slots[one.started_at].hour].append(rate)
        if rate > peak_bps:
            peak_bps, peak_at = rate, one.started_at
    enough = {hour: rates for hour, rates in by_hour.items() if len(rates) >= FEWEST_BINS} or by_hour
    busy = {hour: percentile(rates) for hour, rates in enough.items()}
    hour = max(sorted(busy), key=lambda hour: busy[hour])
    return Load(busy_bps=busy[hour], busy_hour=hour, peak_bps=peak_bps, peak_at=peak_at)


def percentile(rates: Sequence[float]) -> float:
    """Their 95th percentile by nearest rank: the smallest rate that at least 95 % of them do not exceed, so one that
    was measured and none between two (Hyndman & Fan 1996, definition 1)."""
    return sorted(rates)[-(-PERCENT * len(rates) // 100) - 1]
