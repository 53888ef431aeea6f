"""Hostile packets against the collector's reflector: no crash, no gain, all of it counted."""

import socket

from prometheus_client import CollectorRegistry

from collector.reflector import Reflector
from tests.wire.hostile import hostile_packets
from wire.stamp import MAX_PACKET_BYTES, ReflectorPacket, SenderPacket

HOSTILE = tuple(hostile_packets(b"k" * 32))


def ask(port: int, packet: bytes, *, then: bytes) -> list[bytes]:
    """What comes back for `packet` until the answer to `then` does, each sent from a socket of its own."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as honest,
    ):
        for one, sent in ((link, packet), (honest, then)):
            one.settimeout(10)
            one.connect(("127.0.0.1", port))
            one.send(sent)
        assert honest.recv(2048)
        link.setblocking(False)
        found = []
        try:
            while True:
                found.append(link.recv(65_535))
        except BlockingIOError:
            return found


def test_it_bears_them_gains_nobody_anything_and_answers_on() -> None:
    counts = CollectorRegistry()
    reflector = Reflector("127.0.0.1", 0, counts)
    reflector.start()
    answered = 0
    for number, packet in enumerate(HOSTILE):
        answers = ask(reflector.port, packet, then=SenderPacket(sequence=number, timestamp=1).encode())
        assert len(answers) <= 1
        for answer in answers:
            answered += 1
            assert len(answer) <= len(packet) <= MAX_PACKET_BYTES
            assert ReflectorPacket.decode(answer) is not None
    assert reflector.answering
    reflector.close()

    outcomes = {
        outcome: counts.get_sample_value("bandroom_reflector_packets_total", {"outcome": outcome})
        for outcome in ("answered", "ignored", "limited")
    }
    assert outcomes["answered"] == answered + len(HOSTILE)
    assert outcomes["ignored"] == len(HOSTILE) - answered
    assert outcomes["limited"] == 0
