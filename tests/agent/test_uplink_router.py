"""A router's counters, asked of a real SNMP agent."""

import asyncio
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from agent.clock import system_clock
from agent.counters import Counters, NotCounted
from agent.secret import Secret
from agent.uplink import Counted, UplinkCount
from agent.uplink_router import RouterInterface, router_of
from agent.uplink_settings import SnmpSettings
from tests.snmpd import AUTH_KEY, COMMUNITY, IF_TABLE, IF_X_TABLE, PRIVACY_KEY, USERS, Snmpd
from wire.uplink_report import UplinkReport

pytestmark = pytest.mark.requires("snmpd")

MINUTE_NS = 60_000_000_000
LOOPBACK = next(name for name, own in psutil.net_if_addrs().items() if any(one.address == "127.0.0.1" for one in own))
SHORT_S = 0.4
"""Long enough for a router on this machine, and what a test waits for one that is silent."""


@pytest.fixture(scope="module")
def snmpd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    """With the interfaces of this machine, read whenever it is asked."""
    server = Snmpd(tmp_path_factory.mktemp("snmpd"))
    try:
        server.start().read_interfaces_at_once()
        yield server
    finally:
        server.stop()


class Made:
    """A router with one uplink, made up, whose counters a test sets."""

    def __init__(self, server: Snmpd) -> None:
        self.server = server
        self.rows: dict[int, dict[str, tuple[str, object]]] = {}

    def row(self, index: int = 7, **values: object) -> None:
        """The row of an interface, and no others."""
        self.rows = {}
        self.also(index, **values)

    def also(self, index: int, **values: object) -> None:
        """One more."""
        wanted: dict[str, object] = {"name": "wan0", "descr": f"Ethernet {index}", "alias": "to the provider"}
        wanted |= {"in_64": 1000, "out_64": 500, "high_speed": 1000, "discontinuity": 0} | values
        self.rows[index] = {key: (COLUMNS[key][1], value) for key, value in wanted.items() if value is not None}
        self.server.has(
            *(
                (f"{COLUMNS[key][0]}.{row}", kind, value)
                for row, columns in self.rows.items()
                for key, (kind, value) in columns.items()
            )
        )


COLUMNS = {
    "descr": (f"{IF_TABLE}.2", "string"),
    "speed": (f"{IF_TABLE}.5", "gauge"),
    "in_32": (f"{IF_TABLE}.10", "counter"),
    "out_32": (f"{IF_TABLE}.16", "counter"),
    "name": (f"{IF_X_TABLE}.1", "string"),
    "in_64": (f"{IF_X_TABLE}.6", "counter64"),
    "out_64": (f"{IF_X_TABLE}.10", "counter64"),
    "high_speed": (f"{IF_X_TABLE}.15", "gauge"),
    "alias": (f"{IF_X_TABLE}.18", "string"),
    "discontinuity": (f"{IF_X_TABLE}.19", "timeticks"),
}


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    server = Snmpd(tmp_path_factory.mktemp("made"), made_up=True)
    try:
        yield Made(server.start())
    finally:
        server.stop()


def by_community(server: Snmpd, community: str = COMMUNITY, **more: Any) -> SnmpSettings:
    wanted: dict[str, Any] = {"host": "127.0.0.1", "port": server.port, "interface": LOOPBACK} | more
    return SnmpSettings(version="2c", community=Secret(community), **wanted)


def by_user(server: Snmpd, user: str, called: str | None = None, **more: Any) -> SnmpSettings:
    auth, _, privacy = user.partition("-")
    keys: dict[str, Any] = {"auth_key": Secret(AUTH_KEY), "privacy_key": Secret(PRIVACY_KEY)}
    wanted: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": server.port,
        "interface": LOOPBACK,
        "auth": auth,
        "privacy": privacy,
    }
    return SnmpSettings(user=called or user, **(wanted | keys | more))


def counting(settings: SnmpSettings) -> UplinkCount:
    by = RouterInterface(settings, lambda: router_of(settings))
    return UplinkCount(Counted(of=settings.of, facing=settings.facing, by=by), system_clock())


async def looked(count: UplinkCount, *, patience_s: float = 5) -> UplinkReport | None:
    draft = await count.look("reference", period_ns=round(patience_s * 2e9))
    report = draft(seq=1) if draft is not None else None
    assert report is None or isinstance(report, UplinkReport)
    return report


def failure_of(settings: SnmpSettings, *, patience_s: float = 5) -> str | None:
    async def once() -> UplinkReport | None:
        count = counting(settings)
        try:
            return await looked(count, patience_s=patience_s)
        finally:
            count.close()

    report = asyncio.run(once())
    return None if report is None else report.failure


def counters(settings: SnmpSettings) -> Counters:
    async def once() -> Counters:
        router = RouterInterface(settings, lambda: router_of(settings))
        try:
            return await router.look("edge", 5)
        finally:
            router.close()

    return asyncio.run(once())


def own() -> tuple[int, int]:
    counted = psutil.net_io_counters(pernic=True, nowrap=False)[LOOPBACK]
    return counted.bytes_recv, counted.bytes_sent


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


