"""Measure only where the site is: looks where this machine is, asks the site's reflector, and holds back the rest.

Away, the machine sends nothing but now and then one authenticated question to its site's reflector, and says no more
than that it was away. What was measured until an attachment changed is reported only when it is known where that was.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import psutil

from agent.attachment import Attachment, touch
from agent.away import AwayTimes
from agent.background import background
from agent.clock import NS_PER_MS, Clock
from agent.holding import Holding
from agent.known_place import KnownPlace
from agent.probes import stamp_session
from agent.schedule import ASLEEP_NS, Emit, Sleep, place_of
from agent.session import Session
from agent.whereabouts import QUICK, Whereabouts
from wire.enrolment import AgentConfig, Target

log = logging.getLogger(__name__)

SPARSE = 30
"""After the first questions one in so many looks is a question: a minute, where a look is every two seconds."""

READ_S = 15.0
LAST_READ_S = 1.0
"""Asking the system where it is attached may hang no longer than this, and at the end than that."""

Read = Callable[[bool], Attachment | None]
"""Where this machine is attached; with ``True`` nothing is taken from the last look. Blocks."""


def measures_nothing(config: AgentConfig) -> AgentConfig:
    """`config` for a machine that is not at its site."""
    return replace(config, targets=(), services=(), path=None, throughput=None, reflector=None, ndt7=None)


def is_portable() -> bool:
    """Whether this machine can be carried while it is on: it has a battery."""
    try:
        return psutil.sensors_battery() is not None
    except (AttributeError, OSError, psutil.Error):  # not on every system
        return False


class Presence:
    """Between the config and what measures: `follow` is told each config and tells `obey` what holds of it here.

    What was measured waits in `holding` until it is known that this was at the site; what `emit` takes are reports of
    being away. Without a `presence` in the config all of it holds, and nothing waits.
    """

    def __init__(
        self,
        tasks: asyncio.TaskGroup,
        known: KnownPlace,
        *,
        obey: Callable[[AgentConfig], None],
        holding: Holding,
        emit: Emit,
        note: Callable[..., None],
        clock: Clock,
        sleep: Sleep,
        read: Read,
        portable: bool,
    ) -> None:
        self._tasks = tasks
        self._known = known
        self._obey = obey
        self._holding = holding
        self._emit = emit
        self._note = note
        self._clock = clock
        self._sleep = sleep
        self._read = read
        self._whereabouts = Whereabouts(known, portable=portable)
        self._away = AwayTimes()
        self._config: AgentConfig | None = None
        self._measuring = False
        self._watching: asyncio.Task[None] | None = None
        self._session: Session | None = None
        self._asked_from: Attachment | None = None
        self._looks_to_question = 0
        self._looked_ns = clock.boot_ns()
        self._told: str | None = None
        self._broken = False

    @property
    def measuring(self) -> bool:
        """Whether anything may be measured here and now."""
        return self._target is None or self._whereabouts.whether == "present"

    def here(self, config: AgentConfig) -> AgentConfig:
        """What of `config` holds here and now."""
        proved = config.presence == self._target and self._whereabouts.whether == "present"
        return config if config.presence is None or proved else measures_nothing(config)

    def follow(self, config: AgentConfig) -> None:
        """The collector wants this from now on."""
        changed = self._told is None or config.presence != self._target
        if changed:
            self._tell_times(away=False)
        self._config = config
        if changed:
            if self._watching is not None:
                self._watching.cancel()
                self._watching = None
            self._close()
            self._told = ""
            self._holding.open = self._target is None
            if self._target is None:
                self._holding.since_ms = 0
                self._holding.release()
                self._tasks.create_task(self._tell(""))
            else:
                self._known.belongs_to(self._target)
                self._whereabouts.interrupt()
                self._watching = self._tasks.create_task(self._watch(self._target))
        self._obey_here()

    async def stop(self) -> None:
        """Look a last time: what the last period learned is reported if that was at the site."""
        if self._watching is not None and self._target is not None:
            self._watching.cancel()
            self._notice_sleep(self._target)
            self._whereabouts.see(await self._attachment(fresh=True, patience_s=LAST_READ_S), self._clock.boot_ns())
            self._tell_times(away=False)
            if self._whereabouts.sure:
                self._holding.release()
        self._close()

    @property
    def _target(self) -> Target | None:
        return self._config.presence if self._config is not None else None

    async def _watch(self, target: Target) -> None:
        """Look where the machine is, until cancelled."""
        broken: set[str] = set()
        await background(self._known.load)
        while True:
            try:
                await self._look(target)
            except Exception as error:  # noqa: BLE001 - a look that breaks must not end what measures
                kind = type(error).__name__
                if kind not in broken:
                    broken.add(kind)
                    log.warning("presence broke error=%s at=%s", kind, place_of(error))
            self._looked_ns = self._clock.boot_ns()
            await self._sleep(target.interval_ms / 1000)

    async def _look(self, target: Target) -> None:
        attachment = await self._attachment(fresh=self._notice_sleep(target))
        self._whereabouts.see(attachment, self._clock.boot_ns())
        await self._settle()
        if attachment is not None and attachment.gateway is not None and self._whereabouts.wants_hardware:
            await background(partial(touch, attachment.gateway))
        if attachment is not None and not self.measuring and self._question_is_due():
            await self._ask(target, attachment)
            await self._settle()

    def _notice_sleep(self, target: Target) -> bool:
        """Whether the machine has slept since the last look, and may be anywhere."""
        slept = self._clock.boot_ns() - self._looked_ns > _asleep_ns(target)
        if slept:
            self._whereabouts.interrupt()
        return slept

    async def _attachment(self, *, fresh: bool, patience_s: float = READ_S) -> Attachment | None:
        try:
            async with asyncio.timeout(patience_s):
                return await background(partial(self._read, fresh))
        except Exception as error:  # noqa: BLE001 - a machine that cannot be looked at is measured no less than others
            if not self._broken:
                self._broken = True
                log.warning("attachment cannot be read error=%s at=%s", type(error).__name__, place_of(error))
            return None

    def _question_is_due(self) -> bool:
        if self._whereabouts.tries < QUICK:
            self._looks_to_question = 0
        if self._looks_to_question > 0:
            self._looks_to_question -= 1
            return False
        self._looks_to_question = SPARSE - 1
        return True

    async def _ask(self, target: Target, attachment: Attachment) -> None:
        if self._asked_from != attachment:
            self._close()  # an old socket has an old address
            self._asked_from = attachment
        if self._session is None:
            self._session = stamp_session(target, lambda: target.host, self._clock)
        sample = await self._session.probe()
        if not sample.answered:
            self._whereabouts.unanswered()
        elif self._whereabouts.answered(attachment, await self._attachment(fresh=True)):
            try:
                await background(self._known.save)
            except OSError as error:
                log.warning("the place of this machine cannot be kept errno=%s", error.errno)

    async def _settle(self) -> None:
        """Do what follows from where the machine is."""
        whether = self._whereabouts.whether
        self._tell_times(away=whether == "away")
        if whether == "present" and self._told != "present":
            self._holding.since_ms = self._clock.boot_ns() // NS_PER_MS
        if self._whereabouts.sure:
            self._holding.release()
        elif whether == "away":
            self._holding.drop()
        if self.measuring != self._measuring:
            self._obey_here()
        if self.measuring:
            self._close()
        if whether not in (self._told, "unsure"):
            self._told = whether
            log.info("this machine is %s", "at its site" if whether == "present" else "away from its site")
            await self._tell(whether)

    def _obey_here(self) -> None:
        assert self._config is not None
        self._measuring = self.measuring
        self._obey(self.here(self._config))

    def _tell_times(self, *, away: bool) -> None:
        if self._config is None or (target := self._target) is None:
            return
        period_ns = self._config.period_ms * NS_PER_MS
        for report in self._away.note(away, self._clock.boot_ns(), period_ns=period_ns, asleep_ns=_asleep_ns(target)):
            self._emit(report)

    async def _tell(self, whether: str) -> None:
        await background(partial(self._note, presence=whether))

    def _close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None
        self._asked_from = None


def _asleep_ns(target: Target) -> int:
    """Unheard of for so long, the machine slept: a look, a question, and then some."""
    return (target.interval_ms + target.timeout_ms) * NS_PER_MS + ASLEEP_NS
