import asyncio
import socket
import time
from dataclasses import replace
from typing import Any

import pytest

from agent.clock import NS_PER_MS, NS_PER_S
from agent.place import Place
from agent.sample import Sample
from agent.session import STALE_AFTER, Session
from agent.stamp import StampPackets
from tests.agent.fakes import Answers, MovedClock, honest, reflector
from wire.stamp import ERROR_SYNCHRONISED, ReflectorPacket, SenderPacket, ntp_from_unix_ns, reflect


def place_at(port: int, host: str = "127.0.0.1") -> Place:
    return Place(lambda: host, port, socket.SOCK_DGRAM)


def session_at(
    place: Place, *, timeout_ms: int = 500, moved: MovedClock | None = None, key: bytes | None = None
) -> Session:
    clock = (moved or MovedClock()).clock()
    return Session(StampPackets(clock, key), place, timeout_ms=timeout_ms, clock=clock)


def session_to(
    port: int, *, timeout_ms: int = 500, moved: MovedClock | None = None, key: bytes | None = None
) -> Session:
    return session_at(place_at(port), timeout_ms=timeout_ms, moved=moved, key=key)


def probe(answers: Answers, times: int = 1, *, timeout_ms: int = 150, key: bytes | None = None) -> list[Sample]:
    """Probes one after the other against a reflector that answers so."""

    async def work(port: int) -> list[Sample]:
        session = session_to(port, timeout_ms=timeout_ms, key=key)
        samples = [await session.probe() for _ in range(times)]
        session.close()
        return samples

    with reflector(answers) as port:
        return asyncio.run(work(port))


def probe_together(answers: Answers, times: int, *, timeout_ms: int = 500) -> list[Sample]:
    """Probes under way at the same time, in order of sending; then one more, for what came last."""

    async def work(port: int) -> list[Sample]:
        session = session_to(port, timeout_ms=timeout_ms)
        first = await session.probe()
        rest = await asyncio.gather(*(session.probe() for _ in range(times - 2)))
        await asyncio.sleep(0.02)
        last = await session.probe()
        session.close()
        return [first, *rest, last]

    with reflector(answers) as port:
        return asyncio.run(work(port))


def changed(packet: bytes, **changes: int) -> bytes:
    answer = ReflectorPacket.decode(honest(packet, 0)[0])
    assert answer is not None
    return replace(answer, **changes).encode()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_an_answered_packet_is_a_round_trip(host: str) -> None:
    async def work(port: int) -> Sample:
        session = session_at(place_at(port, host))
        sample = await session.probe()
        session.close()
        return sample

    with reflector(host="::1" if host == "::1" else "127.0.0.1") as port:
        sample = asyncio.run(work(port))

    assert sample.answered
    assert sample.rtt_ns is not None
    assert 0 < sample.rtt_ns < 100 * NS_PER_MS


@pytest.mark.skipif("sys.platform != 'linux'")
def test_the_kernel_notes_the_arrival_on_linux() -> None:
    (sample,) = probe(honest)

    assert sample.timestamps == "kernel"


def test_a_busy_program_does_not_lengthen_a_round_trip_that_the_kernel_timed() -> None:
    async def work(port: int) -> Sample:
        session = session_to(port, timeout_ms=2000)
        await session.probe()
        under_way = asyncio.create_task(session.probe())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        time.sleep(0.3)  # noqa: ASYNC251 - the point is to hold up the loop
        sample = await under_way
        session.close()
        return sample

    with reflector() as port:
        sample = asyncio.run(work(port))

    if sample.timestamps == "kernel":
        assert sample.rtt_ns is not None
        assert sample.rtt_ns < 100 * NS_PER_MS


def test_silence_is_a_loss_after_the_timeout() -> None:
    (sample,) = probe(lambda packet, count: [])

    assert sample.failure == "no_answer"


