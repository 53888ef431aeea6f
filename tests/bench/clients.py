"""Concurrent clients in one process: each sends its next batch when the last is answered.

As the agent does, every batch has a connection of its own, which the collector closes after its answer.
"""

import json
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A whole HTTP request with ``Connection: close``, and how many reports it carries."""

    data: bytes
    reports: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """When one request was begun and when its answer was whole, in monotonic seconds."""

    began_at: float
    answered_at: float


class NotAcknowledged(Exception):
    """An answer that is not the acknowledgement of every report as stored."""


class _Client:
    def __init__(self, port: int, requests: Sequence[Request], selector: selectors.BaseSelector) -> None:
        self._port = port
        self._requests = iter(requests)
        self._selector = selector
        self._asked: Request | None = None
        self._began_at = 0.0
        self._answer = b""
        self._socket: socket.socket | None = None

    def send(self) -> bool:
        """Send the next request on a new connection; false when there is none."""
        self._asked = next(self._requests, None)
        if self._asked is None:
            return False
        self._began_at = time.monotonic()
        self._answer = b""
        self._socket = socket.create_connection(("127.0.0.1", self._port))
        self._socket.sendall(self._asked.data)
        self._selector.register(self._socket, selectors.EVENT_READ, self)
        return True

    def receive(self) -> Answered | None:
        """Read on; what was answered once the collector has closed the connection. Raises `NotAcknowledged`."""
        assert self._socket is not None
        assert self._asked is not None
        more = self._socket.recv(65_536)
        self._answer += more
        if more:
            return None
        self.close()
        head, _, body = self._answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200") or json.loads(body)["stored"] != self._asked.reports:
            raise NotAcknowledged(self._answer.decode(errors="replace")[:500])
        return Answered(began_at=self._began_at, answered_at=time.monotonic())

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None


def run_clients(port: int, requests: Sequence[Sequence[Request]], *, seconds: float) -> list[Answered]:
    """Send each client's `requests` one after the other for `seconds`; what was answered, in that order.

    Ends earlier when a client has nothing left to send. Raises `NotAcknowledged`.
    """
    answered: list[Answered] = []
    with selectors.DefaultSelector() as selector:
        clients = [_Client(port, own, selector) for own in requests]
        try:
            ends_at = time.monotonic() + seconds
            sending = True
            for client in clients:
                client.send()
            while selector.get_map():
                for key, _ in selector.select():
                    one = key.data.receive()
                    if one is not None:
                        answered.append(one)
                        sending = sending and one.answered_at < ends_at and key.data.send()
        finally:
            for client in clients:
                client.close()
    return answered
