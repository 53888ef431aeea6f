"""The network interface that leads to the collector: what it is and how it fares, never its octets.

The interface is found by the address a connected UDP socket gets; neither leaves this file.
"""

import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from wire.reports import Medium

NET = Path("/sys/class/net")
_UNKNOWN_SPEEDS = (0, 65_535)  # what systems say for "no idea"
_ETHERNET = "1"  # ARPHRD_ETHER (Linux' if_arp.h)
_DUPLEX: dict[int, bool] = {psutil.NIC_DUPLEX_FULL: True, psutil.NIC_DUPLEX_HALF: False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One reading. `errors`, `drops` and `carrier_losses` count since the interface came up; `name` stays here."""

    name: str
    mbps: int | None
    errors: int | None
    drops: int | None
    medium: Medium | None = None
    full_duplex: bool | None = None
    carrier_losses: int | None = None


def read_link(host: str, port: int) -> Link | None:
    """The interface towards `host` now; ``None`` when there is no way there. Blocks on the name."""
    local = _local_address(host, port)
    if local is None:
        return None
    try:
        addresses = psutil.net_if_addrs()
        stats = psutil.net_if_stats()
        counters = psutil.net_io_counters(pernic=True)
    except (OSError, psutil.Error):
        return None
    for name, own in addresses.items():
        if any(one.address.partition("%")[0] == local for one in own):
            stat, counted = stats.get(name), counters.get(name)
            medium = linux_medium(NET / name) if sys.platform == "linux" else None
            return Link(
                name=name,
                mbps=None if stat is None or stat.speed in _UNKNOWN_SPEEDS else stat.speed,
                errors=counted.errin + counted.errout if counted else None,
                drops=counted.dropin + counted.dropout if counted else None,
                medium=medium,
                full_duplex=_full_duplex(stat.duplex) if stat else None,
                carrier_losses=_number(NET / name / "carrier_down_count"),
            )
    return None


def linux_medium(folder: Path) -> Medium | None:
    """What the interface with that folder in /sys/class/net is: only a device of its own can be ``wired`` or ``wifi``;
    a bridge, a tunnel or a VLAN has others below it."""
    if (folder / "phy80211").exists() or (folder / "wireless").exists():
        return "wifi"
    try:
        kind = (folder / "type").read_text().strip()
    except OSError:
        return None
    return "wired" if kind == _ETHERNET and (folder / "device").exists() else "other"


def grown(before: int | None, after: int | None) -> int | None:
    """How far a counter moved; ``None`` where it is missing or began anew."""
    if before is None or after is None or after < before:
        return None
    return after - before


def _full_duplex(duplex: int) -> bool | None:
    """psutil cannot tell on Windows and says that it is full."""
    return None if sys.platform == "win32" else _DUPLEX.get(duplex)


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _local_address(host: str, port: int) -> str | None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return None
    for family, kind, _, _, address in found:
        try:
            with socket.socket(family, kind) as probe:
                probe.connect(address)  # UDP: chooses a route and sends nothing
                return str(probe.getsockname()[0]).partition("%")[0]
        except OSError:
            continue
    return None
