"""An agent, or whoever has its token, at the endpoints of throughput tests: bytes on a socket, and no manners."""

import hashlib
import json
import secrets
import select
import socket
import struct
from typing import Any

from collector.registry.byte_ledger import Account
from tests.collector.live import TOKEN, Answered, Live
from wire.enrolment import EnrolmentRequest

JSON = {"Content-Type": "application/json"}


def another_agent(live: Live) -> str:
    """The token of a second agent of the room."""
    registry, token = live.services.registry, secrets.token_urlsafe(32)
    now_ms = int(live.clock().timestamp() * 1000)
    code = registry.make_code(site="oak-hill", room="204", role="room", uses=1, expires_ms=now_ms + 1000)
    digest = hashlib.sha256(token.encode()).hexdigest()
    registry.enrol(EnrolmentRequest(version=1, code=code, token_sha256=digest), now_ms=now_ms)
    return token


def post(live: Live, path: str, body: object, token: str = TOKEN) -> Answered:
    """Hand over `body`, as JSON unless it is bytes."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return live.ask("POST", path, sent, JSON | {"Authorization": f"Bearer {token}"})


def ask_for_lease(live: Live, token: str = TOKEN, request: str | None = None) -> Answered:
    """Ask, with a new request unless told which, half a second after whatever was before: leases of one agent are that
    far apart here."""
    live.timer.move(0.5)
    return post(live, "/v1/leases", {"version": 2, "request": request or secrets.token_hex(8)}, token)


def a_lease(live: Live, token: str = TOKEN) -> str:
    """The name of a lease that was given."""
    answer = ask_for_lease(live, token)
    assert answer.status == 200, answer
    name: str = answer.body["lease"]
    return name


def end_lease(live: Live, lease: str, used_bytes: int = 0, token: str = TOKEN) -> Answered:
    """Give it back."""
    return post(live, f"/v1/leases/{lease}/end", {"version": 2, "used_bytes": used_bytes}, token)


def spent(live: Live, day: str = "2026-11-16") -> int:
    """What the first agent's tests of the day have cost or may still cost."""
    account = Account(scope="agent", name=live.agent, period=day)
    balance = live.services.registry.byte_ledger.balances([day]).get(account)
    return balance.used_bytes + balance.reserved_bytes if balance else 0


def stream_ends(live: Live) -> dict[str, int]:
    """How often streams ended, by how."""
    found = {}
    for family in live.services.metrics.collect():
        for sample in family.samples:
            if sample.name == "bandroom_throughput_streams_total":
                found[sample.labels["end"]] = int(sample.value)
    return found


class StreamClient:
    """One connection. What it reads and when is up to the test."""

    def __init__(self, live: Live, *, receive_buffer: int | None = None) -> None:
        self.link = socket.socket()
        if receive_buffer is not None:
            self.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.link.settimeout(30)
        self.link.connect((live.host, live.port))
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> "StreamClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.link.close()

    def begin(self, lease: str, direction: str, *more: str, token: str = TOKEN, version: str = "1.1") -> "StreamClient":
        """Send the head of a stream's request, with `more` header lines."""
        method = "GET" if direction == "down" else "POST"
        lines = (f"{method} /v1/leases/{lease}/{direction} HTTP/{version}", "Host: x", f"Authorization: Bearer {token}")
        self.link.sendall("\r\n".join((*lines, *more, "", "")).encode())
        return self

    def status(self) -> int:
        """The status of the answer; what follows its head is left unread."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            piece = self.link.recv(1)
            assert piece, head
            head += piece
        return int(head.split()[1])

    def ended_within(self, seconds: float) -> bool:
        """Wait until the other side has ended the connection, without reading anything."""
        waiting = select.poll()
        waiting.register(self.link, 0)  # a reset is told even so
        return bool(waiting.poll(seconds * 1000))

    def rest(self) -> tuple[int, str]:
        """Read to the end: how many bytes, and whether that was a ``close`` or a ``reset``."""
        size = 0
        try:
            while piece := self.link.recv(65_536):
                size += len(piece)
        except ConnectionResetError:
            return size, "reset"
        return size, "close"

    def send_until_answered(self, piece: bytes, *, every_s: float = 0.0, most: int = 10**9) -> int:
        """Send `piece` again and again until something can be read or nobody takes it; how many bytes went."""
        sent = 0
        while sent < most and not select.select([self.link], [], [], every_s)[0]:
            try:
                sent += self.link.send(piece)
            except OSError:
                break
        return sent

    def hang_up(self, *, by_reset: bool) -> None:
        """End the connection here and now."""
        if by_reset:
            self.link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.link.close()


def faults(records: Any) -> list[str]:
    """What was logged that a stranger must not be able to cause."""
    return [one.getMessage() for one in records if one.levelno >= 40 or (one.name == "asyncio" and one.levelno >= 30)]
