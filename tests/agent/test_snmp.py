"""A router is asked by SNMP: a real one, in every way, and with every answer that is none."""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from agent.counters import NotCounted
from agent.secret import Secret
from agent.uplink_router import RouterInterface
from agent.uplink_settings import SnmpSettings
from tests.agent.routers import (
    LOOPBACK,
    SHORT_S,
    by_community,
    by_user,
    counters,
    counting,
    failure_of,
    looked,
    own,
)
from tests.snmpd import COMMUNITY, USERS, Snmpd
from wire.uplink_report import UplinkReport

pytestmark = pytest.mark.requires("snmpd")


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    """With the interfaces of this machine, read whenever it is asked."""
    server = Snmpd(tmp_path_factory.mktemp("snmpd"))
    try:
        server.start().read_interfaces_at_once()
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("user", [*USERS, "auth-only", "v2c", "v2c over IPv6"])
def test_a_router_is_read_in_every_way_that_it_may_be_asked(user: str, snmpd: Snmpd) -> None:
    ways = {
        "auth-only": lambda: by_user(snmpd, "auth-only", auth="sha256", privacy="none", privacy_key=None),
        "v2c": lambda: by_community(snmpd),
        "v2c over IPv6": lambda: by_community(snmpd, host="::1"),
    }
    before = own()
    read = counters(ways[user]() if user in ways else by_user(snmpd, user))
    after = own()

    assert before[0] <= read.in_octets <= after[0]
    assert before[1] <= read.out_octets <= after[1]
    assert (read.bits, read.speed_mbps) == (64, 10)  # snmpd says so of a loopback
    assert read.uptime_cs is not None


def test_what_is_polled_is_what_the_system_counted_while_known_bytes_flowed(snmpd: Snmpd) -> None:
    async def two() -> tuple[UplinkReport, list[tuple[int, int]]]:
        count = counting(by_user(snmpd, "sha256-aes128", of="district"))
        seen = [own()]
        assert await looked(count) is None, "there is nothing yet to compare with"
        seen.append(own())
        with (
            socket.create_server(("127.0.0.1", 0)) as listener,
            socket.create_connection(listener.getsockname()) as one,
        ):
            other, _ = listener.accept()
            with other:
                one.sendall(bytes(200_000))
                assert len(other.recv(200_000, socket.MSG_WAITALL)) == 200_000
        seen.append(own())
        report = await looked(count)
        seen.append(own())
        count.close()
        assert report is not None
        return report, seen

    report, (before, since, until, after) = asyncio.run(two())
    assert (report.uplink, report.method, report.failure) == ("district", "snmp", None)
    assert report.down_bytes is not None
    assert report.up_bytes is not None
    assert 200_000 <= until[0] - since[0] <= report.down_bytes <= after[0] - before[0]
    assert 200_000 <= until[1] - since[1] <= report.up_bytes <= after[1] - before[1]


def test_a_wrong_community_is_silence(snmpd: Snmpd) -> None:
    assert failure_of(by_community(snmpd, "wrong"), patience_s=SHORT_S) == "no_answer"


def test_nobody_there_is_silence(snmpd: Snmpd) -> None:
    assert failure_of(by_community(snmpd, port=1), patience_s=SHORT_S) == "no_answer"
    assert failure_of(by_community(snmpd, host="no-such-host.invalid")) == "no_answer"


@pytest.mark.parametrize(
    "wrong",
    [
        {"auth_key": Secret("not-the-key")},
        {"called": "nobody"},
        {"auth": "sha512"},
        {"called": "auth-only"},
    ],
)
def test_who_is_not_let_in_is_told_so(wrong: dict[str, Any], snmpd: Snmpd) -> None:
    assert failure_of(by_user(snmpd, "sha256-aes128", **wrong)) == "wrong_credentials"


def test_a_wrong_privacy_key_is_silence_because_the_router_says_nothing(snmpd: Snmpd) -> None:
    wrong = by_user(snmpd, "sha256-aes128", privacy_key=Secret("not-the-key"))
    assert failure_of(wrong, patience_s=SHORT_S) == "no_answer"


