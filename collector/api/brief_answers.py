"""The weekly page as JSON: what it says, and every number that its faces show."""

from collections.abc import Mapping
from datetime import date, datetime

from collector.api.answers import Answer
from collector.brief.brief import Brief, BriefRoom, BriefUplink, Doing
from collector.brief.tables import GUIDANCE
from collector.iso_week import week_text
from collector.verdict.causes import BudgetLine, Cause, Confidence
from collector.verdict.marks import MarkQuality
from collector.verdict.uplinks.outlook import Forecast, Level, NoForecast, Refusal
from collector.verdict.week_sentence import week_sentence
from collector.verdict.weeks import Verdict
from wire.report_words import Direction


class StripAnswer(Answer):
    """A day of lessons, cell by cell, each `minutes` long and as bad as the worst of it."""

    name: str
    minutes: float
    cells: list[MarkQuality]
    summary: str


class BriefRoomAnswer(Answer):
    """A restricted room. `what` is how it was for a lesson, `evidence` the sentence of the board, `since` the Monday of
    the week in which it became restricted, ``null`` where that is longer ago than a year. Shares are 0..1."""

    site: str
    site_name: str
    room: str
    room_name: str
    simulated: bool
    what: str
    evidence: str
    cause: Cause | None
    cause_text: str
    confidence: Confidence | None
    budget_line: BudgetLine | None
    pays: str
    bad_share: float | None
    lower: float | None
    bad_minutes: float
    bad_days: int
    measured_days: int
    measured: str
    near_threshold: bool
    since: date | None
    strip: list[StripAnswer]


class DoingAnswer(Answer):
    """One thing to do; `options` are ways to do it, the cheapest first. `rooms` is how many it would mend."""

    title: str
    why: str
    budget_line: BudgetLine | None
    cause: Cause | None
    confidence: Confidence | None
    rooms: int
    bad_minutes: float
    options: list[str]


class ChangedAnswer(Answer):
    """A room whose verdict is another than the week before."""

    site_name: str
    room_name: str
    before: Verdict | None
    after: Verdict


class CorrectionAnswer(Answer):
    """A room of an earlier page whose verdict changed after that was mailed."""

    week: str
    site: str
    site_name: str
    room: str
    room_name: str
    mailed: Verdict
    now: Verdict


class ForecastAnswer(Answer):
    """Where the busy hour will be in the week that begins on `at_week`: `low` to `high` hold it in at least four cases
    of five. `crosses_from` and `crosses_until` are between which weeks it reaches 80 %. Shares are 0..1."""

    at_week: date
    expected: float
    low: float
    high: float
    crosses_from: date | None
    crosses_until: date | None


class NoForecastAnswer(Answer):
    """Why there is no forecast."""

    reason: Refusal
    known_weeks: int
    needed_weeks: int | None


class ScenarioAnswer(Answer):
    """An assumption, no forecast: if the load grew by `growth_a_year`."""

    growth_a_year: float
    reaches_at: date | None
    says: str


class BriefUplinkAnswer(Answer):
    """One uplink in its busy hour of the newest counted week. Of `forecast` and `no_forecast` one is ``null``."""

    uplink: str
    name: str
    level: Level
    direction: Direction
    week: str | None
    capacity_mbps: int | None
    busy_bps: float | None
    busy_share: float | None
    peak_bps: float | None
    headroom_bps: float | None
    says: str
    ahead: str
    forecast: ForecastAnswer | None
    no_forecast: NoForecastAnswer | None
    scenarios: list[ScenarioAnswer]


class StandingAnswer(Answer):
    """Capacity beside published planning guidance: `note` says that it is no verdict."""

    name: str
    users: int
    capacity_mbps: int
    mbps_per_user: float
    target_mbps_per_user: float
    target_mbps: float
    source: str
    meets: bool
    note: str = GUIDANCE


class BriefAnswer(Answer):
    """The page of one week, of the district or of one `site`. Minutes are of lesson time: `bad_minutes` were bad in all
    restricted rooms, of `measured_minutes` in all rooms. `rooms` are the worst of the restricted ones, `more_rooms` how
    many are not among them; ``/v1/weeks`` has every room. `files` are the page's other forms by their ending."""

    district: str
    time_zone: str
    site: str | None
    site_name: str | None
    week: str
    first_day: date
    made_at: datetime
    simulated: bool
    headline: str
    lead: str
    verdicts: dict[Verdict, int]
    bad_minutes: float
    measured_minutes: float
    to_do: list[DoingAnswer]
    later: list[DoingAnswer]
    rooms: list[BriefRoomAnswer]
    more_rooms: int
    at_risk: list[str]
    changes: list[ChangedAnswer]
    corrections: list[CorrectionAnswer]
    uplinks: list[BriefUplinkAnswer]
    standings: list[StandingAnswer]
    unknowns: list[str]
    method: list[str]
    files: dict[str, str]


