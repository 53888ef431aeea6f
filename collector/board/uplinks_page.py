"""The page of the uplinks: values in, HTML out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from markupsafe import Markup

from collector.board.answer import freshness
from collector.board.environment import render
from collector.board.uplink_chart import NARROW, WIDE, chart_summary, uplink_chart
from collector.iso_week import week_span, week_text
from collector.now import DistrictNow
from collector.verdict.room_state import State
from collector.verdict.uplinks.load import DISTRICT, UplinkWeek, site_of_uplink, site_uplink
from collector.verdict.uplinks.outlook import Forecast, Level, Outlook
from collector.verdict.uplinks.words import (
    LEVEL_MEANINGS,
    LEVEL_WORDS,
    ahead,
    mbits,
    says,
    scenario,
    uplink_name,
)
from collector.verdict.week_sentence import percent

SHAPES: dict[Level, State] = {
    "act": "bad",
    "plan": "degraded",
    "watch": "degraded",
    "fine": "ok",
    "unknown": "unknown",
}
"""The mark of each level, beside its word."""

MOST_CHARTS = 40
"""The page draws this many uplinks, the most urgent ones; of the others it has the sentences, and the API all weeks."""

NEWEST_WEEKS = 8
"""Weeks of an uplink that stand as numbers beneath its drawing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekRow:
    """One week as numbers."""

    week: str
    span: str
    share: str
    rate: str
    hour: str
    peak: str
    counted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkView:
    """One uplink as shown. `charts` are the same drawing wide and narrow, empty where too little is known."""

    key: str
    name: str
    site: str | None
    simulated: bool
    level: Level
    says: str
    ahead: str
    told: bool
    scenarios: tuple[str, ...]
    charts: Markup
    summary: str
    rows: tuple[WeekRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelCount:
    """How many uplinks have a level."""

    level: Level
    count: int


def uplinks_page(district: DistrictNow, found: Sequence[Outlook], *, through: date | None, now: datetime) -> str:
    """The page at ``/uplinks``: how full each is against its capacity, and what is ahead. `through` is the newest week
    whose lessons are over, ``None`` before the first. `now` is aware."""
    order = list(LEVEL_WORDS)
    ranked = sorted(found, key=lambda one: order.index(one.level))
    views = [_view(one, district, drawn=at < MOST_CHARTS) for at, one in enumerate(ranked)]
    return render(
        "uplinks.html",
        district=district,
        now=now,
        fresh=freshness(tuple(district.rooms()), district, now),
        headline=headline(views),
        week=None if through is None else week_text(through),
        span=None if through is None else week_span(through),
        counts=[LevelCount(level=level, count=sum(one.level == level for one in views)) for level in LEVEL_WORDS],
        uplinks=views,
        level_words=LEVEL_WORDS,
        level_meanings=LEVEL_MEANINGS,
        level_shapes=SHAPES,
        simulated=sum(one.simulated for one in views),
    )


def is_simulated(uplink: str, district: DistrictNow) -> bool:
    """Whether it is one of a demo: its site is, or, of the way out of all of them, one of these."""
    return any(site.simulated for site in district.sites if uplink in {DISTRICT, site_uplink(site.site)})


def headline(uplinks: Sequence[UplinkView]) -> str:
    """What there is to do, in a few words."""
    if not uplinks:
        return "No week of an uplink is known yet"
    for level, words in (("act", "at its limit"), ("plan", "plan the upgrade"), ("watch", "to be watched")):
        names = [one.name for one in uplinks if one.level == level]
        if names:
            return f"{_few(names)}: {words if len(names) == 1 else words.replace('its limit', 'their limits')}"
    if all(one.level == "unknown" for one in uplinks):
        return "How full the uplinks are is not known yet"
    return "No uplink is near its limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkLine:
    """What the first page says of the uplinks, and the shape beside it."""

    shape: State
    says: str


def uplink_line(district: DistrictNow, found: Sequence[Outlook]) -> UplinkLine | None:
    """The uplinks that are to be acted on, else those to be planned for; ``None`` where there is nothing to do."""
    names = {site.site: site.name for site in district.sites}
    levels: tuple[Level, ...] = ("act", "plan")
    for level in levels:
        full = [one for one in found if one.level == level]
        if full:
            return UplinkLine(shape=SHAPES[level], says=f"{_how_full(full, names)}: {LEVEL_WORDS[level]}")
    return None


def _how_full(full: Sequence[Outlook], names: dict[str, str]) -> str:
    shares = [one.newest.busy_share(one.direction) or 0.0 for one in full if one.newest]
    called = [uplink_name(one.uplink, names) for one in full]
    if len(full) > 1:
        return f"{len(full)} uplinks ({_few(called)}) are up to {percent(max(shares))} full in their busiest hour"
    whose = called[0] if full[0].uplink == DISTRICT else f"The uplink of {called[0]}"
    return f"{whose} is {percent(shares[0])} full in its busiest hour"


def _few(names: Sequence[str]) -> str:
    listed = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"


def _view(one: Outlook, district: DistrictNow, *, drawn: bool) -> UplinkView:
    sites = {site.site: site for site in district.sites}
    site = sites.get(site_of_uplink(one.uplink) or "")
    charts = [
        uplink_chart(one, width=width, kind=kind) for kind, width in (("wide", WIDE), ("narrow", NARROW)) if drawn
    ]
    return UplinkView(
        key="district" if one.uplink == DISTRICT else one.uplink,
        name=uplink_name(one.uplink, {name: site.name for name, site in sites.items()}),
        site=site.site if site else None,
        simulated=is_simulated(one.uplink, district),
        level=one.level,
        says=says(one),
        ahead=ahead(one),
        told=isinstance(one.forecast, Forecast),
        scenarios=tuple(map(scenario, one.scenarios)),
        charts=Markup("".join(charts)),  # noqa: S704 - the drawing escapes its words
        summary=chart_summary(one),
        rows=tuple(_row(week, one) for week in reversed(one.weeks[-NEWEST_WEEKS:])),
    )


def _row(week: UplinkWeek, one: Outlook) -> WeekRow:
    load, share = week.loads.get(one.direction), week.busy_share(one.direction)
    return WeekRow(
        week=week_text(week.week),
        span=week_span(week.week),
        share="" if share is None else percent(share),
        rate="" if load is None else f"{mbits(load.busy_bps)} {one.direction}",
        hour="" if load is None else f"{load.busy_hour:02d}:00",
        peak="" if load is None else mbits(load.peak_bps),
        counted=f"{week.counted_days} of {week.lesson_days} days, {percent(week.counted_share)} of the time",
    )
