"""The octets of an edge's own interface. Those of a room's machine are never read: they are a person's."""

import asyncio
from functools import partial

import psutil

from agent.attachment import AttachmentReader
from agent.background import background
from agent.counters import Counters, NotCounted
from agent.uplink_settings import UplinkSettings
from wire.enrolment import Role
from wire.uplink_report import CountedBy

MAY_COUNT: frozenset[Role] = frozenset({"edge"})
"""Who stands where the uplink passes. A reference's own interface carries its own traffic and nobody else's."""

PATIENCE_S = 5.0
_UNKNOWN_SPEEDS = (0, 65_535)  # what systems say for "no idea"


class OwnInterface:
    """Counts the interface that `wanted` names, else the one with the default route."""

    method: CountedBy = "interface"
    roles = MAY_COUNT

    def __init__(self, wanted: UplinkSettings) -> None:
        self._wanted = wanted
        self._attachment = AttachmentReader()

    async def look(self, role: Role, patience_s: float) -> Counters:
        """The counters now. Raises `NotCounted`."""
        try:
            async with asyncio.timeout(min(patience_s, PATIENCE_S)):
                return await background(partial(self._read, role))
        except TimeoutError:
            raise NotCounted("no_answer") from None

    def close(self) -> None:
        """Nothing is held open."""

    def _read(self, role: Role) -> Counters:
        name = self._wanted.interface
        if name is None:
            attachment = self._attachment.read(False)
            name = attachment.interface if attachment is not None else ""
        return read_counters(role, name)


def read_counters(role: Role, name: str) -> Counters:
    """The counters of the interface `name` now; in the role of a room none, whatever the interface. Blocks.

    Raises `NotCounted`.
    """
    if role not in MAY_COUNT:
        raise NotCounted("refused")
    try:
        # As the system counts: psutil would else hide that an interface began anew.
        counted = psutil.net_io_counters(pernic=True, nowrap=False).get(name)
        stat = psutil.net_if_stats().get(name)
    except (OSError, psutil.Error):
        counted = stat = None
    if counted is None:
        raise NotCounted("no_such_interface")
    return Counters(
        epoch=(name,),
        in_octets=counted.bytes_recv,
        out_octets=counted.bytes_sent,
        speed_mbps=None if stat is None or stat.speed in _UNKNOWN_SPEEDS else stat.speed,
    )
