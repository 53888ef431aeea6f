from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from agent.clock import NS_PER_MS, NS_PER_S
from agent.fold import fold
from agent.period import Period
from agent.sample import Sample
from wire.histogram import Histogram
from wire.report_words import Failure
from wire.reports import LatencyMethod, LatencyReport

START_NS = 600 * NS_PER_S
INTERVALS_MS: dict[LatencyMethod, int] = {"stamp": 1000, "tcp_connect": 10_000, "dns": 60_000}
FAILURES: list[Failure] = ["no_answer", "unreachable", "name_not_resolved", "no_gateway", "refused_to_send"]


def report(
    *samples: Sample,
    is_working: Callable[[int], bool] = lambda _sent_ns: False,
    intervals_ms: dict[LatencyMethod, int] = INTERVALS_MS,
) -> LatencyReport | None:
    period = Period(start_ns=START_NS, end_ns=START_NS + 60 * NS_PER_S, samples=samples)
    draft = fold(period, target="district", intervals_ms=intervals_ms, timeout_ms=2000, is_working=is_working)
    built = draft(seq=1) if draft else None
    assert built is None or isinstance(built, LatencyReport)
    return built


def answered(ms: float, at_s: float = 1, method: LatencyMethod = "stamp") -> Sample:
    return Sample(
        sent_ns=START_NS + int(at_s * NS_PER_S),
        method=method,
        rtt_ns=int(ms * NS_PER_MS),
        timestamps="kernel" if method == "stamp" else "user",
    )


def lost(at_s: float = 1, method: LatencyMethod = "stamp", failure: Failure = "no_answer") -> Sample:
    return Sample(sent_ns=START_NS + int(at_s * NS_PER_S), method=method, failure=failure)


some_samples = st.lists(
    st.builds(
        lambda at, method, rtt, failure: Sample(
            sent_ns=START_NS + at,
            method=method,
            rtt_ns=rtt if failure is None else None,
            failure=failure,
        ),
        at=st.integers(0, 60 * NS_PER_S - 1),
        method=st.sampled_from(["stamp", "tcp_connect"]),
        rtt=st.integers(0, 60 * NS_PER_S),
        failure=st.one_of(st.none(), st.sampled_from([*FAILURES, "probe_broke"])),
    ),
    max_size=80,
)


@given(some_samples)
def test_every_report_adds_up_and_is_one_the_wire_accepts(samples: list[Sample]) -> None:
    built = report(*samples)

    if built is None:
        assert not samples
        return
    ours = [one for one in samples if one.method == built.method]
    assert built.sent == len([one for one in ours if one.failure != "probe_broke"])
    assert built.received == len([one for one in ours if one.answered])
    assert Histogram.from_text(built.histogram).total == built.received
    assert (built.failure is None) == (built.received > 0)


@given(some_samples, st.randoms())
def test_the_order_of_arrival_does_not_matter(samples: list[Sample], random: object) -> None:
    times = {one.sent_ns: one for one in samples}
    unique = list(times.values())
    shuffled = list(unique)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hands out a random.Random

    assert report(*unique) == report(*shuffled)


def test_the_minimum_is_exact_and_the_delay_variation_is_of_consecutive_answers() -> None:
    built = report(answered(10, 1), answered(14, 2), lost(3), answered(100, 4), answered(101, 5))

    assert built is not None
    assert (built.sent, built.received) == (5, 4)
    assert built.min_us == 10_000
    assert built.ipdv_mean_us == (4000 + 1000) // 2
    assert built.timestamps == "kernel"
    assert (built.boot_ms, built.duration_ms) == (600_000, 60_000)


def test_tcp_stands_in_for_a_period_in_which_udp_was_never_answered() -> None:
    built = report(
        *(lost(at) for at in range(10)),
        answered(20, 2, "tcp_connect"),
        lost(12, "tcp_connect"),
    )

    assert built is not None
    assert (built.method, built.sent, built.received) == ("tcp_connect", 2, 1)
    assert built.interval_ms == 10_000
    assert built.failure is None


def test_an_outage_of_both_is_reported_as_lost_stamp() -> None:
    built = report(*(lost(at) for at in range(60)), lost(2, "tcp_connect"), lost(12, "tcp_connect"))

    assert built is not None
    assert (built.method, built.sent, built.received) == ("stamp", 60, 0)
    assert built.failure == "no_answer"


