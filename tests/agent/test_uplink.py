"""The loop that counts uplinks: a look in each period, and what becomes of sleep, roles and trouble."""

import asyncio
import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, get_args

import psutil
import pytest

from agent.clock import NS_PER_S
from agent.counters import Counters, NotCounted
from agent.fold import Draft
from agent.secret import Secret
from agent.settings import Settings
from agent.spool import Spool
from agent.state import State
from agent.status import read_status
from agent.uplink import BRIDGED_NS, Counted, UplinkCount, count_once, count_uplinks, counted_here
from agent.uplink_settings import SnmpSettings, UplinkSettings
from agent.uplink_words import WHY, note_uplinks, status_of
from tests.agent.fakes import AGENT, TOKEN, MovedClock
from tests.agent.reports import READING
from wire.enrolment import Role
from wire.uplink_report import CountedBy, UplinkFailure, UplinkReport

MINUTE_NS = 60 * NS_PER_S
LOOPBACK = next(name for name, own in psutil.net_if_addrs().items() if any(one.address == "127.0.0.1" for one in own))
ROUTER = SnmpSettings(host="127.0.0.1", port=1, interface="wan0", version="2c", community=Secret("public"))


def settings(**more: Any) -> Settings:
    return Settings(url="http://127.0.0.1:1", agent=AGENT, token=Secret(TOKEN), **more)


class Scripted:
    """Counts what it is told, or fails so."""

    method: CountedBy = "snmp"
    roles: frozenset[Role] = frozenset({"reference"})

    def __init__(self, *said: int | UplinkFailure | Exception) -> None:
        self.said = list(said)

    async def look(self, role: Role, patience_s: float) -> Counters:
        one = self.said.pop(0)
        if isinstance(one, Exception):
            raise one
        if isinstance(one, str):
            raise NotCounted(one)
        return Counters(epoch=(), in_octets=one, out_octets=2 * one, speed_mbps=100)

    def close(self) -> None:
        pass


def told(*said: int | UplinkFailure | Exception, apart_ns: int = MINUTE_NS, **counted: Any) -> Iterator[Any]:
    """What is reported of looks that far apart: boot_ms, duration_ms, down, up, failure."""
    moved = MovedClock(frozen=True, boot_ns=0)
    wanted: dict[str, Any] = {"of": "site", "facing": "outside", "by": Scripted(*said)}
    count = UplinkCount(Counted(**(wanted | counted)), moved.clock())
    for _ in said:
        draft = asyncio.run(count.look("reference", period_ns=MINUTE_NS))
        report = draft(seq=1) if draft is not None else None
        assert report is None or isinstance(report, UplinkReport)
        yield report and (report.boot_ms, report.duration_ms, report.down_bytes, report.up_bytes, report.failure)
        moved.boot_ns += apart_ns


def test_a_report_is_what_passed_since_the_look_before() -> None:
    assert list(told(1000, 61_000, 61_000)) == [
        None,
        (0, 60_000, 60_000, 120_000, None),
        (60_000, 60_000, 0, 0, None),
    ]


def test_an_interface_that_faces_the_pupils_counts_the_other_way() -> None:
    assert list(told(0, 5, facing="inside"))[1][2:4] == (10, 5)


def test_after_a_failure_nothing_is_lost() -> None:
    assert list(told(1000, "no_answer", "no_answer", 4000)) == [
        None,
        (60_000, 1, None, None, "no_answer"),
        (120_000, 1, None, None, "no_answer"),
        (0, 180_000, 3000, 6000, None),
    ]


def test_octets_are_not_spread_over_more_than_five_minutes() -> None:
    failures: list[UplinkFailure] = ["no_answer"] * 5
    assert list(told(1000, *failures, 4000, 5000))[6:] == [None, (360_000, 60_000, 1000, 2000, None)]
    assert BRIDGED_NS == 5 * MINUTE_NS


def test_a_fault_of_ours_is_a_result_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    reports = list(told(ZeroDivisionError("192.0.2.1"), ZeroDivisionError("192.0.2.1"), 5))

    assert [one and one[-1] for one in reports] == ["probe_broke", "probe_broke", None]
    (record,) = caplog.records
    assert record.getMessage().startswith("uplink cannot be counted error=ZeroDivisionError at=test_uplink.py:")


@pytest.mark.parametrize(
    ("role", "tables", "methods"),
    [
        ("edge", {}, ["interface"]),
        ("edge", {"snmp": ROUTER}, ["snmp"]),
        ("edge", {"snmp": ROUTER, "uplink": UplinkSettings()}, ["interface", "snmp"]),
        ("reference", {}, []),
        ("reference", {"uplink": UplinkSettings()}, []),
        ("reference", {"snmp": ROUTER, "uplink": UplinkSettings()}, ["snmp"]),
        ("room", {"snmp": ROUTER, "uplink": UplinkSettings()}, []),
    ],
)
def test_who_counts_what(role: Role, tables: dict[str, Any], methods: list[str]) -> None:
    assert [one.by.method for one in counted_here(settings(**tables), role)] == methods


