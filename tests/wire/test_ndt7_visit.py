"""What an ndt7 server makes of its visitors, without a socket. Down and up have limits and bytes of their own."""

import random

import pytest

from tests.wire.ndt7_tested import (
    KEY,
    MASK,
    MOST_DOWN,
    MOST_UP,
    NS,
    RIGHT,
    USED,
    Desk,
    Hand,
    begun,
    binary,
    client_close,
    heard,
    question,
    visit,
)
from wire import websocket
from wire.report_words import Direction
from wire.upgrade import MOST_HEAD_BYTES


def test_a_download_is_filled_until_its_ten_seconds_are_over() -> None:
    hand, desk = Hand(), Desk(down_bytes=10**9)
    one = begun(hand, "down", desk)
    hand.acked = 4_321
    for _ in range(40):
        hand.take(one, 1 << 20)
        hand.wait(one, 0.2501)
    hand.take(one)
    payload, texts, closes = heard(bytes(hand.received))

    assert closes == [websocket.Close(1000, b"time")]
    assert payload > 39 << 20
    assert texts[-1]["AppInfo"]["ElapsedTime"] == 10_004_000
    assert payload - (1 << 20) <= texts[-1]["AppInfo"]["NumBytes"] <= payload, "all but the message under way"
    assert texts[-1]["TCPInfo"] == {"BytesAcked": 4_321, "MinRTT": 77, "ElapsedTime": 10_004_000}
    assert [one["Test"] for one in texts] == ["download"] * len(texts)
    assert 35 <= len(texts) <= 41
    hand.say(one, client_close())
    assert (one.end, one.must_reset) == ("time", False)
    one.leave()
    one.leave()
    assert desk.permits["down"].cost == [len(hand.received)]


def test_a_text_says_when_its_test_began() -> None:
    hand = Hand()
    made = begun(hand, "down")
    hand.wait(made, 0.25)
    _, texts, _ = heard(hand.take(made, 1_000_000))
    assert {one["ConnectionInfo"]["StartTime"] for one in texts} == {"2026-11-25T09:00:00.250Z"}


def test_an_upload_is_counted_as_it_arrives_and_the_last_text_has_all_of_it() -> None:
    hand, desk = Hand(), Desk()
    one = begun(hand, "up", desk)
    hand.say(one, binary(1 << 13))
    hand.wait(one, 0.3)
    hand.say(one, binary(1 << 14)[:-5_000])
    hand.wait(one, 0.3)
    hand.say(one, bytes(5_000) + client_close())
    hand.take(one)
    payload, texts, closes = heard(bytes(hand.received))

    assert [one["AppInfo"]["NumBytes"] for one in texts] == [1 << 13, (1 << 13) + (1 << 14) - 5_000, 3 << 13]
    assert [one["Test"] for one in texts] == ["upload"] * 3
    assert (payload, closes) == (0, [websocket.Close(1000, b"client_closed")])
    assert (one.end, one.must_reset) == ("client_closed", False)
    one.leave()
    assert desk.permits["up"].cost == [len(binary(1 << 13)) + len(binary(1 << 14)) + len(client_close())]


def test_an_upload_is_told_to_end_after_ten_seconds_and_ended_after_thirteen() -> None:
    hand = Hand()
    one = begun(hand, "up", Desk(up_bytes=10**9))
    hand.say(one, binary(50_000))
    hand.wait(one, 10.0)
    hand.take(one)
    _, texts, closes = heard(bytes(hand.received))
    assert texts[-1]["AppInfo"] == {"ElapsedTime": 10_000_000, "NumBytes": 50_000}
    assert closes == [websocket.Close(1000, b"time")]
    hand.wait(one, 2.9)
    hand.say(one, binary(50_000))
    assert not one.end
    hand.wait(one, 0.2)
    assert (one.end, one.must_reset) == ("time", True)


def test_no_download_carries_more_than_was_granted() -> None:
    hand, desk = Hand(), Desk()
    one = begun(hand, "down", desk)
    hand.take(one)
    payload, texts, closes = heard(bytes(hand.received))

    assert closes == [websocket.Close(1000, b"bytes")]
    assert len(hand.received) < MOST_DOWN
    assert payload > 0.9 * MOST_DOWN
    assert texts[-1]["AppInfo"]["NumBytes"] == payload


