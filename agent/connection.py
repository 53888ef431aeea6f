"""A TCP connection with one deadline for all of it, which another thread may end before."""

import socket
import struct
import sys
import time
from contextlib import suppress
from threading import Lock

_LINGER = "hh" if sys.platform == "win32" else "ii"


class TcpConnection:
    """One TCP connection that another thread may cut: a hung or trickling peer sees its deadline.

    With `reset_at_end` its end is a reset, so that nothing still waiting is sent, here or there.
    """

    def __init__(self, deadline_s: float, *, reset_at_end: bool = False) -> None:
        self._reset_at_end = reset_at_end
        self._ends_at = time.monotonic() + deadline_s
        self._lock = Lock()
        self._plug: socket.socket | None = None
        self._cut = False

    def left_s(self) -> float:
        """Seconds to the deadline. Raises `TimeoutError` past it."""
        left = self._ends_at - time.monotonic()
        if left <= 0 or self._cut:
            raise TimeoutError
        return left

    def connect(self, host: str, port: int, *, within_s: float | None = None) -> socket.socket:
        """Connect within the deadline, and `within_s` where that is sooner, trying each address. Raises `OSError`."""
        timeout_s = self.left_s()
        link = socket.create_connection((host, port), timeout=min(within_s or timeout_s, timeout_s))
        try:
            link.settimeout(self.left_s())
            if self._reset_at_end:
                link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER, 1, 0))
            with self._lock:
                if self._cut:
                    raise TimeoutError
                # TLS takes `link` over; a second handle on the same connection stays ours to pull
                self._plug = link.dup()
        except BaseException:
            link.close()
            raise
        return link

    def cut(self) -> None:
        """End the connection from outside. Harmless when it has ended."""
        with self._lock:
            self._cut = True
            if self._plug is not None:
                with suppress(OSError):
                    self._plug.shutdown(socket.SHUT_RDWR)
                self._plug.close()
                self._plug = None
