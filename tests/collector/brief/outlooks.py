"""Uplinks of every kind: made-up weeks, and what the real rule says of them."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

from collector.verdict.uplinks.load import Load, UplinkWeek
from collector.verdict.uplinks.look_ahead import outlook
from collector.verdict.uplinks.outlook import Outlook
from tests.collector.week_builders import MONDAY

SEED = 3


def growing() -> Outlook:
    """Three quarters full, with a forecast; one of its weeks was not counted."""
    chance = Random(SEED)
    shares: list[float | None] = [0.46 + 0.0075 * number + chance.gauss(0, 0.012) for number in range(40)]
    shares[17] = None
    return told("site:lakeside", shares, 500)


def young() -> Outlook:
    """Counted for four weeks."""
    return told("district", [0.39, 0.42, 0.4, 0.44], 2_000)


def full() -> Outlook:
    """At its limit, and a little beyond it."""
    return told("site:summit", [0.7, 0.82, 0.91, 0.97, 1.02] * 4, 200)


def uncounted() -> Outlook:
    """Nothing counts it."""
    return told("district", [], 2_000)


def told(uplink: str, shares: Sequence[float | None], capacity_mbps: int) -> Outlook:
    """What is said of the weeks up to `MONDAY` whose busy hour was that full."""
    weeks = [
        _week(uplink, MONDAY - timedelta(weeks=len(shares) - 1 - number), share, capacity_mbps)
        for number, share in enumerate(shares)
    ]
    taught = [MONDAY + timedelta(weeks=number) for number in range(-len(shares) + 1, 60)]
    return outlook(uplink, weeks, school_weeks=taught, through=MONDAY)


def _week(uplink: str, monday: date, share: float | None, capacity_mbps: int) -> UplinkWeek:
    busy = (share or 0) * capacity_mbps * 1e6
    peak_at = datetime(2026, 3, 4, 16, 20, tzinfo=UTC)
    load = Load(busy_bps=busy, busy_hour=10, peak_bps=1.15 * busy, peak_at=peak_at)
    return UplinkWeek(
        uplink=uplink,
        week=monday,
        method="snmp",
        capacity_mbps=capacity_mbps,
        lesson_days=5,
        counted_days=0 if share is None else 5,
        counted_share=0.0 if share is None else 0.98,
        loads={} if share is None else {"down": load},
    )