def test_time_the_reflector_held_the_packet_is_subtracted() -> None:
    def slow(packet: bytes, _count: int) -> list[bytes]:
        received_ns = time.time_ns()
        time.sleep(0.08)
        answer = reflect(
            packet,
            received_ns=received_ns,
            sent_ns=time.time_ns(),
            ttl=255,
            error_estimate=ERROR_SYNCHRONISED,
        )
        assert answer is not None
        return [answer]

    (sample,) = probe(slow, timeout_ms=1000)

    assert sample.rtt_ns is not None
    assert sample.rtt_ns < 60 * NS_PER_MS


@pytest.mark.parametrize("residence_s", [-5, 3600])
def test_an_impossible_residence_time_is_not_believed(residence_s: int) -> None:
    def liar(packet: bytes, _count: int) -> list[bytes]:
        t2 = time.time_ns()
        return [
            changed(
                packet,
                receive_timestamp=ntp_from_unix_ns(t2),
                timestamp=ntp_from_unix_ns(t2 + residence_s * NS_PER_S),
            )
        ]

    (sample,) = probe(liar)

    assert sample.rtt_ns is not None
    assert 0 < sample.rtt_ns < 100 * NS_PER_MS


@pytest.mark.parametrize("step_s", [86_400, -86_400, 0.3, -0.3])
def test_a_wall_clock_step_in_mid_flight_does_not_change_the_round_trip(step_s: float) -> None:
    moved = MovedClock()

    def stepping(packet: bytes, _count: int) -> list[bytes]:
        moved.wall_step_ns += int(step_s * NS_PER_S)
        return honest(packet, 0)

    async def work(port: int) -> Sample:
        session = session_to(port, moved=moved)
        sample = await session.probe()
        session.close()
        return sample

    with reflector(stepping) as port:
        sample = asyncio.run(work(port))

    assert sample.rtt_ns is not None
    assert 0 < sample.rtt_ns < 100 * NS_PER_MS
    assert sample.timestamps == "user"


def test_second_answers_are_duplicates_and_not_round_trips() -> None:
    samples = probe_together(lambda packet, count: honest(packet, count) * 3, 3)

    assert all(sample.answered for sample in samples)
    assert sum(sample.duplicates for sample in samples) in (4, 5, 6)  # the last one's may be under way


def test_an_answer_behind_a_later_one_is_reordered() -> None:
    held: list[bytes] = []

    def swapping(packet: bytes, count: int) -> list[bytes]:
        if count == 1:
            held.extend(honest(packet, count))
            return []
        return honest(packet, count) + (held if count == 2 else [])

    samples = probe_together(swapping, 4)

    assert [sample.answered for sample in samples] == [True] * 4
    assert [sample.reordered for sample in samples] == [False, True, False, False]


def test_an_answer_past_the_timeout_stays_lost_and_is_no_duplicate() -> None:
    held: list[bytes] = []

    def late(packet: bytes, count: int) -> list[bytes]:
        if count == 0:
            held.extend(honest(packet, count))
            return []
        return held + honest(packet, count)

    first, second = probe(late, 2)

    assert first.failure == "no_answer"
    assert second.answered
    assert second.duplicates == 0
    assert not second.reordered


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(lambda packet: b"", id="empty"),
        pytest.param(lambda packet: b"\x00" * 43, id="short"),
        pytest.param(lambda packet: packet, id="echoed"),
        pytest.param(lambda packet: changed(packet, sender_sequence=99_999), id="sequence never sent"),
        pytest.param(lambda packet: changed(packet, sender_timestamp=1), id="other T1"),
        pytest.param(lambda packet: b"\xff" * 1400, id="noise"),
    ],
)
def test_foreign_packets_are_not_taken_for_answers(foreign: Any) -> None:
    (sample,) = probe(lambda packet, count: [foreign(packet)])

    assert sample.failure == "no_answer"


