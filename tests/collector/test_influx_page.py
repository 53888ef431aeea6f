"""docs/influxdb.md shows the schema as it is, with a line of each measurement that a server takes."""

import re
from pathlib import Path

import pytest

from collector.store.influx_schema import MEASUREMENTS, Kind, Measurement
from tests.influx import Influx

PAGE = (Path(__file__).parents[2] / "docs" / "influxdb.md").read_text(encoding="utf-8")
LINES = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)[0].splitlines()
FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|[^,]+)(?:,|$)')
KINDS: dict[Kind, str] = {
    "integer": r"-?\d+i",
    "float": r"-?\d+\.\d+",
    "boolean": "true|false",
    "string": '".*"',
}


def example(measurement: Measurement) -> tuple[str, str, str]:
    """The measurement with its tags, the fields and the time of its line."""
    (line,) = [one for one in LINES if re.split("[, ]", one, maxsplit=1)[0] == measurement.name]
    found = re.fullmatch(r"(\S+) (.*) (\d{19})", line)
    assert found is not None, line
    return found[1], found[2], found[3]


def test_the_table_is_the_schema() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (reports|bins|days) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    assert rows == [
        (one.name, one.kept, ", ".join(f"`{tag}`" for tag in one.tags) or "none", one.time)
        for one in MEASUREMENTS.values()
    ]


@pytest.mark.parametrize("measurement", MEASUREMENTS.values(), ids=lambda one: one.name)
def test_each_measurement_has_a_line_with_its_tags_and_fields(measurement: Measurement) -> None:
    place, written, _ = example(measurement)
    assert {one.partition("=")[0] for one in place.split(",")[1:]} == set(measurement.tags)
    fields = dict(FIELD.findall(written))
    absent = measurement.fields.keys() - fields.keys()
    assert list(fields) == [name for name in measurement.fields if name not in absent]
    assert not (absent and measurement.rewritten)
    for name, value in fields.items():
        assert re.fullmatch(KINDS[measurement.fields[name]], value), f"{name}={value}"


@pytest.mark.requires("influx")
def test_a_server_takes_every_line(influx: Influx) -> None:
    for measurement in MEASUREMENTS.values():
        place, written, at_ns = example(measurement)
        influx.write(measurement.kept, f"{place} {written} {at_ns}")
        (row,) = influx.rows(measurement.kept, f"SELECT * FROM {measurement.name}")
        assert row["time"] == int(at_ns)