def test_a_user_who_must_encrypt_and_does_not_is_refused(snmpd: Snmpd) -> None:
    assert failure_of(by_user(snmpd, "sha256-aes128", privacy="none")) == "refused"


@pytest.mark.parametrize("interface", ["no-such-0", 4711])
def test_an_interface_that_the_router_has_not_is_named(interface: str | int, snmpd: Snmpd) -> None:
    assert failure_of(by_community(snmpd, interface=interface)) == "no_such_interface"


@pytest.mark.parametrize("interface", [LOOPBACK, 1])
def test_a_view_without_interfaces_is_a_refusal(interface: str | int, snmpd: Snmpd) -> None:
    assert failure_of(by_community(snmpd, "blind", interface=interface)) == "refused"


@pytest.mark.parametrize("user", ["v2c", "sha256-aes128"])
def test_a_router_that_started_anew_says_so_and_is_counted_from_there(user: str, tmp_path: Path) -> None:
    server = Snmpd(tmp_path).start()

    async def through() -> list[str | None]:
        count = counting(by_community(server) if user == "v2c" else by_user(server, user))
        assert await looked(count) is None
        server.stop()
        away = await looked(count, patience_s=1.2)  # so long that the new uptime is shorter
        server.start()
        anew, again = await looked(count), await looked(count)
        count.close()
        assert away is not None
        assert anew is not None
        assert again is not None
        return [away.failure, anew.failure, again.failure]

    try:
        assert asyncio.run(through()) == ["no_answer", "restarted", None]
    finally:
        server.stop()


def test_a_secret_is_read_from_its_file_whenever_the_router_is_asked_anew(snmpd: Snmpd, tmp_path: Path) -> None:
    file = tmp_path / "community"
    wanted = SnmpSettings(host="127.0.0.1", port=snmpd.port, interface=LOOPBACK, version="2c", community_file=str(file))
    assert failure_of(wanted) == "wrong_credentials"
    file.write_text(f"{COMMUNITY}\n")
    assert failure_of(wanted) is None


NONSENSE = [b"", b"nonsense", b"\x30\x82\xff\xff", bytes(1400), b"\x30\x26\x02\x01\x01\x04\x05right"]


@pytest.mark.parametrize("answer", NONSENSE)
def test_nonsense_from_a_router_is_no_answer_and_harms_nothing(answer: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.bind(("127.0.0.1", 0))
        link.settimeout(5)

        def serve() -> None:
            with suppress(OSError):  # closed at the end
                while True:
                    _, sender = link.recvfrom(2048)
                    link.sendto(answer, sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        port = link.getsockname()[1]
        wanted = SnmpSettings(
            host="127.0.0.1", port=port, interface=LOOPBACK, version="2c", community=Secret(COMMUNITY)
        )
        assert failure_of(wanted, patience_s=SHORT_S) in ("no_answer", "refused")


def test_without_pysnmp_that_is_a_result_and_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "pysnmp", None)
    wanted = SnmpSettings(host="127.0.0.1", interface=LOOPBACK, version="2c", community=Secret(COMMUNITY))

    async def two() -> list[str | None]:
        count = counting(wanted)
        return [report.failure for _ in range(2) if (report := await looked(count)) is not None]

    assert asyncio.run(two()) == ["probe_broke", "probe_broke"]
    assert caplog.messages == ["no router can be asked here word=no_pysnmp"]


def test_an_agent_without_a_router_loads_no_pysnmp() -> None:
    loads = "import agent.main, sys; sys.exit(any('snmp' in one or 'cryptography' in one for one in sys.modules))"
    assert subprocess.run([sys.executable, "-c", loads], check=False, timeout=60).returncode == 0


def test_a_room_agent_asks_no_router() -> None:
    def never() -> Any:
        raise AssertionError("a room asked a router")

    wanted = SnmpSettings(host="127.0.0.1", interface=LOOPBACK, version="2c", community=Secret(COMMUNITY))
    with pytest.raises(NotCounted):
        asyncio.run(RouterInterface(wanted, never).look("room", 1))
