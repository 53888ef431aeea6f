"""Many requests, one commit: whatever waits when the store is free is written together.

A request is answered only when the store has its reports. While one commit is under way the next
group gathers, so the store's cost per commit is shared by all who wait, and nobody waits for a timer.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from collector.ingest.accounts import Accounts
from collector.store.protocol import Arrival, Store, StoreUnavailable, WriteOutcome

log = logging.getLogger(__name__)

MAX_WAITING_REPORTS = 50_000
"""Reports that may wait for the store; beyond, requests are turned away and agents keep theirs."""

MAX_GROUP_REPORTS = 10_000
"""Reports in one commit, so that the first to wait is not kept waiting by the last."""


class Busy(Exception):
    """Too many reports are waiting for the store."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    arrivals: Sequence[Arrival]
    answer: "asyncio.Future[WriteOutcome]"


class GroupCommit:
    """The one writer of reports. `run` must be running for `write` to return."""

    def __init__(self, store: Store, accounts: Accounts) -> None:
        self._store = store
        self._accounts = accounts
        self._waiting: list[_Waiting] = []
        self._waiting_reports = 0
        self._something_waits = asyncio.Event()
        self._trouble: str | None = None

    @property
    def failing(self) -> bool:
        """Whether the last commit failed."""
        return self._trouble is not None

    @property
    def trouble(self) -> str | None:
        """Why the last commit failed, in a sentence; ``None`` when it did not."""
        return self._trouble

    async def write(self, arrivals: Sequence[Arrival]) -> WriteOutcome:
        """Write `arrivals` with whatever else waits; returns when they are durable.

        Raises `Busy` or `StoreUnavailable`; then they are to be sent again. Every arrival is accounted for, even if
        the caller is gone by then.
        """
        if not arrivals:
            return WriteOutcome(new=())
        if self._waiting_reports + len(arrivals) > MAX_WAITING_REPORTS:
            self._accounts.deferred.inc(len(arrivals))
            raise Busy
        waiting = _Waiting(arrivals, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._waiting_reports += len(arrivals)
        self._something_waits.set()
        return await waiting.answer

    async def run(self) -> None:
        """Commit groups until cancelled; then finish the one under way and write what waits."""
        under_way: asyncio.Task[None] | None = None
        try:
            while True:
                await self._something_waits.wait()
                under_way = asyncio.create_task(self._commit(self._next_group()))
                await asyncio.shield(under_way)
        finally:
            if under_way is not None:
                await under_way
            while self._waiting:
                await self._commit(self._next_group())

    async def _commit(self, group: Sequence[_Waiting]) -> None:
        """Write `group` in one go and answer everyone in it."""
        flat = [one for waiting in group for one in waiting.arrivals]
        try:
            outcome = await asyncio.to_thread(self._store.write_reports, flat)
        except StoreUnavailable as error:
            if self._trouble is None:
                log.warning("store does not take reports, agents keep theirs error=%s", error)
            self._trouble = str(error)
            # Whoever waited meanwhile would only wait as long again for the same answer.
            self._turn_away([*group, *self._all_that_wait()], error)
        except Exception as error:  # noqa: BLE001  # a fault of ours, for the request that brought it out
            if len(group) == 1:
                self._turn_away(group, error)
            for waiting in group if len(group) > 1 else ():
                await self._commit([waiting])
        else:
            if self._trouble is not None:
                log.info("store takes reports again")
            self._trouble = None
            self._account(flat, outcome)
            self._answer(group, outcome)

    def _turn_away(self, group: Sequence[_Waiting], error: Exception) -> None:
        for waiting in group:
            self._accounts.deferred.inc(len(waiting.arrivals))
            if not waiting.answer.done():
                waiting.answer.set_exception(error)

    def _answer(self, group: Sequence[_Waiting], outcome: WriteOutcome) -> None:
        at = 0
        for waiting in group:
            end = at + len(waiting.arrivals)
            if not waiting.answer.done():
                refused = {place - at: word for place, word in outcome.refused.items() if at <= place < end}
                waiting.answer.set_result(WriteOutcome(new=outcome.new[at:end], refused=refused))
            at = end

    def _all_that_wait(self) -> list[_Waiting]:
        waiting, self._waiting, self._waiting_reports = self._waiting, [], 0
        self._something_waits.clear()
        return waiting

    def _next_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        reports = 0
        while self._waiting and (not group or reports + len(self._waiting[0].arrivals) <= MAX_GROUP_REPORTS):
            waiting = self._waiting.pop(0)
            group.append(waiting)
            reports += len(waiting.arrivals)
        self._waiting_reports -= reports
        if not self._waiting:
            self._something_waits.clear()
        return group

    def _account(self, flat: Sequence[Arrival], outcome: WriteOutcome) -> None:
        stored = sum(outcome.new)
        self._accounts.commits.inc()
        self._accounts.stored.inc(stored)
        self._accounts.duplicate.inc(len(flat) - stored - len(outcome.refused))
        for word in outcome.refused.values():
            self._accounts.rejected.labels(reason=word).inc()
        self._accounts.repaired.inc(sum(one.repaired for one, is_new in zip(flat, outcome.new, strict=True) if is_new))
