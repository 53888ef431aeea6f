"""STAMP packets, octet by octet as RFC 8762 draws them, and a reflector that never does harm."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scapy.contrib.stamp import STAMPSessionReflectorTestUnauthenticated, STAMPSessionSenderTestUnauthenticated

from wire.stamp import (
    ERROR_SYNCHRONISED,
    ERROR_UNSYNCHRONISED,
    MAX_PACKET_BYTES,
    PACKET_BYTES,
    SHORTEST_BYTES,
    ReflectorPacket,
    SenderPacket,
    departing,
    ntp_difference_ns,
    ntp_from_unix_ns,
    ptp_difference_ns,
    reflect,
)

# RFC 8762, figure 2 (section 4.2.1): session-sender test packet, unauthenticated.
SENDER_HEX = """
    01020304
    e94fe000 80000000
    8001 0000
    00000000 00000000 00000000 00000000 00000000 00000000 00000000
"""
SENDER = SenderPacket(sequence=0x01020304, timestamp=0xE94FE000_80000000, error_estimate=ERROR_SYNCHRONISED)

# RFC 8762, figure 5 (section 4.3.1): session-reflector test packet, unauthenticated.
REFLECTOR_HEX = """
    01020304
    e94fe001 c0000000
    0001 0000
    e94fe001 40000000
    01020304
    e94fe000 80000000
    8001 0000
    40 000000
