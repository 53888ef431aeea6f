"""One HTTPS request to a service that the district lists, in its phases: where does the time go, where does it fail?"""

import asyncio
import errno
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from agent.background import background
from agent.clock import NS_PER_MS, NS_PER_S, Clock
from agent.connection import TcpConnection
from agent.fold import Draft
from agent.proxy import Proxy, find_proxy
from wire.enrolment import Service
from wire.service_report import ServiceFailure, ServicePhase, ServiceReport
from wire.version import VERSION

METHOD_VERSION = 1
MOST_ADDRESSES = 3
"""So many addresses of a name are tried, and share the time that is left."""

MOST_HEAD_BYTES = 8_192
"""More than this is not read, of a proxy's answer and of the service's."""

DAY_S = 86_400
MOST_DAYS = 100_000
HTTPS_PORT = 443
NOT_IMPLEMENTED = 501
"""What a service that knows no HEAD may say to one (RFC 9110, section 15.6.2): an answer."""

_AGENT = f"User-Agent: bandroom-agent/{VERSION}\r\n"
_NOT_CONNECTED = (errno.ENOTCONN, errno.EINVAL)
"""What a system says of a connection that was reset before it was looked at; macOS the second."""

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: [^\n]*)?\r?\n")
_CERT_HAS_EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED
_NO_CHECK_TIME = 0x20_0000  # X509_V_FLAG_NO_CHECK_TIME; the ssl module names neither


class _Failed(Exception):
    """The request failed, in the phase that was under way."""

    def __init__(self, failure: ServiceFailure) -> None:
        super().__init__(failure)
        self.failure: ServiceFailure = failure


@dataclass(slots=True)
class _Course:
    """How far a request has come. Written by the thread that makes it, read by whoever waits no longer."""

    clock: Clock
    via_proxy: bool = False
    phase: ServicePhase | None = None
    us: dict[ServicePhase, int] = field(default_factory=dict)
    status: int | None = None
    certificate_days: int | None = None
    failure: ServiceFailure | None = None

    @contextmanager
    def during(self, phase: ServicePhase) -> Iterator[None]:
        """Time `phase`, if it comes to its end."""
        self.phase = phase
        began_ns = self.clock.precise_ns()
        yield
        self.us[phase] = (self.clock.precise_ns() - began_ns) // 1000


class ServiceProbe:
    """Requests as the machine's own programs would make them: through its proxy, or `proxy` instead, with certificates
    verified against its authorities and those in `ca_file`."""

    def __init__(self, *, ca_file: str | None, proxy: str | None, clock: Clock) -> None:
        self._ca_file = ca_file
        self._proxy = proxy
        self._clock = clock
        self._trust: ssl.SSLContext | None = None

    async def ask(self, service: Service) -> Draft:
        """One request; what it learned within the service's timeout. Raises for what is this machine's fault:
        `BadProxy`, or `OSError` for a `ca_file` that is gone.

        The thread that makes it is left behind when the deadline passes, its connection cut under it.
        """
        began_ns = self._clock.boot_ns()
        course = _Course(self._clock)
        tcp = TcpConnection(service.timeout_ms / 1000)
        try:
            async with asyncio.timeout(service.timeout_ms / 1000):
                await background(partial(self._request, service, tcp, course))
        except TimeoutError:  # what the thread still notes is not heard
            course = replace(course, us=dict(course.us), failure=course.failure or "no_answer")
        finally:
            tcp.cut()
        return partial(
            ServiceReport,
            boot_ms=began_ns // NS_PER_MS,
            duration_ms=max(1, (self._clock.boot_ns() - began_ns) // NS_PER_MS),
            target=service.alias,
            method_version=METHOD_VERSION,
            via_proxy=course.via_proxy,
            resolve_us=course.us.get("resolve"),
            connect_us=course.us.get("connect"),
            proxy_us=course.us.get("proxy"),
            tls_us=course.us.get("tls"),
            first_byte_us=course.us.get("first_byte"),
            status=course.status,
            certificate_days=course.certificate_days,
            failure=course.failure,
            failed_in=course.phase if course.failure else None,
        )

    def _request(self, service: Service, tcp: TcpConnection, course: _Course) -> None:
        """Make the request on `tcp`, noting its `course`. Blocks."""
        trust = self._trusted()
        proxy = find_proxy("https", service.host, self._proxy)
        course.via_proxy = proxy is not None
        try:
            with _secured(service, proxy, tcp, trust, course) as link:
                course.certificate_days = self._days_left(link)
                with course.during("first_byte"):
                    link.sendall(_request_of(service))
                    link.settimeout(tcp.left_s())
                    head = link.recv(MOST_HEAD_BYTES)
                    if not head:
                        raise _Failed("refused")
                course.status = _status_of(_to_line_end(link, tcp, head))
            if course.status >= 500 and course.status != NOT_IMPLEMENTED:
                raise _Failed("server_error")
        except ssl.SSLCertVerificationError as error:
            course.failure = "bad_certificate"
            if error.verify_code == _CERT_HAS_EXPIRED:
                course.certificate_days = self._days_of_the_expired(service, proxy, tcp)
        except (OSError, ssl.CertificateError, UnicodeError, _Failed) as error:
            course.failure = _failure_of(error)

    def _days_of_the_expired(self, service: Service, proxy: Proxy | None, tcp: TcpConnection) -> int | None:
        """How long the certificate has been over, by a second connection that minds everything but the time; ``None``
        where that one fails, too. Nothing is asked on it."""
        again = TcpConnection(tcp.left_s())
        trust = self._new_trust()
        trust.verify_flags |= _NO_CHECK_TIME
        try:
            with _secured(service, proxy, again, trust, _Course(self._clock)) as link:
                return self._days_left(link)
        except (OSError, UnicodeError, _Failed):
            return None
        finally:
            again.cut()

    def _days_left(self, link: ssl.SSLSocket) -> int:
        """Whole days until the certificate ends, negative after it; by this machine's clock."""
        certificate = link.getpeercert() or {}
        ends_s = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
        days = int((ends_s - self._clock.wall_ns() / NS_PER_S) // DAY_S)
        return min(max(days, -MOST_DAYS), MOST_DAYS)  # some never end: they say the year 9999

    def _trusted(self) -> ssl.SSLContext:
        """Reading the system's authorities costs 20 ms, so it is done once, and before a phase is timed."""
        if self._trust is None:
            self._trust = self._new_trust()
        return self._trust

    def _new_trust(self) -> ssl.SSLContext:
        trust = ssl.create_default_context()
        if self._ca_file is not None:
            trust.load_verify_locations(self._ca_file)
        return trust


@contextmanager
def _secured(
    service: Service, proxy: Proxy | None, tcp: TcpConnection, trust: ssl.SSLContext, course: _Course
) -> Iterator[ssl.SSLSocket]:
    """A connection to `service` with TLS on it."""
    host, port = (proxy.host, proxy.port) if proxy else (service.host, service.port)
    with course.during("resolve"):
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(place[0]) for _, _, _, _, place in found))[:MOST_ADDRESSES]
    with course.during("connect"):
        link = _connected(addresses, port, tcp)
    with link:
        if proxy is not None:
            with course.during("proxy"):
                _tunnel(service, proxy, link, tcp, course)
        with course.during("tls"):
            link.settimeout(tcp.left_s())
            link.getpeername()  # raises where it was reset meanwhile; wrap_socket() would leave its socket open then
            secured = trust.wrap_socket(link, server_hostname=service.host)
        with secured:
            yield secured


