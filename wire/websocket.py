"""WebSocket frames (RFC 6455, section 5), without a socket: headers to send, and a reader of what arrives.

Payload of binary messages is counted and never kept, so that a reader's memory does not grow with what it is sent. A
test moves megabytes in a frame; nothing here is done for each byte of them.
"""

import struct
from dataclasses import dataclass
from typing import NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

MOST_MESSAGE_BYTES = 1 << 24
"""The largest message that an ndt7 peer must accept (ndt7 specification 0.11.0, "WebSocket channel usage")."""

MOST_TEXT_BYTES = 1 << 14
"""A text longer than that is counted and forgotten: a measurement has about a thousand bytes."""

MOST_HEADER_BYTES = 14
MOST_CONTROL_BYTES = 125

NORMAL, PROTOCOL_ERROR, UNACCEPTABLE, POLICY, TOO_BIG = 1000, 1002, 1003, 1008, 1009
"""Codes of a close (RFC 6455, section 7.4.1)."""


class BadFrame(Exception):
    """The peer broke the protocol.

    Attributes:
        code: what to close with.
        word: the machine word why.
    """

    def __init__(self, word: str, code: int = PROTOCOL_ERROR) -> None:
        super().__init__(word)
        self.word = word
        self.code = code


@dataclass(frozen=True, slots=True)
class Text:
    """A text message, as its bytes."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Ping:
    """To be answered by a pong with the same data."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """The peer sends no more. `code` ``None``: it gave none. `reason` is its own and may be anything."""

    code: int | None
    reason: bytes


Event = Text | Ping | Close


class _Header(NamedTuple):
    size: int
    is_last: bool
    opcode: int
    length: int
    mask: bytes | None


def header(opcode: int, length: int, *, mask: bytes | None = None, is_last: bool = True) -> bytes:
    """The header of a frame of `length` bytes. A client gives the four bytes that it masks with."""
    first = opcode | (0x80 if is_last else 0)
    masked = 0x80 if mask is not None else 0
    if length <= MOST_CONTROL_BYTES:
        head = struct.pack("!BB", first, masked | length)
    elif length < 1 << 16:
        head = struct.pack("!BBH", first, masked | 126, length)
    else:
        head = struct.pack("!BBQ", first, masked | 127, length)
    return head + (mask or b"")


def frame(opcode: int, payload: bytes, *, mask: bytes | None = None) -> bytes:
    """A whole small frame, masked when a mask is given."""
    return header(opcode, len(payload), mask=mask) + (payload if mask is None else masked(payload, mask))


def close_frame(code: int, reason: str, *, mask: bytes | None = None) -> bytes:
    """The last frame; `reason` is a machine word."""
    return frame(CLOSE, struct.pack("!H", code) + reason.encode("ascii")[: MOST_CONTROL_BYTES - 2], mask=mask)


def masked(payload: bytes, mask: bytes) -> bytes:
    """`payload` with the mask over it, or without the one that is (section 5.3)."""
    size = len(payload)
    pattern = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(pattern, "big")).to_bytes(size, "big")


class FrameReader:
    """Reads what a peer sends. With `from_client` each frame must be masked, otherwise none may be (section 5.1).

    `binary_bytes` is the payload of binary messages so far, of unfinished ones as well, and `frames` how many frames
    there were of any kind. With `keep_text` texts are returned; without, only counted.
    """

    def __init__(self, *, from_client: bool, keep_text: bool) -> None:
        self._from_client = from_client
        self._keep_text = keep_text
        self._head = b""
        self._opcode = CONTINUATION
        self._is_last = True
        self._mask: bytes | None = None
        self._left = 0
        self._kept: bytearray | None = None
        self._message = CONTINUATION
        self._message_bytes = 0
        self._text: bytearray | None = None
        self.binary_bytes = 0
        self.frames = 0

    def take(self, arrived: memoryview) -> list[Event]:
        """The events in what arrived. Raises `BadFrame`, after which there is nothing more to read."""
        events: list[Event] = []
        at, end = 0, len(arrived)
        while at < end:
            if not self._left:
                waiting = len(self._head)
                head = self._head + bytes(arrived[at : at + MOST_HEADER_BYTES - waiting])
                found = _read_header(head)
                if found is None:
                    self._head = head
                    return events
                at += found.size - waiting
                self._head = b""
                self._begin(found)
            size = min(self._left, end - at)
            if self._opcode == BINARY:
                self.binary_bytes += size
            elif self._kept is not None:
                self._kept += arrived[at : at + size]
            at += size
            self._left -= size
            if not self._left:
                self._finish(events)
        return events

    def _begin(self, found: _Header) -> None:
        """Check a header against what may come now."""
        self.frames += 1
        if (found.mask is not None) != self._from_client:
            raise BadFrame("wrong_mask")
        opcode = found.opcode
        if opcode in (CLOSE, PING, PONG):
            if not found.is_last or found.length > MOST_CONTROL_BYTES:
                raise BadFrame("bad_control_frame")
            self._kept = bytearray()
        elif opcode in (TEXT, BINARY, CONTINUATION):
            if (opcode == CONTINUATION) != (self._message != CONTINUATION):
                raise BadFrame("bad_fragment")
            if opcode != CONTINUATION:
                self._message, self._message_bytes = opcode, 0
                self._text = bytearray() if opcode == TEXT and self._keep_text else None
            self._message_bytes += found.length
            if self._message_bytes > MOST_MESSAGE_BYTES:
                raise BadFrame("message_too_big", TOO_BIG)
            if self._message_bytes > MOST_TEXT_BYTES:
                self._text = None
            opcode = self._message
            self._kept = bytearray() if self._text is not None else None
        else:
            raise BadFrame("unknown_opcode")
        self._opcode, self._left, self._mask, self._is_last = opcode, found.length, found.mask, found.is_last

    def _finish(self, events: list[Event]) -> None:
        """The frame under way is whole."""
        payload = b""
        if self._kept is not None:
            payload = bytes(self._kept) if self._mask is None else masked(bytes(self._kept), self._mask)
            self._kept = None
        if self._opcode == PING:
            events.append(Ping(payload))
        elif self._opcode == CLOSE:
            if len(payload) == 1:
                raise BadFrame("bad_close")
            code = int.from_bytes(payload[:2], "big") if payload else None
            events.append(Close(code, payload[2:]))
        elif self._opcode in (TEXT, BINARY):
            if self._text is not None:
                self._text += payload
            if self._is_last:
                if self._text is not None:
                    events.append(Text(bytes(self._text)))
                self._message, self._text = CONTINUATION, None


def _read_header(head: bytes) -> _Header | None:
    """The header that `head` begins with; ``None`` while there is less than all of it."""
    if len(head) < 2:
        return None
    first, second = head[0], head[1]
    if first & 0x70:
        raise BadFrame("reserved_bits")
    length, size = second & 0x7F, 2
    if length >= 126:
        size = 4 if length == 126 else 10
        if len(head) < size:
            return None
        length = int.from_bytes(head[2:size], "big")
        if length < (126 if size == 4 else 1 << 16) or length >> 63:
            raise BadFrame("bad_length")
    mask = None
    if second & 0x80:
        size += 4
        if len(head) < size:
            return None
        mask = head[size - 4 : size]
    return _Header(size, bool(first & 0x80), first & 0x0F, length, mask)
