"""What a router counted, over the wire: counters that go round, and what cannot be."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from agent.counters import NotCounted
from agent.snmp import SnmpRouter
from agent.uplink_router import RouterInterface
from tests.agent.routers import (
    Made,
    by_community,
    counters,
    counting,
    failure_of,
    grown,
    looked,
)
from tests.snmpd import Snmpd
from wire.uplink_report import UplinkReport

pytestmark = pytest.mark.requires("snmpd")


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    server = Snmpd(tmp_path_factory.mktemp("made"), made_up=True)
    try:
        yield Made(server.start())
    finally:
        server.stop()


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
    assert caplog.messages == ["several interfaces of the router have the name that is wanted word=name_twice"]


def test_a_router_with_many_interfaces_is_read_to_the_end(made_up: Made) -> None:
    made_up.row(1, name="lan1")
    made_up.rows |= {index: {"name": ("string", f"lan{index}")} for index in range(2, 90)}
    made_up.also(90)

    assert counters(by_community(made_up.server, interface="wan0")).epoch[0] == 90


def test_a_router_that_never_comes_to_an_end_is_let_go(made_up: Made) -> None:
    made_up.row(1, name="lan1")
    made_up.rows |= {index: {"name": ("string", f"lan{index}")} for index in range(2, 90)}
    made_up.also(90)
    settings = by_community(made_up.server, interface="wan0")
    impatient = RouterInterface(settings, lambda: SnmpRouter(settings, longest_column=40))

    with pytest.raises(NotCounted, match="refused"):
        asyncio.run(impatient.look("reference", 5))


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
