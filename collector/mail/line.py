"""The connection to a mail server, with an end to every wait: each step has its time, and so has the whole talk.

`smtplib` times each read from the socket, so a server that sends a byte now and then keeps it waiting for ever; `Line`
is cut from outside when the whole has taken too long, or when the collector stops.
"""

import contextlib
import os
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds: of each step, of the answer to a whole mail, which servers look through first, and of all together."""

    step_s: float
    answer_s: float
    whole_s: float

    @classmethod
    def of(cls, timeout_seconds: float) -> "Limits":
        """RFC 5321 section 4.5.3.2.6 wants ten minutes for the answer to a whole mail."""
        answer_s = max(600.0, timeout_seconds)
        return cls(step_s=timeout_seconds, answer_s=answer_s, whole_s=answer_s + 10 * timeout_seconds)


class Cut(OSError):
    """The talk was ended from our side."""


class Line:
    """The socket of the talk that is on, if any. `cut` may be called by any thread, also before there is a talk."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._stopped: str | None = None
        self._late: str | None = None

    @property
    def was_cut(self) -> str | None:
        """Why we ended the talk; ``None`` unless we did."""
        return self._stopped or self._late

    def cut(self, why: str) -> None:
        """End the talk that is on, and let no other begin."""
        self._stopped = why
        self._hang_up()

    @contextlib.contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """End the talk if it takes longer."""
        self._late = None
        timer = threading.Timer(seconds, self._too_late, args=(seconds,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            self.watch(None)

    def watch(self, talking: socket.socket | None) -> None:
        """`talking` is the socket from now on. Raises `Cut` where the talk has been ended meanwhile."""
        with self._lock:
            self._socket = talking
        if talking is not None and self.was_cut is not None:
            raise Cut(self.was_cut)

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        """A connection to `host`, by the first of its addresses that takes one. Raises `OSError`."""
        failed: OSError = OSError("it has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            opened = socket.socket(family, kind, protocol)
            try:
                self._reach(opened, address, timeout)
                opened.settimeout(timeout)
                self.watch(opened)
            except OSError as error:
                opened.close()
                failed = error
                if self.was_cut is not None:
                    break
            else:
                return opened
        raise failed

    def _reach(self, opened: socket.socket, address: object, timeout: float) -> None:
        opened.setblocking(False)
        error = opened.connect_ex(address)  # type: ignore[arg-type]  # as getaddrinfo gives it
        if error == 0:
            return
        until = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(opened, selectors.EVENT_WRITE)
            while self.was_cut is None and time.monotonic() < until:
                if selector.select(POLL_SECONDS):
                    error = opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if error:
                        raise OSError(error, os.strerror(error))
                    return
        raise Cut(self.was_cut) if self.was_cut is not None else TimeoutError("timed out")

    def _too_late(self, seconds: float) -> None:
        self._late = f"the whole took longer than {seconds:g} s"
        self._hang_up()

    def _hang_up(self) -> None:
        with self._lock:
            talking = self._socket
        if talking is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(talking, socket.SHUT_RDWR)  # not that of TLS, which forgets its state
