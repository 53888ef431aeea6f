"""Tells channels what they are to be told, each once: when trouble opens, if it grows a lot, and when it is over.

A notice is claimed in the registry before its channel is asked. What a channel surely refused is tried again, later and
later, until it is given up; what may have been told is not told again.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge
from sqlalchemy.exc import SQLAlchemyError

from collector.alerts.alert_settings import AlertSettings
from collector.alerts.calm_hours import held_back
from collector.alerts.channels import Channels, Way
from collector.alerts.incident import Incident
from collector.alerts.message import message
from collector.alerts.words import Names
from collector.registry.notices import Notice, NoticeKind
from collector.registry.registry import Registry
from collector.thread import in_thread

log = logging.getLogger(__name__)

ROUND_SECONDS = 5.0
MOST_AT_ONCE = 64
"""So many ways may hang before others have to wait."""

START_SECONDS = 0.2
CLOSED_FOR = timedelta(days=3)
"""That something is over is told for so long, should a channel refuse or quiet hours last; a weekend."""

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)
CLAIMS_LAST = timedelta(minutes=10)
"""Who claimed is gone after so long, and after any answer of a channel must have come."""


class Teller:
    """Tells all channels of one collector. `names` are those of the newest look at the district, ``None`` before it."""

    def __init__(
        self,
        *,
        registry: Registry,
        settings: AlertSettings,
        channels: Channels,
        names: Callable[[], Names | None],
        board: Callable[[Incident], str | None],
        clock: Callable[[], datetime],
        metrics: CollectorRegistry,
    ) -> None:
        self._registry = registry
        self._settings = settings
        self._channels = channels
        self._claims_last = CLAIMS_LAST + timedelta(seconds=channels.longest_s)
        self._names = names
        self._board = board
        self._clock = clock
        self._failing: set[str] = set()
        self._counted = Counter(
            "bandroom_notices", "Notices to channels, by what became of them", ["channel", "state"], registry=metrics
        )
        failing = Gauge(
            "bandroom_alert_channel_failing",
            "Whether the last notice to the channel was refused",
            ["channel"],
            registry=metrics,
        )
        for one in channels.all:
            failing.labels(channel=one.name).set_function(partial(self._fails, one.name))

    def _fails(self, channel: str) -> float:
        return float(any(way.partition(":")[0] == channel for way in self._failing))

    async def run_for_ever(self) -> None:
        """Tell, each channel at its own pace: one that hangs keeps no other waiting, and nothing else of the
        collector."""
        if not self._channels.all:
            return
        while self._names() is None:  # noqa: ASYNC110  # it comes about on another thread
            await asyncio.sleep(START_SECONDS)
        ways = [way for channel in self._channels.all for way in self._channels.ways(channel)]
        with ThreadPoolExecutor(min(len(ways), MOST_AT_ONCE), thread_name_prefix="teller") as threads:
            async with asyncio.TaskGroup() as tasks:
                for way in ways:
                    tasks.create_task(self._tell_for_ever(way, threads))

    async def _tell_for_ever(self, way: Way, threads: Executor) -> None:
        broken = False
        while True:
            try:
                await in_thread(lambda: self.tell(way), threads)
                broken = False
            except SQLAlchemyError as error:
                if not broken:
                    log.warning("nobody is told, the registry fails error=%s", type(error).__name__)
                broken = True
            except Exception:  # the loop that owns telling
                if not broken:
                    log.exception("nobody is told, this is a fault of ours")
                broken = True
            await asyncio.sleep(ROUND_SECONDS)

    def tell(self, way: Way) -> int:
        """Tell one way all that is due. Returns how much was. Raises `sqlalchemy.exc.SQLAlchemyError`."""
        names = self._names()
        if names is None:
            return 0
        now = self._clock()
        self._registry.notices.give_up_claims(before_ms=_ms(now - self._claims_last), now_ms=_ms(now))
        told = 0
        for one, kind, before in self._due(way, now, names):
            if self._claim(one, way, kind, before, now):
                self._tell(one, way, kind, names)
                told += 1
        return told

    def _due(self, way: Way, now: datetime, names: Names) -> Iterator[tuple[Incident, NoticeKind, Notice | None]]:
        """What the channel is to be told now, the oldest first, each with the refused notice that went before."""
        incidents = self._registry.incidents
        found = [*incidents.closed_since(now - CLOSED_FOR), *incidents.open()]
        notices = {one.key: one for one in self._registry.notices.of([one.incident for one in found])}
        for one in sorted(found, key=lambda each: (each.opened_at, each.incident)):
            opened = notices.get((one.incident, way.name, "opened"))
            if not one.is_open and opened is not None and opened.state == "refused":
                self._give_up(opened, "it was over before it could be told", now)
                continue
            kind = self._kind(one, way, opened, notices.get((one.incident, way.name, "grown")))
            if kind is None or held_back(self._settings, one, now, names.zone):
                continue
            before = notices.get((one.incident, way.name, kind))
            if before is None:
                yield one, kind, None
            elif before.state == "refused":
                if now - _utc(before.first_ms, now) >= timedelta(minutes=self._settings.give_up_minutes):
                    self._give_up(before, before.answer, now)
                elif now - _utc(before.changed_ms, now) >= pause(before.attempts):
                    yield one, kind, before

    @staticmethod
    def _kind(one: Incident, way: Way, opened: Notice | None, grown: Notice | None) -> NoticeKind | None:
        """Which notice of `one` the channel may be due; ``None`` where it is none."""
        if one.is_open:
            if opened is None or opened.state == "refused":
                return "opened" if way.channel.takes(one.severity, one.sites) else None
            return "grown" if one.grown and (grown is None or grown.state == "refused") else None
        if opened is None or opened.state not in {"told", "uncertain"} or one.ending == "merged":
            return None
        return "closed"

    def _claim(self, one: Incident, way: Way, kind: NoticeKind, before: Notice | None, now: datetime) -> bool:
        if before is None:
            return self._registry.notices.claim(one.incident, way.name, kind, now_ms=_ms(now))
        return self._registry.notices.claim_again(before, now_ms=_ms(now))

    def _tell(self, one: Incident, way: Way, kind: NoticeKind, names: Names) -> None:
        answer = self._channels.tell(way, message(one, names, kind, board=self._board(one)))
        now = self._clock()
        self._registry.notices.note((one.incident, way.name, kind), answer.state, answer.text, now_ms=_ms(now))
        self._counted.labels(channel=way.channel.name, state=answer.state).inc()
        known = way.name in self._failing
        if answer.state == "told":
            self._failing.discard(way.name)
            log.info("told channel=%s incident=%s kind=%s", way.name, one.incident, kind)
            return
        self._failing.add(way.name)
        if not known or answer.state == "uncertain":
            log.warning(
                "channel was not told for sure channel=%s incident=%s kind=%s state=%s answer=%s",
                way.name,
                one.incident,
                kind,
                answer.state,
                answer.text,
            )

    def _give_up(self, one: Notice, why: str, now: datetime) -> None:
        if self._registry.notices.claim_again(one, now_ms=_ms(now)):
            self._registry.notices.note(one.key, "given_up", why, now_ms=_ms(now))
            self._counted.labels(channel=one.channel.partition(":")[0], state="given_up").inc()
            log.error(
                "channel is not told any more channel=%s incident=%s kind=%s answer=%s",
                one.channel,
                one.incident,
                one.kind,
                why,
            )


def pause(attempts: int) -> timedelta:
    """How long after so many attempts the next one waits."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(attempts - 1, 10)))


def failing_channels(notices: Sequence[Notice]) -> list[Notice]:
    """The notices that a channel surely or perhaps did not get, newest first."""
    wanted = [one for one in notices if one.state in {"refused", "given_up", "uncertain"}]
    return sorted(wanted, key=lambda one: one.changed_ms, reverse=True)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _utc(epoch_ms: int, now: datetime) -> datetime:
    return datetime.fromtimestamp(epoch_ms / 1000, now.tzinfo)
