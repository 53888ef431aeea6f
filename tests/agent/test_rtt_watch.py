"""What round trips beside a test show of it, in virtual time."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

import pytest

from agent.clock import NS_PER_MS
from agent.rtt_watch import IDLE_PROBES, RttWatch
from agent.sample import Sample, SingleProbe
from tests.virtual_time import VirtualLoop, run
from wire.reports import LatencyMethod

IDLE_MS = 20.0
TIMEOUT_MS = 2_000.0
BEGIN_S = 1.0
"""When `watched` begins to watch: the idle line has been looked at by then."""

Fate = Callable[[float], float | None]
"""The round trip, in milliseconds, of a packet sent so many seconds after the test began; ``None`` loses it."""


def probe_of(loop: VirtualLoop, fate: Fate, method: LatencyMethod = "stamp") -> SingleProbe:
    async def probe() -> Sample:
        sent_ns = loop.ns()
        took_ms = fate(loop.time() - BEGIN_S)
        if took_ms is None or took_ms > TIMEOUT_MS:
            await asyncio.sleep(TIMEOUT_MS / 1000)
            return Sample(sent_ns=sent_ns, method=method, failure="no_answer")
        await asyncio.sleep(took_ms / 1000)
        return Sample(sent_ns=sent_ns, method=method, rtt_ns=round(took_ms * NS_PER_MS))

    return probe


def watched(fate: Fate, until_s: float) -> tuple[float | None, float | None]:
    """When the round trips have risen and, at the end, since when a queue stands, in seconds since the test began."""

    async def work(loop: VirtualLoop) -> tuple[float | None, float | None]:
        watch = RttWatch([probe_of(loop, lambda at_s: IDLE_MS if at_s < 0 else fate(at_s))], clock=loop.clock())
        await watch.idle()
        await asyncio.sleep(BEGIN_S - loop.time())
        watching = asyncio.create_task(watch.run())
        risen_s = None
        while risen_s is None and loop.time() < BEGIN_S + until_s:
            await asyncio.sleep(0.01)
            if watch.risen():
                risen_s = loop.time() - BEGIN_S
        standing_ns = watch.standing_since_ns()
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        return risen_s, None if standing_ns is None else standing_ns / 1e9 - BEGIN_S

    return run(work)


def odd(number: int, took_ms: float | None) -> Fate:
    """Every fourth packet up to `number` of them is so, all others are as on the idle line."""
    sent = 0

    def fate(_at_s: float) -> float | None:
        nonlocal sent
        sent += 1
        return took_ms if sent % 4 == 0 and sent <= 4 * number else IDLE_MS

    return fate


@pytest.mark.parametrize("took_ms", [150.0, 1_500.0, None])
def test_slow_or_lost_packets_between_quick_ones_are_no_rise(took_ms: float | None) -> None:
    assert watched(odd(10, took_ms), 5.0) == (None, None)


@pytest.mark.parametrize("took_ms", [IDLE_MS + 91, 300.0, 1_500.0, None])
def test_three_slow_or_lost_packets_in_a_row_are_a_rise_before_they_are_answered(took_ms: float | None) -> None:
    risen_s, _ = watched(lambda at_s: IDLE_MS if at_s < 0.5 else took_ms, 5.0)

    assert risen_s is not None
    # the third is sent 0.1 s after the first, and has then to be late
    assert 0.6 + (IDLE_MS + 90) / 1000 <= risen_s + 0.001 <= 0.6 + (IDLE_MS + 90) / 1000 + 0.03


def test_a_rise_of_less_than_90_ms_is_none() -> None:
    assert watched(lambda _at_s: IDLE_MS + 85, 3.0)[0] is None


def test_slow_packets_that_quick_ones_have_followed_are_forgotten() -> None:
    assert watched(lambda at_s: 150 if at_s < 0.09 else IDLE_MS, 2.0) == (None, None)


def test_a_queue_stands_since_the_first_packet_that_was_late_and_stayed_so() -> None:
    _, standing_s = watched(lambda at_s: IDLE_MS if at_s < 0.5 else IDLE_MS + 40, 1.0)

    assert standing_s == pytest.approx(0.5 + (IDLE_MS + 30) / 1000, abs=0.001)


def test_a_queue_stands_though_none_of_its_packets_was_answered_yet() -> None:
    risen_s, standing_s = watched(lambda at_s: IDLE_MS if at_s < 0.04 else 1_500, 1.0)

    assert risen_s is not None
    assert standing_s == pytest.approx(0.05 + (IDLE_MS + 30) / 1000, abs=0.001)


def test_a_lost_packet_neither_makes_nor_hides_a_standing_queue() -> None:
    late_and_lost = iter([IDLE_MS, IDLE_MS + 40, None, IDLE_MS + 40, *[IDLE_MS + 40] * 50])

    _, standing_s = watched(lambda _at_s: next(late_and_lost), 2.5)

    assert standing_s == pytest.approx(0.05 + (IDLE_MS + 30) / 1000, abs=0.001)


@pytest.mark.parametrize(("slow_share", "lost_share"), [(0.02, 0.01), (0.08, 0.01), (0.05, 0.05)])
def test_noise_as_wifi_has_it_hardly_ever_ends_a_test(slow_share: float, lost_share: float) -> None:
    ended = 0
    for seed in range(60):
        dice = random.Random(seed)

        def fate(_at_s: float, dice: random.Random = dice) -> float | None:
            draw = dice.random()
            if draw < lost_share:
                return None
            return IDLE_MS + dice.expovariate(1 / (120 if draw < lost_share + slow_share else 5))

        ended += watched(fate, 5.0)[0] is not None
    assert ended <= 2, "of 60 tests"


def idle_of(*fates: Fate) -> tuple[Sample, RttWatch, list[int]]:
    """A look at the idle line with probes of such fates, STAMP first, and how often each was sent."""
    sent = [0] * len(fates)
    methods: tuple[LatencyMethod, ...] = ("stamp", "tcp_connect")

    def counted(index: int) -> Fate:
        def fate(at_s: float) -> float | None:
            sent[index] += 1
            return fates[index](at_s)

        return fate

    async def work(loop: VirtualLoop) -> tuple[Sample, RttWatch]:
        probes = [probe_of(loop, counted(index), methods[index]) for index in range(len(fates))]
        watch = RttWatch(probes, clock=loop.clock())
        return await watch.idle(), watch

    best, watch = run(work)
    return best, watch, sent


def test_the_idle_line_is_its_shortest_round_trip() -> None:
    times = iter([30.0, 25, None, 21, 400, 22, 23, None, 28, 24])

    best, watch, _ = idle_of(lambda _at_s: next(times))

    assert best.rtt_ns == watch.idle_ns == 21 * NS_PER_MS
    assert watch.used_bytes == IDLE_PROBES * 2 * 44


def test_tcp_watches_where_udp_is_silent_and_only_there() -> None:
    best, watch, sent = idle_of(lambda _at_s: None, lambda _at_s: 15.0)
    assert (best.method, watch.idle_ns) == ("tcp_connect", 15 * NS_PER_MS)
    assert sent == [IDLE_PROBES, IDLE_PROBES]

    best, _, sent = idle_of(lambda _at_s: 15.0, lambda _at_s: 5.0)
    assert (best.method, sent) == ("stamp", [IDLE_PROBES, 0])


def test_where_nothing_answers_there_is_no_idle_line_but_a_reason() -> None:
    best, watch, _ = idle_of(lambda _at_s: None, lambda _at_s: None)

    assert (best.rtt_ns, best.failure, watch.idle_ns) == (None, "no_answer", None)
