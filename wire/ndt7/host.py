"""An ndt7 server: who may come in, a thread for each, and what became of them.

The collector and a ``reference`` agent are hosts, and may not know each other. Whom they allow, and how they count,
differs; this is what does not.
"""

import logging
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from wire.ndt7.listener import Listener, close, cut, open_connection, tcp_info_of
from wire.ndt7.places import Place, Places
from wire.ndt7.talk import talk
from wire.ndt7.visit import Allow, Grant, Visit
from wire.report_words import Direction

log = logging.getLogger(__name__)

CROWDED = "crowded"


class Ndt7Host:
    """Lets visitors in from `start` to `close`. `ended` is told of each that left: the direction of its test, ``None``
    without one, the machine word for how it ended, and what the test carried. It is called by one thread at a time."""

    def __init__(self, listener: Listener, allow: Allow, ended: Callable[[Direction | None, str, int], None]) -> None:
        self._listener = listener
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
        self._listener.stop()
        self._places.cut_all()

    def _run(self) -> None:
        while not self._closing:
            try:
                connection = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:  # too many files are open, or a visitor has gone already
                time.sleep(0.1)
                continue
            self._let_in(connection)

    def _let_in(self, connection: socket.socket) -> None:
        place = self._places.enter(partial(cut, connection))
        if place is None:
            close(connection, reset=False)
            self._note(None, CROWDED, 0)
            return
        try:
            threading.Thread(target=self._serve, args=(connection, place), name="ndt7-visit", daemon=True).start()
        except RuntimeError:  # no thread to be had
            self._places.leave(place)
            close(connection, reset=False)
            self._note(None, CROWDED, 0)

    def _serve(self, connection: socket.socket, place: Place) -> None:
        def allow(token: str | None, direction: Direction) -> Grant:
            grant = self._allow(token, direction)
            place.is_tested = True
            return grant

        visit = Visit(
            allow,
            now_ns=time.monotonic_ns(),
            utc_now=lambda: datetime.now(UTC),
            tcp_info=partial(tcp_info_of, connection),
        )
        try:
            open_connection(connection)
            talk(visit, connection, now_ns=time.monotonic_ns)
        except OSError:
            visit.hung_up()
        except Exception:  # a visit that breaks hurts only itself
            log.exception("ndt7 visit broke, this is a fault of ours")
        finally:
            visit.leave()
            close(connection, reset=visit.must_reset)
            self._places.leave(place)
            self._note(visit.direction, visit.end or "broken", visit.used_bytes)

    def _note(self, direction: Direction | None, end: str, used_bytes: int) -> None:
        with self._noting:  # who counts need not mind that visits end at once
            self._ended(direction, end, used_bytes)
