"""From a router's counters to the collector's store: a reference asks a real SNMP agent, an edge its own interface."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.agent_process import AgentFolder
from tests.end_to_end.collector_process import ROOMS, CollectorFolder
from tests.end_to_end.waiting import eventually
from tests.snmpd import AUTH_KEY, PRIVACY_KEY, Snmpd

LOOPBACK = next(name for name, own in psutil.net_if_addrs().items() if any(one.address == "127.0.0.1" for one in own))


@pytest.mark.requires("snmpd")
def test_what_a_router_and_an_edge_count_is_stored_and_what_they_know_besides_is_not(
    new_collector: Callable[..., CollectorFolder], tmp_path: Path
) -> None:
    router = Snmpd(tmp_path).start()
    tables = {
        "reference": (
            f'\n[snmp]\nhost = "127.0.0.1"\nport = {router.port}\ninterface = "{LOOPBACK}"\nof = "district"\n'
            f'user = "sha256-aes128"\nauth_key = "{AUTH_KEY}"\nprivacy_key = "{PRIVACY_KEY}"\n'
        ),
        "edge": f'\n[uplink]\ninterface = "{LOOPBACK}"\n',
    }
    collector = new_collector(report_seconds=3).start()
    agents: dict[str, AgentFolder] = {}
    try:
        for role, table in tables.items():
            agents[role] = AgentFolder(tmp_path / role)
            agents[role].join(collector.url, collector.code(ROOMS[0], role=role))
            with (tmp_path / role / "agent.toml").open("a", encoding="utf-8") as file:
                file.write(table)
            agents[role].start()
        for role, agent in agents.items():
            eventually(f"the {role} counts its uplink", lambda agent=agent: agent.status()["uplinks"])  # type: ignore[misc]
            agent.wait_until_all_is_delivered(at_least=3)
            agent.stop()
            assert PRIVACY_KEY not in agent.log.read_text(encoding="utf-8")
    finally:
        router.stop()
    collector.stop()

    with collector.opened() as database:
        rows = database.execute("SELECT * FROM uplink").fetchall()
        names = [column[0] for column in database.description or ()]
    counted = [dict(zip(names, row, strict=True)) for row in rows]
    assert {(one["uplink"], one["method"], one["failure"]) for one in counted} == {
        ("district", "snmp", None),
        ("site", "interface", None),
    }
    assert all(one["down_bytes"] >= 0 and one["up_bytes"] >= 0 for one in counted)
    assert not {LOOPBACK, AUTH_KEY, "127.0.0.1"} & {value for row in rows for value in row if isinstance(value, str)}
