"""How long each dashboard's queries take over a year of a large district, beside a month of a small one."""

import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

from collector.store.influx_lines import line
from collector.store.influx_schema import (
    MEASUREMENTS,
    PROFILE_BIN,
    PROFILE_DAY,
    ROOM_BIN,
    ROOM_DAY,
    ROOM_NOW,
    SITE_DAY,
    SITE_NOW,
    TARGET_BIN,
    Measurement,
    label_of,
)
from tests.bench.figure import Figure, Part, ratio
from tests.influx import Influx, InfluxServer

RENDERED = Path(__file__).parents[2] / "dashboards" / "rendered"
ROUNDS = 20
LINES_A_WRITE = 5_000
BINS_A_DAY = 72
"""Six hours of lessons in bins of five minutes."""

DENSE_DAYS = 8
"""No page reads bins of more than a week; of older ones a twelfth is there, so that the shards are."""

PROFILES = ("video_lesson", "cloud_docs_lms")
TARGETS = ("district", "gateway")
_DEFAULTS = {"string": "", "integer": 300, "float": 12.0, "boolean": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A district of `rooms` that has been measured for `days`."""

    rooms: int
    days: int

    def places(self) -> Iterator[tuple[str, str]]:
        """(site, room) of each room, fifty to a site."""
        for number in range(self.rooms):
            yield f"site-{number // 50}", f"room-{number}"


LARGE = Size(rooms=1000, days=400)
SMALL = Size(rooms=100, days=30)


def measure(large: Size = LARGE, small: Size = SMALL) -> Part:
    """Fill two sets of databases of one server, and ask each what the panels ask, turn by turn."""
    with tempfile.TemporaryDirectory(prefix="bandroom-bench-") as name:
        server = InfluxServer(Path(name) / "influx").start()
        try:
            filled = {size: _filled(server, size) for size in (large, small)}
            figures = [_page(path, filled[large], filled[small]) for path in sorted(RENDERED.glob("*.json"))]
        finally:
            server.close()
    return Part(
        title=f"Dashboards on InfluxDB 1.6.7: {large.rooms:,} rooms x {large.days} days",
        command="python -m tests.bench dashboards",
        figures=figures,
        notes=[
            f"all queries of a page one after the other, the 95th percentile of {ROUNDS} rounds, in ms",
            f"reference: the same over {small.rooms} rooms x {small.days} days, turn by turn",
            f"bins at full density for {DENSE_DAYS} days (no page reads more), a twelfth of them before",
        ],
    )


def _page(path: Path, large: Influx, small: Influx) -> Figure:
    page = json.loads(path.read_text(encoding="utf-8"))
    asked = [_filled_in(target) for panel in _panels(page) for target in panel.get("targets", [])]
    times: dict[str, list[float]] = {large.prefix: [], small.prefix: []}
    rows: dict[str, int] = {}
    for _ in range(ROUNDS):
        for influx in (large, small):
            began = time.perf_counter()
            rows[influx.prefix] = sum(len(influx.rows(kept, query)) for kept, query in asked)
            times[influx.prefix].append(1000 * (time.perf_counter() - began))
    if not all(rows.values()):
        raise SystemExit(f"{path.name} found nothing: {rows}")
    p95 = {prefix: quantiles(taken, n=20)[-1] for prefix, taken in times.items()}
    return Figure(
        name=f"{page['title']}, {len(asked)} queries",
        value=f"{p95[large.prefix]:.0f} ms",
        reference=f"{p95[small.prefix]:.0f} ms",
        ratio=ratio(p95[large.prefix], p95[small.prefix]),
        against=f"rows {rows[large.prefix]:,} against {rows[small.prefix]:,}",
    )


def _panels(page: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in page["panels"]:
        yield panel
        yield from panel.get("panels", [])


def _filled_in(target: dict[str, Any]) -> tuple[str, str]:
    """The bucket that a target asks, and its query as Grafana sends it: the last day, site-0, room-0."""
    now_ms = time.time_ns() // 10**6
    query = target["query"]
    for variable, value in {
        "$timeFilter": f"time >= {now_ms - 86_400_000}ms AND time <= {now_ms}ms",
        "${__to}": str(now_ms),
        "${site:regex}": "site-0",
        "${room:regex}": "room-0",
        "$site": "site-0",
        "$room": "room-0",
        "${days}": "365d",
        "$days": "365d",
        "$__interval": "5m",
    }.items():
        query = query.replace(variable, value)
    return target["datasource"]["uid"].removeprefix("bandroom-"), query


def _filled(server: InfluxServer, size: Size) -> Influx:
    influx = Influx(url=server.url, token="none", org="none", prefix=f"rooms{size.rooms}")
    influx.make_databases()
    waiting: dict[str, list[str]] = {"reports": [], "bins": [], "days": []}
    for kept, text in _lines(size, datetime.now(UTC).replace(microsecond=0)):
        waiting[kept].append(text)
        if len(waiting[kept]) == LINES_A_WRITE:
            influx.write(kept, *waiting[kept])
            waiting[kept].clear()
    for kept, texts in waiting.items():
        if texts:
            influx.write(kept, *texts)
    return influx


def _lines(size: Size, now: datetime) -> Iterator[tuple[str, str]]:
    for site, room in size.places():
        place = {"site": site, "room": room}
        names = {"site_name": site, "room_name": room, "label": label_of(room, room), "state": "bad", "level": 2}
        yield _point(ROOM_NOW, place, now - timedelta(minutes=1), **names)
        if room.endswith("0") and int(room.removeprefix("room-")) % 50 == 0:
            of_site = {"site_name": site, "label": label_of(site, site)}
            yield _point(SITE_NOW, {"site": site}, now - timedelta(minutes=1), **of_site)
            for day in range(1, size.days):
                yield _point(SITE_DAY, {"site": site}, _midnight(now, day), date="2026-11-16")
        agent = f"{int(room.removeprefix('room-')):016x}"
        yield _point(MEASUREMENTS["agent_now"], {**place, "agent": agent}, now - timedelta(minutes=1))
        for day in range(size.days):
            at = _midnight(now, day)
            yield _point(ROOM_DAY, place, at, date="2026-11-16", histogram="164:60")
            for profile in PROFILES:
                yield _point(PROFILE_DAY, {**place, "profile": profile}, at)
            for number in range(0, BINS_A_DAY, 1 if day < DENSE_DAYS else 12):
                yield from _bin(place, agent, now - timedelta(days=day, minutes=5 * number))
    yield _point(MEASUREMENTS["collector_now"], {}, now - timedelta(minutes=1))


def _bin(place: dict[str, str], agent: str, at: datetime) -> Iterator[tuple[str, str]]:
    yield _point(ROOM_BIN, place, at, scores="[]", quality="good")
    for profile in PROFILES:
        yield _point(PROFILE_BIN, {**place, "profile": profile}, at, quality="good")
    for target in TARGETS:
        tags = {**place, "agent": agent, "target": target, "method": "stamp"}
        yield _point(TARGET_BIN, tags, at, histogram="164:60")


def _point(measurement: Measurement, tags: dict[str, str], at: datetime, **given: object) -> tuple[str, str]:
    fields = {name: given.get(name, _DEFAULTS[kind]) for name, kind in measurement.fields.items()}
    return measurement.kept, line(measurement, tags, fields, int(at.timestamp()) * 10**9)


def _midnight(now: datetime, days_ago: int) -> datetime:
    return now.replace(hour=6, minute=0, second=0) - timedelta(days=days_ago)
