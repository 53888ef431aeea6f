"""The network interface that leads to the collector: speed, errors and drops, never octets.

The interface is found by the address a connected UDP socket gets; neither leaves this file.
"""

import socket
from dataclasses import dataclass

import psutil

_UNKNOWN_SPEEDS = (0, 65_535)  # what systems say for "no idea"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One reading. `errors` and `drops` count since the interface came up; `name` stays here."""

    name: str
    mbps: int | None
    errors: int | None
    drops: int | None


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
            speed = stats[name].speed if name in stats else 0
            counted = counters.get(name)
            return Link(
                name=name,
                mbps=None if speed in _UNKNOWN_SPEEDS else speed,
                errors=counted.errin + counted.errout if counted else None,
                drops=counted.dropin + counted.dropout if counted else None,
            )
    return None


def grown(before: int | None, after: int | None) -> int | None:
    """How far a counter moved; ``None`` where it is missing or began anew."""
    if before is None or after is None or after < before:
        return None
    return after - before


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