def test_an_upload_ends_at_its_bytes_and_one_that_goes_on_is_cut() -> None:
    hand, desk = Hand(), Desk()
    one = begun(hand, "up", desk)
    hand.say(one, binary(1 << 20) + binary(1 << 20))
    hand.take(one)
    assert heard(bytes(hand.received))[2] == [websocket.Close(1000, b"bytes")]
    assert not one.end
    hand.say(one, binary(1 << 20) * 3)
    assert (one.end, one.must_reset) == ("bytes", True)
    one.leave()
    assert desk.permits["up"].cost[0] <= MOST_UP + (2 << 20)


@pytest.mark.parametrize("direction", ["down", "up"])
def test_a_grant_that_is_taken_back_ends_the_test_at_once(direction: Direction) -> None:
    hand, desk = Hand(), Desk()
    one = begun(hand, direction, desk)
    hand.say(one, binary(2_000) if direction == "up" else b"")
    hand.take(one, 5_000)
    desk.permits[direction].over.set()
    hand.wait(one, 0.05)

    assert (one.end, one.must_reset) == ("lease_over", True)


def test_an_early_exit_is_at_250_million_acknowledged_bytes_and_downwards_only() -> None:
    hand, desk = Hand(), Desk(down_bytes=10**12, up_bytes=10**12)
    one = begun(hand, "down", desk, early_exit="250")
    hand.acked = 249_999_999
    hand.wait(one, 0.3)
    hand.take(one, 1 << 20)
    assert one.end is None
    hand.acked = 250_000_000
    hand.wait(one, 0.3)
    hand.take(one)
    assert heard(bytes(hand.received))[2] == [websocket.Close(1000, b"early_exit")]

    up = begun(hand, "up", desk, early_exit="250")
    hand.wait(up, 0.3)
    hand.take(up)
    assert heard(bytes(hand.received))[2] == []


@pytest.mark.parametrize(
    ("asked", "status", "word"),
    [
        (question("down", token=None), 403, "wrong_token"),
        (question("up", token="0" * 16), 403, "wrong_token"),
        (question("down", token=USED), 409, "token_used"),
        (question("down", early_exit="251"), 400, "bad_early_exit"),
        (question("down").replace(b"/download", b"/elsewhere"), 404, "not_found"),
        (question("down").replace(b"net.measurementlab.ndt.v7", b"chat"), 400, "no_subprotocol"),
        (question("down").replace(KEY.encode(), b"x"), 400, "bad_key"),
        (question("down") + binary(9), 400, "too_early"),
    ],
)
def test_a_refusal_is_http_with_its_reason_and_no_larger_than_the_question(
    asked: bytes, status: int, word: str
) -> None:
    hand, desk = Hand(), Desk()
    one = visit(hand, desk)
    hand.say(one, asked)
    answer = hand.take(one)

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert f"x-bandroom-error: {word}\r\n".encode() in answer
    assert len(answer) <= len(asked)
    assert (one.end, one.direction) == (word, None)
    one.leave()
    assert all(not permit.cost for permit in desk.permits.values())


def test_a_question_too_small_for_an_answer_gets_none() -> None:
    hand = Hand()
    one = visit(hand)
    hand.say(one, b"x\r\n\r\n")

    assert hand.take(one) == b""
    assert one.end == "bad_request_line"


@pytest.mark.parametrize(("said", "end"), [(b"GET /", "too_slow"), (b"", "too_slow")])
def test_who_asks_nothing_is_gone_after_five_seconds(said: bytes, end: str) -> None:
    hand = Hand()
    one = visit(hand)
    hand.say(one, said)
    hand.wait(one, 4.9)
    assert one.end is None
    hand.wait(one, 0.2)
    assert one.end == end


def test_a_head_without_an_end_is_refused_at_its_bound() -> None:
    hand = Hand()
    one = visit(hand)
    hand.say(one, b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5_000)
    answer = hand.take(one)

    assert b"head_too_long" in answer
    assert len(answer) < MOST_HEAD_BYTES