def test_a_gateway_is_reported_by_the_first_way_that_it_answers_and_else_by_the_first() -> None:
    in_turn: list[LatencyMethod] = ["icmp", "tcp_connect", "arp"]
    for number, method in enumerate(in_turn):
        silent = [lost(at, each) for at, each in enumerate(in_turn[:number])]
        later = [answered(1, 10 + at, each) for at, each in enumerate(in_turn[number:])]

        built = report(*later, *silent, intervals_ms={"icmp": 1000, "tcp_connect": 10_000, "arp": 20_000})

        assert built is not None
        assert (built.method, built.method_version, built.sent, built.received) == (method, 1, 1, 1)
        assert built.interval_ms == (1000, 10_000, 20_000)[number]

    built = report(*(lost(1, each) for each in in_turn), intervals_ms=dict.fromkeys(in_turn, 1000))

    assert built is not None
    assert (built.method, built.failure) == ("icmp", "no_answer")


def test_a_period_in_which_udp_answers_at_all_is_reported_by_stamp() -> None:
    built = report(lost(1), answered(20, 2, "tcp_connect"), answered(7, 3), lost(4))

    assert built is not None
    assert (built.method, built.sent, built.received) == ("stamp", 3, 1)


def test_a_probe_that_broke_is_no_loss() -> None:
    built = report(lost(1, failure="probe_broke"), lost(2, failure="probe_broke"))

    assert built is not None
    assert (built.sent, built.failure) == (0, "probe_broke")


def test_the_commonest_reason_is_the_failure() -> None:
    built = report(lost(1), lost(2, failure="unreachable"), lost(3, failure="unreachable"))

    assert built is not None
    assert built.failure == "unreachable"


def test_a_period_without_a_try_has_no_report() -> None:
    assert report() is None


def between(from_s: float, to_s: float) -> Callable[[int], bool]:
    """A throughput test of our own from `from_s` to `to_s` into the period."""
    return lambda sent_ns: START_NS + from_s * NS_PER_S <= sent_ns < START_NS + to_s * NS_PER_S


@given(some_samples, st.integers(0, 60), st.integers(0, 60))
def test_every_sample_of_a_period_with_a_test_is_counted_once(samples: list[Sample], one: int, other: int) -> None:
    is_working = between(min(one, other), max(one, other))

    built = report(*samples, is_working=is_working)

    if built is None:
        assert all(is_working(sample.sent_ns) and sample.failure == "probe_broke" for sample in samples)
        return
    tried = [sample for sample in samples if sample.method == built.method and sample.failure != "probe_broke"]
    working = [sample for sample in tried if is_working(sample.sent_ns)]
    assert (built.sent, built.working_sent) == (len(tried) - len(working), len(working))
    assert built.working_received == sum(sample.answered for sample in working)
    assert built.received + built.working_received == sum(sample.answered for sample in tried)


def test_what_was_sent_during_a_test_of_our_own_is_counted_apart() -> None:
    built = report(
        answered(10, 1), answered(12, 2), answered(400, 3), lost(4), answered(300, 5), is_working=between(3, 6)
    )

    assert built is not None
    assert (built.sent, built.received, built.ipdv_mean_us) == (2, 2, 2000)
    assert built.histogram == Histogram.of([10_000, 12_000]).to_text()
    assert (built.working_sent, built.working_received) == (3, 2)
    assert built.working_histogram == Histogram.of([400_000, 300_000]).to_text()


def test_a_period_that_a_test_filled_says_nothing_of_the_room_and_has_no_failure() -> None:
    for samples in ([answered(400, 1), answered(300, 2)], [lost(1), lost(2)]):
        built = report(*samples, is_working=between(0, 60))

        assert built is not None
        assert (built.sent, built.received, built.min_us, built.failure) == (0, 0, None, None)
        assert built.working_sent == 2


def test_a_room_that_is_silent_outside_the_test_has_its_reason() -> None:
    built = report(lost(1), answered(300, 4), is_working=between(3, 6))

    assert built is not None
    assert (built.sent, built.received, built.failure) == (1, 0, "no_answer")


def test_probes_that_broke_beside_a_test_spoil_no_report() -> None:
    built = report(lost(1, failure="probe_broke"), answered(300, 4), is_working=between(3, 6))

    assert built is not None
    assert (built.sent, built.working_sent, built.failure) == (0, 1, None)


def test_a_resolver_that_says_no_has_lost_the_question() -> None:
    built = report(answered(20, 2, "dns"), lost(12, "dns", "server_failed"))
    refused = report(lost(12, "dns", "server_failed"))

    assert built is not None
    assert refused is not None
    assert (built.method, built.sent, built.received, built.interval_ms) == ("dns", 2, 1, 60_000)
    assert (refused.method, refused.failure) == ("dns", "server_failed")
