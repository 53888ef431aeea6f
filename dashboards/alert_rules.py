"""What somebody is told at once, as rules of Grafana: InfluxQL queries, each reduced to a number, and one condition.

A room may be bad for 5 % of its lesson time; this budget is watched over a long and a short window at once, as in
chapter 5 of Google's Site Reliability Workbook. Bins exist in lessons only, and a room's level says whether it has one
now, so that outside lessons no rule of a room fires. A rule that fires goes on to do so for a while after its condition
has ended, so that a break is neither a recovery nor a new alarm.
"""

from typing import Literal

from grafana_foundation_sdk.builders import alerting, expr
from grafana_foundation_sdk.models.alerting import RelativeTimeRange
from grafana_foundation_sdk.models.common import DataSourceRef

from collector.store.influx_schema import (
    AGENT_NOW,
    COLLECTOR_NOW,
    LEVELS,
    ROOM_BIN,
    ROOM_NOW,
    SITE_NOW,
)
from dashboards.alert import A_BREAK, Alert, Measure
from dashboards.influxql import Column, Combined, Select, Target, Where
from dashboards.pages import FLEET, ROOM, SITE
from dashboards.uplink_alert import uplink_alerts

FOLDER = "Bandroom"
FOLDER_UID = "bandroom"
EVERY_SECONDS = 60
BUDGET = 0.05
"""The share of lesson time that may be bad."""

BURN_NOW = 14
"""Times the budget: at that rate one hour uses a tenth of the budget of 20 school days of 7 hours."""

HALF_DAY_SHARE = 0.3
HALF_DAY_NEWEST = 0.5
"""Both at once were seen 0.03 times a healthy room and week in simulation (this project's choice)."""

_BIN_S = 300
"""A bin is found by its start, which lies its length before it can be judged."""


def room_alerts() -> tuple[Alert, ...]:
    """What is told of rooms and sites."""
    return (room_bad_now(), room_half_day(), site_silent())


def collector_alerts() -> tuple[Alert, ...]:
    """What is told of the collector itself."""
    return (collector_gone(), collector_not_ingesting())


def room_bad_now() -> Alert:
    """Bad for most of the last hour, and still."""
    seconds = 3600 + _BIN_S
    return Alert(
        uid="bandroom-room-bad-now",
        title="Room cannot teach",
        measures={
            "share": Measure(select=_share_of_bins(), seconds=seconds),
            "newest": Measure(
                select=Select(
                    source=ROOM_BIN,
                    columns=(_share("last"),),
                    during="range",
                    where=(Where(name="valid_seconds", sign=">", value=0),),
                    group_by=("site", "room"),
                ),
                seconds=seconds,
            ),
            **_measured(seconds),
        },
        # Two bins after a night are not an hour: a quarter of an hour must have been measured.
        condition=(
            f"$share >= {BURN_NOW * BUDGET:g} && $newest >= {BURN_NOW * BUDGET:g} && $measured >= 900 && {_IN_LESSON}"
        ),
        pending="1m",
        keeps=A_BREAK,
        # No bins, as at night and in the holidays: nothing to tell, and what was told is over.
        no_data="OK",
        # InfluxDB away for a moment is no news of a room, good or bad.
        on_error="KeepLast",
        severity="now",
        summary="{{ $labels.site }} / {{ $labels.room }} cannot teach",
        description=(
            "{{ humanizePercentage $values.share.Value }} of the last hour of lessons was bad for the most demanding "
            "activity, and its newest bin was, too."
        ),
        page=_ROOM_PAGE,
    )


