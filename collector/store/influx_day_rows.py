"""Days and weeks as lines of the InfluxDB engine, and rows of its answers as what they were."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from collector.store import influx_schema as schema
from collector.store.influx_lines import line
from collector.store.influx_rows import MAX_TEXT, instant_of, ns
from collector.store.texts import (
    counts_text,
    labels_text,
    located_text,
    minima_text,
    read_counts,
    read_labels,
    read_located,
    read_minima,
    read_tests,
    tests_text,
)
from collector.verdict.days import RoomDay, Seconds, SiteDay
from collector.verdict.weeks import RoomWeek
from wire.histogram import Histogram


def room_day_lines(one: RoomDay) -> list[str]:
    """The points of a room's day: its own and each profile's."""
    at_ns = ns(one.started_at)
    place = {"site": one.site, "room": one.room}
    shown = _day_fields(one) | {
        "histogram": one.histogram.to_text(),
        "cause": max(one.causes, key=lambda cause: one.causes[cause], default=None),
        "sure": counts_text(one.sure),
        "minima": minima_text(one.minima, longest=MAX_TEXT),
        **_texts(one),
        **{f"p{percentile}_ms": one.rtt_ms(percentile) for percentile in (50, 95, 99)},
    }
    fields = {name: shown[name] if name in shown else getattr(one, name) for name in schema.ROOM_DAY.fields}
    return [line(schema.ROOM_DAY, place, fields, at_ns)] + [
        line(schema.PROFILE_DAY, {**place, "profile": name}, _seconds_fields(seconds), at_ns)
        for name, seconds in one.by_profile.items()
    ]


def site_day_line(one: SiteDay) -> str:
    """The point of a site's day."""
    shown = _day_fields(one)
    fields = {name: shown[name] if name in shown else getattr(one, name) for name in schema.SITE_DAY.fields}
    return line(schema.SITE_DAY, {"site": one.site}, fields, ns(one.started_at))


def _day_fields(one: RoomDay | SiteDay) -> dict[str, object]:
    return {"date": one.day.isoformat(), **_seconds_fields(one.seconds)}


def _seconds_fields(seconds: Seconds) -> dict[str, object]:
    return {
        "valid_seconds": seconds.valid,
        "degraded_seconds": seconds.degraded,
        "bad_seconds": seconds.bad,
        "bad_share": seconds.bad_share,
    }


def read_seconds(values: Mapping[str, Any]) -> Seconds:
    """The seconds of a row of ``room_day``, ``profile_day`` or ``site_day``."""
    return Seconds(valid=values["valid_seconds"], degraded=values["degraded_seconds"], bad=values["bad_seconds"])


def read_room_day(at_ns: int, values: Mapping[str, Any], by_profile: Mapping[str, Seconds]) -> RoomDay:
    """A row of measurement ``room_day``, with those of its profiles."""
    return RoomDay(
        site=values["site"],
        room=values["room"],
        day=date.fromisoformat(values["date"]),
        started_at=instant_of(at_ns),
        closed_seconds=values["closed_seconds"],
        seconds=read_seconds(values),
        by_profile=by_profile,
        sent=values["sent"],
        received=values["received"],
        histogram=Histogram.from_text(values["histogram"]),
        worst=values["worst"] or None,
        profile=values["profile"] or None,
        profiles_digest=values["profiles_digest"],
        bin_seconds=values["bin_seconds"] or 300,  # a point from before there were marks has none of these
        marks=values["marks"] or "",
        lessons=values["lessons"] or 0,
        sure=read_counts(values["sure"] or "{}"),
        minima=read_minima(values["minima"] or "[]"),
        **_read_texts(values),
    )


def read_site_day(at_ns: int, values: Mapping[str, Any]) -> SiteDay:
    """A row of measurement ``site_day``."""
    fields: dict[str, Any] = {
        name: None if values[name] == schema.ABSENT else values[name]
        for name in ("site", *schema.SITE_DAY.fields)
        if name in SiteDay.__slots__
    }
    return SiteDay(
        day=date.fromisoformat(values["date"]), started_at=instant_of(at_ns), seconds=read_seconds(values), **fields
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekTold:
    """What a reader sees of a room's week: what its site and the room are called, the verdict in a sentence, and
    what that stands on, a line for each thing."""

    site_name: str
    room_name: str
    evidence: str
    stands_on: str = ""


def room_week_line(one: RoomWeek, told: WeekTold) -> str:
    """The point of a room's week."""
    shown: dict[str, object] = {
        **{verdict: int(one.verdict == verdict) for verdict in schema.WEEK_LEVELS},
        "week": one.week.isoformat(),
        "site_name": told.site_name,
        "room_name": told.room_name,
        "level": schema.WEEK_LEVELS[one.verdict],
        "coverage": one.valid_bins / one.awake_bins if one.awake_bins else None,
        "changed": one.previous is not None and one.previous != one.verdict,
        "evidence": told.evidence,
        "stands_on": told.stands_on,
        **_texts(one),
    }
    fields = {name: shown[name] if name in shown else getattr(one, name) for name in schema.ROOM_WEEK.fields}
    return line(schema.ROOM_WEEK, {"site": one.site, "room": one.room}, fields, noon_ns(one.week))


def weeks_written_lines(weeks: Iterable[date]) -> list[str]:
    """The points that say that these weeks have been written."""
    return [line(schema.WEEK_WRITTEN, {}, _week_fields(week), noon_ns(week)) for week in sorted(weeks)]


def _week_fields(week: date) -> dict[str, object]:
    return {"week": week.isoformat(), "label": schema.label_of(week.isoformat(), str(noon_ns(week) // 10**6))}


def read_room_week(values: Mapping[str, Any]) -> RoomWeek:
    """A row of measurement ``room_week``."""
    fields: dict[str, Any] = {
        name: values[name] for name in ("site", "room", *schema.ROOM_WEEK.fields) if name in RoomWeek.__slots__
    }
    for name in ("previous", "entered_by", "cause", "confidence", "worst", "profile"):
        fields[name] = fields[name] or None
    for name in ("lower", "upper"):
        fields[name] = None if fields[name] == schema.ABSENT else fields[name]
    return RoomWeek(**fields | {"week": date.fromisoformat(values["week"])} | _read_texts(values))


def noon_ns(monday: date) -> int:
    """The time of a week's points. It lies on the Monday in every time zone from 12 hours behind to 11 ahead, and stays
    when a site's zone changes, so that a week that is written again is the same point."""
    return ns(datetime.combine(monday, time(12), tzinfo=UTC))


def _texts(one: RoomDay | RoomWeek) -> dict[str, object]:
    """The texts that days and weeks have in common."""
    return {
        "hit_lessons": labels_text(one.hit_lessons, longest=MAX_TEXT),
        "tests": tests_text(one.tests),
        "causes": counts_text(one.causes),
        "example": located_text(one.example),
        "example_at_ms": None if one.example_at is None else ns(one.example_at) // 10**6,
    }


def _read_texts(values: Mapping[str, Any]) -> dict[str, Any]:
    at_ms = values["example_at_ms"]
    return {
        "hit_lessons": read_labels(values["hit_lessons"] or "[]"),
        "tests": read_tests(values["tests"] or "{}"),
        "causes": read_counts(values["causes"] or "{}"),
        "example": read_located(values["example"]),
        "example_at": None if at_ms in (None, schema.ABSENT) else instant_of(at_ms * 10**6),
    }
