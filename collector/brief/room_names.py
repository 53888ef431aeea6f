"""Rooms and sites as a sentence names them."""

from collections.abc import Sequence

from collector.board import phrases
from collector.judged_weeks import NamedWeek
from collector.verdict.week_sentence import called

MOST_NAMED = 3
"""Rooms that an order to somebody names one by one; more are counted."""


def within(name: str) -> str:
    """A room in the midst of a sentence: ``room 204``, ``Computer lab 2``."""
    text = called(name)
    return f"room{text[4:]}" if text != name else text


def place(one: NamedWeek) -> str:
    """``room 204 at Oak Hill``."""
    return f"{within(one.room_name)} at {one.site_name}"


def rooms_of_a_site(rooms: Sequence[NamedWeek]) -> str:
    """``room 106``, ``rooms 106 and 111``, ``room 106 and Library``, ``12 rooms``."""
    names = [one.room_name for one in rooms]
    if len(names) > MOST_NAMED:
        return counted(len(names), "room")
    if len(names) > 1 and all(called(name) != name for name in names):
        return f"rooms {listed(names)}"
    return listed([within(name) for name in names])


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def named(rooms: Sequence[NamedWeek], most: int = 5) -> str:
    """``room 204 at Oak Hill, Library at Summit and 3 more``."""
    names = [place(one) for one in rooms]
    if len(names) <= most + 1:
        return listed(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def counted(count: int, noun: str) -> str:
    """``no room``, ``1 room``, ``5,000 rooms``."""
    return phrases.counted(count, noun) if count else f"no {noun}"


def are(count: int) -> str:
    """``is`` of one, ``are`` of others."""
    return "is" if count == 1 else "are"