def test_a_closed_port_is_a_loss_that_names_its_reason() -> None:
    with reflector() as port:
        pass

    async def work() -> Sample:
        session = session_to(port)
        sample = await session.probe()
        session.close()
        return sample

    assert asyncio.run(work()).failure == "unreachable"


def test_one_socket_serves_the_whole_session() -> None:
    senders = set()

    async def work(link: socket.socket) -> None:
        session = session_to(link.getsockname()[1], timeout_ms=100)
        for _ in range(5):
            await session.probe()
            senders.add(link.recvfrom(100)[1])
        session.close()

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        asyncio.run(work(link))

    assert len(senders) == 1


def test_long_silence_opens_a_new_socket_and_looks_the_name_up_again() -> None:
    senders = set()
    asked = []

    def find() -> str:
        asked.append(1)
        return "127.0.0.1"

    async def work(link: socket.socket) -> None:
        place = Place(find, link.getsockname()[1], socket.SOCK_DGRAM)
        session = session_at(place, timeout_ms=100)
        await asyncio.gather(*(session.probe() for _ in range(STALE_AFTER)))
        await session.probe()
        session.close()

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        asyncio.run(work(link))
        for _ in range(STALE_AFTER + 1):
            senders.add(link.recvfrom(100)[1])

    assert len(senders) == 2
    assert len(asked) == 2


KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def keyed(key: bytes) -> Answers:
    """A reflector that answers whoever has `key`."""

    def answers(packet: bytes, _count: int) -> list[bytes]:
        now = time.time_ns()
        answer = reflect(packet, received_ns=now, sent_ns=now, ttl=255, error_estimate=ERROR_SYNCHRONISED, key=key)
        return [answer] if answer else []

    return answers


def unauthenticated(packet: bytes, count: int) -> list[bytes]:
    """Everything right but the proof: what an honest reflector without the key could say."""
    asked = SenderPacket.decode(packet, KEY)
    assert asked is not None
    plain = honest(asked.encode(), count)[0]
    answer = ReflectorPacket.decode(plain)
    assert answer is not None
    return [plain, plain + bytes(68), answer.encode(OTHER_KEY)]


def test_with_a_key_an_authenticated_answer_is_a_round_trip() -> None:
    (sample,) = probe(keyed(KEY), key=KEY)

    assert sample.answered


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(keyed(OTHER_KEY), id="a reflector with another key"),
        pytest.param(honest, id="a reflector without a key"),
        pytest.param(unauthenticated, id="right but for the proof"),
        pytest.param(lambda packet, count: [packet], id="our own packet sent back"),
    ],
)
def test_with_a_key_an_answer_that_it_does_not_authenticate_is_none(answers: Answers) -> None:
    (sample,) = probe(answers, key=KEY)

    assert sample.failure == "no_answer"


def test_an_answer_that_was_recorded_answers_no_later_question() -> None:
    recorded: list[bytes] = []

    def replaying(packet: bytes, count: int) -> list[bytes]:
        recorded.extend(keyed(KEY)(packet, count))
        return recorded[:1]

    first, second = probe(replaying, 2, key=KEY)

    assert first.answered
    assert second.failure == "no_answer"


@pytest.mark.parametrize("length", [41, 44, 71, 200])
def test_a_twamp_light_reflectors_answer_is_an_answer_however_it_is_padded(length: int) -> None:
    (sample,) = probe(lambda packet, count: [honest(packet, count)[0][:length].ljust(length, b"\x5a")])

    assert sample.answered


def test_what_answers_nothing_is_counted_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async def work(port: int) -> int:
        session = session_to(port, timeout_ms=150, key=KEY)
        await session.probe()
        await session.probe()
        session.close()
        return session.foreign

    with caplog.at_level("INFO"), reflector(lambda packet, count: [b"", b"noise" * 10, packet]) as port:
        assert asyncio.run(work(port)) == 6

    assert [record.getMessage() for record in caplog.records] == [
        "a packet came back that is no answer authenticated=True"
    ]