def brief_answer(brief: Brief, files: Mapping[str, str]) -> BriefAnswer:
    """The page as the API tells it; `files` are the addresses of its other forms."""
    return BriefAnswer(
        district=brief.district_name,
        time_zone=brief.time_zone,
        site=brief.site,
        site_name=brief.site_name,
        week=week_text(brief.week),
        first_day=brief.week,
        made_at=brief.made_at,
        simulated=brief.simulated,
        headline=brief.headline,
        lead=brief.lead,
        verdicts=dict(brief.counts),
        bad_minutes=brief.bad_minutes,
        measured_minutes=brief.measured_minutes,
        to_do=list(map(_doing, brief.to_do)),
        later=list(map(_doing, brief.later)),
        rooms=[_room(one) for one in brief.rooms],
        more_rooms=brief.more_rooms,
        at_risk=list(brief.at_risk),
        changes=[
            ChangedAnswer(site_name=one.site_name, room_name=one.room_name, before=one.before, after=one.after)
            for one in brief.changes
        ],
        corrections=[
            CorrectionAnswer(
                week=week_text(one.week),
                site=one.site,
                site_name=one.site_name,
                room=one.room,
                room_name=one.room_name,
                mailed=one.mailed,
                now=one.now,
            )
            for one in brief.corrections
        ],
        uplinks=[uplink_answer(one) for one in brief.uplinks],
        standings=[
            StandingAnswer(
                name=one.name,
                users=one.users,
                capacity_mbps=one.capacity_mbps,
                mbps_per_user=one.mbps_per_user,
                target_mbps_per_user=one.target_mbps_per_user,
                target_mbps=one.target_mbps,
                source=one.source,
                meets=one.meets,
            )
            for one in brief.standings
        ],
        unknowns=list(brief.unknowns),
        method=list(brief.method),
        files=dict(files),
    )


def _doing(one: Doing) -> DoingAnswer:
    return DoingAnswer(
        title=one.title,
        why=one.why,
        budget_line=one.budget_line,
        cause=one.cause,
        confidence=one.confidence,
        rooms=one.rooms,
        bad_minutes=one.bad_minutes,
        options=list(one.options),
    )


def _room(one: BriefRoom) -> BriefRoomAnswer:
    week = one.week
    return BriefRoomAnswer(
        site=week.site,
        site_name=one.site_name,
        room=week.room,
        room_name=one.room_name,
        simulated=one.simulated,
        what=one.what,
        evidence=week_sentence(one.room_name, week),
        cause=week.cause,
        cause_text=one.cause,
        confidence=week.confidence,
        budget_line=week.budget_line,
        pays=one.pays,
        bad_share=week.bad_share,
        lower=week.lower,
        bad_minutes=one.bad_minutes,
        bad_days=week.bad_days,
        measured_days=week.measured_days,
        measured=one.measured,
        near_threshold=week.near_threshold,
        since=one.since,
        strip=[
            StripAnswer(name=day.name, minutes=day.minutes, cells=list(day.cells), summary=day.summary)
            for day in one.strip
        ],
    )


def uplink_answer(one: BriefUplink) -> BriefUplinkAnswer:
    """An uplink as the API tells it."""
    outlook, newest = one.outlook, one.outlook.newest
    load = newest.loads.get(outlook.direction) if newest else None
    return BriefUplinkAnswer(
        uplink=outlook.uplink,
        name=one.name,
        level=outlook.level,
        direction=outlook.direction,
        week=week_text(newest.week) if newest else None,
        capacity_mbps=newest.capacity_mbps if newest else None,
        busy_bps=load.busy_bps if load else None,
        busy_share=newest.busy_share(outlook.direction) if newest else None,
        peak_bps=load.peak_bps if load else None,
        headroom_bps=outlook.headroom_bps,
        says=one.says,
        ahead=one.ahead,
        forecast=_forecast(outlook.forecast) if isinstance(outlook.forecast, Forecast) else None,
        no_forecast=_no_forecast(outlook.forecast) if isinstance(outlook.forecast, NoForecast) else None,
        scenarios=[
            ScenarioAnswer(growth_a_year=told.growth_a_year, reaches_at=told.reaches_at, says=says)
            for told, says in zip(outlook.scenarios, one.scenarios, strict=True)
        ],
    )


def _forecast(one: Forecast) -> ForecastAnswer:
    return ForecastAnswer(
        at_week=one.at_week,
        expected=one.expected,
        low=one.low,
        high=one.high,
        crosses_from=one.crosses_from,
        crosses_until=one.crosses_until,
    )


def _no_forecast(one: NoForecast) -> NoForecastAnswer:
    return NoForecastAnswer(reason=one.reason, known_weeks=one.known_weeks, needed_weeks=one.needed_weeks)
