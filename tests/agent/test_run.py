"""The whole agent as a process of its own, against a real reflector and a real HTTP server."""

import getpass
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import psutil
import pytest

from agent.secret import Secret
from agent.settings import Settings, write_settings
from agent.spool import Spool
from tests.agent.fakes import (
    AGENT,
    TOKEN,
    Reply,
    Seen,
    acknowledge,
    as_json,
    collector,
    reflector,
)
from tests.agent.reports import READING

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="drives POSIX signals")


@dataclass
class District:
    """A collector with a config for one agent, and what it did with each batch."""

    stamp_port: int = 0
    url: str = ""
    period_ms: int = 1000
    role: str = "room"
    answer: Callable[[Seen], Reply] = acknowledge
    services: list[dict[str, Any]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)

    def script(self, seen: Seen) -> Reply:
        if seen.path == "/v1/enrol":
            return as_json(200, {"version": 1, "agent": AGENT, "site": "oak-hill", "room": "204", "role": "room"})
        if seen.path == "/v1/agent/config":
            return as_json(200, self.config())
        return self.answer(seen)

    def config(self) -> dict[str, Any]:
        port = int(self.url.rsplit(":", 1)[1])
        common = {"tcp_port": port, "interval_ms": 100, "timeout_ms": 500}
        return {
            "version": 1,
            "role": self.role,
            "period_ms": self.period_ms,
            "push_interval_ms": self.period_ms,
            "targets": [
                {"alias": "district", "method": "stamp", "host": None, "port": self.stamp_port, **common},
                {"alias": "site", "method": "tcp_connect", "host": "localhost", "port": port, **common},
                {"alias": "gateway", "method": "tcp_connect", "host": None, "port": 80, **common},
            ],
            "services": self.services,
        }

    @property
    def reports(self) -> list[dict[str, Any]]:
        return [report for batch in self.batches for report in batch["reports"]]

    @property
    def batches(self) -> list[dict[str, Any]]:
        return [one.batch for one in self.seen if one.path == "/v1/reports"]


@contextmanager
def district(**changes: Any) -> Iterator[District]:
    with reflector() as port:
        here = District(stamp_port=port, **changes)
        with collector(here.script) as fake:
            here.url, here.seen = fake.url, fake.seen
            yield here


def command(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "agent.main", *arguments, "--state", str(folder)]


@contextmanager
def running(folder: Path, url: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """An agent that has joined and runs, with these settings besides; killed at the end if it still does."""
    write_settings(folder / "agent.toml", Settings(url=url, agent=AGENT, token=Secret(TOKEN), **options))
    agent = subprocess.Popen(command(folder, "run"), stderr=subprocess.PIPE, text=True)
    try:
        yield agent
    finally:
        agent.kill()
        agent.wait()
        assert agent.stderr is not None
        agent.stderr.close()


def until(happened: Callable[[], object], seconds: float = 15) -> None:
    ends_at = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < ends_at, "it did not happen in time"
        time.sleep(0.01)


def more_than(batches: int, here: District) -> bool:
    return len(here.batches) > batches


def stopped(agent: subprocess.Popen[str], number: int = signal.SIGTERM) -> tuple[int, float]:
    """Exit code and seconds from one signal to the end."""
    began = time.monotonic()
    agent.send_signal(number)
    return agent.wait(15), time.monotonic() - began


def run_command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(folder, *arguments), capture_output=True, text=True, timeout=30, check=False)


def test_from_code_to_delivered_reports(tmp_path: Path) -> None:
    with district() as here:
        joined = run_command(tmp_path, "join", here.url, "--code", "7K2M-9QXD-4TAB")
        assert joined.stdout.startswith(f"this machine now measures for room 204 at oak-hill, as agent {AGENT}\n")
        with running(tmp_path, here.url) as agent:
            until(lambda: len(here.batches) >= 3)
            code, _ = stopped(agent)

    assert code == 0
    reports = [report for batch in here.batches for report in batch["reports"]]
    full = [one for one in reports if one["kind"] == "latency" and one["duration_ms"] == 1000]
    assert {one["target"] for one in full} == {"district", "site", "gateway"}
    assert all(one["received"] >= 8 for one in full if one["target"] in ("district", "site"))
    assert any(one["kind"] == "health" for one in reports)
    assert len({(one["seq"]) for one in reports}) == len(reports)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_keeps_the_open_period_and_tries_to_deliver_it(number: int, tmp_path: Path) -> None:
    with district(period_ms=600_000) as here, running(tmp_path, here.url) as agent:
        until(lambda: any(seen.path == "/v1/agent/config" for seen in here.seen))
        time.sleep(0.7)
        code, seconds = stopped(agent, number)

    assert (code, seconds < 5) == (0, True)
    (batch,) = here.batches
    assert {report["target"] for report in batch["reports"]} >= {"district", "site"}


