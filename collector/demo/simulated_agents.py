"""Agents of the simulated rooms: they enrol and hand over batches like real ones, in this process."""

import asyncio
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from functools import partial

from collector.api.services import Services
from collector.demo.simulated_district import SILENT, SimulatedRoom, medium_of
from collector.district.rooms_csv import Room
from collector.ingest.group_commit import Busy
from collector.registry.agent import Agent
from collector.store.protocol import StoreUnavailable
from collector.thread import in_thread
from collector.verdict.profiles import default_profiles
from wire.batch import Batch, BootClock
from wire.codec import encode
from wire.enrolment import EnrolmentRequest
from wire.report_words import Direction
from wire.reports import HealthReport, LatencyReport, Report, ThroughputReport
from wire.sufficiency import offered_bps
from wire.version import VERSION, WIRE_VERSION

PROBE_INTERVAL_MS = 100
"""Denser than real agents, so that the demo's short bins hold enough packets to speak of loss."""
SILENT_SINCE = timedelta(hours=19)
TEST_EVERY = timedelta(minutes=10)
NEED_BPS: dict[Direction, int] = {
    "down": max(one.down.bps for one in default_profiles().in_force()),
    "up": max(one.up.bps for one in default_profiles().in_force()),
}
"""What the most demanding profile needs, as the lease of a real agent says."""

TEST_LASTS = timedelta(seconds=4.7)


async def run_simulated_agents(services: Services, *, seed: int) -> None:
    """Report for every simulated room until cancelled."""
    simulated = {site.site for site in services.district.sites if site.simulated}
    rooms = [one for one in services.district.rooms if one.site in simulated]
    everyone = [await in_thread(partial(SimulatedAgent, services, room, seed=seed)) for room in rooms]
    agents = [one for one in everyone if not one.silent]
    seconds = services.settings.report_seconds
    at = datetime.now(UTC)
    for agent in everyone:
        if agent.silent:
            await agent.report(at - SILENT_SINCE, seconds)
    while True:
        for agent in agents:
            await agent.report(at, seconds)
            await asyncio.sleep(0)
        at += timedelta(seconds=seconds)
        await asyncio.sleep(max(0.0, (at + timedelta(seconds=seconds) - datetime.now(UTC)).total_seconds()))


class SimulatedAgent:
    """One simulated machine: enrolled when it is made, its boot a day ago."""

    def __init__(self, services: Services, room: Room, *, seed: int) -> None:
        self._services = services
        self._network = SimulatedRoom(room=room, seed=seed)
        self._agent = _enrolled(services, room)
        self._boot = secrets.token_hex(8)
        self._booted_at = datetime.now(UTC) - timedelta(days=1)
        self._seq = 0
        self._next_test_at = self._booted_at
        self._place = (room.site, room.room)
        self.silent = self._place in SILENT

    async def report(self, at: datetime, seconds: int) -> None:
        """Hand over what the period of `seconds` from `at` showed; a store that is away is borne."""
        reports: list[Report] = self._tests(at) if at >= self._next_test_at else []
        for one in self._network.measure(at, seconds, interval_ms=PROBE_INTERVAL_MS):
            self._seq += 1
            reports.append(
                LatencyReport(
                    seq=self._seq,
                    boot_ms=self._boot_ms(at),
                    duration_ms=seconds * 1000,
                    target=one.target,
                    method="stamp" if one.target == "district" else "icmp",
                    method_version=1,
                    timestamps="user",
                    interval_ms=PROBE_INTERVAL_MS,
                    timeout_ms=2000,
                    sent=one.sent,
                    received=one.received,
                    duplicates=0,
                    reordered=0,
                    min_us=one.min_us,
                    ipdv_mean_us=None,
                    histogram=one.histogram.to_text(),
                    failure=None if one.received else "no_answer",
                )
            )
        reports.append(self._health(at, seconds))
        now = datetime.now(UTC)
        batch = Batch(
            version=WIRE_VERSION,
            batch=secrets.token_hex(8),
            boot=self._boot,
            clock=BootClock(
                boot_ms=self._boot_ms(now), wall_ms=int(now.timestamp() * 1000), synchronised=True, live=True
            ),
            reports=tuple(reports),
        )
        try:
            await self._services.ingest.take(self._agent, encode(batch), "")
        except (Busy, StoreUnavailable):
            return

    def _health(self, at: datetime, seconds: int) -> Report:
        """What an agent at ease says of itself."""
        self._seq += 1
        return HealthReport(
            seq=self._seq,
            boot_ms=self._boot_ms(at),
            duration_ms=seconds * 1000,
            agent_version=VERSION,
            platform="linux",
            cpu_permille=1,
            rss_kib=30_000,
            clock_synchronised=True,
            clock_step_ms=0,
            spool_reports=0,
            dropped_reports=0,
            quarantined_reports=0,
            skipped_probes=0,
            link_mbps=1000,
            link_errors=0,
            link_drops=0,
            link_medium=medium_of(self._place),
        )

    def _tests(self, at: datetime) -> list[Report]:
        """A throughput test in both directions that ended at `at`; the next one is due later."""
        self._next_test_at = at + TEST_EVERY
        reports: list[Report] = []
        for direction, required_bps in NEED_BPS.items():
            tested = self._network.sufficiency(direction, required_bps)
            self._seq += 1
            reports.append(
                ThroughputReport(
                    seq=self._seq,
                    boot_ms=self._boot_ms(at - TEST_LASTS),
                    duration_ms=int(TEST_LASTS.total_seconds() * 1000),
                    target="district",
                    method="sufficiency",
                    method_version=1,
                    direction=direction,
                    required_bps=required_bps,
                    offered_bps=offered_bps(required_bps),
                    received_bps=tested.received_bps,
                    sustained=tested.sustained,
                    used_bytes=tested.used_bytes,
                    ended_by="decided" if tested.sustained else "rtt",
                    idle_rtt_us=tested.idle_rtt_us,
                    working_sent=tested.working.sent,
                    working_received=tested.working.received,
                    working_histogram=tested.working.histogram.to_text(),
                )
            )
        return reports

    def _boot_ms(self, at: datetime) -> int:
        return int((at - self._booted_at).total_seconds() * 1000)


def _enrolled(services: Services, room: Room) -> Agent:
    now_ms = int(services.clock().timestamp() * 1000)
    code = services.registry.make_code(site=room.site, room=room.room, role="room", uses=1, expires_ms=now_ms + 60_000)
    token = secrets.token_urlsafe(32)
    request = EnrolmentRequest(version=WIRE_VERSION, code=code, token_sha256=hashlib.sha256(token.encode()).hexdigest())
    return services.registry.enrol(request, now_ms=now_ms)
