"""Uplinks as lines of the InfluxDB engine, and rows of its answers as what they were."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from collector.store import influx_schema as schema
from collector.store.influx_day_rows import noon_ns
from collector.store.influx_lines import line
from collector.store.influx_rows import began_of, instant_of, ns
from collector.store.uplinks import StoredOctets, uplink_of
from collector.verdict.uplinks.load import Load, UplinkBin, UplinkWeek
from collector.verdict.uplinks.outlook import LEVEL_SHARES, NoForecast, Outlook
from wire.report_words import Direction
from wire.uplink_report import UplinkReport

_WAYS: tuple[Direction, ...] = ("down", "up")
_MBPS = 1_000_000
_OF_REPORT = ("seq", "duration_ms", "uplink", "method", "method_version", "down_bytes", "up_bytes", "speed_mbps")
OCTETS_COLUMNS = ("site", "agent", "stored_us", "failure", *_OF_REPORT)
"""What `read_octets` reads besides the time."""

BIN_COLUMNS = ("uplink", "method", "counted_seconds", "down_bytes", "up_bytes", "capacity_bps")
"""What `read_bin` reads besides the time."""

_OF_LOAD = ("busy_bps", "busy_hour", "peak_bps", "peak_at_ms")
WEEK_COLUMNS = (
    *("uplink", "week", "method", "capacity_bps", "lesson_days", "counted_days", "counted_share"),
    *(f"{way}_{name}" for way in _WAYS for name in _OF_LOAD),
)
"""What `read_week` reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkNamed:
    """What a reader calls an uplink; `site` is the slug of the one that it is of, empty for the district's."""

    site: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookTold:
    """What a reader sees of an outlook: the forecast, or why there is none, in a sentence, and a line a scenario."""

    sentence: str = ""
    scenarios: str = ""


def bin_line(one: UplinkBin, named: UplinkNamed) -> str:
    """The point of five minutes."""
    shown: dict[str, object] = {
        **_named(one.uplink, named),
        "capacity_bps": _bps(one.capacity_mbps),
        **{f"{way}_bps": one.bps(way) for way in _WAYS},
        **{f"{way}_share": one.share(way) for way in _WAYS},
    }
    fields = {name: shown[name] if name in shown else getattr(one, name) for name in schema.UPLINK_BIN.fields}
    return line(schema.UPLINK_BIN, {"uplink": one.uplink}, fields, ns(one.started_at))


def week_line(one: UplinkWeek, named: UplinkNamed) -> str:
    """The point of a week."""
    limit = _limit_bps(one)
    shown: dict[str, object] = {
        **_named(one.uplink, named),
        "week": one.week.isoformat(),
        "capacity_bps": _bps(one.capacity_mbps),
        "limit_bps": limit,
        "direction": one.fuller,
        **_busiest(one, one.fuller),
    }
    for way in _WAYS:
        load = one.loads.get(way)
        shown |= {f"{way}_{name}": value for name, value in _busiest(one, way).items()}
        shown[f"{way}_peak_at_ms"] = None if load is None else ns(load.peak_at) // 10**6
    fields = {name: shown[name] if name in shown else getattr(one, name) for name in schema.UPLINK_WEEK.fields}
    return line(schema.UPLINK_WEEK, {"uplink": one.uplink}, fields, noon_ns(one.week))


def outlook_line(week: date, one: Outlook, named: UplinkNamed, told: OutlookTold) -> str:
    """The point of what was to be said of an uplink after the lessons of `week`."""
    newest, forecast = one.newest, one.forecast
    refused = forecast if isinstance(forecast, NoForecast) else None
    reached = {round(100 * of.growth_a_year): of.reaches_at for of in one.scenarios}
    shown: dict[str, object] = {
        **_named(one.uplink, named),
        "week": week.isoformat(),
        "level": schema.UPLINK_LEVELS[one.level],
        "level_word": one.level,
        "direction": one.direction if newest else None,
        "capacity_bps": _bps(newest.capacity_mbps) if newest else None,
        **(_busiest(newest, one.direction) if newest else {}),
        "known_weeks": refused.known_weeks if refused else sum(not of.missing for of in one.weeks),
        "foretold": refused is None,
        "refusal": refused.reason if refused else None,
        "told": told.sentence,
        "scenarios": told.scenarios,
        **{f"reaches_{growth}": _text(reached.get(growth)) for growth in schema.GROWTHS_PERCENT},
        **{name: _text(getattr(forecast, name, None)) for name in ("at_week", "crosses_from", "crosses_until")},
    }
    fields = {
        name: shown[name] if name in shown else getattr(forecast, name, None) for name in schema.UPLINK_OUTLOOK.fields
    }
    return line(schema.UPLINK_OUTLOOK, {"uplink": one.uplink}, fields, noon_ns(week))


