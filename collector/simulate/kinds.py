"""The kinds of fault that a scenario may name: what each touches, and what a verdict should make of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from collector.verdict.causes import Cause, Sign

Kind = Literal[
    "room_wifi",
    "room_cable",
    "site_lan",
    "uplink",
    "uplink_busy",
    "provider",
    "egress_busy",
    "dns",
    "filter",
    "service",
    "device",
    "clock",
    "asleep",
    "missing",
    "half_days",
    "sent_home",
    "moved",
]
Segment = Literal["access", "lan", "uplink", "egress", "resolver", "host", "beyond"]
"""Where on the way from a room's machine a fault adds delay and loss. `host` is the machine itself, and `beyond` what
Bandroom judges no room by."""

Scope = Literal["room", "switch", "site", "district"]
"""What has the fault in common: all below it have it at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What a kind of fault touches. `cause` is what a verdict should name, ``None`` where nothing of the network is
    wrong; `restricts` says whether it may make rooms restricted. `sign` is what else is to be seen of it."""

    segment: Segment | None
    scope: Scope
    cause: Cause | None
    restricts: bool = False
    sign: Sign | None = None


KINDS: Mapping[Kind, Touched] = {
    "room_wifi": Touched(segment="access", scope="room", cause="room_access", restricts=True, sign="weak_signal"),
    "room_cable": Touched(segment="access", scope="room", cause="room_access", restricts=True, sign="link_errors"),
    "site_lan": Touched(segment="lan", scope="switch", cause="site_lan", restricts=True),
    "uplink": Touched(segment="uplink", scope="site", cause="site_uplink", restricts=True),
    "uplink_busy": Touched(segment="uplink", scope="site", cause="site_uplink", restricts=True, sign="busy_uplink"),
    "provider": Touched(segment="egress", scope="district", cause="isp_egress", restricts=True),
    "egress_busy": Touched(segment="egress", scope="district", cause="isp_egress", restricts=True),
    "dns": Touched(segment="resolver", scope="district", cause="remote_service"),
    "filter": Touched(segment="beyond", scope="district", cause="remote_service"),
    "service": Touched(segment="beyond", scope="district", cause="remote_service"),
    "device": Touched(segment="host", scope="room", cause="device", sign="busy_machine"),
    "clock": Touched(segment="host", scope="room", cause="device", sign="stepped_clock"),
    "asleep": Touched(segment=None, scope="room", cause=None),
    "missing": Touched(segment=None, scope="room", cause=None),
    "half_days": Touched(segment=None, scope="room", cause=None),
    "sent_home": Touched(segment=None, scope="room", cause=None),
    "moved": Touched(segment=None, scope="room", cause=None),
}
"""``dns``, ``filter`` and ``service`` slow lookups and services, which no room is judged by: what is scored is that no
room becomes restricted for them."""
