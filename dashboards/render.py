"""The files that Grafana is given, made from the pages and rules of this package: the same bytes every time."""

import json
from collections.abc import Iterator
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards import provisioning_files
from dashboards.alert_rules import GROUPS
from dashboards.capacity import capacity
from dashboards.district_now import district_now
from dashboards.fleet import fleet
from dashboards.pages import CAPACITY, DISTRICT_NOW, FLEET, ROOM, SITE, WEEK, Page, links
from dashboards.provisioning_files import rule_group
from dashboards.room import room
from dashboards.site import site
from dashboards.week import week

HERE = Path(__file__).parent


def rendered() -> dict[str, str]:
    """The text of every file by its name below this package."""
    pages = (
        (DISTRICT_NOW, district_now()),
        (WEEK, week()),
        (CAPACITY, capacity()),
        (SITE, site()),
        (ROOM, room()),
        (FLEET, fleet()),
    )
    files = {f"rendered/{page.uid.removeprefix('bandroom-')}.json": _dashboard(page, made) for page, made in pages}
    for title in GROUPS:
        files[f"rendered_rules/{title.lower().replace(' ', '-')}.json"] = _json(rule_group(title))
    return files | {
        "provisioning/datasources/bandroom.yaml": provisioning_files.data_sources(),
        "provisioning/dashboards/bandroom.yaml": provisioning_files.dashboards(),
        "provisioning/alerting/rules.yaml": provisioning_files.alert_rules(),
        "provisioning/alerting/notifications.yaml": provisioning_files.notifications(),
    }


def write(folder: Path = HERE) -> Iterator[str]:
    """Write the files that are not in `folder` or differ; the names of these."""
    files = rendered()
    for name in out_of_date(folder):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[name], encoding="utf-8", newline="\n")
        yield name


def out_of_date(folder: Path = HERE) -> list[str]:
    """The names of files that are missing from `folder` or differ."""
    return [name for name, text in rendered().items() if not _holds(folder / name, text)]


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _dashboard(page: Page, builder: Dashboard) -> str:
    made = builder.build()
    made.links = links(page)
    return _json(made)


def _json(value: object) -> str:
    return json.dumps(value, cls=JSONEncoder, indent=2, ensure_ascii=False) + "\n"
