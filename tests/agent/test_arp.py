import asyncio
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.arp import NOBODY, REPLY, REQUEST, Arp, Neighbour, answered_by, question
from agent.sample import Sample
from tests.agent.fakes import MovedClock

US = Neighbour(bytes.fromhex("02830700c1e7"), socket.inet_aton("192.0.2.17"))
GATEWAY = Neighbour(bytes.fromhex("028307000001"), socket.inet_aton("192.0.2.1"))


def reply(
    kind: int = REPLY, by: Neighbour = GATEWAY, to: Neighbour = US, head: tuple[int, int, int, int] = (1, 0x0800, 6, 4)
) -> bytes:
    """As it stands in RFC 826, with the padding of a short Ethernet frame."""
    packet = struct.pack("!HHBBH6s4s6s4s", *head, kind, by.hardware, by.address, to.hardware, to.address)
    return packet.ljust(46, b"\0")


def test_a_question_says_who_asks_and_for_which_address() -> None:
    asked = question(US, GATEWAY.address)

    assert asked == reply(REQUEST, US, Neighbour(NOBODY, GATEWAY.address))[:28]


def test_a_reply_says_who_has_the_address() -> None:
    assert answered_by(reply(), US, GATEWAY.address) == GATEWAY.hardware
    assert answered_by(reply()[:28], US, GATEWAY.address) == GATEWAY.hardware


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(b"", id="empty"),
        pytest.param(reply()[:27], id="short"),
        pytest.param(reply(REQUEST), id="a question"),
        pytest.param(reply(by=Neighbour(GATEWAY.hardware, socket.inet_aton("192.0.2.2"))), id="of somebody else"),
        pytest.param(reply(to=Neighbour(US.hardware, socket.inet_aton("192.0.2.18"))), id="to another address"),
        pytest.param(reply(to=Neighbour(GATEWAY.hardware, US.address)), id="to another card"),
        pytest.param(reply(by=GATEWAY, to=GATEWAY), id="gratuitous"),
        pytest.param(reply(head=(6, 0x0800, 6, 4)), id="of no Ethernet"),
        pytest.param(reply(head=(1, 0x86DD, 6, 4)), id="for IPv6"),
        pytest.param(reply(head=(1, 0x0800, 255, 255)), id="with long addresses"),
    ],
)
def test_other_packets_are_not_taken_for_a_reply(packet: bytes) -> None:
    assert answered_by(packet, US, GATEWAY.address) is None


@given(st.binary(max_size=80))
def test_noise_is_no_reply(packet: bytes) -> None:
    assert answered_by(packet, US, GATEWAY.address) is None


@pytest.mark.parametrize(
    ("gateway", "failure"), [(None, "no_gateway"), ("fe80::1%eth0", "unreachable"), ("no-address", "unreachable")]
)
def test_a_gateway_that_cannot_be_asked_is_a_failure_with_its_reason(gateway: str | None, failure: str) -> None:
    async def work() -> Sample:
        return await Arp(lambda: gateway, timeout_ms=100, clock=MovedClock().clock()).probe()

    assert asyncio.run(work()).failure == failure
