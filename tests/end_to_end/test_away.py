"""The collector is away, or something else answers in its place: no report is given up."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from tests.end_to_end.agent_process import AgentFolder
from tests.end_to_end.certificate import make_certificate
from tests.end_to_end.collector_process import CollectorFolder, doubled
from tests.end_to_end.portals import answers, hangs_up, read_request
from tests.end_to_end.relay import Behaviour, TcpRelay
from tests.end_to_end.waiting import eventually

NewAgent = Callable[..., AgentFolder]
NewCollector = Callable[..., CollectorFolder]

HANGS = "takes everything and never answers"
PORTALS: dict[str, Behaviour] = {
    "200 with HTML": answers(200),
    "302 to a login page": answers(302, Location="http://login.portal.example/?from=bandroom"),
    "403 with HTML": answers(403),
    "511 with HTML": answers(511),
    "413 with HTML": answers(413),
    "422 with JSON of its own": answers(422, b'{"error": "Blocked", "detail": "x"}', Content_Type="application/json"),
    "hangs up": hangs_up,
}


def met_twice_and_told(relay: TcpRelay, agent: AgentFolder) -> bool:
    """Whether the agent came again after a first failure, and says what is wrong. One that hangs is met once,
    because an agent's patience is half a minute."""
    return relay.met >= (1 if relay.behaviour == relay.hung else 2) and bool(agent.status()["push_problem"])


def numbers_stored(collector: CollectorFolder, agent: AgentFolder) -> list[int]:
    """The numbers of the agent's reports in a stopped collector's store; none is there twice."""
    keys = [key for key in collector.stored_keys() if key[0] == agent.agent]
    assert doubled(keys) == []
    return sorted(seq for _, _, seq in keys)


def check_everything_arrived(collector: CollectorFolder, agents: list[AgentFolder]) -> None:
    """Stop all; what each agent says that it made is in the store."""
    for agent in agents:
        agent.wait_until_all_is_delivered()
        agent.stop()
    made = {agent.agent: agent.reports() for agent in agents}
    waiting = {agent.agent: {seq for _, seq in agent.spooled().waiting} for agent in agents}
    collector.stop()
    for agent in agents:
        reports = made[agent.agent]
        assert (reports["dropped"], reports["quarantined"]) == (0, 0)
        arrived = numbers_stored(collector, agent)
        # The last reports are made while it stops; those that found no time are in the spool.
        assert sorted({*arrived, *waiting[agent.agent]}) == list(range(1, reports["numbered"] + 1))
        assert len(arrived) >= reports["delivered"] > 0


@pytest.mark.slow
def test_no_report_is_given_up_to_whatever_answers_in_the_collectors_place(
    collector: CollectorFolder, new_agent: NewAgent
) -> None:
    names = [*PORTALS, HANGS]
    code = collector.code(uses=len(names))
    to = ("127.0.0.1", int(str(collector.settings["port"])))
    relays = {name: TcpRelay(to) for name in names}
    agents = {name: new_agent(f"agent-{number}") for number, name in enumerate(names)}
    try:
        for name, agent in agents.items():
            agent.join(relays[name].url, code)
            agent.start()
        for agent in agents.values():
            agent.wait_until_all_is_delivered()
        before = {name: agent.reports()["delivered"] for name, agent in agents.items()}
        for name, relay in relays.items():
            relay.answer_with(PORTALS.get(name, relay.hung))
        for name, agent in agents.items():
            eventually(f"the agent has met '{name}'", partial(met_twice_and_told, relays[name], agent))
            assert name != HANGS or agent.status()["push_problem"] == "timeout"
            reports = agent.reports()
            assert reports["waiting"] > 0
            assert (reports["dropped"], reports["quarantined"]) == (0, 0), name
            relays[name].answer_with(None)
        for name, agent in agents.items():
            agent.wait_until_all_is_delivered(at_least=before[name] + 5)
            assert agent.status()["push_problem"] is None
        check_everything_arrived(collector, list(agents.values()))
    finally:
        for relay in relays.values():
            relay.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two self-signed certificates of this machine, each with its key in one file: ours and an interceptor's."""
    folder = tmp_path_factory.mktemp("tls")
    return make_certificate(folder / "ours.pem"), make_certificate(folder / "interceptor.pem")


