"""Pupils who download as much as they can: iperf3 in a room, served by the district, bounded in number and time."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
    """At it within the block: so many downloads at once, all with `CONGESTION_CONTROL`."""
    iperf3 = shutil.which("iperf3")
    assert iperf3 is not None, "a test with pupils is marked requires('netns')"
    port = str(FIRST_PORT + room.number)

    def served() -> bool:
        assert not server.ended, server.said()
        return "Server listening" in server.said()

    def loading() -> bool:
        assert not client.ended, client.said() + server.said()
        # The server sends, and one more connection, which has the machine's own, gives the orders.
        sending = school.district.run("ss", "-Htni", "state", "established", f"sport = :{port}")
        return sending.split().count(CONGESTION_CONTROL) >= downloads

    server = Running(
        folder / f"{room.name}-server.log",
        iperf3,
        *("--server", "--one-off", "--bind", school.address, "--port", port, "--forceflush"),
        prefix=school.district.command(),
    )
    try:
        eventually(f"the server for {room.name} listens", served)
        client = Running(
            folder / f"{room.name}-pupils.log",
            iperf3,
            *("--client", school.address, "--port", port, "--reverse", "--congestion", CONGESTION_CONTROL),
            *("--parallel", str(downloads), "--time", str(LONGEST_S)),
            prefix=room.namespace.command(),
        )
        try:
            eventually(f"{downloads} downloads of {room.name} have begun", loading)
            yield
            assert not client.ended, client.said()
        finally:
            client.end()
    finally:
        server.end()
