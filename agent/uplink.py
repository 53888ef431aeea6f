"""Octets of the uplink, from agents that stand at it. Those of a room's machine are never read: they are a person's."""

from dataclasses import dataclass

import psutil

from wire.enrolment import Role

_MAY_COUNT: frozenset[Role] = frozenset({"edge", "reference"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Octets:
    """What the interface `name` has received and sent since it came up."""

    name: str
    in_bytes: int
    out_bytes: int


def read_octets(role: Role, name: str) -> Octets | None:
    """The octets of the interface `name` now; ``None`` in the role of a room, whatever the interface."""
    if role not in _MAY_COUNT:
        return None
    try:
        counted = psutil.net_io_counters(pernic=True).get(name)
    except (OSError, psutil.Error):
        return None
    return Octets(name=name, in_bytes=counted.bytes_recv, out_bytes=counted.bytes_sent) if counted else None


def octets_between(before: Octets | None, after: Octets | None) -> tuple[int, int] | tuple[None, None]:
    """Octets in and out between two readings of one interface whose counters did not begin anew."""
    if before is None or after is None or before.name != after.name:
        return None, None
    received, sent = after.in_bytes - before.in_bytes, after.out_bytes - before.out_bytes
    return (None, None) if received < 0 or sent < 0 else (received, sent)