def room_half_day() -> Alert:
    """Bad for a third of half a day, and for most of the last lesson minutes."""
    seconds = 3600 * 7 // 2 + _BIN_S
    four_bins = Select(
        source=ROOM_BIN,
        columns=(Column(name="bad_seconds"), Column(name="valid_seconds")),
        during="range",
        where=(Where(name="valid_seconds", sign=">", value=0),),
        group_by=("site", "room"),
        newest=4,
    )
    return Alert(
        uid="bandroom-room-half-day",
        title="Room is bad again and again",
        measures={
            "share": Measure(select=_share_of_bins(), seconds=seconds),
            # Twenty minutes of lessons, whatever break lies between.
            "newest": Measure(
                select=Select(source=four_bins, columns=(_share("sum"),), group_by=("site", "room")), seconds=seconds
            ),
            **_measured(seconds),
        },
        condition=(
            f"$share >= {HALF_DAY_SHARE:g} && $newest >= {HALF_DAY_NEWEST:g} && $measured >= 3600 && {_IN_LESSON}"
        ),
        pending="5m",
        keeps=A_BREAK,
        # As above.
        no_data="OK",
        on_error="KeepLast",
        severity="half_day",
        summary="{{ $labels.site }} / {{ $labels.room }} is bad again and again",
        description=(
            "{{ humanizePercentage $values.share.Value }} of the lessons of the last three and a half hours was bad, "
            "and at least half of the last twenty minutes."
        ),
        page=_ROOM_PAGE,
    )


def site_silent() -> Alert:
    """No room of a site reports, though agents of it once did."""
    return Alert(
        uid="bandroom-site-silent",
        title="Site is silent in lesson time",
        measures={
            "reporting": Measure(
                select=Select(
                    source=SITE_NOW,
                    columns=(Column(name="reporting_rooms", function="max", shown="reporting"),),
                    during="range",
                    group_by=("site",),
                ),
                seconds=600,
            ),
            "agents": Measure(
                select=Select(
                    source=AGENT_NOW,
                    columns=(Column(name="level", function="count", shown="agents"),),
                    during="range",
                    # A site whose agents were never heard of is being set up, and not silent.
                    where=(Where(name="level", sign=">=", value=0),),
                    group_by=("site",),
                ),
                seconds=600,
            ),
            "lessons": Measure(
                select=Select(
                    source=SITE_NOW,
                    columns=(Combined(left="rooms", right="no_lesson", function="last", sign="-", shown="lessons"),),
                    during="range",
                    group_by=("site",),
                ),
                seconds=600,
            ),
        },
        condition="$reporting == 0 && $agents > 0 && $lessons > 0",
        # School PCs are switched on when lessons begin.
        pending="10m",
        keeps=A_BREAK,
        # The collector tells of sites day and night: when it does not, its own rule says so.
        no_data="OK",
        on_error="KeepLast",
        severity="now",
        summary="{{ $labels.site }} is silent in lesson time",
        description="No room of the site reports: its uplink, its power, or what lets its agents out may be down.",
        page=f"{{{{ externalURL }}}}d/{SITE.uid}?var-site={{{{ $labels.site }}}}",
    )


def collector_gone() -> Alert:
    """The collector no longer tells InfluxDB anything. Only this rule fires outside lessons: who knows the timetable is
    the one that is gone."""
    points = Select(
        source=COLLECTOR_NOW, columns=(Column(name="rooms", function="count", shown="points"),), during="range"
    )
    return Alert(
        uid="bandroom-collector-gone",
        title="Collector is gone",
        measures={"points": Measure(select=points, seconds=600)},
        condition="$points == 0",
        pending="5m",
        keeps="5m",
        # It writes every minute: that nothing is there is what the rule is about.
        no_data="Alerting",
        # If InfluxDB cannot be asked, nobody is watching any room.
        on_error="Alerting",
        severity="now",
        summary="The collector is gone",
        description="For ten minutes it has told InfluxDB nothing, or InfluxDB does not answer: see /readyz.",
        page=f"{{{{ externalURL }}}}d/{FLEET.uid}",
    )


