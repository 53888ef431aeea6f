"""What a page of the board costs in a district of 5,000 rooms, beside a page that is empty."""

import gzip
import http.client
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from tests.bench.cores import MEASURED
from tests.bench.figure import Figure, Part, ratio
from tests.collector.board.districts import a_district
from tests.collector.board.large import ROOMS_EACH, SITES, a_large_district
from tests.collector.board.shown import shown

ROUNDS = 15
PAGES = {
    "district page": "/",
    "site page": "/sites/s4",
    "room page": "/rooms/s4/1",
    "all rooms as JSON": "/v1/rooms",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The median of several answers: seconds from asking to the last byte, and bytes of the body on the wire."""

    seconds: float
    gzipped_bytes: int
    plain_bytes: int


def measure() -> Part:
    """Ask each page in turn, the empty one among them, over one connection that is kept."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {MEASURED})
    try:
        with shown(a_large_district()) as large, shown(a_district()) as bare:
            places = {name: (large.port, path) for name, path in PAGES.items()}
            costs = _costs({"empty page": (bare.port, "/"), **places})
            alone = _answers(large.port)
            with _reading(large.port):
                beside = _answers(large.port)
    finally:
        os.sched_setaffinity(0, cores)
    empty = costs.pop("empty page")
    figures = [
        Figure(
            name=name,
            value=f"{cost.seconds * 1000:.1f} ms, {_size(cost)}",
            reference=f"{empty.seconds * 1000:.1f} ms, {_size(empty)}",
            ratio=ratio(cost.seconds, empty.seconds),
            against="a page of a district without rooms",
        )
        for name, cost in costs.items()
    ]
    figures.append(
        Figure(
            name="/healthz while a reader reloads the district",
            value=f"{beside * 1000:.1f} ms",
            reference=f"{alone * 1000:.1f} ms",
            ratio=ratio(beside, alone),
            against="/healthz with nobody reading",
        )
    )
    return Part(
        title=f"Board: {SITES * ROOMS_EACH:,} rooms at {SITES} sites, on one core",
        command="python -m tests.bench board",
        figures=figures,
        notes=[
            f"medians of {ROUNDS} requests on core {MEASURED}, which the client shares",
            "sizes are kB sent, with gzip, of kB before it",
        ],
    )


def _costs(places: dict[str, tuple[int, str]]) -> dict[str, Cost]:
    connections = {port: http.client.HTTPConnection("127.0.0.1", port, timeout=60) for port, _ in places.values()}
    took: dict[str, list[float]] = {name: [] for name in places}
    bodies: dict[str, bytes] = {}
    for number in range(ROUNDS + 1):
        for name, (port, path) in places.items():
            began = time.perf_counter()
            bodies[name] = _get(connections[port], path)
            if number:  # the first one of each reads the templates
                took[name].append(time.perf_counter() - began)
    for one in connections.values():
        one.close()
    return {
        name: Cost(
            seconds=median(took[name]),
            gzipped_bytes=len(bodies[name]),
            plain_bytes=len(gzip.decompress(bodies[name])),
        )
        for name in places
    }


def _answers(port: int) -> float:
    """The median time of an answer that needs no work, in seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    took = []
    for _ in range(50):
        began = time.perf_counter()
        _get(connection, "/healthz")
        took.append(time.perf_counter() - began)
    connection.close()
    return median(took)


@contextmanager
def _reading(port: int) -> Iterator[None]:
    """Somebody loads the district's page again and again."""
    stop = threading.Event()

    def read() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while not stop.is_set():
            _get(connection, "/")
        connection.close()

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _get(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}")
    return body


def _size(cost: Cost) -> str:
    return f"{cost.gzipped_bytes / 1000:,.0f} kB of {cost.plain_bytes / 1000:,.0f}"
