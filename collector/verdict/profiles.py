"""What activities need: profiles with the source of every number."""

import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

BOUNDED_PERCENTILE = 95.0
"""The highest percentile that a bin is scored by: of 300 requests the rank of a 99th is known only as 0.977 to past the
last (science.md, finding 7). Higher ones are shown, and judge nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyNeed:
    """Round-trip time at one percentile (0..100): no better is noticed below `optimal_ms`, and the
    activity fails beyond `unacceptable_ms` (ROP and CPUP of draft-ietf-ippm-qoo-09). `source` says where
    the numbers come from."""

    percentile: float
    optimal_ms: float
    unacceptable_ms: float
    source: str

    def __post_init__(self) -> None:
        """Refuse a need whose limits are not apart. Raises `ValueError`."""
        if not 0 <= self.percentile <= 100 or not 0 <= self.optimal_ms < self.unacceptable_ms:
            raise ValueError("unacceptable_ms must lie beyond optimal_ms, and a percentile within 0..100")


@dataclass(frozen=True, slots=True, kw_only=True)
class LossNeed:
    """The share of packets (0..1) that may be lost without being noticed, and with which it fails."""

    optimal: float
    unacceptable: float
    source: str

    def __post_init__(self) -> None:
        """Refuse a need whose limits are not apart. Raises `ValueError`."""
        if not 0 <= self.optimal < self.unacceptable <= 1:
            raise ValueError("loss: unacceptable must lie beyond optimal, both within 0..1")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateNeed:
    """The goodput that one device needs in one direction, in bits per second."""

    bps: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareNeed:
    """The share (0..1) of a room's pupils that do it at a time, when each does at his own time."""

    share: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceNeed:
    """How many devices of a room do it at a time, however many pupils there are: one projector shows it to all."""

    count: int
    source: str


Judges = Literal["lessons", "assessments", "never"]
"""When a profile judges rooms: in all lessons but declared assessments, in these alone, or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The needs of one activity. `changed` names the cells in which the district's own file overrides ours."""

    name: str
    version: int
    label: str
    judges: Judges
    rtt: tuple[LatencyNeed, ...]
    loss: LossNeed
    down: RateNeed
    up: RateNeed
    concurrency: ShareNeed | None = None
    devices: DeviceNeed | None = None
    changed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse one that judges rooms but has no limit that a bin of 300 packets can bound. Raises `ValueError`."""
        if self.judges != "never" and not any(need.percentile <= BOUNDED_PERCENTILE for need in self.rtt):
            raise ValueError(f"{self.name}: what judges rooms needs a latency limit at the 95th percentile or below")

    @property
    def title(self) -> str:
        """``video_lesson v1``, and where a district changed it that it did."""
        return f"{self.name} v{self.version}" + (", changed by the district" if self.changed else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """The profiles in force and the hash of the text they were read from, kept with each verdict."""

    by_name: dict[str, Profile]
    digest: str

    def __iter__(self) -> Iterator[Profile]:
        return iter(self.by_name.values())

    def in_force(self, *, assessing: bool = False) -> tuple[Profile, ...]:
        """Those that judge a bin; `assessing` in one of a declared assessment."""
        judges = "assessments" if assessing else "lessons"
        return tuple(one for one in self if one.judges == judges)


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
        judges=table["judges"],
        rtt=tuple(LatencyNeed(**need) for need in table["rtt"]),
        loss=LossNeed(**table["loss"]),
        down=RateNeed(**table["down"]),
        up=RateNeed(**table["up"]),
        concurrency=ShareNeed(**table["concurrency"]) if "concurrency" in table else None,
        devices=DeviceNeed(**table["devices"]) if "devices" in table else None,
    )
