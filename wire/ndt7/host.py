"""An ndt7 server but for its sockets, which are lent to it: who may come in, a thread for each, and its account.

The collector and a ``reference`` agent are hosts. They may not know each other, and TLS and what is counted where
differ; this is what does not.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

from wire.ndt7.places import Place, Places
from wire.ndt7.talk import Link, talk
from wire.ndt7.visit import Allow, Grant, Visit
from wire.report_words import Direction
from wire.tcp_info import TcpInfo

log = logging.getLogger(__name__)

C = TypeVar("C")
CROWDED = "crowded"


class Sockets(Protocol[C]):
    """What a host has of its system. `C` is a connection of it."""

    def accept(self) -> C:
        """The next one. Raises `TimeoutError` now and then, and `OSError`."""

    def open(self, connection: C) -> Link:
        """Make it ready to talk over, with TLS or without. Raises `OSError`."""

    def tcp_info(self, connection: C) -> TcpInfo | None:
        """What its kernel knows of it; ``None`` where it does not say."""

    def cut(self, connection: C) -> None:
        """End it from another thread."""

    def close(self, connection: C, *, reset: bool) -> None:
        """It has ended. With `reset` nothing that waits is sent any more."""

    def stop(self) -> None:
        """Listen no more."""


class Ndt7Host(Generic[C]):
    """Lets visitors in from `start` to `close`. `ended` is told of each that left: the direction of its test, ``None``
    without one, the machine word for how it ended, and what the test carried. It is called by one thread at a time."""

    def __init__(self, sockets: Sockets[C], allow: Allow, ended: Callable[[Direction | None, str, int], None]) -> None:
        self._sockets = sockets
        self._allow = allow
        self._ended = ended
        self._noting = threading.Lock()
        self._places = Places()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="ndt7", daemon=True)

    def start(self) -> None:
        """Begin to let visitors in."""
        self._thread.start()

    def close(self) -> None:
        """Let nobody in any more, and end every test."""
        self._closing = True
        if self._thread.is_alive():
            self._thread.join()
        self._sockets.stop()
        self._places.cut_all()

    def _run(self) -> None:
        while not self._closing:
            try:
                connection = self._sockets.accept()
            except TimeoutError:
                continue
            except OSError:  # too many files are open, or a visitor has gone already
                time.sleep(0.1)
                continue
            self._let_in(connection)

    def _let_in(self, connection: C) -> None:
        place = self._places.enter(lambda: self._sockets.cut(connection))
        if place is None:
            self._sockets.close(connection, reset=False)
            self._note(None, CROWDED, 0)
            return
        try:
            threading.Thread(target=self._serve, args=(connection, place), name="ndt7-visit", daemon=True).start()
        except RuntimeError:  # no thread to be had
            self._places.leave(place)
            self._sockets.close(connection, reset=False)
            self._note(None, CROWDED, 0)

    def _serve(self, connection: C, place: Place) -> None:
        def allow(token: str | None, direction: Direction) -> Grant:
            grant = self._allow(token, direction)
            place.is_tested = True
            return grant

        visit = Visit(
            allow,
            now_ns=time.monotonic_ns(),
            utc_now=lambda: datetime.now(UTC),
            tcp_info=lambda: self._sockets.tcp_info(connection),
        )
        try:
            talk(visit, self._sockets.open(connection), now_ns=time.monotonic_ns)
        except OSError:
            visit.hung_up()
        except Exception:  # a visit that breaks hurts only itself
            log.exception("ndt7 visit broke, this is a fault of ours")
        finally:
            visit.leave()
            with suppress(OSError):
                self._sockets.close(connection, reset=visit.must_reset)
            self._places.leave(place)
            self._note(visit.direction, visit.end or "broken", visit.used_bytes)

    def _note(self, direction: Direction | None, end: str, used_bytes: int) -> None:
        with self._noting:  # who counts need not mind that visits end at once
            self._ended(direction, end, used_bytes)