def test_a_push_that_hangs_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    let_go = Event()

    def hung(seen: Seen) -> Reply:
        let_go.wait(20)
        return acknowledge(seen)

    with district(answer=hung) as here, running(tmp_path, here.url) as agent:
        until(lambda: here.batches)
        code, seconds = stopped(agent)
        let_go.set()

    assert (code, seconds < 5) == (0, True)
    spool = Spool(tmp_path / "spool.sqlite")
    spool.open(marker=None, reading=READING)
    assert spool.counts().waiting > 0
    spool.close()


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    let_go = Event()

    def hung(seen: Seen) -> Reply:
        let_go.wait(20)
        return acknowledge(seen)

    with district(answer=hung) as here, running(tmp_path, here.url) as agent:
        until(lambda: here.batches)
        agent.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert agent.poll() is None
        code, seconds = stopped(agent)
        let_go.set()

    assert code == 128 + signal.SIGTERM
    assert seconds < 1


def test_kill_9_at_any_moment_loses_and_doubles_nothing(tmp_path: Path) -> None:
    chance = random.Random(50)
    known: dict[tuple[str, int], dict[str, Any]] = {}

    def store(seen: Seen) -> Reply:
        """Like the collector: a report is known by its boot and number."""
        batch = seen.batch
        for report in batch["reports"]:
            key = (batch["boot"], report["seq"])
            assert known.setdefault(key, report) == report
        return acknowledge(seen)

    with district(answer=store) as here:
        for _ in range(4):
            with running(tmp_path, here.url) as agent:
                before = len(here.batches)
                until(partial(more_than, before, here))
                time.sleep(chance.uniform(0, 0.7))
                agent.kill()
                agent.wait()
        with running(tmp_path, here.url) as agent:
            before = len(here.batches)
            until(partial(more_than, before, here))
            code, _ = stopped(agent)

    assert code == 0
    spool = Spool(tmp_path / "spool.sqlite")
    spool.open(marker=None, reading=READING)
    counts = spool.counts()
    spool.close()
    assert (counts.waiting, counts.dropped, counts.quarantined) == (0, 0, 0)
    assert {seq for _, seq in known} == set(range(1, counts.numbered + 1))
    assert len({boot for boot, _ in known}) == 1 or sys.platform != "linux"


def test_a_second_agent_on_the_same_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    with district() as here, running(tmp_path, here.url):
        until(lambda: here.seen)
        second = run_command(tmp_path, "run")

    assert second.returncode == 1
    assert second.stderr == (
        f"bandroom-agent: another agent is running with {tmp_path}; stop it first or name another --state\n"
    )


def test_status_works_beside_the_running_agent_and_after_it(tmp_path: Path) -> None:
    with district() as here, running(tmp_path, here.url) as agent:
        until(lambda: len(here.batches) >= 2)
        status = json.loads(run_command(tmp_path, "status", "--json").stdout)
        stopped(agent)

    assert status["running"] is True
    assert (status["agent"], status["collector"], status["state_folder"]) == (AGENT, here.url, str(tmp_path))
    assert status["last_push_age_s"] <= 5
    assert status["push_problem"] is None
    assert status["config_age_s"] <= 15
    assert status["reports"]["delivered"] > 0
    after = run_command(tmp_path, "status")
    assert after.returncode == 0
    assert after.stdout.splitlines()[:4] == [
        "agent       not running",
        f"id          {AGENT}",
        f"collector   {here.url}",
        f"state       {tmp_path}",
    ]


def test_once_shows_every_target_and_neither_keeps_nor_sends(tmp_path: Path) -> None:
    with district() as here:
        write_settings(tmp_path / "agent.toml", Settings(url=here.url, agent=AGENT, token=Secret(TOKEN)))
        shown = run_command(tmp_path, "once", "--json", "--seconds", "0.5")
        table = run_command(tmp_path, "once", "--seconds", "0.5")

    lines = [json.loads(line) for line in shown.stdout.splitlines()]
    assert {line["target"] for line in lines} == {"district", "site", "gateway"}
    assert all(line["received"] > 0 for line in lines if line["target"] != "gateway")
    assert table.stdout.splitlines()[0].split() == [
        *("target", "method", "sent", "lost", "median", "p95", "min", "failure")
    ]
    assert len(table.stdout.splitlines()) == 4
    assert here.batches == []
    assert not (tmp_path / "spool.sqlite").exists()


