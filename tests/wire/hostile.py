"""Packets that no honest neighbour would send, crafted with scapy: what a reflector and a sender must bear."""

import random
from collections.abc import Iterator

from scapy.contrib.stamp import (
    ErrorEstimate,
    STAMPSessionReflectorTestUnauthenticated,
    STAMPSessionSenderTestUnauthenticated,
    STAMPTestTLV,
)
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.ntp import NTPHeader
from scapy.packet import Packet, Raw, fuzz

from wire.stamp import ERROR_UNSYNCHRONISED, ReflectorPacket, SenderPacket, reflect

LENGTHS = (0, 1, 13, 14, 40, 41, 43, 44, 45, 95, 96, 111, 112, 113, 1472, 1500, 1501, 2048, 9000, 65_507)
FUZZED = 100


def hostile_packets(key: bytes) -> Iterator[bytes]:
    """Of every length and every kind; the same in every run. Some are authenticated by `key`."""
    random.seed(8762)
    for length in LENGTHS:
        yield bytes(length)
        yield b"\xff" * length
        yield random.randbytes(length)
    for shape in (STAMPSessionSenderTestUnauthenticated, STAMPSessionReflectorTestUnauthenticated):
        for _ in range(FUZZED):
            yield bytes(fuzz(shape()))
            yield bytes(fuzz(shape()) / Raw(random.randbytes(random.randrange(1_400))))
        yield bytes(shape(err_estimate=ErrorEstimate(multiplier=0)))
        yield bytes(shape(seq=2**32 - 1, ts=2**64 - 1))
        yield bytes(shape(tlv_objects=[STAMPTestTLV(len=65_535, value=b"short")]))
        yield bytes(shape(tlv_objects=[STAMPTestTLV(value=b"")] * 200))
    for other in (IP() / ICMP(), IP() / UDP(), DNS(qd=DNSQR(qname="example.org")), NTPHeader()):
        yield bytes(_packet(other))
    yield from _sealed(key)


def _packet(packet: Packet) -> Packet:
    return packet


def _sealed(key: bytes) -> Iterator[bytes]:
    """Authentic, yet nothing to answer; and all but authentic."""
    request = SenderPacket(sequence=7, timestamp=2**63)
    answer = reflect(
        request.encode(key), received_ns=1, sent_ns=2, ttl=255, error_estimate=ERROR_UNSYNCHRONISED, key=key
    )
    assert answer is not None
    yield answer
    yield answer[:-1]
    yield SenderPacket(sequence=7, timestamp=2**63, error_estimate=0).encode(key)
    for bit in range(0, 112 * 8, 7):
        changed = bytearray(request.encode(key))
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)
    yield ReflectorPacket(
        sequence=1,
        timestamp=2**64 - 1,
        error_estimate=0xFFFF,
        receive_timestamp=0,
        sender_sequence=2**32 - 1,
        sender_timestamp=2**64 - 1,
        sender_error_estimate=0xFFFF,
        sender_ttl=0,
    ).encode(key)
