"""Site: one school. Its rooms now, today's lessons, and its school days."""

from grafana_foundation_sdk.builders import dashboard, statetimeline, table, timeseries
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig

from collector.store.influx_schema import ROOM_DAY, ROOM_NOW, SITE_DAY
from dashboards import days
from dashboards.influxql import Chosen, Column, Combined, Select, Target, Where
from dashboards.pages import SITE, TO_ROOM, days_variable, new_dashboard, site_variable
from dashboards.panels import as_a_line, bars, called, colour, column, hidden, highest, in_order, states, the_table
from dashboards.room_table import rooms_of_site
from dashboards.state_counts import state_counts
from dashboards.words import BAD, NO_LESSON, levels

_HERE = (Chosen(name="site"),)


def site() -> dashboard.Dashboard:
    """The page, from top to bottom."""
    return (
        new_dashboard(SITE, since="now-12h")
        .with_variable(site_variable())
        .with_variable(days_variable())
        .with_panel(state_counts(1, "How many rooms of this site can teach now?", of_site=True))
        .with_panel(rooms_of_site(2, height=12))
        .with_panel(today(3))
        .with_row(dashboard.Row("Its school days").id(4))
        .with_panel(
            days.lesson_time(
                5,
                "How much of each day's lesson time was bad?",
                "The lesson time of all its rooms, each day, by what it was for the most demanding profile.",
                of=SITE_DAY,
                chosen=_HERE,
                width=12,
            )
        )
        .with_panel(troubled_rooms(6))
        .with_panel(worst_rooms(7))
    )


def today(number: int) -> statetimeline.Panel:
    """A band for each room."""
    by_name = DataTransformerConfig(
        id_val="partitionByValues",
        options={"fields": ["room_name"], "keepFields": False},
    )
    select = Select(
        source=ROOM_NOW,
        # A field of that name is called after its group alone.
        columns=(Column(name="level", shown="Value"), Column(name="room_name")),
        during="week_of_range",
        where=_HERE,
    )
    return (
        states(
            number,
            "Which rooms could not teach, and when?",
            "Each room's state as it was shown then. A gap is time in which the collector told nothing. Of a longer "
            "range the last week is shown.",
            Target(select=select, table=True),
            nothing="The collector told of no room of this site in this range.",
            size=(24, 10),
            words=levels(),
        )
        .per_page(20)
        # Points come every five minutes; when none came for three times as long nobody knows.
        .insert_nulls(15 * 60 * 1000)
        .with_transformation(by_name)
    )


def troubled_rooms(number: int) -> timeseries.Panel:
    """How many rooms had a bad day."""
    select = Select(
        source=SITE_DAY,
        columns=(Column(name="troubled_rooms"), Column(name="measured_rooms")),
        during="range",
        where=_HERE,
    )
    panel = bars(
        number,
        "How many rooms had a bad day?",
        "Rooms that were bad for a tenth of a day's measured lesson time, beside all that were measured.",
        Target(select=select, alias="$col"),
        nothing=days.NOTHING,
        size=(12, 9),
    )
    return (
        panel.decimals(0)
        .min(0)
        .time_from(days.SINCE)
        .override_by_name("troubled_rooms", called("bad day", colour(BAD)))
        .override_by_name("measured_rooms", called("measured", colour(NO_LESSON), *as_a_line()))
    )


def worst_rooms(number: int) -> table.Panel:
    """The rooms by what share of their lesson time was bad."""
    lost = Select(
        source=ROOM_DAY,
        columns=(
            Combined(left="bad_seconds", right="valid_seconds", function="sum", sign="/", shown="bad_share"),
            Column(name="bad_seconds", function="sum", shown="bad_hours", divided_by=3600),
            Column(name="valid_seconds", function="sum", shown="measured_hours", divided_by=3600),
        ),
        during="range",
        where=(*_HERE, Where(name="valid_seconds", sign=">", value=0)),
        group_by=("site", "room"),
    )
    names = Select(
        source=ROOM_NOW,
        columns=(Column(name="room_name", function="last", shown="room_name"),),
        during="last_week",
        where=_HERE,
        group_by=("room",),
    )
    fields = ("room_name", "bad_share", "bad_hours", "measured_hours")
    by_room = DataTransformerConfig(id_val="joinByField", options={"byField": "room", "mode": "inner"})
    panel = the_table(
        number,
        "Which rooms lost most lesson time over these days?",
        "The share of each room's measured lesson time that was bad for the most demanding profile.",
        Target(select=lost, table=True),
        Target(select=names, ref_id="B", table=True),
        nothing=days.NOTHING,
        size=(24, 10),
        order=(highest("Bad share"),),
    )
    return (
        panel.time_from(days.SINCE)
        .with_transformation(by_room)
        .with_transformation(in_order(*fields))
        .override_by_name("room_name", column("Room", link=("Open this room's evidence", TO_ROOM), wraps=True))
        .override_by_name("bad_share", column("Bad share", width=140, unit="percentunit", decimals=1))
        .override_by_name("bad_hours", column("Bad lesson time", width=180, unit="suffix: h", decimals=1))
        .override_by_name("measured_hours", column("Measured lesson time", width=180, unit="suffix: h", decimals=1))
        .override_by_regexp("/^(site|room)$/", [hidden()])
    )
