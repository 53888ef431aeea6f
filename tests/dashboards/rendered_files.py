"""The committed files, read as Grafana reads them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboards.pages import PAGES
from dashboards.render import HERE

Json = dict[str, Any]

RENDERED = HERE / "rendered"
RULES = HERE / "rendered_rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query of a panel, and of which dashboard."""

    page: str
    panel: Json
    target: Json

    @property
    def text(self) -> str:
        """InfluxQL with Grafana's variables."""
        query: str = self.target["query"]
        return query


def dashboards() -> list[Json]:
    """The dashboards, in the order of the pages."""
    return [_read(RENDERED / f"{page.uid.removeprefix('bandroom-')}.json") for page in PAGES]


def panels(dashboard: Json) -> list[Json]:
    """Its panels without its rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries() -> Iterator[Query]:
    """Every query of every panel."""
    for dashboard in dashboards():
        for panel in panels(dashboard):
            for target in panel["targets"]:
                yield Query(page=dashboard["uid"], panel=panel, target=target)


def rules() -> list[Json]:
    """Every alert rule."""
    return [rule for path in sorted(RULES.glob("*.json")) for rule in _read(path)["rules"]]


def _read(path: Path) -> Json:
    read: Json = json.loads(path.read_text(encoding="utf-8"))
    return read
