"""Nothing in a value ends a field, a point or a line: texts come back as they were, tags are slugs or nothing."""

import math
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.store.influx_lines import BadPoint, line
from collector.store.influx_query import name, text
from collector.store.influx_schema import MEASUREMENTS, ROOM_BIN, SITE_NOW, Measurement
from tests.influx import Influx

AT_NS = 1_794_823_260_000_000_000
NASTY = [
    'Room "204", Oak Hill',
    "a\nlatency,site=x sent=1i 1",
    "back\\slash\\",
    'quote\\"',
    "tab\tand\r\nline",
    "emoji 🏫 and ümlaut, = and space",
    "'; DROP DATABASE x --",
    "\u2028\x85\x00",
    "",
    "#",
]
names = st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.sampled_from(NASTY))


def site_now(site_name: str, **other: Any) -> str:
    counts = dict.fromkeys(("rooms", "bad", "degraded", "ok", "unknown", "no_lesson", "reporting_rooms"), 1)
    fields = counts | {"site_name": site_name, "label": "North", "in_session": True} | other
    return line(SITE_NOW, {"site": "oak-hill"}, fields, AT_NS)


@pytest.mark.requires("influx")
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(names, min_size=1, max_size=20))
def test_names_come_back_as_they_were(influx: Influx, given: list[str]) -> None:
    lines = [site_now(one).removesuffix(f" {AT_NS}") + f" {AT_NS + number}" for number, one in enumerate(given)]
    influx.write("reports", *lines)

    inside = f"time >= {AT_NS} AND time < {AT_NS + len(given)}"
    rows = influx.rows("reports", f"SELECT site_name, rooms FROM site_now WHERE {inside} GROUP BY site")
    assert [(row["site_name"], row["rooms"], row["site"]) for row in rows] == [(one, 1, "oak-hill") for one in given]
    assert [row["name"] for row in influx.rows("reports", "SHOW MEASUREMENTS")] == [SITE_NOW.name]


@pytest.mark.requires("influx")
@pytest.mark.parametrize("said", NASTY)
def test_what_is_asked_for_by_a_text_is_that_text_alone(influx: Influx, said: str) -> None:
    influx.write("reports", site_now(said), site_now("another").replace(str(AT_NS), str(AT_NS + 1)))
    if any(ord(character) < 32 for character in said):
        with pytest.raises(ValueError, match="control character"):
            text(said)
        return

    where = f"WHERE {name('site_name')} = {text(said)}"
    found = influx.rows("reports", f"SELECT {name('site_name')} FROM site_now {where}")

    assert [row["site_name"] for row in found] == [said]


@given(names)
def test_a_tag_is_a_slug_or_refused(value: str) -> None:
    fields = dict.fromkeys(ROOM_BIN.fields)
    tags = {"site": value, "room": "204"}
    if re.fullmatch(r"[a-z0-9][a-z0-9_:.-]{0,79}", value):
        return
    with pytest.raises(BadPoint, match="slug"):
        line(ROOM_BIN, tags, fields, AT_NS)


@given(names)
def test_a_text_never_holds_a_quote_that_is_not_escaped(value: str) -> None:
    written = site_now(value)
    assert re.fullmatch(
        r'site_now,site=oak-hill site_name="((?:[^"\\]|\\.)*)",label="North",rooms=1i,.*', written, re.DOTALL
    )


@pytest.mark.parametrize("value", [True, 1.5, "1", None, math.nan, math.inf])
def test_a_value_of_another_type_is_refused_or_absent(value: object) -> None:
    if value is None:
        assert "rooms=-1i" in site_now("x", rooms=None)
        return
    with pytest.raises(BadPoint, match="site_now: rooms must be of type integer"):
        site_now("x", rooms=value)


def test_numbers_that_are_none_are_refused() -> None:
    fields = dict.fromkeys(ROOM_BIN.fields) | {"valid": True, "repaired": False}
    assert "qoo=-1.0" in line(ROOM_BIN, {"site": "a", "room": "b"}, fields, 1)
    for value in (math.nan, math.inf):
        with pytest.raises(BadPoint, match="qoo must be of type float"):
            line(ROOM_BIN, {"site": "a", "room": "b"}, fields | {"qoo": value}, 1)


def test_a_truth_cannot_be_absent_where_points_are_rewritten() -> None:
    with pytest.raises(BadPoint, match="in_session must be of type boolean"):
        site_now("x", in_session=None)


@pytest.mark.parametrize("measurement", MEASUREMENTS.values(), ids=lambda one: one.name)
def test_a_field_more_or_less_is_refused(measurement: Measurement) -> None:
    tags = dict.fromkeys(measurement.tags, "a")
    fields = dict.fromkeys(measurement.fields)
    for wrong in (fields | {"more": 1}, dict(list(fields.items())[1:])):
        with pytest.raises(BadPoint, match="other tags or fields"):
            line(measurement, tags, wrong, 1)
    with pytest.raises(BadPoint, match="other tags or fields"):
        line(measurement, tags | {"more": "a"}, fields, 1)
