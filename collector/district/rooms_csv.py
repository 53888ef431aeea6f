"""``rooms.csv``: the rooms as a spreadsheet exports them, ``site,room`` and, as far as known,
``name,seats,ap,switch,uplink``. What a room is called may be any text; addresses and stores know it by its slug."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from collector.district.display_name import MAX_NAME, a_name
from collector.district.mistakes import BadFile, Mistake
from collector.district.slug import a_slug, slug_of
from collector.district.wanted import did_you_mean
from wire.fields import WireError, check_slug

REQUIRED_COLUMNS = ("site", "room")
OPTIONAL_COLUMNS = ("name", "seats", "ap", "switch", "uplink")
MAX_SEATS = 500
MAX_ROOMS = 20_000
MAX_MISTAKES = 200
"""Mistakes of a spreadsheet that are told at once; where there are more, they are of one kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room by its slug, and what it is called, the slug where nothing else is said. `ap`, `switch` and `uplink` are
    labels of what it hangs on, ``None`` unknown."""

    site: str
    room: str
    name: str = ""
    seats: int | None = None
    ap: str | None = None
    switch: str | None = None
    uplink: str | None = None

    def __post_init__(self) -> None:
        """Call it by its slug where it has no name."""
        if not self.name:
            object.__setattr__(self, "name", self.room)


def read_rooms(path: Path, *, known_sites: frozenset[str]) -> tuple[Room, ...]:
    """Read a spreadsheet export: comma or semicolon, with or without a byte order mark. Raises `BadFile`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text; export it as CSV UTF-8"
        raise BadFile([Mistake(file=path.name, line=1, key="", text=f"cannot be read: {reason} ({path})")]) from None
    header = text.split("\n", maxsplit=1)[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if header.count(";") > header.count(",") else ",")
    columns = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    mistakes = _column_mistakes(columns, path.name)
    if mistakes:
        raise BadFile(mistakes)
    reader.fieldnames = columns
    rooms: dict[tuple[str, str], Room] = {}
    for row in _rows(reader, path.name):
        cells = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
        if not any(cells.values()):
            continue
        if len(mistakes) >= MAX_MISTAKES:
            break
        cells["slug"] = _room_slug(cells["room"])
        wrong = _row_mistakes(cells, overlong=None in row, known_sites=known_sites, seen=rooms)
        mistakes += [Mistake(file=path.name, line=reader.line_num, key=key, text=what) for key, what in wrong]
        if not wrong:
            rooms[cells["site"], cells["slug"]] = _room(cells)
    if not rooms and not mistakes:
        mistakes.append(Mistake(file=path.name, line=1, key="", text="has no rooms; add one line for each room"))
    if len(rooms) > MAX_ROOMS:
        mistakes.append(Mistake(file=path.name, line=1, key="", text=f"has {len(rooms)} rooms; at most {MAX_ROOMS}"))
    if mistakes:
        raise BadFile(mistakes)
    return tuple(rooms.values())


def _rows(reader: "csv.DictReader[str]", file: str) -> Iterator[dict[str, str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise BadFile([Mistake(file=file, line=reader.line_num, key="", text=f"not CSV: {error}")]) from None


def _column_mistakes(columns: list[str], file: str) -> list[Mistake]:
    known = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
    wrong = [
        (name, f"unknown column; allowed are {', '.join(known)}{did_you_mean(name, known)}")
        for name in columns
        if name not in known
    ]
    wrong += [(name, "the column stands twice; keep one") for name in known if columns.count(name) > 1]
    wrong += [
        (name, f"the column is missing; the first line must name {' and '.join(REQUIRED_COLUMNS)}")
        for name in REQUIRED_COLUMNS
        if name not in columns
    ]
    return [Mistake(file=file, line=1, key=key, text=what) for key, what in wrong]


def _row_mistakes(
    cells: Mapping[str, str], *, overlong: bool, known_sites: frozenset[str], seen: Mapping[tuple[str, str], Room]
) -> list[tuple[str, str]]:
    wrong = []
    if overlong:
        wrong.append(("", "has more cells than the first line has columns; quote cells that hold a comma"))
    site, room, slug = cells.get("site", ""), cells.get("room", ""), cells["slug"]
    if site not in known_sites:
        known = ", ".join(sorted(known_sites)[:20]) or "none"
        wrong.append(
            (
                "site",
                f'"{site[:60]}" is not a site of district.toml; known are {known}{did_you_mean(site, known_sites)}',
            )
        )
    if not room:
        wrong.append(("room", "is empty; give each room a number or a name"))
    elif not slug:
        wrong.append(
            (
                "room",
                (
                    f'"{room[:60]}" has no letter a-z and no digit for its address: '
                    f'write room-1 here, or the like, and "{room[:60]}" in a column called name'
                ),
            )
        )
    elif (site, slug) in seen:
        other = seen[site, slug].name
        wrong.append(
            ("room", f'"{room}" stands twice in {site}; give each room one line')
            if other == (cells.get("name") or room)
            else ("room", f'"{room}" and "{other}" of {site} would both be "{slug}"; write one of them differently')
        )
    for key in ("room", "name"):
        text = cells.get(key, "")
        if len(text) > MAX_NAME:
            wrong.append((key, f"has {len(text)} characters; at most {MAX_NAME}"))
        try:
            a_name(text)
        except ValueError as error:
            wrong.append((key, str(error)))
    seats = cells.get("seats", "")
    if seats and not (seats.isascii() and seats.isdigit() and len(seats) <= 4 and 1 <= int(seats) <= MAX_SEATS):
        wrong.append(
            ("seats", f'"{seats[:60]}" is not a number of seats; allowed are 1 to {MAX_SEATS}, or leave it empty')
        )
    for label in ("ap", "switch", "uplink"):
        if cells.get(label):
            try:
                a_slug(cells[label])
            except ValueError as error:
                wrong.append((label, str(error)))
    return wrong


def _room(cells: Mapping[str, str]) -> Room:
    return Room(
        site=cells["site"],
        room=cells["slug"],
        name=cells.get("name") or cells["room"],
        seats=int(cells["seats"]) if cells.get("seats") else None,
        ap=cells.get("ap") or None,
        switch=cells.get("switch") or None,
        uplink=cells.get("uplink") or None,
    )


def _room_slug(room: str) -> str:
    try:
        check_slug("room", room)
    except WireError:
        return slug_of(room)
    return room
