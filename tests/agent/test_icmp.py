"""What stands in an echo request, and which packets are replies to one."""

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.icmp import PAYLOAD_BYTES, IcmpPackets, echo_request, internet_checksum, read_echo_reply
from agent.session import Answer

TOKEN = bytes(range(16))
IP_HEADER = bytes.fromhex("45000048000040004001f8b3c0000201c0000211")
families = pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6], ids=["v4", "v6"])


def request(family: int, sequence: int = 7) -> bytes:
    return echo_request(family, identifier=0x1234, sequence=sequence, token=TOKEN)


def reply(family: int, sequence: int = 7, *, code: int = 0) -> bytes:
    kind = 0 if family == socket.AF_INET else 129
    return bytes((kind, code)) + request(family, sequence)[2:]


@pytest.mark.parametrize(
    ("packet", "checksum"),
    [
        pytest.param("0001f203f4f5f6f7", 0x220D, id="the example of RFC 1071, complemented"),
        pytest.param("", 0xFFFF, id="nothing"),
        pytest.param("ffff", 0, id="all ones"),
        pytest.param("01", 0xFEFF, id="an odd octet is padded"),
    ],
)
def test_the_checksum_is_that_of_the_internet(packet: str, checksum: int) -> None:
    assert internet_checksum(bytes.fromhex(packet)) == checksum


@given(st.binary(min_size=2, max_size=100).filter(lambda packet: len(packet) % 2 == 0))
def test_a_packet_with_its_checksum_sums_up_to_nothing(packet: bytes) -> None:
    assert internet_checksum(packet + internet_checksum(packet).to_bytes(2, "big")) == 0


def test_a_request_is_an_echo_with_a_checksum_its_number_and_its_token() -> None:
    packet = request(socket.AF_INET, sequence=0x1_0007)

    assert packet[:2] == bytes((8, 0))
    assert packet[4:8] == bytes.fromhex("12340007")
    assert packet[8:12] == bytes.fromhex("00010007")
    assert packet[12:28] == TOKEN
    assert len(packet) == 8 + PAYLOAD_BYTES
    assert internet_checksum(packet) == 0


def test_over_ipv6_the_kernel_fills_the_checksum_in() -> None:
    assert request(socket.AF_INET6)[:4] == bytes((128, 0, 0, 0))


@families
@pytest.mark.parametrize("sequence", [0, 7, 65_535, 65_536, 2**32 - 1])
def test_a_reply_says_which_request_it_answers(family: int, sequence: int) -> None:
    assert read_echo_reply(family, reply(family, sequence)) == Answer(sequence=sequence, proof=TOKEN)


@pytest.mark.parametrize("options", [0, 1, 10])
def test_a_raw_socket_gives_the_header_of_ipv4_too(options: int) -> None:
    header = bytes((0x45 + options,)) + IP_HEADER[1:] + bytes(4 * options)

    assert read_echo_reply(socket.AF_INET, header + reply(socket.AF_INET)) == Answer(sequence=7, proof=TOKEN)


@families
def test_other_packets_are_no_replies(family: socket.AddressFamily) -> None:
    whole = reply(family)
    others = {
        "empty": b"",
        "the request itself": request(family),
        "an answer of the other family": reply(socket.AF_INET6 if family == socket.AF_INET else socket.AF_INET),
        "with a code": reply(family, code=1),
        "cut off in its header": whole[:7],
        "cut off in its token": whole[:27],
        "of another number": whole[:6] + struct.pack("!H", 8) + whole[8:],
        "unreachable, quoting the request": bytes((3, 1)) + bytes(6) + IP_HEADER + request(family),
        "with a header that says it is longer than it is": b"\x4f" + IP_HEADER[1:] + whole[:30],
        "with a header that says it is nothing": b"\x40" + whole[1:],
        "a header alone": IP_HEADER,
    }

    assert {name: read_echo_reply(family, packet) for name, packet in others.items()} == dict.fromkeys(others)


@families
@given(st.binary(max_size=200))
def test_noise_is_no_reply_that_could_be_proved(family: int, packet: bytes) -> None:
    answer = read_echo_reply(family, packet)

    assert answer is None or answer.proof != TOKEN


def test_each_request_has_a_token_of_its_own() -> None:
    packets = IcmpPackets()

    proofs = {packets.request(sequence, 0)[1] for sequence in range(100)}

    assert len(proofs) == 100
