"""Keeps when the reflector answered and when it did not, so that no room is blamed for the collector's own absence.

A gap is a gap whatever it came of: the collector was stopped, killed or hung, its machine was off, asleep or paused.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from collector.registry.reflector_off import Off, ReflectorOff
from collector.thread import in_thread

log = logging.getLogger(__name__)

LOOK_EVERY = timedelta(seconds=10)
PATIENCE = 3 * LOOK_EVERY
"""Looks may be late by so much on a busy machine, while the reflector's own thread answers."""


class Reflecting(Protocol):
    """A reflector."""

    @property
    def answering(self) -> bool:
        """Whether it answers."""
        ...


class ReflectorWatch:
    """One collector's. `began` comes first, then `look` every `LOOK_EVERY`, and once more before it closes."""

    def __init__(self, kept: ReflectorOff, reflector: Reflecting, *, clock: Callable[[], datetime]) -> None:
        self._kept = kept
        self._clock = clock
        self._reflector = reflector
        self._answered_ms = 0
        self._to_keep: list[Off] = []
        self._failing = False

    async def run_for_ever(self) -> None:
        """Watch, until it is cancelled. Raises `sqlalchemy.exc.SQLAlchemyError` at once or never."""
        self.began()
        try:
            while True:
                await asyncio.sleep(LOOK_EVERY.total_seconds())
                await in_thread(self.look)
        finally:
            self.look()

    def began(self) -> None:
        """It answers from now on. Raises `sqlalchemy.exc.SQLAlchemyError`."""
        last_ms = self._kept.last_answered_ms()
        now_ms = self._now_ms()
        self._gap(last_ms if last_ms is not None else now_ms, now_ms)
        self._kept.note(answered_ms=now_ms, off=self._to_keep)
        self._to_keep = []
        self._answered_ms = now_ms

    def look(self) -> None:
        """Whether it answers still. What cannot be kept now is kept with the next look."""
        if not self._reflector.answering:
            return
        now_ms = self._now_ms()
        if now_ms - self._answered_ms > PATIENCE / timedelta(milliseconds=1):
            self._gap(self._answered_ms, now_ms)
        self._answered_ms = now_ms
        try:
            self._kept.note(answered_ms=now_ms, off=self._to_keep)
        except SQLAlchemyError as error:
            if not self._failing:
                log.warning("when the reflector answered is not kept error=%s", type(error).__name__)
            self._failing = True
        else:
            self._to_keep = []
            self._failing = False

    def _gap(self, from_ms: int, until_ms: int) -> None:
        if from_ms < until_ms:
            log.info(
                "the reflector was off, no bin in that time is valid from=%s until=%s", _utc(from_ms), _utc(until_ms)
            )
            self._to_keep.append((from_ms, until_ms))

    def _now_ms(self) -> int:
        return int(self._clock().timestamp() * 1000)


def _utc(epoch_ms: int) -> str:
    return f"{datetime.fromtimestamp(epoch_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
