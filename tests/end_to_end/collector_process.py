"""A real collector: ``bandroom serve`` over a temporary folder."""

import hashlib
import re
import secrets
import socket
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from tests.end_to_end.http_client import ask, get_json
from tests.end_to_end.process import Running, run
from tests.end_to_end.waiting import PATIENCE_S, eventually

SITE = "north"
ROOMS = tuple(f"room-{number}" for number in range(1, 9))
DISTRICT = f"""\
name = "Test district"
time_zone = "UTC"

[timetable]
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
lessons = ["00:00-24:00"]

[[sites]]
id = "{SITE}"
name = "North School"
"""
KINDS = ("latency", "throughput", "health", "service", "path", "off_site", "uplink")
Key = tuple[str, str, int]
"""(agent, boot, seq)"""


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1") -> int:
    """A port that nobody has now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """An agent of the test's own: its id and its token."""

    agent: str
    token: str


class CollectorFolder:
    """What an admin writes, and a collector that runs from it, again and again."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self.settings: dict[str, object] = {
            "port": free_port(),
            "reflector_port": free_port(socket.SOCK_DGRAM),
            "ndt7_port": 0,
            "bin_seconds": 10,
            "report_seconds": 1,
            "push_seconds": 1,
            "probe_interval_ms": 100,
        } | settings
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "district.toml").write_text(DISTRICT)
        self.write_rooms(ROOMS)
        self.write_settings()
        self.log = folder / "collector.log"
        self.url = ""
        self.reflector_port = 0
        self.running: Running | None = None

    @property
    def file(self) -> Path:
        return self.folder / "bandroom.toml"

    @property
    def database(self) -> Path:
        return self.folder / "data" / "bandroom.duckdb"

    def write_rooms(self, rooms: Iterable[str]) -> None:
        """Write ``rooms.csv``."""
        (self.folder / "rooms.csv").write_text("site,room\n" + "".join(f"{SITE},{room}\n" for room in rooms))

    def write_settings(self) -> None:
        """Write ``bandroom.toml``."""
        self.file.write_text("".join(f"{name} = {_toml(value)}\n" for name, value in self.settings.items()))

    def launch(self, **env: str) -> Running:
        """Start it without waiting for anything."""
        self.running = Running(self.log, "bandroom", "serve", "--settings", self.file, env=env)
        return self.running

    def start(self, **env: str) -> "CollectorFolder":
        """Start it and wait until it answers."""
        running = self.launch(**env)
        self.wait_until_started(running)
        return self

    def wait_until_started(self, running: Running) -> None:
        """Wait until it answers; `url` and `reflector_port` are then what its log says."""

        def started() -> "re.Match[str] | None":
            assert not running.ended, running.said()
            return re.search(
                r"collector started scheme=(\S+) port=(\d+) reflector_port=(\d+) rooms=\d+\n", running.said()
            )

        found = eventually("the collector says that it started", started)
        host = str(self.settings.get("host", "127.0.0.1"))
        self.url = f"{found[1]}://{f'[{host}]' if ':' in host else host}:{found[2]}"
        self.reflector_port = int(found[3])
        if self.url.startswith("http:"):
            eventually("the collector answers", self._answers)

    def _answers(self) -> bool:
        try:
            return ask(self.url, "/healthz").status == 200
        except OSError:
            return False

    def stop(self) -> None:
        """Stop it as a service manager would; it ends well and in order."""
        assert self.running is not None
        assert self.running.stop() == 0, self.running.said()
        assert "Traceback" not in self.running.said(), self.running.said()

    def code(self, room: str = ROOMS[0], *, uses: int = 1, role: str = "room", site: str = SITE) -> str:
        """A new enrolment code."""
        done = run(
            "bandroom",
            *("enrol", "code", "--site", site, "--room", room, "--role", role, "--uses", str(uses)),
            *("--settings", self.file),
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def enrol(self, code: str | None = None) -> Enrolled:
        """An agent of the test's own, enrolled over HTTP."""
        token = secrets.token_urlsafe(32)
        digest = hashlib.sha256(token.encode()).hexdigest()
        answer = ask(
            self.url,
            "/v1/enrol",
            method="POST",
            body=f'{{"version": 1, "code": "{code or self.code()}", "token_sha256": "{digest}"}}'.encode(),
            headers={"Content-Type": "application/json"},
        )
        assert answer.status == 200, answer
        return Enrolled(agent=answer.json["agent"], token=token)

    def enrol_many(self, count: int) -> list[Enrolled]:
        """Several agents with one code."""
        code = self.code(uses=count)
        return [self.enrol(code) for _ in range(count)]

    def district(self) -> dict[str, Any]:
        """The district as ``/v1/rooms`` has it."""
        found: dict[str, Any] = get_json(self.url, "/v1/rooms", **self._reader())
        return found

    def rooms(self) -> list[dict[str, Any]]:
        """Its rooms."""
        found: list[dict[str, Any]] = self.district()["rooms"]
        return found

    def room(self, room: str = ROOMS[0], site: str = SITE) -> dict[str, Any]:
        """One room with its evidence."""
        found: dict[str, Any] = get_json(self.url, f"/v1/rooms/{site}/{room}", **self._reader())
        return found

    def board(self, path: str = "/") -> str:
        """One of its pages."""
        return ask(self.url, path, headers=self._reader()).body.decode()

    def _reader(self) -> dict[str, str]:
        password = self.settings.get("reader_password")
        return {} if password is None else {"Authorization": basic(str(password))}

    def metrics(self) -> dict[str, float]:
        """``/metrics``: the value of each sample by its name and labels."""
        answer = ask(self.url, "/metrics", headers=self._reader())
        assert answer.status == 200, answer
        lines = (line for line in answer.body.decode().splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    def accounts(self) -> dict[str, int]:
        """received, stored, duplicate, rejected and deferred."""
        metrics = self.metrics()

        def total(name: str) -> int:
            return int(sum(v for k, v in metrics.items() if k.partition("{")[0] == f"bandroom_reports_{name}_total"))

        return {name: total(name) for name in ("received", "stored", "duplicate", "rejected", "deferred")}

    @contextmanager
    def opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The database of a collector that is not running."""
        assert self.running is None or self.running.ended
        with duckdb.connect(str(self.database), read_only=True) as connection:
            yield connection

    def stored_keys(self) -> list[Key]:
        """The key of every report in the store of a stopped collector, as often as it is there."""
        with self.opened() as connection:
            return [
                key for kind in KINDS for key in connection.execute(f"SELECT agent, boot, seq FROM {kind}").fetchall()
            ]

    def whole_store(self) -> list[list[tuple[Any, ...]]]:
        """Every report that is stored, all fields except when it was."""
        with self.opened() as connection:
            return [
                connection.execute(f"SELECT * EXCLUDE stored_at FROM {kind} ORDER BY agent, boot, seq").fetchall()
                for kind in KINDS
            ]

    def close(self) -> None:
        """Leave nothing running."""
        if self.running is not None:
            self.running.end()
            assert "Traceback" not in (said := self.log.read_text(errors="replace")), said


def basic(password: str, user: str = "reader") -> str:
    """What a browser sends for a password."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def doubled(keys: list[Key]) -> list[Key]:
    """The keys that stand more than once."""
    return [key for key, times in Counter(keys).items() if times > 1]


def wait_for_room(folder: CollectorFolder, room: str = ROOMS[0], *, within_s: float = PATIENCE_S) -> dict[str, Any]:
    """The room once it has a reading."""

    def read() -> dict[str, Any] | None:
        found = folder.room(room)
        return found if found["readings"] else None

    return eventually(f"{room} has a reading", read, within_s=within_s)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f'"{value}"'
