"""The rules: Quality of Outcome, bins, a room's state, and the sentences that explain it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.verdict.bins import LatencySummary, RoomBin, judge_bin
from collector.verdict.cause_words import milliseconds
from collector.verdict.evidence import sentence
from collector.verdict.profiles import LatencyNeed, LossNeed, Profile, RateNeed, default_profiles, read_profiles
from collector.verdict.qoo import qoo
from collector.verdict.room_state import room_state
from wire.histogram import Histogram

TEN = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
DRAFT_EXAMPLE = Profile(
    name="draft",
    version=9,
    judges="never",
    label="the draft's example",
    rtt=(
        LatencyNeed(percentile=99, optimal_ms=200, unacceptable_ms=500, source="draft"),
        LatencyNeed(percentile=99.9, optimal_ms=300, unacceptable_ms=600, source="draft"),
    ),
    loss=LossNeed(optimal=0.01, unacceptable=0.05, source="draft"),
    down=RateNeed(bps=4_000_000, source="draft"),
    up=RateNeed(bps=4_000_000, source="draft"),
)


def summary(
    *, rtt_ms: float = 12, loss: float = 0.0, sent: int = 300, agent: str = "a" * 16, target: str = "district"
) -> LatencySummary:
    """What one agent measured at 1 Hz."""
    received = round(sent * (1 - loss))
    return LatencySummary(
        agent=agent,
        target=target,
        method="stamp",
        sent=sent,
        received=received,
        probed_ms=sent * 1000,
        histogram=Histogram.of([rtt_ms * 1000] * received),
        repaired=False,
    )


def judged(*summaries: LatencySummary, at: datetime = TEN) -> RoomBin:
    """The bin of `summaries`, judged by the default profiles."""
    profiles = default_profiles()
    found = judge_bin(
        site="oak-hill",
        room="204",
        started_at=at,
        seconds=300,
        summaries=summaries,
        profiles=profiles.in_force(),
        profiles_digest=profiles.digest,
    )
    assert found is not None
    return found


def bins(*rtt_ms: float | None, start: datetime = TEN) -> list[RoomBin]:
    """Consecutive bins; ``None`` is one that was not measured enough."""
    return [
        judged(
            summary(rtt_ms=12, sent=100) if ms is None else summary(rtt_ms=ms),
            at=start + timedelta(minutes=5 * index),
        )
        for index, ms in enumerate(rtt_ms)
    ]


def state_of(found: Sequence[RoomBin], *, in_session: bool = True, closed_until: datetime | None = None) -> str:
    """The state at the end of the last bin."""
    end = closed_until or found[-1].started_at + timedelta(minutes=5)
    return room_state(found, closed_until=end, in_session=in_session).state


def test_the_drafts_worked_example_scores_50() -> None:
    outcome = qoo(DRAFT_EXAMPLE, rtt_ms={99: 350, 99.9: 375}, loss=0.02, down_bps=28_000_000)

    assert outcome.latency == pytest.approx(50)
    assert outcome.loss == pytest.approx(75)
    assert outcome.throughput == 100
    assert outcome.total == pytest.approx(50)
    assert outcome.worst == "latency"


def test_throughput_is_all_or_nothing() -> None:
    assert qoo(DRAFT_EXAMPLE, rtt_ms=None, loss=None, down_bps=3_999_999).total == 0
    assert qoo(DRAFT_EXAMPLE, rtt_ms=None, loss=None, down_bps=4_000_000).total == 100


def test_what_was_not_measured_does_not_score() -> None:
    outcome = qoo(DRAFT_EXAMPLE, rtt_ms=None, loss=0.0)

    assert (outcome.latency, outcome.loss, outcome.throughput) == (None, 100, None)
    assert outcome.worst is None
    assert qoo(DRAFT_EXAMPLE, rtt_ms=None, loss=None).total is None


@given(ms=st.floats(0, 5000), worse=st.floats(0, 5000), loss=st.floats(0, 1), more=st.floats(0, 1))
def test_worse_measurements_never_score_better(ms: float, worse: float, loss: float, more: float) -> None:
    profile = default_profiles().by_name["video_lesson"]

    better = qoo(profile, rtt_ms={95: min(ms, worse)}, loss=min(loss, more), up_to=95).total
    poorer = qoo(profile, rtt_ms={95: max(ms, worse)}, loss=max(loss, more), up_to=95).total

    assert better is not None
    assert poorer is not None
    assert 0 <= poorer <= better <= 100


def test_limits_that_are_not_apart_are_refused() -> None:
    with pytest.raises(ValueError, match="beyond optimal"):
        LatencyNeed(percentile=95, optimal_ms=200, unacceptable_ms=200, source="")


def test_every_number_of_a_profile_names_its_source() -> None:
    for profile in default_profiles():
        sources = [need.source for need in profile.rtt]
        sources += [profile.loss.source, profile.down.source, profile.up.source]
        sources += [profile.concurrency.source] if profile.concurrency else []
        unverified = ("[M]",) if profile.judges == "never" else ()
        for source in sources:
            assert any(mark in source for mark in ("[V]", "[V2]", "[T]", *unverified)), profile.name


def test_a_changed_limit_changes_the_profiles_digest() -> None:
    from importlib.resources import files

    text = (files("collector.verdict") / "profiles.toml").read_text(encoding="utf-8")

    assert read_profiles(text).digest != read_profiles(text.replace("= 200", "= 210")).digest


def test_a_quick_bin_is_good_and_a_slow_one_bad() -> None:
    assert [score.quality for score in judged(summary(rtt_ms=12)).scores] == ["good", "good"]
    assert [score.quality for score in judged(summary(rtt_ms=260)).scores] == ["bad", "degraded"]


def test_a_lossy_bin_is_bad_by_loss() -> None:
    headline = judged(summary(loss=0.08)).headline

    assert headline is not None
    assert (headline.quality, headline.worst) == ("bad", "loss")


def test_a_bin_without_any_answer_is_bad_by_loss() -> None:
    found = judged(summary(loss=1.0))

    assert found.p95_ms is None
    assert {score.quality for score in found.scores} == {"bad"}


def test_a_bin_probed_for_less_than_80_percent_is_not_judged() -> None:
    assert not judged(summary(sent=239)).valid
    assert judged(summary(sent=239)).scores == ()
    assert judged(summary(sent=240)).valid


def test_a_bin_in_which_udp_was_lost_is_judged_by_the_method_that_stood_for_more_of_it() -> None:
    by_udp = summary(rtt_ms=12, sent=120)
    by_tcp = replace(summary(rtt_ms=30, sent=16), method="tcp_connect", probed_ms=160_000)

    one = judged(by_udp, by_tcp)

    assert (one.valid, one.method, one.agents) == (True, "tcp_connect", 1)
    assert one.probed_share == pytest.approx(280 / 300)


def test_a_bin_with_the_gateway_alone_is_not_valid_but_somebody_was_awake() -> None:
    one = judged(summary(target="gateway"))

    assert (one.valid, one.scores, one.sent, one.agents) == (False, (), 0, 0)


def test_a_bin_in_which_nothing_could_be_sent_is_not_valid_but_somebody_was_awake() -> None:
    one = judged(summary(sent=0))

    assert (one.valid, one.scores, one.target, one.sent, one.probed_share) == (False, (), "district", 0, 0.0)


def test_gateway_loss_is_evidence_only() -> None:
    found = judged(summary(rtt_ms=12), summary(target="gateway", loss=0.5))

    assert found.gateway_loss == pytest.approx(0.5)
    assert found.headline is not None
    assert found.headline.quality == "good"


def test_a_gateway_that_never_answers_is_no_evidence() -> None:
    found = judged(summary(rtt_ms=12), summary(target="gateway", loss=1.0))

    assert (found.gateway_loss, found.gateway_p95_ms) == (None, None)


def test_one_bad_machine_of_three_does_not_condemn_a_room() -> None:
    found = judged(summary(agent="a" * 16), summary(agent="b" * 16, rtt_ms=900), summary(agent="c" * 16, rtt_ms=14))

    assert found.agents == 3
    assert found.headline is not None
    assert found.headline.quality == "good"


def test_two_bad_machines_of_three_do() -> None:
    found = judged(summary(agent="a" * 16, rtt_ms=700), summary(agent="b" * 16, rtt_ms=900), summary(agent="c" * 16))

    assert found.headline is not None
    assert found.headline.quality == "bad"


def test_two_bad_bins_of_the_last_three_make_a_room_bad() -> None:
    assert state_of(bins(12, 260, 260)) == "bad"
    assert state_of(bins(260, 12, 260)) == "bad"
    assert state_of(bins(260, 260, 12)) == "bad"


def test_one_bad_bin_does_not() -> None:
    assert state_of(bins(12, 12, 260)) == "ok"
    assert state_of(bins(260, 260, 12, 12)) == "ok"


def test_a_room_recovers_when_two_of_three_bins_are_good_again() -> None:
    assert state_of(bins(260, 260, 260, 12, 12)) == "ok"


def test_degraded_and_bad_bins_together_make_a_room_degraded() -> None:
    assert state_of(bins(12, 160, 260)) == "degraded"


def test_invalid_bins_are_looked_past_but_not_counted() -> None:
    assert state_of(bins(260, None, 260)) == "bad"
    assert state_of(bins(12, None, None, 12)) == "ok"


def test_too_few_valid_bins_are_unknown_never_ok() -> None:
    assert state_of(bins(12)) == "unknown"
    assert state_of(bins(None, None, None)) == "unknown"
    assert room_state([], closed_until=TEN, in_session=True).state == "unknown"


def test_old_bins_do_not_speak_of_now() -> None:
    assert state_of(bins(12, 12, 12), closed_until=TEN + timedelta(hours=2)) == "unknown"


def test_outside_lessons_nothing_is_judged() -> None:
    assert state_of(bins(260, 260, 260), in_session=False) == "no_lesson"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            bins(12, 260, 412),
            "At 10:10 a video lesson would have frozen: 1 in 20 packets took longer than 416 ms; limit 200 ms.",
        ),
        (bins(12, 12, 12), "10:10: 1 in 20 packets took longer than 12 ms, none was lost."),
        (bins(12, 412, 12), "10:10: 1 in 20 packets took longer than 12 ms, none was lost."),
        (
            bins(12, 12, 412),
            "10:10: 1 in 20 packets took longer than 416 ms, none was lost. That bin alone was bad; 2 of 3 decide.",
        ),
        (
            bins(12, 160, 160),
            "At 10:10 a video lesson would have stuttered: 1 in 20 packets took longer than 162 ms; limit 100 ms.",
        ),
    ],
)
def test_evidence_is_a_sentence_with_time_measure_and_limit(found: list[RoomBin], expected: str) -> None:
    state = room_state(found, closed_until=found[-1].started_at + timedelta(minutes=5), in_session=True)

    said = sentence(
        state, agents=1, profiles=default_profiles(), time_zone=ZoneInfo("UTC"), newest_report_at=TEN, stale=False
    )

    assert said == expected


def said_of(found: Sequence[RoomBin]) -> str:
    """The evidence at the end of the last bin."""
    state = room_state(found, closed_until=found[-1].started_at + timedelta(minutes=5), in_session=True)
    return sentence(
        state, agents=1, profiles=default_profiles(), time_zone=ZoneInfo("UTC"), newest_report_at=TEN, stale=False
    )


def test_evidence_of_a_newest_bin_that_alone_is_not_good_says_why_the_room_is_ok() -> None:
    assert said_of(bins(12, 160)).endswith("none was lost. That bin alone was degraded; 2 of 3 decide.")
    assert "decide" not in said_of(bins(412, 12, 12))


def test_evidence_is_of_a_bin_that_is_as_bad_as_the_state_says() -> None:
    said = said_of(bins(260, 300, 160))

    assert said.startswith("At 10:05 a video lesson would have frozen")
    assert said.endswith("limit 200 ms.")


def test_evidence_names_the_dimension_of_the_bin_it_tells_of() -> None:
    lossy = [judged(summary(loss=0.08), at=TEN + timedelta(minutes=5 * index)) for index in range(2)]
    slow = judged(summary(rtt_ms=160), at=TEN + timedelta(minutes=10))

    assert said_of([*lossy, slow]) == (
        "At 10:05 a video lesson would have frozen: 8.0 % of 300 packets were lost; limit 5 %."
    )


def test_evidence_of_loss_names_the_share_and_the_limit() -> None:
    lossy = [judged(summary(loss=0.08), at=TEN + timedelta(minutes=5 * index)) for index in range(3)]
    state = room_state(lossy, closed_until=TEN + timedelta(minutes=15), in_session=True)

    said = sentence(
        state,
        agents=1,
        profiles=default_profiles(),
        time_zone=ZoneInfo("America/Chicago"),
        newest_report_at=TEN,
        stale=False,
    )

    assert said == "At 04:10 a video lesson would have frozen: 8.0 % of 300 packets were lost; limit 5 %."


@pytest.mark.parametrize(
    ("agents", "newest", "expected"),
    [
        (0, None, "No agent is enrolled in this room."),
        (0, TEN, "No agent is enrolled in this room any more; it was last measured Mon 10:00."),
        (1, None, "Its agent has not reported yet."),
        (1, TEN, "It is being measured; its state needs 2 complete bins of lesson time."),
        (1, TEN - timedelta(hours=20), "No measurements since Sun 14:00."),
    ],
)
def test_an_unknown_room_says_why(agents: int, newest: datetime | None, expected: str) -> None:
    state = room_state([], closed_until=TEN, in_session=True)

    said = sentence(
        state,
        agents=agents,
        profiles=default_profiles(),
        time_zone=ZoneInfo("UTC"),
        newest_report_at=newest,
        stale=newest != TEN,
    )

    assert said == expected


@pytest.mark.parametrize(("ms", "text"), [(0.1234, "0.12 ms"), (0.996, "1.0 ms"), (9.96, "10 ms"), (412.4, "412 ms")])
def test_milliseconds_have_three_digits_at_most(ms: float, text: str) -> None:
    assert milliseconds(ms) == text
