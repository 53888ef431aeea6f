"""Uplinks of every kind, made by hand."""

from datetime import UTC, date, datetime, timedelta

from collector.verdict.uplinks.load import Load, UplinkWeek
from collector.verdict.uplinks.outlook import Forecast, Level, NoForecast, Outlook, Scenario
from tests.collector.week_builders import MONDAY


def growing() -> Outlook:
    """Three quarters full, with a forecast; one of its weeks was not counted."""
    shares: list[float | None] = [0.52 + 0.0085 * number + (0.02 if number % 3 else -0.02) for number in range(26)]
    shares[9] = None
    forecast = Forecast(
        horizon_weeks=12,
        at_week=date(2026, 6, 1),
        expected=0.84,
        low=0.77,
        high=0.91,
        slope=0.0083,
        slope_low=0.006,
        slope_high=0.0104,
        crosses_from=date(2026, 4, 13),
        crosses_until=date(2026, 6, 8),
    )
    return an_outlook(uplink_weeks("site:lakeside", shares, 500), level="plan", forecast=forecast)


def young() -> Outlook:
    """Counted for four weeks."""
    weeks = uplink_weeks("district", [0.39, 0.42, 0.4, 0.44], 2_000)
    return an_outlook(weeks, level="fine", forecast=NoForecast(reason="too_few_weeks", known_weeks=4, needed_weeks=21))


def full() -> Outlook:
    """At its limit, and a little beyond it."""
    weeks = uplink_weeks("site:summit", [0.7, 0.82, 0.91, 0.97, 1.02], 200)
    return an_outlook(weeks, level="act", forecast=NoForecast(reason="saturated", known_weeks=5))


def uncounted() -> Outlook:
    """Nothing counts it."""
    return an_outlook((), level="unknown", forecast=NoForecast(reason="not_counted", known_weeks=0))


def uplink_weeks(uplink: str, shares: list[float | None], capacity_mbps: int) -> tuple[UplinkWeek, ...]:
    """Weeks up to `MONDAY` whose busy hour was that full."""
    return tuple(
        _week(uplink, MONDAY - timedelta(weeks=len(shares) - 1 - number), share, capacity_mbps)
        for number, share in enumerate(shares)
    )


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


def an_outlook(weeks: tuple[UplinkWeek, ...], *, level: Level, forecast: Forecast | NoForecast) -> Outlook:
    newest = next((one for one in reversed(weeks) if not one.missing), None)
    headroom = None
    scenarios: tuple[Scenario, ...] = ()
    if newest is not None and newest.capacity_mbps:
        headroom = 0.8e6 * newest.capacity_mbps - newest.loads["down"].busy_bps
        scenarios = (
            Scenario(growth_a_year=0.0, reaches_at=None),
            Scenario(growth_a_year=0.2, reaches_at=date(2026, 8, 3)),
            Scenario(growth_a_year=0.5, reaches_at=date(2026, 5, 4)),
        )
    return Outlook(
        uplink=weeks[0].uplink if weeks else "district",
        direction="down",
        level=level,
        weeks=weeks,
        newest=newest,
        headroom_bps=headroom,
        forecast=forecast,
        scenarios=scenarios,
    )
