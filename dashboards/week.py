"""Week: which rooms were restricted in a week of lessons, how sure that is, why, and what changed."""

from grafana_foundation_sdk.builders import common, dashboard, stat, table, timeseries
from grafana_foundation_sdk.models.common import StackingMode
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

from collector.store.influx_schema import ROOM_WEEK, WEEK_LEVELS
from dashboards.influxql import Chosen, Column, Select, Target, Where
from dashboards.pages import TO_ROOM, TO_SITE, WEEK, new_dashboard, week_variable
from dashboards.panels import bars, called, colour, coloured_from, column, hidden, in_order, numbers, the_table
from dashboards.words import (
    NO_LESSON,
    VERDICT_COLOURS,
    VERDICT_WORDS,
    absent,
    causes,
    pays,
    truth,
    verdict_names,
    verdicts,
)

_CHOSEN = (Chosen(name="week"),)
_AT_LEAST_AT_RISK = Where(name="level", sign=">=", value=WEEK_LEVELS["at_risk"])
_NOTHING_YET = "No week has been judged yet: the first one is when its last lesson is over."


def week() -> dashboard.Dashboard:
    """The page, from top to bottom."""
    return (
        new_dashboard(WEEK, since="now-400d", picks_time=False)
        .with_variable(week_variable())
        .with_panel(verdict_counts(1))
        .with_panel(troubled_rooms(2))
        .with_panel(causes_of_the_week(3))
        .with_panel(changed_rooms(4))
        .with_panel(unknown_rooms(5))
        .with_panel(week_by_week(6))
    )


def verdict_counts(number: int) -> stat.Panel:
    """A number for each verdict."""
    select = Select(
        source=ROOM_WEEK,
        columns=tuple(Column(name=verdict, function="sum", shown=verdict) for verdict in VERDICT_WORDS),
        during="range",
        where=_CHOSEN,
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


def troubled_rooms(number: int) -> table.Panel:
    """The rooms that were restricted or at risk, with what that stands on."""
    fields = (
        *("level", "site_name", "room_name", "bad_share", "lower", "bad_minutes", "cause", "confidence"),
        *("budget_line", "near_threshold", "evidence"),
    )
    panel = the_table(
        number,
        "Which rooms were restricted, and why?",
        "Restricted and at risk, the worst first. Bad is the share of measured lesson time below a profile, at least "
        "how much of it that is with 99 % confidence. Near: limits 10 % stricter or laxer change the verdict.",
        Target(select=_rooms(*fields, where=_AT_LEAST_AT_RISK), table=True),
        nothing="No room was restricted or at risk in this week.",
        size=(24, 12),
        first="Verdict",
    )
    return _described(panel, *fields)


def changed_rooms(number: int) -> table.Panel:
    """The rooms whose verdict differs from that of the week before."""
    fields = ("level", "previous", "site_name", "room_name", "bad_share", "evidence")
    panel = the_table(
        number,
        "What changed since the week before?",
        "Rooms whose verdict is another than that of the week before.",
        Target(select=_rooms(*fields, where=Where(name="changed", sign="=", value=True)), table=True),
        nothing="No verdict changed.",
        size=(14, 10),
        first="Verdict",
    )
    return _described(panel, *fields)


def unknown_rooms(number: int) -> table.Panel:
    """The rooms that were measured too little."""
    fields = ("level", "site_name", "room_name", "coverage", "evidence")
    panel = the_table(
        number,
        "Which rooms are not known, and why?",
        "Rooms that were measured too little to be judged. Measured is how much of the time with an agent awake was "
        "measured enough.",
        Target(select=_rooms(*fields, where=Where(name="level", sign="=", value=WEEK_LEVELS["unknown"])), table=True),
        nothing="Every room was measured enough.",
        size=(24, 9),
    )
    return _described(panel, *fields)


def causes_of_the_week(number: int) -> table.Panel:
    """The causes, each with its rooms, its minutes of instruction and who pays."""
    select = Select(
        source=ROOM_WEEK,
        columns=tuple(Column(name=name) for name in ("cause", "budget_line", "bad_minutes", "level")),
        during="range",
        where=(*_CHOSEN, _AT_LEAST_AT_RISK),
    )
    counted = {
        "cause": {"aggregations": [], "operation": "groupby"},
        "budget_line": {"aggregations": [], "operation": "groupby"},
        "level": {"aggregations": ["count"], "operation": "aggregate"},
        "bad_minutes": {"aggregations": ["sum"], "operation": "aggregate"},
    }
    panel = the_table(
        number,
        "What were the causes, and who pays for the mend?",
        "Of the rooms that were restricted or at risk: how many had which cause, and how many minutes of instruction "
        "were bad in them together.",
        Target(select=select, table=True),
        nothing="No room was restricted or at risk in this week.",
        size=(10, 10),
        first="Rooms",
    )
    return (
        panel.with_transformation(DataTransformerConfig(id_val="groupBy", options={"fields": counted}))
        .with_transformation(in_order("cause", "budget_line", "level (count)", "bad_minutes (sum)"))
        .override_by_name("cause", column("Cause", words=[causes()], wraps=True))
        .override_by_name("budget_line", column("Who pays", words=[pays()], wraps=True))
        .override_by_name("level (count)", column("Rooms", width=75))
        .override_by_name("bad_minutes (sum)", column("Lesson time lost", width=130, unit="m", decimals=0))
    )


def week_by_week(number: int) -> timeseries.Panel:
    """How many rooms had which verdict, a bar a week."""
    select = Select(
        source=ROOM_WEEK,
        columns=tuple(Column(name=verdict, function="sum", shown=verdict) for verdict in VERDICT_WORDS),
        during="range",
        every="1d",
    )
    panel = bars(
        number,
        "How did it go, week by week?",
        "How many rooms had which verdict in each week of lessons. Weeks without lessons have no bar.",
        Target(select=select, alias="$col"),
        nothing=_NOTHING_YET,
        size=(24, 9),
    )
    for verdict, word in VERDICT_WORDS.items():
        panel.override_by_name(verdict, called(word, colour(VERDICT_COLOURS[verdict])))
    return panel.decimals(0).min(0).stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))


