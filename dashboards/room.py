"""Room: the evidence. What its lessons were like over at most a week of the chosen range, and its school days."""

from grafana_foundation_sdk.builders import dashboard, statetimeline, timeseries
from grafana_foundation_sdk.models.common import GraphDrawStyle, VisibilityMode
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, FieldColorModeId, VariableRefresh

from collector.store.influx_schema import LEVELS, PROFILE_BIN, ROOM_DAY, ROOM_NOW, TARGET_BIN, THROUGHPUT
from dashboards import days
from dashboards.influxql import Chosen, Column, Select, Target, Where, source_of
from dashboards.needs import (
    DOWN_BPS,
    GOOD_FROM_QOO,
    OPTIMAL_LOSS,
    OPTIMAL_MS,
    PROFILES,
    UNACCEPTABLE_LOSS,
    UNACCEPTABLE_MS,
    UP_BPS,
)
from dashboards.pages import ROOM, days_variable, new_dashboard, room_variable, site_variable
from dashboards.panels import as_lines, called, colour, in_line_colours, limits, lines, states
from dashboards.room_table import room_now
from dashboards.week_table import weeks_of_room
from dashboards.words import BAD, DEGRADED, LINES, causes, levels, qualities

BIN = "5m"
"""No panel draws finer than a bin."""

_HERE = (Chosen(name="site"), Chosen(name="room"))
_NOT_MEASURED = "Nothing was measured here in lessons of this range."
_BESIDE = " Of a longer range the last week is shown."


def room() -> dashboard.Dashboard:
    """The page, from top to bottom."""
    return (
        new_dashboard(ROOM, since="now-24h")
        .with_variable(site_variable())
        .with_variable(room_variable())
        .with_variable(target_variable())
        .with_variable(days_variable())
        .with_panel(room_now(1, height=5))
        .with_row(dashboard.Row("What its lessons were like (of a longer range, the last week)").id(2))
        .with_panel(profiles_over_time(3))
        .with_panel(state_and_cause(4))
        .with_panel(quality_of_outcome(5))
        .with_panel(loss(6))
        .with_panel(latency(7))
        .with_panel(throughput(8, "down", DOWN_BPS))
        .with_panel(throughput(9, "up", UP_BPS))
        .with_row(dashboard.Row("Its school days and weeks").id(10))
        .with_panel(
            days.lesson_time(
                11,
                "How bad was each day?",
                "Each day's lesson time by what it was for the most demanding profile. Not measured is time in which "
                "the room's agents measured too little to judge.",
                of=ROOM_DAY,
                chosen=_HERE,
                width=8,
            )
        )
        .with_panel(days.round_trips(12, chosen=_HERE, width=8))
        .with_panel(days.loss(13, chosen=_HERE, width=8))
        .with_panel(weeks_of_room(14, since=days.SINCE))
    )


def target_variable() -> dashboard.QueryVariable:
    """``$target``: what this room measures to; a panel for each."""
    query = (
        f'SHOW TAG VALUES FROM "{TARGET_BIN.name}" WITH KEY = "target" '
        f"WHERE {' AND '.join(one.text() for one in _HERE)}"
    )
    return (
        dashboard.QueryVariable("target")
        .label("Target")
        .datasource(source_of(TARGET_BIN.kept))
        .query({"refId": "InfluxVariableQueryEditor-VariableQuery", "query": query})
        .definition(query)
        .refresh(VariableRefresh.ON_DASHBOARD_LOAD)
        .multi(True)
        .include_all(True)
        .allow_custom_value(False)
    )


def profiles_over_time(number: int) -> statetimeline.Panel:
    """A band for each profile, bin by bin."""
    targets = [
        Target(
            select=Select(
                source=PROFILE_BIN,
                columns=(Column(name="quality", function="last", shown="quality"),),
                during="week_of_range",
                where=(*_HERE, Where(name="profile", sign="=", value=name)),
                every=BIN,
                fill="null",
            ),
            ref_id=ref_id,
            alias=label,
        )
        for ref_id, (name, label) in zip("ABCDEFGH", PROFILES.items(), strict=False)
    ]
    return states(
        number,
        "What could be taught, and when?",
        "Each five-minute bin of its lessons, by activity: good, degraded, bad, or unknown where too little was "
        "measured." + _BESIDE,
        *targets,
        nothing=_NOT_MEASURED,
        size=(12, 8),
        words=qualities(),
    )


def state_and_cause(number: int) -> statetimeline.Panel:
    """The state that was shown at the time, and what it was put down to."""
    state = Select(
        source=ROOM_NOW,
        columns=(Column(name="level", function="max", shown="level"),),
        during="week_of_range",
        where=_HERE,
        every="15m",
        fill="null",
    )
    cause = Select(
        source=ROOM_NOW,
        columns=(Column(name="cause", function="last", shown="cause"),),
        during="week_of_range",
        where=(*_HERE, Where(name="level", sign=">=", value=LEVELS["degraded"])),
        every="15m",
        fill="null",
    )
    panel = states(
        number,
        "What was its state, and what caused it?",
        "The worst state of each quarter of an hour as it was shown then, and the cause that was named for it."
        + _BESIDE,
        Target(select=state, alias="state"),
        Target(select=cause, ref_id="B", alias="cause"),
        nothing="The collector told nothing of this room in this range.",
        size=(12, 8),
        words=levels(),
    )
    return panel.override_by_name("cause", [DynamicConfigValue(id_val="mappings", value=[causes().to_json()])])


