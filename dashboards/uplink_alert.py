"""What somebody is told of uplinks: those that have been full in their busy hour for weeks."""

from collector.store.influx_schema import UPLINK_LEVELS, UPLINK_OUTLOOK
from dashboards.alert import A_BREAK, Alert, Measure
from dashboards.influxql import Column, Select
from dashboards.pages import CAPACITY

_A_VACATION_S = 45 * 86_400
"""What was said of an uplink before a vacation is said until lessons begin again; of a summer nothing is."""


def uplink_alerts() -> tuple[Alert, ...]:
    """All of them."""
    return (uplink_full(),)


def uplink_full() -> Alert:
    """The busy hour of an uplink was at 80 % or more in three of the last four weeks of lessons (science.md 5.1)."""

    def newest(name: str) -> Measure:
        select = Select(
            source=UPLINK_OUTLOOK,
            columns=(Column(name=name, function="last", shown=name),),
            during="range",
            group_by=("uplink",),
        )
        return Measure(select=select, seconds=_A_VACATION_S)

    return Alert(
        uid="bandroom-uplink-full",
        title="Uplink is full in its busy hour",
        measures={"level": newest("level"), "share": newest("busy_share")},
        condition=f"$level >= {UPLINK_LEVELS['act']} && $share >= 0",
        pending="1m",
        keeps=A_BREAK,
        # No week of lessons for so long: nothing is said of now.
        no_data="OK",
        on_error="KeepLast",
        severity="weekly",
        summary="{{ $labels.uplink }} is full in its busy hour",
        description=(
            "{{ humanizePercentage $values.share.Value }} of its capacity in the busy hour of the newest week, and "
            "80 % or more in three of the last four weeks of lessons: order more, or see what fills it."
        ),
        page=f"{{{{ externalURL }}}}d/{CAPACITY.uid}?var-uplink={{{{ $labels.uplink }}}}",
    )
