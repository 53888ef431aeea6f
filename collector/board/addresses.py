"""Where a page of the board is. Addresses are for keeping: in a ticket, in a mail, beside a room's door."""

from urllib.parse import quote


def site_path(site: str) -> str:
    """The address of a site's page. A slash in a name is escaped."""
    return f"/sites/{quote(site, safe='')}"


def room_path(site: str, room: str) -> str:
    """The address of a room's page."""
    return f"/rooms/{quote(site, safe='')}/{quote(room, safe='')}"


def check_path(site: str, room: str) -> str:
    """The address of the page for teachers with that room chosen."""
    return f"/check#room:{quote(site, safe='')}/{quote(room, safe='')}"


def site_id(site: str) -> str:
    """The id of a site's rows, so that a page can be opened there and renewed without moving them."""
    return f"site:{quote(site, safe='')}"


def room_id(site: str, room: str) -> str:
    """The id of a room's row."""
    return f"room:{quote(site, safe='')}/{quote(room, safe='')}"
