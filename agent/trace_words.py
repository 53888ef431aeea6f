"""What the agent asks its tracing child, and what that says at the end: a line of JSON each.

Between them the child says a line for each step, in the wire's own `Hop`: roles and times, never an address.
"""

from dataclasses import dataclass
from ipaddress import ip_network

from wire.fields import MAX_DURATION_MS, WireError, check_range, check_target
from wire.path_report import TraceMethod
from wire.report_words import Failure

MAX_NETWORKS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRequest:
    """Trace the way to `host`, a name or an address, ``None`` the default gateway. `port` is used by UDP and TCP."""

    target: str
    host: str | None
    port: int
    method: TraceMethod
    site_networks: tuple[str, ...] = ()
    district_networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be meant. Raises `WireError`."""
        check_target(self.target)
        check_range("port", self.port, 1, 65_535)
        check_range("networks", len(self.site_networks) + len(self.district_networks), 0, MAX_NETWORKS)
        try:
            for text in (*self.site_networks, *self.district_networks):
                ip_network(text)
        except ValueError:
            raise WireError("bad_network", "a network is an address range such as 10.12.0.0/16") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEnd:
    """The child's last line: whether the target itself answered, and why there are no steps where there are none."""

    reached: bool
    duration_ms: int
    failure: Failure | None

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_range("duration_ms", self.duration_ms, 1, MAX_DURATION_MS)
