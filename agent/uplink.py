"""What an uplink carries: its counters are looked at once in each period, and what they grew by is the report."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from agent.clock import NS_PER_MS, NS_PER_S, Clock
from agent.counters import Counters, NotCounted, octets_between
from agent.fold import Draft
from agent.schedule import ASLEEP_NS, WAKING_NS, Emit, Sleep, next_due_ns, place_of, spread_ns
from agent.settings import Settings
from agent.uplink_interface import OwnInterface
from agent.uplink_router import RouterInterface, router_of
from agent.uplink_settings import Facing, UplinkSettings
from wire.enrolment import Role
from wire.fields import MAX_DURATION_MS
from wire.uplink_report import CountedBy, Uplink, UplinkFailure, UplinkReport

log = logging.getLogger(__name__)

METHOD_VERSION = 1
PATIENCE_S = 15.0
PATIENT_SHARE = 0.75
"""A look takes no longer, and no more of a period."""

BRIDGED_NS = 300 * NS_PER_S
"""Looks that fail lose nothing while the counters go on; but what they grew by is not spread over more than this."""


class Counts(Protocol):
    """Something that counts an interface, for agents of these `roles`."""

    method: CountedBy
    roles: frozenset[Role]

    async def look(self, role: Role, patience_s: float) -> Counters:
        """The counters now. Raises `NotCounted`."""
        ...

    def close(self) -> None:
        """Let go what is held open."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """An uplink that is counted here: the way out of what it is, which way its interface looks, and what counts it."""

    of: Uplink
    facing: Facing
    by: Counts


def counted_here(settings: Settings, role: Role) -> Iterator[Counted]:
    """What an agent of that role counts: an edge its own interface, unless all that `agent.toml` names is a router; a
    reference or an edge that router; a room nothing, whatever stands there."""
    own = settings.uplink or (UplinkSettings() if settings.snmp is None else None)
    if own is not None and role in OwnInterface.roles:
        yield Counted(of=own.of, facing=own.facing, by=OwnInterface(own))
    if settings.snmp is not None and role in RouterInterface.roles:
        ask = partial(router_of, settings.snmp)
        yield Counted(of=settings.snmp.of, facing=settings.snmp.facing, by=RouterInterface(settings.snmp, ask))


class UplinkCount:
    """The looks at one uplink, each compared with the last one that went well."""

    def __init__(self, counted: Counted, clock: Clock) -> None:
        self._counted = counted
        self._clock = clock
        self._last: tuple[int, Counters] | None = None
        self._broken: set[str] = set()

    def forget(self) -> None:
        """What was is not compared with what comes: the machine slept."""
        self._last = None

    def close(self) -> None:
        """Let go what is held open."""
        self._counted.by.close()

    async def look(self, role: Role, *, period_ns: int) -> Draft | None:
        """Look once; a report of what passed since the last look, or of why that is not known. ``None`` where there is
        nothing yet to compare with."""
        began_ns = self._clock.boot_ns()
        try:
            now = await self._counted.by.look(role, min(PATIENCE_S, PATIENT_SHARE * period_ns / NS_PER_S))
        except NotCounted as error:
            return self._failed(error.failure, began_ns)
        except Exception as error:  # noqa: BLE001 - whatever a router says must not end what measures
            kind = type(error).__name__
            if kind not in self._broken:
                self._broken.add(kind)
                log.warning("uplink cannot be counted error=%s at=%s", kind, place_of(error))
            return self._failed("probe_broke", began_ns)
        last, at_ns = self._last, self._clock.boot_ns()
        self._last = (at_ns, now)
        if last is None or at_ns - last[0] > max(BRIDGED_NS, period_ns + ASLEEP_NS):
            return None
        try:
            octets = octets_between(last[1], now, at_ns - last[0])
        except NotCounted as error:
            return self._failed(error.failure, last[0])
        return self._report(last[0], octets, now.speed_mbps, None)

    def _failed(self, failure: UplinkFailure, began_ns: int) -> Draft:
        return self._report(began_ns, (None, None), None, failure)

    def _report(
        self,
        began_ns: int,
        octets: tuple[int, int] | tuple[None, None],
        speed_mbps: int | None,
        failure: UplinkFailure | None,
    ) -> Draft:
        down, up = octets if self._counted.facing == "outside" else octets[::-1]
        began_ms, ended_ms = began_ns // NS_PER_MS, self._clock.boot_ns() // NS_PER_MS
        return partial(
            UplinkReport,
            boot_ms=began_ms,
            duration_ms=max(1, min(MAX_DURATION_MS, ended_ms - began_ms)),
            uplink=self._counted.of,
            method=self._counted.by.method,
            method_version=METHOD_VERSION,
            down_bytes=down,
            up_bytes=up,
            speed_mbps=speed_mbps,
            failure=failure,
        )


async def count_uplinks(
    settings: Settings,
    *,
    agent: str,
    role: Callable[[], Role],
    period_ns: Callable[[], int],
    emit: Emit,
    note: Callable[[list[UplinkReport]], Awaitable[None]],
    clock: Clock,
    sleep: Sleep,
) -> None:
    """Report what this agent counts, at a moment of its own in each period, until cancelled. `note` is told, too."""
    counts: list[UplinkCount] = []
    counting: Role | None = None
    said: dict[tuple[Uplink, CountedBy], UplinkFailure | None] = {}
    while True:
        if role() != counting:
            counting = role()
            for gone in counts:
                gone.close()
            counts = [UplinkCount(one, clock) for one in counted_here(settings, counting)]
            if not counts and (settings.uplink or settings.snmp):
                log.warning("agent.toml names an uplink that an agent of this role does not count role=%s", counting)
        length_ns = period_ns()
        due_ns = next_due_ns(clock.boot_ns() + 1, length_ns, spread_ns(agent, "uplink", length_ns))
        await sleep(max(0, due_ns - clock.boot_ns()) / NS_PER_S)
        if clock.boot_ns() - due_ns > ASLEEP_NS:  # a machine that woke gets time to find its network
            await sleep(WAKING_NS / NS_PER_S)
            for one in counts:
                one.forget()
        looks = await asyncio.gather(*(one.look(counting, period_ns=length_ns) for one in counts))
        drafts = [draft for draft in looks if draft is not None]
        for draft in drafts:
            emit(draft)
        reports = [report for draft in drafts if isinstance(report := draft(seq=1), UplinkReport)]
        if reports:
            await note(reports)
        for report in reports:
            _tell(report, said)


async def count_once(settings: Settings, role: Role, *, clock: Clock, sleep: Sleep, seconds: float) -> list[Draft]:
    """A report of each uplink that this agent counts, from two looks, `seconds` apart."""
    counts = [UplinkCount(one, clock) for one in counted_here(settings, role)]
    period_ns = round(PATIENCE_S / PATIENT_SHARE * NS_PER_S)
    drafts: list[Draft] = []
    hopeful: list[UplinkCount] = []
    for one in counts:
        failed = await one.look(role, period_ns=period_ns)
        if failed is None:
            hopeful.append(one)
        else:
            drafts.append(failed)
    if hopeful:
        await sleep(seconds)
    drafts += [draft for one in hopeful if (draft := await one.look(role, period_ns=period_ns)) is not None]
    for one in counts:
        one.close()
    return drafts


def _tell(report: UplinkReport, said: dict[tuple[Uplink, CountedBy], UplinkFailure | None]) -> None:
    """Log what changed, once."""
    key = report.uplink, report.method
    before, said[key] = said.get(key), report.failure
    if report.failure not in (None, before):
        log.warning("an uplink is not counted uplink=%s method=%s word=%s", *key, report.failure)
    elif report.failure is None and before is not None:
        log.info("an uplink is counted again uplink=%s method=%s", *key)
