"""``bandroom rooms``: what a running collector says of its rooms, as a table."""

import json
import urllib.error
import urllib.request
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from collector.settings import is_loopback

_STYLES = {"bad": "bold red", "degraded": "yellow", "ok": "green", "unknown": "dim", "no_lesson": "dim"}
TIMEOUT_SECONDS = 10


class CannotAsk(Exception):
    """The collector did not answer as one; the message names the next step."""


@dataclass(frozen=True, slots=True)
class RoomsText:
    """The answer of ``/v1/rooms`` as text and as data."""

    text: str
    data: dict[str, Any]


def ask_rooms(url: str, password: str | None) -> RoomsText:
    """Ask the collector at `url`. Raises `CannotAsk`."""
    if not url.startswith(("http://", "https://")):
        raise CannotAsk(f'"{url}" is not a URL such as http://127.0.0.1:8600')
    request = urllib.request.Request(f"{url.rstrip('/')}/v1/rooms")  # noqa: S310  # checked above
    if password:
        request.add_header("Authorization", "Basic " + b64encode(f"reader:{password}".encode()).decode())
    try:
        with _opener(url).open(request, timeout=TIMEOUT_SECONDS) as answer:
            text = answer.read().decode()
        data = json.loads(text)
        if not isinstance(data, dict) or "rooms" not in data:
            raise CannotAsk(f"{url} answers, but is not a Bandroom collector")
    except urllib.error.HTTPError as error:
        if error.code == 401:
            raise CannotAsk(f"{url} asks for the reader password: give --password") from None
        raise CannotAsk(f"{url} answered {error.code}; is this a Bandroom collector that has started?") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise CannotAsk(f"no collector answers at {url} ({reason}); start it with: bandroom serve") from None
    return RoomsText(text, data)


def _opener(url: str) -> urllib.request.OpenerDirector:
    """Opens URLs as the machine does, but never asks a proxy for this machine itself."""
    if is_loopback(urlsplit(url).hostname or ""):
        return urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener()


def rooms_table(answer: RoomsText) -> Table:
    """The rooms in the collector's order: worst first within each site."""
    zone = ZoneInfo(answer.data["time_zone"])
    taken_at = datetime.fromisoformat(answer.data["taken_at"]).astimezone(zone)
    table = Table(title=f"{answer.data['district']}, {taken_at:%a %d %b %H:%M}")
    for heading in ("site", "room", "state", "evidence", "coverage", "data age"):
        table.add_column(heading, justify="right" if heading in {"coverage", "data age"} else "left")
    for room in answer.data["rooms"]:
        label = f"{room['room']} (simulated)" if room["simulated"] else room["room"]
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
