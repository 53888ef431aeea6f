"""Where a page of the board is. Addresses are for keeping: in a ticket, in a mail, beside a room's door."""

from datetime import date
from urllib.parse import quote

from collector.iso_week import week_text


def site_path(site: str) -> str:
    """The address of a site's page. A slash in a name is escaped."""
    return f"/sites/{quote(site, safe='')}"


def room_path(site: str, room: str) -> str:
    """The address of a room's page."""
    return f"/rooms/{quote(site, safe='')}/{quote(room, safe='')}"


def check_path(site: str, room: str) -> str:
    """The address of the page for teachers with that room chosen."""
    return f"/check#room:{quote(site, safe='')}/{quote(room, safe='')}"


def evidence_path(site: str, room: str) -> str:
    """The address of a room's evidence of the last four weeks."""
    return f"/v1/evidence/rooms/{quote(site, safe='')}/{quote(room, safe='')}.zip"


def uplink_evidence_path(uplink: str) -> str:
    """The address of an uplink's evidence of the last four weeks."""
    return f"/v1/evidence/uplinks/{quote(uplink, safe=':')}.zip"


def site_id(site: str) -> str:
    """The id of a site's rows, so that a page can be opened there and renewed without moving them."""
    return f"site:{quote(site, safe='')}"


def room_id(site: str, room: str) -> str:
    """The id of a room's row."""
    return f"room:{quote(site, safe='')}/{quote(room, safe='')}"


def week_path(monday: date, site: str | None = None) -> str:
    """The address of the page of a week, of one site's rooms alone where that is given."""
    return f"/week/{week_text(monday)}" + (f"?site={quote(site, safe='')}" if site is not None else "")


def brief_path(monday: date, ending: str, site: str | None = None) -> str:
    """The address of the weekly page of a week as a file with that ending, as ``pdf``; of one site's alone where that
    is given."""
    return f"/brief/{week_text(monday)}.{ending}" + (f"?site={quote(site, safe='')}" if site is not None else "")
