"""District now: which rooms cannot teach now, why, since when and what to do next. Reads the last minutes alone."""

from grafana_foundation_sdk.builders import dashboard, stat, table
from grafana_foundation_sdk.models.common import VizOrientation
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from collector.store.influx_schema import COLLECTOR_NOW, SITE_NOW
from dashboards.influxql import Column, Select, Target
from dashboards.pages import DISTRICT_NOW, TO_SITE, new_dashboard
from dashboards.panels import called, colour, coloured_from, column, hidden, highest, in_order, numbers, the_table
from dashboards.room_table import troubled_rooms
from dashboards.state_counts import WORST_FIRST, state_counts
from dashboards.words import BAD, DEGRADED, GOOD, NO_LESSON, STATE_COLOURS, STATE_WORDS, truth


def district_now() -> dashboard.Dashboard:
    """The page, from top to bottom."""
    return (
        new_dashboard(DISTRICT_NOW, since="now-15m", picks_time=False)
        .with_panel(state_counts(1, "How many rooms can teach now?"))
        .with_panel(troubled_rooms(2, height=12))
        .with_panel(sites(3))
        .with_panel(collector_health(4))
    )


def sites(number: int) -> table.Panel:
    """Every site with the states of its rooms."""
    fields = ("site_name", *WORST_FIRST, "rooms", "reporting_rooms")
    each = Select(
        source=SITE_NOW,
        columns=(Column(name="bad", function="last", shown="bad"), *(Column(name=f) for f in fields if f != "bad")),
        during="last_minutes",
        group_by=("site",),
    )
    select = Select(source=each, columns=tuple(Column(name=name) for name in (*fields, "site")))
    panel = the_table(
        number,
        "Which sites are affected?",
        "Every site, those with most bad rooms first. Reporting are the rooms whose newest report is not overdue.",
        Target(select=select, table=True),
        nothing="The collector has told of no site in the last 15 minutes.",
        size=(16, 9),
        order=(highest(STATE_WORDS["bad"]),),
    )
    panel.override_by_name("site_name", column("Site", wraps=True, link=("Open this site", TO_SITE)))
    for state in WORST_FIRST:
        cell = column(STATE_WORDS[state], width=95, coloured=True)
        panel.override_by_name(state, [*cell, coloured_from(1, STATE_COLOURS[state], otherwise="transparent")])
    panel.override_by_name("rooms", column("Rooms", width=80))
    panel.override_by_name("reporting_rooms", column("Reporting", width=95))
    panel.override_by_name("site", [hidden()])
    return panel.with_transformation(in_order(*fields, "site"))


def collector_health(number: int) -> stat.Panel:
    """Whether what the page says can be relied upon."""
    select = Select(
        source=COLLECTOR_NOW,
        columns=(
            Column(name="failing", function="last", shown="failing"),
            Column(name="in_session"),
            Column(name="enrolled_agents"),
            Column(name="silent_agents"),
        ),
        during="last_minutes",
    )
    panel = numbers(
        number,
        "Can this page be relied upon?",
        "Whether the collector judges, whether lessons are on now, and how many agents it no longer hears from. "
        "Outside lessons rooms are not judged.",
        Target(select=select, table=True),
        nothing="The collector has told nothing in the last 15 minutes: see whether it runs.",
        size=(8, 9),
        fields="/^(?!Time$).*/",
    ).orientation(VizOrientation.HORIZONTAL)
    words = [DynamicConfigValue(id_val="mappings", value=[one.to_json()]) for one in (_FAILING, _LESSONS)]
    return (
        panel.override_by_name("failing", called("Judging", words[0]))
        .override_by_name("in_session", called("Lessons", words[1]))
        .override_by_name("enrolled_agents", called("Agents", colour(NO_LESSON)))
        .override_by_name("silent_agents", called("Silent agents", coloured_from(1, DEGRADED, otherwise=NO_LESSON)))
    )


_FAILING = truth(("fails", BAD), ("works", GOOD))
_LESSONS = truth(("are on", GOOD), ("none now", NO_LESSON))