def intercepts(certificate: Path) -> Behaviour:
    """A filter that ends TLS itself with a certificate nobody here trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def behave(client: socket.socket) -> None:
        client.settimeout(30)
        with suppress(ssl.SSLError), context.wrap_socket(client, server_side=True) as inside:
            read_request(inside)
            inside.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            pytest.fail("the agent spoke to a certificate that it cannot trust")

    return behave


@pytest.fixture
def tls_relay(
    new_collector: NewCollector, certificates: tuple[Path, Path]
) -> Iterator[tuple[CollectorFolder, TcpRelay]]:
    ours, _ = certificates
    collector = new_collector(tls_certificate=str(ours), tls_key=str(ours)).start()
    relay = TcpRelay(("127.0.0.1", int(str(collector.settings["port"]))))
    yield collector, relay
    relay.close()


@pytest.mark.slow
def test_a_tls_interceptor_gets_nothing_and_costs_nothing(
    tls_relay: tuple[CollectorFolder, TcpRelay], certificates: tuple[Path, Path], new_agent: NewAgent
) -> None:
    collector, relay = tls_relay
    ours, interceptors = certificates
    url = relay.url.replace("http://127.0.0.1", "https://localhost")
    agent = new_agent()
    agent.join(url, collector.code(), "--ca-file", str(ours))
    agent.start()
    delivered = agent.wait_until_all_is_delivered()["delivered"]
    relay.answer_with(intercepts(interceptors))
    eventually("the agent notices", lambda: agent.status()["push_problem"] == "tls_untrusted")
    eventually("the agent tries again", lambda: relay.met >= 2)
    relay.answer_with(None)
    agent.wait_until_all_is_delivered(at_least=delivered + 5)
    check_everything_arrived(collector, [agent])


@pytest.mark.slow
def test_what_was_measured_while_the_collector_was_away_arrives_in_its_own_seconds(
    collector: CollectorFolder, new_agent: NewAgent
) -> None:
    agent = new_agent()
    agent.join(collector.url, collector.code())
    began = time.time()
    agent.start()
    agent.wait_until_all_is_delivered(at_least=5)
    for _ in range(2):
        collector.stop()
        waiting = eventually("reports wait", lambda: found if (found := agent.reports()["waiting"]) >= 15 else None)
        delivered = agent.reports()["delivered"]
        collector.start()
        agent.wait_until_all_is_delivered(at_least=delivered + waiting)
    check_everything_arrived(collector, [agent])
    ended = time.time()
    for table, target in (("latency", "district"), ("latency", "gateway"), ("health", None)):
        check_seconds_are_whole(*seconds_of(collector, table, target), began=began, ended=ended)


def seconds_of(
    collector: CollectorFolder, table: str, target: str | None
) -> tuple[str, list[tuple[float, float, bool]]]:
    """When each report of a kind began and ended (Unix seconds), and whether its time was repaired."""
    where = f"WHERE target = '{target}'" if target else ""
    with collector.opened() as connection:
        rows: list[tuple[float, float, bool]] = connection.execute(
            f"SELECT epoch(started_at), epoch(started_at) + duration_ms / 1000, repaired FROM {table} {where} "
            "ORDER BY started_at"
        ).fetchall()
    return target or table, rows


def check_seconds_are_whole(name: str, rows: list[tuple[float, float, bool]], *, began: float, ended: float) -> None:
    """One report follows the other without overlap or gap, none before the agent was started or after it ended."""
    assert not any(repaired for _, _, repaired in rows), name
    assert began <= rows[0][0], name
    assert rows[-1][1] <= ended, name
    for (_, end, _), (start, _, _) in pairwise(rows):
        assert abs(start - end) < 0.01, f"{name}: {start - end:.3f} s between two reports"


@pytest.mark.slow
def test_an_agent_whose_collector_hangs_stops_in_time_and_keeps_everything(
    collector: CollectorFolder, new_agent: NewAgent
) -> None:
    relay = TcpRelay(("127.0.0.1", int(str(collector.settings["port"]))))
    agent = new_agent()
    try:
        agent.join(relay.url, collector.code())
        agent.start()
        delivered = agent.wait_until_all_is_delivered()["delivered"]
        relay.answer_with(relay.hung)
        eventually("a request hangs", lambda: relay.met >= 1)
        eventually("reports wait", lambda: agent.reports()["waiting"] >= 5)
        asked_at = time.clock_gettime(time.CLOCK_BOOTTIME)
        # Five seconds are promised, and service managers wait for ten and more.
        agent.stop(within_s=10)
        made = agent.reports()
        assert made["waiting"] > 0
        assert newest_end_s(agent) > asked_at - 0.5, "what was measured last was not kept"
        relay.answer_with(None)
        agent.start()
        agent.wait_until_all_is_delivered(at_least=delivered + made["waiting"])
        check_everything_arrived(collector, [agent])
    finally:
        relay.close()


def newest_end_s(agent: AgentFolder) -> float:
    """The boot clock at the end of the newest period in the spool of an agent that is not running."""
    ends: list[int] = [body["boot_ms"] + body["duration_ms"] for body in agent.spooled_bodies()]
    return max(ends) / 1000


def test_an_agent_stops_at_once_when_all_is_well(collector: CollectorFolder, new_agent: NewAgent) -> None:
    agent = new_agent()
    agent.join(collector.url, collector.code())
    agent.start()
    agent.wait_until_all_is_delivered()
    agent.stop(within_s=10)
    reports = agent.reports()
    assert reports["waiting"] == 0, "the last reports were not delivered"
    assert agent.status()["running"] is False
