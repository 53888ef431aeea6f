"""Answers of resolvers, written by hand from RFC 1035, section 4."""

import struct

NO_ERROR, FORMAT_ERROR, SERVER_FAILURE, NO_SUCH_NAME, NOT_IMPLEMENTED, REFUSED = range(6)
TRUNCATED = 0x0200
ADDRESS = bytes.fromhex("c00c 0001 0001 0000003c 0004 c0000207")
"""One record: the name at offset 12, A, IN, a minute, 192.0.2.7."""


def answer(asked: bytes, *, code: int = NO_ERROR, flags: int = 0, records: bytes = ADDRESS, count: int = 1) -> bytes:
    """The answer to the question `asked`, recursion available, with `records` behind the question."""
    head = struct.pack("!HHHHHH", int.from_bytes(asked[:2]), 0x8180 | flags | code, 1, count, 0, 0)
    return head + asked[12:] + records


def with_number(packet: bytes, number: int) -> bytes:
    """`packet` under another id."""
    return number.to_bytes(2) + packet[2:]
