"""Checks that people ask for in a browser: begun by a lease, bounded whatever the browser does, judged and kept."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter

from collector.checks.limits import Limits
from collector.checks.running import Running
from collector.checks.told import CheckTold
from collector.district.district import District
from collector.refusal import Refusal
from collector.registry.room_checks import RoomChecks
from collector.throughput.lease_desk import LeaseDesk
from collector.verdict.profiles import Profiles
from collector.verdict.room_check import RateFound, RoomCheck, rate_found, room_check

MOST_KNOWN = 200
"""Checks that are remembered, so that a lost answer is given again and help can be asked for."""

PING_BYTES = 1_000
"""What a round trip costs, with both heads: said to the ledger, not measured."""


class CheckDesk:
    """The one place that begins and ends checks. Lives on the event loop; `newest` is for any thread."""

    def __init__(
        self,
        *,
        leases: LeaseDesk,
        checks: RoomChecks,
        district: District,
        profiles: Profiles,
        clock: Callable[[], datetime],
        metrics: CollectorRegistry,
    ) -> None:
        self.leases = leases
        self._checks = checks
        self._rooms = frozenset((one.site, one.room) for one in district.rooms)
        self._profiles = profiles
        self._clock = clock
        self._limits = Limits()
        self._known: OrderedDict[str, Running] = OrderedDict()
        self._watching: set[asyncio.Task[None]] = set()
        self.answers = Counter(
            "bandroom_room_checks", "Checks asked for in a browser, by the answer", ["answer"], registry=metrics
        )

    async def begin(self, site: str, room: str, request: str, *, source: str | None, head_bytes: int) -> Running:
        """A check of that room; asked again with the same `request` it is the same one. `head_bytes` is how long the
        head of the request that asks is.

        Raises `Refusal`: ``unknown_room``, ``too_many_checks``, and all that `LeaseDesk.ask_for_page` does.
        """
        if (site, room) not in self._rooms:
            raise Refusal(404, "unknown_room", "no such room")
        now_s = self.leases.elapsed_ns() / 1e9
        if not self._limits.may_ask(source, now_s):
            raise Refusal(429, "too_many_checks", "too many checks in the last minutes; try again later")
        lease = await self.leases.ask_for_page(site, room, request)
        known = next((one for one in self._known.values() if one.lease.lease == lease.lease), None)
        if known is not None:
            return known
        self._limits.begun(source, now_s)
        running = Running(
            check_id=secrets.token_hex(16),
            site=site,
            room=room,
            lease=lease,
            held=self.leases.held_by_token(lease.lease),
            elapsed_ns=self.leases.elapsed_ns,
            head_bytes=head_bytes,
        )
        self._known[running.check_id] = running
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        watching = asyncio.create_task(running.note_lateness())
        self._watching.add(watching)
        watching.add_done_callback(self._watching.discard)
        return running

    def find(self, check_id: str) -> Running:
        """The check of that id. Raises `Refusal` ``unknown_check``."""
        running = self._known.get(check_id)
        if running is None:
            raise Refusal(404, "unknown_check", "no such check; begin a new one")
        return running

    async def drop(self, check_id: str) -> None:
        """Whoever began it goes away: give its lease back and forget it. Raises `Refusal`."""
        running = self.find(check_id)
        if running.result is None:
            await self._give_back(running, 0)
        self._known.pop(check_id, None)

    async def end(self, check_id: str, told: CheckTold) -> RoomCheck:
        """Judge and keep what was found; asked again it is the same. Raises `Refusal`: ``unknown_check``,
        ``impossible``."""
        running = self.find(check_id)
        async with running.ending:
            if running.result is None:
                await self._give_back(running, told.down.arrived.total_bytes if told.down is not None else 0)
                found = self._judge(running, told)
                await asyncio.to_thread(self._checks.add, check_id, found)
                running.result = found
                self.answers.labels(answer=found.answer).inc()
        return running.result

    async def tell(self, check_id: str) -> None:
        """Whoever made the check asks for help. Raises `Refusal` ``unknown_check``."""
        if not await asyncio.to_thread(self._checks.tell, check_id):
            raise Refusal(404, "unknown_check", "no such check was kept")

    def newest(self, site: str, room: str) -> RoomCheck | None:
        """The newest check of a room that was kept."""
        return next(iter(self._checks.newest(site, room)), None)

    async def _give_back(self, running: Running, down_bytes: int) -> None:
        used = down_bytes + running.up_with_heads.total_bytes + running.pings * PING_BYTES
        try:
            await self.leases.end_by_token(running.lease.lease, used_bytes=used)
        except Refusal:
            running.held.over.set()  # it ran out: what was found until then counts

    def _judge(self, running: Running, told: CheckTold) -> RoomCheck:
        held, lease = running.held, running.lease
        down, up = (RateFound(required_bps=bps, why="broken") for bps in (lease.down_bps, lease.up_bps))
        used_bytes = held.down_bytes + running.up_with_heads.total_bytes + running.pings * PING_BYTES
        if told.down is not None:
            if told.down.arrived.total_bytes > held.down_bytes:
                raise Refusal(422, "impossible", "more arrived than was sent")
            down = rate_found(
                lease.down_bps,
                told.down.arrived,
                told.down.watched,
                idle_ms=told.idle_before_down_ms,
                stalled_ms=held.down_stalled_ms,
            )
        if told.up is not None:
            up = rate_found(
                lease.up_bps,
                held.up,
                told.up.watched,
                idle_ms=told.idle_before_up_ms,
                stalled_ms=held.up_stalled_ms,
                with_heads=running.up_with_heads,
            )
        return room_check(
            running.site,
            running.room,
            at=self._clock(),
            profiles=self._profiles.in_force(),
            down=down,
            up=up,
            idle_ms=told.idle_ms,
            used_bytes=used_bytes,
        )
