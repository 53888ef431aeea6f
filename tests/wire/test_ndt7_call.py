"""What an agent makes of an ndt7 server, ours or another's, without a socket. Down and up never count the same."""

import json
import random
from collections.abc import Callable

import pytest

from tests.wire.ndt7_tested import NS, RIGHT, Desk, Hand, visit
from wire import websocket
from wire.ndt7.call import Call
from wire.ndt7.protocol import SUBPROTOCOL
from wire.ndt7.visit import Visit
from wire.report_words import Direction
from wire.reports import EndedBy
from wire.upgrade import END_OF_HEAD, accepting_head, read_request, refusing_head

MUCH = 10**9


def call(
    hand: Hand,
    direction: Direction,
    *,
    most: int = MUCH,
    longest_s: float = 10.0,
    token: str | None = RIGHT,
    stop: Callable[[], EndedBy | None] = lambda: None,
) -> Call:
    return Call(
        direction, host="localhost", token=token, most_bytes=most, longest_s=longest_s, now_ns=hand.now_ns, stop=stop
    )


def begun(hand: Hand, direction: Direction, **other: object) -> Call:
    """A call that was accepted."""
    made = call(hand, direction, **other)  # type: ignore[arg-type]
    asked = read_request(hand.take(made, 1 << 13).partition(END_OF_HEAD)[0] + END_OF_HEAD)
    hand.say(made, accepting_head(asked.key, SUBPROTOCOL))
    assert made.has_begun
    hand.received.clear()
    return made


def text(**fields: object) -> bytes:
    return websocket.frame(websocket.TEXT, json.dumps(fields).encode())


def binary(size: int) -> bytes:
    return websocket.header(websocket.BINARY, size) + bytes(size)


def meet(hand: Hand, ours: Call, theirs: Visit, *, seconds: float, rate_bps: int) -> None:
    """Both sides over a line of `rate_bps`, in steps of ten milliseconds."""
    step_bytes = rate_bps // 800
    for _ in range(int(seconds * 100)):
        hand.say(theirs, hand.take(ours, step_bytes))
        hand.say(ours, hand.take(theirs, step_bytes))
        hand.wait(ours, 0.01)
        theirs.look(hand.now_ns)
        if ours.end is not None:
            theirs.hung_up()
            return


@pytest.mark.parametrize("rate_bps", [4_000_000, 64_000_000])
@pytest.mark.parametrize("direction", ["down", "up"])
def test_our_two_sides_find_the_rate_of_the_line_between_them(direction: Direction, rate_bps: int) -> None:
    hand = Hand()
    ours, theirs = call(hand, direction), visit(hand, Desk(down_bytes=MUCH, up_bytes=MUCH))
    meet(hand, ours, theirs, seconds=14, rate_bps=rate_bps)

    assert (ours.end, ours.ended_by, ours.refusal) == ("time", "time", None)
    assert ours.received_bps == pytest.approx(rate_bps, rel=0.02)
    assert ours.used_bytes == pytest.approx(rate_bps / 8 * 10, rel=0.07), "and the message under way at the end"


@pytest.mark.parametrize("direction", ["down", "up"])
def test_a_test_stops_at_its_bytes_before_they_are_exceeded(direction: Direction) -> None:
    hand = Hand()
    most = {"down": 700_000, "up": 500_000}[direction]
    desk = Desk(down_bytes=700_000, up_bytes=500_000)
    ours, theirs = call(hand, direction, most=most), visit(hand, desk)
    meet(hand, ours, theirs, seconds=14, rate_bps=8_000_000)

    assert ours.ended_by == "bytes"
    assert 0.85 * most < ours.used_bytes <= most
    assert ours.received_bps == pytest.approx(8_000_000, rel=0.05)


def test_a_server_that_sends_more_than_was_granted_is_left() -> None:
    hand = Hand()
    ours = begun(hand, "down", most=50_000)
    hand.say(ours, binary(30_000))
    assert ours.end is None
    hand.say(ours, binary(30_000))

    assert ours.ended_by == "bytes"


@pytest.mark.parametrize("direction", ["down", "up"])
def test_a_test_stops_when_it_is_told_to(direction: Direction) -> None:
    told: list[EndedBy] = []
    hand = Hand()
    ours = begun(hand, direction, stop=lambda: told[0] if told else None)
    hand.take(ours, 10_000)
    hand.wait(ours, 1)
    assert not ours.end
    told.append("lease")
    hand.wait(ours, 0.05)

    assert (ours.end, ours.ended_by) == ("lease", "lease")


def test_down_is_counted_by_us_whatever_the_server_says() -> None:
    hand = Hand()
    ours = begun(hand, "down")
    for _ in range(4):
        hand.wait(ours, 0.5)
        hand.say(ours, binary(250_000) + text(AppInfo={"ElapsedTime": 1_000_000, "NumBytes": 10**9}))

    assert ours.received_bps == 4_000_000
    assert ours.elapsed_us == 2_000_000


def test_up_is_counted_by_the_server_whatever_we_sent() -> None:
    hand = Hand()
    ours = begun(hand, "up")
    hand.take(ours, 1_000_000)
    assert ours.received_bps is None
    hand.say(ours, text(AppInfo={"ElapsedTime": 1_000_000, "NumBytes": 250_000}))
    hand.say(ours, text(AppInfo={"ElapsedTime": 2_000_000, "NumBytes": 750_000}) + text(nonsense=1))

    assert ours.received_bps == 3_000_000
    assert ours.used_bytes == 1_000_000


