"""What Grafana would make of an alert rule: each query reduced to its last value by labels, then the condition."""

import re
from datetime import datetime, timedelta
from typing import Any

from tests.dashboards.asked import ask
from tests.dashboards.rendered_files import Json
from tests.influx import Influx

Labels = tuple[tuple[str, str], ...]
NO_LABELS: Labels = ()


def told(influx: Influx, rule: Json, *, now: datetime) -> dict[Labels, bool]:
    """By labels, whether the condition holds; a group that one of the queries knows nothing of is missing, as it is in
    Grafana. Empty is Grafana's "no data"."""
    numbers: dict[str, dict[Labels, Any]] = {}
    for step in rule["data"]:
        model = step["model"]
        if step["datasourceUid"] != "__expr__":
            span = timedelta(seconds=step["relativeTimeRange"]["from"])
            rows = ask(influx, step["datasourceUid"], model["query"], now=now, span=span)
            numbers[step["refId"]] = dict(_number(row) for row in rows)
        elif model["type"] == "reduce":
            assert model["reducer"] == "last"
            numbers[step["refId"]] = numbers[model["expression"]]
    condition = rule["data"][-1]["model"]["expression"]
    wanted = re.findall(r"\$(\w+)", condition)
    known = set.intersection(*(set(numbers[name]) for name in wanted))
    return {labels: _holds(condition, {name: numbers[name][labels] for name in wanted}) for labels in known}


def _number(row: dict[str, Any]) -> tuple[Labels, Any]:
    labels = {name: value for name, value in row.items() if isinstance(value, str)}
    (number,) = (value for name, value in row.items() if name != "time" and name not in labels)
    return tuple(sorted(labels.items())), number


def _holds(condition: str, numbers: dict[str, Any]) -> bool:
    """`condition` has the form that all of ours have: comparisons, and all of them hold."""
    results = []
    for comparison in condition.split(" && "):
        name, sign, limit = re.fullmatch(r"\$(\w+) (>=|>|==) (-?[\d.]+)", comparison).groups()  # type: ignore[union-attr]  # a form of ours
        value = numbers[name]
        results.append({">=": value >= float(limit), ">": value > float(limit), "==": value == float(limit)}[sign])
    return all(results)
