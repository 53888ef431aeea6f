"""A whole test, against a small collector that goes wrong in one way each; all of them side by side."""

import asyncio
from collections.abc import Awaitable, Mapping
from contextlib import ExitStack
from dataclasses import replace

import pytest

from tests.agent.small_collector import (
    DOWN_BPS,
    IDLE_MS,
    OWN,
    UP_BPS,
    Outcome,
    SmallCollector,
    breaks_at_15,
    outcome,
)
from wire.lease import Arrived

LITTLE_UP = (Arrived(at_ms=90, total_bytes=1_400), Arrived(at_ms=280, total_bytes=2_800))


@pytest.fixture(scope="module")
def outcomes() -> Mapping[str, Outcome]:
    """Each of them takes seconds, so all run at once."""

    async def work(servers: ExitStack) -> Mapping[str, Outcome]:
        def against(small: SmallCollector) -> Awaitable[Outcome]:
            return outcome(small, servers)

        cases: dict[str, Awaitable[Outcome]] = {
            "good": against(SmallCollector()),
            "slow": against(SmallCollector(down_bps=0.3 * DOWN_BPS, up_says=LITTLE_UP)),
            "slow at the ceiling": outcome(
                SmallCollector(down_bps=0.3 * DOWN_BPS),
                servers,
                own=replace(OWN, ceiling_bps=DOWN_BPS // 3, link_mbps=10, full_duplex=False, on_battery=True),
            ),
            "slow by its own fault": against(SmallCollector(down_bps=0.3 * DOWN_BPS, down_stalled_ms=1_500)),
            "no account": against(SmallCollector(down_bps=0.3 * DOWN_BPS, account=False)),
            "good, no account": against(SmallCollector(account=False)),
            "nothing arrived": against(SmallCollector(up_says=())),
            "vanishes in down": against(SmallCollector(vanishes_in="down")),
            "vanishes in up": against(SmallCollector(vanishes_in="up")),
            "hangs": outcome(SmallCollector(hangs=True), servers, lease_s=7),
            "late head": outcome(SmallCollector(head_after_s=2, down_bps=DOWN_BPS), servers, lease_s=6.3),
            "short lease": outcome(SmallCollector(), servers, lease_s=5.9),
            "silent": outcome(SmallCollector(), servers, rtts_ms=lambda _count: None),
            "rises": outcome(SmallCollector(), servers, rtts_ms=lambda count: IDLE_MS if count <= 12 else 400),
            "watch breaks": outcome(SmallCollector(), servers, rtts_ms=breaks_at_15),
            "no name": outcome(SmallCollector(), servers, lease_s=6.2, no_name=True),
        }
        return dict(zip(cases, await asyncio.gather(*cases.values()), strict=True))

    with ExitStack() as servers:
        return asyncio.run(work(servers))


Outcomes = Mapping[str, Outcome]


def test_a_good_line_is_enough_in_both_directions(outcomes: Outcomes) -> None:
    good = outcomes["good"]

    assert good.collector.seen == ["GET /down", "POST /up", "POST /end"]
    for report, required_bps in ((good.down, DOWN_BPS), (good.up, UP_BPS)):
        assert (report.sustained, report.ended_by, report.failure) == (True, "decided", None)
        assert report.required_bps == required_bps
        assert report.received_bps is not None
        assert report.received_bps >= required_bps
        assert report.idle_rtt_us == IDLE_MS * 1_000
        assert report.working_received >= 10
    # What was sent down and had not arrived when the rate was decided is known only after the lease was given back.
    (told,) = good.collector.ended
    assert 0.9 * (good.down.used_bytes + good.up.used_bytes) <= told <= good.down.used_bytes + good.up.used_bytes


def test_a_slow_line_is_not(outcomes: Outcomes) -> None:
    slow = outcomes["slow"]

    assert (slow.down.sustained, slow.down.ended_by) == (False, "decided")
    assert slow.down.received_bps == pytest.approx(0.3 * DOWN_BPS, rel=0.15)
    assert slow.up.sustained is not True, "whatever we sent, little arrived"


def test_every_result_says_what_the_machine_could_have_done(outcomes: Outcomes) -> None:
    for report in (outcomes["good"].down, outcomes["good"].up, outcomes["slow"].down):
        assert (report.ceiling_bps, report.link_mbps) == (940_000_000, 1000)
        assert (report.full_duplex, report.on_battery, report.at_ceiling) == (True, False, False)


def test_a_slow_test_at_the_machines_ceiling_could_not_tell_and_is_a_lower_bound(outcomes: Outcomes) -> None:
    found = outcomes["slow at the ceiling"].down

    assert (found.sustained, found.at_ceiling, found.ceiling_bps) == (None, True, DOWN_BPS // 3)
    assert found.received_bps == pytest.approx(0.3 * DOWN_BPS, rel=0.3)
    assert (found.link_mbps, found.full_duplex, found.on_battery) == (10, False, True)


def test_a_collector_that_was_too_busy_to_send_has_not_shown_a_slow_line(outcomes: Outcomes) -> None:
    found = outcomes["slow by its own fault"].down

    assert found.sustained is None
    assert found.offered_bps is not None
    assert found.offered_bps < 1.05 * DOWN_BPS


def test_without_the_collectors_account_no_line_is_slow(outcomes: Outcomes) -> None:
    found = outcomes["no account"]

    assert (found.down.sustained, found.down.offered_bps) == (None, None)
    assert (found.up.sustained, found.up.received_bps) == (None, None)
    assert outcomes["good, no account"].down.sustained is True


def test_a_stream_that_never_reached_the_collector_could_not_tell(outcomes: Outcomes) -> None:
    assert (outcomes["nothing arrived"].up.sustained, outcomes["nothing arrived"].up.received_bps) == (None, None)


def test_a_collector_that_vanishes_in_mid_stream_leaves_a_test_that_could_not_tell(outcomes: Outcomes) -> None:
    in_down, in_up = outcomes["vanishes in down"], outcomes["vanishes in up"]

    assert (in_down.down.sustained, in_down.down.ended_by) == (None, "peer")
    assert in_down.up.sustained is None
    assert in_up.down.sustained is True
    assert (in_up.up.sustained, in_up.up.ended_by) == (None, "peer")


def test_a_collector_that_hangs_holds_nobody_longer_than_its_lease_and_one_request(outcomes: Outcomes) -> None:
    found = outcomes["hangs"]

    assert found.down.sustained is None
    assert list(found.reports) == ["down"], "no time was left for up"


def test_a_lease_that_runs_out_ends_the_stream(outcomes: Outcomes) -> None:
    found = outcomes["late head"]

    assert (found.down.ended_by, found.down.sustained) == ("lease", None)
    assert found.collector.seen == ["GET /down", "POST /end"]


def test_no_direction_is_begun_for_which_the_lease_is_too_short(outcomes: Outcomes) -> None:
    found = outcomes["short lease"]

    assert found.reports == {}
    assert (found.collector.seen, found.collector.ended) == (["POST /end"], [0])


def test_who_cannot_see_the_line_does_not_test(outcomes: Outcomes) -> None:
    found = outcomes["silent"]

    assert found.collector.seen == ["POST /end"]
    for report in (found.down, found.up):
        assert (report.failure, report.ended_by, report.sustained) == ("no_answer", None, None)


def test_a_stream_is_cut_when_round_trips_rise(outcomes: Outcomes) -> None:
    found = outcomes["rises"].down

    assert found.ended_by == "rtt"
    assert found.duration_ms < 2_500


def test_a_watch_that_breaks_ends_the_test_at_once(outcomes: Outcomes) -> None:
    found = outcomes["watch breaks"]

    assert isinstance(found.error, ExceptionGroup)
    assert found.collector.seen == ["GET /down"]


def test_a_name_that_is_never_found_holds_nobody_longer_than_the_lease(outcomes: Outcomes) -> None:
    found = outcomes["no name"]

    assert (found.down.failure, found.down.ended_by) == ("no_answer", None)
    assert found.down.duration_ms < 12_000
