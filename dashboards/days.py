"""School days: how much lesson time was lost, from the points that the collector writes once a day."""

from grafana_foundation_sdk.builders import common, timeseries
from grafana_foundation_sdk.models.common import StackingMode

from collector.store.influx_schema import ROOM_DAY, Measurement
from dashboards.influxql import Chosen, Column, Rest, Select, Target, Where
from dashboards.needs import OPTIMAL_LOSS, OPTIMAL_MS, UNACCEPTABLE_LOSS, UNACCEPTABLE_MS
from dashboards.panels import as_lines, bars, colour, in_line_colours, limits, lines
from dashboards.words import BAD, DEGRADED, GOOD, UNKNOWN

SINCE = "$days"
"""Days are looked at over another span than lessons: the variable's."""

NOTHING = "No school day is known for so long: choose a longer span above."


def lesson_time(
    number: int, title: str, about: str, *, of: Measurement, chosen: tuple[Chosen, ...], width: int
) -> timeseries.Panel:
    """A bar for each day: its lesson time by what it was."""
    select = Select(
        source=of,
        columns=(
            Column(name="bad_seconds", shown="bad"),
            Column(name="degraded_seconds", shown="degraded"),
            Rest(name="valid_seconds", less=("bad_seconds", "degraded_seconds"), shown="good"),
            Rest(name="closed_seconds", less=("valid_seconds",), shown="not measured"),
        ),
        during="range",
        where=chosen,
    )
    target = Target(select=select, alias="$col")
    panel = bars(number, title, about, target, nothing=NOTHING, size=(width, 9))
    for name, tone in (("bad", BAD), ("degraded", DEGRADED), ("good", GOOD), ("not measured", UNKNOWN)):
        panel.override_by_name(name, [colour(tone)])
    stacked = common.StackingConfig().mode(StackingMode.PERCENT).group("A")
    return panel.unit("s").min(0).stacking(stacked).time_from(SINCE)


def round_trips(number: int, *, chosen: tuple[Chosen, ...], width: int) -> timeseries.Panel:
    """The percentiles of each day, as the collector worked them out from all of its round trips."""
    select = Select(
        source=ROOM_DAY,
        columns=tuple(Column(name=f"{name}_ms", shown=name) for name in ("p50", "p95", "p99")),
        during="range",
        where=(*chosen, Where(name="p95_ms", sign=">=", value=0)),
    )
    panel = (
        lines(
            number,
            "How slow was each day?",
            "Percentiles of all round trips of a day's lessons to the judged target. Dashed: from where the most "
            "demanding profile notices, and from where it fails, both for p95.",
            Target(select=select, alias="$col"),
            nothing=NOTHING,
            size=(width, 9),
        )
        .time_from(SINCE)
        .unit("ms")
        .min(0)
        .thresholds(limits((None, "transparent"), (OPTIMAL_MS, DEGRADED), (UNACCEPTABLE_MS, BAD)))
        .thresholds_style(as_lines())
    )
    return in_line_colours(panel, "p95", "p99", "p50")


def loss(number: int, *, chosen: tuple[Chosen, ...], width: int) -> timeseries.Panel:
    """The share of requests lost on each day."""
    select = Select(
        source=ROOM_DAY,
        columns=(Column(name="loss"),),
        during="range",
        where=(*chosen, Where(name="loss", sign=">=", value=0)),
    )
    panel = (
        lines(
            number,
            "What did each day lose?",
            "The share of a day's requests that were not answered in time. Dashed: from where the most demanding "
            "profile notices, and from where it fails.",
            Target(select=select, alias="loss"),
            nothing=NOTHING,
            size=(width, 9),
        )
        .time_from(SINCE)
        .unit("percentunit")
        # Where nothing is lost there is still a scale.
        .axis_soft_max(1.2 * UNACCEPTABLE_LOSS)
        .min(0)
        .thresholds(limits((None, "transparent"), (OPTIMAL_LOSS, DEGRADED), (UNACCEPTABLE_LOSS, BAD)))
        .thresholds_style(as_lines())
    )
    return in_line_colours(panel, "loss")
