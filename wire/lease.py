"""The collector's permission for one throughput test, and the account it gives of its own side."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from wire.batch import check_version
from wire.fields import MAX_BPS, MAX_BYTES, WireError, check_id, check_range
from wire.report_words import MAX_MBPS, STRICT, AskedBy, Bottleneck

LeaseKind = Literal["sufficiency", "capacity"]  # is a rate there; how much is there
MAX_LEASE_MS = 60_000
MAX_STEPS = 1_000
"""Entries in an account of what arrived when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRequest:
    """An agent asks to test now. `request` is drawn once for each wish: asking again with it, because an answer was
    lost, gets the same lease and never a second one. `link_mbps` is the speed of the link that it would test over,
    ``None`` unknown: from it the collector estimates what a capacity test may cost."""

    __pydantic_config__ = STRICT

    version: int
    request: str
    kind: LeaseKind = "sufficiency"
    link_mbps: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_version(self.version)
        check_id("request", self.request)
        check_range("link_mbps", self.link_mbps, 0, MAX_MBPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Permission for one throughput test in each direction, down first.

    `valid_ms` counts from the moment the agent first sent the request, so that the agent's lease always ends before
    the collector's. `down_bps` and `up_bps`, in bits per second, are the rates that a sufficiency test is to show, and
    what a capacity test is reckoned to reach at the most; `down_bytes` and `up_bytes` the most that each direction may
    carry. `bottlenecks` are what the test goes through, `asked_by` says who wanted it.

    For a capacity test alone: an ndt7 server is at `host` and TCP `port`, with `tls` or without, and takes who shows
    `token`; `host` ``None`` is the collector's own. Neither direction may take longer than `longest_ms`.
    """

    version: int
    lease: str
    valid_ms: int
    down_bps: int
    up_bps: int
    down_bytes: int
    up_bytes: int
    kind: LeaseKind = "sufficiency"
    bottlenecks: tuple[Bottleneck, ...] = ()
    asked_by: AskedBy = "schedule"
    host: str | None = None
    port: int | None = None
    tls: bool = False
    token: str | None = None
    longest_ms: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_id("lease", self.lease)
        check_range("valid_ms", self.valid_ms, 1, MAX_LEASE_MS)
        check_range("down_bps", self.down_bps, 1, MAX_BPS)
        check_range("up_bps", self.up_bps, 1, MAX_BPS)
        check_range("down_bytes", self.down_bytes, 1, MAX_BYTES)
        check_range("up_bytes", self.up_bytes, 1, MAX_BYTES)
        check_range("port", self.port, 1, 65_535)
        check_range("longest_ms", self.longest_ms, 1, MAX_LEASE_MS)
        if self.token is not None:
            check_id("token", self.token)
        if {one is not None for one in (self.port, self.token, self.longest_ms)} != {self.kind == "capacity"}:
            raise WireError("bad_lease", "port, token and longest_ms are there exactly for a capacity test")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseEnd:
    """The agent gives its lease back. `used_bytes` is what it counted in both directions."""

    __pydantic_config__ = STRICT

    version: int
    used_bytes: int

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_version(self.version)
        check_range("used_bytes", self.used_bytes, 0, MAX_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """`total_bytes` had arrived `at_ms` after the test began."""

    at_ms: int
    total_bytes: int

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_range("at_ms", self.at_ms, 0, MAX_LEASE_MS)
        check_range("total_bytes", self.total_bytes, 0, MAX_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseAccount:
    """The collector's side of the test that a lease allowed.

    `down_stalled_ms` and `up_stalled_ms` are how long it was itself too busy to send or to count, `down_bytes` is what
    it handed to its system; `up` is what arrived, ascending.
    """

    version: int
    down_stalled_ms: int
    down_bytes: int
    up_stalled_ms: int
    up: tuple[Arrived, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_range("down_stalled_ms", self.down_stalled_ms, 0, MAX_LEASE_MS)
        check_range("up_stalled_ms", self.up_stalled_ms, 0, MAX_LEASE_MS)
        check_range("down_bytes", self.down_bytes, 0, MAX_BYTES)
        if len(self.up) > MAX_STEPS:
            raise WireError("bad_account", f"an account has at most {MAX_STEPS} steps, not {len(self.up)}")
        for one, later in pairwise(self.up):
            if later.at_ms < one.at_ms or later.total_bytes < one.total_bytes:
                raise WireError("bad_account", "the steps of an account ascend in time and bytes")
