"""The collector's ndt7 server: a TCP port of its own, with TLS where the collector has a certificate."""

import ssl
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter

from wire.ndt7.host import Ndt7Host
from wire.ndt7.listener import Listener
from wire.ndt7.visit import Allow
from wire.report_words import Direction


class Ndt7Server:
    """Serves from `start` to `close`, on threads of its own, never on the event loop."""

    def __init__(
        self,
        host: str,
        port: int,
        allow: Allow,
        *,
        certificate: tuple[Path, Path] | None,
        metrics: CollectorRegistry,
    ) -> None:
        """Open the port; 0 takes a free one. `certificate` is a chain and its key. Raises `OSError` when the port is
        taken or a file of the certificate cannot be read."""
        listener = Listener(host, port, None if certificate is None else _context(*certificate))
        self.port: int = listener.port
        self._visits = Counter(
            "bandroom_ndt7_visits", "Visits to the ndt7 server by what became of them", ["end"], registry=metrics
        )
        self._bytes = Counter(
            "bandroom_ndt7_bytes", "What ndt7 tests carried, with their frames", ["direction"], registry=metrics
        )
        self._host = Ndt7Host(listener, allow, self._note)

    def start(self) -> None:
        """Begin to listen."""
        self._host.start()

    def close(self) -> None:
        """Listen no more, and end every test."""
        self._host.close()

    def _note(self, direction: Direction | None, end: str, used_bytes: int) -> None:
        self._visits.labels(end=f"{direction}_{end}" if direction else end).inc()
        if direction is not None:
            self._bytes.labels(direction=direction).inc(used_bytes)


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
