"""From the measuring loops to the spool, without ever making them wait for a disk."""

import asyncio
import logging
import sqlite3
from functools import partial

from agent.background import background
from agent.clock import Clock
from agent.fold import Draft
from agent.schedule import Sleep
from agent.spool import Spool, SpoolLost
from agent.spool_file import error_word

log = logging.getLogger(__name__)

GATHER_S = 1.0
"""Reports of one period end within moments of each other; one commit spares an SD card."""

RETRY_S = 10.0
DRAFTS_MOST = 1000
"""Reports held in memory while the disk takes none; the oldest go first."""


class Writer:
    """`emit` takes a report at once, `run` brings them to the disk, `finish` ends it when all are there."""

    def __init__(self, spool: Spool, *, clock: Clock, sleep: Sleep) -> None:
        self._spool = spool
        self._clock = clock
        self._sleep = sleep
        self._drafts: list[Draft] = []
        self._lost = 0
        self._some = asyncio.Event()
        self._finishing = asyncio.Event()
        self._failing = False

    def emit(self, draft: Draft) -> None:
        """Take a report."""
        self._drafts.append(draft)
        if len(self._drafts) > DRAFTS_MOST:
            del self._drafts[0]
            self._lost += 1
        self._some.set()

    def finish(self) -> None:
        """Let `run` return once nothing is left to write."""
        self._finishing.set()
        self._some.set()

    async def run(self) -> None:
        """Write until `finish`. A disk that takes nothing is tried again, and said once."""
        while True:
            await self._some.wait()
            await self._pause(GATHER_S)
            self._some.clear()
            while self._drafts and not await self._write():
                await self._pause(RETRY_S)
            if self._finishing.is_set() and not self._drafts:
                return

    async def _write(self) -> bool:
        drafts, lost = self._drafts, self._lost
        self._drafts = []
        try:
            await background(partial(self._spool.add, drafts, self._clock.read(), lost=lost))
        except SpoolLost:  # the spool said so itself
            self._hold(drafts)
            return False
        except sqlite3.OperationalError as error:
            self._hold(drafts)
            if not self._failing:
                log.warning("reports cannot be kept on disk word=%s", error_word(error))
                self._failing = True
            return False
        self._lost -= lost  # more may have been lost meanwhile
        if self._failing:
            log.info("reports are kept on disk again")
            self._failing = False
        return True

    def _hold(self, drafts: list[Draft]) -> None:
        """Put `drafts`, older than those held, before them; let the oldest go beyond what memory may hold."""
        self._drafts = drafts + self._drafts
        surplus = max(0, len(self._drafts) - DRAFTS_MOST)
        del self._drafts[:surplus]
        self._lost += surplus

    async def _pause(self, seconds: float) -> None:
        """Wait, but not once the end is asked for."""
        if self._finishing.is_set():
            await self._sleep(0)
            return
        waiting = asyncio.ensure_future(self._sleep(seconds))
        finishing = asyncio.ensure_future(self._finishing.wait())
        _, pending = await asyncio.wait({waiting, finishing}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