@pytest.mark.parametrize(
    ("direction", "said", "word", "code"),
    [
        ("down", binary(2_000), "unexpected_binary", 1003),
        ("up", websocket.header(websocket.BINARY, 9) + bytes(9), "wrong_mask", 1002),
        ("up", websocket.header(websocket.BINARY, (1 << 24) + 1, mask=MASK), "message_too_big", 1009),
        ("up", websocket.header(websocket.CONTINUATION, 9, mask=MASK), "bad_fragment", 1002),
        ("down", websocket.frame(websocket.TEXT, b"{}", mask=MASK) * 2_100, "flood", 1008),
        ("up", websocket.frame(websocket.BINARY, b"", mask=MASK) * 2_100, "flood", 1008),
        ("up", websocket.frame(websocket.PING, b"x" * 125, mask=MASK) * 2_400, "flood", 1008),
        ("down", websocket.frame(websocket.TEXT, bytes(60_000), mask=MASK) * 20, "flood", 1008),
    ],
)
def test_who_breaks_the_protocol_is_told_so_and_cut(direction: Direction, said: bytes, word: str, code: int) -> None:
    hand = Hand()
    one = begun(hand, direction, Desk(down_bytes=100_000))
    if direction == "down":
        hand.take(one, 9_000)
    hand.say(one, said)
    hand.take(one)

    assert (one.end, one.must_reset) == (word, True)
    assert heard(bytes(hand.received))[2] == [websocket.Close(code, word.encode())]


def test_who_breaks_the_protocol_and_listens_to_nothing_is_cut_a_second_later() -> None:
    hand = Hand()
    one = begun(hand, "up")
    hand.say(one, b"\xff\xff")
    hand.wait(one, 0.9)
    assert one.end is None
    hand.wait(one, 0.2)
    assert one.end == "reserved_bits"


def test_a_ping_is_answered_and_of_a_thousand_the_newest() -> None:
    hand = Hand()
    one = begun(hand, "up")
    hand.say(one, b"".join(websocket.frame(websocket.PING, b"%d" % number, mask=MASK) for number in range(1_000)))
    answer = hand.take(one)

    assert answer == websocket.frame(websocket.PONG, b"999")


def test_who_reads_nothing_costs_thirteen_seconds_and_no_pile_of_texts() -> None:
    hand = Hand()
    one = begun(hand, "down")
    for _ in range(52):
        assert one.outgoing(hand.now_ns) is not None
        hand.wait(one, 0.24)
    hand.take(one)
    assert len(heard(bytes(hand.received))[1]) == 2, "the first that waited, and the last"
    hand.wait(one, 1.0)
    assert (one.end, one.must_reset) == ("time", True)


@pytest.mark.parametrize("direction", ["down", "up"])
def test_who_hangs_up_in_the_midst_of_it_has_its_bytes_counted(direction: Direction) -> None:
    hand, desk = Hand(), Desk()
    one = begun(hand, direction, desk)
    hand.take(one, 12_345 if direction == "down" else 0)
    hand.say(one, binary(2_222) if direction == "up" else b"")
    one.hung_up()
    one.leave()

    assert one.end == "hung_up"
    assert desk.permits[direction].cost == [12_345 if direction == "down" else len(binary(2_222))]


def test_noise_never_does_more_than_end_a_visit() -> None:
    noise = random.Random(8630)
    for number in range(400):
        hand = Hand()
        desk = Desk(down_bytes=50_000, up_bytes=50_000)
        one = begun(hand, "down" if number % 2 else "up", desk)
        for _ in range(noise.randrange(1, 30)):
            hand.take(one, noise.randrange(1, 9_000))
            said = noise.choice([binary(1_024), client_close(), question("up"), websocket.frame(9, b"", mask=MASK)])
            hand.say(one, noise.choice([said, noise.randbytes(noise.randrange(1, 40))]))
            hand.wait(one, noise.random())
        hand.wait(one, 14)
        assert one.end is not None
        assert one.used_bytes < 50_000 + 30 * 2_000
        one.leave()
        assert [len(permit.cost) for permit in desk.permits.values()] in ([1, 0], [0, 1])


def test_nobody_is_asked_twice_for_one_visit() -> None:
    hand, desk = Hand(), Desk()
    one = begun(hand, "up", desk)
    hand.say(one, question("up"))
    hand.wait(one, 20)

    assert desk.asked == [(RIGHT, "up")]
    assert hand.now_ns > 20 * NS
