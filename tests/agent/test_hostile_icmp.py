"""ICMP as nobody should send it, crafted with scapy: nothing of it breaks a session or is taken for an answer."""

import asyncio
import random
import socket
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6ND_NS,
    ICMPv6ND_RA,
    ICMPv6PacketTooBig,
    ICMPv6TimeExceeded,
    IPv6,
)
from scapy.packet import Packet, Raw, fuzz

from agent.clock import system_clock
from agent.icmp import IcmpPackets, echo_request, read_echo_reply
from agent.place import Place
from agent.sample import Sample
from agent.session import Answer, Session
from tests.agent.echoes import LOOPBACK, allow_datagram_sockets, echoes, honest, silence_the_kernel
from tests.end_to_end.namespace import Namespace, namespace

TOKEN = bytes(range(100, 116))
OURS = {socket.AF_INET: ("192.0.2.2", "192.0.2.1"), socket.AF_INET6: ("2001:db8::2", "2001:db8::1")}
AT_ONCE = 20
"""So many come between a request and its reply: no socket's buffer is too small for them."""

families = pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["v4", "v6"])


def request(family: socket.AddressFamily) -> bytes:
    return echo_request(family, identifier=0x1234, sequence=7, token=TOKEN)


def hostile(family: socket.AddressFamily, seed: int) -> list[Packet]:
    """Layers above IP: what is sent to gateways and from them, and much of it by chance."""
    random.seed(seed)  # scapy draws from it
    payload = request(family)[8:]
    if family == socket.AF_INET:
        quoted = IP(src=OURS[family][0], dst=OURS[family][1]) / Raw(request(family))
        return [
            *(ICMP(type=kind, code=code) / Raw(payload) for kind in range(45) for code in (0, 1, 13)),
            *(ICMP(type=kind) / quoted for kind in (3, 4, 5, 11, 12)),
            ICMP(type=0, id=0x1234, seq=8) / Raw(payload),
            ICMP(type=0, id=0x1234, seq=7) / Raw(payload[:4] + bytes(16) + payload[20:]),
            ICMP(type=0, id=0x1234, seq=7) / Raw(payload[:19]),
            ICMP(type=0) / Raw(b"\x45" * 60),
            *(fuzz(ICMP()) / fuzz(Raw()) for _ in range(30)),
            *(fuzz(ICMP(type=0)) / Raw(random.randbytes(random.randrange(100))) for _ in range(30)),
            TCP(dport=80),
            UDP() / Raw(payload),
        ]
    whole = IPv6(src=OURS[family][0], dst=OURS[family][1]) / Raw(request(family))
    return [
        ICMPv6EchoRequest(id=0x1234, seq=7, data=payload),
        ICMPv6EchoReply(id=0x1234, seq=8, data=payload),
        ICMPv6EchoReply(id=0x1234, seq=7, data=payload[:4] + bytes(16) + payload[20:]),
        ICMPv6EchoReply(id=0x1234, seq=7, data=payload[:19]),
        ICMPv6EchoReply(code=1, id=0x1234, seq=7, data=payload),
        *(error / whole for error in (ICMPv6DestUnreach(), ICMPv6PacketTooBig(mtu=0), ICMPv6TimeExceeded())),
        ICMPv6ND_NS(tgt=OURS[family][0]),
        ICMPv6ND_RA(),
        *(fuzz(ICMPv6EchoReply(data=payload)) for _ in range(30)),
        *(ICMPv6EchoReply(seq=7, data=random.randbytes(random.randrange(100))) for _ in range(30)),
    ]


def packet_of(family: socket.AddressFamily, above: Packet) -> bytes:
    """From the ICMP header on, as a socket gives it, with a checksum that is right."""
    whole = (IP if family == socket.AF_INET else IPv6)(src=OURS[family][1], dst=OURS[family][0]) / above
    return bytes(whole)[20 if family == socket.AF_INET else 40 :]


@families
@pytest.mark.parametrize("seed", range(3))
def test_only_the_reply_to_a_request_of_ours_is_one(family: socket.AddressFamily, seed: int) -> None:
    ours = Answer(sequence=7, proof=TOKEN)

    read = [(read_echo_reply(family, packet_of(family, above)), above) for above in hostile(family, seed)]

    assert len(read) > 50
    taken = [above for answer, above in read if answer == ours]
    right = [above for above in taken if (above.type, above.code, above.seq) in ((0, 0, 7), (129, 0, 7))]
    assert taken == right


@given(header=st.binary(max_size=60), cut=st.integers(0, 100))
def test_no_header_of_ipv4_leads_past_the_packet(header: bytes, cut: int) -> None:
    whole = bytes(
        IP(src="192.0.2.1", dst="192.0.2.2", options=[]) / ICMP(type=0, seq=7) / Raw(request(socket.AF_INET)[8:])
    )

    for packet in (b"\x4f" + header, header + whole, whole[:cut], b"\x40" * cut):
        answer = read_echo_reply(socket.AF_INET, packet)
        assert answer is None or len(packet) >= 8 + 4 + len(answer.proof)


@pytest.fixture(scope="module")
def place() -> Iterator[Namespace]:
    with namespace("hostile") as one:
        silence_the_kernel(one)
        yield one


@pytest.mark.requires("netns")
@pytest.mark.parametrize("allowed", [True, False], ids=["datagram", "raw"])
@families
def test_a_session_in_a_storm_of_them_measures_on(
    place: Namespace, family: socket.AddressFamily, allowed: bool
) -> None:
    """They come between request and reply, and none is taken for a reply, be it the first or another."""
    allow_datagram_sockets(place, allowed=allowed)
    asks = {8, 128}  # those would be answered in their turn
    packets = [one for one in map(partial(packet_of, family), hostile(family, 1)) if one[0] not in asks]
    probes = len(packets) // AT_ONCE + 1

    def storm(asked: bytes, count: int) -> list[bytes]:
        return [*packets[count * AT_ONCE : (count + 1) * AT_ONCE], *honest(asked, count)]

    async def work() -> list[Sample]:
        at = Place(lambda: LOOPBACK[family], 0, socket.SOCK_DGRAM)
        session = Session(IcmpPackets(), at, timeout_ms=20_000, clock=system_clock())
        samples = [await session.probe() for _ in range(probes)]
        session.close()
        return samples

    with echoes(place, storm, family=family) as came:
        samples = place.call(lambda: asyncio.run(work()))

    assert len(came) == len(samples) == probes
    assert all(sample.answered for sample in samples)
    assert sum(sample.duplicates for sample in samples) == 0