def _connected(addresses: list[str], port: int, tcp: TcpConnection) -> socket.socket:
    """A connection to the first of `addresses` that answers, as whoever needs the service would wait for it."""
    while True:
        address = addresses.pop(0)
        try:
            return tcp.connect(address, port, within_s=tcp.left_s() / (len(addresses) + 1))
        except OSError:
            if not addresses:
                raise


def _tunnel(service: Service, proxy: Proxy, link: socket.socket, tcp: TcpConnection, course: _Course) -> None:
    """Ask `proxy` for a way through (RFC 9110, section 9.3.6). What it says instead, or after, is its refusal."""
    authority = _authority(service, always_port=True)
    login = f"Proxy-Authorization: {proxy.authorization}\r\n" if proxy.authorization else ""
    link.settimeout(tcp.left_s())
    link.sendall(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{_AGENT}{login}\r\n".encode("ascii"))
    head = _to_line_end(link, tcp, b"")
    if not head:
        raise _Failed("refused")
    status = _status_of(head)
    if not 200 <= status < 300:
        course.status = status
        raise _Failed("proxy_refused")
    while b"\r\n\r\n" not in head and b"\n\n" not in head:
        link.settimeout(tcp.left_s())
        more = link.recv(MOST_HEAD_BYTES)
        head += more
        if not more or len(head) > MOST_HEAD_BYTES:
            raise _Failed("not_http")
    if not head.endswith((b"\r\n\r\n", b"\n\n")):
        raise _Failed("proxy_refused")  # a page of its own, where nothing but the service's silence should be


def _request_of(service: Service) -> bytes:
    authority = _authority(service, always_port=False)
    return f"HEAD {service.path} HTTP/1.1\r\nHost: {authority}\r\n{_AGENT}Connection: close\r\n\r\n".encode("ascii")


def _authority(service: Service, *, always_port: bool) -> str:
    """Host and port as a URI has them (RFC 3986, section 3.2)."""
    host = f"[{service.host}]" if ":" in service.host else service.host
    return f"{host}:{service.port}" if always_port or service.port != HTTPS_PORT else host


def _to_line_end(link: socket.socket, tcp: TcpConnection, head: bytes) -> bytes:
    """`head` and what follows until its first line is whole, the other side has no more, or it is too much."""
    while b"\n" not in head and len(head) < MOST_HEAD_BYTES:
        link.settimeout(tcp.left_s())
        more = link.recv(MOST_HEAD_BYTES)
        if not more:
            break
        head += more
    return head


def _status_of(head: bytes) -> int:
    """The status in an answer's first line (RFC 9112, section 4)."""
    match = _STATUS_LINE.match(head)
    if match is None:
        raise _Failed("not_http")
    return int(match[1])


def _failure_of(error: Exception) -> ServiceFailure:
    """The word for what went wrong, whatever the phase."""
    if isinstance(error, _Failed):
        return error.failure
    if isinstance(error, TimeoutError):
        return "no_answer"
    if isinstance(error, socket.gaierror | UnicodeError):
        return "name_not_resolved"
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError):
        return "refused"
    if isinstance(error, ssl.SSLError | ssl.CertificateError):
        return "tls_failed"
    return "refused" if isinstance(error, OSError) and error.errno in _NOT_CONNECTED else "unreachable"
