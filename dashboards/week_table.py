"""Weeks of rooms as tables: on Week those of a verdict, on Room the weeks of one room."""

from grafana_foundation_sdk.builders import table

from collector.store.influx_schema import ROOM_WEEK, WEEK_LEVELS
from dashboards.influxql import Chosen, Column, Select, Target, Where
from dashboards.pages import TO_ROOM, TO_SITE
from dashboards.panels import column, hidden, highest, in_order, lowest, the_table
from dashboards.words import NOT_MEASURED, absent, short_causes, short_pays, truth, verdict_names, verdicts

AT_LEAST_AT_RISK = Where(name="level", sign=">=", value=WEEK_LEVELS["at_risk"])
BAD_HOURS = Column(name="bad_minutes", shown="bad_hours", divided_by=60)
"""Grafana would make days of 24 hours of many minutes."""

NONE_IN_TROUBLE = "No room was restricted or at risk in this week."


def troubled_rooms(number: int) -> table.Panel:
    """The rooms that were restricted or at risk, with what that stands on."""
    fields = (
        *("level", "site_name", "room_name", "bad_share", "lower", "bad_hours", "cause", "confidence"),
        *("budget_line", "near_threshold", "evidence"),
    )
    panel = the_table(
        number,
        "Which rooms were restricted, and why?",
        "Restricted and at risk, the worst first. Bad is the share of measured lesson time below a profile, at least "
        "how much of it that is with 99 % confidence. Near: limits 10 % stricter or laxer change the verdict.",
        Target(select=_rooms(*fields, where=AT_LEAST_AT_RISK), table=True),
        nothing=NONE_IN_TROUBLE,
        size=(24, 12),
        order=(highest("Verdict"), highest("Bad")),
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
        size=(24, 9),
        order=(highest("Verdict"), highest("Bad")),
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
        size=(24, 7),
        order=(lowest("Site"), lowest("Room")),
    )
    return _described(panel, *fields)


def weeks_of_room(number: int, *, since: str) -> table.Panel:
    """The weeks of ``$room``, each with what its verdict stands on."""
    fields = ("week", "level", "bad_share", "lower", "upper", "bad_hours", "evidence", "stands_on")
    select = Select(
        source=ROOM_WEEK,
        columns=_columns(*fields),
        during="range",
        where=(Chosen(name="site"), Chosen(name="room")),
    )
    panel = the_table(
        number,
        "How was each of its weeks judged, and what does that stand on?",
        "Its weeks of lessons, the newest first. Bad is the share of measured lesson time below a profile, at least "
        "and at most its bounds with 99 % confidence each.",
        Target(select=select, table=True),
        nothing="No week of it is known for so long: choose a longer span above.",
        size=(24, 14),
        order=(highest("Week from"),),
    )
    # What it stands on has many lines, and is given the rest.
    return _described(panel, *fields).override_by_name("evidence", column("Evidence", width=210)).time_from(since)


def _rooms(*fields: str, where: Where) -> Select:
    return Select(source=ROOM_WEEK, columns=_columns(*fields, "site", "room"), during="chosen_week", where=(where,))


def _columns(*fields: str) -> tuple[Column, ...]:
    return tuple(BAD_HOURS if name == "bad_hours" else Column(name=name) for name in fields)


def _described(panel: table.Panel, *fields: str) -> table.Panel:
    columns = {
        "week": column("Week from", width=105),
        "level": column("Verdict", width=95, words=[verdicts()], coloured=True),
        "previous": column("Before", width=95, words=[verdict_names()]),
        "site_name": column("Site", width=140, wraps=True, left=True, link=("Open this site", TO_SITE)),
        "room_name": column("Room", width=120, wraps=True, left=True, link=("Open this room's evidence", TO_ROOM)),
        "bad_share": column("Bad", width=65, unit="percentunit", decimals=0, words=[absent()]),
        "lower": column("At least", width=85, unit="percentunit", decimals=0, words=[absent()]),
        "upper": column("At most", width=85, unit="percentunit", decimals=0, words=[absent()]),
        "coverage": column("Measured", width=90, unit="percentunit", decimals=0, words=[absent()]),
        "bad_hours": column("Time lost", width=90, unit="suffix: h", decimals=1),
        # On one line: Grafana does not make a row higher for the words that stand for a value.
        "cause": column("Cause", width=160, words=[short_causes()]),
        "confidence": column("Sure", width=80, words=[absent()]),
        "budget_line": column("Who pays", width=95, words=[short_pays()]),
        "near_threshold": column("Near", width=60, words=[truth(("near", None), (NOT_MEASURED, None))]),
        "evidence": column("Evidence", words=[absent()], wraps=True),
        "stands_on": column("What it stands on", words=[absent()], wraps=True),
    }
    for name in fields:
        panel.override_by_name(name, columns[name])
    for name in ("site", "room"):
        panel.override_by_name(name, [hidden()])
    return panel.with_transformation(in_order(*fields, "site", "room"))
