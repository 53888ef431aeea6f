"""Frames, as they are written and as they arrive in any pieces. Up is from a client and masked, down from a server."""

import os
import random
import tracemalloc
from contextlib import suppress

import pytest

from wire import websocket
from wire.websocket import BadFrame, Close, Event, FrameReader, Ping, Text, frame, header

MASK = bytes.fromhex("37fa213d")


def read(data: bytes, *, from_client: bool = False, pieces: int = 1, keep_text: bool = True) -> FrameReader:
    reader = FrameReader(from_client=from_client, keep_text=keep_text)
    take(reader, data, pieces)
    return reader


def take(reader: FrameReader, data: bytes, pieces: int = 1) -> list[Event]:
    step = max(1, -(-len(data) // pieces))
    return [event for at in range(0, len(data), step) for event in reader.take(memoryview(data)[at : at + step])]


def refusal(data: bytes, *, from_client: bool = False) -> BadFrame:
    with pytest.raises(BadFrame) as raised:
        read(data, from_client=from_client)
    return raised.value


def test_the_frames_of_rfc_6455_section_5_7_are_written_and_read_as_they_stand_there() -> None:
    hello = bytes.fromhex("810548656c6c6f")
    masked_hello = bytes.fromhex("818537fa213d7f9f4d5158")

    assert frame(websocket.TEXT, b"Hello") == hello
    assert frame(websocket.TEXT, b"Hello", mask=MASK) == masked_hello
    assert take(FrameReader(from_client=False, keep_text=True), hello) == [Text(b"Hello")]
    assert take(FrameReader(from_client=True, keep_text=True), masked_hello) == [Text(b"Hello")]
    assert take(FrameReader(from_client=False, keep_text=True), bytes.fromhex("010348656c80026c6f")) == [Text(b"Hello")]
    assert take(FrameReader(from_client=False, keep_text=True), bytes.fromhex("890548656c6c6f")) == [Ping(b"Hello")]
    assert header(websocket.BINARY, 256) == bytes.fromhex("827e0100")
    assert header(websocket.BINARY, 65_536) == bytes.fromhex("827f0000000000010000")


@pytest.mark.parametrize("pieces", [1, 2, 3, 7, 10_000])
def test_whatever_the_pieces_in_which_it_arrives_the_same_is_read(pieces: int) -> None:
    stream = (
        header(websocket.BINARY, 5_000, mask=MASK, is_last=False)
        + os.urandom(5_000)
        + frame(websocket.PING, b"there?", mask=MASK)
        + header(websocket.CONTINUATION, 70_000, mask=MASK)
        + os.urandom(70_000)
        + frame(websocket.TEXT, b"", mask=MASK)
        + frame(websocket.TEXT, b"said", mask=MASK)
        + websocket.close_frame(websocket.NORMAL, "time", mask=MASK)
    )
    reader = FrameReader(from_client=True, keep_text=True)

    assert take(reader, stream, pieces) == [Ping(b"there?"), Text(b""), Text(b"said"), Close(1000, b"time")]
    assert (reader.binary_bytes, reader.frames) == (75_000, 6)


def test_bytes_count_before_their_message_is_whole() -> None:
    assert read(header(websocket.BINARY, 1 << 20) + bytes(4_321)).binary_bytes == 4_321


def test_a_message_of_the_largest_size_is_read_and_not_kept() -> None:
    reader = FrameReader(from_client=False, keep_text=True)
    chunk = memoryview(bytes(1 << 16))
    reader.take(memoryview(header(websocket.BINARY, 1 << 24)))
    tracemalloc.start()
    for _ in range(256):
        reader.take(chunk)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert reader.binary_bytes == 1 << 24
    assert most < 10_000


def test_a_text_too_long_for_a_measurement_is_forgotten_and_the_next_one_read() -> None:
    long = frame(websocket.TEXT, bytes(websocket.MOST_TEXT_BYTES + 1))
    longer = (
        header(websocket.TEXT, 10, is_last=False) + bytes(10) + header(websocket.CONTINUATION, 20_000) + bytes(20_000)
    )

    assert take(FrameReader(from_client=False, keep_text=True), long + longer + frame(websocket.TEXT, b"{}")) == [
        Text(b"{}")
    ]


def test_a_reader_that_keeps_no_text_still_counts_its_frames() -> None:
    reader = FrameReader(from_client=True, keep_text=False)

    assert take(reader, frame(websocket.TEXT, b"who am I", mask=MASK) * 3) == []
    assert (reader.frames, reader.binary_bytes) == (3, 0)


@pytest.mark.parametrize(
    ("data", "word", "code"),
    [
        (frame(websocket.TEXT, b"x", mask=MASK), "wrong_mask", 1002),
        (bytes([0xC2, 0]), "reserved_bits", 1002),
        (bytes([0x83, 0]), "unknown_opcode", 1002),
        (bytes([0x8B, 0]), "unknown_opcode", 1002),
        (header(websocket.CONTINUATION, 1), "bad_fragment", 1002),
        (header(websocket.TEXT, 0, is_last=False) + header(websocket.BINARY, 4), "bad_fragment", 1002),
        (header(websocket.PING, 0, is_last=False), "bad_control_frame", 1002),
        (header(websocket.CLOSE, 126), "bad_control_frame", 1002),
        (frame(websocket.CLOSE, b"x"), "bad_close", 1002),
        (bytes([0x82, 126, 0, 125]), "bad_length", 1002),
        (bytes([0x82, 127]) + (65_535).to_bytes(8, "big"), "bad_length", 1002),
        (bytes([0x82, 127]) + ((1 << 63) + 9).to_bytes(8, "big"), "bad_length", 1002),
        (header(websocket.BINARY, (1 << 24) + 1), "message_too_big", 1009),
        (
            header(websocket.BINARY, 1, is_last=False) + b"x" + header(websocket.CONTINUATION, 1 << 24),
            "message_too_big",
            1009,
        ),
    ],
)
def test_a_frame_that_may_not_be_is_refused_by_its_header_alone(data: bytes, word: str, code: int) -> None:
    error = refusal(data)

    assert (error.word, error.code) == (word, code)


def test_a_client_that_does_not_mask_is_refused() -> None:
    assert refusal(frame(websocket.TEXT, b"x"), from_client=True).word == "wrong_mask"


def test_noise_is_read_or_refused_and_nothing_else() -> None:
    noise = random.Random(6455)
    for _ in range(3_000):
        data = noise.randbytes(noise.randrange(1, 60))
        with suppress(BadFrame):
            read(data, from_client=bool(data[0] & 1), pieces=noise.randrange(1, 4))


def test_a_mask_comes_off_as_it_went_on() -> None:
    for size in (0, 1, 3, 4, 5, 125):
        data = os.urandom(size)
        assert websocket.masked(websocket.masked(data, MASK), MASK) == data
