"""The ndt7 server of a ``reference``: a TCP port, and a thread for each visitor."""

import contextlib
import logging
import socket
import struct
import sys
import threading
import time
from collections import Counter

from agent.schedule import place_of
from wire.ndt7_places import Place, Places
from wire.ndt7_talk import LOOK_S, talk
from wire.ndt7_visit import Allow, Grant, Visit
from wire.reports import Direction
from wire.tcp_info import SIZE, TcpInfo, read_tcp_info

log = logging.getLogger(__name__)

BACKLOG = 64
UNSENT_BYTES = 1 << 18
_LINGER = "hh" if sys.platform == "win32" else "ii"


class Ndt7Server:
    """Listens from `start` to `close`. `ended` counts visits by what became of them: the direction where there was a
    test, and a machine word."""

    def __init__(self, host: str, port: int, allow: Allow) -> None:
        """Open the port; 0 takes a free one. Raises `OSError` when it is taken."""
        self._allow = allow
        self._places = Places()
        self._closing = False
        self._listener = socket.create_server(
            (host, port),
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
            backlog=BACKLOG,
            dualstack_ipv6=host == "::" and socket.has_dualstack_ipv6(),
        )
        self._listener.settimeout(0.2)
        self.port: int = self._listener.getsockname()[1]
        self.ended: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, name="ndt7", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """Listen no more, and end every test."""
        self._closing = True
        if self._thread.is_alive():
            self._thread.join()
        self._listener.close()
        self._places.cut_all()

    def _run(self) -> None:
        while not self._closing:
            try:
                link, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:  # too many files are open, or a visitor has gone already
                time.sleep(0.1)
                continue
            self._let_in(link)

    def _let_in(self, link: socket.socket) -> None:
        place = self._places.enter(lambda: _cut(link))
        if place is None:
            self.ended["crowded"] += 1
            link.close()
            return
        try:
            threading.Thread(target=self._serve, args=(link, place), name="ndt7-visit", daemon=True).start()
        except RuntimeError:  # no thread to be had
            self._places.leave(place)
            link.close()

    def _serve(self, link: socket.socket, place: Place) -> None:
        def allow(token: str | None, direction: Direction) -> Grant:
            grant = self._allow(token, direction)
            place.is_tested = True
            return grant

        visit = Visit(allow, now_ns=time.monotonic_ns(), tcp_info=lambda: tcp_info(link))
        try:
            with link:
                _prepare(link)
                talk(visit, link, now_ns=time.monotonic_ns)
                visit.leave()
                if visit.must_reset:
                    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER, 1, 0))
        except OSError as error:  # gone before it began
            log.debug("ndt7 visit ended error=%s", type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a visit that breaks hurts only itself
            log.warning("ndt7 visit broke error=%s at=%s", type(error).__name__, place_of(error))
        finally:
            visit.leave()
            self._places.leave(place)
            self.ended[f"{visit.direction}_{visit.end}" if visit.direction else str(visit.end)] += 1
            if visit.direction is not None:
                log.info("ndt7 test direction=%s end=%s bytes=%d", visit.direction, visit.end, visit.used_bytes)


def tcp_info(link: socket.socket) -> TcpInfo | None:
    """What the kernel knows of the connection; ``None`` where it does not say."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return read_tcp_info(link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, SIZE))
    return None


def _prepare(link: socket.socket) -> None:
    link.settimeout(LOOK_S)
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if sys.platform == "linux":
        # What waits unsent is late when a test ends, and a text behind it when it is sent.
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        with contextlib.suppress(OSError):  # a kernel without it
            # Whatever this machine prefers: what a test finds must not depend on the server that it is made to.
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")


def _cut(link: socket.socket) -> None:
    with contextlib.suppress(OSError):
        link.shutdown(socket.SHUT_RDWR)
