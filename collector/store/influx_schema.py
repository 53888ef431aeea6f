"""The measurements of the InfluxDB engine: what is a tag, what is a field, and how long it is kept.

Tags are slugs and few; whatever may change when a point is written again (state, cause, a rate) is a field. A point of
a measurement that is `rewritten` always carries all of its fields, because InfluxDB keeps the old value of a field that
a rewrite leaves out: absent numbers are then `ABSENT`, absent texts empty. Times are nanoseconds UTC.
``docs/influxdb.md`` shows a line of each.
"""

from dataclasses import dataclass
from typing import Literal

from collector.store import duckdb_schema
from collector.verdict.uplinks.outlook import Level

Kind = Literal["integer", "float", "boolean", "string"]
Retention = Literal["reports", "bins", "days"]
"""Each has a bucket (1.x: a database) of its own, named by it with the prefix of the settings."""

RETENTIONS: tuple[Retention, ...] = ("reports", "bins", "days")


def bucket_of(prefix: str, kept: Retention) -> str:
    """The bucket, on 1.x the database, of a retention class."""
    return f"{prefix}_{kept}"


GROWTHS_PERCENT = (0, 20, 50)
"""Of these assumed growths a year a point of its outlook says when an uplink is full."""

ABSENT = -1
"""What a rewritten point holds in place of a number that was not measured; panels leave it out."""