def test_without_joining_each_command_says_what_to_do(tmp_path: Path) -> None:
    for name in ("run", "once", "status"):
        done = run_command(tmp_path, name)
        assert done.returncode == 1
        assert done.stderr == (
            f"bandroom-agent: this machine has not joined a district yet ({tmp_path / 'agent.toml'} is "
            "missing): bandroom-agent join URL --code CODE\n"
        )


def test_joining_twice_needs_force_and_clear_text_needs_consent(tmp_path: Path) -> None:
    with district() as here:
        assert run_command(tmp_path, "join", here.url, "--code", "7K2M9QXD4TAB").returncode == 0
        again = run_command(tmp_path, "join", here.url, "--code", "7K2M9QXD4TAB")
        forced = run_command(tmp_path, "join", here.url, "--code", "7K2M9QXD4TAB", "--force")
    clear = run_command(tmp_path / "other", "join", "http://192.0.2.1", "--code", "7K2M9QXD4TAB")

    assert again.returncode == 1
    assert again.stderr.endswith("--force makes it a new agent\n")
    assert forced.returncode == 0
    assert clear.stderr == (
        "bandroom-agent: http://192.0.2.1 would send the token in clear text; "
        "use https, or add --insecure-http to accept that\n"
    )
    assert not (tmp_path / "other" / "agent.toml").exists()


def test_a_collector_that_is_away_is_one_line_and_not_a_traceback(tmp_path: Path) -> None:
    done = run_command(tmp_path, "join", "http://127.0.0.1:1", "--code", "7K2M9QXD4TAB")

    assert done.returncode == 1
    assert done.stderr == (
        "bandroom-agent: the collector did not answer (connection_refused): "
        "nothing listens there; check the port, and that the collector runs\n"
    )


def test_https_to_a_collector_that_speaks_http_says_so(tmp_path: Path) -> None:
    with district() as here:
        done = run_command(tmp_path, "join", here.url.replace("http", "https"), "--code", "7K2M9QXD4TAB")

    assert done.returncode == 1
    assert done.stderr == (
        "bandroom-agent: the collector did not answer (tls_failed): does the collector speak http there? "
        "use http:// or the right port; --ca-file for a private authority\n"
    )


def test_bad_settings_are_exit_code_2_with_every_mistake(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text('url = "x"\ntoken = 1\n')

    done = run_command(tmp_path, "run")

    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 3


def test_no_log_and_no_request_names_this_machine_its_user_or_its_addresses(tmp_path: Path) -> None:
    def moody(seen: Seen) -> Reply:
        return (403, {}, b"<html>") if len(here.batches) == 1 else acknowledge(seen)

    with district() as here:
        here.answer = moody
        write_settings(tmp_path / "agent.toml", Settings(url=here.url, agent=AGENT, token=Secret(TOKEN)))
        with running(tmp_path, here.url) as agent:
            until(lambda: len(here.batches) >= 2)
            assert stopped(agent)[0] == 0
            assert agent.stderr is not None
            log = agent.stderr.read()
        with reflector() as nobody:
            pass
        with running(tmp_path, f"http://127.0.0.1:{nobody}") as agent:
            time.sleep(1)
            stopped(agent)
            assert agent.stderr is not None
            log += agent.stderr.read()
    requests = "\n".join(
        json.dumps([seen.batch if seen.path == "/v1/reports" else "", seen.path, seen.headers]) for seen in here.seen
    ).replace(here.url.removeprefix("http://"), "COLLECTOR")

    assert "agent started" in log
    for name, text in {"log": log, "requests": requests}.items():
        for private in private_words():
            assert private.lower() not in text.lower(), f"{name} names {private}"
    assert TOKEN not in log
    assert AGENT not in log


def private_words() -> set[str]:
    """Host and user name and every address of this machine, loopback included."""
    words = {socket.gethostname(), os.uname().nodename, socket.getfqdn(), str(Path.home()), "127.0.0.1"}
    if getpass.getuser() != "root":  # a word of its own in other places
        words.add(getpass.getuser())
    for name, own in psutil.net_if_addrs().items():
        if len(name) > 3:
            words.add(name)
        words |= {one.address.partition("%")[0] for one in own}
    return {word for word in words if len(word) > 3 and word != "00:00:00:00:00:00"}
