"""What hangs on what: the tree of a district, as far as its spreadsheet says."""

from collections.abc import Mapping
from dataclasses import dataclass

RoomKey = tuple[str, str]
"""(site, room)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a room hangs on: labels, ``None`` unknown."""

    ap: str | None = None
    switch: str | None = None
    uplink: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """The rooms that are known, and what the uplink of each site carries, in Mbit/s, where that is known."""

    places: Mapping[RoomKey, Place]
    uplink_mbps: Mapping[str, int]
