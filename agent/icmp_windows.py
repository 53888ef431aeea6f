"""ICMP echo on Windows, where a program without rights may ask the system for it and has no socket of its own.

IcmpSendEcho2 and Icmp6SendEcho2 of iphlpapi.dll (Microsoft's ``icmpapi.h``, ``ipexport.h``) wait for the reply, so each
call has a thread. The system matches reply and request, and tells round trips in whole milliseconds: the time is taken
around the call instead.
"""

import ctypes
import socket
import struct
import sys
from collections.abc import Callable
from functools import partial

from agent.background import background
from agent.clock import NS_PER_MS, Clock
from agent.icmp import PAYLOAD_BYTES
from agent.place import Address, NoPlace, Place
from agent.sample import Sample
from wire.report_words import Failure

STALE_AFTER = 10
"""So many silent requests in a row make the name be looked up again."""

SUCCESS = 0
_FAILURES: dict[int, Failure] = {
    5: "refused_to_send",  # ERROR_ACCESS_DENIED
    11006: "refused_to_send",  # IP_NO_RESOURCES
    11010: "no_answer",  # IP_REQ_TIMED_OUT
}
_AF_INET6 = 23  # Windows' number, which is not Linux'
_SOCKADDR_IN6 = struct.Struct("<H2xI16sI")
_STATUS_AT = {socket.AF_INET: 4, socket.AF_INET6: 28}
"""Where IP_STATUS stands: in ICMP_ECHO_REPLY behind an address of 4 octets, in ICMPV6_ECHO_REPLY behind an
IPV6_ADDRESS_EX, which is packed to 26, and two of padding."""

REPLY_BYTES = 256
"""Room for the larger reply (40), our payload, an ICMP error (8) and what the system needs for itself (16)."""

Ask = Callable[[Address, int], int]
"""Send one request and wait so many milliseconds: the IP_STATUS or the system's error, 0 for a reply. Blocks."""


def status_in(reply: bytes, family: int) -> int:
    """The IP_STATUS in a reply's buffer."""
    (status,) = struct.unpack_from("<I", reply, _STATUS_AT[socket.AddressFamily(family)])
    return int(status)


def failure_of(status: int) -> Failure:
    """The reason that a status other than `SUCCESS` names: without a way there are many."""
    return _FAILURES.get(status, "unreachable")


def address_number(host: str) -> int:
    """An IPv4 address as an IPAddr: its octets in the order of the network."""
    return int.from_bytes(socket.inet_aton(host), "little")


def socket_address_6(host: str, scope: int) -> bytes:
    """A SOCKADDR_IN6, its port and flow 0."""
    return _SOCKADDR_IN6.pack(_AF_INET6, 0, socket.inet_pton(socket.AF_INET6, host.partition("%")[0]), scope)


class WindowsEcho:
    """One target's pings: `probe` sends one and waits for its reply on a thread."""

    def __init__(self, place: Place, *, timeout_ms: int, clock: Clock, ask: Ask) -> None:
        self._place = place
        self._timeout_ms = timeout_ms
        self._clock = clock
        self._ask = ask
        self._silent = 0
        self._turn = 0

    async def probe(self) -> Sample:
        """Ping once; the round trip, or why there is none."""
        sent_ns = self._clock.boot_ns()
        try:
            addresses = await self._place.addresses(self._timeout_ms / 1000)
        except NoPlace as error:
            return Sample(sent_ns=sent_ns, method="icmp", failure=error.failure)
        sent_ns = self._clock.boot_ns()
        status, rtt_ns = await background(partial(self._timed, addresses[self._turn % len(addresses)]))
        if status == SUCCESS and rtt_ns <= self._timeout_ms * NS_PER_MS:
            self._silent = 0
            return Sample(sent_ns=sent_ns, method="icmp", rtt_ns=rtt_ns)
        self._silent += 1
        if self._silent % STALE_AFTER == 0:
            self._turn += 1
            self._place.forget()
        failure: Failure = "no_answer" if status == SUCCESS else failure_of(status)
        return Sample(sent_ns=sent_ns, method="icmp", failure=failure)

    def close(self) -> None:
        """Nothing is held between probes."""

    def _timed(self, to: Address) -> tuple[int, int]:
        """The status, and how long it took to come."""
        began_ns = self._clock.precise_ns()
        status = self._ask(to, self._timeout_ms)
        return status, self._clock.precise_ns() - began_ns


if sys.platform == "win32":
    _api = ctypes.WinDLL("iphlpapi", use_last_error=True)
    _before = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)  # handle, event, APC and its context
    _behind = (
        ctypes.c_char_p,  # what is sent
        ctypes.c_uint16,
        ctypes.c_void_p,  # IP options
        ctypes.c_void_p,  # the reply's buffer
        ctypes.c_uint32,
        ctypes.c_uint32,  # timeout in ms
    )
    _api.IcmpSendEcho2.argtypes = (*_before, ctypes.c_uint32, *_behind)
    _api.Icmp6SendEcho2.argtypes = (*_before, ctypes.c_char_p, ctypes.c_char_p, *_behind)
    _api.IcmpCloseHandle.argtypes = (ctypes.c_void_p,)
    _api.IcmpCreateFile.restype = _api.Icmp6CreateFile.restype = ctypes.c_void_p
    _api.IcmpSendEcho2.restype = _api.Icmp6SendEcho2.restype = ctypes.c_uint32
    _INVALID_HANDLE = ctypes.c_void_p(-1).value

    def ask_windows(to: Address, timeout_ms: int) -> int:
        """Let Windows send one echo request."""
        is_6 = to.family == socket.AF_INET6
        handle = _api.Icmp6CreateFile() if is_6 else _api.IcmpCreateFile()
        if handle in (None, _INVALID_HANDLE):
            return ctypes.get_last_error()
        try:
            reply = ctypes.create_string_buffer(REPLY_BYTES)
            behind = (bytes(PAYLOAD_BYTES), PAYLOAD_BYTES, None, reply, REPLY_BYTES, timeout_ms)
            if is_6:
                host, _, _, scope = to.address
                ends = (socket_address_6("::", 0), socket_address_6(host, scope))
                count = _api.Icmp6SendEcho2(handle, None, None, None, *ends, *behind)
            else:
                count = _api.IcmpSendEcho2(handle, None, None, None, address_number(to.address[0]), *behind)
            return status_in(reply.raw, to.family) if count else ctypes.get_last_error()
        finally:
            _api.IcmpCloseHandle(handle)
