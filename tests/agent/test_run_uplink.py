"""The whole agent, as a process of its own, counts an uplink: nothing of the router travels but octets."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from agent.secret import Secret
from agent.settings import Settings, write_settings
from agent.uplink_settings import SnmpSettings, UplinkSettings
from tests.agent.fakes import AGENT, TOKEN
from tests.agent.test_run import District, district, run_command, running, stopped, until
from tests.snmpd import AUTH_KEY, COMMUNITY, PRIVACY_KEY, Snmpd

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="drives POSIX signals"),
    pytest.mark.requires("snmpd"),
]

LOOPBACK = next(name for name, own in psutil.net_if_addrs().items() if any(one.address == "127.0.0.1" for one in own))


@pytest.fixture(scope="module")
def router(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    server = Snmpd(tmp_path_factory.mktemp("snmpd"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


def by_user(router: Snmpd, **more: Any) -> SnmpSettings:
    wanted: dict[str, Any] = {"host": "127.0.0.1", "port": router.port, "interface": LOOPBACK, "of": "district"}
    keys: dict[str, Any] = {"auth_key": Secret(AUTH_KEY), "privacy_key": Secret(PRIVACY_KEY)}
    return SnmpSettings(user="sha256-aes128", **(wanted | keys | more))


def uplinks(here: District) -> list[dict[str, Any]]:
    return [one for one in here.reports if one["kind"] == "uplink"]


def test_a_reference_delivers_what_a_router_counted_and_nothing_else_of_it(router: Snmpd, tmp_path: Path) -> None:
    secrets = AUTH_KEY, PRIVACY_KEY, "sha256-aes128"
    with district(role="reference", period_ms=3000) as here, running(tmp_path, here.url, snmp=by_user(router)) as agent:
        until(lambda: len(uplinks(here)) >= 1, seconds=40)
        status = run_command(tmp_path, "status").stdout
        code, _ = stopped(agent)
        assert agent.stderr is not None
        said = agent.stderr.read()
    sent = json.dumps(here.batches)

    assert code == 0
    assert {(one["uplink"], one["method"], one["failure"]) for one in uplinks(here)} == {("district", "snmp", None)}
    assert all(one["down_bytes"] >= 0 and one["speed_mbps"] == 10 for one in uplinks(here))
    assert [one for one in here.reports if one["kind"] == "health" and one["uplink_in_bytes"] is not None] == []
    (line,) = (one for one in status.splitlines() if one.startswith("uplink"))
    assert line.startswith("uplink      district (router, ")
    assert "Mbit/s down" in line
    for secret in secrets:
        assert secret not in sent
        assert secret not in said + status
    assert f'"{LOOPBACK}"' not in sent
    assert str(router.port) not in sent


def test_once_says_what_an_uplink_carries_and_why_another_is_not_counted(router: Snmpd, tmp_path: Path) -> None:
    wrong = SnmpSettings(
        host="127.0.0.1", port=router.port, interface="wan0", version="2c", community=Secret(COMMUNITY)
    )
    with district(role="edge") as here:
        settings = Settings(url=here.url, agent=AGENT, token=Secret(TOKEN), uplink=UplinkSettings(interface=LOOPBACK))
        write_settings(tmp_path / "good" / "agent.toml", settings)
        good = run_command(tmp_path / "good", "once", "--seconds", "0.2")
        settings = Settings(url=here.url, agent=AGENT, token=Secret(TOKEN), snmp=wrong)
        write_settings(tmp_path / "bad" / "agent.toml", settings)
        bad = run_command(tmp_path / "bad", "once", "--seconds", "0.2")

    counted, failed = (one.stdout.partition("\nuplink\n")[2].strip() for one in (good, bad))
    assert counted.startswith("site (own interface): ")
    assert " Mbit/s down, " in counted
    assert failed == "site (router): there is no interface, or more than one, that is called so"
    assert COMMUNITY not in bad.stdout + bad.stderr
