"""Capacity: how full each uplink is in its busy hour, what is ahead of it, and how it stands against guidance."""

from grafana_foundation_sdk.builders import dashboard, stat, timeseries

from collector.store.influx_schema import UPLINK_BIN, UPLINK_OUTLOOK, UPLINK_WEEK
from collector.verdict.uplinks.outlook import LEVEL_SHARES
from dashboards.capacity_tables import standings, uplinks
from dashboards.influxql import Chosen, Column, Select, Target, Where
from dashboards.pages import CAPACITY, new_dashboard, uplink_variable
from dashboards.panels import (
    Options,
    as_lines,
    called,
    colour,
    coloured_from,
    in_line_colours,
    limits,
    lines,
    numbers,
    words_of,
)
from dashboards.words import BAD, DEGRADED, NO_LESSON, WATCH, absent, no_date, refusals

WATCH_SHARE, PLAN_SHARE, ACT_SHARE = (LEVEL_SHARES[level] for level in ("watch", "plan", "act"))

_A_WEEK = "7d, 108h"
"""Weeks from Monday noon UTC, as their points have it; InfluxDB counts its own from a Thursday."""

_NONE_YET = "No week of this uplink is over and counted yet."
_OF_UPLINK = (Chosen(name="uplink"),)


def capacity() -> dashboard.Dashboard:
    """The page, from top to bottom."""
    return (
        new_dashboard(CAPACITY, since="now-1y", refresh="5m")
        .with_variable(uplink_variable())
        .with_panel(uplinks(1))
        .with_row(dashboard.Row("$uplink").id(2))
        .with_panel(busy_hours(3))
        .with_panel(rates(4))
        .with_panel(ahead(5))
        .with_panel(assumed(6))
        .with_panel(today(7))
        .with_row(dashboard.Row("Planning guidance").id(8))
        .with_panel(standings(9))
    )


def busy_hours(number: int) -> timeseries.Panel:
    """The p95 of the busy hour of each week, as a share of the capacity, in both directions."""
    panel = (
        lines(
            number,
            "How full was its busy hour, week by week?",
            "The 95th percentile of its five-minute rates in the hour of the day in which lessons filled it most, as a "
            "share of its capacity; peak is its fullest five minutes. Dashed: watch, plan, act. A gap is a week "
            "without lessons, or one in which too little was counted.",
            _weekly(("down_busy_share", "down"), ("up_busy_share", "up"), ("peak_share", "peak"), known="busy_share"),
            nothing=_NONE_YET,
            size=(12, 10),
        )
        .unit("percentunit")
        .min(0)
        .axis_soft_max(1)
        .decimals(0)
        .thresholds(
            limits((None, "transparent"), (WATCH_SHARE, WATCH), (PLAN_SHARE, DEGRADED), (ACT_SHARE, BAD)),
        )
        .thresholds_style(as_lines())
    )
    return in_line_colours(panel, "down", "up", "peak")


def rates(number: int) -> timeseries.Panel:
    """The busy hour of the fuller direction in bits per second, beside the capacity and 80 % of it."""
    panel = lines(
        number,
        "How much was left in its busy hour?",
        "The busy hour of the fuller direction, the capacity as it was in that week, and 80 % of that: what lies "
        "between is headroom.",
        _weekly(("busy_bps", "busy hour"), known="busy_bps"),
        _weekly(("limit_bps", "80 %"), ("capacity_bps", "capacity"), known="limit_bps", ref_id="B"),
        nothing=_NONE_YET,
        size=(12, 10),
    )
    in_line_colours(panel.unit("bps").min(0), "busy hour", "capacity")
    return panel.override_by_name("80 %", [colour(BAD)])


def ahead(number: int) -> stat.Panel:
    """The forecast as numbers, or why there is none."""
    shown = {
        "at_week": called("In the week from", words_of(no_date("no forecast"))),
        "low": called("At least", words_of(absent())),
        "expected": called("Most likely", words_of(absent())),
        "high": called("At most", words_of(absent())),
        "refusal": called("Why there is none", words_of(refusals())),
    }
    panel = (
        numbers(
            number,
            "Where will its busy hour be?",
            "By the trend of its weeks: in four cases of five it will be between the two. Where that cannot be told "
            "honestly there is no forecast, and the reason stands here.",
            _newest(*shown),
            nothing=_NONE_YET,
            size=(14, 6),
            fields="/^(?!Time$).*/",
        )
        .unit("percentunit")
        .decimals(0)
    )
    return _named(panel, shown)


def assumed(number: int) -> stat.Panel:
    """When it would be full if it grew by so much."""
    shown = {
        f"reaches_{growth}": called(title, words_of(no_date("not in five years")))
        for growth, title in ((0, "if nothing grew"), (20, "at +20 % a year"), (50, "at +50 % a year"))
    }
    panel = numbers(
        number,
        "Assumed, no forecast: when would 80 % be reached?",
        "Three assumptions about growth from how full it is now, in calendar time. None of them is foretold.",
        _newest(*shown, where=Where(name="scenarios", sign="!=", value="")),
        nothing="How full it is now is not known, so nothing is assumed.",
        size=(10, 6),
        fields="/^(?!Time$).*/",
    )
    return _named(panel, shown)


def today(number: int) -> timeseries.Panel:
    """The five-minute rates of the last 24 hours."""
    select = Select(
        source=UPLINK_BIN,
        columns=(Column(name="down_share", shown="down"), Column(name="up_share", shown="up")),
        during="range",
        where=(*_OF_UPLINK, Where(name="down_share", sign=">=", value=0)),
    )
    panel = (
        lines(
            number,
            "How full was it in the last 24 hours?",
            "Averages of five minutes, lessons or not, as a share of the capacity. Bursts within them are not seen.",
            Target(select=select, alias="$col"),
            nothing="Nothing was counted in the last 24 hours, or its capacity is not known.",
            size=(24, 8),
        )
        .unit("percentunit")
        .min(0)
        .axis_soft_max(1)
        .decimals(0)
        .thresholds(limits((None, "transparent"), (ACT_SHARE, BAD)))
        .thresholds_style(as_lines())
        .time_from("24h")
    )
    return in_line_colours(panel, "down", "up")


def _weekly(*fields: tuple[str, str], known: str, ref_id: str = "A") -> Target:
    select = Select(
        source=UPLINK_WEEK,
        columns=tuple(Column(name=name, function="last", shown=shown) for name, shown in fields),
        during="range",
        where=(*_OF_UPLINK, Where(name=known, sign=">=", value=0)),
        every=_A_WEEK,
        fill="null",
    )
    return Target(select=select, alias="$col", ref_id=ref_id)


def _newest(*fields: str, where: Where | None = None) -> Target:
    """Of the newest outlook of the chosen uplink."""
    first, *others = fields
    select = Select(
        source=UPLINK_OUTLOOK,
        columns=(Column(name=first, function="last", shown=first), *(Column(name=name) for name in others)),
        during="range",
        where=(*_OF_UPLINK, *(() if where is None else (where,))),
    )
    return Target(select=select, table=True)


def _named(panel: stat.Panel, shown: dict[str, Options]) -> stat.Panel:
    for name, options in shown.items():
        panel.override_by_name(name, [*options, coloured_from(0, NO_LESSON, otherwise=NO_LESSON)])
    return panel
