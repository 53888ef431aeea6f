"""What answers in a collector's place: portals, filters, and what just hangs up."""

import http.client
import socket

from tests.end_to_end.relay import Behaviour

HTML = b"<!doctype html><title>Guest network</title><h1>Welcome! Please accept the terms of use.</h1>"
PATIENCE_S = 30


def answers(status: int, body: bytes = HTML, **headers: str) -> Behaviour:
    """Answers every request itself, after reading it."""

    def behave(client: socket.socket) -> None:
        client.settimeout(PATIENCE_S)
        read_request(client)
        sent = {"Content-Type": "text/html", "Content-Length": str(len(body)), "Connection": "close"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'No')}"]
        lines += [f"{name}: {value}" for name, value in sent.items()]
        client.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    return behave


def hangs_up(client: socket.socket) -> None:
    """Takes the request and closes."""
    client.settimeout(PATIENCE_S)
    read_request(client)


def read_request(client: socket.socket) -> None:
    """Take a whole request, so that closing the connection does not cut the answer short."""
    with client.makefile("rb") as stream:
        length = 0
        while (line := stream.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        stream.read(length)
