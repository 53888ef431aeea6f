"""How many rooms are in which state now, in the district or at one site."""

from grafana_foundation_sdk.builders import stat

from collector.store.influx_schema import LEVELS, SITE_NOW
from dashboards.influxql import Chosen, Column, Select, Target
from dashboards.panels import called, coloured_from, numbers
from dashboards.words import NO_LESSON, STATE_COLOURS, STATE_WORDS

WORST_FIRST = sorted(LEVELS, key=lambda state: (state == "ok", -LEVELS[state]))
"""Bad, degraded, unknown, no lesson, and what is well at the end."""


def state_counts(number: int, title: str, *, of_site: bool = False, height: int = 4) -> stat.Panel:
    """A number for each state."""
    each = Select(
        source=SITE_NOW,
        columns=(
            Column(name="rooms", function="last", shown="rooms"),
            *(Column(name=state) for state in WORST_FIRST),
        ),
        during="last_minutes",
        where=(Chosen(name="site"),) if of_site else (),
        group_by=("site",),
    )
    total = Select(source=each, columns=tuple(Column(name=state, function="sum", shown=state) for state in WORST_FIRST))
    panel = numbers(
        number,
        title,
        "Each room once, by its state now. Unknown is a room that is measured too little to judge: not ok.",
        Target(select=total, table=True),
        nothing="The collector has told nothing in the last 15 minutes.",
        size=(24, height),
    )
    for state in WORST_FIRST:
        panel.override_by_name(
            state, called(STATE_WORDS[state], coloured_from(1, STATE_COLOURS[state], otherwise=NO_LESSON))
        )
    return panel
