"""This machine and its link as a throughput test finds them: what could limit the test in the network's place."""

import asyncio
from dataclasses import dataclass
from functools import partial

from agent.background import background
from agent.link import Link, read_link
from agent.machine import read_machine

PAYLOAD_SHARE = 0.94
"""What TCP brings of Ethernet's rate: 1448 of each 1538 bytes that a full frame takes on the wire, its preamble, its
check sum and the gap to the next one included (IEEE 802.3), with IPv4 and TCP's time stamps (RFC 7323)."""

HALF_DUPLEX_SHARE = 0.5
"""Where only one end may speak at a time acknowledgements and collisions take the rest (our bound)."""

TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The fields of a ``ThroughputReport`` that are the machine's, by the names that they have there."""

    ceiling_bps: int | None = None
    link_mbps: int | None = None
    full_duplex: bool | None = None
    on_battery: bool | None = None


async def read_device(towards: tuple[str, int], loopback_bps: int | None) -> Device:
    """The machine now; `loopback_bps` is what it can send to itself. Parts that take too long are missing."""
    link: Link | None = None
    try:
        async with asyncio.timeout(TIMEOUT_S):
            link = await background(partial(read_link, *towards))
    except TimeoutError:
        pass  # the name of the collector, most likely
    return Device(
        ceiling_bps=ceiling_bps(loopback_bps, link),
        link_mbps=link.mbps if link else None,
        full_duplex=link.full_duplex if link else None,
        on_battery=read_machine().on_battery,
    )


def ceiling_bps(loopback_bps: int | None, link: Link | None) -> int | None:
    """The most that this machine can bring in one direction, bits per second; ``None`` when nothing is known of it.

    A cable's speed bounds it: what a school PC's port agreed on is the PC's or its socket's, not the school's network.
    The rate of Wi-Fi does not: it falls with the distance to the access point, and that is what pupils have in this
    room.
    """
    bounds = [] if loopback_bps is None else [loopback_bps]
    if link is not None and link.mbps and link.medium in ("wired", None):
        share = PAYLOAD_SHARE * (HALF_DUPLEX_SHARE if link.full_duplex is False else 1)
        bounds.append(round(link.mbps * 1_000_000 * share))
    return max(1, min(bounds)) if bounds else None
