"""What Grafana finds of uplinks' outlooks, and when."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from collector.publish import outlook_told
from collector.store.influx_store import InfluxStore
from collector.uplinks.shown_outlooks import EVERY
from tests.collector.test_store_uplinks import a_week
from tests.collector.uplink_line import LAKE, MONDAY, OAK, WEEK, Line, a_school_district, local, over
from tests.influx import Influx


def outlooks(influx: Influx) -> list[tuple[str, str, int, str]]:
    """What Grafana finds: uplink, week, how many weeks are known, and what is told."""
    rows = influx.rows("days", "SELECT uplink, week, known_weeks, told FROM uplink_outlook")
    return sorted((row["uplink"], row["week"], row["known_weeks"], row["told"]) for row in rows)


@pytest.mark.requires("influx")
def test_grafana_finds_what_is_to_be_said_after_each_week(
    open_influx: Callable[[], InfluxStore], influx: Influx
) -> None:
    store = open_influx()
    store.uplinks.told_of = outlook_told
    line = Line(store, a_school_district())
    line.week(MONDAY)
    line.engine.tick(over(MONDAY))
    told = "No forecast: 1 of 13 weeks of lessons are known; the first is possible after the week of 25 January 2027."
    assert outlooks(influx) == [(OAK, "2026-10-26", 1, told)]

    line.week(MONDAY + WEEK, days=2)
    line.week(MONDAY + WEEK, site="lakeside")
    line.engine.tick(over(MONDAY + WEEK))
    second = MONDAY + WEEK
    assert [one[:3] for one in outlooks(influx)] == [
        (LAKE, "2026-11-02", 1),
        (OAK, "2026-10-26", 1),
        (OAK, "2026-11-02", 1),
    ]

    wednesday = second + timedelta(days=2)
    line.counted(local(wednesday, 8), local(wednesday, 12))
    line.engine.tick(over(second) + EVERY - timedelta(seconds=1))
    assert outlooks(influx)[-1][:3] == (OAK, "2026-11-02", 1)
    line.engine.tick(over(second) + EVERY)
    assert outlooks(influx)[-1][:3] == (OAK, "2026-11-02", 2)


@pytest.mark.requires("influx")
def test_an_outlook_that_a_killed_collector_did_not_write_is_written_by_the_next(
    open_influx: Callable[[], InfluxStore], influx: Influx
) -> None:
    store = open_influx()
    store.uplinks.write_weeks([a_week(uplink=OAK, week=MONDAY)])
    line = Line(store, a_school_district())

    line.engine.tick(over(MONDAY) + timedelta(days=1))

    assert [one[:3] for one in outlooks(influx)] == [(OAK, "2026-10-26", 1)]


@pytest.mark.requires("influx")
def test_where_nothing_was_ever_counted_no_outlook_is_shown(
    open_influx: Callable[[], InfluxStore], influx: Influx
) -> None:
    line = Line(open_influx(), a_school_district())
    line.engine.tick(over(MONDAY))
    assert outlooks(influx) == []
