"""``bandroom demo``: real measurements within half a minute, and nothing left of it afterwards."""

import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.end_to_end.browser import browsing
from tests.end_to_end.collector_process import free_port
from tests.end_to_end.http_client import ask, get_json
from tests.end_to_end.process import Running, run
from tests.end_to_end.waiting import eventually
from tests.influx import Influx

REAL = "/v1/rooms/this-network/this-machine"
THIS_MACHINE = "SELECT last(seconds) FROM room_bin WHERE site = 'this-network' AND room = 'this-machine'"
FIELDS = {"site", "room", "state", "cause", "simulated", "coverage", "newest_data_age_seconds"}


class Demo:
    """A demo under way, with all its temporary files in one folder."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.files = folder / "temporary"
        self.files.mkdir()
        self.process = Running(
            folder / "demo.log", "bandroom", "demo", "--port", str(self.port), *options, env={"TMPDIR": str(self.files)}
        )

    def rooms(self) -> dict[str, Any]:
        """``/v1/rooms`` as soon as there is one."""

        def answered() -> dict[str, Any] | None:
            assert not self.process.ended, self.process.said()
            try:
                answer = ask(self.url, "/v1/rooms")
            except OSError:
                return None
            found: dict[str, Any] | None = answer.json if answer.status == 200 else None
            return found

        return eventually("the demo answers", answered)

    def real_room(self) -> dict[str, Any] | None:
        """This machine's room once it has been measured, with latency no older than the demo may show."""
        room: dict[str, Any] = get_json(self.url, REAL)
        fresh = [
            one
            for one in room["readings"]
            if one["target"] == "district" and one["p50_ms"] is not None and one["age_seconds"] <= 15
        ]
        return room if fresh else None

    def family(self) -> list[psutil.Process]:
        """The demo and every process it has started."""
        demo = psutil.Process(self.process.pid)
        return [demo, *demo.children(recursive=True)]

    def check_nothing_is_left(self, family: list[psutil.Process]) -> None:
        assert [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
        assert list(self.files.iterdir()) == []
        assert "Traceback" not in self.process.said(), self.process.said()


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    one = Demo(tmp_path)
    yield one
    for process in one.family() if not one.process.ended else []:
        process.kill()
    one.process.end()


def offers_last_weeks_page(demo: Demo, out: Path) -> None:
    """From the board, and as files; it says that its rooms are made up."""
    (path,) = re.findall(r'href="(/brief/[^"]+)"', ask(demo.url, "/").body.decode())
    assert b"simulated" in ask(demo.url, path).body.lower()
    written = run("bandroom", "brief", "--url", demo.url, "--out", out)
    assert written.returncode == 0, written.stderr
    assert {one.suffix for one in out.iterdir()} == {".html", ".pdf", ".txt", ".csv"}
    assert "SIMULATED" in next(out.glob("*.txt")).read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_demo_measures_this_machine_beside_a_simulated_district_and_ends_by_itself(tmp_path: Path) -> None:
    demo = Demo(tmp_path, "--for", "40")
    try:
        answer = demo.rooms()
        assert answer["in_session"] is True
        assert len(answer["rooms"]) == 41
        for room in answer["rooms"]:
            assert room.keys() >= FIELDS
            assert isinstance(room["simulated"], bool)
        (real,) = (room for room in answer["rooms"] if not room["simulated"])
        assert (real["site"], real["room"]) == ("this-network", "this-machine")

        measured = eventually("this machine is measured", demo.real_room, within_s=30)
        (district,) = (one for one in measured["readings"] if one["target"] == "district")
        assert district["method"] == "stamp"
        assert 0 < district["p50_ms"] < 1000
        assert district["sent"] > 0

        (real,) = (room for room in demo.rooms()["rooms"] if not room["simulated"])
        assert real["newest_data_age_seconds"] <= 15
        assert {room["state"] for room in demo.rooms()["rooms"]} >= {"bad", "ok", "unknown"}
        offers_last_weeks_page(demo, tmp_path / "brief")
        family = demo.family()
        assert any("agent.main" in one.cmdline() for one in family)
        assert demo.process.wait(120) == 0
        demo.check_nothing_is_left(family)
    finally:
        demo.process.end()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_demo_that_is_up(demo: Demo, number: signal.Signals) -> None:
    demo.rooms()
    eventually("the agent runs", lambda: any("run" in one.cmdline() for one in demo.family()[1:]))
    family = demo.family()
    demo.process.signal(number)
    assert demo.process.wait() == 0, demo.process.said()
    demo.check_nothing_is_left(family)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_a_demo_that_is_not_up_yet(demo: Demo, number: signal.Signals) -> None:
    eventually("the demo begins", lambda: list(demo.files.iterdir()))
    demo.process.signal(number)
    assert demo.process.wait() == 0, demo.process.said()
    demo.check_nothing_is_left([])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent is gone")
def test_a_demo_that_is_killed_leaves_no_agent_behind(demo: Demo) -> None:
    demo.rooms()
    eventually("the agent runs", lambda: any("run" in one.cmdline() for one in demo.family()[1:]))
    agents = demo.family()[1:]
    demo.process.signal(signal.SIGKILL)
    demo.process.wait()
    eventually("the agent is gone", lambda: not any(one.is_running() for one in agents))


def test_a_demo_whose_port_is_taken_says_so(demo: Demo, tmp_path: Path) -> None:
    demo.rooms()
    other = tmp_path / "other"
    other.mkdir()
    second = Running(tmp_path / "second.log", "bandroom", "demo", "--port", str(demo.port), env={"TMPDIR": str(other)})
    try:
        assert second.wait() == 1
        assert f"cannot listen on 127.0.0.1 port {demo.port}: Address already in use" in second.said()
        assert "Traceback" not in second.said()
        assert list(other.iterdir()) == []
    finally:
        second.end()


@pytest.mark.requires("browser")
@pytest.mark.slow
def test_a_browser_shows_the_real_rooms_reading_and_what_is_simulated(
    demo: Demo, chromium: Path, tmp_path: Path
) -> None:
    demo.rooms()
    eventually("this machine is measured", demo.real_room)
    with browsing(chromium, tmp_path) as page:
        page.go(f"{demo.url}/")
        board = page.text()
        assert "SIMULATED" in board
        assert "This network" in board
        (row,) = page.rows("this-machine")
        assert "SIMULATED" not in row
        age = re.search(r"(\d+) s\b", row)
        assert age is not None, row
        assert int(age[1]) <= 15
        assert len(page.rows("SIMULATED")) == 40
        assert page.evaluate("getComputedStyle(document.querySelector('.simulated')).borderTopStyle") == "dashed"

        page.follow("this-machine")
        room = page.text()
        assert "SIMULATED" not in room
        assert re.search(r"district\s+[\d.,]+ ?(ms|µs)", room), room
        page.go(f"{demo.url}/rooms/oak-hill/{simulated_room(demo)}")
        assert "SIMULATED" in page.text()
        assert page.complaints == []


def simulated_room(demo: Demo) -> str:
    return next(str(room["room"]) for room in demo.rooms()["rooms"] if room["site"] == "oak-hill")


@pytest.mark.slow
@pytest.mark.requires("influx")
def test_the_demo_fills_an_influxdb_and_leaves_it_filled(influx: Influx, tmp_path: Path) -> None:
    where = ("--influx-url", influx.url, "--influx-org", influx.org, "--influx-prefix", influx.prefix)
    demo = Demo(tmp_path, "--store", "influx", *where, "--influx-token", influx.token or "any")
    family: list[psutil.Process] = []
    try:
        demo.rooms()
        eventually("this machine is judged", lambda: influx.rows("bins", THIS_MACHINE))
        family = demo.family()
        assert demo.process.stop() == 0
    finally:
        demo.process.end()

    demo.check_nothing_is_left(family)
    weeks = influx.rows("days", "SELECT verdict, site_name, evidence FROM room_week")
    assert {one["site_name"] for one in weeks} == {
        "Oak Hill Elementary",
        "Lakeside Middle School",
        "Summit High School",
    }
    assert all(one["evidence"] for one in weeks)
    outlooks = influx.rows("days", "SELECT last(foretold) AS foretold, told FROM uplink_outlook GROUP BY uplink")
    assert len(outlooks) == 4
    assert {one["foretold"] for one in outlooks} == {True, False}
    assert all(one["told"] for one in outlooks)
    rooms = influx.rows("bins", "SELECT last(seconds) FROM room_bin GROUP BY site, room")
    assert len(rooms) == 41


def test_a_demo_without_its_influxdb_says_so(tmp_path: Path) -> None:
    demo = Demo(tmp_path, "--store", "influx", "--influx-url", f"http://127.0.0.1:{free_port()}")
    try:
        assert demo.process.wait() == 1
        assert len(demo.process.said().splitlines()) == 1, demo.process.said()
        assert "influx_url" in demo.process.said()
    finally:
        demo.process.end()
