"""The rules of a sufficiency test, held against a simulated bottleneck whose rate is known."""

import random

import pytest

from tests.agent.bottleneck import Path, try_out

R = 1_000_000
TOO_SLOW = (0.3, 0.7, 0.94)
ENOUGH = (1.06, 1.15, 2.0)
BURSTS = (2_800, 20_000, 50_000)
"""A path may pass so many bytes at once after a pause: up to 0.4 s of the rate, or five seconds could not tell them
from a rate."""

paths = pytest.mark.parametrize(
    ("rtt_ms", "queue_ms"), [(rtt_ms, queue_ms) for rtt_ms in (2, 40, 150) for queue_ms in (30, 1_000)]
)


@paths
def test_a_line_below_the_rate_never_passes(rtt_ms: float, queue_ms: float) -> None:
    for share in TOO_SLOW:
        for burst in BURSTS:
            path = Path(rate_bps=share * R, burst_bytes=burst, rtt_ms=rtt_ms, queue_ms=queue_ms)
            assert try_out(path, R).finding.sustained is not True, (share, burst)


@paths
def test_a_line_above_the_rate_never_fails(rtt_ms: float, queue_ms: float) -> None:
    for share in ENOUGH:
        for burst in BURSTS:
            path = Path(rate_bps=share * R, burst_bytes=burst, rtt_ms=rtt_ms, queue_ms=queue_ms)
            assert try_out(path, R).finding.sustained is not False, (share, burst)


@pytest.mark.parametrize("required_bps", [250_000, 3 * R])
def test_it_is_so_at_other_rates_too(required_bps: int) -> None:
    for queue_ms in (30, 1_000):
        for share, wrong in ((0.3, True), (0.94, True), (1.06, False), (1.3, False)):
            path = Path(rate_bps=share * required_bps, burst_bytes=required_bps // 100, queue_ms=queue_ms)
            assert try_out(path, required_bps).finding.sustained is not wrong, (queue_ms, share)


@paths
def test_a_line_that_carries_the_offer_is_told_to_be_enough(rtt_ms: float, queue_ms: float) -> None:
    found = try_out(Path(rate_bps=1.3 * R, rtt_ms=rtt_ms, queue_ms=queue_ms), R)

    assert (found.finding.sustained, found.ended_by) == (True, "decided")


@paths
def test_a_line_far_too_slow_is_told_to_be_so(rtt_ms: float, queue_ms: float) -> None:
    """Even where the queue rises so steeply that no late packet was answered when the test was ended for it."""
    for share, burst in ((0.1, 20_000), (0.2, 2_800), (0.2, 20_000), (0.3, 50_000), (0.5, 20_000), (0.9, 2_800)):
        path = Path(rate_bps=share * R, burst_bytes=burst, rtt_ms=rtt_ms, queue_ms=queue_ms)
        found = try_out(path, R)
        assert found.finding.sustained is False, (share, burst, found)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
def test_a_deep_queue_ends_the_test_before_others_wait_long(share: float) -> None:
    found = try_out(Path(rate_bps=share * R, queue_ms=10_000), R)

    offered = 1.25 * R / 8 * found.lasted_ms / 1000
    waits_s = (offered - found.used_bytes) / (share * R / 8)
    grows = (1.25 - share) / share
    assert found.ended_by == "rtt"
    assert waits_s < 0.09 + 0.3 * grows, "90 ms, and what is added until three packets have shown it"


def test_a_line_with_plenty_that_goes_away_for_a_moment_never_fails() -> None:
    for seed in range(12):
        dice = random.Random(seed)
        path = Path(
            rate_bps=dice.choice((1.3, 2, 10)) * R,
            burst_bytes=20_000,
            rtt_ms=dice.choice((2, 40, 150)),
            away_s=0.5 + 4 * dice.random(),
            away_ms=dice.choice((100, 200, 400, 900)),
        )
        assert try_out(path, R).finding.sustained is not False, (seed, path)


@pytest.mark.parametrize(("share", "sustained"), [(0.9, False), (1.3, True), (5.0, True)])
def test_slow_and_lost_packets_as_wifi_has_them_change_nothing(share: float, sustained: bool) -> None:
    for seed in range(3):
        dice = random.Random(seed)

        def noise_ms(dice: random.Random = dice) -> float | None:
            draw = dice.random()
            if draw < 0.01:
                return None
            return dice.expovariate(1 / 60 if draw < 0.06 else 1 / 4)

        path = Path(rate_bps=share * R, burst_bytes=20_000, noise_ms=noise_ms)
        assert try_out(path, R).finding.sustained is sustained, seed