_KINDS: dict[str, Kind] = {
    "BOOLEAN": "boolean",
    "SMALLINT": "integer",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "DOUBLE": "float",
    "VARCHAR": "string",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """A measurement, its tag keys and its fields. `time` says what its points' time is."""

    name: str
    kept: Retention
    tags: tuple[str, ...]
    fields: dict[str, Kind]
    time: str
    rewritten: bool = False


def _fields(columns: dict[str, str], *, without: tuple[str, ...]) -> dict[str, Kind]:
    return {name: _KINDS[kind] for name, kind in columns.items() if name not in {*without, "started_at", "stored_at"}}


def _report(kind: str, *tags: str) -> Measurement:
    tags = ("site", "room", "agent", *tags)
    return Measurement(
        name=kind,
        kept="reports",
        tags=tags,
        fields=_fields(duckdb_schema.REPORT_TABLES[kind], without=tags) | {"stored_us": "integer"},
        time="when the report's period began, and in the digits below a millisecond what tells two of them apart",
    )


_BIN = "the bin's start"
_ROOM = ("site", "room")

LATENCY = _report("latency", "target", "method")
THROUGHPUT = _report("throughput", "target", "method", "direction")
HEALTH = _report("health")
SERVICE = _report("service", "target")
PATH = _report("path", "target", "method")
OFF_SITE = _report("off_site")
UPLINK = _report("uplink", "uplink", "method")
REPORTS = {one.name: one for one in (LATENCY, THROUGHPUT, HEALTH, SERVICE, PATH, OFF_SITE, UPLINK)}

ARRIVAL = Measurement(
    name="arrival",
    kept="reports",
    tags=(*_ROOM, "kind"),
    # Space-separated "second+milliseconds": when a report began (Unix time), and how long from there to its end.
    fields={"periods": "string", "first_began_s": "integer"},
    time="when the store took the reports",
)
ROOM_BIN = Measurement(
    name="room_bin",
    kept="bins",
    tags=_ROOM,
    fields=_fields(duckdb_schema.BINS, without=_ROOM)
    | {
        "cause": "string",  # of what is located, like the next three
        "confidence": "string",
        "rule": "string",
        "budget_line": "string",
        "loss": "float",
        "qoo": "float",  # of the worst profile, like the next three
        "quality": "string",
        "profile": "string",
        "worst": "string",
        "valid_seconds": "integer",
        "degraded_seconds": "integer",
        "bad_seconds": "integer",
    },
    time=_BIN,
    rewritten=True,
)
PROFILE_BIN = Measurement(
    name="profile_bin",
    kept="bins",
    tags=(*_ROOM, "profile"),
    fields={"qoo": "float", "quality": "string", "worst": "string"},
    time=_BIN,
    rewritten=True,
)
TARGET_BIN = Measurement(
    name="target_bin",
    kept="bins",
    tags=(*_ROOM, "agent", "target", "method"),
    fields=_fields(duckdb_schema.BIN_TARGETS, without=(*_ROOM, "agent", "target", "method"))
    | {"loss": "float", "p50_ms": "float", "p95_ms": "float", "p99_ms": "float"},
    time=_BIN,
    rewritten=True,
)
JUDGED = Measurement(
    name="judged",
    kept="bins",
    tags=(),
    fields={"through_us": "integer"},
    time="when it was written",
)

_DAY = "the local midnight that the day begins with"
_DAY_FIELDS: dict[str, Kind] = {
    "date": "string",
    "valid_seconds": "integer",
    "degraded_seconds": "integer",
    "bad_seconds": "integer",
    "bad_share": "float",
    "sent": "integer",
    "received": "integer",
    "loss": "float",
    "p50_ms": "float",
    "p95_ms": "float",
    "p99_ms": "float",
}
ROOM_DAY = Measurement(
    name="room_day",
    kept="days",
    tags=_ROOM,
    fields=_DAY_FIELDS
    | {
        "closed_seconds": "integer",  # lesson time that is over, measured or not
        "worst": "string",
        "profile": "string",
        "cause": "string",  # the most frequent
        "histogram": "string",
        "profiles_digest": "string",
        "bin_seconds": "integer",
        "marks": "string",
        "lessons": "integer",
        "hit_lessons": "string",
        "tests": "string",
        "causes": "string",
        "sure": "string",
        "example": "string",
        "example_at_ms": "integer",
        "minima": "string",
    },
    time=_DAY,
    rewritten=True,
)
PROFILE_DAY = Measurement(
    name="profile_day",
    kept="days",
    tags=(*_ROOM, "profile"),
    fields={
        "valid_seconds": "integer",
        "degraded_seconds": "integer",
        "bad_seconds": "integer",
        "bad_share": "float",
    },
    time=_DAY,
    rewritten=True,
)
SITE_DAY = Measurement(
    name="site_day",
    kept="days",
    tags=("site",),
    fields=_DAY_FIELDS
    | {
        "closed_seconds": "integer",  # summed over its rooms, like the other seconds
        "rooms": "integer",
        "measured_rooms": "integer",
        "troubled_rooms": "integer",  # rooms that were bad for a tenth of their measured time
    },
    time=_DAY,
    rewritten=True,
)

_WEEK = "noon UTC of the week's Monday"
_WEEK_FIELDS = _fields(duckdb_schema.ROOM_WEEKS, without=(*_ROOM, "week", "example_at"))
ROOM_WEEK = Measurement(
    name="room_week",
    kept="days",
    tags=_ROOM,
    fields=_WEEK_FIELDS
    | {
        "week": "string",
        "site_name": "string",
        "room_name": "string",
        "example_at_ms": "integer",
        "level": "integer",  # of the verdict, for colours: see WEEK_LEVELS
        "restricted": "integer",  # 1 for the verdict that it is, like the next three: what is summed
        "at_risk": "integer",
        "ok": "integer",
        "unknown": "integer",
        "bad_share": "float",
        "coverage": "float",  # the valid share of the bins in which an agent was awake
        "in_session_bins": "integer",
        "awake_bins": "integer",
        "valid_bins": "integer",
        "bad_bins": "integer",
        "bad_minutes": "float",
        "near_threshold": "boolean",
        "entered": "boolean",
        "changed": "boolean",  # the week before had another verdict
        "budget_line": "string",
        "evidence": "string",
        "stands_on": "string",  # each thing that the verdict stands on, a line each
    },
    time=_WEEK,
    rewritten=True,
)
WEEK_WRITTEN = Measurement(
    name="week_written",
    kept="days",
    tags=(),
    # The label is the week and its time in milliseconds in one, for Grafana's variable: see label_of.
    fields={"week": "string", "label": "string"},
    time=_WEEK,
)

_UPLINK = ("uplink",)  # site:SLUG or district
_NAMED: dict[str, Kind] = {
    "site": "string",  # empty for the district's own
    "name": "string",
    "label": "string",  # the name and what the uplink is known as in one, for Grafana's variables: see label_of
}
UPLINK_BIN = Measurement(
    name="uplink_bin",
    kept="bins",
    tags=_UPLINK,
    fields=_NAMED
    | {
        "method": "string",
        "counted_seconds": "float",
        "down_bytes": "integer",
        "up_bytes": "integer",
        "capacity_bps": "integer",
        "down_bps": "float",
        "up_bps": "float",
        "down_share": "float",  # of the capacity, like the next
        "up_share": "float",
    },
    time=_BIN,
    rewritten=True,
)
UPLINK_COUNTED = Measurement(
    name="uplink_counted",
    kept="bins",
    tags=(),
    fields={"through_us": "integer"},
    time="when it was written",
)
_OF_BUSIEST: dict[str, Kind] = {
    "busy_hour": "integer",  # 0 to 23 by the site's clocks
    "busy_bps": "float",  # the 95th percentile of its five-minute rates in that hour
    "busy_share": "float",
    "peak_bps": "float",
    "peak_share": "float",
    "headroom_bps": "float",  # from busy_bps up to 80 % of the capacity, negative beyond
}
UPLINK_WEEK = Measurement(
    name="uplink_week",
    kept="days",
    tags=_UPLINK,
    fields=_NAMED
    | {
        "week": "string",
        "method": "string",
        "missing": "boolean",
        "capacity_bps": "integer",
        "limit_bps": "float",  # 80 % of it
        "lesson_days": "integer",
        "counted_days": "integer",
        "counted_share": "float",
        "direction": "string",  # the fuller one, which the next six are of
        **_OF_BUSIEST,
        **{
            f"{way}_{name}": kind
            for way in ("down", "up")
            for name, kind in {**_OF_BUSIEST, "peak_at_ms": "integer"}.items()
        },
    },
    time=_WEEK,
    rewritten=True,
)
UPLINK_OUTLOOK = Measurement(
    name="uplink_outlook",
    kept="days",
    tags=_UPLINK,
    fields=_NAMED
    | {
        "week": "string",  # after whose lessons this was to be said
        "level": "integer",  # for colours: see UPLINK_LEVELS
        "level_word": "string",
        "direction": "string",  # the one that is judged
        "capacity_bps": "integer",
        **_OF_BUSIEST,  # of the newest week that is not missing
        "known_weeks": "integer",
        "foretold": "boolean",  # whether there is a forecast; without it `refusal` says why
        "refusal": "string",
        "needed_weeks": "integer",
        "horizon_weeks": "integer",
        "at_week": "string",
        "expected": "float",  # in that week, as a share of the capacity, like the next two
        "low": "float",
        "high": "float",
        "slope": "float",  # in a week of lessons
        "slope_low": "float",
        "slope_high": "float",
        "crosses_from": "string",
        "crosses_until": "string",
        "told": "string",  # the forecast in a sentence, or why there is none
        "scenarios": "string",  # a line each
        **{f"reaches_{growth}": "string" for growth in GROWTHS_PERCENT},  # when 80 % are reached at so much a year
    },
    time=_WEEK,
    rewritten=True,
)

CAPACITY_STANDING = Measurement(
    name="capacity_standing",
    kept="days",
    tags=("uplink", "guidance"),  # fcc or setda
    fields={
        "name": "string",
        "users": "integer",
        "capacity_bps": "integer",
        "mbps_per_user": "float",
        "target_mbps_per_user": "float",
        "target_bps": "integer",
        "meets": "boolean",
        "source": "string",
    },
    time="the local midnight of the day on which the collector looked",
    rewritten=True,
)

_LOOK = "when the collector looked"
ROOM_NOW = Measurement(
    name="room_now",
    kept="reports",
    tags=_ROOM,
    fields={
        "site_name": "string",
        "room_name": "string",
        "label": "string",  # the room's name and slug in one, for Grafana's variables: see label_of
        "state": "string",
        "level": "integer",  # of the state, for colours: see LEVELS
        "cause": "string",
        "worst": "string",
        "profile": "string",
        "evidence": "string",
        "next_step": "string",
        "since_ms": "integer",
        "p95_ms": "float",
        "loss": "float",
        "down_bps": "integer",
        "up_bps": "integer",
        "coverage": "float",
        "lessons": "integer",
        "bad_lessons": "integer",
        "agents": "integer",
        "newest_report_ms": "integer",
        "in_session": "boolean",
    },
    time=_LOOK,
    rewritten=True,
)
SITE_NOW = Measurement(
    name="site_now",
    kept="reports",
    tags=("site",),
    fields={
        "site_name": "string",
        "label": "string",
        "rooms": "integer",
        "bad": "integer",
        "degraded": "integer",
        "ok": "integer",
        "unknown": "integer",
        "no_lesson": "integer",
        "reporting_rooms": "integer",  # with a report that is not stale
        "in_session": "boolean",
    },
    time=_LOOK,
    rewritten=True,
)
AGENT_NOW = Measurement(
    name="agent_now",
    kept="reports",
    tags=(*_ROOM, "agent"),
    fields={
        "site_name": "string",
        "room_name": "string",
        "role": "string",
        "state": "string",  # reporting, behind, silent, never_reported
        "level": "integer",
        "version": "string",
        "outdated": "boolean",
        "platform": "string",
        "newest_report_ms": "integer",
        "waiting_reports": "integer",
        "dropped_reports": "integer",
        "quarantined_reports": "integer",
        "clock_repaired": "boolean",
        "clock_synchronised": "boolean",
    },
    time=_LOOK,
    rewritten=True,
)
COLLECTOR_NOW = Measurement(
    name="collector_now",
    kept="reports",
    tags=(),
    fields={
        "version": "string",
        "received": "integer",  # since the collector started, like the next five
        "stored": "integer",
        "duplicate": "integer",
        "rejected": "integer",
        "deferred": "integer",
        "judged_bins": "integer",
        "failing": "boolean",
        "rooms": "integer",
        "enrolled_agents": "integer",
        "reporting_agents": "integer",  # of these, like the next five
        "behind_agents": "integer",
        "silent_agents": "integer",
        "never_reported_agents": "integer",
        "outdated_agents": "integer",
        "repaired_agents": "integer",
        "in_session": "boolean",
    },
    time=_LOOK,
    rewritten=True,
)

MEASUREMENTS = {
    one.name: one
    for one in (
        *REPORTS.values(),
        ARRIVAL,
        ROOM_NOW,
        SITE_NOW,
        AGENT_NOW,
        COLLECTOR_NOW,
        ROOM_BIN,
        PROFILE_BIN,
        TARGET_BIN,
        JUDGED,
        ROOM_DAY,
        PROFILE_DAY,
        SITE_DAY,
        ROOM_WEEK,
        WEEK_WRITTEN,
        UPLINK_BIN,
        UPLINK_COUNTED,
        UPLINK_WEEK,
        UPLINK_OUTLOOK,
        CAPACITY_STANDING,
    )
}

LABEL = r"/^(?<text>[\s\S]*) \u27e8(?<value>[a-z0-9-]+)\u27e9$/"
"""How Grafana takes a label apart again."""


UPLINK_LABEL = LABEL.replace("[a-z0-9-]", "[a-z0-9:-]")
"""The same for uplinks, which are known as ``site:SLUG``."""


def label_of(name: str, slug: str) -> str:
    """``Room 204 ⟨room-204⟩``: a variable of Grafana shows the name and stands for the slug."""
    return f"{name} \u27e8{slug}\u27e9"


LEVELS = {"no_lesson": -2, "unknown": -1, "ok": 0, "degraded": 1, "bad": 2}
"""The states of rooms as numbers, for colours that stand beside the word."""

WEEK_LEVELS = {"unknown": -1, "ok": 0, "at_risk": 1, "restricted": 2}
"""The verdicts of weeks likewise."""

UPLINK_LEVELS: dict[Level, int] = {"unknown": -1, "fine": 0, "watch": 1, "plan": 2, "act": 3}
"""The levels of uplinks likewise."""

AGENT_LEVELS = {"never_reported": -1, "reporting": 0, "behind": 1, "silent": 2}
