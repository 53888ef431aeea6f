"""Why a room's throughput test found too little: L7 of science.md 4.3. Pure.

A test makes its own queue at the bottleneck of its way, where there is one: round trips rise while it runs (Sundaresan
et al., IMC 2017: self-induced congestion). Where they do not rise and no bin of the room was troubled either, nothing
was full: something holds the rate down by rule, or the machine does. A queue says that a line was full, not which one.
Tests of the site's other rooms say that: they share all of it but the room's own access.

Never ``high``: a test is five seconds long, others test in other minutes, and their own rooms may be narrow as well.
"""

from collections.abc import Sequence

from collector.verdict.bins import RoomBin
from collector.verdict.causes import Cause, Compared, Confidence, Located
from collector.verdict.locate.chain import ELEVATED_MS, HOLDS
from collector.verdict.profiles import Profile
from collector.verdict.throughput import ThroughputTest

FEWEST_PEERS = 2
FEW_BITS = 4 * 12_000
"""Four full packets before ours are no queue, however long a slow line takes to send them (our choice)."""


def locate_shortfall(
    test: ThroughputTest,
    *,
    profile: Profile,
    bins: Sequence[RoomBin],
    peers: Sequence[ThroughputTest],
    reference: ThroughputTest | None = None,
) -> Located | None:
    """Where the rate was lost that `profile` needs; ``None`` when `test` found it, or could not tell.

    `bins` are the room's of the hour before the test's end, `peers` the tests of other rooms of its site in the same
    hour and direction, one each, `reference` that of the site's wired reference.
    """
    if test.enough_for(profile) is not False:
        return None
    told = [enough for one in peers if (enough := one.enough_for(profile)) is not None]
    short, of = told.count(False), len(told)
    wired = reference.enough_for(profile) if reference else None
    troubled = [one for one in bins if one.is_bad]
    seen = Compared(target="district", p95_ms=test.working_p95_ms, usual_ms=test.idle_rtt_ms, loss=None)
    if troubled:
        # Whatever made the round trips long made the test slow: it is named where the bins were located.
        located = [one.located for one in troubled if one.located]
        causes = {one.cause for one in located}
        if len(causes) == 1 and located:
            return _of(located[-1].cause, "medium" if located[-1].confidence == "high" else "low", seen, short, of)
        return _of("undetermined", "low", seen, short, of)
    queue_ms = seen.excess_ms
    if queue_ms is None:
        return _of("undetermined", "low", seen, short, of)
    if queue_ms < max(ELEVATED_MS, 1000 * FEW_BITS / max(1, test.received_bps or 0)):
        return _of("rate_limit_or_client", "low", seen, short, of, alone=not short)
    if wired is False or (of >= FEWEST_PEERS and short >= HOLDS * of and wired is None):
        everybody = wired is False and of > 0 and short == of
        return _of("site_uplink", "medium" if everybody or short == of >= FEWEST_PEERS else "low", seen, short, of)
    if short == 0 and (of >= FEWEST_PEERS or wired is True):
        return _of("room_access", "medium", seen, short, of)
    if short == 0 and of:
        return _of("room_access", "low", seen, short, of)
    return _of("undetermined", "low", seen, short, of)


def _of(cause: Cause, confidence: Confidence, seen: Compared, short: int, of: int, *, alone: bool = False) -> Located:
    return Located(
        cause=cause,
        confidence=confidence,
        rule="L8" if cause == "undetermined" else "L7",
        room=(seen,),
        bad_peers=short,
        peers=of,
        signs=("slow_alone",) if alone else (),
    )
