"""Each alert rule's queries, asked of a real InfluxDB, tell of whom they should, and of nobody else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from collector.store.influx_uplink_rows import outlook_line
from tests.dashboards.known_rooms import ROOMS
from tests.dashboards.known_uplinks import EGRESS, NAMES, OAK, TOLD, known_outlook
from tests.dashboards.known_week import (
    agent_lines,
    bin_lines,
    collector_now_line,
    room_now_line,
    site_now_line,
    write_after_school,
    write_known_week,
)
from tests.dashboards.rendered_files import Json, rules
from tests.dashboards.told import Labels, told
from tests.influx import Influx, new_databases

NOW = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
RULES = {rule["uid"].removeprefix("bandroom-"): rule for rule in rules()}
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.requires("influx")


@pytest.fixture(scope="module")
def week(influx_server: str) -> Iterator[Influx]:
    """The known week and the half hour after it."""
    with new_databases(influx_server) as made:
        write_known_week(made, NOW)
        write_after_school(made, NOW)
        yield made


def room(site: str, slug: str) -> Labels:
    return (("room", slug), ("site", site))


def firing(influx: Influx, name: str, now: datetime) -> set[Labels]:
    return {labels for labels, holds in told(influx, RULES[name], now=now).items() if holds}


TOLD_AT_NOW: dict[str, set[Labels]] = {
    "room-bad-now": {room("river", "art")},
    "room-half-day": {room("river", "art"), room("west", "302")},
    "site-silent": set(),
    "uplink-full": {(("uplink", "district"),)},
    "collector-gone": set(),
    "collector-not-ingesting": set(),
}

OF_WEEKS = ("uplink-full",)
"""What is said of weeks goes on after lessons, but not over a summer."""


def test_every_rule_is_known() -> None:
    assert RULES.keys() == TOLD_AT_NOW.keys()


@pytest.mark.parametrize("name", RULES)
def test_the_known_week_is_told_of(week: Influx, name: str) -> None:
    assert told(week, RULES[name], now=NOW)
    assert firing(week, name, NOW) == TOLD_AT_NOW[name]


@pytest.mark.parametrize("name", RULES)
def test_after_lessons_all_is_over(week: Influx, name: str) -> None:
    """And it is so by the condition: what had been told of is still known, so that it recovers, and does so once."""
    later = NOW + 20 * MINUTE

    assert firing(week, name, later) == (TOLD_AT_NOW[name] if name in OF_WEEKS else set())
    assert TOLD_AT_NOW[name] <= told(week, RULES[name], now=later).keys()


@pytest.mark.parametrize("name", RULES)
def test_at_night_rooms_are_no_data_and_a_collector_that_is_gone_is_told_by_it(week: Influx, name: str) -> None:
    later = NOW + (timedelta(days=46) if name in OF_WEEKS else timedelta(hours=10))
    assert told(week, RULES[name], now=later) == {}


@pytest.mark.parametrize(
    ("bad_minutes", "fires"),
    [
        pytest.param(range(5, 65, 5), True, id="all of the hour"),
        pytest.param(range(5, 50, 5), True, id="three quarters of it"),
        pytest.param(range(5, 40, 5), False, id="seven of twelve bins"),
        pytest.param(range(10, 65, 5), False, id="all but the newest bin"),
    ],
)
def test_a_room_is_told_of_when_most_of_an_hour_was_bad_and_still_is(
    influx: Influx, bad_minutes: range, fires: bool
) -> None:
    for minutes in range(5, 65, 5):
        influx.write("bins", *bin_lines(ROOMS[0], "bad" if minutes in bad_minutes else "good", NOW - minutes * MINUTE))
    influx.write("reports", room_now_line(ROOMS[0], NOW - MINUTE, NOW))

    assert firing(influx, "room-bad-now", NOW) == ({room("oak-hill", "101")} if fires else set())


def test_two_bins_in_the_morning_are_not_told_of(influx: Influx) -> None:
    for minutes in (5, 10):
        influx.write("bins", *bin_lines(ROOMS[0], "bad", NOW - minutes * MINUTE))
    influx.write("reports", room_now_line(ROOMS[0], NOW - MINUTE, NOW))

    assert told(influx, RULES["room-bad-now"], now=NOW) == {room("oak-hill", "101"): False}


def test_what_was_not_measured_is_neither_bad_nor_good(influx: Influx) -> None:
    for minutes in range(5, 65, 5):
        influx.write("bins", *bin_lines(ROOMS[0], "bad" if minutes > 20 else None, NOW - minutes * MINUTE))
    influx.write("reports", room_now_line(ROOMS[0], NOW - MINUTE, NOW))

    assert firing(influx, "room-bad-now", NOW) == {room("oak-hill", "101")}


def test_half_a_day_bridges_a_break(influx: Influx) -> None:
    """The last four bins decide, though an hour lies between them."""
    for minutes in (5, 10, *range(75, 215, 5)):
        influx.write("bins", *bin_lines(ROOMS[0], "bad" if minutes <= 130 else "good", NOW - minutes * MINUTE))
    influx.write("reports", room_now_line(ROOMS[0], NOW - MINUTE, NOW))

    assert firing(influx, "room-half-day", NOW) == {room("oak-hill", "101")}


def test_a_site_is_silent_when_no_room_of_it_reports_in_lessons(influx: Influx) -> None:
    for minute in range(1, 10):
        at = NOW - minute * MINUTE
        influx.write("reports", *(site_now_line(site, at, NOW, reporting_rooms=0) for site in ("oak-hill", "river")))
        influx.write("reports", site_now_line("west", at, NOW, reporting_rooms=1))
    influx.write("reports", *agent_lines(NOW - MINUTE, NOW, newest=True))

    assert firing(influx, "site-silent", NOW) == {(("site", "oak-hill"),), (("site", "river"),)}


def test_a_site_whose_agents_never_reported_is_not_silent(influx: Influx) -> None:
    influx.write("reports", site_now_line("oak-hill", NOW - MINUTE, NOW, reporting_rooms=0))
    library = [one for one in agent_lines(NOW - MINUTE, NOW, newest=True) if "agent-library" in one]
    influx.write("reports", *library)

    assert firing(influx, "site-silent", NOW) == set()


def test_an_uplink_is_told_of_by_the_newest_week_alone(influx: Influx) -> None:
    before, now = known_outlook(EGRESS, 1), known_outlook(OAK, 0)
    named = NAMES[EGRESS]
    influx.write("days", outlook_line(date(2026, 11, 2), before, named, TOLD[EGRESS]))
    assert firing(influx, "uplink-full", NOW) == {(("uplink", "district"),)}

    influx.write("days", outlook_line(date(2026, 11, 9), replace(now, uplink=EGRESS), named, TOLD[EGRESS]))
    assert told(influx, RULES["uplink-full"], now=NOW) == {(("uplink", "district"),): False}


@pytest.mark.parametrize(
    ("stored", "agents", "fires"),
    [
        pytest.param(lambda _: 500, 8, True, id="nothing comes"),
        pytest.param(lambda minute: 500 - minute, 8, False, id="little comes"),
        pytest.param(lambda minute: 3 if minute < 5 else 500, 8, False, id="started again"),
        pytest.param(lambda _: 0, 0, False, id="nobody is enrolled"),
    ],
)
def test_a_collector_that_takes_nothing_is_told_of(influx: Influx, stored: object, agents: int, fires: bool) -> None:
    assert callable(stored)
    for minute in range(1, 10):
        at = NOW - minute * MINUTE
        line = collector_now_line(at, NOW, stored=stored(minute), enrolled_agents=agents)
        influx.write("reports", line, site_now_line("oak-hill", at, NOW))

    assert firing(influx, "collector-not-ingesting", NOW) == ({()} if fires else set())


def test_a_rule_is_read_as_grafana_reads_it() -> None:
    """Three steps a measure would be one too many: a query, its number, and at the end the condition."""
    for rule in RULES.values():
        kinds = [_kind(step) for step in rule["data"]]
        assert kinds == ["query", "reduce"] * (len(kinds) // 2) + ["math"]
        assert rule["condition"] == rule["data"][-1]["refId"]


def _kind(step: Json) -> str:
    return "query" if step["datasourceUid"] != "__expr__" else str(step["model"]["type"])
