"""A database of an older version is brought up to date when it is opened, with everything in it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from collector.store.duckdb_store import DuckDbStore
from tests.collector.builders import arrival, latency, throughput
from tests.collector.live import MONDAY_10

VERSION_1 = """
CREATE TABLE latency (
    agent VARCHAR, site VARCHAR, room VARCHAR, boot VARCHAR, seq BIGINT, started_at TIMESTAMP, stored_at TIMESTAMP,
    repaired BOOLEAN, duration_ms INTEGER, target VARCHAR, method VARCHAR, method_version SMALLINT, timestamps VARCHAR,
    interval_ms INTEGER, timeout_ms INTEGER, sent INTEGER, received INTEGER, duplicates INTEGER, reordered INTEGER,
    min_us INTEGER, ipdv_mean_us INTEGER, histogram VARCHAR, failure VARCHAR
);
CREATE TABLE throughput (
    agent VARCHAR, site VARCHAR, room VARCHAR, boot VARCHAR, seq BIGINT, started_at TIMESTAMP, stored_at TIMESTAMP,
    repaired BOOLEAN, duration_ms INTEGER, target VARCHAR, method VARCHAR, method_version SMALLINT, direction VARCHAR,
    required_bps BIGINT, offered_bps BIGINT, received_bps BIGINT, sustained BOOLEAN, used_bytes BIGINT, failure VARCHAR
);
CREATE TABLE health (
    agent VARCHAR, site VARCHAR, room VARCHAR, boot VARCHAR, seq BIGINT, started_at TIMESTAMP, stored_at TIMESTAMP,
    repaired BOOLEAN, duration_ms INTEGER, agent_version VARCHAR, platform VARCHAR, cpu_permille INTEGER,
    rss_kib BIGINT, clock_synchronised BOOLEAN, clock_step_ms BIGINT, spool_reports BIGINT, dropped_reports BIGINT,
    quarantined_reports BIGINT, skipped_probes INTEGER, link_mbps INTEGER, link_errors BIGINT, link_drops BIGINT
);
CREATE TABLE bins (
    site VARCHAR, room VARCHAR, started_at TIMESTAMP, seconds INTEGER, valid BOOLEAN, target VARCHAR, method VARCHAR,
    agents INTEGER, sent BIGINT, received BIGINT, probed_share DOUBLE, p50_ms DOUBLE, p95_ms DOUBLE, p99_ms DOUBLE,
    gateway_p95_ms DOUBLE, gateway_loss DOUBLE, repaired BOOLEAN, scores VARCHAR, profiles_digest VARCHAR
);
CREATE TABLE bin_targets (
    site VARCHAR, room VARCHAR, started_at TIMESTAMP, agent VARCHAR, target VARCHAR, method VARCHAR, sent BIGINT,
    received BIGINT, probed_ms BIGINT, histogram VARCHAR, repaired BOOLEAN
);
CREATE TABLE ledger (agent VARCHAR, boot VARCHAR, first_seq BIGINT, last_seq BIGINT, stored_at TIMESTAMP);
CREATE TABLE meta (schema_version INTEGER, judged_through TIMESTAMP);
INSERT INTO meta VALUES (1, TIMESTAMP '2026-11-16 10:00:00');
INSERT INTO latency VALUES (
    'aaaaaaaaaaaaaaaa', 'oak-hill', '204', 'bbbbbbbbbbbbbbbb', 1, TIMESTAMP '2026-11-16 10:01:00',
    TIMESTAMP '2026-11-16 10:02:00', false, 60000, 'district', 'stamp', 1, 'kernel', 1000, 2000, 60, 60, 0, 0,
    12000, 0, '164:60', NULL
);
INSERT INTO throughput VALUES (
    'aaaaaaaaaaaaaaaa', 'oak-hill', '204', 'bbbbbbbbbbbbbbbb', 2, TIMESTAMP '2026-11-16 10:02:00',
    TIMESTAMP '2026-11-16 10:02:00', false, 5000, 'district', 'sufficiency', 1, 'down', 1000000, 1250000, 1240000,
    true, 780000, NULL
);
INSERT INTO bins VALUES (
    'oak-hill', '204', TIMESTAMP '2026-11-16 09:00:00', 300, true, 'district', 'stamp', 1, 300, 300, 1.0, 12.2, 12.2,
    12.2, NULL, NULL, false, '[["video_lesson",100.0,"good",null]]', 'd129256281291cfe'
);
INSERT INTO bin_targets VALUES (
    'oak-hill', '204', TIMESTAMP '2026-11-16 09:00:00', 'aaaaaaaaaaaaaaaa', 'district', 'stamp', 300, 300, 300000,
    '164:300', false
);
INSERT INTO ledger VALUES (
    'aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb', 1, 2, TIMESTAMP '2026-11-16 10:02:00'
);
"""

TO_VERSION_3 = """
ALTER TABLE latency ADD COLUMN working_sent INTEGER DEFAULT 0;
ALTER TABLE latency ADD COLUMN working_received INTEGER DEFAULT 0;
ALTER TABLE latency ADD COLUMN working_histogram VARCHAR DEFAULT '';
ALTER TABLE throughput ADD COLUMN ended_by VARCHAR;
ALTER TABLE throughput ADD COLUMN idle_rtt_us INTEGER;
ALTER TABLE throughput ADD COLUMN working_sent INTEGER DEFAULT 0;
ALTER TABLE throughput ADD COLUMN working_received INTEGER DEFAULT 0;
ALTER TABLE throughput ADD COLUMN working_histogram VARCHAR DEFAULT '';
CREATE TABLE room_days (
    site VARCHAR, room VARCHAR, day DATE, started_at TIMESTAMP, closed_seconds BIGINT, valid_seconds BIGINT,
    degraded_seconds BIGINT, bad_seconds BIGINT, sent BIGINT, received BIGINT, by_profile VARCHAR, histogram VARCHAR,
    worst VARCHAR, profile VARCHAR, profiles_digest VARCHAR
);
CREATE TABLE site_days (
    site VARCHAR, day DATE, started_at TIMESTAMP, closed_seconds BIGINT, valid_seconds BIGINT, degraded_seconds BIGINT,
    bad_seconds BIGINT, sent BIGINT, received BIGINT, rooms INTEGER, measured_rooms INTEGER, troubled_rooms INTEGER,
    p50_ms DOUBLE, p95_ms DOUBLE, p99_ms DOUBLE
);
INSERT INTO room_days VALUES (
    'oak-hill', '204', DATE '2026-11-13', TIMESTAMP '2026-11-13 06:00:00', 21600, 20700, 600, 900, 20700, 20692,
    '{"video_lesson":[20700,600,900]}', '164:20692', 'latency', 'video_lesson', 'd129256281291cfe'
);
UPDATE meta SET schema_version = 3;
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "bandroom.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(VERSION_1)
    return path


