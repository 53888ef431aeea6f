"""Days and weeks as rows of the DuckDB engine's tables."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from collector.store import duckdb_schema as schema
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


def read_room_day(row: Sequence[Any]) -> RoomDay:
    """A row of table ``room_days`` as it was."""
    values = _read_texts(_read_day(schema.ROOM_DAYS, row))
    by_profile = {
        name: Seconds(valid=valid, degraded=degraded, bad=bad)
        for name, (valid, degraded, bad) in json.loads(values["by_profile"]).items()
    }
    histogram, minima = Histogram.from_text(values["histogram"]), read_minima(values["minima"])
    sure = read_counts(values["sure"])
    return RoomDay(**values | {"by_profile": by_profile, "histogram": histogram, "sure": sure, "minima": minima})


def read_site_day(row: Sequence[Any]) -> SiteDay:
    """A row of table ``site_days`` as it was."""
    return SiteDay(**_read_day(schema.SITE_DAYS, row))


def read_room_week(row: Sequence[Any]) -> RoomWeek:
    """A row of table ``room_weeks`` as it was."""
    return RoomWeek(**_read_texts(dict(zip(schema.ROOM_WEEKS, row, strict=True))))


def _day_values(one: RoomDay | SiteDay) -> dict[str, object]:
    seconds = one.seconds
    return {
        "valid_seconds": seconds.valid,
        "degraded_seconds": seconds.degraded,
        "bad_seconds": seconds.bad,
    }


def _read_day(kinds: Mapping[str, str], row: Sequence[Any]) -> dict[str, Any]:
    values = dict(zip(kinds, row, strict=True))
    values["started_at"] = values["started_at"].replace(tzinfo=UTC)
    values["seconds"] = Seconds(**{name: values.pop(f"{name}_seconds") for name in ("valid", "degraded", "bad")})
    return values


def _read_texts(values: dict[str, Any]) -> dict[str, Any]:
    """The texts that days and weeks have in common, as what they were."""
    example_at = values["example_at"]
    return values | {
        "hit_lessons": read_labels(values["hit_lessons"]),
        "tests": read_tests(values["tests"]),
        "causes": read_counts(values["causes"]),
        "example": read_located(values["example"]),
        "example_at": None if example_at is None else example_at.replace(tzinfo=UTC),
    }
