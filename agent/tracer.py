"""The tracing child: a request on standard input, a line for each step on standard output, never an address.

``python -m agent.tracer``. A process of its own because of scapy, which stays as long as this lasts and no longer. It
needs the right to raw sockets (CAP_NET_RAW), and Linux.
"""

import ctypes
import random
import selectors
import socket
import struct
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from ipaddress import ip_network
from typing import Any

from agent.crafted import craft
from agent.flow import Answer, Flow
from agent.gateway import find_gateway
from agent.hop_role import HopRoles, plain
from agent.place import NoPlace, look_up
from agent.trace_words import TraceEnd, TraceRequest
from agent.walk import Walk
from wire.codec import decode, encode
from wire.path_report import Hop
from wire.report_words import Failure

MAX_REQUEST_BYTES = 65_536
_SO_ATTACH_FILTER = 26  # asm-generic/socket.h; the socket module does not name it
_MOST_PER_WAKE = 64

Read = Callable[[bytes, str], Answer | None]


def main() -> int:
    """Trace once."""
    request = decode(TraceRequest, sys.stdin.buffer.read(MAX_REQUEST_BYTES))
    began_ns = time.perf_counter_ns()
    hops: tuple[Hop, ...] = ()
    reached = False
    failure: Failure | None = None
    try:
        hops, reached = _trace(request)
        if not hops:
            failure = "no_answer"
    except NoPlace as error:
        failure = error.failure
    except PermissionError:
        failure = "refused_to_send"
    except OSError:
        failure = "unreachable"
    for hop in hops:
        print(encode(hop).decode())
    duration_ms = max(1, (time.perf_counter_ns() - began_ns) // 1_000_000)
    print(encode(TraceEnd(reached=reached, duration_ms=duration_ms, failure=failure)).decode())
    return 0


def _trace(request: TraceRequest) -> tuple[tuple[Hop, ...], bool]:
    """Raises `NoPlace`, or `OSError` where the system gives no way or no right."""
    family, address = look_up(lambda: request.host or find_gateway(), request.port, socket.SOCK_DGRAM)[0]
    target = plain(address[0])
    with ExitStack() as opened:
        source, own = _own_end(family, address, request.method == "tcp", opened)
        flow = Flow(
            method=request.method,
            target=str(target),
            own=own,
            port=request.port,
            first=random.getrandbits(32),
        )
        line = _Line(flow, family, address, source, opened)
        walk = Walk(line.send, line.wait, time.perf_counter_ns)
        walk.run()
    roles = HopRoles(
        alias=request.target,
        target=target,
        site=[ip_network(one) for one in request.site_networks],
        district=[ip_network(one) for one in request.district_networks],
    )
    return walk.hops(roles), walk.reached


def _own_end(family: int, address: Any, tcp: bool, opened: ExitStack) -> tuple[str, int]:
    """The address that this machine uses towards `address`, and a port that stays ours: nobody else's answers come to
    it, and what the kernel gets there it resets. The port serves as ICMP's identifier, too."""
    with socket.socket(family, socket.SOCK_DGRAM) as chooser:
        chooser.connect(address)  # UDP: chooses a route and sends nothing
        here = chooser.getsockname()
    holder = opened.enter_context(socket.socket(family, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM))
    holder.bind((here[0], 0, *here[2:]))
    return str(plain(here[0])), int(holder.getsockname()[1])


class _Line:
    """The raw sockets of one flow."""

    def __init__(self, flow: Flow, family: int, address: Any, source: str, opened: ExitStack) -> None:
        self._flow = flow
        self._source = source
        self._to = (address[0], 0, *address[2:])
        self._out = opened.enter_context(socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW))
        self._heard = opened.enter_context(selectors.DefaultSelector())
        self._headed = family == socket.AF_INET  # there a raw socket shows the IP header, too
        if self._headed:
            self._hear(family, socket.IPPROTO_ICMP, flow.read_icmp, opened)
        else:
            self._hear(family, socket.IPPROTO_ICMPV6, flow.read_icmp6, opened)
        if flow.method == "tcp":
            only_port(self._hear(family, socket.IPPROTO_TCP, flow.read_tcp, opened), flow.own, headed=self._headed)

    def send(self, ttl: int, number: int) -> int:
        """Send packet `number`; when that was."""
        packet = craft(self._flow, source=self._source, ttl=ttl, number=number)
        now_ns = time.perf_counter_ns()
        try:
            self._out.sendto(packet, self._to)
        except PermissionError:
            raise
        except OSError:
            pass  # no neighbour answers, or no buffer is free: a packet that got lost here
        return now_ns

    def wait(self, seconds: float) -> Sequence[tuple[Answer, int]]:
        """Answers to this flow, as soon as there are some."""
        answers = []
        for key, _ in self._heard.select(seconds):
            assert isinstance(key.fileobj, socket.socket)
            for _ in range(_MOST_PER_WAKE):
                try:
                    packet, sender = key.fileobj.recvfrom(2048)
                except OSError:
                    break
                now_ns = time.perf_counter_ns()
                answer = key.data(_body(packet) if self._headed else packet, str(plain(sender[0])))
                # Our own system says so when no neighbour answers.
                if answer is not None and (answer.said == "here" or answer.address != self._source):
                    answers.append((answer, now_ns))
        return answers

    def _hear(self, family: int, protocol: int, read: Read, opened: ExitStack) -> socket.socket:
        raw = opened.enter_context(socket.socket(family, socket.SOCK_RAW, protocol))
        raw.setblocking(False)
        self._heard.register(raw, selectors.EVENT_READ, read)
        return raw


def _body(packet: bytes) -> bytes:
    """What stands behind the IPv4 header."""
    return packet[(packet[0] & 0xF) * 4 :] if packet else b""


def only_port(raw: socket.socket, port: int, *, headed: bool) -> None:
    """Have the kernel show `raw` nothing but TCP segments to `port`: whatever else this machine talks of is none of our
    business. A classic BPF program (linux/filter.h); `headed` says that it sees the IP header first."""
    program = [
        *([(0xB1, 0, 0, 0), (0x48, 0, 0, 2)] if headed else [(0x28, 0, 0, 2)]),  # the destination port
        (0x15, 0, 1, port),  # is it ours?
        (0x06, 0, 0, 0xFFFF),  # take it whole
        (0x06, 0, 0, 0),  # take nothing
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    raw.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(code)))


if __name__ == "__main__":
    sys.exit(main())
