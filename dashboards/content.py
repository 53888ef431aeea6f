"""What this version of Bandroom brings to a Grafana, read from the rendered files beside this one."""

import json
from pathlib import Path
from typing import Any

from dashboards.data_sources import InfluxAsSeen, data_sources
from dashboards.push import Content

RENDERED = Path(__file__).parent / "rendered"


def content(influx: InfluxAsSeen, *, rendered: Path = RENDERED) -> Content:
    """Raises `OSError` when a file cannot be read."""
    return Content(
        data_sources=data_sources(influx),
        dashboards=_read(rendered),
        rule_groups=_read(rendered.with_name("rendered_rules")),
    )


def _read(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