@pytest.fixture
def upgraded(old: Path, open_duckdb: Callable[[], DuckDbStore]) -> DuckDbStore:
    assert old.exists()
    return open_duckdb()


def test_what_was_in_it_is_still_there_and_known(upgraded: DuckDbStore) -> None:
    assert upgraded.judged_through() == MONDAY_10
    assert upgraded.count_reports() == 2
    again = upgraded.write_reports([arrival(latency(1)), arrival(throughput(2))])
    assert again.new == (False, False)
    (found,) = upgraded.tests_since(MONDAY_10)
    assert (found.test.sustained, found.test.received_bps) == (True, 1_240_000)


def test_bins_of_before_there_were_causes_have_none(upgraded: DuckDbStore) -> None:
    (one,) = upgraded.whole_bins(MONDAY_10 - timedelta(hours=1), MONDAY_10)
    assert (one.anchor, one.anchor_p95_ms, one.anchor_loss, one.located) == (None, None, None, None)
    assert [target.rtt_ms(95) for target in one.targets] == [pytest.approx(12.2, rel=0.01)]


def test_a_day_of_before_there_were_marks_has_none(old: Path, open_duckdb: Callable[[], DuckDbStore]) -> None:
    with duckdb.connect(str(old)) as connection:
        connection.execute(TO_VERSION_3)
    friday = date(2026, 11, 13)

    store = open_duckdb()
    ((one,),) = store.room_days_between(friday, friday).values()
    assert (one.seconds.bad, one.worst) == (900, "latency")
    assert (one.bin_seconds, one.marks, one.lessons, one.hit_lessons, one.example) == (300, "", 0, (), None)
    assert (one.tests, one.causes, one.sure, one.minima) == ({}, {}, {}, {})

    marked = replace(one, marks="gB", causes={"room_access": 1})
    store.write_days([marked], [])
    assert store.room_days_between(friday, friday) == {("oak-hill", "204"): [marked]}


def test_what_comes_is_stored_with_its_new_fields(upgraded: DuckDbStore) -> None:
    told = throughput(
        4, ended_by="rtt", idle_rtt_us=9_000, working_sent=1, working_received=1, working_histogram="164:1"
    )
    written = upgraded.write_reports([arrival(latency(3)), arrival(told)])
    assert written.new == (True, True)
    first, second = sorted(upgraded.tests_since(MONDAY_10), key=lambda one: one.test.ended_at)
    assert (first.test.idle_rtt_ms, first.test.working_p95_ms) == (None, None)
    assert second.test.idle_rtt_ms == 9


def test_opened_again_it_is_the_same(upgraded: DuckDbStore, open_duckdb: Callable[[], DuckDbStore], old: Path) -> None:
    upgraded.write_reports([arrival(latency(3))])
    assert open_duckdb().count_reports() == 3
    open_duckdb().close()
    with duckdb.connect(str(old), read_only=True) as connection:
        assert connection.execute("SELECT schema_version FROM meta").fetchall() == [(6,)]
        assert connection.execute("SELECT count(*) FROM room_days").fetchall() == [(0,)]
        assert connection.execute("SELECT count(*) FROM path").fetchall() == [(0,)]
        assert connection.execute("SELECT count(*) FROM room_weeks").fetchall() == [(0,)]
        for table in ("uplink", "uplink_bins", "uplink_weeks"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchall() == [(0,)]
        assert connection.execute("SELECT asked_by, at_ceiling, ceiling_bps FROM throughput").fetchall() == [
            ("schedule", False, None)
        ]
        rows = connection.execute("SELECT seq, working_sent, working_histogram FROM latency ORDER BY seq").fetchall()
    assert rows == [(1, 0, ""), (3, 0, "")]
