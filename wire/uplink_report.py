"""What one uplink carried in one period, counted by the interface at its end: aggregate octets, nobody's traffic."""

from dataclasses import dataclass
from typing import Literal

from wire.fields import MAX_SEQ, WireError, check_range
from wire.report_words import MAX_MBPS, STRICT, check_period

Uplink = Literal["site", "district"]  # the way out of the agent's site, or of the whole district
CountedBy = Literal["interface", "snmp"]  # the agent's own interface, or a router's that it asks
UplinkFailure = Literal[
    "no_answer",  # nothing came back in time; with SNMP v2c a wrong community looks like this, too
    "wrong_credentials",  # the other side does not take user or keys
    "refused",  # it answers, but does not show these counters
    "no_such_interface",  # it has no interface of that name
    "restarted",  # its counters began anew in this period
    "implausible",  # the counters grew by more than the interface can carry
    "probe_broke",  # our own fault; the agent's log has more
]


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkReport:
    """Octets of one uplink in one period. ``down`` is towards the pupils, whichever side of the router was counted.

    `down_bytes` and `up_bytes` are both there exactly when `failure` is not. `speed_mbps` is what the interface says
    that it can (IF-MIB ifHighSpeed, RFC 2863), ``None`` where it does not say; it is not what was contracted.
    """

    __pydantic_config__ = STRICT

    kind: Literal["uplink"] = "uplink"
    seq: int
    boot_ms: int
    duration_ms: int
    uplink: Uplink
    method: CountedBy
    method_version: int
    down_bytes: int | None
    up_bytes: int | None
    speed_mbps: int | None
    failure: UplinkFailure | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_period(self.seq, self.boot_ms, self.duration_ms)
        check_range("method_version", self.method_version, 1, 1000)
        check_range("down_bytes", self.down_bytes, 0, MAX_SEQ)
        check_range("up_bytes", self.up_bytes, 0, MAX_SEQ)
        check_range("speed_mbps", self.speed_mbps, 0, MAX_MBPS)
        counted = self.down_bytes is not None and self.up_bytes is not None
        if counted != (self.failure is None) or (self.down_bytes is None) != (self.up_bytes is None):
            raise WireError("bad_failure", "failure is there exactly when no octets are")