def _rooms(*fields: str, where: Where) -> Select:
    columns = tuple(Column(name=name) for name in (*fields, "site", "room"))
    return Select(source=ROOM_WEEK, columns=columns, during="range", where=(*_CHOSEN, where))


def _described(panel: table.Panel, *fields: str) -> table.Panel:
    columns = {
        "level": column("Verdict", width=110, words=[verdicts()], coloured=True),
        "previous": column("Before", width=100, words=[verdict_names()]),
        "site_name": column("Site", width=140, wraps=True, link=("Open this site", TO_SITE)),
        "room_name": column("Room", width=140, wraps=True, link=("Open this room's evidence", TO_ROOM)),
        "bad_share": column("Bad", width=80, unit="percentunit", decimals=0, words=[absent()]),
        "lower": column("At least", width=85, unit="percentunit", decimals=0, words=[absent()]),
        "coverage": column("Measured", width=90, unit="percentunit", decimals=0, words=[absent()]),
        "bad_minutes": column("Time lost", width=95, unit="m", decimals=0),
        "cause": column("Cause", width=150, words=[causes()], wraps=True),
        "confidence": column("Sure", width=80, words=[absent()]),
        "budget_line": column("Who pays", width=130, words=[pays()], wraps=True),
        "near_threshold": column("Near", width=65, words=[truth(("near", None), ("no", None))]),
        "evidence": column("Evidence", words=[absent()], wraps=True),
    }
    for name in fields:
        panel.override_by_name(name, columns[name])
    for name in ("site", "room"):
        panel.override_by_name(name, [hidden()])
    return panel.with_transformation(in_order(*fields, "site", "room"))
