"""From HTTP to WebSocket (RFC 6455, section 4), without a socket: the request, the answer, and both ways of reading."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

MOST_HEAD_BYTES = 8_192
MOST_QUERY_BYTES = 4_096
"""ndt7 specification 0.11.0, "The WebSocket handshake"."""

END_OF_HEAD = b"\r\n\r\n"

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_REASONS = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    503: "Service Unavailable",
}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_STATUS = re.compile(r"HTTP/1\.[01] ([1-5][0-9]{2})(?: .*)?")
_WORD_HEADER = "x-bandroom-error"


class BadUpgrade(Exception):
    """No WebSocket comes of this.

    Attributes:
        status: the HTTP status to answer with, or that was answered; 0 where none was.
        word: the machine word why.
    """

    def __init__(self, status: int, word: str) -> None:
        super().__init__(word)
        self.status = status
        self.word = word


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeRequest:
    """What a client asks for. `query` holds the first value of each key; it may hold a secret and is never shown."""

    path: str
    query: Mapping[str, str] = field(repr=False)
    key: str
    protocols: tuple[str, ...]


def request_head(*, host: str, target: str, key: str, protocol: str, headers: Mapping[str, str]) -> bytes:
    """A client's question. `target` is path and query, `key` sixteen random bytes in base 64."""
    lines = [
        f"GET {target} HTTP/1.1",
        f"Host: {host}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        f"Sec-WebSocket-Protocol: {protocol}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode("ascii") + END_OF_HEAD


class Head:
    """Gathers a head, its bounds watched. `rest` is what came behind it."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self.rest = b""

    def __len__(self) -> int:
        return len(self._kept)

    def take(self, arrived: memoryview) -> bytes | None:
        """The head with its empty line once it is whole. Raises `BadUpgrade` 400 when it grows too long."""
        self._kept += arrived
        end = self._kept.find(END_OF_HEAD)
        if end < 0 and len(self._kept) <= MOST_HEAD_BYTES:
            return None
        if not 0 <= end <= MOST_HEAD_BYTES:
            raise BadUpgrade(400, "head_too_long")
        head, self.rest = bytes(self._kept[: end + 4]), bytes(self._kept[end + 4 :])
        return head


def read_request(head: bytes) -> UpgradeRequest:
    """Read a question up to and with its empty line. Raises `BadUpgrade` 400."""
    first, headers = _read_head(head)
    parts = first.split(" ")
    if len(parts) != 3 or parts[0] != "GET" or parts[2] != "HTTP/1.1" or not parts[1].startswith("/"):
        raise BadUpgrade(400, "bad_request_line")
    path, _, query = parts[1].partition("?")
    if len(query) > MOST_QUERY_BYTES:
        raise BadUpgrade(400, "query_too_long")
    if "websocket" not in _list(headers, "upgrade") or "upgrade" not in _list(headers, "connection"):
        raise BadUpgrade(400, "no_upgrade")
    if headers.get("sec-websocket-version") != "13":
        raise BadUpgrade(400, "bad_version")
    key = headers.get("sec-websocket-key", "")
    try:
        is_key = len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        is_key = False
    if not is_key:
        raise BadUpgrade(400, "bad_key")
    protocols = headers.get("sec-websocket-protocol", "")
    return UpgradeRequest(
        path=path,
        query=_read_query(query),
        key=key,
        protocols=tuple(one.strip() for one in protocols.split(",") if one.strip()),
    )


def accepting_head(key: str, protocol: str) -> bytes:
    """The answer that begins the WebSocket."""
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Connection: Upgrade",
        "Upgrade: websocket",
        f"Sec-WebSocket-Accept: {_accept(key)}",
        f"Sec-WebSocket-Protocol: {protocol}",
    ]
    return "\r\n".join(lines).encode("ascii") + END_OF_HEAD


def refusing_head(status: int, word: str) -> bytes:
    """The answer that ends the connection: no body, the machine word in a header of its own."""
    lines = [
        f"HTTP/1.1 {status} {_REASONS[status]}",
        "Connection: close",
        "Content-Length: 0",
        f"{_WORD_HEADER}: {word}",
    ]
    return "\r\n".join(lines).encode("ascii") + END_OF_HEAD


def read_answer(head: bytes, *, key: str, protocol: str) -> None:
    """Read an answer up to and with its empty line. Raises `BadUpgrade` when it is not the one that begins the
    WebSocket; its word is the server's where that is one of ours."""
    first, headers = _read_head(head)
    found = _STATUS.fullmatch(first)
    if found is None:
        raise BadUpgrade(0, "no_http")
    status = int(found[1])
    if status != 101:
        word = headers.get(_WORD_HEADER, "")
        raise BadUpgrade(status, word if re.fullmatch(r"[a-z][a-z0-9_]{0,39}", word) else f"http_{status}")
    if headers.get("sec-websocket-accept") != _accept(key) or headers.get("sec-websocket-protocol") != protocol:
        raise BadUpgrade(status, "foreign_answer")


def _accept(key: str) -> str:
    return base64.b64encode(hashlib.sha1(key.encode("ascii") + _GUID, usedforsecurity=False).digest()).decode("ascii")


def _read_head(head: bytes) -> tuple[str, Mapping[str, str]]:
    """The first line, and the headers by lower-case name; what stands twice is one list (RFC 9110, section 5.3)."""
    first, *lines = head.removesuffix(END_OF_HEAD).decode("latin-1").split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name):
            raise BadUpgrade(400, "bad_header")
        name, value = name.lower(), value.strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return first, headers


def _list(headers: Mapping[str, str], name: str) -> set[str]:
    return {one.strip().lower() for one in headers.get(name, "").split(",")}


def _read_query(query: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise BadUpgrade(400, "bad_query") from None
    values: dict[str, str] = {}
    for name, value in pairs:
        values.setdefault(name, value)
    return values