class Loop:
    """The loop on a clock that is moved, and what it emitted, noted and slept."""

    def __init__(self, sleeps: list[float], roles: list[Role]) -> None:
        self.moved = MovedClock(frozen=True)
        self.sleeps = sleeps
        self.roles = roles
        self.drafts: list[Draft] = []
        self.noted: list[UplinkReport] = []

    @property
    def reports(self) -> list[UplinkReport]:
        return [one for draft in self.drafts if isinstance(one := draft(seq=1), UplinkReport)]

    def run(self, wanted: Settings) -> "Loop":
        async def sleep(seconds: float) -> None:
            if not self.sleeps:
                raise asyncio.CancelledError
            self.moved.boot_ns += int((self.sleeps.pop(0) or seconds) * NS_PER_S)

        async def note(reports: list[UplinkReport]) -> None:
            self.noted += reports

        async def work() -> None:
            with pytest.raises(asyncio.CancelledError):
                await count_uplinks(
                    wanted,
                    agent=AGENT,
                    role=lambda: self.roles[0] if len(self.roles) == 1 else self.roles.pop(0),
                    period_ns=lambda: MINUTE_NS,
                    emit=self.drafts.append,
                    note=note,
                    clock=self.moved.clock(),
                    sleep=sleep,
                )

        asyncio.run(work())
        return self


def test_each_period_has_its_report_and_none_spans_a_sleep() -> None:
    # the first look, two periods, an hour asleep with ten seconds to wake, and a period after it
    loop = Loop([0, 0, 0, 3600, 0, 0], ["edge"]).run(settings(uplink=UplinkSettings(interface=LOOPBACK)))

    assert [one.duration_ms for one in loop.reports][:2] == [60_000, 60_000]
    assert len(loop.reports) == 3
    assert all(one.duration_ms <= 60_000 for one in loop.reports)
    assert loop.noted == loop.reports


def test_a_role_that_may_not_count_is_said_and_counts_nothing(caplog: pytest.LogCaptureFixture) -> None:
    loop = Loop([0, 0, 0], ["room"]).run(settings(uplink=UplinkSettings(interface=LOOPBACK), snmp=ROUTER))

    assert loop.reports == []
    assert caplog.messages == ["agent.toml names an uplink that an agent of this role does not count role=room"]


def test_trouble_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        loop = Loop([0, 0, 0], ["edge"]).run(settings(uplink=UplinkSettings(interface="no-such-0")))

    assert [one.failure for one in loop.reports] == ["no_such_interface"] * 3
    assert caplog.messages == ["an uplink is not counted uplink=site method=interface word=no_such_interface"]


def test_once_looks_twice_and_says_what_it_saw() -> None:
    async def sleep(seconds: float) -> None:
        assert seconds == 5

    counted = count_once(
        settings(uplink=UplinkSettings(interface=LOOPBACK)),
        "edge",
        clock=MovedClock().clock(),
        sleep=sleep,
        seconds=5,
    )
    (draft,) = asyncio.run(counted)
    report = draft(seq=1)
    assert isinstance(report, UplinkReport)
    text = status_of(report).as_text()
    assert text.startswith("site (own interface): ")
    assert "Mbit/s down, " in text


REPORT = UplinkReport(
    seq=1,
    boot_ms=0,
    duration_ms=60_000,
    uplink="district",
    method="snmp",
    method_version=1,
    down_bytes=630_000_000,
    up_bytes=90_000_000,
    speed_mbps=1000,
)


def test_status_tells_the_newest_in_words(tmp_path: Path) -> None:
    state, wanted = State(tmp_path), settings()
    spool = Spool(state.spool)
    spool.open(marker="boot-1", reading=READING)
    failed = partial(UplinkReport, seq=1, boot_ms=0, duration_ms=1, uplink="site", method_version=1)
    silent = failed(method="snmp", down_bytes=None, up_bytes=None, speed_mbps=None, failure="no_answer")
    clock = MovedClock(frozen=True).clock()
    assert read_status(wanted, state, 0).uplinks == ()
    asyncio.run(note_uplinks(spool.note, clock, [REPORT, silent]))
    status = read_status(wanted, state, clock.wall_ns() // 1_000_000 + 40_000)
    spool.close()

    lines = status.as_text().splitlines()
    assert "uplink      district (router, 40 s ago): 84.00 Mbit/s down, 12.00 Mbit/s up, of 1000 Mbit/s" in lines
    assert f"uplink      site (router, 40 s ago): {WHY['no_answer']}" in lines
    assert "with SNMP v2c a wrong community looks like this, too" in WHY["no_answer"]
    assert status.as_json()["uplinks"][0]["down_bps"] == 84_000_000  # type: ignore[index]


def test_every_reason_is_said_in_words() -> None:
    assert WHY.keys() == set(get_args(UplinkFailure))
