"""Quality of Outcome: the drafts' worked examples, and what holds of every profile."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.verdict.profiles import LatencyNeed, LossNeed, Profile, default_profiles
from collector.verdict.qoo import qoo

VIDEO = default_profiles().by_name["video_lesson"]
OLDER_DRAFT = replace(
    VIDEO,
    judges="never",
    rtt=(
        LatencyNeed(percentile=99, optimal_ms=250, unacceptable_ms=400, source="draft"),
        LatencyNeed(percentile=99.9, optimal_ms=350, unacceptable_ms=401, source="draft"),
    ),
    loss=LossNeed(optimal=0.001, unacceptable=0.01, source="draft"),
)
any_profile = st.sampled_from(list(default_profiles().by_name.values()))
ms = st.floats(0, 3000)
share = st.floats(0, 1)
rates = st.floats(0, 40e6)


def test_the_older_drafts_worked_example_scores_33() -> None:
    outcome = qoo(OLDER_DRAFT, rtt_ms={99: 350, 99.9: 352}, loss=0.005)

    assert outcome.latency == pytest.approx(33.33, abs=0.01)
    assert outcome.loss == pytest.approx(55.56, abs=0.01)
    assert outcome.total == pytest.approx(33.33, abs=0.01)
    assert outcome.worst == "latency"
    assert qoo(OLDER_DRAFT, rtt_ms={99: 0, 99.9: 352}, loss=0).latency == pytest.approx(96.08, abs=0.01)


def measured(profile: Profile, base_ms: float) -> dict[float, float]:
    """Every percentile that `profile` names, growing from `base_ms`."""
    return {need.percentile: base_ms * need.percentile / 95 for need in profile.rtt}


@given(profile=any_profile, one=ms, other=ms, lost=share, down=rates)
def test_longer_round_trips_never_score_better(
    profile: Profile, one: float, other: float, lost: float, down: float
) -> None:
    scores = [
        qoo(profile, rtt_ms=measured(profile, base), loss=lost, down_bps=down, up_bps=down).total or 0
        for base in sorted((one, other))
    ]

    assert 0 <= scores[1] <= scores[0] <= 100


@given(profile=any_profile, base=ms, one=share, other=share)
def test_more_loss_never_scores_better(profile: Profile, base: float, one: float, other: float) -> None:
    scores = [qoo(profile, rtt_ms=measured(profile, base), loss=lost).total or 0 for lost in sorted((one, other))]

    assert scores[1] <= scores[0]


@given(profile=any_profile, one=rates, other=rates, up=rates)
def test_a_lower_rate_never_scores_better(profile: Profile, one: float, other: float, up: float) -> None:
    for direction in (False, True):
        scores = [
            qoo(
                profile,
                rtt_ms=None,
                loss=0,
                down_bps=up if direction else rate,
                up_bps=rate if direction else up,
            ).total
            or 0
            for rate in sorted((one, other))
        ]
        assert scores[0] <= scores[1]


@given(profile=any_profile, base=ms, lost=share, down=rates, up=rates)
def test_the_smallest_dimension_is_the_score(
    profile: Profile, base: float, lost: float, down: float, up: float
) -> None:
    outcome = qoo(profile, rtt_ms=measured(profile, base), loss=lost, down_bps=down, up_bps=up)

    assert outcome.latency is not None
    assert outcome.loss is not None
    assert outcome.throughput is not None
    assert outcome.total == min(outcome.latency, outcome.loss, outcome.throughput)
    if outcome.worst is not None:
        assert getattr(outcome, outcome.worst) == outcome.total


@given(any_profile)
def test_at_the_limits_it_is_all_and_nothing(profile: Profile) -> None:
    optimal = {need.percentile: need.optimal_ms for need in profile.rtt}
    unacceptable = {need.percentile: need.unacceptable_ms for need in profile.rtt}

    best = qoo(profile, rtt_ms=optimal, loss=profile.loss.optimal, down_bps=profile.down.bps, up_bps=profile.up.bps)
    assert best.total == 100
    for percentile in optimal:
        one_beyond = optimal | {percentile: unacceptable[percentile]}
        assert qoo(profile, rtt_ms=one_beyond, loss=0).total == 0
        just_within = optimal | {percentile: unacceptable[percentile] - 0.01}
        assert (qoo(profile, rtt_ms=just_within, loss=0).total or 0) > 0
    assert qoo(profile, rtt_ms=optimal, loss=profile.loss.unacceptable).total == 0
    assert (qoo(profile, rtt_ms=optimal, loss=profile.loss.unacceptable - 1e-6).total or 0) > 0
    assert qoo(profile, rtt_ms=optimal, loss=0, up_bps=profile.up.bps - 1).total == 0


def test_a_percentile_that_the_profile_names_must_have_been_measured() -> None:
    with pytest.raises(KeyError):
        qoo(VIDEO, rtt_ms={95: 12}, loss=0)
    assert qoo(VIDEO, rtt_ms={95: 12}, loss=0, up_to=95).total == 100