def collector_not_ingesting() -> Alert:
    """The collector is there, lessons are on, and no report reaches it."""
    return Alert(
        uid="bandroom-collector-not-ingesting",
        title="Collector takes no reports",
        measures={
            "grown": Measure(
                select=Select(
                    source=COLLECTOR_NOW,
                    columns=(Column(name="stored", function="spread", shown="grown"),),
                    during="range",
                ),
                seconds=600,
            ),
            "agents": Measure(
                select=Select(
                    source=COLLECTOR_NOW,
                    columns=(Column(name="enrolled_agents", function="last", shown="agents"),),
                    during="range",
                ),
                seconds=600,
            ),
            "lessons": Measure(
                select=Select(
                    source=SITE_NOW,
                    columns=(Combined(left="rooms", right="no_lesson", function="sum", sign="-", shown="lessons"),),
                    during="range",
                ),
                seconds=180,
            ),
        },
        condition="$grown == 0 && $agents > 0 && $lessons > 0",
        pending="10m",
        keeps=A_BREAK,
        # A collector that tells nothing is the other rule's.
        no_data="OK",
        on_error="KeepLast",
        severity="now",
        summary="The collector takes no reports",
        description=(
            "Lessons are on and agents are enrolled, yet for ten minutes no new report was stored: see /readyz, the "
            "proxy in front of it, and its certificate."
        ),
        page=f"{{{{ externalURL }}}}d/{FLEET.uid}",
    )


_IN_LESSON = f"$level > {LEVELS['no_lesson']}"
_ROOM_PAGE = f"{{{{ externalURL }}}}d/{ROOM.uid}?var-site={{{{ $labels.site }}}}&var-room={{{{ $labels.room }}}}"


def _share(function: Literal["sum", "last"]) -> Combined:
    return Combined(left="bad_seconds", right="valid_seconds", function=function, sign="/", shown="share")


def _share_of_bins() -> Select:
    return Select(
        source=ROOM_BIN,
        columns=(_share("sum"),),
        during="range",
        where=(Where(name="valid_seconds", sign=">", value=0),),
        group_by=("site", "room"),
    )


def _measured(seconds: int) -> dict[str, Measure]:
    """How much lesson time was measured, and whether the room has a lesson now."""
    valid = Select(
        source=ROOM_BIN,
        columns=(Column(name="valid_seconds", function="sum", shown="measured"),),
        during="range",
        where=(Where(name="valid_seconds", sign=">", value=0),),
        group_by=("site", "room"),
    )
    level = Select(
        source=ROOM_NOW,
        columns=(Column(name="level", function="last", shown="level"),),
        during="range",
        group_by=("site", "room"),
    )
    return {"measured": Measure(select=valid, seconds=seconds), "level": Measure(select=level, seconds=900)}


def rule(alert: Alert, *, group: str) -> alerting.Rule:
    """The rule as Grafana's provisioning API takes it."""
    made = (
        alerting.Rule(alert.title)
        .uid(alert.uid)
        .org_id(1)
        .folder_uid(FOLDER_UID)
        .rule_group(group)
        .condition("told")
        .for_val(alert.pending)
        .keep_firing_for(alert.keeps)
        .no_data_state(alert.no_data)
        .exec_err_state(alert.on_error)
        .labels({"product": "bandroom", "severity": alert.severity})
        .annotations({"summary": alert.summary, "description": alert.description, "page": alert.page})
    )
    for name, measure in alert.measures.items():
        series = f"{name}_series"
        source = f"bandroom-{measure.select.measurement.kept}"
        made.with_query(
            _query(series, measure.seconds).datasource_uid(source).model(Target(select=measure.select, ref_id=series))
        )
        reduced = expr.TypeReduce().ref_id(name).datasource(_EXPRESSION).expression(series).reducer("last")
        made.with_query(_query(name, measure.seconds).datasource_uid("__expr__").model(reduced))
    told = expr.TypeMath().ref_id("told").datasource(_EXPRESSION).expression(alert.condition)
    return made.with_query(_query("told", 0).datasource_uid("__expr__").model(told))


_EXPRESSION = DataSourceRef(type_val="__expr__", uid="__expr__")


def _query(ref_id: str, seconds: int) -> alerting.Query:
    return alerting.Query(ref_id).relative_time_range(RelativeTimeRange(from_val=seconds, to=0))


GROUPS = {"Rooms and sites": room_alerts, "Uplinks": uplink_alerts, "Collector": collector_alerts}
"""The alerts of each group of rules, by its title."""
