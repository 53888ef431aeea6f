import asyncio
import socket
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from agent.association import Association
from agent.clock import NS_PER_S
from agent.fold import Draft
from agent.health import health, watch_health
from agent.link import Link, grown, linux_medium, read_link
from agent.machine import Machine, busy_permille, read_machine, stalled_us
from agent.reading import Reading, read
from agent.schedule import Tally
from agent.spool_file import Counts
from tests.agent.fakes import MovedClock
from wire.reports import HealthReport, Medium

WIRED = Link(name="eth0", mbps=1000, errors=5, drops=7, medium="wired", full_duplex=True, carrier_losses=4)
BEFORE = Reading(boot_ns=600 * NS_PER_S, cpu_ns=0, wall_ahead_ns=0, link=WIRED, last_link=WIRED)
AFTER = Reading(boot_ns=660 * NS_PER_S, cpu_ns=NS_PER_S // 5, wall_ahead_ns=0, link=WIRED, last_link=WIRED)
COUNTS = Counts(numbered=9, delivered=3, dropped=2, quarantined=1, waiting=3)


def report(before: Reading = BEFORE, after: Reading = AFTER) -> HealthReport:
    draft = health(before, after, rss_bytes=30 * 2**20, synchronised=None, counts=COUNTS, skipped_probes=10**9)
    built = draft(seq=1)
    assert isinstance(built, HealthReport)
    return built


def test_health_compares_the_two_ends_of_a_period() -> None:
    built = report(after=replace(AFTER, link=replace(WIRED, errors=6)))

    assert (built.boot_ms, built.duration_ms) == (600_000, 60_000)
    assert built.cpu_permille == 3
    assert (built.link_mbps, built.link_errors, built.link_drops) == (1000, 1, 0)
    assert (built.spool_reports, built.dropped_reports, built.quarantined_reports) == (3, 2, 1)
    assert built.clock_synchronised is None


@pytest.mark.parametrize("step_s", [86_400, -86_400, 0, 10**12])
def test_a_clock_step_is_told_within_what_the_wire_allows(step_s: int) -> None:
    built = report(after=replace(AFTER, wall_ahead_ns=step_s * NS_PER_S))

    assert built.clock_step_ms == min(step_s * 1000, 10 * 10 * 366 * 86_400_000)


def test_counters_of_another_interface_or_that_began_anew_are_absent() -> None:
    wireless = Link(name="wlan0", mbps=None, errors=100, drops=100)

    assert report(after=replace(AFTER, link=wireless)).link_errors is None
    assert report(after=replace(AFTER, link=replace(WIRED, errors=0))).link_errors is None
    assert report(after=replace(AFTER, link=None)).link_mbps is None
    assert grown(3, 5) == 2
    assert grown(None, 5) is None


def test_the_machine_is_compared_too() -> None:
    built = report(
        replace(BEFORE, machine=Machine(busy_s=100, idle_s=300, memory_stalled_us=1_000_000)),
        replace(
            AFTER,
            machine=Machine(
                busy_s=130, idle_s=390, memory_used_permille=612, memory_stalled_us=4_000_000, on_battery=True
            ),
        ),
    )

    assert (built.machine_cpu_permille, built.memory_used_permille, built.memory_stalled_permille) == (250, 612, 50)
    assert built.on_battery is True


def test_what_the_machine_does_not_say_is_absent() -> None:
    built = report()

    assert (built.machine_cpu_permille, built.memory_used_permille, built.memory_stalled_permille) == (None, None, None)
    assert built.on_battery is None
    assert busy_permille(Machine(busy_s=2, idle_s=2), Machine(busy_s=1, idle_s=3)) is None, "a counter stepped back"


def test_the_link_says_what_it_is_and_how_often_it_was_lost() -> None:
    built = report(after=replace(AFTER, link=replace(WIRED, carrier_losses=6, full_duplex=False)))

    assert (built.link_medium, built.link_full_duplex, built.link_flaps) == ("wired", False, 2)


def test_a_loss_of_carrier_is_told_though_the_link_was_away_when_we_looked() -> None:
    away = replace(AFTER, link=None)
    back = replace(AFTER, boot_ns=720 * NS_PER_S, link=replace(WIRED, carrier_losses=5))

    assert report(after=away).link_flaps is None
    assert report(away, back).link_flaps == 1


def test_the_association_goes_into_the_report_down_apart_from_up() -> None:
    first = Association(band_mhz=5000, channel_mhz=80, down_mbps=648, up_mbps=245, signal_dbm=-70)
    air = Link(name="wlan0", mbps=None, errors=0, drops=0, medium="wifi")
    built = report(
        replace(BEFORE, last_link=air, association=replace(first, sent_frames=100, repeated_frames=10)),
        replace(AFTER, link=air, association=replace(first, sent_frames=190, repeated_frames=20)),
    )

    assert (built.link_medium, built.wifi_band_mhz, built.wifi_channel_mhz) == ("wifi", 5000, 80)
    assert (built.wifi_down_mbps, built.wifi_up_mbps, built.wifi_signal_dbm) == (648, 245, -70)
    assert built.wifi_retries_permille == 100


def test_health_says_nothing_of_octets() -> None:
    assert (report().uplink_in_bytes, report().uplink_out_bytes) == (None, None)


@pytest.mark.parametrize(
    ("kind", "inside", "medium"),
    [
        ("1", ["phy80211", "device"], "wifi"),
        ("1", ["wireless", "device"], "wifi"),
        ("1", ["device"], "wired"),
        ("1", [], "other"),  # a bridge, a VLAN, a tunnel with Ethernet's frames
        ("772", [], "other"),  # loopback
        ("512", ["device"], "other"),  # PPP of a modem
        (None, [], None),
    ],
)
def test_the_medium_is_told_by_what_the_kernel_says_of_the_interface(
    tmp_path: Path, kind: str | None, inside: list[str], medium: Medium | None
) -> None:
    for name in inside:
        (tmp_path / name).mkdir()
    if kind is not None:
        (tmp_path / "type").write_text(f"{kind}\n")

    assert linux_medium(tmp_path) == medium


def test_the_pressure_of_memory_is_that_of_some_not_of_full() -> None:
    text = "some avg10=0.00 avg60=1.20 avg300=0.00 total=4711\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=12\n"

    assert stalled_us(text) == 4711
    assert all(stalled_us(text[:length]) is None for length in range(text.index("\n")))


def test_this_machine_says_how_it_is() -> None:
    machine = read_machine()

    assert machine.busy_s is not None
    assert machine.idle_s is not None
    assert machine.memory_used_permille is not None
    assert 0 < machine.memory_used_permille < 1000


def test_a_sensor_that_breaks_is_missing_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(psutil, "sensors_battery", breaks)
    machine = read_machine()
    assert machine.on_battery is None
    assert machine.memory_used_permille is not None


def test_the_interface_is_the_one_that_leads_to_the_collector() -> None:
    found = read_link("127.0.0.1", 8600)

    assert found is not None
    names = [
        name
        for name, own in psutil.net_if_addrs().items()
        if any(one.family == socket.AF_INET and one.address == "127.0.0.1" for one in own)
    ]
    assert found.name in names
    assert read_link("no-such-host.invalid", 1) is None


def test_a_period_of_sleep_is_not_reported_and_its_step_is_told_afterwards() -> None:
    moved = MovedClock(frozen=True)
    drafts: list[Draft] = []
    slept = [60.0, 60.0, 7200.0, 60.0, 60.0]

    async def sleep(seconds: float) -> None:
        if not slept:
            raise asyncio.CancelledError
        longer = slept.pop(0)
        moved.boot_ns += int((seconds if longer == 60.0 else longer) * NS_PER_S)
        if longer > 60:
            moved.asleep_ns += 7140 * NS_PER_S
            moved.wall_step_ns += 3 * NS_PER_S

    tally = Tally(skipped_probes=7)

    async def work() -> None:
        with pytest.raises(asyncio.CancelledError):
            await watch_health(
                period_ns=lambda: 60 * NS_PER_S,
                clock=moved.clock(),
                sleep=sleep,
                emit=drafts.append,
                tally=tally,
                count=lambda: COUNTS,
                towards=("127.0.0.1", 8600),
            )

    asyncio.run(work())
    reports = [one for draft in drafts if isinstance(one := draft(seq=1), HealthReport)]
    assert all(one.duration_ms <= 60_000 for one in reports)
    assert [one.clock_step_ms for one in reports] == [0, 0, 3000, 0]
    assert [one.slept_ms for one in reports] == [0, 0, 7_140_000, 0]
    assert [one.skipped_probes for one in reports] == [7, 0, 0, 0]


def test_a_look_that_breaks_costs_its_own_report_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    moved = MovedClock(frozen=True)
    drafts: list[Draft] = []
    rounds = iter(range(6))
    breaks = [ZeroDivisionError("192.0.2.1")]

    async def sleep(seconds: float) -> None:
        if next(rounds, None) is None:
            raise asyncio.CancelledError
        moved.boot_ns += int(seconds * NS_PER_S)

    def count() -> Counts:
        if breaks:
            raise breaks.pop()
        return COUNTS

    async def work() -> None:
        with pytest.raises(asyncio.CancelledError):
            await watch_health(
                period_ns=lambda: 60 * NS_PER_S,
                clock=moved.clock(),
                sleep=sleep,
                emit=drafts.append,
                tally=Tally(skipped_probes=7),
                count=count,
                towards=("127.0.0.1", 8600),
            )

    asyncio.run(work())
    reports = [one for draft in drafts if isinstance(one := draft(seq=1), HealthReport)]
    assert len(reports) == 4
    assert [one.skipped_probes for one in reports] == [7, 0, 0, 0]
    (record,) = caplog.records
    assert record.getMessage().startswith("health cannot be read error=ZeroDivisionError at=test_health.py:")


def test_a_name_that_hangs_leaves_the_link_missing_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def hangs(*_args: object, **_more: object) -> None:
        over.wait(60)
        raise OSError

    monkeypatch.setattr("socket.getaddrinfo", hangs)
    found = asyncio.run(read(MovedClock().clock(), ("collector.test", 8600), None, patience_s=0.01))
    over.set()

    assert found.link is None
    assert found.machine.memory_used_permille is not None
