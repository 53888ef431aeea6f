"""An edge counts its own interface, and nobody else's machine is ever looked at."""

import asyncio
import socket
from collections.abc import Mapping
from pathlib import Path

import psutil
import pytest

from agent.counters import NotCounted
from agent.secret import Secret
from agent.settings import Settings
from agent.uplink import UplinkCount, counted_here
from agent.uplink_interface import OwnInterface, read_counters
from agent.uplink_settings import UplinkSettings
from tests.agent.fakes import AGENT, TOKEN, MovedClock
from wire.enrolment import Role
from wire.uplink_report import UplinkReport

MINUTE_NS = 60_000_000_000
LOOPBACK = next(name for name, own in psutil.net_if_addrs().items() if any(one.address == "127.0.0.1" for one in own))


def settings(**more: object) -> Settings:
    return Settings(url="http://127.0.0.1:1", agent=AGENT, token=Secret(TOKEN), **more)  # type: ignore[arg-type]


def send(octets: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as one:
        other, _ = listener.accept()
        with other:
            one.sendall(bytes(octets))
            assert len(other.recv(octets, socket.MSG_WAITALL)) == octets


def test_an_edge_counts_what_passes_its_interface() -> None:
    wanted = UplinkSettings(interface=LOOPBACK, of="district")

    async def two() -> UplinkReport:
        (counted,) = counted_here(settings(uplink=wanted), "edge")
        count = UplinkCount(counted, MovedClock().clock())
        assert await count.look("edge", period_ns=MINUTE_NS) is None, "there is nothing yet to compare with"
        before = psutil.net_io_counters(pernic=True)[LOOPBACK]
        send(50_000)
        after = psutil.net_io_counters(pernic=True)[LOOPBACK]
        draft = await count.look("edge", period_ns=MINUTE_NS)
        assert draft is not None
        built = draft(seq=1)
        assert isinstance(built, UplinkReport)
        assert built.down_bytes is not None
        assert built.down_bytes >= after.bytes_recv - before.bytes_recv >= 50_000
        return built

    built = asyncio.run(two())
    assert (built.uplink, built.method, built.failure) == ("district", "interface", None)


def test_an_interface_that_is_not_there_is_a_result() -> None:
    with pytest.raises(NotCounted) as refused:
        read_counters("edge", "no-such-0")
    assert refused.value.failure == "no_such_interface"


@pytest.mark.parametrize("role", ["room", "reference"])
def test_only_an_edge_counts_an_interface_of_its_own(role: Role) -> None:
    assert list(counted_here(settings(), role)) == []
    assert list(counted_here(settings(uplink=UplinkSettings(interface=LOOPBACK)), role)) == []
    assert [one.by.method for one in counted_here(settings(), "edge")] == ["interface"]


def test_a_room_agent_cannot_tell_octets(monkeypatch: pytest.MonkeyPatch) -> None:
    class Person:
        def __getattr__(self, name: str) -> int:
            raise AssertionError("the octets of a room's machine were looked at")

    def counters(*, pernic: bool, nowrap: bool) -> Mapping[str, Person]:
        return {name: Person() for name in psutil.net_if_addrs()}

    monkeypatch.setattr(psutil, "net_io_counters", counters)

    for name in psutil.net_if_addrs():
        with pytest.raises(NotCounted) as refused:
            read_counters("room", name)
        assert refused.value.failure == "refused"


@pytest.mark.skipif(not Path("/proc/net/route").exists(), reason="Linux tells its routes there")
def test_without_a_name_it_is_the_interface_with_the_default_route() -> None:
    routes = [line.split() for line in Path("/proc/net/route").read_text().splitlines()[1:]]
    leads_out = {words[0] for words in routes if words[1] == words[7] == "00000000"}
    if not leads_out:
        pytest.skip("this machine has no default route")

    found = asyncio.run(OwnInterface(UplinkSettings()).look("edge", 5))

    assert found.epoch[0] in leads_out
