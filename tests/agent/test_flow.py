"""Packets and answers of a flow, with scapy for a second opinion and for answers that no router would send."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6TimeExceeded, IPv6
from scapy.packet import Packet, Raw

from agent.crafted import craft
from agent.flow import Answer, Flow
from agent.walk import TRIES
from wire.path_report import MAX_HOPS, TraceMethod

METHODS: tuple[TraceMethod, ...] = ("icmp", "udp", "tcp")
NUMBERS = range(TRIES * MAX_HOPS)
OURS = {4: "192.0.2.2", 6: "2001:db8::2"}
TARGETS = {4: "198.51.100.9", 6: "2001:db8:9::9"}
ROUTERS = {4: "10.0.0.1", 6: "2001:db8:1::1"}


def flow(method: TraceMethod, version: int) -> Flow:
    return Flow(method=method, target=TARGETS[version], own=40_001, port=33_434, first=2**32 - 5)


def sent(one: Flow, version: int, number: int) -> bytes:
    return craft(one, source=OURS[version], ttl=number % MAX_HOPS + 1, number=number)


def behind_ip(packet: bytes, version: int) -> bytes:
    return packet[20:] if version == 4 else packet[40:]


def quoted(error: Packet, packet: bytes, version: int, length: int = 1000) -> bytes:
    """An ICMP error as a router sends it, from its ICMP header on."""
    source, target = ROUTERS[version], OURS[version]
    whole = (IP if version == 4 else IPv6)(src=source, dst=target) / error / Raw(packet[:length])
    return behind_ip(bytes(whole), version)


def read(one: Flow, version: int, message: bytes, sender: str | None = None) -> Answer | None:
    reader = one.read_icmp if version == 4 else one.read_icmp6
    return reader(message, sender or ROUTERS[version])


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("method", METHODS)
def test_what_routers_share_load_by_is_the_same_in_every_packet(method: TraceMethod, version: int) -> None:
    one = flow(method, version)
    packets = [sent(one, version, number) for number in NUMBERS]
    # type, code and checksum, or both ports (RFC 792, 4443, 768, 793)
    assert len({behind_ip(packet, version)[:4] for packet in packets}) == 1
    # all of the IP header but the length, the hop limit and its checksum
    where = [0, 1, 9, *range(12, 20)] if version == 4 else [0, 1, 2, 3, 6, *range(8, 40)]
    assert len({bytes(packet[at] for at in where) for packet in packets}) == 1
    assert len({behind_ip(packet, version)[4:8] for packet in packets}) == len(NUMBERS)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("method", METHODS)
def test_the_checksum_of_every_packet_is_right(method: TraceMethod, version: int) -> None:
    for number in NUMBERS:
        packet = sent(flow(method, version), version, number)
        body = behind_ip(packet, version)
        protocol = packet[9] if version == 4 else packet[6]
        addresses = packet[12:20] if version == 4 else packet[8:40]
        pseudo = addresses + struct.pack("!II", len(body), protocol)
        covered = body if (method, version) == ("icmp", 4) else pseudo + body
        assert ones_complement_sum(covered) == 0xFFFF


def ones_complement_sum(data: bytes) -> int:
    """RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("length", [28, 1000])
def test_a_router_s_quotation_of_eight_bytes_is_enough(method: TraceMethod, length: int) -> None:
    one = flow(method, 4)
    for number in NUMBERS:
        message = quoted(ICMP(type=11, code=0), sent(one, 4, number), 4, length)
        assert read(one, 4, message) == Answer(number, ROUTERS[4], "passed_on")


@pytest.mark.parametrize("method", METHODS)
def test_the_same_in_ipv6(method: TraceMethod) -> None:
    one = flow(method, 6)
    for number in NUMBERS:
        message = quoted(ICMPv6TimeExceeded(), sent(one, 6, number), 6, 48)
        assert read(one, 6, message) == Answer(number, ROUTERS[6], "passed_on")


