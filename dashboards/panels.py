"""The house defaults of panels: a title that asks or states, a description behind the (i), and a text for no data."""

from collections.abc import Sequence
from typing import Any, TypeVar

from grafana_foundation_sdk.builders import common, dashboard, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    DataSourceRef,
    GraphDrawStyle,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    TableCellHeight,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Threshold,
    ThresholdsMode,
    ValueMapping,
)

from dashboards.influxql import Target, source_of
from dashboards.words import LINES

Options = list[DynamicConfigValue]
Panel = TypeVar("Panel", table.Panel, stat.Panel, timeseries.Panel, statetimeline.Panel)


def the_table(
    number: int,
    title: str,
    about: str,
    *targets: Target,
    nothing: str,
    size: tuple[int, int],
    order: Sequence[common.TableSortByFieldState] = (),
) -> table.Panel:
    """A table that wraps its texts, in the `order` of `highest` and `lowest`: rows alike in one go by the next."""
    panel = (
        table.Panel()
        .cell_height(TableCellHeight.SM)
        .sort_by([*order])
        # Grafana's own column of a table without groups: when the newest point was written, or 1970.
        .override_by_regexp("/^Time/", [hidden()])
    )
    return _told(panel, targets, number=number, title=title, about=about, nothing=nothing, size=size)


def highest(title: str) -> common.TableSortByFieldState:
    """The highest of this column first."""
    return common.TableSortByFieldState().display_name(title).desc(True)


def lowest(title: str) -> common.TableSortByFieldState:
    """The lowest of this column first."""
    return common.TableSortByFieldState().display_name(title).desc(False)


def numbers(
    number: int, title: str, about: str, *targets: Target, nothing: str, size: tuple[int, int], fields: str = ""
) -> stat.Panel:
    """Numbers side by side, each under its name; `fields` is a regular expression where not numbers alone are meant."""
    panel = (
        stat.Panel()
        .color_mode(BigValueColorMode.BACKGROUND_SOLID)
        .graph_mode(BigValueGraphMode.NONE)
        .text_mode(BigValueTextMode.VALUE_AND_NAME)
        .wide_layout(False)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields(fields).values(False))
    )
    return _told(panel, targets, number=number, title=title, about=about, nothing=nothing, size=size)


def lines(
    number: int, title: str, about: str, *targets: Target, nothing: str, size: tuple[int, int]
) -> timeseries.Panel:
    """Lines over time. Where nothing was measured there is none."""
    panel = (
        timeseries.Panel()
        .line_width(2)
        .fill_opacity(0)
        .span_nulls(False)
        .show_points(VisibilityMode.AUTO)
        .point_size(4)
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
        .legend(_legend())
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    )
    return _told(panel, targets, number=number, title=title, about=about, nothing=nothing, size=size)


def bars(
    number: int, title: str, about: str, *targets: Target, nothing: str, size: tuple[int, int]
) -> timeseries.Panel:
    """A bar a day."""
    return (
        lines(number, title, about, *targets, nothing=nothing, size=size)
        .draw_style(GraphDrawStyle.BARS)
        .fill_opacity(80)
        .line_width(0)
        .bar_max_width(24)
        .show_points(VisibilityMode.NEVER)
    )


def states(
    number: int, title: str, about: str, *targets: Target, nothing: str, size: tuple[int, int], words: ValueMapping
) -> statetimeline.Panel:
    """A band of words over time for each line."""
    panel = (
        statetimeline.Panel()
        .merge_values(True)
        .show_value(VisibilityMode.AUTO)
        .row_height(0.8)
        .line_width(0)
        .fill_opacity(90)
        .mappings([words])
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.FIXED).fixed_color(LINES[0]))
        .legend(common.VizLegendOptions().show_legend(False).display_mode(LegendDisplayMode.LIST))
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.SINGLE))
        .disable_pagination()
    )
    return _told(panel, targets, number=number, title=title, about=about, nothing=nothing, size=size)


