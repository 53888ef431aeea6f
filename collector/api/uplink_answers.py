"""All uplinks as JSON: what is said of each, and the weeks that it stands on."""

from datetime import date, datetime

from collector.api.answers import Answer
from collector.api.brief_answers import BriefUplinkAnswer, uplink_answer
from collector.brief.uplink_words import brief_uplink
from collector.iso_week import week_text
from collector.verdict.uplinks.load import UplinkWeek, site_of_uplink
from collector.verdict.uplinks.outlook import Ahead, Forecast, Outlook
from wire.report_words import Direction
from wire.uplink_report import CountedBy


class LoadAnswer(Answer):
    """One direction in the lesson time of a week, in bits per second. `busy_bps` is the p95 of its five-minute rates in
    the local hour of the day `busy_hour`, in which that was highest, `busy_share` the same as a share of the capacity;
    `peak_bps` are the highest five minutes of all, which began at `peak_at`."""

    busy_bps: float
    busy_share: float | None
    busy_hour: int
    peak_bps: float
    peak_at: datetime


class UplinkWeekAnswer(Answer):
    """One week of lessons. Where too little was counted, `loads` are empty and the week is missing, not zero."""

    week: str
    first_day: date
    method: CountedBy | None
    capacity_mbps: int | None
    lesson_days: int
    counted_days: int
    counted_share: float
    loads: dict[Direction, LoadAnswer]


class AheadAnswer(Answer):
    """Where the busy hour will be in one week of lessons to come, as shares of the capacity, 0..1."""

    week: str
    first_day: date
    expected: float
    low: float
    high: float


class UplinkAnswer(BriefUplinkAnswer):
    """One uplink, with what is said of it in sentences, the weeks that it stands on, and the weeks of the forecast.

    `site` is ``null`` for the district's own. `slope` is what the share grows in a week of lessons, `slope_low` to
    `slope_high` hold it with 95 % confidence; `since` is the first week that the forecast, or its refusal, counts from.
    """

    site: str | None
    simulated: bool
    horizon_weeks: int | None
    slope: float | None
    slope_low: float | None
    slope_high: float | None
    since: date | None
    path: list[AheadAnswer]
    weeks: list[UplinkWeekAnswer]


class UplinksAnswer(Answer):
    """Every uplink that is counted, or of which the district's file says what it carries, after the lessons of `week`;
    before the first such week that is ``null``. Shares are 0..1 of the capacity."""

    district: str
    time_zone: str
    week: str | None
    first_day: date | None
    uplinks: list[UplinkAnswer]


def uplink_with_weeks(one: Outlook, names: dict[str, str], *, simulated: bool) -> UplinkAnswer:
    """An uplink as the API tells it; `names` are what the sites are called."""
    ahead = one.forecast
    told = ahead if isinstance(ahead, Forecast) else None
    return UplinkAnswer(
        **dict(uplink_answer(brief_uplink(one, names))),
        site=site_of_uplink(one.uplink),
        simulated=simulated,
        horizon_weeks=told.horizon_weeks if told else None,
        slope=told.slope if told else None,
        slope_low=told.slope_low if told else None,
        slope_high=told.slope_high if told else None,
        since=ahead.since,
        path=[_ahead(week) for week in told.path] if told else [],
        weeks=[_week(week) for week in one.weeks],
    )


def _ahead(one: Ahead) -> AheadAnswer:
    return AheadAnswer(week=week_text(one.week), first_day=one.week, expected=one.expected, low=one.low, high=one.high)


def _week(one: UplinkWeek) -> UplinkWeekAnswer:
    return UplinkWeekAnswer(
        week=week_text(one.week),
        first_day=one.week,
        method=one.method,
        capacity_mbps=one.capacity_mbps,
        lesson_days=one.lesson_days,
        counted_days=one.counted_days,
        counted_share=one.counted_share,
        loads={
            direction: LoadAnswer(
                busy_bps=load.busy_bps,
                busy_share=one.busy_share(direction),
                busy_hour=load.busy_hour,
                peak_bps=load.peak_bps,
                peak_at=load.peak_at,
            )
            for direction, load in one.loads.items()
        },
    )
