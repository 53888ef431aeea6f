"""What Grafana is told of now: every field, written when it changes, read back from a real InfluxDB."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from collector.ingest.accounts import Accounts
from collector.now import DistrictNow, RoomNow
from collector.publish import ROOMS_EVERY, Publisher, uplink_named, week_told
from collector.publish_points import agent_state, older
from collector.registry.registry import Registry
from collector.store.influx_schema import LABEL, Retention, label_of
from collector.store.influx_store import InfluxStore
from collector.store.influx_uplink_rows import UplinkNamed
from collector.store.protocol import AgentHealth, StoreUnavailable
from tests.collector.board.districts import NOW, a_district, a_room, a_site, a_test
from tests.collector.builders import arrival, health
from tests.collector.live import a_district as live_district
from tests.collector.week_builders import a_week, located
from tests.influx import Influx
from wire.enrolment import EnrolmentRequest

HOSTILE = 'Room 2,04 "lab" = \\ \n🎈'


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry.open_registry(f"sqlite:///{tmp_path / 'agents.sqlite'}")


@pytest.fixture
def publisher(open_influx: Callable[[], InfluxStore], registry: Registry) -> Callable[[], Publisher]:
    def new() -> Publisher:
        return Publisher(open_influx(), registry, Accounts(CollectorRegistry()), judged_bins=lambda: 7)

    return new


@pytest.mark.requires("influx")
def test_a_room_that_cannot_teach_says_why_since_when_and_what_next(
    publisher: Callable[[], Publisher], influx: Influx
) -> None:
    bad = replace(a_room("101", "bad", speaking=(a_test(),)), name=HOSTILE)

    publisher().publish(_district(bad), failing=False)

    (row,) = influx.rows("reports", "SELECT * FROM room_now")
    assert (row["site"], row["room"], row["site_name"], row["room_name"]) == ("north", "101", "North School", HOSTILE)
    assert (row["state"], row["level"], row["in_session"]) == ("bad", 2, True)
    assert row["evidence"] == bad.evidence
    assert row["since_ms"] == int(NOW.timestamp() * 1000)
    assert "gateway" in row["next_step"]
    assert row["down_bps"] == 1_190_000
    assert row["up_bps"] == -1, "nothing was tested in that direction"
    assert row["label"] == f"{HOSTILE} ⟨101⟩"


@pytest.mark.requires("influx")
def test_a_room_is_written_when_it_changes_and_every_few_minutes(
    publisher: Callable[[], Publisher], influx: Influx
) -> None:
    writes = publisher()
    ok, bad = a_room("101"), a_room("101", "bad")
    moments = [
        (ok, 0),
        (ok, 15),
        (bad, 30),
        (bad, 45),
        (bad, 30 + ROOMS_EVERY.total_seconds()),
    ]
    for room, second in moments:
        writes.publish(_district(room, at=NOW + timedelta(seconds=second)), failing=False)

    rows = influx.rows("reports", "SELECT state, since_ms FROM room_now")

    start_ms = int(NOW.timestamp() * 1000)
    assert [(row["state"], row["since_ms"] - start_ms) for row in rows] == [
        ("ok", 0),
        ("bad", 30_000),
        ("bad", 30_000),
    ]


@pytest.mark.requires("influx")
def test_since_when_is_known_after_a_restart(publisher: Callable[[], Publisher], influx: Influx) -> None:
    publisher().publish(_district(a_room("101", "bad")), failing=False)
    later = NOW + timedelta(hours=1)

    publisher().publish(_district(a_room("101", "bad"), at=later), failing=False)

    rows = influx.rows("reports", "SELECT since_ms FROM room_now")
    assert {row["since_ms"] for row in rows} == {int(NOW.timestamp() * 1000)}


@pytest.mark.requires("influx")
def test_a_site_counts_its_rooms_and_those_that_report(publisher: Callable[[], Publisher], influx: Influx) -> None:
    rooms = (
        a_room("101", "bad"),
        a_room("102"),
        a_room("103", "unknown", newest_report_at=None),
        a_room("104", newest_report_at=NOW - timedelta(hours=2)),
    )

    publisher().publish(_district(*rooms), failing=False)

    (row,) = influx.rows("reports", "SELECT * FROM site_now")
    assert (row["rooms"], row["bad"], row["degraded"], row["ok"], row["unknown"], row["no_lesson"]) == (
        4,
        1,
        0,
        2,
        1,
        0,
    )
    assert row["reporting_rooms"] == 2


@pytest.mark.requires("influx")
def test_the_fleet_is_told_by_the_newest_health_reports(
    open_influx: Callable[[], InfluxStore], publisher: Callable[[], Publisher], registry: Registry, influx: Influx
) -> None:
    told, silent = (_enrol(registry, name) for name in ("a", "b"))
    open_influx().write_reports(
        [
            arrival(
                health(seq, agent_version="0.0.9", spool_reports=seq),
                agent=told,
                started_at=NOW - timedelta(minutes=9 - seq),
            )
            for seq in (1, 2)
        ]
    )

    publisher().publish(_district(a_room("101")), failing=False)

    rows = {row["agent"]: row for row in influx.rows("reports", "SELECT * FROM agent_now")}
    assert rows.keys() == {told, silent}
    assert (rows[told]["version"], rows[told]["outdated"], rows[told]["waiting_reports"]) == ("0.0.9", True, 2)
    assert rows[told]["newest_report_ms"] == int((NOW - timedelta(minutes=6)).timestamp() * 1000)
    assert (rows[silent]["state"], rows[silent]["level"], rows[silent]["version"]) == ("never_reported", -1, "")


@pytest.mark.requires("influx")
def test_an_agent_that_delivers_what_waited_for_hours_tells_how_much_still_does(
    open_influx: Callable[[], InfluxStore], registry: Registry, influx: Influx
) -> None:
    agent, store = _enrol(registry, "a"), open_influx()
    writes = Publisher(store, registry, Accounts(CollectorRegistry()), judged_bins=lambda: 7)
    store.write_reports([arrival(health(1), agent=agent, started_at=NOW - timedelta(hours=6))])
    writes.publish(_district(a_room("101"), at=NOW - timedelta(minutes=2)), failing=False)
    store.write_reports(
        [arrival(health(2, spool_reports=500), agent=agent, started_at=NOW - timedelta(hours=5, minutes=59))]
    )

    writes.publish(_district(a_room("101")), failing=False)

    rows = influx.rows("reports", "SELECT waiting_reports FROM agent_now")
    assert [row["waiting_reports"] for row in rows] == [0, 500]


@pytest.mark.requires("influx")
def test_the_collector_tells_of_itself(publisher: Callable[[], Publisher], influx: Influx) -> None:
    publisher().publish(_district(a_room("101")), failing=True)

    (row,) = influx.rows("reports", "SELECT * FROM collector_now")
    assert (row["failing"], row["rooms"], row["enrolled_agents"], row["judged_bins"]) == (True, 1, 0, 7)
    assert (row["received"], row["deferred"]) == (0, 0)


@pytest.mark.requires("influx")
def test_the_collector_counts_the_fleet(
    open_influx: Callable[[], InfluxStore], publisher: Callable[[], Publisher], registry: Registry, influx: Influx
) -> None:
    told, _ = (_enrol(registry, name) for name in ("a", "b"))
    open_influx().write_reports(
        [arrival(health(1, agent_version="0.0.9"), agent=told, started_at=NOW - timedelta(days=2))]
    )

    publisher().publish(_district(a_room("101")), failing=False)

    (row,) = influx.rows("reports", "SELECT * FROM collector_now")
    assert row["enrolled_agents"] == 2
    counts = ("reporting", "behind", "silent", "never_reported", "outdated", "repaired")
    # What was measured two days ago has come just now.
    assert [row[f"{name}_agents"] for name in counts] == [0, 1, 0, 1, 1, 0]


class Away:
    """A store that does not answer."""

    def write_lines(self, kept: Retention, lines: list[str]) -> None:
        raise StoreUnavailable(f"{kept}: nothing answers, {len(lines)} lines")

    def newest_states(self, since: datetime) -> dict[tuple[str, str], tuple[str, datetime]]:
        assert since
        return {}

    def newest_health(self, stored_after: datetime) -> dict[str, AgentHealth]:
        assert stored_after
        return {}


def test_a_store_that_is_away_is_told_of_once_and_nothing_else_happens(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    publisher = Publisher(Away(), registry, Accounts(CollectorRegistry()), judged_bins=lambda: 0)

    for second in range(3):
        publisher.publish(_district(a_room("101"), at=NOW + timedelta(seconds=second)), failing=False)

    assert [record.message.partition(" error=")[0] for record in caplog.records] == [
        "grafana is not told of what is now"
    ]


@pytest.mark.requires("influx")
def test_after_the_clock_was_set_back_grafana_is_told_at_once(
    publisher: Callable[[], Publisher], influx: Influx
) -> None:
    writes = publisher()
    for at in (NOW, NOW - timedelta(hours=1)):
        writes.publish(_district(a_room("101"), at=at), failing=False)

    for measurement in ("room_now", "site_now", "collector_now"):
        assert len(influx.rows("reports", f"SELECT * FROM {measurement}")) == 2


@pytest.mark.parametrize(
    ("ended_s_ago", "late_s", "state"),
    [(60, 20, "reporting"), (60, 4000, "behind"), (4000, 3980, "behind"), (4000, 20, "silent")],
)
def test_an_agent_is_silent_only_when_nothing_comes(ended_s_ago: int, late_s: int, state: str) -> None:
    newest = AgentHealth(
        ended_at=NOW - timedelta(seconds=ended_s_ago),
        late=timedelta(seconds=late_s),
        version="0.1.0",
        platform="linux",
        waiting_reports=0,
        dropped_reports=0,
        quarantined_reports=0,
        clock_repaired=False,
        clock_synchronised=True,
    )

    assert agent_state(newest, _district(a_room("101"))) == state


@pytest.mark.parametrize(
    ("version", "than", "is_older"),
    [("0.9.0", "0.10.0", True), ("0.10.0", "0.9.0", False), ("0.1.0", "0.1.0", False), ("0.1.0-rc", "0.2.0", False)],
)
def test_releases_are_compared_as_numbers(version: str, than: str, is_older: bool) -> None:
    assert older(version, than) is is_older


def test_grafana_takes_a_label_apart_as_it_was_put_together() -> None:
    pattern = re.compile(LABEL.strip("/").replace("?<", "?P<"))
    found = pattern.fullmatch(label_of(HOSTILE, "room-2-04"))

    assert found is not None
    assert found.groupdict() == {"text": HOSTILE, "value": "room-2-04"}


def _district(*rooms: RoomNow, at: datetime = NOW) -> DistrictNow:
    return a_district(a_site(*rooms), taken_at=at)


def _enrol(registry: Registry, name: str) -> str:
    code = registry.make_code(site="north", room="101", role="room", uses=1, expires_ms=2**50)
    request = EnrolmentRequest(version=2, code=code, token_sha256=name * 64)
    return registry.enrol(request, now_ms=1).agent


def test_a_week_is_told_by_its_names_its_sentence_and_what_it_stands_on() -> None:
    district = live_district()
    named = replace(district, rooms=(replace(district.rooms[0], name="Chemistry lab"), *district.rooms[1:]))
    place = named.rooms[0]

    told = week_told(named, a_week(place.room, site=place.site, example=located()))

    assert (told.site_name, told.room_name) == ("Oak Hill", "Chemistry lab")
    assert told.evidence.startswith("Chemistry lab is restricted, because of its Wi-Fi, on 38 % of lesson time")
    stands_on = dict(line.split(": ", 1) for line in told.stands_on.split("\n"))
    assert stands_on["Held against"] == "below profile video_lesson v1; worst was its latency"
    assert "1 of 7 other rooms was bad" in stands_on["Compared"]
    assert {"Lessons hit", "Instruction affected", "What would change it"} <= stands_on.keys()


def test_a_week_of_a_room_that_is_gone_is_told_by_its_slugs() -> None:
    told = week_told(live_district(), a_week("gone", site="closed"))
    assert (told.site_name, told.room_name) == ("closed", "gone")


@pytest.mark.parametrize(
    ("uplink", "site", "name"),
    [
        ("site:oak-hill", "oak-hill", "Oak Hill"),
        ("site:gone", "gone", "gone"),
        ("district", "", "The district's way out"),
    ],
)
def test_an_uplink_is_called_as_its_site_is_now(uplink: str, site: str, name: str) -> None:
    assert uplink_named(live_district(), uplink) == UplinkNamed(site=site, name=name)
