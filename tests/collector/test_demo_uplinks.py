"""The demo's uplinks: one with a forecast, one to plan for, and two without any, for unlike reasons."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from collector.demo.simulated_district import simulated_district
from collector.demo.uplinks import BIN, GROWTH, SimulatedUplinks
from collector.district.district import District
from collector.uplinks.school_weeks import school_weeks
from collector.verdict.uplinks.load import UplinkBin, UplinkWeek
from collector.verdict.uplinks.look_ahead import outlook
from collector.verdict.uplinks.outlook import Forecast, NoForecast, Outlook

DAYS = [
    datetime(2026, 11, 25, 15, tzinfo=UTC),
    datetime(2027, 7, 4, 22, tzinfo=UTC),
]


@cache
def district() -> District:
    return simulated_district(ZoneInfo("America/Chicago"))


@cache
def weeks(now: datetime) -> tuple[UplinkWeek, ...]:
    return tuple(SimulatedUplinks(district=district(), now=now, seed=7).weeks())


def told(now: datetime, uplink: str) -> Outlook:
    of_uplink = [one for one in weeks(now) if one.uplink == uplink]
    through = max(one.week for one in of_uplink)
    years = timedelta(weeks=104)
    taught = school_weeks([district().calendar], through - years, through + years)
    return outlook(uplink, of_uplink, school_weeks=taught, through=through)


@pytest.mark.parametrize("now", DAYS, ids=lambda now: f"{now:%Y-%m-%d}")
def test_each_uplink_tells_another_story_on_whatever_day(now: datetime) -> None:
    grows, full, young, steady = (told(now, uplink) for uplink in GROWTH)

    assert isinstance(grows.forecast, Forecast)
    assert full.level == "plan"
    assert isinstance(young.forecast, NoForecast)
    assert young.forecast.reason == "too_few_weeks"
    assert isinstance(steady.forecast, NoForecast)
    assert steady.forecast.reason == "no_trend"
    assert steady.level == "fine"
    assert all(one.week.weekday() == 0 for one in weeks(now))


def test_the_newest_weeks_are_what_their_bins_come_to() -> None:
    """A rate of the busiest hour that was counted is the week's 95th percentile, and its peak is the highest."""
    made = SimulatedUplinks(district=district(), now=DAYS[0], seed=7)
    bins = {(one.uplink, one.started_at): one for day in made.bins() for one in day}

    for week in (one for one in weeks(DAYS[0]) if one.week.isoformat() == "2026-11-16"):
        load = week.loads["down"]
        assert bins[week.uplink, load.peak_at].bps("down") == load.peak_bps
        assert load.busy_bps in {one.bps("down") for (uplink, _), one in bins.items() if uplink == week.uplink}


def test_bins_reach_to_now_and_go_on_as_they_began() -> None:
    made = SimulatedUplinks(district=district(), now=DAYS[0], seed=7)
    today: list[UplinkBin] = next(made.bins())

    newest = max(one.started_at for one in today)
    later = SimulatedUplinks(district=district(), now=newest + BIN, seed=7)

    assert newest == DAYS[0] - BIN
    assert [one for one in today if one.started_at == newest] == later.at(newest)
