"""``bandroom rooms``: what a running collector says of its rooms, as a table."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from collector.asking import answer_of

_STYLES = {"bad": "bold red", "degraded": "yellow", "ok": "green", "unknown": "dim", "no_lesson": "dim"}


@dataclass(frozen=True, slots=True)
class RoomsText:
    """The answer of ``/v1/rooms`` as text and as data."""

    text: str
    data: dict[str, Any]


def rooms_of(text: str, url: str) -> RoomsText:
    """The answer that `text` is. Raises `CannotAsk` where it is no answer of a collector's."""
    return RoomsText(text, answer_of(text, url, "rooms", "taken_at"))


def rooms_table(answer: RoomsText) -> Table:
    """The rooms in the collector's order: worst first within each site."""
    zone = ZoneInfo(answer.data["time_zone"])
    taken_at = datetime.fromisoformat(answer.data["taken_at"]).astimezone(zone)
    table = Table(title=f"{answer.data['district']}, {taken_at:%a %d %b %H:%M}")
    for heading in ("site", "room", "state", "evidence", "coverage", "data age"):
        table.add_column(heading, justify="right" if heading in {"coverage", "data age"} else "left")
    for room in answer.data["rooms"]:
        label = f"{room['room_name']} (simulated)" if room["simulated"] else room["room_name"]
        coverage, age = room["coverage"], room["newest_data_age_seconds"]
        table.add_row(
            Text(room["site"]),
            Text(label),
            Text(room["state"], style=_STYLES.get(room["state"], "")),
            Text(room["evidence"]),
            "" if coverage is None else f"{coverage:.0%}",
            "never" if age is None else f"{age:.0f} s",
        )
    return table