def counted_line(through: datetime, at_us: int) -> str:
    """The point that says up to when what was stored is in bins."""
    return line(schema.UPLINK_COUNTED, {}, {"through_us": ns(through) // 1000}, at_us * 1000)


def read_octets(at_ns: int, values: Mapping[str, Any]) -> StoredOctets:
    """A row of measurement ``uplink``."""
    of_report = {name: values[name] for name in _OF_REPORT} | {"failure": values["failure"] or None}
    report = UplinkReport(boot_ms=0, **of_report)
    return StoredOctets(
        uplink=uplink_of(values["site"], report),
        agent=values["agent"],
        started_at=began_of(at_ns),
        stored_at=instant_of(values["stored_us"] * 1000),
        report=report,
    )


def read_bin(started_at: datetime, values: Mapping[str, Any]) -> UplinkBin:
    """A row of measurement ``uplink_bin``."""
    return UplinkBin(
        uplink=values["uplink"],
        started_at=started_at,
        method=values["method"],
        counted_seconds=values["counted_seconds"],
        down_bytes=values["down_bytes"],
        up_bytes=values["up_bytes"],
        capacity_mbps=_mbps(values["capacity_bps"]),
    )


def read_week(values: Mapping[str, Any]) -> UplinkWeek:
    """A row of measurement ``uplink_week``."""
    return UplinkWeek(
        uplink=values["uplink"],
        week=date.fromisoformat(values["week"]),
        method=values["method"] or None,
        capacity_mbps=_mbps(values["capacity_bps"]),
        lesson_days=values["lesson_days"],
        counted_days=values["counted_days"],
        counted_share=values["counted_share"],
        loads={way: _load(values, way) for way in _WAYS if values[f"{way}_busy_hour"] != schema.ABSENT},
    )


def _load(values: Mapping[str, Any], way: Direction) -> Load:
    return Load(
        busy_bps=values[f"{way}_busy_bps"],
        busy_hour=values[f"{way}_busy_hour"],
        peak_bps=values[f"{way}_peak_bps"],
        peak_at=datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=values[f"{way}_peak_at_ms"]),
    )


def _named(uplink: str, named: UplinkNamed) -> dict[str, object]:
    return {"site": named.site, "name": named.name, "label": schema.label_of(named.name, uplink)}


def _busiest(one: UplinkWeek, way: Direction | None) -> dict[str, object]:
    load = one.loads.get(way) if way else None
    if way is None or load is None:
        return dict.fromkeys(("busy_hour", "busy_bps", "busy_share", "peak_bps", "peak_share", "headroom_bps"))
    limit = _limit_bps(one)
    return {
        "busy_hour": load.busy_hour,
        "busy_bps": load.busy_bps,
        "busy_share": one.busy_share(way),
        "peak_bps": load.peak_bps,
        "peak_share": load.peak_bps / (one.capacity_mbps * _MBPS) if one.capacity_mbps else None,
        "headroom_bps": None if limit is None else limit - load.busy_bps,
    }


def _limit_bps(one: UplinkWeek) -> float | None:
    return LEVEL_SHARES["act"] * one.capacity_mbps * _MBPS if one.capacity_mbps else None


def _bps(mbps: int | None) -> int | None:
    return None if mbps is None else mbps * _MBPS


def _mbps(bps: int) -> int | None:
    return None if bps == schema.ABSENT else bps // _MBPS


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
