"""One HTTP request with one deadline for all of it, through the machine's proxy and trust."""

import asyncio
import http.client
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from agent.background import background
from agent.connection import TcpConnection
from agent.proxy import BadProxy, Proxy, find_proxy
from wire.version import VERSION

DEADLINE_S = 30.0
MOST_ANSWER_BYTES = 4_000_000
_CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. Names of `headers` are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A connection that stands, for one request: `prefix` goes before its path, `headers` go with it."""

    connection: http.client.HTTPConnection
    link: socket.socket
    prefix: str
    headers: dict[str, str]


class Unanswered(Exception):
    """No answer of any kind.

    Attributes:
        word: the machine word why; never an address or a name.
    """

    def __init__(self, word: str) -> None:
        super().__init__(word)
        self.word = word


class Collector:
    """The collector's HTTP interface, as bytes.

    Redirects are not followed, certificates always verified: against the system's authorities and
    those in `ca_file`. `proxy` replaces the machine's proxy settings.
    """

    def __init__(self, url: str, *, ca_file: str | None = None, proxy: str | None = None) -> None:
        parts = urlsplit(url)
        self._scheme = parts.scheme
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._netloc = parts.netloc
        self._path = parts.path.rstrip("/")
        self._ca_file = ca_file
        self._proxy = proxy
        self._trust: ssl.SSLContext | None = None

    async def ask(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Callable[[], bytes] | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> Answer:
        """Send one request and read the whole answer. Raises `Unanswered`.

        `body` is made on another thread once the connection stands, so that a clock reading in it
        is as old as the sending and not as the name look-up.

        The thread that does it is left behind when the deadline passes, its connection cut under it.
        """
        tcp = TcpConnection(deadline_s)

        def exchange() -> Answer:
            with self.connected(tcp) as way:
                sent = body() if body is not None else None
                with suppress(BrokenPipeError, ConnectionResetError):  # an early no may still be read
                    way.connection.request(method, way.prefix + path, sent, way.headers | dict(headers or {}))
                return _whole_answer(way, tcp)

        try:
            async with asyncio.timeout(deadline_s):
                return await background(exchange)
        except TimeoutError:
            raise Unanswered("timeout") from None
        finally:
            tcp.cut()

    @contextmanager
    def connected(self, tcp: TcpConnection) -> Iterator[Way]:
        """A way over `tcp` for one request. Blocks; whatever goes wrong until the context is left is raised as
        `Unanswered`."""
        with _unanswered():
            proxy = find_proxy(self._scheme, self._host, self._proxy)
            link = tcp.connect(proxy.host if proxy else self._host, proxy.port if proxy else self._port)
            with link:
                prefix = self._path
                headers = {
                    "Host": self._netloc,
                    "User-Agent": f"bandroom-agent/{VERSION}",
                    "Connection": "close",
                }
                if self._scheme == "https":
                    if proxy is not None:
                        self._tunnel(link, proxy)
                    link = self._trusted().wrap_socket(link, server_hostname=self._host)
                elif proxy is not None:
                    prefix = f"http://{self._netloc}{prefix}"
                    if proxy.authorization:
                        headers["Proxy-Authorization"] = proxy.authorization
                with link:
                    connection = http.client.HTTPConnection(self._host, self._port)
                    connection.sock = link
                    yield Way(connection=connection, link=link, prefix=prefix, headers=headers)

    def _tunnel(self, link: socket.socket, proxy: Proxy) -> None:
        """Ask the proxy for a way through (RFC 9110, section 9.3.6)."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        request = f"CONNECT {host}:{self._port} HTTP/1.1\r\nHost: {host}:{self._port}\r\n"
        if proxy.authorization:
            request += f"Proxy-Authorization: {proxy.authorization}\r\n"
        link.sendall(f"{request}\r\n".encode("ascii"))
        with http.client.HTTPResponse(link, method="CONNECT") as response:
            response.begin()
            if response.status != 200:
                raise Unanswered("proxy_wants_login" if response.status == 407 else "proxy_refused")

    def _trusted(self) -> ssl.SSLContext:
        """Reading the system's authorities costs 20 ms, so it is done once."""
        if self._trust is None:
            trust = ssl.create_default_context()
            if self._ca_file is not None:
                trust.load_verify_locations(self._ca_file)
            self._trust = trust
        return self._trust


@contextmanager
def _unanswered() -> Iterator[None]:
    """Everything that can go wrong with a connection, by its machine word."""
    try:
        yield
    except (ssl.SSLError, ssl.CertificateError) as error:
        raise Unanswered("tls_untrusted" if isinstance(error, ssl.SSLCertVerificationError) else "tls_failed") from None
    except BadProxy:
        raise Unanswered("bad_proxy") from None
    except TimeoutError:
        raise Unanswered("timeout") from None
    except socket.gaierror:
        raise Unanswered("name_not_resolved") from None
    except ConnectionRefusedError:
        raise Unanswered("connection_refused") from None
    except FileNotFoundError:
        raise Unanswered("no_ca_file") from None
    except (http.client.HTTPException, ConnectionError, ValueError):
        raise Unanswered("broken_answer") from None
    except OSError:
        raise Unanswered("unreachable") from None


def _whole_answer(way: Way, tcp: TcpConnection) -> Answer:
    with way.connection.getresponse() as response:
        received = bytearray()
        while not response.isclosed():  # once it is, so is the connection, at a server that closes
            way.link.settimeout(tcp.left_s())
            received += response.read(_CHUNK_BYTES)
            if len(received) > MOST_ANSWER_BYTES:
                raise Unanswered("answer_too_large")
        return Answer(
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            body=bytes(received),
        )
