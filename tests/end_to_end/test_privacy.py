"""Nothing that an agent sends, is told or logs, and nothing a collector logs or stores, names machine or user."""

import getpass
import gzip
import logging
import os
import socket
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.end_to_end.agent_process import AgentFolder
from tests.end_to_end.cabled_machine import HARDWARE, cabled_machine
from tests.end_to_end.collector_process import CollectorFolder, free_port
from tests.end_to_end.portals import answers
from tests.end_to_end.process import run
from tests.end_to_end.relay import OpenSocket, TcpRelay, UdpRelay
from tests.end_to_end.traces import (
    Trace,
    found,
    is_searchable,
    of_address,
    of_hardware,
    of_name,
    of_this_machine,
    readable,
)
from tests.end_to_end.waiting import eventually

log = logging.getLogger(__name__)

NewAgent = Callable[..., AgentFolder]
NewCollector = Callable[..., CollectorFolder]

USER = "m-henderson-4821"
HOSTNAME = "kestrel-lab-9417"
THEIR_PORT = 8600
"""Free where the collector is: that address is the test's own."""

THEIR_NAMES = dict.fromkeys(("USER", "LOGNAME", "USERNAME", "SUDO_USER"), USER) | dict.fromkeys(
    ("HOSTNAME", "HOST", "COMPUTERNAME"), HOSTNAME
)

TALKATIVE = """\
import logging

plain = logging.basicConfig


def at_debug(**options):
    plain(**{**options, "level": logging.DEBUG})


logging.basicConfig = at_debug
"""


def names_of_this_machine() -> dict[str, str]:
    """Host and user, in truth and as the agent's environment says."""
    names = {"host name": socket.gethostname(), "user name": getpass.getuser()}
    for what, name in names.items():
        if not is_searchable(name):
            log.warning("%s %s is not searched for: too short, or an ordinary word of ours", what, name)
    return names | {"the environment's host name": HOSTNAME, "the environment's user name": USER}


@pytest.fixture
def talkative(tmp_path: Path) -> dict[str, str]:
    """An environment in which our commands log everything, and which names a user and a host."""
    folder = tmp_path / "talkative"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(TALKATIVE)
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return THEIR_NAMES | {"PYTHONPATH": path}


class Recorded:
    """A run with good and bad hours, every byte of it written down."""

    def __init__(
        self, collector: CollectorFolder, agent: AgentFolder, env: Mapping[str, str], *, open_socket: OpenSocket
    ) -> None:
        self._collector = collector
        self._agent = agent
        self._env = dict(env)
        at = str(collector.settings.get("host", "127.0.0.1"))
        self._tcp = TcpRelay(
            (at, int(str(collector.settings["port"]))),
            port=int(str(collector.settings["public_port"])),
            open_socket=open_socket,
        )
        reflector_port = int(str(collector.settings["reflector_port"]))
        self._udp = UdpRelay(
            (at, reflector_port),
            host=str(collector.settings["public_host"]),
            port=reflector_port,
            open_socket=open_socket,
        )

    def close(self) -> None:
        self._tcp.close()
        self._udp.close()

    def run(self) -> None:
        """Join, report, test throughput, lose the collector, meet a portal, report again, be revoked, stop."""
        agent, collector = self._agent, self._collector
        collector.start(**self._env)
        agent.join(self._tcp.url, collector.code())
        agent.start()
        agent.wait_until_all_is_delivered(at_least=10)
        eventually("a throughput test is reported", lambda: b'"kind":"throughput"' in self._up())
        collector.stop()
        eventually("the agent notices", lambda: agent.status()["push_problem"])
        collector.start(**self._env)
        agent.wait_until_all_is_delivered(at_least=20)
        self._tcp.answer_with(answers(511))
        eventually("the agent meets a portal", lambda: agent.status()["push_problem"] == "http_511")
        self._tcp.answer_with(None)
        delivered = agent.reports()["delivered"]
        agent.wait_until_all_is_delivered(at_least=delivered + 5)
        revoked = run("bandroom", "enrol", "revoke", agent.agent, "--settings", collector.file)
        assert revoked.returncode == 0, revoked.stderr
        eventually("the agent is told", lambda: agent.status()["push_problem"] == "revoked_token")
        agent.stop()
        collector.stop()

    def texts(self) -> dict[str, bytes]:
        """Everything that was said, by where it was."""
        up = self._up()
        down = b"\n".join(readable(bytes(one.down)) for one in self._tcp.conversations)
        return {
            "what the agent sent over TCP": up,
            "what the agent was told over TCP": down,
            "what the agent sent over UDP": b"".join(self._udp.up),
            "what the agent was told over UDP": b"".join(self._udp.down),
            "the agent's log": self._agent.log.read_bytes(),
            "the collector's log": self._collector.log.read_bytes(),
            "the collector's store": stored_text(self._collector),
            "the collector's registry": registry_text(self._collector),
        }

    def _up(self) -> bytes:
        """What the agent has sent over TCP so far."""
        return b"\n".join(readable(bytes(one.up)) for one in list(self._tcp.conversations))


def stored_text(collector: CollectorFolder) -> bytes:
    """Every value of every table of the store."""
    with collector.opened() as connection:
        tables = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return repr([connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables]).encode()


def registry_text(collector: CollectorFolder) -> bytes:
    """The registry as SQL."""
    with closing(sqlite3.connect(collector.folder / "data" / "registry.sqlite")) as registry:
        return "\n".join(registry.iterdump()).encode()


