"""Days and weeks as rows of the DuckDB engine's tables."""

import json
from collections.abc import Sequence
from datetime import UTC
from itertools import starmap
from typing import Any

from collector.store import duckdb_schema as schema
from collector.store.duckdb_columns import Columns, alike, built, instants
from collector.store.kept_histogram import KeptHistogram
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


def room_day_row(one: RoomDay) -> tuple[object, ...]:
    """The row of table ``room_days``."""
    by_profile = {name: [of.valid, of.degraded, of.bad] for name, of in one.by_profile.items()}
    values = _day_values(one) | {
        "by_profile": json.dumps(by_profile, separators=(",", ":")),
        "histogram": one.histogram.to_text(),
        "hit_lessons": labels_text(one.hit_lessons),
        "tests": tests_text(one.tests),
        "causes": counts_text(one.causes),
        "sure": counts_text(one.sure),
        "example": located_text(one.example),
        "minima": minima_text(one.minima),
    }
    return tuple(values[name] if name in values else getattr(one, name) for name in schema.ROOM_DAYS)


def site_day_row(one: SiteDay) -> tuple[object, ...]:
    """The row of table ``site_days``."""
    values = _day_values(one)
    return tuple(values[name] if name in values else getattr(one, name) for name in schema.SITE_DAYS)


def room_week_row(one: RoomWeek) -> tuple[object, ...]:
    """The row of table ``room_weeks``."""
    values: dict[str, object] = {
        "tests": tests_text(one.tests),
        "causes": counts_text(one.causes),
        "example": located_text(one.example),
        "hit_lessons": labels_text(one.hit_lessons),
    }
    return tuple(values[name] if name in values else getattr(one, name) for name in schema.ROOM_WEEKS)


def read_room_days(values: Columns) -> list[RoomDay]:
    """Rows of table ``room_days`` as they were."""
    seconds = zip(*(values[f"{name}_seconds"] for name in ("valid", "degraded", "bad")), strict=True)
    read = {name: alike(values[name]) for name in ("site", "room", "profiles_digest")} | {
        "started_at": instants(values["started_at"]),
        "seconds": list(starmap(_seconds, seconds)),
        "by_profile": list(map(_read_by_profile, values["by_profile"])),
        "histogram": list(map(KeptHistogram, values["histogram"])),
        "sure": list(map(read_counts, values["sure"])),
        "minima": list(map(read_minima, values["minima"])),
    }
    return built(RoomDay, {**values, **read, **_read_texts(values)})


def read_site_day(row: Sequence[Any]) -> SiteDay:
    """A row of table ``site_days`` as it was."""
    values = dict(zip(schema.SITE_DAYS, row, strict=True))
    values["started_at"] = values["started_at"].replace(tzinfo=UTC)
    values["seconds"] = Seconds(**{name: values.pop(f"{name}_seconds") for name in ("valid", "degraded", "bad")})
    return SiteDay(**values)


def read_room_weeks(values: Columns) -> list[RoomWeek]:
    """Rows of table ``room_weeks`` as they were."""
    return built(RoomWeek, {**values, **_read_texts(values)})


def _day_values(one: RoomDay | SiteDay) -> dict[str, object]:
    seconds = one.seconds
    return {
        "valid_seconds": seconds.valid,
        "degraded_seconds": seconds.degraded,
        "bad_seconds": seconds.bad,
    }


def _seconds(valid: int, degraded: int, bad: int) -> Seconds:
    return Seconds(valid=valid, degraded=degraded, bad=bad)


def _read_by_profile(text: str) -> dict[str, Seconds]:
    return {name: _seconds(*seconds) for name, seconds in json.loads(text).items()}


def _read_texts(values: Columns) -> dict[str, list[Any]]:
    """The columns of texts that days and weeks have in common, as what they were."""
    return {
        "hit_lessons": list(map(read_labels, values["hit_lessons"])),
        "tests": list(map(read_tests, values["tests"])),
        "causes": list(map(read_counts, values["causes"])),
        "example": list(map(read_located, values["example"])),
        "example_at": instants(values["example_at"]),
    }
