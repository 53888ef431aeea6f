"""Uplinks of the known week, as the collector writes them: one full, one with a forecast, one whose capacity nobody
says."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from collector.store.influx_uplink_rows import OutlookTold, UplinkNamed, bin_line, outlook_line, week_line
from collector.verdict.uplinks.load import Load, UplinkBin, UplinkWeek
from collector.verdict.uplinks.outlook import Forecast, Level, NoForecast, Outlook, Scenario
from tests.dashboards.known_rooms import OAK_HILL

OAK, EGRESS, RIVER = "site:oak-hill", "district", "site:river"
NAMES = {
    OAK: UplinkNamed(site="oak-hill", name=OAK_HILL),
    EGRESS: UplinkNamed(site="", name="The district's way out"),
    RIVER: UplinkNamed(site="river", name="River School"),
}
CAPACITY_MBPS = {OAK: 500, EGRESS: 1000, RIVER: None}
MONDAY = date(2026, 11, 9)
WEEKS = 6
MISSING = 3
"""So many weeks before the newest one too little was counted of Oak Hill's."""

TOLD = {
    OAK: OutlookTold(
        sentence="80 % of the line will be reached not before 4 January 2027.",
        scenarios="If nothing grew: not within five years\nIf it grew 20 % a year: in March 2027",
    ),
    EGRESS: OutlookTold(sentence="No forecast: 12 of 13 weeks are known.", scenarios="If nothing grew: it is full"),
    RIVER: OutlookTold(sentence="No forecast: its capacity is not known."),
}


def known_bins(now: datetime) -> Iterator[str]:
    """A day and a half of five minutes: 200 Mbit/s down of Oak Hill's, 40 up."""
    for ago in range(1, 36 * 12 + 1):
        one = UplinkBin(
            uplink=OAK,
            started_at=now - timedelta(minutes=5 * ago),
            method="snmp",
            counted_seconds=300,
            down_bytes=200_000_000 * 300 // 8,
            up_bytes=40_000_000 * 300 // 8,
            capacity_mbps=500,
        )
        yield bin_line(one, NAMES[OAK])


def known_week(uplink: str, ago: int) -> UplinkWeek:
    """So many weeks before the newest one: Oak Hill's grew by 2 % of its capacity each week, up to 74 %; the district's
    way out stood at 85 %."""
    missing = uplink == OAK and ago == MISSING
    capacity_mbps = CAPACITY_MBPS[uplink]
    share = {OAK: 0.74 - 0.02 * ago, EGRESS: 0.85, RIVER: 0.5}[uplink]
    bps = share * (capacity_mbps or 100) * 1e6
    peak_at = datetime.combine(MONDAY - timedelta(weeks=ago), datetime.min.time(), tzinfo=UTC) + timedelta(hours=16)
    down = Load(busy_bps=bps, busy_hour=10, peak_bps=1.1 * bps, peak_at=peak_at)
    up = Load(busy_bps=bps / 10, busy_hour=13, peak_bps=bps / 5, peak_at=peak_at)
    return UplinkWeek(
        uplink=uplink,
        week=MONDAY - timedelta(weeks=ago),
        method=None if missing else "snmp",
        capacity_mbps=capacity_mbps,
        lesson_days=5,
        counted_days=0 if missing else 5,
        counted_share=0.0 if missing else 1.0,
        loads={} if missing else {"down": down, "up": up},
    )


FORECAST = Forecast(
    horizon_weeks=12,
    at_week=date(2027, 2, 15),
    expected=0.81,
    low=0.76,
    high=0.87,
    slope=0.006,
    slope_low=0.004,
    slope_high=0.008,
    crosses_from=date(2027, 1, 4),
    crosses_until=None,
)
ASSUMED = (
    Scenario(growth_a_year=0.0, reaches_at=None),
    Scenario(growth_a_year=0.2, reaches_at=date(2027, 3, 29)),
    Scenario(growth_a_year=0.5, reaches_at=date(2027, 1, 18)),
)


def known_outlook(uplink: str, ago: int) -> Outlook:
    """What was to be said so many weeks before the newest one."""
    level: dict[str, Level] = {OAK: "plan" if ago == 0 else "watch", EGRESS: "act", RIVER: "unknown"}
    weeks = tuple(known_week(uplink, back) for back in range(WEEKS - 1, ago - 1, -1))
    newest = next(one for one in reversed(weeks) if not one.missing)
    return Outlook(
        uplink=uplink,
        direction="down",
        level=level[uplink],
        weeks=weeks,
        newest=newest,
        headroom_bps=None,
        forecast=FORECAST
        if (uplink, ago) == (OAK, 0)
        else NoForecast(reason="no_capacity", known_weeks=6)
        if uplink == RIVER
        else NoForecast(reason="too_few_weeks", known_weeks=12, needed_weeks=13),
        scenarios=() if uplink == RIVER else ASSUMED,
    )


def known_uplink_weeks() -> Iterator[str]:
    """Weeks and what was said of them."""
    for uplink, named in NAMES.items():
        for ago in range(WEEKS):
            week = known_week(uplink, ago)
            yield week_line(week, named)
            yield outlook_line(week.week, known_outlook(uplink, ago), named, TOLD[uplink])