@pytest.mark.parametrize("method", METHODS)
def test_a_router_that_knows_no_way_is_the_end_and_not_the_target(method: TraceMethod) -> None:
    for version, error in ((4, ICMP(type=3, code=1)), (6, ICMPv6DestUnreach(code=0))):
        one = flow(method, version)
        message = quoted(error, sent(one, version, 7), version)
        assert read(one, version, message) == Answer(7, ROUTERS[version], "no_way")


def test_the_target_says_that_nobody_listens_at_the_udp_port() -> None:
    for version, error in ((4, ICMP(type=3, code=3)), (6, ICMPv6DestUnreach(code=4))):
        one = flow("udp", version)
        message = quoted(error, sent(one, version, 7), version)
        assert read(one, version, message, TARGETS[version]) == Answer(7, TARGETS[version], "here")
        assert read(one, version, message) == Answer(7, ROUTERS[version], "no_way")


def test_the_target_echoes() -> None:
    for version, echo in (
        (4, ICMP(type=0, id=40_001, seq=8) / Raw(bytes(16))),
        (6, ICMPv6EchoReply(id=40_001, seq=8, data=bytes(16))),
    ):
        one = flow("icmp", version)
        message = behind_ip(bytes((IP if version == 4 else IPv6)() / echo), version)
        assert read(one, version, message, TARGETS[version]) == Answer(7, TARGETS[version], "here")
        assert read(one, version, message) is None


@pytest.mark.parametrize("flags", ["SA", "R", "RA"])
def test_a_port_that_is_open_and_one_that_is_shut_are_both_the_target(flags: str) -> None:
    one = flow("tcp", 4)
    for number in NUMBERS:
        segment = bytes(TCP(sport=33_434, dport=40_001, flags=flags, ack=(one.tcp_sequence(number) + 1) % 2**32))
        assert one.read_tcp(segment, TARGETS[4]) == Answer(number, TARGETS[4], "here")
        assert one.read_tcp(segment, ROUTERS[4]) is None


@pytest.mark.parametrize(
    "other",
    [
        TCP(sport=33_434, dport=40_002, flags="SA", ack=1),
        TCP(sport=443, dport=40_001, flags="SA", ack=1),
        TCP(sport=33_434, dport=40_001, flags="A", ack=1),
    ],
)
def test_segments_of_others_are_not_ours(other: Packet) -> None:
    assert flow("tcp", 4).read_tcp(bytes(other), TARGETS[4]) is None


@pytest.mark.parametrize("method", METHODS)
def test_an_error_about_something_else_is_not_ours(method: TraceMethod) -> None:
    strangers: list[Packet] = [
        IP(src=OURS[4], dst=TARGETS[4]) / UDP(sport=1, dport=33_434) / Raw(bytes(30)),
        IP(src=OURS[4], dst=TARGETS[4]) / TCP(sport=40_001, dport=1),
        IP(src=OURS[4], dst=TARGETS[4]) / ICMP(type=8, id=1, seq=1),
        IP(src=OURS[4], dst=TARGETS[4], proto=47) / Raw(bytes(30)),
    ]
    for stranger in strangers:
        assert read(flow(method, 4), 4, quoted(ICMP(type=11), bytes(stranger), 4)) is None


@given(message=st.binary(max_size=120), head=st.sampled_from([b"", b"\x0b\0", b"\x03\3", b"\0\0", b"\x81\0", b"\1\4"]))
def test_no_message_breaks_the_reading(message: bytes, head: bytes) -> None:
    for method in METHODS:
        for version in (4, 6):
            one = flow(method, version)
            read(one, version, head + message)
            one.read_tcp(message, TARGETS[version])


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("method", METHODS)
def test_a_message_that_is_cut_short_anywhere_is_no_answer_or_the_right_one(method: TraceMethod, version: int) -> None:
    one = flow(method, version)
    whole = quoted(ICMP(type=11) if version == 4 else ICMPv6TimeExceeded(), sent(one, version, 7), version)
    for length in range(len(whole)):
        assert read(one, version, whole[:length]) in (None, Answer(7, ROUTERS[version], "passed_on"))
