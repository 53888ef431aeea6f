"""The request that carries reports, and the only answer that lets an agent forget them."""

from dataclasses import dataclass

from wire.fields import MAX_ELAPSED_MS, MAX_SEQ, MAX_WALL_MS, WireError, check_id, check_range
from wire.report_words import STRICT
from wire.reports import Report
from wire.version import WIRE_VERSION

MAX_REPORTS = 2000
"""Reports in one batch; an agent with more sends several."""

MAX_BODY_BYTES = 1_000_000
"""A compressed request body; larger is answered 413 ``too_large`` and the agent halves the batch."""

MAX_DECODED_BYTES = 4_000_000
"""A request body once decompressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BootClock:
    """One reading of a boot's two clocks, from which the collector works out when things happened.

    `boot_ms` is time since the machine started, sleep included; `wall_ms` the machine's idea of
    Unix time at that very moment. `synchronised` says whether the system then vouched for the wall
    clock (NTP). `live` is true when the reading was taken as the batch was sent; false when the
    boot is over and this is the best reading that was kept of it.
    """

    __pydantic_config__ = STRICT

    boot_ms: int
    wall_ms: int
    synchronised: bool
    live: bool

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_range("clock.boot_ms", self.boot_ms, 0, MAX_ELAPSED_MS)
        check_range("clock.wall_ms", self.wall_ms, 0, MAX_WALL_MS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Reports of one boot, sent together. `batch` is drawn at random for each request."""

    __pydantic_config__ = STRICT

    version: int
    batch: str
    boot: str
    clock: BootClock
    reports: tuple[Report, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_version(self.version)
        check_id("batch", self.batch)
        check_id("boot", self.boot)
        if not 1 <= len(self.reports) <= MAX_REPORTS:
            raise WireError("bad_batch_size", f"a batch holds 1 to {MAX_REPORTS} reports, not {len(self.reports)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedReport:
    """One report that will never be stored, by its place in the batch, with the machine word why."""

    index: int
    seq: int | None
    error: str
    detail: str

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_range("index", self.index, 0, MAX_REPORTS - 1)
        check_range("seq", self.seq, 0, MAX_SEQ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The collector's answer once the store has the batch: every report in it is accounted for."""

    version: int
    batch: str
    stored: int
    duplicate: int
    rejected: tuple[RejectedReport, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_id("batch", self.batch)
        check_range("stored", self.stored, 0, MAX_REPORTS)
        check_range("duplicate", self.duplicate, 0, MAX_REPORTS)

    def accounts_for(self, batch: Batch) -> bool:
        """Whether this answers `batch` and names the fate of each of its reports."""
        return (
            self.batch == batch.batch
            and self.stored + self.duplicate + len(self.rejected) == len(batch.reports)
            and len({one.index for one in self.rejected}) == len(self.rejected)
            and all(one.index < len(batch.reports) for one in self.rejected)
        )


def check_version(version: int) -> None:
    """Refuse a wire version this side does not speak. Raises `WireError` ``unsupported_version``."""
    if not 1 <= version <= WIRE_VERSION:
        raise WireError(
            "unsupported_version",
            f"this side speaks wire versions 1 to {WIRE_VERSION}; upgrade the collector before its agents",
        )
