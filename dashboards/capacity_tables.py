"""The tables of Capacity: every uplink, the fullest first, and how capacity stands against guidance."""

from grafana_foundation_sdk.builders import table

from collector.store.influx_schema import CAPACITY_STANDING, UPLINK_OUTLOOK, Measurement
from dashboards.influxql import Column, Select, Target
from dashboards.pages import TO_UPLINK
from dashboards.panels import column, hidden, highest, in_order, lowest, the_table
from dashboards.words import absent, truth, uplink_levels, ways


def uplinks(number: int) -> table.Panel:
    """The newest that was said of each uplink."""
    fields = (
        *("level", "name", "busy_share", "busy_hour", "peak_share", "headroom_bps", "capacity_bps", "direction"),
        "told",
    )
    panel = the_table(
        number,
        "Which uplinks will be too small, and when?",
        "What was to be said after the newest week of lessons. Busy hour is the 95th percentile of its five-minute "
        "rates in the hour that lessons fill most. Watch, plan and act: at 60, 70 and 80 % in three of the last four "
        "weeks of lessons.",
        Target(select=_newest_of_each(UPLINK_OUTLOOK, fields, by=("uplink",)), table=True),
        nothing="No uplink has been counted for a week yet: see docs/forecast.md for what counts them.",
        size=(24, 10),
        order=(highest("Level"), highest("Busy hour")),
    )
    columns = {
        "level": column("Level", width=90, words=[uplink_levels()], coloured=True),
        "name": column("Uplink", width=170, wraps=True, left=True, link=("Look at this uplink", TO_UPLINK)),
        "busy_share": column("Busy hour", width=110, unit="percentunit", decimals=0, words=[absent()]),
        "busy_hour": column("From", width=70, unit="suffix: h", decimals=0, words=[absent()]),
        "peak_share": column("Peak", width=70, unit="percentunit", decimals=0, words=[absent()]),
        "headroom_bps": column("Left up to 80 %", width=130, unit="bps", decimals=0, words=[absent()]),
        "capacity_bps": column("Capacity", width=95, unit="bps", decimals=0, words=[absent()]),
        "direction": column("Way", width=60, words=[ways()]),
        "told": column("What is ahead", words=[absent()], wraps=True),
    }
    for name, options in columns.items():
        panel.override_by_name(name, options)
    panel.override_by_name("uplink", [hidden()])
    return panel.with_transformation(in_order(*fields, "uplink"))


def standings(number: int) -> table.Panel:
    """Capacity for each user, beside what guidance wants."""
    fields = ("name", "users", "capacity_bps", "mbps_per_user", "target_mbps_per_user", "meets", "source")
    panel = the_table(
        number,
        "How does the capacity stand against planning guidance? (no verdict)",
        "What the district's file says of users and capacity, held against published figures for planning. That it is "
        "less than a guidance wants makes no lesson bad, and that it is more makes none good.",
        Target(select=_newest_of_each(CAPACITY_STANDING, fields, by=("uplink", "guidance")), table=True),
        nothing="district.toml does not say how many users there are, or what the way out carries.",
        size=(24, 10),
        order=(lowest("Of"), lowest("Guidance")),
    )
    columns = {
        "name": column("Of", width=240, wraps=True, left=True),
        "users": column("Users", width=90, decimals=0),
        "capacity_bps": column("Capacity", width=110, unit="bps", decimals=0),
        "mbps_per_user": column("For each user", width=130, unit="suffix: Mbit/s", decimals=2),
        "target_mbps_per_user": column("Guidance wants", width=140, unit="suffix: Mbit/s", decimals=2),
        "meets": column("Is that met?", width=110, words=[truth(("yes", None), ("no", None))]),
        "source": column("Guidance", wraps=True),
    }
    for name, options in columns.items():
        panel.override_by_name(name, options)
    for name in ("uplink", "guidance"):
        panel.override_by_name(name, [hidden()])
    return panel.with_transformation(in_order(*fields, "uplink", "guidance"))


def _newest_of_each(source: Measurement, fields: tuple[str, ...], *, by: tuple[str, ...]) -> Select:
    first, *others = fields
    each = Select(
        source=source,
        columns=(Column(name=first, function="last", shown=first), *(Column(name=name) for name in others)),
        during="range",
        group_by=by,
    )
    return Select(source=each, columns=tuple(Column(name=name) for name in (*fields, *by)))