def quality_of_outcome(number: int) -> timeseries.Panel:
    """QoO of each profile."""
    select = Select(
        source=PROFILE_BIN,
        columns=(Column(name="qoo", function="min", shown="qoo"),),
        during="week_of_range",
        where=(*_HERE, Where(name="qoo", sign=">=", value=0)),
        group_by=("profile",),
        every="$__interval",
        fill="null",
    )
    panel = (
        lines(
            number,
            "How good was it for each activity?",
            "Quality of Outcome, 0 to 100, the worst of each interval. At 0 the activity fails; below the dashed line "
            "it is degraded." + _BESIDE,
            Target(select=select, alias="$tag_profile"),
            nothing=_NOT_MEASURED,
            size=(12, 8),
        )
        .interval(BIN)
        .min(0)
        .max(100)
        .thresholds(limits((None, "transparent"), (GOOD_FROM_QOO, DEGRADED)))
        .thresholds_style(as_lines())
    )
    for (name, label), tone in zip(PROFILES.items(), LINES, strict=False):
        panel.override_by_name(name, called(label, colour(tone)))
    return panel


def latency(number: int) -> timeseries.Panel:
    """Percentiles of the round trips to ``$target``; a panel for each."""
    select = Select(
        source=TARGET_BIN,
        columns=tuple(Column(name=f"{name}_ms", function="max", shown=name) for name in ("p50", "p95", "p99")),
        during="week_of_range",
        where=(*_HERE, Chosen(name="target"), Where(name="p95_ms", sign=">=", value=0)),
        every="$__interval",
        fill="null",
    )
    panel = (
        lines(
            number,
            "How long do round trips to $target take?",
            "Percentiles of five-minute bins as the collector worked them out; where an interval holds several bins or "
            "agents, the worst. Dashed, for p95: from where the most demanding profile notices, and from where it "
            "fails." + _BESIDE,
            Target(select=select, alias="$col (worst)"),
            nothing=_NOT_MEASURED,
            size=(24, 8),
        )
        .repeat("target")
        .repeat_direction("h")
        .max_per_row(3)
        .interval(BIN)
        .unit("ms")
        .min(0)
        .thresholds(limits((None, "transparent"), (OPTIMAL_MS, DEGRADED), (UNACCEPTABLE_MS, BAD)))
        .thresholds_style(as_lines())
    )
    return in_line_colours(panel, *(f"{name} (worst)" for name in ("p95", "p99", "p50")))


def loss(number: int) -> timeseries.Panel:
    """The share of requests lost, to each target."""
    select = Select(
        source=TARGET_BIN,
        columns=(Column(name="loss", function="max", shown="loss"),),
        during="week_of_range",
        where=(*_HERE, Where(name="loss", sign=">=", value=0)),
        group_by=("target",),
        every="$__interval",
        fill="null",
    )
    panel = (
        lines(
            number,
            "How much is lost, and on the way to where?",
            "The share of requests that were not answered in time, the worst of each interval. Loss on the way to the "
            "gateway is lost in the room. Dashed: from where the most demanding profile notices, and from where it "
            "fails." + _BESIDE,
            Target(select=select, alias="$tag_target"),
            nothing=_NOT_MEASURED,
            size=(12, 8),
        )
        .interval(BIN)
        .unit("percentunit")
        # Where nothing is lost there is still a scale.
        .axis_soft_max(1.2 * UNACCEPTABLE_LOSS)
        .min(0)
        .thresholds(limits((None, "transparent"), (OPTIMAL_LOSS, DEGRADED), (UNACCEPTABLE_LOSS, BAD)))
        .thresholds_style(as_lines())
    )
    return in_line_colours(panel, "district", "gateway", "site")


def throughput(number: int, direction: str, need_bps: int) -> timeseries.Panel:
    """What tests got in one direction, against what a device needs."""
    select = Select(
        source=THROUGHPUT,
        columns=(Column(name="received_bps", function="min", shown="received"),),
        during="week_of_range",
        where=(
            *_HERE,
            Where(name="method", sign="=", value="sufficiency"),  # how much there is has another scale
            Where(name="direction", sign="=", value=direction),
        ),
        every="$__interval",
        fill="none",
    )
    return (
        lines(
            number,
            f"Does a device get what it needs, {direction}?",
            "What each throughput test received, the least of each interval. A test offers a quarter more than is "
            "needed and no more, so it says whether the rate is there, not how fast the line is; where the machine "
            "that tests was itself the limit, the line carries more. Dashed: what the most demanding profile needs."
            + _BESIDE,
            Target(select=select, alias=f"received, {direction}"),
            nothing="No throughput was tested here in this range.",
            size=(12, 8),
        )
        .interval(BIN)
        .draw_style(GraphDrawStyle.POINTS)
        .show_points(VisibilityMode.ALWAYS)
        .point_size(6)
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.FIXED).fixed_color(LINES[0]))
        .unit("bps")
        .min(0)
        .thresholds(limits((None, "transparent"), (need_bps, BAD)))
        .thresholds_style(as_lines())
    )
