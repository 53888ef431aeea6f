"""STAMP's authenticated mode, against octets that another program computed."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.stamp import (
    AUTHENTICATED_BYTES,
    ERROR_SYNCHRONISED,
    ERROR_UNSYNCHRONISED,
    MAX_PACKET_BYTES,
    ReflectorPacket,
    SenderPacket,
    reflect,
)

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))

# RFC 8762, figure 4 (section 4.2.2). The last 16 octets, here and below, are the first of what this says:
#   xxd -r -p | head -c 96 | openssl dgst -sha256 -mac hmac -macopt hexkey:000102...1f
SENDER_HEX = f"""
    01020304 {12 * "00"}
    e94fe000 80000000
    8001 {70 * "00"}
    85afeea6 8ecc443d cc22815b e8685687
"""
SENDER = SenderPacket(sequence=0x01020304, timestamp=0xE94FE000_80000000, error_estimate=ERROR_SYNCHRONISED)

# RFC 8762, figure 6 (section 4.3.2).
REFLECTOR_HEX = f"""
    01020304 {12 * "00"}
    e94fe001 c0000000
    0001 {6 * "00"}
    e94fe001 40000000 {8 * "00"}
    01020304 {12 * "00"}
    e94fe000 80000000
    8001 {6 * "00"}
    40 {15 * "00"}
    3fd155be d783032c 41ff4b25 ab66d099
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
RECEIVED_NS = (0xE94FE001 - 2_208_988_800) * S + S // 4
WORD16, WORD32, WORD64 = st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)
KEYS = st.binary(min_size=1, max_size=100)


def answer_to(packet: bytes, key: bytes | None = KEY) -> bytes | None:
    return reflect(
        packet,
        received_ns=RECEIVED_NS,
        sent_ns=RECEIVED_NS + S // 2,
        ttl=64,
        error_estimate=ERROR_UNSYNCHRONISED,
        key=key,
    )


def hmac_sha256_by_its_definition(key: bytes, text: bytes) -> bytes:
    """RFC 2104, section 2, written out: H(K XOR opad, H(K XOR ipad, text)), a block is 64 octets."""
    block = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(one ^ 0x36 for one in block) + text).digest()
    return hashlib.sha256(bytes(one ^ 0x5C for one in block) + inner).digest()


def test_a_sender_packet_is_laid_out_as_the_rfc_draws_it() -> None:
    octets = bytes.fromhex(SENDER_HEX)
    assert len(octets) == 112 == AUTHENTICATED_BYTES
    assert SENDER.encode(KEY) == octets
    assert SenderPacket.decode(octets, KEY) == SENDER


def test_a_reflector_packet_is_laid_out_as_the_rfc_draws_it() -> None:
    octets = bytes.fromhex(REFLECTOR_HEX)
    assert len(octets) == 112
    assert REFLECTOR.encode(KEY) == octets
    assert ReflectorPacket.decode(octets, KEY) == REFLECTOR


def test_the_reflector_answers_the_rfcs_request_with_the_rfcs_answer() -> None:
    assert answer_to(bytes.fromhex(SENDER_HEX)) == bytes.fromhex(REFLECTOR_HEX)


@given(KEYS, WORD32, WORD64, WORD16)
def test_the_hmac_is_rfc_2104s_over_the_first_96_octets_and_cut_to_16(
    key: bytes, sequence: int, timestamp: int, error_estimate: int
) -> None:
    octets = SenderPacket(sequence=sequence, timestamp=timestamp, error_estimate=error_estimate).encode(key)
    assert octets[96:] == hmac_sha256_by_its_definition(key, octets[:96])[:16]


@given(st.integers(0, AUTHENTICATED_BYTES * 8 - 1))
def test_one_changed_bit_makes_a_packet_nobodys(bit: int) -> None:
    for octets in (SENDER.encode(KEY), REFLECTOR.encode(KEY)):
        changed = bytearray(octets)
        changed[bit // 8] ^= 1 << bit % 8
        assert SenderPacket.decode(bytes(changed), KEY) is None
        assert ReflectorPacket.decode(bytes(changed), KEY) is None
        assert answer_to(bytes(changed)) is None


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(SENDER.encode(), id="unauthenticated"),
        pytest.param(SENDER.encode() + bytes(68), id="unauthenticated and as long"),
        pytest.param(SENDER.encode(OTHER_KEY), id="another key"),
        pytest.param(SENDER.encode(KEY)[:111], id="an octet short"),
        pytest.param(bytes(112), id="zeros"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_reflector_with_a_key_is_silent_to_whoever_has_it_not(packet: bytes) -> None:
    assert answer_to(packet) is None


def test_an_authenticated_answer_is_no_request_that_could_set_two_reflectors_talking() -> None:
    answer = answer_to(SENDER.encode(KEY))
    assert answer is not None
    assert answer_to(answer) is None


def test_nor_is_that_of_a_reflector_which_counts_for_itself() -> None:
    assert answer_to(replace(REFLECTOR, sequence=99).encode(KEY)) is None


def test_a_sender_does_not_take_its_own_packet_sent_back_for_an_answer() -> None:
    echoed = ReflectorPacket.decode(SENDER.encode(KEY), KEY)
    assert echoed is not None
    assert echoed.sender_timestamp != SENDER.timestamp


@given(st.binary(max_size=MAX_PACKET_BYTES - AUTHENTICATED_BYTES))
def test_padding_behind_the_112_octets_comes_back_as_it_went(padding: bytes) -> None:
    answer = answer_to(SENDER.encode(KEY) + padding)
    assert answer == bytes.fromhex(REFLECTOR_HEX) + padding


def test_a_packet_with_a_multiplier_of_zero_gets_silence_though_authentic() -> None:
    assert answer_to(SenderPacket(sequence=1, timestamp=1, error_estimate=0x8000).encode(KEY)) is None
