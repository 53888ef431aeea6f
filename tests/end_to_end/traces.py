"""What would give a machine or its user away, and the search for it in everything that was sent or logged."""

import gzip
import ipaddress
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

ORDINARY_WORDS = frozenset(
    {"agent", "bandroom", "collector", "district", "gateway", "host", "linux", "localhost", "room", "site", "user"}
)
"""Names that our own words contain, so that finding them says nothing."""

SHORTEST_NAME = 3


@dataclass(frozen=True, slots=True)
class Trace:
    """One thing that must not be found: `what` it is, and the patterns of each form in which it may appear."""

    what: str
    patterns: tuple[bytes, ...]

    def in_(self, text: bytes) -> bool:
        return any(re.search(pattern, text) for pattern in self.patterns)


def of_address(what: str, text: str) -> Trace:
    """An IP address: as text, packed in either byte order, and that in hexadecimal."""
    address = ipaddress.ip_address(text.partition("%")[0])
    letters = rb"[0-9.]" if address.version == 4 else rb"[0-9a-f:]"
    end = rb"(?![0-9]|\.[0-9])" if address.version == 4 else rb"(?![0-9a-f:])"
    return Trace(
        f"{what} {address}",
        (
            *(
                rb"(?i)(?<!%b)%b%b" % (letters, re.escape(one.encode()), end)
                for one in (str(address), address.exploded)
            ),
            *_packed(address.packed),
        ),
    )


def of_hardware(what: str, text: str) -> Trace:
    """A MAC address: with colons, hyphens, dots or nothing between its octets, and packed."""
    octets = bytes.fromhex(re.sub("[^0-9A-Fa-f]", "", text))
    return Trace(
        f"{what} {text}",
        (
            *(b"(?i)" + octets.hex(separator).encode() for separator in ":-"),
            b"(?i)" + re.escape(octets.hex(".", 2).encode()),
            *_packed(octets),
        ),
    )


def of_name(what: str, name: str) -> Trace:
    """A name as a whole word."""
    return Trace(f"{what} {name}", (rb"(?i)(?<![0-9a-z])" + re.escape(name.encode()) + rb"(?![0-9a-z])",))


def is_searchable(name: str) -> bool:
    """Whether finding `name` would mean anything."""
    return len(name) >= SHORTEST_NAME and name.lower() not in ORDINARY_WORDS


def _packed(octets: bytes) -> list[bytes]:
    patterns = []
    for one in (octets, octets[::-1]):
        patterns += [re.escape(one), b"(?i)" + one.hex().encode()]
    return patterns


def of_this_machine(names: Mapping[str, str]) -> list[Trace]:
    """Of every interface but loopback, of the default gateways, and of `names` as far as they are searchable."""
    traces = [of_name(what, name) for what, name in names.items() if is_searchable(name)]
    for interface, addresses in psutil.net_if_addrs().items():
        for one in addresses:
            if one.family == psutil.AF_LINK:
                if one.address.strip("0:-"):
                    traces.append(of_hardware(f"hardware address of {interface}", one.address))
            elif not ipaddress.ip_address(one.address.partition("%")[0]).is_loopback:
                traces.append(of_address(f"address of {interface}", one.address))
    return traces + [of_address("gateway", one) for one in gateways()]


def gateways() -> set[str]:
    """The default gateways of this machine, as far as Linux tells them."""
    found: set[str] = set()
    for path, field, family in (("/proc/net/route", 2, socket.AF_INET), ("/proc/net/ipv6_route", 4, socket.AF_INET6)):
        try:
            rows = [line.split() for line in Path(path).read_text().splitlines()]
        except OSError:
            continue
        for row in rows:
            is_default = row[1] == "00000000" if family == socket.AF_INET else row[:2] == ["0" * 32, "00"]
            packed = bytes.fromhex(row[field]) if is_default else b""
            if any(packed):
                found.add(socket.inet_ntop(family, packed[::-1] if family == socket.AF_INET else packed))
    return found


def found(traces: Iterable[Trace], texts: Mapping[str, bytes]) -> list[str]:
    """Which traces are in which of the texts."""
    return [f"{trace.what} in {name}" for trace in traces for name, text in texts.items() if trace.in_(text)]


def readable(stream: bytes) -> bytes:
    """One direction of an HTTP connection with its gzip body inflated; anything else as it is."""
    head, _, body = stream.partition(b"\r\n\r\n")
    if not re.search(rb"^content-encoding: *gzip\r?$", head, re.IGNORECASE | re.MULTILINE):
        return stream
    try:
        return head + b"\r\n\r\n" + gzip.decompress(body)
    except (EOFError, OSError):  # cut off in its midst; what came is searched as it is
        return stream
