"""Lines whose rate is tested again and again: each with an agent at one end and a collector of its own at the other.

A collector gives one lease at a time, so lines that shared one would wait for each other.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.end_to_end.agent_process import AgentFolder
from tests.end_to_end.collector_process import CollectorFolder
from tests.end_to_end.school import Link, Room, School, school

FIRST_PORT = 8600
REFLECTORS = 1_000
"""What is between a collector's port and its reflector's."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineUnderTest:
    """One line. Its tests are read over HTTP, as the room's page reads them."""

    room: Room
    school: School
    collector: CollectorFolder
    agent: AgentFolder

    def tests(self, direction: str) -> list[Json]:
        """The tests so far in that direction, oldest first."""
        room: Json = self.school.district.call(partial(self.collector.room, self.room.name))
        return [one for one in room["throughput"] if one["direction"] == direction]

    def metrics(self) -> dict[str, float]:
        """The collector's ``/metrics``."""
        return self.school.district.call(self.collector.metrics)


@contextmanager
def lines_under_test(links: Mapping[str, Link], folder: Path, **settings: object) -> Iterator[dict[str, LineUnderTest]]:
    """All of them, their agents started; nothing of it is left afterwards. `settings` are their collectors'."""
    with ExitStack() as stack:
        at = stack.enter_context(school(links))
        lines = {}
        for port, (name, room) in enumerate(at.rooms.items(), start=FIRST_PORT):
            collector = CollectorFolder(
                folder / f"{name}-collector",
                **{
                    "host": at.address,
                    "port": port,
                    "public_port": port,
                    "public_url": f"http://{at.address}:{port}",
                    "reflector_port": port + REFLECTORS,
                    "behind_proxy": True,
                    "reader_password": "correct horse",
                    "throughput_every_seconds": 10,
                    "throughput_bytes_a_day": 10**9,
                    **settings,
                },
            )
            stack.callback(collector.close)
            collector.write_rooms([name])
            at.district.call(collector.start)
            agent = AgentFolder(folder / name, prefix=room.namespace.command())
            stack.callback(agent.close)
            agent.join(collector.url, collector.code(name), "--insecure-http")
            lines[name] = LineUnderTest(room=room, school=at, collector=collector, agent=agent)
        for line in lines.values():
            line.agent.start()
        yield lines
