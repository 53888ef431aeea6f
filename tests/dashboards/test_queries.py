"""Each panel's queries, asked of a real InfluxDB that holds the known week, return the known answer."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collector.store.influx_schema import MEASUREMENTS
from tests.dashboards.asked import ask
from tests.dashboards.known_capacity import CAPACITY
from tests.dashboards.known_rooms import LAB, OAK_HILL, RIVER, WEST
from tests.dashboards.known_uplinks import EGRESS, OAK
from tests.dashboards.known_uplinks import RIVER as RIVER_LINE
from tests.dashboards.known_verdicts import EVIDENCE, MONDAY, STANDS_ON
from tests.dashboards.known_week import SAYS, began_ms, ms, week_time, write_known_week
from tests.dashboards.rendered_files import Query, dashboards, queries
from tests.dashboards.rows import counted, drawn, of, only
from tests.influx import Influx, new_databases

NOW = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
FIVE_MINUTES, TWENTY_MINUTES = 5 / 60, 20 / 60
"""In hours."""

WI_FI, UPLINK = ("room_access", "high", "C2", False), ("site_uplink", "high", "C1", False)
NOT_TOLD = ("undetermined", "", "", True)
"""Cause, confidence, who pays, near a limit."""

BINS = 60
"""Of a day of lessons."""

pytestmark = pytest.mark.requires("influx")


@pytest.fixture(scope="module")
def week(influx_server: str) -> Iterator[Influx]:
    """Read by all of these tests, changed by none."""
    with new_databases(influx_server) as made:
        write_known_week(made, NOW)
        yield made


HERE = {"site": "oak-hill", "room": "101", "target": "district", "week": str(ms(week_time(MONDAY))), "uplink": OAK}
OF_DAYS = ("bandroom-week", "bandroom-capacity")
"""Pages whose own range is one of days."""

GOOD_BINS, BAD_BINS = BINS - 5, 5
KNOWN_TAGS = {tag for measurement in MEASUREMENTS.values() for tag in measurement.tags}

KNOWN: dict[tuple[str, str, str], Any] = {
    # District now
    ("district-now", "How many rooms can teach now?", "A"): lambda rows: (
        only(rows, "bad", "degraded", "unknown", "no_lesson", "ok") == [(2, 1, 1, 0, 4)]
    ),
    ("district-now", "Which rooms cannot teach now, and why?", "A"): lambda rows: (
        only(rows, "level", "site", "room", "site_name", "room_name", "since_ms", "evidence", "next_step", "cause")
        == [
            (1, "oak-hill", "lab", OAK_HILL, LAB, began_ms("lab", NOW), *SAYS["degraded"], "undetermined"),
            (2, "oak-hill", "101", OAK_HILL, "Room 101", began_ms("101", NOW), *SAYS["bad"], "undetermined"),
            (2, "river", "art", RIVER, "Art room", began_ms("art", NOW), *SAYS["bad"], "undetermined"),
        ]
    ),
    ("district-now", "Which sites are affected?", "A"): lambda rows: (
        only(rows, "site", "site_name", "bad", "degraded", "unknown", "no_lesson", "ok", "rooms", "reporting_rooms")
        == [
            ("oak-hill", OAK_HILL, 1, 1, 1, 0, 1, 4, 3),
            ("river", RIVER, 1, 0, 0, 0, 1, 2, 2),
            ("west", WEST, 0, 0, 0, 0, 2, 2, 2),
        ]
    ),
    ("district-now", "Can this page be relied upon?", "A"): lambda rows: (
        only(rows, "failing", "in_session", "enrolled_agents", "silent_agents") == [(False, True, 8, 1)]
    ),
    # Week
    ("week", "How many rooms were restricted in this week?", "A"): lambda rows: (
        only(rows, "restricted", "at_risk", "unknown", "ok") == [(2, 1, 1, 4)]
    ),
    ("week", "Which rooms were restricted, and why?", "A"): lambda rows: (
        only(
            rows,
            *("level", "site", "room", "site_name", "room_name", "bad_share", "lower", "bad_hours", "cause"),
            *("confidence", "budget_line", "near_threshold", "evidence"),
        )
        == [
            (1, "oak-hill", "lab", OAK_HILL, LAB, *(0.1, 0.31, FIVE_MINUTES), *NOT_TOLD, EVIDENCE),
            (
                2,
                "oak-hill",
                "101",
                OAK_HILL,
                "Room 101",
                0.4,
                0.31,
                TWENTY_MINUTES,
                "room_access",
                "high",
                "C2",
                False,
                EVIDENCE,
            ),
            (2, "river", "art", RIVER, "Art room", *(0.4, 0.31, TWENTY_MINUTES), *UPLINK, EVIDENCE),
        ]
    ),
    ("week", "What were the causes, and who pays for the mend?", "A"): lambda rows: (
        only(rows, "cause", "budget_line", "bad_hours")
        == [
            ("room_access", "C2", TWENTY_MINUTES),
            ("site_uplink", "C1", TWENTY_MINUTES),
            ("undetermined", "", FIVE_MINUTES),
        ]
    ),
    ("week", "What changed since the week before?", "A"): lambda rows: (
        only(rows, "room", "level", "previous") == [("101", 2, "at_risk"), ("library", -1, "ok")]
    ),
    ("week", "Which rooms are not known, and why?", "A"): lambda rows: (
        only(rows, "room_name", "level", "coverage") == [("Library", -1, 0)]
    ),
    ("week", "How did it go, week by week?", "A"): lambda rows: (
        (drawn(rows, "restricted"), drawn(rows, "at_risk"), drawn(rows, "unknown"), drawn(rows, "ok"))
        == ([1, 2], [2, 1], [0, 1], [5, 4])
    ),
    # Site
    ("site", "How many rooms of this site can teach now?", "A"): lambda rows: (
        only(rows, "bad", "degraded", "unknown", "no_lesson", "ok") == [(1, 1, 1, 0, 1)]
    ),
    ("site", "Which rooms of this site, and why?", "A"): lambda rows: (
        only(rows, "level", "room", "room_name", "p95_ms", "down_bps", "bad_lessons", "lessons")
        == [
            (-1, "library", "Library", -1, -1, 0, 12),
            (0, "music", "Music room", 40, -1, 0, 12),
            (1, "lab", LAB, 160, -1, 0, 12),
            (2, "101", "Room 101", 320, 1_190_000, 3, 12),
        ]
    ),
    ("site", "Which rooms could not teach, and when?", "A"): lambda rows: (
        # 12 points an hour: bad for 25 minutes, degraded for 120, and told of once the room that is gone.
        {name: counted(of(rows, room_name=name), "Value") for name in ("Room 101", LAB, "Gone")}
        == {"Room 101": {-2: 228, 0: 55, 2: 5}, LAB: {-2: 228, 0: 36, 1: 24}, "Gone": {2: 1}}
    ),
    ("site", "How much of each day's lesson time was bad?", "A"): lambda rows: (
        (len(rows), counted(rows, "bad"), counted(rows, "degraded"), counted(rows, "not measured"))
        == (30, {0: 24, 1800: 6}, {3600: 30}, {7200: 30})
        and counted(rows, "good") == {61_200: 24, 59_400: 6}
    ),
    ("site", "How many rooms had a bad day?", "A"): lambda rows: (
        (counted(rows, "troubled_rooms"), counted(rows, "measured_rooms")) == ({0: 24, 1: 6}, {4: 30})
    ),
    ("site", "Which rooms lost most lesson time over these days?", "A"): lambda rows: (
        only(rows, "room", "bad_hours", "measured_hours")
        == [("101", 3, 135), ("lab", 0, 135), ("library", 0, 135), ("music", 0, 135)]
        and only(rows, "bad_share")[-1] == (pytest.approx(3 / 135),)
    ),
    ("site", "Which rooms lost most lesson time over these days?", "B"): lambda rows: (
        only(rows, "room", "room_name")
        == [("101", "Room 101"), ("gone", "Gone"), ("lab", LAB), ("library", "Library"), ("music", "Music room")]
    ),
    # Room
    ("room", "Can this room teach now?", "A"): lambda rows: (
        only(rows, "level", "since_ms", "cause", "evidence", "next_step", "coverage", "newest_report_ms")
        == [
            (
                *(2, began_ms("101", NOW), "undetermined", *SAYS["bad"], 0.97),
                ms(NOW - timedelta(minutes=1, seconds=40)),
            )
        ]
    ),
    ("room", "What could be taught, and when?", "A"): lambda rows: (
        (counted(rows, "quality"), drawn(rows, "quality")[-6:])
        == ({"good": GOOD_BINS, "bad": BAD_BINS}, ["good"] + ["bad"] * 5)
    ),
    ("room", "What could be taught, and when?", "B"): lambda rows: (
        counted(rows, "quality") == {"good": GOOD_BINS, "degraded": BAD_BINS}
    ),
    ("room", "What was its state, and what caused it?", "A"): lambda rows: (
        # The worst of each quarter of an hour: the two that 25 minutes reach into.
        counted(rows, "level") == {-2: 76, 0: 18, 2: 2}
    ),
    ("room", "What was its state, and what caused it?", "B"): lambda rows: (
        counted(rows, "cause") == {"undetermined": 2}
    ),
    ("room", "How good was it for each activity?", "A"): lambda rows: (
        counted(of(rows, profile="video_lesson"), "qoo") == {100: GOOD_BINS, 0: BAD_BINS}
        and counted(of(rows, profile="cloud_docs_lms"), "qoo") == {100: GOOD_BINS, 45: BAD_BINS}
    ),
    ("room", "How much is lost, and on the way to where?", "A"): lambda rows: (
        {
            name: counted([row for row in rows if row["target"] == name], "loss")
            for name in ("gateway", "site", "district")
        }
        == {"gateway": {0: BINS}, "site": {0: BINS}, "district": {0: GOOD_BINS, 0.02: BAD_BINS}}
    ),
    ("room", "How long do round trips to $target take?", "A"): lambda rows: (
        (counted(rows, "p50"), counted(rows, "p95"), counted(rows, "p99"))
        == ({12: GOOD_BINS, 90: BAD_BINS}, {40: GOOD_BINS, 320: BAD_BINS}, {80: GOOD_BINS, 600: BAD_BINS})
    ),
    ("room", "Does a device get what it needs, down?", "A"): lambda rows: (
        drawn(rows, "received") == [1_190_000] * 9 + [640_000]
    ),
    ("room", "Does a device get what it needs, up?", "A"): lambda rows: drawn(rows, "received") == [595_000] * 10,
    ("room", "How bad was each day?", "A"): lambda rows: (
        (counted(rows, "bad"), counted(rows, "degraded"), counted(rows, "good"), counted(rows, "not measured"))
        == ({0: 24, 1800: 6}, {900: 30}, {15_300: 24, 13_500: 6}, {1800: 30})
    ),
    ("room", "How slow was each day?", "A"): lambda rows: (
        (counted(rows, "p50"), counted(rows, "p95"), counted(rows, "p99"))
        == ({12: 30}, {40: 24, 220: 6}, {80: 24, 600: 6})
    ),
    ("room", "What did each day lose?", "A"): lambda rows: counted(rows, "loss") == {0.001: 24, 0.02: 6},
    ("room", "How was each of its weeks judged, and what does that stand on?", "A"): lambda rows: (
        only(rows, "week", "level", "bad_share", "lower", "upper", "bad_hours", "evidence", "stands_on")
        == [
            ("2026-11-02", 1, 0.1, 0.31, 0.5, FIVE_MINUTES, EVIDENCE, STANDS_ON),
            ("2026-11-09", 2, 0.4, 0.31, 0.5, TWENTY_MINUTES, EVIDENCE, STANDS_ON),
        ]
    ),
    # Fleet
    ("fleet", "How many agents need a look?", "A"): lambda rows: (
        only(
            rows,
            *("silent_agents", "behind_agents", "never_reported_agents", "outdated_agents", "repaired_agents"),
            "reporting_agents",
        )
        == [(1, 1, 1, 2, 1, 5)]
    ),
    ("fleet", "Which agents, and why?", "A"): lambda rows: (
        only(
            rows, "level", "agent", "site_name", "room_name", "waiting_reports", "version", "outdated", "clock_repaired"
        )
        == [
            (-1, "agent-library", OAK_HILL, "Library", -1, "", False, False),
            (0, "agent-101", OAK_HILL, "Room 101", 0, "0.3.9", True, False),
            (0, "agent-music", OAK_HILL, "Music room", 0, "0.4.0", False, True),
            (1, "agent-lab", OAK_HILL, LAB, 180, "0.4.0", False, False),
            (2, "agent-art", RIVER, "Art room", 0, "0.3.9", True, False),
        ]
    ),
    ("fleet", "How many agents were silent or behind?", "A"): lambda rows: (
        (counted(rows, "silent_agents"), counted(rows, "behind_agents")) == ({0: 276, 1: 12}, {1: 288})
    ),
    ("fleet", "Does the collector keep up with what is sent?", "A"): lambda rows: (
        # 40 a minute, 39 of them new. Starting again, twelve hours ago, is no rate.
        (set(drawn(rows, "received")), set(drawn(rows, "stored")), set(drawn(rows, "duplicate"))) == ({40}, {39}, {1})
        and (set(drawn(rows, "rejected")), set(drawn(rows, "deferred"))) == ({0}, {0})
        and 284 <= len(rows) <= 287
    ),
}


KNOWN |= CAPACITY


def _key(query: Query) -> tuple[str, str, str]:
    return (query.page.removeprefix("bandroom-"), query.panel["title"], query.target["refId"])


def test_every_query_has_a_known_answer_and_every_answer_a_query() -> None:
    assert {_key(query) for query in queries()} == set(KNOWN)


@pytest.mark.parametrize("query", [pytest.param(one, id="-".join(_key(one))) for one in queries()])
def test_a_panel_shows_what_is_known(week: Influx, query: Query) -> None:
    own_day = query.panel.get("timeFrom") == "24h"
    days = not own_day and (query.panel.get("timeFrom") is not None or query.page in OF_DAYS)
    rows = ask(
        week,
        query.target["datasource"]["uid"],
        query.text,
        now=NOW,
        span=timedelta(days=60 if query.page == "bandroom-capacity" else 30, hours=13) if days else timedelta(hours=24),
        variables=HERE,
    )

    assert KNOWN[_key(query)](rows), rows[:20]


@pytest.mark.parametrize(
    "query", [pytest.param(one, id="-".join(_key(one))) for one in queries() if "${__to}ms - 7d" in one.text]
)
def test_of_a_longer_range_the_last_week_is_read(week: Influx, query: Query) -> None:
    rows = ask(
        week,
        query.target["datasource"]["uid"],
        query.text,
        now=NOW,
        span=timedelta(days=30),
        variables=HERE,
    )

    names = {*KNOWN_TAGS, "time"}
    measured = [row["time"] for row in rows if any(row[name] is not None for name in row.keys() - names)]
    assert measured
    assert min(measured) >= ms(NOW - timedelta(days=7)) * 1_000_000


@pytest.mark.parametrize(
    ("page", "name", "known"),
    [
        (
            "capacity",
            "uplink",
            [f"{OAK_HILL} ⟨{OAK}⟩", f"River School ⟨{RIVER_LINE}⟩", f"The district's way out ⟨{EGRESS}⟩"],
        ),
        ("site", "site", ['Oak Hill, "North" = 1 ⟨oak-hill⟩', "River School ⟨river⟩", "West, the old building ⟨west⟩"]),
        (
            "room",
            "room",
            sorted(
                f"{text} ⟨{slug}⟩"
                for text, slug in [
                    ("Room 101", "101"),
                    ("Gone", "gone"),
                    (LAB, "lab"),
                    ("Library", "library"),
                    ("Music room", "music"),
                ]
            ),
        ),
    ],
)
def test_a_variable_offers_names(week: Influx, page: str, name: str, known: list[str]) -> None:
    (dashboard,) = (one for one in dashboards() if one["uid"] == f"bandroom-{page}")
    (variable,) = (one for one in dashboard["templating"]["list"] if one["name"] == name)

    span = timedelta(days=400) if page == "capacity" else timedelta(hours=24)
    rows = ask(week, variable["datasource"]["uid"], variable["query"]["query"], now=NOW, span=span, variables=HERE)

    assert sorted(row["last"] for row in rows) == known
    assert all(re.fullmatch(variable["regex"].strip("/").replace("(?<", "(?P<"), one) for one in known)


def test_weeks_are_those_that_were_judged(week: Influx) -> None:
    (dashboard,) = (one for one in dashboards() if one["uid"] == "bandroom-week")
    (variable,) = (one for one in dashboard["templating"]["list"] if one["name"] == "week")

    rows = ask(
        week,
        variable["datasource"]["uid"],
        variable["query"]["query"],
        now=NOW,
        span=timedelta(days=400),
    )

    assert sorted(row["label"] for row in rows) == ["2026-11-02 ⟨1793620800000⟩", "2026-11-09 ⟨1794225600000⟩"]


def test_targets_are_those_of_the_room(week: Influx) -> None:
    (dashboard,) = (one for one in dashboards() if one["uid"] == "bandroom-room")
    (variable,) = (one for one in dashboard["templating"]["list"] if one["name"] == "target")

    rows = ask(week, variable["datasource"]["uid"], variable["query"]["query"], now=NOW, variables=HERE)

    assert sorted(row["value"] for row in rows) == ["district", "gateway", "site"]


@pytest.mark.parametrize(
    "query", [pytest.param(one, id="-".join(_key(one))) for one in queries() if "${week" in one.text]
)
def test_before_there_is_a_week_a_panel_of_it_is_empty_and_no_error(week: Influx, query: Query) -> None:
    rows = ask(week, query.target["datasource"]["uid"], query.text, now=NOW, variables={"week": ""})
    assert rows == []
