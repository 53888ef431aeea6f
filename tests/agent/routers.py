"""Routers to be asked: snmpd with this machine's interfaces, and with one that a test makes up; and who asks."""

import asyncio
from collections.abc import Mapping
from typing import Any

import psutil

from agent.clock import system_clock
from agent.counters import Counters
from agent.secret import Secret
from agent.uplink import Counted, UplinkCount
from agent.uplink_router import RouterInterface, router_of
from agent.uplink_settings import SnmpSettings
from tests.snmpd import AUTH_KEY, COMMUNITY, IF_TABLE, IF_X_TABLE, PRIVACY_KEY, Snmpd
from wire.uplink_report import UplinkReport

LOOPBACK = next(name for name, own in psutil.net_if_addrs().items() if any(one.address == "127.0.0.1" for one in own))
SHORT_S = 0.4
"""Long enough for a router on this machine, and what a test waits for one that is silent."""


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
