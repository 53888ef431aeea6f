"""What a room is held against, beside what was measured in its newest valid bin."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from collector.board.phrases import NOT_MEASURED, latency, loss, rate, share
from collector.verdict.bins import RoomBin
from collector.verdict.profiles import Profile, Profiles, default_profiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One need of a profile as text. `beyond` says whether the measured value reached the limit."""

    what: str
    optimal: str
    unacceptable: str
    measured: str
    beyond: bool
    source: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileLimits:
    """A profile and its limits."""

    profile: Profile
    limits: tuple[Limit, ...]


def limits(profiles: Profiles, newest: RoomBin | None) -> tuple[ProfileLimits, ...]:
    """The limits of every profile; `newest` is the bin to show beside them, if there is a valid one."""
    shipped = profiles.digest == default_profiles().digest
    sources = _shipped_sources() if shipped else {}
    return tuple(
        ProfileLimits(profile=profile, limits=_of(profile, newest, sources.get(profile.name, {})))
        for profile in profiles
    )


def _of(profile: Profile, newest: RoomBin | None, sources: dict[str, str]) -> tuple[Limit, ...]:
    measured_ms = {50.0: newest.p50_ms, 95.0: newest.p95_ms} if newest else {}
    rtt = [
        Limit(
            what=f"latency, p{need.percentile:g}",
            optimal=f"{need.optimal_ms:g} ms",
            unacceptable=f"{need.unacceptable_ms:g} ms",
            measured=latency(ms := measured_ms.get(need.percentile)),
            beyond=ms is not None and ms >= need.unacceptable_ms,
            source=sources.get(f"rtt {need.percentile:g}"),
        )
        for need in profile.rtt
    ]
    lost = newest.loss if newest else None
    return (
        *rtt,
        Limit(
            what="loss",
            optimal=share(profile.loss_optimal),
            unacceptable=share(profile.loss_unacceptable),
            measured=loss(lost),
            beyond=lost is not None and lost >= profile.loss_unacceptable,
            source=sources.get("loss"),
        ),
        *(
            Limit(
                what=f"throughput, {direction}",
                optimal=f"{rate(bps)} or more",
                unacceptable=f"below {rate(bps)}",
                measured=NOT_MEASURED,
                beyond=False,
                source=sources.get(f"{direction}_bps"),
            )
            for direction, bps in (("down", profile.down_bps), ("up", profile.up_bps))
        ),
    )


@cache
def _shipped_sources() -> dict[str, dict[str, str]]:
    """Where the shipped numbers come from: `Profile` does not carry it, the file it is read from does."""
    text = (files("collector.verdict") / "profiles.toml").read_text(encoding="utf-8")
    return {name: _sources(table) for name, table in tomllib.loads(text).items()}


def _sources(table: dict[str, Any]) -> dict[str, str]:
    named = {key: table[key]["source"] for key in ("loss", "down_bps", "up_bps")}
    return named | {f"rtt {need['percentile']:g}": need["source"] for need in table["rtt"]}
