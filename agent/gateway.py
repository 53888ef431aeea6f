"""The machine's default gateway. Its address is probed and otherwise kept to this process."""

import socket
import struct
import sys
from pathlib import Path

from agent.command import text_of

_RTF_GATEWAY = 0x0002


def find_gateway() -> str | None:
    """The address of the default gateway, IPv4 before IPv6; ``None`` when there is none. Blocks."""
    if sys.platform == "linux":
        return from_proc_route(_text("/proc/net/route")) or from_proc_ipv6_route(_text("/proc/net/ipv6_route"))
    if sys.platform == "win32":
        return from_route_print(text_of(["route", "print", "-4", "0.0.0.0"])) or from_route_print_6(
            text_of(["route", "print", "-6", "::/0"])
        )
    return from_route_get(text_of(["route", "-n", "get", "default"])) or from_route_get(
        text_of(["route", "-n", "get", "-inet6", "default"])
    )


def from_proc_route(text: str) -> str | None:
    """The gateway in Linux' /proc/net/route: little-endian hexadecimal, the lowest metric wins."""
    best: tuple[int, str] | None = None
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) < 8 or words[1] != "00000000" or words[7] != "00000000":
            continue
        if not int(words[3], 16) & _RTF_GATEWAY:
            continue
        found = (int(words[6]), socket.inet_ntoa(struct.pack("=L", int(words[2], 16))))
        best = min(best or found, found)
    return best[1] if best else None


def from_proc_ipv6_route(text: str) -> str | None:
    """The gateway in Linux' /proc/net/ipv6_route, with its interface when the address is link-local."""
    best: tuple[int, str] | None = None
    for line in text.splitlines():
        words = line.split()
        if len(words) < 10 or words[0] != "0" * 32 or words[1] != "00" or words[4] == "0" * 32:
            continue
        address = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(words[4]))
        found = (int(words[5], 16), _scoped(address, words[9]))
        best = min(best or found, found)
    return best[1] if best else None


def from_route_get(text: str) -> str | None:
    """The gateway in the answer of macOS' and BSD's ``route -n get default``."""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "gateway" and value.strip():
            return value.strip()
    return None


def from_route_print(text: str) -> str | None:
    """The gateway in Windows' ``route print -4``: destination, mask, gateway, interface, metric."""
    best: tuple[int, str] | None = None
    for line in text.splitlines():
        words = line.split()
        if len(words) == 5 and words[:2] == ["0.0.0.0", "0.0.0.0"] and words[4].isdigit():
            try:
                socket.inet_aton(words[2])  # an on-link route has a word here, in the system's language
            except OSError:
                continue
            found = (int(words[4]), words[2])
            best = min(best or found, found)
    return best[1] if best else None


def from_route_print_6(text: str) -> str | None:
    """The gateway in Windows' ``route print -6``: interface, metric, destination, gateway.

    A long line is broken before the gateway.
    """
    words = text.split()
    best: tuple[int, str] | None = None
    for index, word in enumerate(words[2:-1], start=2):
        interface, metric, address = words[index - 2], words[index - 1], words[index + 1]
        if word == "::/0" and interface.isdigit() and metric.isdigit() and ":" in address:
            found = (int(metric), _scoped(address, interface))
            best = min(best or found, found)
    return best[1] if best else None


def _scoped(address: str, interface: str) -> str:
    return f"{address}%{interface}" if address.lower().startswith("fe80:") else address


def _text(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
