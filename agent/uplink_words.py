"""What was counted of an uplink, in words for whoever asks on this machine."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from agent.background import background
from agent.clock import NS_PER_MS, Clock
from wire.codec import decode, encode
from wire.uplink_report import CountedBy, Uplink, UplinkFailure, UplinkReport

COUNTED_BY: Mapping[CountedBy, str] = {"interface": "own interface", "snmp": "router"}
WHY: Mapping[UplinkFailure, str] = {
    "no_answer": "no answer; with SNMP v2c a wrong community looks like this, too, with v3 a wrong privacy_key; "
    "check host and port, and whom the router lets ask",
    "wrong_credentials": "not let in; check user, auth, auth_key, privacy and privacy_key",
    "refused": "it does not show the counters of its interfaces: its view has to hold IF-MIB (1.3.6.1.2.1.2 and "
    "1.3.6.1.2.1.31)",
    "no_such_interface": "there is no interface, or more than one, that is called so",
    "restarted": "its counters began anew in this period",
    "implausible": "its counters grew by more than the interface says that it can carry",
    "probe_broke": "it could not be asked by a fault of this program's, or pysnmp is not installed; the log has more",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkStatus:
    """The newest of an uplink, some seconds old: rates in bits per second, or why there are none."""

    uplink: Uplink
    method: CountedBy
    age_s: int
    down_bps: int | None
    up_bps: int | None
    speed_mbps: int | None
    failure: UplinkFailure | None

    def as_text(self, ago: str = "") -> str:
        """A line."""
        return f"{self.uplink} ({', '.join(filter(None, (COUNTED_BY[self.method], ago)))}): {said(self)}"


def status_of(report: UplinkReport, age_s: int = 0) -> UplinkStatus:
    """What `report` says."""

    def bps(octets: int | None) -> int | None:
        return None if octets is None else round(8000 * octets / report.duration_ms)

    return UplinkStatus(
        uplink=report.uplink,
        method=report.method,
        age_s=age_s,
        down_bps=bps(report.down_bytes),
        up_bps=bps(report.up_bytes),
        speed_mbps=report.speed_mbps,
        failure=report.failure,
    )


async def note_uplinks(note: Callable[..., None], clock: Clock, reports: Sequence[UplinkReport]) -> None:
    """Keep `reports`, the newest of each uplink, for `bandroom-agent status`."""
    kept = {"at_ms": clock.wall_ns() // NS_PER_MS, "reports": [json.loads(encode(one)) for one in reports]}
    await background(partial(note, uplinks=json.dumps(kept)))


def kept_uplinks(note: str | None, now_ms: int) -> tuple[UplinkStatus, ...]:
    """What `note_uplinks` kept, at wall time `now_ms`."""
    if note is None:
        return ()
    kept = json.loads(note)
    age_s = max(0, now_ms - kept["at_ms"]) // 1000
    return tuple(status_of(decode(UplinkReport, json.dumps(one)), age_s) for one in kept["reports"])


def said(status: UplinkStatus) -> str:
    """Its rates, or why there are none."""
    if status.failure is not None:
        return WHY[status.failure]
    of = f", of {status.speed_mbps} Mbit/s" if status.speed_mbps is not None else ""
    return f"{_mbps(status.down_bps)} down, {_mbps(status.up_bps)} up{of}"


def _mbps(bps: int | None) -> str:
    return "?" if bps is None else f"{bps / 1_000_000:.2f} Mbit/s"
