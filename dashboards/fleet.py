"""Fleet: which agents need a look, and whether the collector keeps up with them."""

from grafana_foundation_sdk.builders import dashboard, stat, table, timeseries

from collector.store.influx_schema import AGENT_LEVELS, AGENT_NOW, COLLECTOR_NOW
from dashboards.influxql import AnyOf, Column, Rate, Select, Target, Where
from dashboards.pages import FLEET, TO_ROOM, TO_SITE, new_dashboard
from dashboards.panels import (
    called,
    colour,
    coloured_from,
    column,
    hidden,
    highest,
    in_line_colours,
    in_order,
    lines,
    numbers,
    the_table,
)
from dashboards.words import (
    AGENT_COLOURS,
    AGENT_WORDS,
    BAD,
    DEGRADED,
    GOOD,
    NO_LESSON,
    UNKNOWN,
    absent,
    agent_levels,
    truth,
)

_COUNTS = {
    "silent_agents": (AGENT_WORDS["silent"], BAD),
    "behind_agents": (AGENT_WORDS["behind"], DEGRADED),
    "never_reported_agents": (AGENT_WORDS["never_reported"], UNKNOWN),
    "outdated_agents": ("outdated", DEGRADED),
    "repaired_agents": ("clock repaired", DEGRADED),
    "reporting_agents": (AGENT_WORDS["reporting"], GOOD),
}
_FLOW = ("received", "stored", "duplicate", "rejected", "deferred")


def fleet() -> dashboard.Dashboard:
    """The page, from top to bottom."""
    return (
        new_dashboard(FLEET, since="now-24h")
        .with_panel(counts(1))
        .with_panel(agents(2))
        .with_panel(silent_over_time(3))
        .with_panel(flow(4))
    )


def counts(number: int) -> stat.Panel:
    """A number for each state, and for what may need a look besides."""
    first, *more = _COUNTS
    select = Select(
        source=COLLECTOR_NOW,
        columns=(Column(name=first, function="last", shown=first), *(Column(name=name) for name in more)),
        during="last_minutes",
    )
    panel = numbers(
        number,
        "How many agents need a look?",
        "Silent: nothing new came. Behind: what comes is old. Outdated: its version is older than the collector's. "
        "Clock repaired: its own clock was wrong, and the collector put its reports where they belong.",
        Target(select=select, table=True),
        nothing="The collector has told nothing in the last 15 minutes.",
        size=(24, 4),
    )
    for name, (words, tone) in _COUNTS.items():
        panel.override_by_name(name, called(words, coloured_from(1, tone, otherwise=NO_LESSON)))
    return panel


def agents(number: int) -> table.Panel:
    """The agents that need a look, and why."""
    fields = (
        *("site_name", "room_name", "role", "newest_report_ms", "waiting_reports", "dropped_reports"),
        *("quarantined_reports", "version", "outdated", "clock_repaired", "platform"),
    )
    each = Select(
        source=AGENT_NOW,
        columns=(Column(name="level", function="last", shown="level"), *(Column(name=field) for field in fields)),
        during="last_minutes",
        group_by=("site", "room", "agent"),
    )
    needs_a_look = AnyOf(
        conditions=(
            Where(name="level", sign="!=", value=AGENT_LEVELS["reporting"]),
            Where(name="outdated", sign="=", value=True),
            Where(name="clock_repaired", sign="=", value=True),
            Where(name="dropped_reports", sign=">", value=0),
            Where(name="quarantined_reports", sign=">", value=0),
        )
    )
    columns = ("level", *fields, "agent", "site", "room")
    select = Select(source=each, columns=tuple(Column(name=name) for name in columns), where=(needs_a_look,))
    panel = the_table(
        number,
        "Which agents, and why?",
        "Agents that are not simply reporting: silent first, then those behind, outdated, with a repaired clock, or "
        "with reports that were dropped or set aside.",
        Target(select=select, table=True),
        nothing="No agent needs a look.",
        size=(24, 11),
        order=(highest("State"),),
    )
    shown = {
        "level": column("State", width=130, words=[agent_levels()], coloured=True),
        "site_name": column("Site", link=("Open this site", TO_SITE), wraps=True),
        "room_name": column("Room", link=("Open this room's evidence", TO_ROOM), wraps=True),
        "role": column("Role", width=75),
        "newest_report_ms": column("Newest report", width=125, unit="dateTimeFromNow", words=[absent()]),
        "waiting_reports": column("Waiting", width=80, words=[absent()]),
        "dropped_reports": column("Dropped", width=80, words=[absent()]),
        "quarantined_reports": column("Set aside", width=90, words=[absent()]),
        "version": column("Version", width=75, words=[absent()]),
        "outdated": column(
            "Outdated", width=90, words=[truth(("outdated", DEGRADED), ("", "transparent"))], coloured=True
        ),
        "clock_repaired": column(
            "Clock", width=90, words=[truth(("repaired", DEGRADED), ("", "transparent"))], coloured=True
        ),
        "platform": column("System", width=75, words=[absent()]),
        "agent": column("Agent", width=150),
    }
    for name, options in shown.items():
        panel.override_by_name(name, options)
    for name in ("site", "room"):
        panel.override_by_name(name, [hidden()])
    return panel.with_transformation(in_order(*columns))


def silent_over_time(number: int) -> timeseries.Panel:
    """How many agents were silent or behind."""
    names = ("silent_agents", "behind_agents")
    select = Select(
        source=COLLECTOR_NOW,
        columns=tuple(Column(name=name, function="max", shown=name) for name in names),
        during="week_of_range",
        every="$__interval",
        fill="null",
    )
    panel = (
        lines(
            number,
            "How many agents were silent or behind?",
            "The most of each interval. Of a longer range the last week is shown.",
            Target(select=select, alias="$col"),
            nothing="The collector told nothing in this range.",
            size=(12, 9),
        )
        .interval("5m")
        .min(0)
        .decimals(0)
    )
    for name in names:
        state = name.removesuffix("_agents")
        panel.override_by_name(name, called(AGENT_WORDS[state], colour(AGENT_COLOURS[state])))
    return panel


def flow(number: int) -> timeseries.Panel:
    """What became of the reports, a minute."""
    select = Select(
        source=COLLECTOR_NOW,
        columns=tuple(Rate(name=name, shown=name) for name in _FLOW),
        during="week_of_range",
        every="$__interval",
    )
    panel = (
        lines(
            number,
            "Does the collector keep up with what is sent?",
            "Reports a minute. Received is stored, duplicate, rejected and deferred together; a deferred report is "
            "sent again. Of a longer range the last week is shown.",
            Target(select=select, alias="$col"),
            nothing="The collector told nothing in this range.",
            size=(12, 9),
        )
        .interval("5m")
        .min(0)
        .unit("suffix: /min")
        .decimals(0)
    )
    return in_line_colours(panel, *_FLOW)
