"""What activities need: profiles with the source of every number."""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyNeed:
    """Round-trip time at one percentile (0..100): no better is noticed below `optimal_ms`, and the
    activity fails beyond `unacceptable_ms` (ROP and CPUP of draft-ietf-ippm-qoo-09)."""

    percentile: float
    optimal_ms: float
    unacceptable_ms: float

    def __post_init__(self) -> None:
        """Refuse a need whose limits are not apart. Raises `ValueError`."""
        if not 0 <= self.percentile <= 100 or not 0 <= self.optimal_ms < self.unacceptable_ms:
            raise ValueError("unacceptable_ms must lie beyond optimal_ms, and a percentile within 0..100")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The needs of one activity. Loss is a share, 0..1; rates are bits per second for one device."""

    name: str
    version: int
    label: str
    rtt: tuple[LatencyNeed, ...]
    loss_optimal: float
    loss_unacceptable: float
    down_bps: int
    up_bps: int

    def __post_init__(self) -> None:
        """Refuse a profile whose limits are not apart. Raises `ValueError`."""
        if not 0 <= self.loss_optimal < self.loss_unacceptable <= 1:
            raise ValueError("loss: unacceptable must lie beyond optimal, both within 0..1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """The profiles in force and the hash of the text they were read from, kept with each verdict."""

    by_name: dict[str, Profile]
    digest: str

    def __iter__(self) -> Any:
        return iter(self.by_name.values())


def read_profiles(text: str) -> Profiles:
    """Read the text of a ``profiles.toml``. Raises `ValueError` or `KeyError` for a broken one."""
    tables = tomllib.loads(text)
    return Profiles(
        by_name={name: _profile(name, table) for name, table in tables.items()},
        digest=hashlib.sha256(text.encode()).hexdigest()[:16],
    )


@cache
def default_profiles() -> Profiles:
    """The profiles that are shipped with the product."""
    return read_profiles((files("collector.verdict") / "profiles.toml").read_text(encoding="utf-8"))


def _profile(name: str, table: dict[str, Any]) -> Profile:
    return Profile(
        name=name,
        version=table["version"],
        label=table["label"],
        rtt=tuple(
            LatencyNeed(
                percentile=need["percentile"],
                optimal_ms=need["optimal_ms"],
                unacceptable_ms=need["unacceptable_ms"],
            )
            for need in table["rtt"]
        ),
        loss_optimal=table["loss"]["optimal"],
        loss_unacceptable=table["loss"]["unacceptable"],
        down_bps=table["down_bps"]["value"],
        up_bps=table["up_bps"]["value"],
    )
