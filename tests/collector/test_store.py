"""What every store promises; each engine passes these."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collector.store.protocol import Store
from collector.verdict.bins import judge_bin
from collector.verdict.profiles import default_profiles
from tests.collector.builders import MONDAY_10, arrival, health, latency, of_each_kind, throughput
from wire.histogram import Histogram

OpenStore = Callable[[], Store]


def test_a_report_of_each_kind_is_kept(open_store: OpenStore) -> None:
    store = open_store()

    outcome = store.write_reports([arrival(latency(1)), arrival(health(2)), arrival(throughput(3))])

    assert outcome.new == (True, True, True)
    assert store.count_reports() == 3


@pytest.mark.parametrize("kind", ["latency", "throughput", "health", "service", "path", "off_site", "uplink"])
def test_the_newest_report_of_a_kind_comes_back_whole(open_store: OpenStore, kind: str) -> None:
    store = open_store()
    (older,) = (one for one in of_each_kind(10) if one.kind == kind)
    (newer,) = (one for one in of_each_kind(40) if one.kind == kind)
    other = arrival(older, room="205", agent="d" * 16)

    store.write_reports([arrival(older), other, arrival(newer)])

    end = MONDAY_10 + timedelta(hours=2)
    assert store.newest_reports(kind, MONDAY_10, end) == [arrival(newer), other]
    assert store.newest_reports(kind, arrival(newer).started_at, end) == []
    assert store.newest_reports(kind, MONDAY_10, other.started_at) == [arrival(older), other]


def test_the_newest_tests_by_one_method_are_read_in_both_directions(open_store: OpenStore) -> None:
    store = open_store()
    capacity: dict[str, Any] = {"boot_ms": 0, "method": "capacity", "required_bps": None, "sustained": None}
    down, up, newer_up = (
        throughput(seq, direction=way, **capacity) for seq, way in ((5, "down"), (6, "up"), (9, "up"))
    )

    store.write_reports([arrival(one) for one in (down, up, newer_up, throughput(20, direction="down"))])

    end = MONDAY_10 + timedelta(hours=2)
    assert store.newest_reports("throughput", MONDAY_10, end, method="capacity") == [arrival(down), arrival(newer_up)]


def test_the_same_report_ten_times_is_stored_once(open_store: OpenStore) -> None:
    store = open_store()
    batch = [arrival(latency(seq)) for seq in range(1, 61)]

    outcomes = [store.write_reports(batch) for _ in range(10)]

    assert sum(sum(outcome.new) for outcome in outcomes) == 60
    assert store.count_reports() == 60


def test_a_report_that_stands_twice_in_one_write_is_stored_once(open_store: OpenStore) -> None:
    store = open_store()

    outcome = store.write_reports([arrival(latency(7)), arrival(latency(7))])

    assert outcome.new == (True, False)
    assert store.count_reports() == 1


def test_halves_in_either_order_give_the_same_store(open_store: OpenStore) -> None:
    store = open_store()
    first = [arrival(latency(seq)) for seq in range(1, 31)]
    second = [arrival(latency(seq)) for seq in range(20, 61)]

    store.write_reports(second)
    outcome = store.write_reports(first)

    assert sum(outcome.new) == 19
    assert store.count_reports() == 60


def test_duplicates_are_known_after_a_restart(open_store: OpenStore) -> None:
    open_store().write_reports([arrival(latency(seq)) for seq in (1, 2, 5)])

    outcome = open_store().write_reports([arrival(latency(seq)) for seq in range(1, 7)])

    assert outcome.new == (False, False, True, True, False, True)


def test_the_same_number_of_another_boot_or_agent_is_another_report(open_store: OpenStore) -> None:
    store = open_store()

    outcome = store.write_reports(
        [arrival(latency(1)), arrival(latency(1), boot="c" * 16), arrival(latency(1), agent="d" * 16)]
    )

    assert outcome.new == (True, True, True)


def test_histograms_of_one_target_are_merged(open_store: OpenStore) -> None:
    store = open_store()
    store.write_reports([arrival(latency(1, rtt_us=10_000)), arrival(latency(2, rtt_us=100_000, lost=10))])

    found = store.latency_between(MONDAY_10, MONDAY_10 + timedelta(minutes=5), bin_seconds=300)

    (summary,) = found["oak-hill", "204", MONDAY_10]
    assert (summary.sent, summary.received, summary.probed_ms) == (120, 110, 120_000)
    assert summary.rtt_ms(50) == pytest.approx(10, rel=0.02)
    assert summary.rtt_ms(95) == pytest.approx(100, rel=0.02)


def test_touched_bins_are_named_once_with_their_first_storing(open_store: OpenStore) -> None:
    store = open_store()
    before = store.judged_through()
    store.write_reports([arrival(latency(seq)) for seq in (1, 2, 6)])

    touched = store.touched_since(before, bin_seconds=300)

    assert sorted(one.started_at for one in touched) == [MONDAY_10, MONDAY_10 + timedelta(minutes=5)]
    assert store.touched_since(max(one.last_stored_at for one in touched), bin_seconds=300) == []


def test_a_rewritten_bin_replaces_the_old_one_and_survives_a_restart(open_store: OpenStore) -> None:
    store = open_store()
    profiles = default_profiles()
    for rtt_us in (10_000, 500_000):
        store.write_reports(
            [arrival(latency(seq + int(rtt_us), rtt_us=rtt_us), started_at=MONDAY_10) for seq in range(5)]
        )
        summaries = store.latency_between(MONDAY_10, MONDAY_10 + timedelta(minutes=5), bin_seconds=300)
        judged = judge_bin(
            site="oak-hill",
            room="204",
            started_at=MONDAY_10,
            seconds=300,
            summaries=summaries["oak-hill", "204", MONDAY_10],
            profiles=profiles.in_force(),
            profiles_digest=profiles.digest,
        )
        assert judged is not None
        store.write_bins([judged], judged_through=MONDAY_10)

    store = open_store()
    found = store.bins_between(MONDAY_10, MONDAY_10 + timedelta(minutes=5))

    (kept,) = found["oak-hill", "204"]
    assert kept.sent == 600
    assert [score.quality for score in kept.scores] == ["bad", "bad"]
    assert store.judged_through() == MONDAY_10


def test_a_bin_that_is_rewritten_without_targets_keeps_what_was_measured(open_store: OpenStore) -> None:
    store = open_store()
    end = MONDAY_10 + timedelta(minutes=5)
    profiles = default_profiles()
    store.write_reports([arrival(latency(seq), started_at=MONDAY_10) for seq in range(1, 6)])
    for room in ("204", "205"):
        judged = judge_bin(
            site="oak-hill",
            room=room,
            started_at=MONDAY_10,
            seconds=300,
            summaries=store.latency_between(MONDAY_10, end, bin_seconds=300)["oak-hill", "204", MONDAY_10],
            profiles=profiles.in_force(),
            profiles_digest=profiles.digest,
        )
        assert judged is not None
        store.write_bins([judged], judged_through=None)
    before = store.whole_bins(MONDAY_10, end)

    store.write_bins([replace(before[0], targets=(), profiles_digest="later"), before[1]], judged_through=None)

    assert before[0].targets
    assert store.whole_bins(MONDAY_10, end) == [replace(before[0], profiles_digest="later"), before[1]]


def test_the_newest_reading_of_each_target_is_found(open_store: OpenStore) -> None:
    store = open_store()
    store.write_reports(
        [
            arrival(latency(1)),
            arrival(latency(2, rtt_us=80_000)),
            arrival(latency(1, target="gateway"), boot="c" * 16),
        ]
    )

    readings = store.newest_readings(MONDAY_10, MONDAY_10 + timedelta(hours=1))["oak-hill", "204"]

    assert [reading.target for reading in readings] == ["district", "gateway"]
    assert readings[0].p50_ms == pytest.approx(80, rel=0.02)
    assert readings[0].ended_at == MONDAY_10 + timedelta(minutes=3)


def test_retention_forgets_old_reports_and_keeps_duplicates_known(open_store: OpenStore) -> None:
    store = open_store()
    store.write_reports([arrival(latency(seq)) for seq in range(1, 11)])

    gone = store.enforce_retention(
        reports_before=MONDAY_10 + timedelta(minutes=6), bins_before=MONDAY_10, days_before=MONDAY_10
    )

    assert gone == 5
    assert store.count_reports() == 5
    assert not any(store.write_reports([arrival(latency(seq)) for seq in range(1, 11)]).new)


def test_absent_values_stay_absent(open_store: OpenStore) -> None:
    store = open_store()
    store.write_reports([arrival(latency(1, sent=10, lost=10, failure="no_answer")), arrival(latency(2))])

    found = store.latency_between(MONDAY_10, MONDAY_10 + timedelta(minutes=5), bin_seconds=300)
    (reading,) = store.newest_readings(MONDAY_10 - timedelta(hours=1), MONDAY_10 + timedelta(hours=1))[
        "oak-hill", "204"
    ]

    assert found["oak-hill", "204", MONDAY_10][0].received == 60
    assert reading.failure is None


@pytest.mark.parametrize(
    "before_boundary", [timedelta(milliseconds=1), timedelta(milliseconds=300), timedelta(seconds=1)]
)
def test_a_report_that_begins_just_before_a_boundary_belongs_to_the_bin_it_begins_in(
    open_store: OpenStore, before_boundary: timedelta
) -> None:
    store = open_store()
    started_at = MONDAY_10 + timedelta(minutes=5) - before_boundary
    store.write_reports([arrival(latency(1), started_at=started_at)])

    (touched,) = store.touched_since(store.judged_through(), bin_seconds=300)
    found = store.latency_between(MONDAY_10, MONDAY_10 + timedelta(minutes=5), bin_seconds=300)

    assert touched.started_at == MONDAY_10
    assert found.keys() == {("oak-hill", "204", MONDAY_10)}


def test_the_greatest_counts_that_may_travel_can_be_judged_and_kept(open_store: OpenStore) -> None:
    store = open_store()
    most = latency(1, sent=1_000_000, interval_ms=3_600_000)
    moments = [MONDAY_10 + timedelta(milliseconds=ms) for ms in range(2400)]
    store.write_reports([arrival(most, boot=f"{n:016x}", started_at=at) for n, at in enumerate(moments)])

    found = store.latency_between(MONDAY_10, MONDAY_10 + timedelta(minutes=5), bin_seconds=300)
    profiles = default_profiles()
    judged = judge_bin(
        site="oak-hill",
        room="204",
        started_at=MONDAY_10,
        seconds=300,
        summaries=found["oak-hill", "204", MONDAY_10],
        profiles=profiles.in_force(),
        profiles_digest=profiles.digest,
    )

    assert judged is not None
    store.write_bins([judged], judged_through=None)
    (kept,) = store.bins_between(MONDAY_10, MONDAY_10 + timedelta(minutes=5))["oak-hill", "204"]
    assert kept.sent == 2_400_000_000


def test_a_reading_from_the_future_is_not_the_newest(open_store: OpenStore) -> None:
    store = open_store()
    ahead = arrival(latency(2, rtt_us=99_000), started_at=MONDAY_10 + timedelta(days=40))
    store.write_reports([arrival(latency(1)), ahead])

    (reading,) = store.newest_readings(MONDAY_10, MONDAY_10 + timedelta(hours=1))["oak-hill", "204"]

    assert reading.p50_ms == pytest.approx(12, rel=0.02)


EPOCH = datetime.fromtimestamp(0, UTC)


def test_a_throughput_test_comes_back_as_it_was_measured(open_store: OpenStore) -> None:
    report = throughput(
        3,
        direction="up",
        required_bps=500_000,
        offered_bps=625_000,
        received_bps=433_000,
        sustained=False,
        ended_by="rtt",
        idle_rtt_us=11_640,
        working_sent=3,
        working_received=2,
        working_histogram=Histogram.of([12_000, 110_000]).to_text(),
    )
    open_store().write_reports([arrival(report)])

    (found,) = open_store().tests_since(EPOCH)

    assert (found.site, found.room) == ("oak-hill", "204")
    test = found.test
    assert (test.agent, test.direction, test.ended_by, test.failure) == ("a" * 16, "up", "rtt", None)
    assert (test.required_bps, test.offered_bps, test.received_bps) == (500_000, 625_000, 433_000)
    assert (test.sustained, test.used_bytes, test.idle_rtt_ms) == (False, 780_000, 11.64)
    assert test.working_p95_ms == pytest.approx(110, rel=0.02)
    assert test.ended_at == MONDAY_10 + timedelta(minutes=3, seconds=5)


def test_a_throughput_test_that_told_nothing_comes_back_without_anything(open_store: OpenStore) -> None:
    store = open_store()
    nothing = throughput(1, offered_bps=None, received_bps=None, sustained=None, used_bytes=0, failure="no_answer")
    store.write_reports([arrival(nothing)])

    (found,) = store.tests_since(EPOCH)

    test = found.test
    assert (test.offered_bps, test.received_bps, test.sustained) == (None, None, None)
    assert (test.ended_by, test.idle_rtt_ms, test.working_p95_ms, test.failure) == (None, None, None, "no_answer")


def test_throughput_tests_are_read_from_where_the_last_reading_ended(open_store: OpenStore) -> None:
    store = open_store()
    store.write_reports([arrival(throughput(1)), arrival(throughput(2)), arrival(latency(3))])
    first = store.tests_since(EPOCH)
    mark = max(one.stored_at for one in first)

    assert len(first) == 2
    assert store.tests_since(mark) == []

    late = arrival(throughput(4), started_at=MONDAY_10 - timedelta(days=2))
    store.write_reports([late, arrival(throughput(1))])

    (found,) = open_store().tests_since(mark)
    assert found.test.ended_at == MONDAY_10 - timedelta(days=2) + timedelta(seconds=5)
    assert found.stored_at > mark


def test_only_sufficiency_tests_are_judged(open_store: OpenStore) -> None:
    store = open_store()
    store.write_reports([arrival(throughput(1, method="capacity", required_bps=None, sustained=None))])

    assert store.tests_since(EPOCH) == []


def test_a_test_that_a_user_asked_for_is_not_judged(open_store: OpenStore) -> None:
    store = open_store()
    store.write_reports([arrival(throughput(1, asked_by="user")), arrival(throughput(2, asked_by="admin"))])

    (found,) = store.tests_since(MONDAY_10)

    assert found.test.ended_at == MONDAY_10 + timedelta(minutes=2, seconds=5)


def test_requests_of_an_agents_own_test_are_kept_and_not_judged(open_store: OpenStore) -> None:
    store = open_store()
    working = Histogram.of([400_000] * 15).to_text()
    store.write_reports(
        [
            arrival(latency(1, sent=45, working_sent=15, working_received=15, working_histogram=working)),
            arrival(latency(2, sent=0, failure=None, working_sent=15, working_received=15, working_histogram=working)),
        ]
    )

    found = store.latency_between(MONDAY_10, MONDAY_10 + timedelta(minutes=5), bin_seconds=300)

    (summary,) = found["oak-hill", "204", MONDAY_10]
    assert (summary.sent, summary.received) == (45, 45)
    assert summary.rtt_ms(99) == pytest.approx(12, rel=0.02)
    assert summary.probed_ms <= 60_000, "time in which only our own test was measured is not measured time"