def test_what_m_labs_server_says_is_taken_from_its_kernels_count() -> None:
    hand = Hand()
    ours = begun(hand, "up")
    hand.say(
        ours, text(ConnectionInfo={"Client": "192.0.2.7:9"}, TCPInfo={"BytesReceived": 5 * 10**6, "ElapsedTime": 10**7})
    )

    assert ours.received_bps == 4_000_000
    assert "192.0.2" not in repr(vars(ours))


def test_after_its_time_an_upload_says_goodbye_and_hears_the_last_count() -> None:
    hand = Hand()
    ours = begun(hand, "up", longest_s=4.0)
    hand.take(ours, 200_000)
    hand.wait(ours, 4.0)
    hand.take(ours)
    reader = websocket.FrameReader(from_client=True, keep_text=False)
    assert reader.take(memoryview(bytes(hand.received)))[-1] == websocket.Close(1000, b"time")
    assert not ours.end
    hand.say(
        ours,
        text(AppInfo={"ElapsedTime": 4_000_000, "NumBytes": 100_000}) + websocket.close_frame(1000, "client_closed"),
    )

    assert (ours.end, ours.ended_by, ours.received_bps) == ("time", "time", 200_000)


@pytest.mark.parametrize("direction", ["down", "up"])
def test_a_server_that_says_nothing_more_holds_nobody_for_longer_than_thirteen_seconds(direction: Direction) -> None:
    hand = Hand()
    ours = begun(hand, direction)
    hand.wait(ours, 10.5)
    assert ours.end is None
    hand.wait(ours, 2.6)

    assert ours.ended_by == "time"


@pytest.mark.parametrize(
    ("seconds", "reason", "by"),
    [(9.9, "", "time"), (3.0, "", "peer"), (3.0, "bytes", "bytes"), (3.0, "lease_over", "lease"), (3.0, "who", "peer")],
)
def test_what_a_servers_goodbye_means(seconds: float, reason: str, by: str) -> None:
    hand = Hand()
    ours = begun(hand, "down")
    hand.wait(ours, seconds)
    hand.say(ours, binary(2_000) + websocket.close_frame(1000, reason))

    assert ours.ended_by == by


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        ("down", websocket.frame(websocket.TEXT, b"x", mask=b"abcd")),
        ("up", binary(5_000)),
        ("up", websocket.frame(websocket.TEXT, bytes(60_000)) * 20),
        ("down", b"\xff\xff"),
    ],
)
def test_a_server_that_breaks_the_protocol_is_left(direction: Direction, said: bytes) -> None:
    hand = Hand()
    ours = begun(hand, direction)
    hand.say(ours, said)

    assert (ours.end, ours.ended_by) == ("peer", "peer")


def test_a_ping_is_answered_with_a_mask() -> None:
    hand = Hand()
    ours = begun(hand, "down")
    hand.say(ours, websocket.frame(websocket.PING, b"12:34"))
    answer = hand.take(ours)

    assert (answer[0], answer[1]) == (0x8A, 0x80 | 5)
    assert websocket.masked(answer[6:], answer[2:6]) == b"12:34"


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (refusing_head(403, "lease_over"), "lease_over"),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>", "http_200"),
        (b"\x16\x03\x01" + bytes(9_000), "head_too_long"),
    ],
)
def test_a_refusal_is_no_test_and_has_its_word(answer: bytes, word: str) -> None:
    hand = Hand()
    ours = call(hand, "up")
    hand.take(ours)
    hand.say(ours, answer)

    assert (ours.end, ours.refusal, ours.has_begun, ours.ended_by) == ("refused", word, False, None)


def test_a_server_that_never_answers_is_left_after_five_seconds() -> None:
    hand = Hand()
    ours = call(hand, "down")
    hand.take(ours)
    hand.wait(ours, 5.1)

    assert (ours.end, ours.refusal, ours.has_begun) == ("refused", "no_answer", False)


def test_a_token_is_shown_and_without_one_none_is() -> None:
    hand = Hand()
    with_one, without = call(hand, "down"), call(hand, "up", token=None)

    assert b"GET /ndt/v7/download?access_token=0123456789abcdef&client_name=bandroom-agent&" in hand.take(with_one)
    assert b"GET /ndt/v7/upload?client_name=bandroom-agent&" in hand.take(without)


def test_noise_from_a_server_never_does_more_than_end_a_call() -> None:
    noise = random.Random(77)
    for number in range(300):
        hand = Hand()
        ours = begun(hand, "down" if number % 2 else "up", most=200_000)
        for _ in range(noise.randrange(1, 20)):
            hand.take(ours, noise.randrange(1, 9_000))
            hand.say(ours, noise.choice([binary(999), text(AppInfo=3), noise.randbytes(noise.randrange(1, 30))]))
            hand.wait(ours, noise.random())
        hand.wait(ours, 14)
        assert ours.ended_by is not None
        assert ours.received_bps is None or ours.received_bps >= 0
        assert hand.now_ns > 5 * NS
