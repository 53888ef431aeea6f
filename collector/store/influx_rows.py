"""Reports and bins as lines of the InfluxDB engine, and rows of its answers as what they were."""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any

from collector.store import influx_schema as schema
from collector.store.history import StoredReport, report_of
from collector.store.hops import to_text
from collector.store.influx_lines import WRITERS, line
from collector.store.kept_histogram import KeptHistogram
from collector.store.protocol import AgentHealth, Arrival, StoredTest
from collector.store.texts import located_text, read_located, read_scores, scores_text
from collector.verdict.bins import LatencySummary, RoomBin
from collector.verdict.throughput import ThroughputTest
from wire.histogram import Histogram

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SLOTS = 1_000_000
"""Nanoseconds of the millisecond that a report began in: where in it a point lies says which report it is."""

MAX_TEXT = 60_000
"""InfluxDB 1.x refuses texts of more than 64 KiB."""

_NULLABLE = ("p50_ms", "p95_ms", "p99_ms", "gateway_p95_ms", "gateway_loss", "anchor_p95_ms", "anchor_loss")
BIN_COLUMNS = tuple(
    name
    for name in ("site", "room", *schema.ROOM_BIN.fields)
    if name in RoomBin.__slots__ and name not in {"started_at", "targets"}
)
"""What `read_bin` reads besides the time."""

TEST_COLUMNS = (
    *("site", "room", "agent", "direction", "duration_ms", "required_bps", "offered_bps", "received_bps", "sustained"),
    *("used_bytes", "ended_by", "failure", "idle_rtt_us", "working_histogram", "asked_by", "at_ceiling", "stored_us"),
)
"""What `read_test` reads besides the time."""


REPORT_COLUMNS = {kind: (*one.tags, *one.fields) for kind, one in schema.REPORTS.items()}
"""What `read_report` reads besides the time."""

_MEASURED = ("agent", "target", "method", "sent", "received", "probed_ms", "repaired")
_OF_ARRIVAL = ("site", "room", "agent", "boot", "repaired")

BIN_TARGET_COLUMNS = ("site", "room", "histogram", *_MEASURED)
"""What `read_target` reads."""

HEALTH_COLUMNS = (
    *("duration_ms", "stored_us", "repaired", "agent_version", "platform", "clock_synchronised"),
    *("spool_reports", "dropped_reports", "quarantined_reports"),
)
"""What `read_health` reads besides the time."""


def ns(instant: datetime) -> int:
    """Nanoseconds since 1970."""
    return (instant - _EPOCH) // _MICROSECOND * 1000


