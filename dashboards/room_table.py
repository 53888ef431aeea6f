"""Rooms as they are now, worst first: on District now those that cannot teach, on Site all of its own."""

from grafana_foundation_sdk.builders import table

from collector.store.influx_schema import LEVELS, ROOM_NOW
from dashboards.influxql import Chosen, Column, Select, Target, Where
from dashboards.pages import TO_ROOM, TO_SITE
from dashboards.panels import column, hidden, highest, in_order, the_table
from dashboards.words import absent, levels, short_causes

_FIELDS = ("site_name", "room_name", "since_ms", "cause", "evidence", "next_step")
_READINGS = ("p95_ms", "loss", "down_bps", "up_bps", "bad_lessons", "lessons")


def troubled_rooms(number: int, *, height: int) -> table.Panel:
    """The rooms of the district that are bad or degraded."""
    select = _newest(_FIELDS, where=(Where(name="level", sign=">=", value=LEVELS["degraded"]),))
    panel = the_table(
        number,
        "Which rooms cannot teach now, and why?",
        "Rooms whose last lesson minutes were bad or degraded, worst first: since when, what was measured, and what to "
        "look at next. A room opens its evidence, a site its rooms.",
        Target(select=select, table=True),
        nothing="No room is bad or degraded.",
        size=(24, height),
        order=(highest("State"),),
    )
    return _described(panel, "level", "site_name", "room_name", "since_ms", "evidence", "next_step", "cause")


def rooms_of_site(number: int, *, height: int) -> table.Panel:
    """All rooms of ``$site``."""
    fields = ("room_name", "since_ms", "evidence", "next_step", *_READINGS)
    panel = the_table(
        number,
        "Which rooms of this site, and why?",
        "Every room as it is now, worst first. Times and loss are of its newest judged bin, rates of the throughput "
        "tests that speak for it; bad lessons are of the last lessons that were closed.",
        Target(select=_newest(fields, of_site=True), table=True),
        nothing="The collector has told of no room of this site in the last 15 minutes.",
        size=(24, height),
        order=(highest("State"),),
    )
    return _described(panel, "level", *fields)


def room_now(number: int, *, height: int) -> table.Panel:
    """``$room`` alone."""
    fields = ("since_ms", "cause", "evidence", "next_step", "coverage", "newest_report_ms")
    select = Select(
        source=ROOM_NOW,
        columns=(Column(name="level", function="last", shown="level"), *(Column(name=field) for field in fields)),
        during="last_minutes",
        where=(Chosen(name="site"), Chosen(name="room")),
    )
    panel = the_table(
        number,
        "Can this room teach now?",
        "Its state, since when, what was measured, and what to look at next. Measured is the share of its last lessons "
        "that was measured enough to judge.",
        Target(select=select, table=True),
        nothing="The collector has told nothing of this room in the last 15 minutes.",
        size=(24, height),
    )
    return _described(panel, "level", *fields)


def _newest(fields: tuple[str, ...], *, where: tuple[Where, ...] = (), of_site: bool = False) -> Select:
    """The newest point of each room: `last` brings the other fields of the same point."""
    each = Select(
        source=ROOM_NOW,
        columns=(Column(name="level", function="last", shown="level"), *(Column(name=field) for field in fields)),
        during="last_minutes",
        where=(Chosen(name="site"),) if of_site else (),
        group_by=("site", "room"),
    )
    columns = tuple(Column(name=name) for name in ("level", *fields, "site", "room"))
    return Select(source=each, columns=columns, where=where)


def _described(panel: table.Panel, *fields: str) -> table.Panel:
    columns = {
        "level": column("State", width=110, words=[levels()], coloured=True),
        "site_name": column("Site", width=150, wraps=True, link=("Open this site", TO_SITE)),
        "room_name": column("Room", width=150, wraps=True, link=("Open this room's evidence", TO_ROOM)),
        "since_ms": column("Since", width=130, unit="dateTimeFromNow"),
        "cause": column("Cause", width=160, words=[short_causes()]),
        "evidence": column("Why", words=[absent()], wraps=True),
        "next_step": column("What to do next", words=[absent()], wraps=True),
        "p95_ms": column("p95", width=80, unit="ms", decimals=0, words=[absent()]),
        "loss": column("Loss", width=75, unit="percentunit", decimals=1, words=[absent()]),
        "down_bps": column("Down", width=95, unit="bps", decimals=1, words=[absent()]),
        "up_bps": column("Up", width=95, unit="bps", decimals=1, words=[absent()]),
        "bad_lessons": column("Bad lessons", width=100),
        "lessons": column("of", width=50),
        "coverage": column("Measured", width=90, unit="percentunit", decimals=0, words=[absent()]),
        "newest_report_ms": column("Newest report", width=130, unit="dateTimeFromNow", words=[absent()]),
    }
    for name in fields:
        panel.override_by_name(name, columns[name])
    for name in ("site", "room"):
        panel.override_by_name(name, [hidden()])
    return panel.with_transformation(in_order(*fields, "site", "room"))
