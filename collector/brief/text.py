"""The page as plain text: complete, and no line longer than 72 columns but for long words."""

import textwrap
from collections.abc import Iterator

from collector.brief.brief import Brief
from collector.brief.sheet import RoomCard, Sheet, sheet_of
from collector.brief.uplink_card import UplinkCard

WIDTH = 72


def text_of(brief: Brief) -> str:
    """The page in the order of the others, its sections under lines of their own; ends with a line end."""
    return "\n".join(line.rstrip() for line in _page(sheet_of(brief))) + "\n"


def _page(sheet: Sheet) -> Iterator[str]:
    yield from _wrapped(" · ".join(one for one in (sheet.place, sheet.scope, sheet.span) if one))
    if sheet.simulated:
        yield from _wrapped(f"SIMULATED. {sheet.simulated}")
    yield ""
    yield from _wrapped(sheet.headline.upper() if sheet.headline.isascii() else sheet.headline)
    yield from _wrapped(sheet.lead)
    yield ""
    for one in sheet.counts:
        yield from _wrapped(f"{one.number:>6} {one.word}: {one.meaning}", 7)
    yield from _to_do(sheet)
    if sheet.rooms:
        yield from _heading("Rooms in which the network restricted lessons")
        yield from _wrapped(sheet.lost)
        for room in sheet.rooms:
            yield from _room(room)
        yield from _more(sheet.more_rooms)
    if sheet.uplinks:
        yield from _heading("How full the lines to the Internet are")
        for number, uplink in enumerate(sheet.uplinks):
            yield from ([""] if number else [])
            yield from _uplink(uplink)
        yield from _more(sheet.more_uplinks)
    yield from _heading("What changed since the week before")
    yield from _items(sheet.changes or ("No room’s verdict changed.",))
    if sheet.at_risk:
        yield ""
        yield from _wrapped(f"At risk, to be watched: {sheet.at_risk}")
    if sheet.corrections:
        yield from _heading("Corrections of earlier pages")
        yield from _items(sheet.corrections)
    if sheet.standings:
        yield from _heading("Capacity beside published guidance, no verdict")
        yield from _items(sheet.standings)
    yield from _heading("What we do not know")
    yield from _items(sheet.unknowns or ("Every room with lessons was measured enough to say.",))
    yield from _heading("How this was measured")
    for line in (*sheet.method, f"Week {sheet.week}, made {sheet.made}."):
        yield from _wrapped(line)


def _to_do(sheet: Sheet) -> Iterator[str]:
    yield from _heading("What to do" if sheet.to_do else "Nothing has to be done this week")
    for number, one in enumerate(sheet.to_do, 1):
        yield from _wrapped(f"{number}. {one.title}", 3)
        yield from _wrapped(f"   {one.why} {one.sure}".rstrip(), 3)
        if one.pays:
            yield from _wrapped(f"   Who pays: {one.pays}", 3)
        if one.options:
            yield from _wrapped("   Ways, the cheapest first:", 3)
        for option in one.options:
            yield from _wrapped(f"   - {option}", 5)
    yield from _more(sheet.later)


def _room(room: RoomCard) -> Iterator[str]:
    yield ""
    yield from _wrapped(f"{room.name}, {room.site_name}{f': {room.lost}' if room.lost else ''}", 2)
    yield from _wrapped(f"  {room.what}", 2)
    for name, text in room.facts:
        yield from _wrapped(f"  {name}: {text}", 4)
    for day in room.strip:
        yield from _wrapped(f"  {day.name}: {day.summary}", 7)


def _uplink(uplink: UplinkCard) -> Iterator[str]:
    yield from _wrapped(f"{uplink.name}: {uplink.level_word}", 2)
    yield from _wrapped(f"  {uplink.says}", 2)
    if uplink.now:
        yield from _wrapped(f"  Busiest hour: {uplink.now.text} of {uplink.capacity}", 4)
    if uplink.then:
        yield from _wrapped(f"  {uplink.then_label}: {uplink.then.text}", 4)
    if uplink.history_words:
        yield from _wrapped(f"  {uplink.history_words}", 4)
    yield from _wrapped(f"  {uplink.ahead}", 2)
    if uplink.scenarios:
        yield from _wrapped(f"  What if, assumptions and no forecast: {' '.join(uplink.scenarios)}", 2)


def _heading(text: str) -> Iterator[str]:
    yield ""
    yield ""
    yield text.upper()
    yield "-" * len(text)


def _items(items: tuple[str, ...]) -> Iterator[str]:
    for one in items:
        yield from _wrapped(f"* {one}", 2)


def _more(text: str) -> Iterator[str]:
    if text:
        yield ""
        yield from _wrapped(text)


def _wrapped(text: str, indent: int = 0) -> list[str]:
    """Lines of `text`, after the first one set in by `indent`; what it begins with stays."""
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    ) or [""]
