"""One look at the clocks, the machine and its link. Two of them make a health report."""

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from agent.association import Association
from agent.background import background
from agent.clock import Clock
from agent.link import Link, read_link
from agent.machine import Machine, read_machine
from agent.wifi import read_association

log = logging.getLogger(__name__)

PATIENCE_S = 5.0
"""A resolver that is silent keeps the name of the collector for a minute and more; then the link is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is compared between the two ends of a period.

    `asleep_ns` and `wall_ahead_ns` are how far the boot clock and the wall clock are ahead, of the clock that stands
    still in sleep and of the boot clock; only their changes mean anything. `last_link` is `link`, or what it was before
    it went away.
    """

    boot_ns: int
    cpu_ns: int
    wall_ahead_ns: int
    asleep_ns: int = 0
    link: Link | None = None
    last_link: Link | None = None
    machine: Machine = field(default_factory=Machine)
    association: Association | None = None


async def read(
    clock: Clock, towards: tuple[str, int], before: Reading | None, *, patience_s: float = PATIENCE_S
) -> Reading:
    """Look now, `before` being the look before. The way to `towards` is waited for no longer than `patience_s`."""
    boot_ns = clock.boot_ns()  # first, because the rest may take seconds
    reading = Reading(
        boot_ns=boot_ns,
        cpu_ns=time.process_time_ns(),
        wall_ahead_ns=clock.wall_ns() - boot_ns,
        asleep_ns=boot_ns - clock.awake_ns(),
        last_link=before.last_link if before else None,
        machine=await background(read_machine),
    )
    link: Link | None = None
    with suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            link = await background(partial(read_link, *towards))
    if link is None:
        return reading
    association = await _association(link)
    if association is not None:
        link = replace(link, medium="wifi")
    return replace(reading, link=link, last_link=link, association=association)


async def _association(link: Link) -> Association | None:
    if link.medium not in ("wifi", None):
        return None
    try:
        return await background(partial(read_association, link.name))
    except Exception as error:  # noqa: BLE001 - a driver's oddity must not end the agent
        log.debug("the association cannot be read error=%s", type(error).__name__)
        return None
