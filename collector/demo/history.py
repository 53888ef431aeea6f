"""Two school weeks of simulated bins, judged by the real rules, newest day first."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from collector.demo.simulated_district import SILENT, SimulatedRoom
from collector.district.calendar import bin_start
from collector.district.district import District
from collector.verdict.bins import LatencySummary, RoomBin, judge_bin
from collector.verdict.profiles import Profiles

BIN_SECONDS = 300
SCHOOL_DAYS = 10
HOURS_A_DAY = 8
PROBE_INTERVAL_MS = 1000


def simulated_days(district: District, *, now: datetime, profiles: Profiles, seed: int) -> Iterator[list[RoomBin]]:
    """The bins of each simulated day, today first: the eight hours before the present time of day, on
    today and the nine week days before it."""
    for days_ago in _school_days_ago(now):
        end = bin_start(now - timedelta(days=days_ago), BIN_SECONDS)
        yield list(_day(district, end, profiles, seed=seed + days_ago, today=days_ago == 0))


def _day(district: District, end: datetime, profiles: Profiles, *, seed: int, today: bool) -> Iterator[RoomBin]:
    simulated = {site.site for site in district.sites if site.simulated}
    starts = [end - timedelta(seconds=BIN_SECONDS * back) for back in range(HOURS_A_DAY * 3600 // BIN_SECONDS, 0, -1)]
    for room in district.rooms:
        if room.site not in simulated or (today and (room.site, room.room) in SILENT):
            continue
        network = SimulatedRoom(room=room, seed=seed)
        for start in starts:
            judged = judge_bin(
                site=room.site,
                room=room.room,
                started_at=start,
                seconds=BIN_SECONDS,
                summaries=latency_of(network, start),
                profiles=profiles.in_force(),
                profiles_digest=profiles.digest,
            )
            if judged is not None:
                yield judged


def latency_of(network: SimulatedRoom, start: datetime) -> list[LatencySummary]:
    """What the simulated agent of a room measures in the bin from `start`."""
    return [
        LatencySummary(
            agent="simulated",
            target=one.target,
            method="stamp" if one.target == "district" else "icmp",
            sent=one.sent,
            received=one.received,
            probed_ms=one.sent * PROBE_INTERVAL_MS,
            histogram=one.histogram,
            repaired=False,
        )
        for one in network.measure(start, BIN_SECONDS, interval_ms=PROBE_INTERVAL_MS)
    ]


def _school_days_ago(now: datetime) -> list[int]:
    week_days_before = [days for days in range(1, 30) if (now - timedelta(days=days)).weekday() < 5]
    return [0, *week_days_before[: SCHOOL_DAYS - 1]]
