"""Pupils who download as much as they can: iperf3 between two places, bounded in number and time."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.end_to_end.namespace import Namespace
from tests.end_to_end.process import Running
from tests.end_to_end.school import Room, School
from tests.end_to_end.waiting import eventually

FIRST_PORT = 5200
LONGEST_S = 600
"""They go home by themselves after this long, should nobody tell them."""

CONGESTION_CONTROL = "cubic"
"""It fills queues, as most servers that pupils load from do; the machine's default may be one that does not."""


@contextmanager
def pupils(school: School, room: Room, folder: Path, *, downloads: int = 3) -> Iterator[None]:
    """At it within the block: so many downloads at once into a room, served by the district."""
    with bulk(
        room.name, school.district, school.address, room.namespace, folder, number=room.number, downloads=downloads
    ):
        yield


@contextmanager
def bulk(
    name: str, server: Namespace, address: str, client: Namespace, folder: Path, *, number: int = 0, downloads: int = 3
) -> Iterator[None]:
    """So many downloads at once from `server`, which has `address`, to `client`, all with `CONGESTION_CONTROL`.
    `number` keeps those apart that are served at once."""
    iperf3 = shutil.which("iperf3")
    assert iperf3 is not None, "a test with pupils is marked requires('netns')"
    port = str(FIRST_PORT + number)

    def served() -> bool:
        assert not serving.ended, serving.said()
        return "Server listening" in serving.said()

    def loading() -> bool:
        assert not loads.ended, loads.said() + serving.said()
        # The server sends, and one more connection, which has the machine's own, gives the orders.
        sending = server.run("ss", "-Htni", "state", "established", f"sport = :{port}")
        return sending.split().count(CONGESTION_CONTROL) >= downloads

    serving = Running(
        folder / f"{name}-server.log",
        iperf3,
        *("--server", "--one-off", "--bind", address, "--port", port, "--forceflush"),
        prefix=server.command(),
    )
    try:
        eventually(f"the server for {name} listens", served)
        loads = Running(
            folder / f"{name}-pupils.log",
            iperf3,
            *("--client", address, "--port", port, "--reverse", "--congestion", CONGESTION_CONTROL),
            *("--parallel", str(downloads), "--time", str(LONGEST_S)),
            prefix=client.command(),
        )
        try:
            eventually(f"{downloads} downloads of {name} have begun", loading)
            yield
            assert not loads.ended, loads.said()
        finally:
            loads.end()
    finally:
        serving.end()
