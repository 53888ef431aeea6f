"""What else points where a cause was found: the Wi-Fi, the link, the uplink's traffic and the hops of a path."""

from collections.abc import Iterable, Mapping, Sequence

from collector.verdict.causes import Cause, Sign
from collector.verdict.locate.chain import ELEVATED_MS, LAN_ELEVATED_MS
from collector.verdict.machines import MachineSummary
from wire.path_report import HopRole, PathReport

WEAK_DBM = -70
MANY_RETRIES_PERMILLE = 200
BUSY_SHARE = 0.8
BEHIND: Mapping[Cause, frozenset[HopRole]] = {
    "room_access": frozenset({"gateway"}),
    "site_lan": frozenset({"gateway", "site"}),
    "site_uplink": frozenset({"district"}),
    "isp_egress": frozenset({"provider"}),
}
"""The hop at which a path's round trips grow, when a cause is right."""


def link_signs(machine: MachineSummary | None) -> tuple[Sign, ...]:
    """What a room's machine says of its own link."""
    if machine is None:
        return ()
    signs: list[Sign] = []
    if machine.wifi_signal_dbm is not None and machine.wifi_signal_dbm <= WEAK_DBM:
        signs.append("weak_signal")
    if (machine.wifi_retries_permille or 0) >= MANY_RETRIES_PERMILLE:
        signs.append("many_retries")
    if machine.link_errors:
        signs.append("link_errors")
    if machine.link_flaps:
        signs.append("link_down")
    return tuple(signs)


def busy_uplink(machines: Iterable[MachineSummary], uplink_mbps: int | None) -> bool:
    """Whether a reference or an edge saw at least four fifths of what the site's uplink carries, in one direction."""
    if uplink_mbps is None:
        return False
    most = max((max(one.uplink_in_bps or 0.0, one.uplink_out_bps or 0.0) for one in machines), default=0.0)
    return most >= BUSY_SHARE * uplink_mbps * 1_000_000


def long_hop(paths: Sequence[PathReport], cause: Cause) -> bool:
    """Whether the shortest round trips of one of `paths` grow at a hop that `cause` is behind, and stay grown to the
    end: what does not is a router that answers late."""
    return any(_grows(one, BEHIND.get(cause, frozenset())) for one in paths)


def _grows(path: PathReport, roles: frozenset[HopRole]) -> bool:
    answered = [hop for hop in path.hops if hop.min_us is not None]
    least: list[float] = []
    for hop in reversed(answered):
        ms = (hop.min_us or 0) / 1000
        least.append(min(ms, least[-1]) if least else ms)
    before = 0.0
    for hop, ms in zip(answered, reversed(least), strict=True):
        limit = LAN_ELEVATED_MS if hop.role in ("gateway", "site") else ELEVATED_MS
        if hop.role in roles and ms - before >= limit:
            return True
        before = ms
    return False


def signs_of(
    cause: Cause,
    *,
    machine: MachineSummary | None,
    site_machines: Iterable[MachineSummary],
    uplink_mbps: int | None,
    paths: Sequence[PathReport],
) -> tuple[Sign, ...]:
    """What else points at `cause`. `site_machines` are those of the site's references and edges."""
    signs: list[Sign] = []
    if cause == "room_access":
        signs += link_signs(machine)
    if cause == "site_uplink" and busy_uplink(site_machines, uplink_mbps):
        signs.append("busy_uplink")
    if long_hop(paths, cause):
        signs.append("long_hop")
    return tuple(signs)