def instant_of(at_ns: int) -> datetime:
    """The instant of a point, whole microseconds."""
    return _EPOCH + timedelta(microseconds=at_ns // 1000)


def began_of(at_ns: int) -> datetime:
    """When the report of a point began: what stands below the millisecond only tells two of them apart."""
    return instant_of(at_ns // _SLOTS * _SLOTS)


class _KindOfReport:
    """How reports of one kind are read, in the order in which their line holds them."""

    def __init__(self, measurement: schema.Measurement) -> None:
        writer = WRITERS[measurement.name]
        self.write = writer.line
        self.tags = attrgetter(*map(_where, writer.tags))
        # The time of storing, which no report knows, is the last field of each.
        self._get = attrgetter(*map(_where, writer.fields[:-1]))
        self._hops_at = writer.fields.index("hops") if "hops" in writer.fields else None

    def fields(self, one: Arrival) -> tuple[object, ...]:
        """The fields of a report but the last."""
        values: tuple[Any, ...] = self._get(one)
        if self._hops_at is None:
            return values
        return (*values[: self._hops_at], to_text(values[self._hops_at]), *values[self._hops_at + 1 :])


def _where(name: str) -> str:
    return name if name in Arrival.__slots__ else f"report.{name}"


_KINDS = {kind: _KindOfReport(measurement) for kind, measurement in schema.REPORTS.items()}


def report_line(one: Arrival, stored_us: int) -> str:
    """The point of a report, the same whenever it is written.

    Two reports of a boot never share one: its numbers count through the nanoseconds of the millisecond, from a place
    that depends on the boot. Two boots of an agent may, once in a million pairs of reports to one target that began in
    the same millisecond; the one that comes later is then the one that is kept.
    """
    kind = _KINDS[one.report.kind]
    slot = (one.report.seq + _hash_of(one.boot)) % _SLOTS
    return kind.write(kind.tags(one), (*kind.fields(one), stored_us), began_ns(one.started_at) + slot)


@lru_cache(maxsize=10_000)
def _hash_of(boot: str) -> int:
    return zlib.crc32(boot.encode())


@lru_cache(maxsize=10_000)
def began_ns(instant: datetime) -> int:
    """The millisecond that `instant` lies in, in nanoseconds since 1970."""
    return ns(instant) // _SLOTS * _SLOTS


def read_report(kind: str, at_ns: int, values: Mapping[str, Any]) -> StoredReport:
    """A point of the measurement of `kind`, its tags and fields by their names."""
    fields = {name: values[name] for name in REPORT_COLUMNS[kind]}
    of_arrival = {name: fields.pop(name) for name in _OF_ARRIVAL}
    stored_at = instant_of(fields.pop("stored_us") * 1000)
    return StoredReport(
        arrival=Arrival(report=report_of(kind, fields), started_at=began_of(at_ns), **of_arrival), stored_at=stored_at
    )


def arrival_lines(arrivals: Iterable[Arrival], stored_us: int) -> list[str]:
    """The journal of one commit: by room and kind, when its reports began and how long their periods were."""
    periods: dict[tuple[str, str, str], dict[int, int]] = defaultdict(dict)
    for one in arrivals:
        of_room = periods[one.site, one.room, one.report.kind]
        began_s = ns(one.started_at) // 10**9
        began_ms = ns(one.started_at) // 10**6
        ended_ms = began_ms + one.report.duration_ms - 1000 * began_s
        of_room[began_s] = max(ended_ms, of_room.get(began_s, ended_ms))
    lines = []
    for (site, room, kind), of_room in periods.items():
        texts = [f"{began_s}+{ended_ms}" for began_s, ended_ms in sorted(of_room.items())]
        for place, start in enumerate(range(0, len(texts), _PERIODS_A_POINT)):
            part = texts[start : start + _PERIODS_A_POINT]
            fields = {"periods": " ".join(part), "first_began_s": int(part[0].partition("+")[0])}
            tags = {"site": site, "room": room, "kind": kind}
            lines.append(line(schema.ARRIVAL, tags, fields, stored_us * 1000 + place))
    return lines


_PERIODS_A_POINT = MAX_TEXT // 20


def read_periods(text: str) -> list[tuple[int, datetime]]:
    """(second that a report began in, when its period ended) of a journal's text."""
    found = []
    for one in text.split():
        began_s, _, ended_ms = one.partition("+")
        found.append((int(began_s), _EPOCH + timedelta(milliseconds=int(began_s) * 1000 + int(ended_ms))))
    return found


def bin_lines(one: RoomBin, profiles: Iterable[str]) -> list[str]:
    """The points of a judged bin: the room's, each target's, and of `profiles` each one's, though it has no score of
    it, because it may have had one before."""
    at_ns = ns(one.started_at)
    place = {"site": one.site, "room": one.room}
    headline = one.headline
    quality = headline.quality if headline else None
    located = one.located
    shown: dict[str, object] = {
        "scores": scores_text(one.scores),
        "located": located_text(located),
        **{name: getattr(located, name, None) for name in ("cause", "confidence", "rule", "budget_line")},
        "loss": one.loss,
        "qoo": headline.qoo if headline else None,
        "quality": quality,
        "profile": headline.profile if headline else None,
        "worst": headline.worst if headline else None,
        "valid_seconds": one.seconds if one.valid else 0,
        "degraded_seconds": one.seconds if quality == "degraded" else 0,
        "bad_seconds": one.seconds if quality == "bad" else 0,
    }
    fields = {name: shown[name] if name in shown else getattr(one, name) for name in schema.ROOM_BIN.fields}
    lines = [line(schema.ROOM_BIN, place, fields, at_ns)]
    score_of = {score.profile: score for score in one.scores}
    for profile in sorted({*profiles, *score_of}):
        score = score_of.get(profile)
        of_profile = {name: getattr(score, name, None) for name in schema.PROFILE_BIN.fields}
        lines.append(line(schema.PROFILE_BIN, {**place, "profile": profile}, of_profile, at_ns))
    return lines + [_target_line(one, target, at_ns) for target in one.targets]


def _target_line(one: RoomBin, target: LatencySummary, at_ns: int) -> str:
    tags = {"site": one.site, "room": one.room, "agent": target.agent, "target": target.target, "method": target.method}
    shown: dict[str, object] = {
        "histogram": target.histogram.to_text(),
        "p50_ms": target.rtt_ms(50),
        "p95_ms": target.rtt_ms(95),
        "p99_ms": target.rtt_ms(99),
    }
    fields = {name: shown[name] if name in shown else getattr(target, name) for name in schema.TARGET_BIN.fields}
    return line(schema.TARGET_BIN, tags, fields, at_ns)


def read_bin(at_ns: int, values: Mapping[str, Any]) -> RoomBin:
    """A row of measurement ``room_bin``; its targets stay where they are."""
    fields = {name: values[name] for name in BIN_COLUMNS}
    for name in _NULLABLE:
        if fields[name] == schema.ABSENT:
            fields[name] = None
    fields["scores"] = read_scores(values["scores"])
    fields["anchor"] = fields["anchor"] or None
    fields["located"] = read_located(fields["located"])
    return RoomBin(started_at=instant_of(at_ns), **fields)


def read_target(values: Mapping[str, Any]) -> LatencySummary:
    """A row of measurement ``target_bin``."""
    measured = {name: values[name] for name in _MEASURED}
    return LatencySummary(histogram=KeptHistogram(values["histogram"]), **measured)


def read_test(at_ns: int, values: Mapping[str, Any]) -> StoredTest:
    """A row of measurement ``throughput``."""
    of_test = {name: values[name] for name in TEST_COLUMNS if name in ThroughputTest.__slots__}
    of_test["at_ceiling"] = bool(of_test["at_ceiling"])  # a row from before version 3 has none
    began = began_of(at_ns)
    idle_us = values["idle_rtt_us"]
    working_us = Histogram.from_text(values["working_histogram"]).quantile(0.95)
    return StoredTest(
        site=values["site"],
        room=values["room"],
        stored_at=_EPOCH + timedelta(microseconds=values["stored_us"]),
        test=ThroughputTest(
            ended_at=began + timedelta(milliseconds=values["duration_ms"]),
            idle_rtt_ms=None if idle_us is None else idle_us / 1000,
            working_p95_ms=None if working_us is None else working_us / 1000,
            **of_test,
        ),
    )


def read_health(values: Mapping[str, Any]) -> AgentHealth:
    """A row of measurement ``health``, with its time."""
    began = began_of(values["time"])
    ended_at = began + timedelta(milliseconds=values["duration_ms"])
    return AgentHealth(
        ended_at=ended_at,
        late=_EPOCH + timedelta(microseconds=values["stored_us"]) - ended_at,
        version=values["agent_version"],
        platform=values["platform"],
        waiting_reports=values["spool_reports"],
        dropped_reports=values["dropped_reports"],
        quarantined_reports=values["quarantined_reports"],
        clock_repaired=values["repaired"],
        clock_synchronised=values["clock_synchronised"],
    )