"""
REFLECTOR = ReflectorPacket(
    sequence=0x01020304,
    timestamp=0xE94FE001_C0000000,
    error_estimate=ERROR_UNSYNCHRONISED,
    receive_timestamp=0xE94FE001_40000000,
    sender_sequence=0x01020304,
    sender_timestamp=0xE94FE000_80000000,
    sender_error_estimate=ERROR_SYNCHRONISED,
    sender_ttl=64,
)

S = 1_000_000_000
NOW_NS = 1_794_823_200 * S  # 2026-11-16T10:00:00Z
ERA_END_NS = (2**32 - 2_208_988_800) * S
UNIX_NS = st.integers(0, 2**33 * S)
WORD16, WORD32, WORD64 = st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)
REQUESTS = st.builds(SenderPacket, sequence=WORD32, timestamp=WORD64, error_estimate=st.just(ERROR_UNSYNCHRONISED))


def answer_to(packet: bytes, *, received_ns: int = NOW_NS, sent_ns: int = NOW_NS + 1000, ttl: int = 64) -> bytes | None:
    return reflect(packet, received_ns=received_ns, sent_ns=sent_ns, ttl=ttl, error_estimate=ERROR_UNSYNCHRONISED)


def ask() -> bytes:
    return SenderPacket(sequence=7, timestamp=ntp_from_unix_ns(NOW_NS)).encode()


def test_a_sender_packet_is_laid_out_as_the_rfc_draws_it() -> None:
    octets = bytes.fromhex(SENDER_HEX)
    assert len(octets) == 44 == PACKET_BYTES
    assert SENDER.encode() == octets
    assert SenderPacket.decode(octets) == SENDER


def test_a_reflector_packet_is_laid_out_as_the_rfc_draws_it() -> None:
    octets = bytes.fromhex(REFLECTOR_HEX)
    assert len(octets) == 44
    assert REFLECTOR.encode() == octets
    assert ReflectorPacket.decode(octets) == REFLECTOR


def test_the_reflector_answers_the_rfcs_request_with_the_rfcs_answer() -> None:
    received_ns = (0xE94FE001 - 2_208_988_800) * S + S // 4
    answer = answer_to(bytes.fromhex(SENDER_HEX), received_ns=received_ns, sent_ns=received_ns + S // 2)
    assert answer == bytes.fromhex(REFLECTOR_HEX)


@given(WORD32, WORD64, WORD16)
def test_any_sender_packet_comes_back_from_its_octets(sequence: int, timestamp: int, error_estimate: int) -> None:
    packet = SenderPacket(sequence=sequence, timestamp=timestamp, error_estimate=error_estimate)
    assert SenderPacket.decode(packet.encode()) == packet


@given(
    st.builds(
        ReflectorPacket,
        sequence=WORD32,
        timestamp=WORD64,
        error_estimate=WORD16,
        receive_timestamp=WORD64,
        sender_sequence=WORD32,
        sender_timestamp=WORD64,
        sender_error_estimate=WORD16,
        sender_ttl=st.integers(0, 255),
    )
)
def test_any_reflector_packet_comes_back_from_its_octets(packet: ReflectorPacket) -> None:
    assert ReflectorPacket.decode(packet.encode()) == packet


@given(st.binary(max_size=40))
def test_fewer_than_41_octets_are_no_packet(octets: bytes) -> None:
    assert SenderPacket.decode(octets) is None
    assert ReflectorPacket.decode(octets) is None
    assert answer_to(octets) is None


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 2_208_988_800),  # RFC 5905, figure 4
        (datetime(1999, 12, 31, tzinfo=UTC), 3_155_587_200),  # RFC 5905, figure 4
        (datetime(2036, 2, 7, 6, 28, 15, tzinfo=UTC), 2**32 - 1),
        (datetime(2036, 2, 7, 6, 28, 16, tzinfo=UTC), 0),  # era 1 begins
        (datetime(2036, 2, 8, tzinfo=UTC), 63_104),  # RFC 5905, figure 4: the first day of era 1
    ],
)
def test_ntp_seconds_are_those_of_rfc_5905(moment: datetime, seconds: int) -> None:
    assert ntp_from_unix_ns(int(moment.timestamp()) * S) == seconds << 32


def test_the_fraction_is_in_units_of_2_to_the_minus_32_seconds() -> None:
    assert ntp_from_unix_ns(NOW_NS + S // 2) & 0xFFFFFFFF == 0x80000000
    assert ntp_from_unix_ns(NOW_NS + S - 1) & 0xFFFFFFFF == 0xFFFFFFFB
    assert ntp_from_unix_ns(NOW_NS + 1) & 0xFFFFFFFF == 4


@given(UNIX_NS)
@example(ERA_END_NS - 1)
@example(ERA_END_NS)
def test_an_ntp_timestamp_fits_64_bits_in_every_era(unix_ns: int) -> None:
    assert 0 <= ntp_from_unix_ns(unix_ns) < 2**64


@given(UNIX_NS, st.integers(-68 * 365 * 86_400 * S, 68 * 365 * 86_400 * S))
@example(NOW_NS, 1)
@example(NOW_NS, -1)
@example(ERA_END_NS - 1, 1)
@example(ERA_END_NS, -1)
@example(ERA_END_NS - 30 * S, 60 * S)
def test_a_difference_of_ntp_timestamps_is_exact_to_the_nanosecond_across_eras(earlier_ns: int, by_ns: int) -> None:
    earlier, later = ntp_from_unix_ns(earlier_ns), ntp_from_unix_ns(earlier_ns + by_ns)
    assert ntp_difference_ns(later, earlier) == by_ns


@given(UNIX_NS, st.integers(0, 3600 * S))
def test_the_residence_is_what_the_reflector_held_the_packet(received_ns: int, held_ns: int) -> None:
    answer = answer_to(ask(), received_ns=received_ns, sent_ns=received_ns + held_ns)
    packet = ReflectorPacket.decode(answer or b"")
    assert packet is not None
    assert packet.residence_ns == held_ns


@given(
    out_ns=st.integers(0, 10 * S),
    held_ns=st.integers(0, S),
    back_ns=st.integers(0, 10 * S),
    skew_ns=st.integers(-30 * 365 * 86_400 * S, 30 * 365 * 86_400 * S),
    started_ns=st.integers(NOW_NS, ERA_END_NS + 365 * 86_400 * S),
)
def test_the_round_trip_is_right_however_wrong_the_reflectors_clock_is(
    out_ns: int, held_ns: int, back_ns: int, skew_ns: int, started_ns: int
) -> None:
    request = SenderPacket(sequence=1, timestamp=ntp_from_unix_ns(started_ns)).encode()
    received_ns = started_ns + out_ns + skew_ns
    answer = ReflectorPacket.decode(answer_to(request, received_ns=received_ns, sent_ns=received_ns + held_ns) or b"")
    assert answer is not None
    t4 = ntp_from_unix_ns(started_ns + out_ns + held_ns + back_ns)
    assert ntp_difference_ns(t4, answer.sender_timestamp) - answer.residence_ns == out_ns + back_ns


@given(st.binary(max_size=2000) | st.binary(min_size=SHORTEST_BYTES, max_size=200))
@example(bytes(SHORTEST_BYTES))
@example(bytes(PACKET_BYTES))
@example(b"\xff" * SHORTEST_BYTES)
@example(b"\xff" * PACKET_BYTES)
@example(b"\xff" * MAX_PACKET_BYTES)
def test_no_octets_make_the_reflector_answer_with_more_than_it_got(octets: bytes) -> None:
    answer = answer_to(octets)
    assert answer is None or len(answer) == len(octets)


@given(REQUESTS, st.binary(max_size=MAX_PACKET_BYTES - PACKET_BYTES))
def test_padding_comes_back_as_it_went(request: SenderPacket, padding: bytes) -> None:
    answer = answer_to(request.encode() + padding)
    assert answer is not None
    assert answer[PACKET_BYTES:] == padding
    packet = ReflectorPacket.decode(answer)
    assert packet is not None
    assert (packet.sequence, packet.sender_sequence) == (request.sequence, request.sequence)
    assert packet.sender_timestamp == request.timestamp
    assert packet.sender_error_estimate == request.error_estimate


@pytest.mark.parametrize("ttl", [0, 1, 64, 255])
def test_the_ttl_a_packet_came_with_is_told(ttl: int) -> None:
    answer = answer_to(ask(), ttl=ttl)
    assert answer is not None
    assert answer[40] == ttl
    assert answer[41:44] == bytes(3)


def test_the_longest_packet_is_answered_and_the_next_longer_is_not() -> None:
    assert answer_to(ask() + bytes(MAX_PACKET_BYTES - PACKET_BYTES)) is not None
    assert answer_to(ask() + bytes(MAX_PACKET_BYTES - PACKET_BYTES + 1)) is None


@pytest.mark.parametrize("error_estimate", [0x0000, 0x8000, 0x4000, 0x3F00])
def test_an_error_estimate_with_multiplier_zero_gets_silence(error_estimate: int) -> None:
    assert answer_to(SenderPacket(sequence=1, timestamp=1, error_estimate=error_estimate).encode()) is None


@pytest.mark.parametrize("sequence", [0, 1, 2**32 - 1])
def test_a_first_request_with_empty_padding_is_answered(sequence: int) -> None:
    request = SenderPacket(sequence=sequence, timestamp=ntp_from_unix_ns(NOW_NS)).encode()
    assert answer_to(request) is not None


@given(st.binary(min_size=30, max_size=30))
@example(b"\xff" * 30)
@example(bytes(range(30)))
def test_a_sender_that_fills_the_zero_octets_is_answered(filling: bytes) -> None:
    request = SenderPacket(sequence=0xDEAD0001, timestamp=ntp_from_unix_ns(NOW_NS)).encode()[:14] + filling
    if filling[10:14] != request[:4]:
        assert answer_to(request) is not None


@given(st.binary(min_size=PACKET_BYTES, max_size=200) | REQUESTS.map(SenderPacket.encode))
@example(SenderPacket(sequence=0, timestamp=0).encode())
@example(SenderPacket(sequence=5, timestamp=0).encode())
def test_the_answer_to_an_answer_is_silence(octets: bytes) -> None:
    answer = answer_to(octets)
    if answer is not None:
        assert answer_to(answer, received_ns=NOW_NS + 5000, sent_ns=NOW_NS + 6000) is None


def test_a_twamp_light_request_of_41_octets_gets_the_41_octets_of_a_twamp_light_answer() -> None:
    # RFC 5357, section 4.1.2: 14 octets and 27 of padding; section 4.2.1: an answer's 41 octets end with the TTL.
    request = bytes.fromhex("00000007 e94fe000 80000000 8001") + bytes(range(27))
    answer = answer_to(request, ttl=63)
    assert answer is not None
    assert len(answer) == 41
    assert answer[:4] == answer[24:28] == request[:4]
    assert answer[28:36] == request[4:12]
    assert answer[36:38] == request[12:14]
    assert answer[40] == 63


def test_an_answer_that_ends_after_the_ttl_is_an_answer() -> None:
    octets = bytes.fromhex(REFLECTOR_HEX)
    assert ReflectorPacket.decode(octets[:41]) == REFLECTOR
    assert ReflectorPacket.decode(octets[:40]) is None
    assert ReflectorPacket.decode(octets + bytes(100)) == REFLECTOR


@pytest.mark.parametrize(
    ("later", "earlier", "difference_ns"),
    [
        (0x5F000001_00000000, 0x5F000000_3B9AC9FF, 1),
        (0x5F000000_00000005, 0x5F000000_00000001, 4),
        (0x00000000_00000000, 0xFFFFFFFF_3B9AC9FF, 1),
        (0x5F000000_00000000, 0x5F000001_00000000, -1_000_000_000),
    ],
)
def test_a_reflector_with_a_ptp_clock_tells_its_residence_in_nanoseconds(
    later: int, earlier: int, difference_ns: int
) -> None:
    assert ptp_difference_ns(later, earlier) == difference_ns
    packet = replace(REFLECTOR, timestamp=later, receive_timestamp=earlier, error_estimate=0x4001)
    assert packet.residence_ns == difference_ns


@pytest.mark.parametrize("length", [41, 44, 60])
def test_an_answer_s_departure_can_be_told_anew_and_nothing_else_of_it_changes(length: int) -> None:
    packet = SenderPacket(sequence=7, timestamp=99).encode().ljust(60, b"\5")[:length]
    made = reflect(packet, received_ns=1_000, sent_ns=2_000, ttl=9, error_estimate=ERROR_UNSYNCHRONISED)
    later = reflect(packet, received_ns=1_000, sent_ns=7_000, ttl=9, error_estimate=ERROR_UNSYNCHRONISED)
    assert made is not None
    assert departing(made, 7_000) == later
    read = ReflectorPacket.decode(departing(made, 7_000))
    assert read is not None
    assert read.residence_ns == 6_000


def test_scapy_reads_our_packets_as_they_were_meant() -> None:
    sent = STAMPSessionSenderTestUnauthenticated(SENDER.encode())
    assert (sent.seq, sent.err_estimate.S, sent.err_estimate.multiplier) == (SENDER.sequence, 1, 1)
    read = STAMPSessionReflectorTestUnauthenticated(REFLECTOR.encode())
    assert (read.seq, read.seq_sender, read.ttl_sender) == (REFLECTOR.sequence, REFLECTOR.sender_sequence, 64)
    assert (read.err_estimate.S, read.err_estimate_sender.S) == (0, 1)
    assert read.ts_rx - read.ts_sender == 0.75
    assert read.ts - read.ts_rx == 0.5


def test_what_scapy_sends_is_answered_and_scapy_reads_the_answer() -> None:
    request = STAMPSessionSenderTestUnauthenticated(seq=7, ts=3_794_000_000.25)
    answer = answer_to(bytes(request))
    assert answer is not None
    read = STAMPSessionReflectorTestUnauthenticated(answer)
    assert (read.seq, read.seq_sender, read.ts_sender) == (7, 7, 3_794_000_000.25)
