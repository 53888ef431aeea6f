"""The ndt7 server of a ``reference``: a TCP port without TLS, inside the site."""

import logging
from collections import Counter

from wire.ndt7.host import Ndt7Host
from wire.ndt7.listener import Listener
from wire.ndt7.visit import Allow
from wire.report_words import Direction

log = logging.getLogger(__name__)


class Ndt7Server:
    """Serves from `start` to `close`. `ended` counts visits by what became of them: the direction where there was a
    test, and a machine word."""

    def __init__(self, host: str, port: int, allow: Allow) -> None:
        """Open the port; 0 takes a free one. Raises `OSError` when it is taken."""
        listener = Listener(host, port)
        self.port: int = listener.port
        self.ended: Counter[str] = Counter()
        self._host = Ndt7Host(listener, allow, self._note)

    def start(self) -> None:
        """Begin to listen."""
        self._host.start()

    def close(self) -> None:
        """Listen no more, and end every test."""
        self._host.close()

    def _note(self, direction: Direction | None, end: str, used_bytes: int) -> None:
        self.ended[f"{direction}_{end}" if direction else end] += 1
        if direction is not None:
            log.info("ndt7 test direction=%s end=%s bytes=%d", direction, end, used_bytes)
