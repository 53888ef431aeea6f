"""A real collector in a folder of its own: ``bandroom serve`` on loopback, on the measured core."""

import hashlib
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from collector.registry.registry import Registry
from tests.bench.cores import MEASURED, pin
from wire.enrolment import EnrolmentRequest
from wire.version import WIRE_VERSION

START_SECONDS = 30
STOP_SECONDS = 30
SITE = "oak-hill"

_SETTINGS = 'port = 0\nreflector_port = 0\nndt7_port = 0\ndistrict = "district.toml"\ndata = "data"\n'
# No lesson: what is measured is taking reports, and judging has a figure of its own.
_DISTRICT = f"""name = "Bench"
time_zone = "UTC"

[timetable]
days = ["{{weekday}}"]
lessons = ["00:00-00:01"]

[[sites]]
id = "{SITE}"
name = "Oak Hill"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A collector that answers on `port` of 127.0.0.1."""

    process: subprocess.Popen[str]
    port: int

    def counters(self) -> dict[str, float]:
        """The values of ``/metrics`` by their series."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, _, value in (one.rpartition(" ") for one in lines if one[:1] != "#")}


def prepare(folder: Path, agents: int, settings: str = "") -> list[str]:
    """Write settings, with these lines more, and a district of `agents` rooms, an agent each; the agents' tokens."""
    weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(time.gmtime().tm_wday + 1) % 7]
    (folder / "bandroom.toml").write_text(_SETTINGS + settings)
    (folder / "district.toml").write_text(_DISTRICT.format(weekday=weekday))
    rooms = [f"r{number}" for number in range(agents)]
    (folder / "rooms.csv").write_text("site,room\n" + "".join(f"{SITE},{room}\n" for room in rooms))
    (folder / "data").mkdir()
    registry = Registry.open_registry(f"sqlite:///{folder / 'data' / 'registry.sqlite'}")
    tokens = [f"bench-token-of-room-{room}" for room in rooms]
    now_ms = int(time.time() * 1000)
    for room, token in zip(rooms, tokens, strict=True):
        code = registry.make_code(site=SITE, room=room, role="room", uses=1, expires_ms=now_ms + 60_000)
        digest = hashlib.sha256(token.encode()).hexdigest()
        registry.enrol(EnrolmentRequest(version=WIRE_VERSION, code=code, token_sha256=digest), now_ms=now_ms)
    registry.close()
    return tokens


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """The collector of `folder`, prepared before; it is stopped and its store closed on the way out."""
    log = folder / "collector.log"
    bandroom = Path(sys.executable).with_name("bandroom")
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [str(bandroom), "serve", "--settings", str(folder / "bandroom.toml")],
            stderr=stderr,
            text=True,
            preexec_fn=pin(MEASURED),  # noqa: PLW1509  # no other thread runs here yet
        )
    try:
        yield Served(process=process, port=_port(process, log))
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port(process: subprocess.Popen[str], log: Path) -> int:
    ends_at = time.monotonic() + START_SECONDS
    while time.monotonic() < ends_at and process.poll() is None:
        if found := re.search(r"collector started scheme=http port=(\d+)", log.read_text()):
            return int(found[1])
        time.sleep(0.05)
    raise SystemExit(f"the collector did not start:\n{log.read_text()}")
