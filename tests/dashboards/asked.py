"""Queries as they reach InfluxDB: what Grafana puts into a text before it sends it, put in for a known now."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from tests.dashboards.known_week import ms
from tests.influx import Influx

Rows = list[dict[str, Any]]


def ask(
    influx: Influx,
    source: str,
    query: str,
    *,
    now: datetime,
    span: timedelta = timedelta(hours=24),
    interval: str = "5m",
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Rows:
    """The rows of a query over the `span` before `now`, with `variables` chosen."""
    end = ms(now)
    text = query.replace("now()", f"{end}ms").replace("${__to}", str(end)).replace("$__interval", interval)
    text = text.replace("$timeFilter", f"time >= {ms(now - span)}ms and time <= {end}ms")
    for name, value in variables.items():
        text = text.replace(f"${{{name}:regex}}", re.escape(value))
    assert "$" not in re.sub(r"\$/", "", text), f"a variable is left: {text}"
    return influx.rows(source.removeprefix("bandroom-"), text)
