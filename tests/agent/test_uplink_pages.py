"""What the guides tell an installer about uplinks is so, as it stands there."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from agent.settings import read_settings
from agent.uplink_settings import WORDS, SnmpSettings, UplinkSettings
from tests.agent.fakes import AGENT, TOKEN
from tests.agent.routers import LOOPBACK, counters
from tests.snmpd import Snmpd

DOCS = Path(__file__).parents[2] / "docs"
AGENT_PAGE = (DOCS / "agent.md").read_text(encoding="utf-8")
INSTALL_PAGE = (DOCS / "install-agent.md").read_text(encoding="utf-8")
UPLINK = AGENT_PAGE.partition("\n### An uplink\n")[2].partition("\n## ")[0]


def test_the_tables_of_the_page_are_read(tmp_path: Path) -> None:
    tables = "\n".join(re.findall(r"^```toml\n(.*?)^```", UPLINK, re.MULTILINE | re.DOTALL))
    key = tmp_path / "key"
    key.write_text("a long password\n")
    path = tmp_path / "agent.toml"
    who = f'url = "https://bandroom.example.org"\nagent = "{AGENT}"\ntoken = "{TOKEN}"\n\n'
    path.write_text(who + re.sub(r'"/var/lib/bandroom-agent/snmp-\w+"', f'"{key}"', tables))

    read = read_settings(path)
    assert read.uplink == UplinkSettings(interface="eth1", of="site", facing="outside")
    assert read.snmp is not None
    assert read.snmp.secret("privacy_key").shown == "a long password"


def test_every_key_and_word_of_the_tables_is_on_the_page() -> None:
    for shape in (UplinkSettings, SnmpSettings):
        assert [one.name for one in fields(shape) if one.name not in UPLINK] == []
    assert [word for words in WORDS.values() for word in words if word not in UPLINK] == []


@pytest.mark.requires("snmpd")
def test_the_router_of_the_page_shows_what_is_asked_and_nothing_more(tmp_path: Path) -> None:
    (lines,) = re.findall(r"^```\n(view uplinks .*?)^```", INSTALL_PAGE, re.MULTILINE | re.DOTALL)
    auth_key, privacy_key = re.findall(r'"([^"]+)"', lines)
    server = Snmpd(tmp_path, *lines.splitlines()).start()
    keys = tmp_path / "auth", tmp_path / "privacy"
    for path, secret in zip(keys, (auth_key, privacy_key), strict=True):
        path.write_text(f"{secret}\n")
    try:
        read = counters(
            SnmpSettings(
                host="127.0.0.1",
                port=server.port,
                interface=LOOPBACK,
                user="bandroom",
                auth_key_file=str(keys[0]),
                privacy_key_file=str(keys[1]),
            )
        )
    finally:
        server.stop()
    assert read.bits == 64
    assert read.uptime_cs is not None
