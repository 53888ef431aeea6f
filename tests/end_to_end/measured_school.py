"""A school that is measured: a real collector in the district's namespace, and a real agent in each room.

It is read as its readers read it, over HTTP, and from the district's namespace, because nowhere else sees it.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from tests.end_to_end.agent_process import AgentFolder
from tests.end_to_end.collector_process import SITE, CollectorFolder
from tests.end_to_end.own_machine import own_machine
from tests.end_to_end.school import Link, School, school
from tests.end_to_end.waiting import eventually

HTTP_PORT = 8600
REFLECTOR_PORT = 8620
PATIENCE_S = 180.0
"""Bins close, and a state needs several of them; machines are shared."""

_LOOK_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What ``/v1/rooms`` said of one room, in a snapshot that was taken at this Unix time, of data as new as that."""

    taken_at: float
    data_ended_at: float | None
    room: dict[str, Any]

    @property
    def state(self) -> str:
        state: str = self.room["state"]
        return state

    @property
    def cause(self) -> str:
        cause: str = self.room["cause"]
        return cause


class MeasuredSchool:
    """Its rooms' agents have joined and wait for `start`. All that is said of the rooms is remembered."""

    def __init__(
        self,
        at: School,
        collector: CollectorFolder,
        agents: Mapping[str, AgentFolder],
        sites: Mapping[str, str] | None = None,
    ) -> None:
        """`sites` are those of rooms, where there is more than one."""
        self.school = at
        self._sites = sites or dict.fromkeys(agents, SITE)
        self.collector = collector
        self.agents = agents
        self._said: dict[str, list[Said]] = {name: [] for name in agents}
        self._over = threading.Event()
        self._thread = threading.Thread(target=lambda: at.district.call(self._look_on), name="reader of /v1/rooms")

    def start(self) -> None:
        """Start all agents."""
        for agent in self.agents.values():
            agent.start()

    def room(self, name: str) -> dict[str, Any]:
        """``/v1/rooms/{site}/{room}`` now."""
        return self.school.district.call(partial(self.collector.room, name, self._sites[name]))

    def rooms(self) -> dict[str, dict[str, Any]]:
        """That of each room."""
        return {name: self.room(name) for name in self.agents}

    def said(self, room: str, since: float = 0) -> list[Said]:
        """What was said of the room in snapshots taken since then, oldest first."""
        return [one for one in self._said[room] if one.taken_at >= since]

    def wait_for(self, **states: str) -> None:
        """Wait until each of these rooms is in its state, or was since the call.

        It returns after `PATIENCE_S` as well: what was said instead is for each test to judge.
        """
        since = time.time()

        def were() -> bool:
            return all(state in [one.state for one in self.said(room, since)] for room, state in states.items())

        with suppress(AssertionError):
            eventually(f"these were seen: {states}", were, within_s=PATIENCE_S)

    def wait_for_causes(self, wanted: Mapping[str, tuple[str, str]]) -> dict[str, Said]:
        """Wait until each of these rooms is in its state for its cause, all in one snapshot; that of each room.

        It returns the newest after `PATIENCE_S` as well: what was said instead is for each test to judge.
        """

        def newest() -> dict[str, Said]:
            last = {room: said[-1] for room in wanted if (said := list(self._said[room]))}
            return last if len({one.taken_at for one in last.values()}) == 1 else {}

        def are() -> dict[str, Said] | None:
            found = newest()
            alike = found and all((found[room].state, found[room].cause) == one for room, one in wanted.items())
            return found if alike else None

        with suppress(AssertionError):
            return eventually(f"all are: {wanted}", are, within_s=PATIENCE_S)
        return eventually("a snapshot", newest)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look on, twice a second, until the end of the block."""
        self._thread.start()
        try:
            yield
        finally:
            self.look_away()

    def look_away(self) -> None:
        """Look on no more; from now on the collector may be stopped."""
        self._over.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._over.wait(_LOOK_S):
            district = self.collector.district()
            answered_at = time.time()
            taken_at = datetime.fromisoformat(district["taken_at"]).timestamp()
            for one in district["rooms"]:
                age_s = one["newest_data_age_seconds"]
                ended_at = None if age_s is None else answered_at - age_s
                self._said[one["room"]].append(Said(taken_at=taken_at, data_ended_at=ended_at, room=one))


@contextmanager
def measured_school(links: Mapping[str, Link], folder: Path, **settings: object) -> Iterator[MeasuredSchool]:
    """One with these rooms and short bins, in which nothing runs any more afterwards.

    There is no proxy: the district's namespace is a network of its own, which clear text does not leave.
    """
    with ExitStack() as stack:
        at = stack.enter_context(school(links))
        collector = CollectorFolder(
            folder / "collector",
            **{
                "host": at.address,
                "port": HTTP_PORT,
                "public_port": HTTP_PORT,
                "reflector_port": REFLECTOR_PORT,
                "behind_proxy": True,
                "reader_password": "correct horse",
                "bin_seconds": 5,
                **settings,
            },
        )
        stack.callback(collector.close)
        collector.write_rooms(links)
        at.district.call(collector.start)
        agents, over = {}, own_machine(folder)
        for name in links:
            agents[name] = AgentFolder(folder / name, prefix=at.rooms[name].namespace.machine(over))
            stack.callback(agents[name].close)
            agents[name].join(collector.url, collector.code(name), "--insecure-http")
        measured = MeasuredSchool(at, collector, agents)
        with measured.watched():
            yield measured
