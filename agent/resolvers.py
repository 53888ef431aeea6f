"""The resolvers that this machine asks for names, in its order. Their addresses stay in this process."""

import ctypes
import ipaddress
import re
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from agent.command import text_of

MOST = 3
"""As many as the C library's resolver asks (resolv.conf(5), MAXNS)."""

_RESOLV_CONF = "/etc/resolv.conf"
_BEHIND_THE_STUB = "/run/systemd/resolve/resolv.conf"
_STUBS = frozenset({"127.0.0.53", "127.0.0.54"})
"""Where systemd-resolved listens (systemd-resolved.service(8)). It answers from this machine's own memory, so what it
asks is what there is to measure."""


def find_resolvers() -> tuple[str, ...]:
    """Their addresses, at most `MOST`; empty where none is known. Blocks."""
    if sys.platform == "win32":
        return _windows_resolvers()
    if sys.platform == "darwin":
        return from_scutil(text_of(["/usr/sbin/scutil", "--dns"])) or from_resolv_conf(_text(_RESOLV_CONF))
    return without_stub(from_resolv_conf(_text(_RESOLV_CONF)), from_resolv_conf(_text(_BEHIND_THE_STUB)))


def from_resolv_conf(text: str) -> tuple[str, ...]:
    """The resolvers in a resolv.conf(5): its ``nameserver`` lines."""
    return _addresses(
        words[1] for line in text.splitlines() if len(words := line.split()) > 1 and words[0] == "nameserver"
    )


def without_stub(named: tuple[str, ...], behind: tuple[str, ...]) -> tuple[str, ...]:
    """`named`, or where that is systemd-resolved's stub alone, the resolvers `behind` it, if it has any."""
    return behind if behind and named and _STUBS.issuperset(named) else named


def from_scutil(text: str) -> tuple[str, ...]:
    """The resolvers in what macOS' ``scutil --dns`` says: those of the first resolver that is for no domain alone,
    before the scoped ones."""
    for part in re.split(r"^resolver #\d+\s*$", text.partition("(for scoped queries)")[0], flags=re.MULTILINE)[1:]:
        found = _addresses(re.findall(r"^\s*nameserver\[\d+\]\s*:\s*(\S+)", part, flags=re.MULTILINE))
        if found and not re.search(r"^\s*domain\s*:", part, flags=re.MULTILINE):
            return found
    return ()


class IpAddrString(ctypes.Structure):
    """Windows' ``IP_ADDR_STRING``: an address as text, and where the next one is."""


IpAddrString._fields_ = (
    ("next", ctypes.POINTER(IpAddrString)),
    ("address", ctypes.c_char * 16),
    ("mask", ctypes.c_char * 16),
    ("context", ctypes.c_uint32),
)


class FixedInfo(ctypes.Structure):
    """Windows' ``FIXED_INFO_W2KSP1``. Its names of the host and the domain are never read."""

    _fields_ = (
        ("host_name", ctypes.c_char * 132),
        ("domain_name", ctypes.c_char * 132),
        ("current_dns_server", ctypes.POINTER(IpAddrString)),
        ("dns_servers", IpAddrString),
        ("node_type", ctypes.c_uint32),
        ("scope_id", ctypes.c_char * 260),
        ("enable_routing", ctypes.c_uint32),
        ("enable_proxy", ctypes.c_uint32),
        ("enable_dns", ctypes.c_uint32),
    )


def from_fixed_info(info: FixedInfo) -> tuple[str, ...]:
    """The resolvers in what Windows' ``GetNetworkParams`` says, which names those of IPv4."""
    texts = []
    one = info.dns_servers
    for _ in range(MOST):
        texts.append(one.address.decode("ascii", errors="replace"))
        if not one.next:
            break
        one = one.next.contents
    return _addresses(texts)


if sys.platform == "win32":
    _BUFFER_OVERFLOW = 111  # ERROR_BUFFER_OVERFLOW

    def _windows_resolvers() -> tuple[str, ...]:
        size = ctypes.c_uint32(ctypes.sizeof(FixedInfo))
        for _ in range(3):  # the list may grow between two calls
            buffer = ctypes.create_string_buffer(size.value)
            said = ctypes.windll.iphlpapi.GetNetworkParams(buffer, ctypes.byref(size))
            if said == 0:
                return from_fixed_info(FixedInfo.from_buffer(buffer))
            if said != _BUFFER_OVERFLOW:
                break
        return ()


def _addresses(texts: Iterable[str]) -> tuple[str, ...]:
    """Those of `texts` that are addresses, each once."""
    found: dict[str, None] = {}
    for text in texts:
        with suppress(ValueError):
            ipaddress.ip_address(text)
            found[text] = None
    return tuple(found)[:MOST]


def _text(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""
