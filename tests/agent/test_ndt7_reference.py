"""A reference that serves ndt7: whom it lets in is the collector's word, and it is there exactly while it is wanted."""

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from agent.background import background
from agent.clock import NS_PER_S
from agent.http import Collector, Unanswered
from agent.ndt7_grants import ASKS_A_SECOND, Ndt7Grants
from agent.ndt7_reference import Ndt7Reference
from tests.agent.fakes import TOKEN, MovedClock, tcp_server
from tests.agent.ndt7_served import client
from tests.end_to_end.collector_process import free_port
from tests.wire.ndt7_tested import RIGHT
from wire.enrolment import Ndt7Plan
from wire.report_words import Direction
from wire.upgrade import BadUpgrade

DOWN_BYTES, UP_BYTES = 3_000_000, 2_000_000


def problem(word: str) -> bytes:
    return http(403, json.dumps({"error": word, "detail": "because"}).encode())


def http(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body


def allowance(valid_ms: int = 30_000) -> bytes:
    body = {"version": 3, "valid_ms": valid_ms, "down_bytes": DOWN_BYTES, "up_bytes": UP_BYTES}
    return http(200, json.dumps(body).encode())


@dataclass
class Asked:
    """A collector that always answers the same."""

    answer: bytes
    heads: list[str] = field(default_factory=list)

    def __call__(self, link: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += link.recv(1)
        self.heads.append(head.decode())
        link.sendall(self.answer)


@contextmanager
def grants(collector: Asked, clock: MovedClock | None = None) -> Iterator[Ndt7Grants]:
    """Asked from this thread, while a loop runs on another."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        with tcp_server(collector) as port:
            yield Ndt7Grants(
                Collector(f"http://127.0.0.1:{port}"),
                token=TOKEN,
                clock=(clock or MovedClock(frozen=True)).clock(),
                loop=loop,
            )
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def refusal(asked: Ndt7Grants, token: str | None, direction: Direction = "down") -> tuple[int, str]:
    with pytest.raises(BadUpgrade) as raised:
        asked.allow(token, direction)
    return raised.value.status, raised.value.word


def test_the_collector_is_asked_with_our_token_and_its_word_counts_for_each_direction_once() -> None:
    clock, collector = MovedClock(frozen=True), Asked(allowance())
    with grants(collector, clock) as asked:
        down, up = asked.allow(RIGHT, "down"), asked.allow(RIGHT, "up")
        assert refusal(asked, RIGHT, "down") == (409, "stream_used")

    assert (down.most_bytes, up.most_bytes) == (DOWN_BYTES, UP_BYTES)
    assert len(collector.heads) == 2
    assert collector.heads[0].startswith(f"GET /v1/ndt7/{RIGHT} HTTP/1.1\r\n")
    assert f"Authorization: Bearer {TOKEN}\r\n" in collector.heads[0]
    assert not up.is_over()
    clock.boot_ns += 30 * NS_PER_S
    assert up.is_over()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (problem("lease_over"), (403, "lease_over")),
        (http(403, b"<html>blocked</html>"), (403, "lease_over")),
        (http(401, b"{}"), (503, "collector_away")),
        (http(200, b"{}"), (503, "collector_away")),
        (http(200, b'{"version":3,"valid_ms":1,"down_bytes":0,"up_bytes":1}'), (503, "collector_away")),
        (b"", (503, "collector_away")),
    ],
)
def test_whatever_else_the_collector_says_is_no_grant(answer: bytes, said: tuple[int, str]) -> None:
    with grants(Asked(answer)) as asked:
        assert refusal(asked, RIGHT) == said


def test_strangers_do_not_make_the_collector_busy() -> None:
    collector, clock = Asked(problem("lease_over")), MovedClock(frozen=True)
    with grants(collector, clock) as asked:
        assert refusal(asked, None) == (403, "no_token")
        for token in ("", "x" * 16, "0" * 17, "../../v1/leases", RIGHT.upper()):
            assert refusal(asked, token) == (403, "lease_over")
        assert collector.heads == []
        for number in range(ASKS_A_SECOND):
            refusal(asked, f"{number:016x}")
        assert refusal(asked, RIGHT) == (503, "busy")
        assert len(collector.heads) == ASKS_A_SECOND
        clock.boot_ns += NS_PER_S
        assert refusal(asked, RIGHT) == (403, "lease_over")


def in_an_agent(work: Callable[[Ndt7Reference], Awaitable[None]], collector: Asked) -> None:
    async def run(port: int) -> None:
        async with asyncio.TaskGroup() as tasks:
            reference = Ndt7Reference(
                tasks,
                Collector(f"http://127.0.0.1:{port}"),
                token=TOKEN,
                clock=MovedClock().clock(),
                sleep=lambda seconds: asyncio.sleep(min(seconds, 0.05)),
            )
            await work(reference)
            await reference.stop()

    with tcp_server(collector) as port:
        asyncio.run(run(port))


async def listens(port: int) -> bool:
    def look() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return await background(look)


async def until_it(listening: bool, port: int) -> None:
    async with asyncio.timeout(20):
        while await listens(port) != listening:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)


def test_it_serves_who_has_a_lease_while_it_is_wanted_and_on_the_port_that_is_wanted() -> None:
    one, other = free_port(), free_port()

    async def work(reference: Ndt7Reference) -> None:
        reference.follow(None)
        reference.follow(Ndt7Plan(port=one))
        await until_it(True, one)
        down = await background(client(one, "down", most_bytes=10**12).run)
        up = await background(client(one, "up", most_bytes=UP_BYTES).run)
        assert (down.ended_by, up.ended_by) == ("bytes", "bytes")
        assert UP_BYTES < down.used_bytes <= DOWN_BYTES
        with pytest.raises(Unanswered, match="stream_used"):
            await background(client(one, "up", most_bytes=10**12).run)
        reference.follow(Ndt7Plan(port=one))
        reference.follow(Ndt7Plan(port=other))
        await until_it(True, other)
        assert not await listens(one)
        reference.follow(None)
        await until_it(False, other)

    in_an_agent(work, Asked(allowance()))


def test_a_taken_port_is_tried_again_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    async def work(reference: Ndt7Reference) -> None:
        with socket.create_server(("0.0.0.0", 0)) as taken:
            port = taken.getsockname()[1]
            reference.follow(Ndt7Plan(port=port))
            await asyncio.sleep(0.3)
        await until_it(True, port)

    in_an_agent(work, Asked(b""))
    said = [one.getMessage() for one in caplog.records if "cannot open its port" in one.getMessage()]
    assert len(said) == 1
    assert "word=taken" in said[0]