def grown(made: Made, before: Mapping[str, Any], after: Mapping[str, Any], **settings: Any) -> UplinkReport:
    """What is reported of a router whose row was so, and then so."""

    async def two() -> UplinkReport:
        count = counting(by_community(made.server, **({"interface": "wan0"} | settings)))
        made.row(**before)
        assert await looked(count) is None
        made.row(**after)
        report = await looked(count)
        count.close()
        assert report is not None
        return report

    return asyncio.run(two())


def test_a_counter_of_64_bits_goes_round_on_the_wire(made_up: Made) -> None:
    report = grown(made_up, {"in_64": 2**64 - 700, "out_64": 2**63}, {"in_64": 300, "out_64": 2**63 + 5})

    assert (report.down_bytes, report.up_bytes, report.speed_mbps) == (1000, 5, 1000)


def test_a_counter_of_32_bits_goes_round_where_there_is_no_other(made_up: Made) -> None:
    old: dict[str, Any] = {"in_64": None, "out_64": None, "high_speed": None, "speed": 100_000_000}
    report = grown(
        made_up, old | {"in_32": 2**32 - 700, "out_32": 10}, old | {"in_32": 300, "out_32": 15}, facing="inside"
    )

    assert (report.down_bytes, report.up_bytes, report.speed_mbps) == (5, 1000, 100)


def test_a_counter_that_may_have_gone_round_twice_is_not_believed(made_up: Made) -> None:
    old: dict[str, Any] = {"in_64": None, "out_64": None, "high_speed": 10_000_000}
    report = grown(made_up, old | {"in_32": 10, "out_32": 10}, old | {"in_32": 15, "out_32": 15})

    assert report.failure == "refused"


@pytest.mark.parametrize(
    ("after", "failure"),
    [
        ({"in_64": 1000 + 10**10}, "implausible"),  # 10 GB in a moment, over 1 Gbit/s
        ({"in_64": 0}, "implausible"),  # stands lower, and nothing says that it began anew
        ({"discontinuity": 4711}, "restarted"),
        ({"index": 9}, "restarted"),
        ({"high_speed": 0, "in_64": 1000 + 10**10}, None),  # who knows what it can carry
    ],
)
def test_what_cannot_be_is_no_octets(after: dict[str, Any], failure: str | None, made_up: Made) -> None:
    before = {"high_speed": 0} if after.get("high_speed") == 0 else {}
    assert grown(made_up, before, after).failure == failure


def test_an_interface_that_was_renumbered_is_found_by_its_name(made_up: Made) -> None:
    async def through() -> list[tuple[str | None, int | None]]:
        count = counting(by_community(made_up.server, interface="wan0"))
        made_up.row(7, in_64=1000)
        assert await looked(count) is None
        made_up.row(7, name="lan0", in_64=99_000)
        made_up.also(12, in_64=2000)
        moved = await looked(count)
        made_up.also(12, in_64=2500)
        after = await looked(count)
        count.close()
        assert moved is not None
        assert after is not None
        return [(moved.failure, moved.down_bytes), (after.failure, after.down_bytes)]

    assert asyncio.run(through()) == [("restarted", None), (None, 500)]


@pytest.mark.parametrize("interface", ["wan0", "Ethernet 7", "to the provider", 7])
def test_an_interface_is_named_as_the_router_names_it(interface: str | int, made_up: Made) -> None:
    made_up.row(7)
    made_up.also(8, name="wan1", alias="spare")

    assert counters(by_community(made_up.server, interface=interface)).epoch[0] == 7


def test_a_name_that_two_interfaces_have_names_none(made_up: Made, caplog: pytest.LogCaptureFixture) -> None:
    made_up.row(7)
    made_up.also(8, name="wan1")

    assert failure_of(by_community(made_up.server, interface="to the provider")) == "no_such_interface"
    assert caplog.messages == ["several interfaces of the router have that name count=2"]


def test_a_router_with_many_interfaces_is_read_to_the_end(made_up: Made) -> None:
    made_up.row(1, name="lan1")
    made_up.rows |= {index: {"name": ("string", f"lan{index}")} for index in range(2, 90)}
    made_up.also(90)

    assert counters(by_community(made_up.server, interface="wan0")).epoch[0] == 90


def test_a_poll_that_failed_loses_nothing(made_up: Made) -> None:
    async def through() -> list[UplinkReport | None]:
        count = counting(by_community(made_up.server, interface="wan0"))
        made_up.row(7, in_64=1000)
        first = await looked(count)
        made_up.row(7, name="away", descr="away", alias="away", in_64=2000)
        failed = await looked(count)
        made_up.row(7, in_64=3000)
        after = await looked(count)
        count.close()
        return [first, failed, after]

    first, failed, after = asyncio.run(through())
    assert first is None
    assert failed is not None
    assert after is not None
    assert (failed.failure, after.failure, after.down_bytes) == ("no_such_interface", None, 2000)
    assert after.boot_ms <= failed.boot_ms


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

    with pytest.raises(NotCounted) as refused:
        router_of(wanted)
    assert refused.value.failure == "probe_broke"
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