def check_the_run_was_worth_searching(texts: Mapping[str, bytes]) -> None:
    """All of the run is in what was recorded, in the clear."""
    up = texts["what the agent sent over TCP"]
    assert up.count(b"POST /v1/enrol ") == 1
    assert up.count(b"GET /v1/agent/config?version=") >= 1
    assert up.count(b"POST /v1/reports ") >= 5
    assert up.count(b"POST /v1/leases ") >= 1
    assert up.count(b'"kind":"throughput"') >= 2
    for kind in (b'"kind":"latency"', b'"kind":"health"', b'"target":"district"', b'"target":"gateway"'):
        assert up.count(kind) >= 5, kind
    assert b'"stored":' in texts["what the agent was told over TCP"]
    assert b"revoked_token" in texts["what the agent was told over TCP"]
    for name in ("what the agent sent over UDP", "what the agent was told over UDP"):
        assert len(texts[name]) >= 44 * 50, name
    for name in ("the agent's log", "the collector's log"):
        assert b" DEBUG " in texts[name], name
    for word in (b"word=broken_answer", b"word=http_511", b"word=revoked_token"):
        assert word in texts["the agent's log"], word
    assert b"stamp" in texts["the collector's store"]
    assert b"token_sha256" in texts["the collector's registry"]


def a_collector(new_collector: NewCollector, **settings: object) -> CollectorFolder:
    return new_collector(public_port=free_port(), throughput_every_seconds=10, **settings)


@pytest.mark.slow
def test_traffic_and_logs_of_a_run_do_not_give_this_machine_away(
    new_collector: NewCollector, new_agent: NewAgent, talkative: dict[str, str]
) -> None:
    # The reflector is at 127.0.0.1, and the relay before it at the same port of another loopback address.
    collector = a_collector(new_collector, public_host="127.0.0.2")
    agent = new_agent(env=talkative)
    recorded = Recorded(collector, agent, talkative, open_socket=socket.socket)
    try:
        recorded.run()
    finally:
        recorded.close()
    texts = recorded.texts()
    check_the_run_was_worth_searching(texts)
    traces = of_this_machine(names_of_this_machine())
    assert len(traces) > 2, "this machine has no address but loopback"
    assert found(traces, texts) == []


@pytest.mark.requires("netns")
@pytest.mark.slow
def test_a_collector_that_sees_the_agents_address_does_not_tell_it(
    new_collector: NewCollector, new_agent: NewAgent, talkative: dict[str, str]
) -> None:
    with cabled_machine() as machine:
        collector = a_collector(
            new_collector,
            host=machine.outside,
            behind_proxy=True,
            port=THEIR_PORT,
            public_url=f"http://{machine.outside}:{THEIR_PORT}",
            reader_password="correct horse",
            public_host="127.0.0.1",
        )
        agent = new_agent(prefix=machine.namespace.command(HOSTNAME), env=talkative)
        recorded = Recorded(collector, agent, talkative, open_socket=machine.namespace.open_socket)
        try:
            recorded.run()
        finally:
            recorded.close()
        its_addresses = machine.addresses()
        assert {machine.address, machine.address_6} < its_addresses  # and one of its link alone
        traces = [
            *(of_address("the agent's address", one) for one in its_addresses),
            *(of_address("the agent's gateway", one) for one in (machine.gateway, machine.gateway_6)),
            of_hardware("the agent's hardware address", HARDWARE),
            *of_this_machine(names_of_this_machine()),
        ]
    texts = recorded.texts()
    check_the_run_was_worth_searching(texts)
    assert found(traces, texts) == []


@pytest.mark.parametrize(
    ("trace", "texts"),
    [
        (
            of_address("v4", "192.0.2.77"),
            [
                b"at 192.0.2.77:80",
                b"(192.0.2.77)",
                b"x\xc0\x00\x02\x4dx",
                b"\x4d\x02\x00\xc0",
                b"C000024D",
                b"4d0200c0",
            ],
        ),
        (of_address("v6", "fd00::2%eth0"), [b"[fd00::2]", b"fd00:0000:0000:0000:0000:0000:0000:0002"]),
        (of_address("v6", "2001:db8::5"), [socket.inet_pton(socket.AF_INET6, "2001:db8::5")]),
        (
            of_hardware("mac", "02:FC:00:00:00:01"),
            [b"02-fc-00-00-00-01", b"02fc.0000.0001", b"02FC00000001", b"\x02\xfc\0\0\0\x01"],
        ),
        (of_name("user", "m-lee"), [b"/srv/m-lee/x", b"M-LEE", b'"m-lee"']),
    ],
)
def test_the_search_finds_each_form(trace: Trace, texts: Sequence[bytes]) -> None:
    for text in texts:
        assert found([trace], {"text": b"before " + text + b" after"}) == [f"{trace.what} in text"], text
    for text in (b"1192.0.2.77", b"192.0.2.770", b"192.0.2.77.1", b"fd00::21", b"dfd00::2", b"m-leeway", b"sam-lee7"):
        assert found([trace], {"text": text}) == []


def test_the_search_looks_into_compressed_bodies() -> None:
    stream = b"POST / HTTP/1.1\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"it is 192.0.2.77")
    assert found([of_address("v4", "192.0.2.77")], {"stream": readable(stream)})
    assert readable(stream[:-3]) == stream[:-3]
