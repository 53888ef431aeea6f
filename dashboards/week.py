"""Week: which rooms were restricted in a week of lessons, how sure that is, why, and what changed."""

from grafana_foundation_sdk.builders import common, dashboard, stat, table, timeseries
from grafana_foundation_sdk.models.common import StackingMode
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

from collector.store.influx_schema import ROOM_WEEK
from collector.verdict.week_sentence import VERDICT_WORDS
from dashboards.influxql import Column, Select, Target
from dashboards.pages import WEEK, new_dashboard, week_variable
from dashboards.panels import bars, called, colour, coloured_from, column, highest, in_order, numbers, the_table
from dashboards.week_table import (
    AT_LEAST_AT_RISK,
    BAD_HOURS,
    NONE_IN_TROUBLE,
    changed_rooms,
    troubled_rooms,
    unknown_rooms,
)
from dashboards.words import NO_LESSON, VERDICT_COLOURS, causes_of_a_week, pays

_FROM_NOON = "1d, 12h"
"""Days from noon to noon UTC: a week's points have that time, which is its Monday wherever the reader is."""

_NOTHING_YET = "No week has been judged yet: the first one is when its last lesson is over."


def week() -> dashboard.Dashboard:
    """The page, from top to bottom."""
    return (
        new_dashboard(WEEK, since="now-400d", picks_time=False, refresh="1h")
        .with_variable(week_variable())
        .with_panel(verdict_counts(1))
        .with_panel(troubled_rooms(2))
        .with_panel(causes_of_the_week(3))
        .with_panel(week_by_week(4))
        .with_panel(changed_rooms(5))
        .with_panel(unknown_rooms(6))
    )


def verdict_counts(number: int) -> stat.Panel:
    """A number for each verdict."""
    select = Select(
        source=ROOM_WEEK,
        columns=tuple(Column(name=verdict, function="sum", shown=verdict) for verdict in VERDICT_WORDS),
        during="chosen_week",
    )
    panel = numbers(
        number,
        "How many rooms were restricted in this week?",
        "Each room once, by its verdict. Unknown is a room that was measured too little to judge: not ok.",
        Target(select=select, table=True),
        nothing=_NOTHING_YET,
        size=(24, 4),
    )
    for verdict, word in VERDICT_WORDS.items():
        panel.override_by_name(verdict, called(word, coloured_from(1, VERDICT_COLOURS[verdict], otherwise=NO_LESSON)))
    return panel


def causes_of_the_week(number: int) -> table.Panel:
    """The causes, each with its rooms, its minutes of instruction and who pays."""
    select = Select(
        source=ROOM_WEEK,
        columns=(*(Column(name=name) for name in ("cause", "budget_line", "level")), BAD_HOURS),
        during="chosen_week",
        where=(AT_LEAST_AT_RISK,),
    )
    counted = {
        "cause": {"aggregations": [], "operation": "groupby"},
        "budget_line": {"aggregations": [], "operation": "groupby"},
        "level": {"aggregations": ["count"], "operation": "aggregate"},
        "bad_hours": {"aggregations": ["sum"], "operation": "aggregate"},
    }
    panel = the_table(
        number,
        "What were the causes, and who pays for the mend?",
        "Of the rooms that were restricted or at risk: how many had which cause, and how many hours of instruction "
        "were bad in them together.",
        Target(select=select, table=True),
        nothing=NONE_IN_TROUBLE,
        size=(16, 9),
        order=(highest("Rooms"), highest("Time lost")),
    )
    return (
        panel.with_transformation(DataTransformerConfig(id_val="groupBy", options={"fields": counted}))
        .with_transformation(in_order("cause", "budget_line", "level (count)", "bad_hours (sum)"))
        .override_by_name("cause", column("Cause", words=[causes_of_a_week()]))
        .override_by_name("budget_line", column("Who pays", width=320, words=[pays()]))
        .override_by_name("level (count)", column("Rooms", width=80))
        .override_by_name("bad_hours (sum)", column("Time lost", width=90, unit="suffix: h", decimals=0))
    )


def week_by_week(number: int) -> timeseries.Panel:
    """How many rooms had which verdict, a bar a week."""
    select = Select(
        source=ROOM_WEEK,
        columns=tuple(Column(name=verdict, function="sum", shown=verdict) for verdict in VERDICT_WORDS),
        during="range",
        every=_FROM_NOON,
    )
    panel = bars(
        number,
        "How did it go, week by week?",
        "How many rooms had which verdict in each week of lessons. Weeks without lessons have no bar.",
        Target(select=select, alias="$col"),
        nothing=_NOTHING_YET,
        size=(8, 9),
    )
    for verdict, word in VERDICT_WORDS.items():
        panel.override_by_name(verdict, called(word, colour(VERDICT_COLOURS[verdict])))
    return panel.decimals(0).min(0).stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
