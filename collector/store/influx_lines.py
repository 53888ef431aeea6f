"""Line protocol: one line a point, checked against the schema before it leaves.

Names of the district are data, so nothing in a value may end a field, a point or a line: tags take a narrow alphabet
only, texts are escaped.
"""

import re
from collections.abc import Mapping

from collector.store.influx_schema import ABSENT, Kind, Measurement

_TAG = re.compile(r"[a-z0-9][a-z0-9_:.-]{0,79}")


class BadPoint(ValueError):
    """A point that does not fit its measurement: a fault of ours."""


def line(measurement: Measurement, tags: Mapping[str, str], fields: Mapping[str, object], at_ns: int) -> str:
    """The point as a line without its end.

    Fields that are ``None`` are left out, or, where points are rewritten, take the place of `ABSENT` or an empty text.
    Raises `BadPoint` for a tag that is no slug, a missing tag or field, one too many, or a value of the wrong type.
    """
    if tags.keys() != set(measurement.tags) or fields.keys() != measurement.fields.keys():
        raise BadPoint(f"{measurement.name} has other tags or fields")
    for key, value in tags.items():
        if not _TAG.fullmatch(value):
            raise BadPoint(f"{measurement.name}: the tag {key} must be a slug")
    # One that is no identifier cannot be here: the alphabet of tags needs no escape.
    place = "".join(f",{key}={tags[key]}" for key in sorted(tags))
    values = [
        f"{name}={text}"
        for name, kind in measurement.fields.items()
        if (text := _value(measurement, name, kind, fields[name])) is not None
    ]
    return f"{measurement.name}{place} {','.join(values)} {at_ns}"


def _value(measurement: Measurement, name: str, kind: Kind, value: object) -> str | None:
    if value is None:
        if not measurement.rewritten:
            return None
        value = {"integer": ABSENT, "float": float(ABSENT), "string": ""}.get(kind)
    if kind == "string" and isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if kind == "boolean" and isinstance(value, bool):
        return "true" if value else "false"
    if kind == "integer" and isinstance(value, int) and not isinstance(value, bool):
        return f"{value}i"
    if kind == "float" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(float(value))
    raise BadPoint(f"{measurement.name}: {name} must be of type {kind}")
