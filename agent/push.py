"""Delivery: from the spool to the collector, until each report has met its fate."""

import gzip
import logging
import random
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from agent.advice import REJOIN
from agent.background import background
from agent.clock import NS_PER_MS, NS_PER_S, Clock
from agent.http import Collector, Unanswered
from agent.outcome import Delivered, Kept, Outcome, Refused, TooLarge, outcome_of
from agent.schedule import Sleep, next_due_ns, spread_ns
from agent.spool import Boot, Spool, SpoolLost
from agent.spool_file import error_word
from wire.batch import Batch
from wire.codec import encode
from wire.reports import Report
from wire.version import WIRE_VERSION

log = logging.getLogger(__name__)

BATCH_MOST = 500
"""Reports in one request: a lesson's backlog in one go, and a body of some 30 kB."""

GROWTH = 10
"""After a 413 batches are half as long and grow again by so many reports with each delivery."""

FIRST_BACKOFF_S = 5.0
LONGEST_BACKOFF_S = 300.0
PAUSE_S = 0.25
"""Between the batches of a backlog, so that a returning fleet does not come as one blow."""


class Push:
    """Brings the spool's reports to the collector.

    A report leaves the spool only when our collector acknowledged it, or refused it for good with
    our machine word; then it goes to quarantine. Anything else keeps it (`agent.outcome`).
    """

    def __init__(
        self, spool: Spool, collector: Collector, *, agent: str, token: str, clock: Clock, sleep: Sleep
    ) -> None:
        self._spool = spool
        self._collector = collector
        self._agent = agent
        self._token = token
        self._clock = clock
        self._sleep = sleep
        self._most = BATCH_MOST
        self._failures = 0
        self._word: str | None = "not_tried"

    async def run(self, interval_ns_now: Callable[[], int]) -> None:
        """Deliver once an interval, and again and again while more waits, until cancelled.

        After a failure wait longer each time, or as long as the collector asks.
        """
        while True:
            interval_ns = interval_ns_now()
            now_ns = self._clock.boot_ns()
            due_ns = next_due_ns(now_ns + 1, interval_ns, spread_ns(self._agent, "push", interval_ns))
            await self._sleep((due_ns - now_ns) / NS_PER_S + random.uniform(0, interval_ns / NS_PER_S / 10))
            while (kept := await self.deliver_all()) is not None:
                await self._sleep(self._backoff_s(kept))

    async def deliver_all(self) -> Kept | None:
        """Send everything that waits, oldest boot first. ``None`` when nothing is left to send.

        A batch that our collector will not take now does not hold up the boots after it. With each
        failure in a row another boot has the first turn, so that no single one blocks the rest.
        """
        problem: Kept | None = None
        try:
            boots = await background(self._spool.boots)
            if not boots:
                return None
            turn = self._failures % len(boots)
            for boot in boots[turn:] + boots[:turn]:
                kept = await self._deliver_boot(boot)
                problem = kept or problem
                if kept is not None and not kept.about_batch:
                    break
        except SpoolLost:
            return None  # the spool said so itself
        except sqlite3.OperationalError as error:
            problem = Kept(word=error_word(error))
        await self._tell(problem)
        return problem

    async def _deliver_boot(self, boot: Boot) -> Kept | None:
        while reports := await background(partial(self._spool.read, boot, self._most)):
            kept = await self._deliver(boot, reports)
            if kept is not None:
                return kept
            if len(reports) < self._most:
                break
            await self._sleep(PAUSE_S * random.uniform(0.5, 1.5))
        return None

    async def _deliver(self, boot: Boot, reports: Sequence[Report]) -> Kept | None:
        """Send `reports` as one batch, or as many as it takes to part the good from the refused."""
        outcome = await self._ask(boot, reports)
        seqs = [report.seq for report in reports]
        match outcome:
            case Kept():
                return outcome
            case Delivered(refused=refused):
                await self._settle(boot, [seq for seq in seqs if seq not in refused], dict(refused))
                self._most = min(BATCH_MOST, self._most + GROWTH)
                return None
            case Refused(word=word) if len(reports) == 1:
                await self._settle(boot, [], {seqs[0]: word})
                return None
            case TooLarge() if len(reports) == 1:
                return Kept(word="too_large", about_batch=True)
            case TooLarge() | Refused():
                half = len(reports) // 2
                if isinstance(outcome, TooLarge):
                    self._most = max(1, half)
                kept = await self._deliver(boot, reports[:half])
                if kept is not None and not kept.about_batch:
                    return kept
                return await self._deliver(boot, reports[half:]) or kept

    async def _ask(self, boot: Boot, reports: Sequence[Report]) -> Outcome:
        batch = Batch(
            version=WIRE_VERSION,
            batch=secrets.token_hex(8),
            boot=boot.boot,
            clock=boot.clock,
            reports=tuple(reports),
        )

        def body() -> bytes:
            sent = replace(batch, clock=self._clock.read()) if boot.current else batch
            return gzip.compress(encode(sent), mtime=0)

        try:
            answer = await self._collector.ask(
                "POST",
                "/v1/reports",
                headers={
                    "Authorization": f"Bearer {self._token}",
                    "Content-Type": "application/json",
                    "Content-Encoding": "gzip",
                },
                body=body,
            )
        except Unanswered as error:
            return Kept(word=error.word)
        return outcome_of(answer, batch)

    async def _settle(self, boot: Boot, delivered: Sequence[int], refused: dict[int, str]) -> None:
        at_ms = self._clock.wall_ns() // NS_PER_MS
        await background(partial(self._spool.settle, boot, delivered=delivered, refused=refused, at_ms=at_ms))
        if refused:
            words = ",".join(sorted(set(refused.values())))
            log.warning("collector refused reports for good reports=%d word=%s", len(refused), words)

    async def _tell(self, problem: Kept | None) -> None:
        """Log what changed, once; `bandroom-agent status` has the rest."""
        word = problem.word if problem else None
        self._failures = self._failures + 1 if problem else 0
        if word == self._word:
            return
        if word is None:
            log.info("collector takes reports")
        else:
            log.warning("reports wait, %s word=%s", REJOIN.get(word, "the collector did not take them"), word)
        self._word = word
        await background(partial(self._spool.note, push_problem=word or ""))

    def _backoff_s(self, kept: Kept) -> float:
        longest = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(self._failures - 1, 10))
        return max(kept.retry_after_s or 0.0, longest * random.uniform(0.5, 1.0))
