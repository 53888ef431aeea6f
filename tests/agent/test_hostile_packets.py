"""Hostile packets against an agent's reflector and against a STAMP session: no crash, no gain, all of it counted."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from agent.reflector import Packets
from tests.agent.fakes import honest, reflector
from tests.agent.test_reflector import Host, free_port, hosting, probe
from tests.agent.test_stamp import KEY, keyed, session_to
from tests.wire.hostile import hostile_packets
from wire.enrolment import ReflectorPlan
from wire.stamp import MAX_PACKET_BYTES

HOSTILE = tuple(hostile_packets(KEY))
BATCH = 64


@pytest.mark.parametrize("key", [None, KEY], ids=["open", "authenticated"])
def test_the_reflector_bears_them_gains_nobody_anything_and_answers_on(key: bytes | None) -> None:
    port = free_port()

    async def work(host: Host) -> tuple[int, bool, Packets]:
        host.host.follow(ReflectorPlan(port=port, key=None if key is None else key.hex()))
        await host.until_it_sleeps()
        answered = 0
        for batch in batches():
            answered += await no_answer_is_longer(batch, port)
        sample = await probe(port, None if key is None else key.hex())
        return answered, sample.answered, host.host.packets

    answered, answers_on, packets = hosting(work)
    assert answers_on
    assert packets.answered == answered + 1
    assert packets.answered + packets.ignored + packets.limited + packets.unsent == len(HOSTILE) + 1
    assert packets.ignored > len(HOSTILE) / 4
    if key is not None:
        assert answered == 0  # not one of them was a question by whoever has the key


def batches() -> Iterator[tuple[bytes, ...]]:
    for at in range(0, len(HOSTILE), BATCH):
        yield HOSTILE[at : at + BATCH]


async def no_answer_is_longer(packets: tuple[bytes, ...], port: int) -> int:
    """Send each from a socket of its own; how many were answered."""
    links = []
    for packet in packets:
        link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        link.setblocking(False)
        link.connect(("127.0.0.1", port))
        link.send(packet)
        links.append(link)
        await asyncio.sleep(0)
    answered = 0
    await asyncio.sleep(0.02)
    for packet, link in zip(packets, links, strict=True):
        try:
            answer = link.recv(65_535)
        except BlockingIOError:
            pass
        else:
            answered += 1
            assert len(answer) <= len(packet) <= MAX_PACKET_BYTES
        link.close()
    return answered


@pytest.mark.parametrize("key", [None, KEY], ids=["open", "authenticated"])
def test_a_session_takes_none_for_an_answer_counts_them_and_measures_on(key: bytes | None) -> None:
    honest_answers = honest if key is None else keyed(key)

    def hostile(packet: bytes, count: int) -> list[bytes]:
        few = HOSTILE[count * BATCH : (count + 1) * BATCH]
        return [*few, packet] if few else honest_answers(packet, count)

    async def work(port: int) -> tuple[set[str | None], bool, int]:
        session = session_to(port, timeout_ms=100, key=key)
        failures: set[str | None] = {(await session.probe()).failure for _ in batches()}
        last = await session.probe()
        session.close()
        return failures, last.answered, session.foreign

    with reflector(hostile) as port:
        failures, answered, foreign = asyncio.run(work(port))

    assert failures == {"no_answer"}
    assert answered
    assert foreign > len(HOSTILE) / 2  # a socket's queue is short
