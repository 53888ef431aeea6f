"""The reference of the agent: a bare loop that sends the same probes and keeps nothing.

``python -m tests.bench.bare_probe GATEWAY SITE DISTRICT`` (ports on loopback).
"""

import socket
import sys
import time

PACKET = bytes(13) + b"\x01" + bytes(30)
"""A STAMP test packet (RFC 8762, section 4.2.1) of which only the error estimate is not zero."""

CONNECT_EVERY = 10


def main() -> None:
    """Probe for ever."""
    gateway, *reflectors = map(int, sys.argv[1:])
    sockets = []
    for port in reflectors:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.connect(("127.0.0.1", port))
        opened.settimeout(2)
        sockets.append(opened)
    second = 0
    began = time.monotonic()
    while True:
        for opened in sockets:
            opened.send(PACKET)
            opened.recv(2048)
        if second % CONNECT_EVERY == 0:
            socket.create_connection(("127.0.0.1", gateway)).close()
        second += 1
        time.sleep(max(0.0, began + second - time.monotonic()))


if __name__ == "__main__":
    main()
