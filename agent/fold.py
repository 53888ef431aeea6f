"""Samples of one period into one report. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Protocol

from agent.clock import NS_PER_MS
from agent.period import Period
from agent.sample import Sample
from wire.histogram import Histogram
from wire.reports import LatencyMethod, LatencyReport, Report

METHOD_VERSIONS: Mapping[LatencyMethod, int] = {"stamp": 1, "icmp": 1, "tcp_connect": 1, "arp": 1, "dns": 1}


class Draft(Protocol):
    """A report that only lacks its number, which the spool gives."""

    def __call__(self, *, seq: int) -> Report:
        """The report with its number. Raises `WireError` for a report that cannot be true."""


def fold(
    period: Period,
    *,
    target: str,
    intervals_ms: Mapping[LatencyMethod, int],
    timeout_ms: int,
    is_working: Callable[[int], bool] = lambda _sent_ns: False,
) -> Draft | None:
    """The report of `period`; ``None`` when nothing was tried in it.

    `is_working` says whether a request sent then was sent during our own throughput test: those are counted apart.

    One method is reported, and `intervals_ms` has them in the order in which they stand in for each other. Where the
    first got no answer all period and another did, that stands in for it with all its samples, the lost ones too: the
    network carries what pupils use and drops only UDP, or the gateway ignores pings. Where none was answered, the
    silence of the first is the report: an outage.

    A report has a `failure`, the commonest reason, exactly when requests count and nothing was received. A probe that
    broke by our own fault was not tried and is not a loss, and no reason where our own test left nothing else to try.
    """
    samples = [one for one in period.samples if one.failure != "probe_broke" or not is_working(one.sent_ns)]
    method = _reported(samples, intervals_ms)
    if method is None:
        return None
    ours = sorted((one for one in samples if one.method == method), key=lambda one: one.sent_ns)
    working = [one for one in ours if is_working(one.sent_ns)]
    working_rtts_us = [one.rtt_ns / 1000 for one in working if one.rtt_ns is not None]
    ours = [one for one in ours if not is_working(one.sent_ns)]
    tried = [one for one in ours if one.failure != "probe_broke"]
    answered = [one for one in tried if one.answered]
    rtts_us = [one.rtt_ns / 1000 for one in answered if one.rtt_ns is not None]
    failures = Counter(one.failure for one in (tried or ours) if one.failure is not None)
    return partial(
        LatencyReport,
        boot_ms=period.start_ns // NS_PER_MS,
        duration_ms=max(1, period.end_ns // NS_PER_MS - period.start_ns // NS_PER_MS),
        target=target,
        method=method,
        method_version=METHOD_VERSIONS[method],
        timestamps="kernel" if answered and all(one.timestamps == "kernel" for one in answered) else "user",
        interval_ms=intervals_ms[method],
        timeout_ms=timeout_ms,
        sent=len(tried),
        received=len(answered),
        duplicates=sum(one.duplicates for one in ours),
        reordered=sum(one.reordered for one in answered),
        min_us=int(min(rtts_us)) if rtts_us else None,
        ipdv_mean_us=_ipdv_mean_us(tried),
        histogram=Histogram.of(rtts_us).to_text(),
        failure=failures.most_common(1)[0][0] if not answered and (tried or not working) else None,
        working_sent=len(working),
        working_received=len(working_rtts_us),
        working_histogram=Histogram.of(working_rtts_us).to_text(),
    )


def _reported(samples: Sequence[Sample], in_turn: Iterable[LatencyMethod]) -> LatencyMethod | None:
    tried = {one.method for one in samples}
    answered = {one.method for one in samples if one.answered}
    return next((one for one in in_turn if one in (answered or tried)), None)


def _ipdv_mean_us(tried: Sequence[Sample]) -> int | None:
    """Mean absolute difference of consecutive round trips, both answered (RFC 3393, section 4.2)."""
    steps = [
        abs(later.rtt_ns - earlier.rtt_ns)
        for earlier, later in pairwise(tried)
        if earlier.rtt_ns is not None and later.rtt_ns is not None
    ]
    return sum(steps) // len(steps) // 1000 if steps else None
