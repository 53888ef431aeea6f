"""What every store promises of that which causes are told from: machines, paths, tests, and bins with their causes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from collector.store.protocol import Store
from collector.verdict.bins import LatencySummary, RoomBin, judge_bin
from collector.verdict.machines import MachineSummary
from collector.verdict.profiles import default_profiles
from tests.collector.builders import LOCATED, MONDAY_10, arrival, health, latency, of_each_kind, throughput
from wire.histogram import Histogram
from wire.path_report import PathReport

OpenStore = Callable[[], Store]
HERE = ("oak-hill", "204")
FIVE_MINUTES = timedelta(minutes=5)


def a_bin(**other: Any) -> RoomBin:
    profiles = default_profiles()
    made = judge_bin(
        site="oak-hill",
        room="204",
        started_at=MONDAY_10,
        seconds=300,
        summaries=[
            LatencySummary(
                agent="a" * 16,
                target=target,
                method="stamp",
                sent=300,
                received=300,
                probed_ms=300_000,
                histogram=Histogram.of([rtt_us] * 300),
                repaired=False,
            )
            for target, rtt_us in (("district", 12_000), ("gateway", 900))
        ],
        profiles=tuple(profiles),
        profiles_digest=profiles.digest,
    )
    assert made is not None
    return replace(made, **other)


CAUSED = a_bin(anchor="anchor:cdn", anchor_p95_ms=412.5, anchor_loss=0.25, located=LOCATED)


def test_a_bin_comes_back_with_its_anchor_and_its_cause(open_store: OpenStore) -> None:
    open_store().write_bins([CAUSED], judged_through=None)

    found = open_store().bins_between(MONDAY_10, MONDAY_10 + FIVE_MINUTES)

    assert found == {HERE: [replace(CAUSED, targets=())]}


def test_a_bin_that_is_written_again_has_lost_its_cause(open_store: OpenStore) -> None:
    store = open_store()
    for one in (CAUSED, a_bin()):
        store.write_bins([one], judged_through=None)

    assert store.bins_between(MONDAY_10, MONDAY_10 + FIVE_MINUTES) == {HERE: [a_bin(targets=())]}


def test_whole_bins_come_back_with_all_that_was_measured(open_store: OpenStore) -> None:
    later = replace(CAUSED, started_at=MONDAY_10 + FIVE_MINUTES)
    elsewhere = replace(CAUSED, room="205")
    store = open_store()
    store.write_bins([later, a_bin(), elsewhere], judged_through=None)

    found = store.whole_bins(MONDAY_10, MONDAY_10 + 2 * FIVE_MINUTES, room=HERE)

    assert [_sorted(one) for one in found] == [a_bin(), later]
    everywhere = store.whole_bins(MONDAY_10, MONDAY_10 + FIVE_MINUTES)
    assert {one.room: _sorted(one) for one in everywhere} == {"204": a_bin(), "205": elsewhere}


def test_whole_bins_of_some_rooms_are_theirs_alone(open_store: OpenStore) -> None:
    store = open_store()
    places = [("oak-hill", "204"), ("oak-hill", "205"), ("oak-hill", "206"), ("elm", "204")]
    written = [replace(a_bin(), site=site, room=room) for site, room in places]
    store.write_bins(written, judged_through=None)

    def of(*rooms: tuple[str, str]) -> list[RoomBin]:
        found = store.whole_bins(MONDAY_10, MONDAY_10 + FIVE_MINUTES, rooms=rooms)
        return sorted((_sorted(one) for one in found), key=lambda one: places.index((one.site, one.room)))

    assert of(places[0], places[2], places[3], ("elm", "205")) == [written[0], written[2], written[3]]
    assert of(("elm", "205")) == []
    assert of() == []


def _sorted(one: RoomBin) -> RoomBin:
    return replace(one, targets=tuple(sorted(one.targets, key=lambda target: target.target)))


def test_a_machine_is_told_by_the_reports_of_each_bin(open_store: OpenStore) -> None:
    store = open_store()
    wifi = {"link_medium": "wifi", "wifi_band_mhz": 2400}
    reports = [
        health(1, machine_cpu_permille=100, wifi_signal_dbm=-60, clock_step_ms=3, link_errors=2, **wifi),
        health(2, machine_cpu_permille=950, wifi_signal_dbm=-80, clock_step_ms=-9, link_errors=5, skipped_probes=4),
        health(3, machine_cpu_permille=200, wifi_down_mbps=54, slept_ms=700, link_flaps=1, memory_stalled_permille=7),
        health(4, link_mbps=100, wifi_down_mbps=866, wifi_retries_permille=210, **wifi | {"wifi_band_mhz": 5000}),
        health(5, machine_cpu_permille=300),
    ]
    store.write_reports([arrival(one) for one in reports])

    found = store.machines_between(MONDAY_10, MONDAY_10 + 2 * FIVE_MINUTES, bin_seconds=300)

    first = MachineSummary(
        agent="a" * 16,
        reports=4,
        cpu_permille=950,
        memory_stalled_permille=7,
        clock_step_ms=-9,
        slept_ms=700,
        skipped_probes=4,
        link_mbps=100,
        link_flaps=1,
        link_errors=7,
        medium="wifi",
        wifi_band_mhz=5000,
        wifi_signal_dbm=-80,
        wifi_retries_permille=210,
        wifi_down_mbps=54,
    )
    second = MachineSummary(agent="a" * 16, reports=1, cpu_permille=300, link_mbps=1000, link_errors=0)
    assert found == {(*HERE, MONDAY_10): [first], (*HERE, MONDAY_10 + FIVE_MINUTES): [second]}


def test_what_an_uplink_carried_is_a_mean_over_the_time_that_was_told(open_store: OpenStore) -> None:
    store = open_store()
    carried = {"uplink_in_bytes": 7_500_000, "uplink_out_bytes": 750_000}
    of_edge = [health(1, **carried), health(2, duration_ms=30_000, **carried), health(3)]
    store.write_reports([arrival(one) for one in of_edge])
    store.write_reports([arrival(health(1, link_mbps=None), agent="d" * 16, boot="d" * 16)])

    edge, other = store.machines_between(MONDAY_10, MONDAY_10 + FIVE_MINUTES, bin_seconds=300)[*HERE, MONDAY_10]

    assert edge.uplink_in_bps == pytest.approx(1_333_333.3)
    assert edge.uplink_out_bps == pytest.approx(133_333.3)
    assert (other.agent, other.uplink_in_bps, other.uplink_out_bps, other.link_mbps) == ("d" * 16, None, None, None)


def test_machines_of_hours_are_told_bin_by_bin(open_store: OpenStore) -> None:
    store = open_store()
    store.write_reports([arrival(health(seq)) for seq in range(1, 200)])

    found = store.machines_between(MONDAY_10 + timedelta(minutes=7), MONDAY_10 + timedelta(hours=3), bin_seconds=420)

    assert {start.timestamp() % 420 for _, _, start in found} == {0}
    assert sum(one.reports for of_bin in found.values() for one in of_bin) == 173
    assert {len(of_bin) for of_bin in found.values()} == {1}


def test_paths_are_found_by_the_bin_that_they_began_in(open_store: OpenStore) -> None:
    store = open_store()
    paths = [one for first in (10, 20, 30) for one in of_each_kind(first) if isinstance(one, PathReport)]
    store.write_reports([arrival(latency(1)), *map(arrival, paths)])
    began = [MONDAY_10 + timedelta(minutes=one.seq) for one in paths]

    found = store.paths_between(MONDAY_10, began[-1], bin_seconds=300)

    assert found == {(*HERE, _floor(began[place])): [paths[place]] for place in (0, 1)}


def _floor(at: Any) -> Any:
    return at - timedelta(minutes=at.minute % 5)


def test_tests_are_found_by_their_end_without_those_that_a_user_wanted(open_store: OpenStore) -> None:
    store = open_store()
    store.write_reports(
        [
            arrival(throughput(1)),
            arrival(throughput(2, asked_by="user")),
            arrival(throughput(3, method="capacity", required_bps=None, sustained=None)),
            arrival(throughput(4, duration_ms=3_600_000, asked_by="admin")),
            arrival(throughput(5, direction="up")),
            arrival(throughput(1), agent="d" * 16, room="205"),
        ]
    )

    found = store.tests_between(MONDAY_10 + timedelta(minutes=1, seconds=5), MONDAY_10 + timedelta(hours=2))
    ends = {key: [one.ended_at - MONDAY_10 for one in tests] for key, tests in found.items()}

    minute, five_seconds = timedelta(minutes=1), timedelta(seconds=5)
    assert ends == {
        HERE: [minute + five_seconds, 5 * minute + five_seconds, 64 * minute],
        ("oak-hill", "205"): [minute + five_seconds],
    }
    later = store.tests_between(MONDAY_10 + timedelta(minutes=5), MONDAY_10 + timedelta(minutes=64), room=HERE)
    assert [one.direction for one in later[HERE]] == ["up"]
