"""A district as an admin knows it: the demo's schools on an ordinary Tuesday morning, judged by the real rules."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from random import Random

from collector.demo.simulated_district import REAL_ROOM, SILENT, SimulatedRoom, medium_of, simulated_district
from collector.district.district import District
from collector.now import DistrictNow
from collector.snapshot import STRIP_LESSONS, Judged, snapshot
from collector.store.protocol import Reading
from collector.verdict.baselines import Baselines
from collector.verdict.bins import LatencySummary, RoomBin
from collector.verdict.machines import MachineSummary
from collector.verdict.profiles import default_profiles
from collector.verdict.slices import Slice, judge_slice
from collector.verdict.throughput import ThroughputTest
from collector.verdict.topology import RoomKey, Topology
from tests.collector.board.districts import NOW, TIMETABLE, ZONE
from wire.report_words import Direction

BIN = timedelta(minutes=5)
SEED = 11
SLOW_LINE = ("lakeside", "207")
"""Its latency is good; the rate is not there."""


@cache
def a_school_district(now: datetime = NOW) -> DistrictNow:
    """Forty simulated rooms and one that is measured, at `now`."""
    district = replace(simulated_district(ZONE), name="Cedar Valley Schools", calendar=TIMETABLE)
    rooms = [(one.site, one.room) for one in district.rooms]
    fresh = [one for one in rooms if one not in SILENT]
    bins = _bins(district, now)
    return snapshot(
        district,
        Judged(
            taken_at=now - timedelta(seconds=2),
            closed_until=now - timedelta(seconds=20),
            bins=bins,
            tests={room: tuple(_tests(*room, now)) for room in fresh},
            readings={room: _readings(bins[room], now) for room in fresh},
            newest_report_at={room: now - timedelta(seconds=4) for room in fresh}
            | {room: now - timedelta(hours=19) for room in SILENT},
            agents=dict.fromkeys(rooms, 1),
        ),
        profiles=default_profiles(),
        bin_seconds=300,
        stale_seconds=185.0,
    )


def _bins(district: District, now: datetime) -> dict[RoomKey, tuple[RoomBin, ...]]:
    """What each room's bins were, its bad ones with the cause that comparing the rooms names."""
    networks = {
        (room.site, room.room): SimulatedRoom(room=replace(room, room="305") if room == REAL_ROOM else room, seed=SEED)
        for room in district.rooms
    }
    found: dict[RoomKey, list[RoomBin]] = {key: [] for key in networks}
    baselines = Baselines()
    for lesson in district.calendar.last_lessons(now, STRIP_LESSONS):
        today = lesson.day == now.astimezone(ZONE).date()
        start = lesson.started_at
        while start + BIN <= min(lesson.ended_at, now):
            measured = {key: _measured(key, network, start) for key, network in networks.items()}
            awake = {key: one for key, one in measured.items() if not (today and key in SILENT)}
            whole = Slice(
                started_at=start,
                seconds=300,
                day=lesson.day,
                latency=awake,
                machines={key: (MachineSummary(agent="simulated", reports=5, medium=medium_of(key)),) for key in awake},
                profiles={site.site: district.profiles.in_force() for site in district.sites},
                profiles_digest=district.profiles.digest,
            )
            for one in judge_slice(whole, topology=Topology(places={}, uplink_mbps={}), baselines=baselines):
                found[one.site, one.room].append(one)
            start += BIN
    return {key: tuple(bins) for key, bins in found.items()}


def _measured(key: RoomKey, network: SimulatedRoom, start: datetime) -> list[LatencySummary]:
    return [
        LatencySummary(
            agent="simulated",
            target=one.target,
            method="stamp",
            sent=one.sent,
            received=one.received,
            probed_ms=one.sent * (600 if _napped(key[1], start) else 1000),
            histogram=one.histogram,
            repaired=False,
        )
        for one in network.measure(start, 300, interval_ms=1000)
    ]


def _napped(room: str, start: datetime) -> bool:
    """Whether the machine slept through a part of the bin."""
    return Random(f"{room} {start}").random() < 0.04


def _readings(bins: tuple[RoomBin, ...], now: datetime) -> tuple[Reading, ...]:
    newest = bins[-1]
    near = (newest.gateway_p95_ms or 0.0) / 2
    return tuple(
        Reading(
            target=target,
            method="stamp" if target == "district" else "tcp_connect",
            ended_at=now - timedelta(seconds=4),
            sent=60,
            received=round(60 * (1 - (newest.loss or 0))),
            p50_ms=p50_ms,
            p95_ms=p95_ms,
            failure=None,
            repaired=False,
        )
        for target, p50_ms, p95_ms in (("district", newest.p50_ms, newest.p95_ms), ("gateway", near, near * 2))
    )


def _tests(site: str, room: str, now: datetime) -> Iterator[ThroughputTest]:
    """A test an hour in each direction; one of them was stopped because latency rose."""
    chance = Random(f"{site} {room}")
    needs: tuple[tuple[Direction, int], ...] = (("down", 1_000_000), ("up", 500_000))
    for hours_ago in range(23, -1, -1):
        ended_at = now - timedelta(hours=hours_ago, minutes=11 + chance.random())
        if not any(lesson.contains(ended_at) for lesson in TIMETABLE.last_lessons(now, STRIP_LESSONS)):
            continue
        for direction, need in needs:
            short = (site, room) == SLOW_LINE and direction == "down" and (hours_ago < 2 or chance.random() < 0.3)
            stopped = chance.random() < 0.08 and hours_ago > 0
            share = chance.uniform(0.38, 0.6) if short else chance.uniform(1.18, 1.24)
            received = round(need * (0.3 if stopped else share))
            yield ThroughputTest(
                agent="a" * 16,
                direction=direction,
                ended_at=ended_at + timedelta(seconds=0 if direction == "down" else 20),
                duration_ms=4700,
                required_bps=need,
                offered_bps=need * 5 // 4,
                received_bps=received,
                sustained=None if stopped else not short,
                used_bytes=round(received * 5 / 8 * 1.06),
                ended_by="rtt" if stopped else "decided",
                idle_rtt_ms=chance.uniform(9, 24),
                working_p95_ms=chance.uniform(110, 140) if stopped else chance.uniform(24, 60),
                failure=None,
            )
