"""Questions to a resolver and the head of its answers (RFC 1035, section 4.1). Pure.

Of an answer only the header and the question are read: whether, and how soon, the resolver did its work. The records
are not, so that nothing in them - a pointer that leads in a circle, a length that lies - can do any harm.
"""

import struct
from typing import Literal

A_RECORD = 1
INTERNET = 1
_HEADER = struct.Struct("!HHHHHH")
_RESPONSE = 0x8000
_OPCODE = 0x7800
_RECURSION_DESIRED = 0x0100
_RCODE = 0x000F
_NO_ERROR = 0
_NO_SUCH_NAME = 3
MAX_LABEL = 63
MAX_NAME = 255

Answer = Literal["answered", "server_failed"]


class BadName(ValueError):
    """A text that is no name in the DNS."""


def question(name: str, number: int) -> bytes:
    """The packet that asks a resolver for the addresses (A) of `name`; `number` is its 16-bit id. `name` is complete:
    no search list is tried. Raises `BadName`."""
    return (
        _HEADER.pack(number, _RECURSION_DESIRED, 1, 0, 0, 0) + _encoded(name) + struct.pack("!HH", A_RECORD, INTERNET)
    )


def answer_to(asked: bytes, packet: bytes) -> Answer | None:
    """What `packet` says to the question `asked`; ``None`` when it is no answer to it.

    It is when its id and its question are ours (RFC 5452, section 9.1). A failure may come without a question: some
    resolvers do not read as far.

    A name that does not exist and a name without an address are answers: the resolver did its work, and what it found
    is the district's configuration. So is a truncated one (TC): asking again over TCP would bring the records, which
    are of no use here, and the time of two ways of asking in one number. Every other code, such as SERVFAIL and
    REFUSED, is a resolver that cannot or will not.
    """
    if len(packet) < _HEADER.size:
        return None
    _, flags, questions, _, _, _ = _HEADER.unpack_from(packet)
    if packet[:2] != asked[:2] or not flags & _RESPONSE or flags & _OPCODE:
        return None
    well = flags & _RCODE in (_NO_ERROR, _NO_SUCH_NAME)
    if questions == 0 and not well:
        return "server_failed"
    wanted = asked[_HEADER.size :]
    said = packet[_HEADER.size : len(asked)]
    # Letters may come back in another case. Lower case changes no length byte and no type: those are below 64.
    if questions != 1 or said.lower() != wanted.lower():
        return None
    return "answered" if well else "server_failed"


def _encoded(name: str) -> bytes:
    """`name` as labels with their lengths before them, and the root's. Letters beyond ASCII have no place in it."""
    encoded = b""
    for label in name.removesuffix(".").split("."):
        if not label.isascii() or not 1 <= len(label) <= MAX_LABEL:
            raise BadName(name)
        encoded += bytes((len(label),)) + label.encode("ascii")
    if len(encoded) >= MAX_NAME:
        raise BadName(name)
    return encoded + b"\0"
