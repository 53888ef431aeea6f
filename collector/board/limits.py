"""What a room is held against, beside what says how it is now: its newest valid bin and the tests that speak."""

from collections.abc import Sequence
from dataclasses import dataclass

from collector.board.phrases import NOT_MEASURED, latency, loss, share
from collector.board.throughput_words import value
from collector.district.own_profiles import cell_of_rtt
from collector.verdict.bins import RoomBin
from collector.verdict.evidence import rate
from collector.verdict.profiles import BOUNDED_PERCENTILE, Profile, Profiles
from collector.verdict.throughput import ThroughputTest


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One need of a profile as text. `beyond` says whether the measured value reached the limit, `changed` whether the
    district set it differently from ours."""

    what: str
    optimal: str
    unacceptable: str
    measured: str
    beyond: bool
    source: str
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileLimits:
    """A profile and its limits."""

    profile: Profile
    limits: tuple[Limit, ...]


def limits(
    profiles: Profiles, newest: RoomBin | None, speaking: Sequence[ThroughputTest] = ()
) -> tuple[ProfileLimits, ...]:
    """The limits of every profile; `newest` is the bin to show beside them, if there is a valid one, and
    `speaking` the throughput tests that tell of now."""
    return tuple(
        ProfileLimits(profile=profile, limits=_of(profile, newest, speaking)) for profile in profiles.in_force()
    )


def _of(profile: Profile, newest: RoomBin | None, speaking: Sequence[ThroughputTest]) -> tuple[Limit, ...]:
    tests: dict[str, ThroughputTest] = {one.direction: one for one in speaking}
    measured_ms = {50.0: newest.p50_ms, 95.0: newest.p95_ms} if newest else {}
    rtt = [
        Limit(
            what=f"latency, p{need.percentile:g}",
            optimal=f"{need.optimal_ms:g} ms",
            unacceptable=f"{need.unacceptable_ms:g} ms",
            measured=latency(ms := measured_ms.get(need.percentile)),
            beyond=ms is not None and ms >= need.unacceptable_ms,
            source=need.source,
            changed=cell_of_rtt(need.percentile) in profile.changed,
        )
        for need in profile.rtt
        if need.percentile <= BOUNDED_PERCENTILE
    ]
    lost = newest.loss if newest else None
    return (
        *rtt,
        Limit(
            what="loss",
            optimal=share(profile.loss.optimal),
            unacceptable=share(profile.loss.unacceptable),
            measured=loss(lost),
            beyond=lost is not None and lost >= profile.loss.unacceptable,
            source=profile.loss.source,
            changed="loss" in profile.changed,
        ),
        *(
            Limit(
                what=f"throughput, {direction}",
                optimal=f"{rate(need.bps)} or more",
                unacceptable=f"below {rate(need.bps)}",
                measured=value(tests[direction]) if direction in tests else NOT_MEASURED,
                beyond=direction in tests and tests[direction].enough_for(profile) is False,
                source=need.source,
                changed=direction in profile.changed,
            )
            for direction, need in (("down", profile.down), ("up", profile.up))
        ),
    )