def limits(*steps: tuple[float | None, str]) -> dashboard.ThresholdsConfig:
    """From each value on, its colour; ``None`` is where the first begins."""
    return (
        dashboard.ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value=value, color=colour) for value, colour in steps])
    )


def as_lines() -> common.GraphThresholdsStyleConfig:
    """Limits as dashed lines."""
    return common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)


def column(
    title: str,
    *,
    width: int | None = None,
    unit: str | None = None,
    decimals: int | None = None,
    words: Sequence[ValueMapping] = (),
    coloured: bool = False,
    link: tuple[str, str] | None = None,
    wraps: bool = False,
    left: bool = False,
) -> Options:
    """How a column of a table is shown. `link` is (what it says, address); a coloured cell has its word's colour;
    names that may be numbers stand at the `left` as names do."""
    options: dict[str, Any] = {"displayName": title}
    if width is not None:
        options["custom.width"] = width
    if unit is not None:
        options["unit"] = unit
    if decimals is not None:
        options["decimals"] = decimals
    if words:
        options["mappings"] = [one.to_json() for one in words]
    if coloured:
        options["custom.cellOptions"] = {"type": "color-background", "mode": "basic"}
        options["custom.align"] = "center"
    if left:
        options["custom.align"] = "left"
    if link is not None:
        options["links"] = [{"title": link[0], "url": link[1], "targetBlank": False}]
    if wraps:
        options["custom.wrapText"] = True
    return [DynamicConfigValue(id_val=key, value=value) for key, value in options.items()]


def as_a_line() -> Options:
    """A line among bars."""
    options = {"custom.drawStyle": "line", "custom.lineWidth": 2, "custom.fillOpacity": 0}
    return [DynamicConfigValue(id_val=key, value=value) for key, value in options.items()]


def colour(value: str) -> DynamicConfigValue:
    """One colour, whatever the value is."""
    return DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": value})


def in_line_colours(panel: timeseries.Panel, *names: str) -> timeseries.Panel:
    """Lines in colours that do not look like a state's, the same name in the same colour everywhere."""
    for name, tone in zip(names, LINES, strict=False):
        panel.override_by_name(name, [colour(tone)])
    return panel


def called(name: str, *more: DynamicConfigValue) -> Options:
    """What a number or a line is called."""
    return [DynamicConfigValue(id_val="displayName", value=name), *more]


def coloured_from(least: float, colour_from: str, otherwise: str) -> DynamicConfigValue:
    """`colour_from` from `least` on."""
    steps = [{"value": None, "color": otherwise}, {"value": least, "color": colour_from}]
    return DynamicConfigValue(id_val="thresholds", value={"mode": "absolute", "steps": steps})


def words_of(mapping: ValueMapping) -> DynamicConfigValue:
    """Words in place of values."""
    return DynamicConfigValue(id_val="mappings", value=[mapping.to_json()])


def hidden() -> DynamicConfigValue:
    """A column that links need and nobody reads."""
    return DynamicConfigValue(id_val="custom.hideFrom.viz", value=True)


def in_order(*fields: str) -> DataTransformerConfig:
    """The columns of a table from left to right, since groups come in any order."""
    return DataTransformerConfig(
        id_val="organize", options={"indexByName": {field: place for place, field in enumerate(fields)}}
    )


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs([])
    )


def _told(
    panel: Panel, targets: Sequence[Target], *, number: int, title: str, about: str, nothing: str, size: tuple[int, int]
) -> Panel:
    """What every panel says of itself. `size` is (columns of 24, rows)."""
    sources = {target.select.measurement.kept for target in targets}
    source = source_of(sources.pop()) if len(sources) == 1 else DataSourceRef(type_val="datasource", uid="-- Mixed --")
    panel.id(number).title(title).description(about).no_value(nothing).span(size[0]).height(size[1])
    panel.datasource(source).targets([*targets])
    return panel
