"""Where this machine is attached: its interface, its network and its gateway. All of it stays in this process."""

import re
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_interface
from pathlib import Path
from typing import NamedTuple

import psutil

from agent.command import text_of
from agent.gateway import find_gateway

UNREAD_LOOKS = 15
"""Where programs must be asked, they are asked only when an address changed, and once in so many looks."""

_COMPLETE = 0x2  # ATF_COM, linux/if_arp.h
_DISCARD_PORT = 9
_HARDWARE = re.compile(r"\b[0-9a-fA-F]{1,2}(?:[:-][0-9a-fA-F]{1,2}){5}\b")


class Attachment(NamedTuple):
    """One reading. `hardware` is the gateway's hardware address, ``None`` where that cannot be read now; `gateway`
    ``None`` where the networks are all there is."""

    interface: str
    network: str
    gateway: str | None
    hardware: str | None

    @property
    def place(self) -> tuple[str, str, str | None]:
        """What can always be read."""
        return self.interface, self.network, self.gateway


Named = tuple[str, IPv4Interface | IPv6Interface]
"""An interface's name, and an address of it with its network."""


class AttachmentReader:
    """Reads it, and asks other programs no more often than it must."""

    def __init__(self) -> None:
        self._looks = 0
        self._addresses: list[Named] = []
        self._last: Attachment | None = None

    def read(self, fresh: bool) -> Attachment | None:
        """Where we are attached, ``None`` for nowhere. With `fresh` nothing is taken from the last look. Blocks."""
        addresses = own_addresses()
        self._looks += 1
        if sys.platform == "linux" or fresh or addresses != self._addresses or self._looks >= UNREAD_LOOKS:
            self._looks = 0
            self._addresses = addresses
            gateway = find_gateway()
            self._last = attachment_of(gateway, addresses, None if gateway is None else _hardware_of(gateway))
        return self._last


def attachment_of(gateway: str | None, addresses: Iterable[Named], hardware: str | None) -> Attachment | None:
    """What `gateway` and the machine's own `addresses` come to. Pure.

    Only the gateway's version of IP counts: the other one may come and go with a router that is in trouble. A gateway
    that is no address, such as macOS' ``link#14`` for a way straight into a tunnel, is known by its name.
    """
    if gateway is None:
        networks = sorted({f"{name} {one.network}" for name, one in addresses if not one.is_link_local})
        return Attachment("", ", ".join(networks), None, None) if networks else None
    text, _, scope = gateway.partition("%")
    if scope:
        return Attachment(scope, "", gateway, hardware)
    try:
        address = ip_address(text)
    except ValueError:
        return Attachment("", "", gateway, None)
    near = sorted((name, str(one.network)) for name, one in addresses if address in one.network)
    interface, network = near[0] if near else ("", "")
    return Attachment(interface, network, gateway, hardware)


def own_addresses() -> list[Named]:
    """This machine's addresses on interfaces that are up, less those that lead nowhere else. Blocks."""
    found: list[Named] = []
    try:
        stats = psutil.net_if_stats()
        listed = psutil.net_if_addrs()
    except (OSError, psutil.Error):
        return found
    for name, own in listed.items():
        if name not in stats or not stats[name].isup:
            continue
        for one in own:
            if one.family not in (socket.AF_INET, socket.AF_INET6) or not one.netmask:
                continue
            try:
                bits = ip_address(one.netmask)
                length = int(bits).bit_count()
                address = ip_interface(f"{one.address.partition('%')[0]}/{length}")
            except ValueError:
                continue
            if not address.is_loopback:
                found.append((name, address))
    return sorted(found, key=str)


def touch(gateway: str) -> None:
    """Let the system learn the gateway's hardware address: it asks for that before it sends an empty datagram, to the
    port that throws everything away (RFC 863). Blocks for no longer than a moment."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.setblocking(False)
        link.sendto(b"", (gateway, _DISCARD_PORT))


def from_proc_arp(text: str, address: str) -> str | None:
    """The hardware address of a neighbour in Linux' /proc/net/arp, where it is known."""
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) >= 4 and words[0] == address and int(words[2], 16) & _COMPLETE:
            return words[3].lower()
    return None


def from_arp_print(text: str, address: str) -> str | None:
    """The same in what ``arp -a ADDRESS`` says on Windows and ``arp -n ADDRESS`` on macOS, in any language."""
    for line in text.splitlines():
        found = _HARDWARE.search(line)
        if found and address in re.split(r"[\s()]+", line):
            return ":".join(part.zfill(2) for part in re.split("[:-]", found[0].lower()))
    return None


def _hardware_of(gateway: str) -> str | None:
    """The gateway's hardware address as far as the system knows it; nothing is sent to learn it."""
    if ":" in gateway:
        return None
    if sys.platform == "linux":
        try:
            return from_proc_arp(Path("/proc/net/arp").read_text(), gateway)
        except (OSError, ValueError):
            return None
    return from_arp_print(text_of(["arp", "-a" if sys.platform == "win32" else "-n", gateway]), gateway)
