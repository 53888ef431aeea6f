"""What lies beyond a district's way out: two machines that answer pings, two web services, and the resolver that knows
the name of one of them. It can be made slow, or a service unreachable."""

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.end_to_end.certificate import make_certificate
from tests.end_to_end.namespace import Namespace

ANCHORS = {"east": "198.51.100.1", "west": "198.51.100.2"}
NAMED, NAME, NAMED_ADDRESS = "lms", "lms.example.test", "198.51.100.11"
ADDRESSED, ADDRESS = "meet", "198.51.100.12"
RESOLVER = "198.51.100.53"
ADDRESSES = (*ANCHORS.values(), NAMED_ADDRESS, ADDRESS, RESOLVER)

_PORT = 443
_A, _IN, _OF_A_MINUTE = 1, 1, 60
_ANSWER, _THE_NAME_ASKED = 0x8180, 0xC00C


class _Silent(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is there
        """Say nothing."""


class _Service(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none of a service's business."""


class Resolver:
    """Answers every question for an IPv4 address with that of the named service, `slow_s` after it was asked."""

    def __init__(self, place: Namespace) -> None:
        self.slow_s = 0.0
        self._socket = place.open_socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((RESOLVER, 53))
        self._socket.settimeout(0.2)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="resolver")
        self._thread.start()

    def close(self) -> None:
        """Answer no more."""
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            with suppress(TimeoutError):
                asked, client = self._socket.recvfrom(4096)
                later = threading.Timer(self.slow_s, self._answer, (asked, client))
                later.daemon = True
                later.start()

    def _answer(self, asked: bytes, client: tuple[str, int]) -> None:
        """RFC 1035, section 4: the question again, and one record where it was for an address of version 4."""
        end = asked.index(0, 12) + 5
        question = asked[12:end]
        known = question.endswith(struct.pack("!HH", _A, _IN))
        head = asked[:2] + struct.pack("!HHHHH", _ANSWER, 1, known, 0, 0)
        record = struct.pack("!HHHIH", _THE_NAME_ASKED, _A, _IN, _OF_A_MINUTE, 4) + socket.inet_aton(NAMED_ADDRESS)
        with suppress(OSError):  # closed meanwhile
            self._socket.sendto(head + question + (record if known else b""), client)


class Internet:
    """The place, with everything in it at work. `certificate` vouches for both services."""

    def __init__(self, place: Namespace, resolver: Resolver, certificate: Path) -> None:
        self.place = place
        self.resolver = resolver
        self.certificate = certificate

    def lose_all_to(self, address: str) -> None:
        """From now on nothing reaches this address."""
        self.place.run(
            "nft",
            "--file",
            "-",
            text=f"""
            table ip lost {{
                chain in {{
                    type filter hook input priority 0
                    ip daddr {address} drop
                }}
            }}
            """,
        )


@contextmanager
def internet(place: Namespace, folder: Path) -> Iterator[Internet]:
    """In `place`, whose cables are somebody else's business."""
    for address in ADDRESSES:
        place.run("ip", "address", "add", f"{address}/32", "dev", "lo")
    certificate = make_certificate(folder / "services.pem", f"DNS:{NAME},IP:{ADDRESS}")
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(certificate)
    servers = []
    for address in (NAMED_ADDRESS, ADDRESS):
        server = place.call(lambda address=address: _Service((address, _PORT), _Silent))  # type: ignore[misc]
        server.socket = trust.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, name=f"service {address}", daemon=True).start()
        servers.append(server)
    resolver = Resolver(place)
    try:
        yield Internet(place, resolver, certificate)
    finally:
        resolver.close()
        for server in servers:
            server.shutdown()
            server.server_close()
