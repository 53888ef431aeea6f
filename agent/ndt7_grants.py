"""Whom a reference lets test against its ndt7 server: the collector is asked for each token, each direction once."""

import asyncio
import re
from collections import OrderedDict, deque
from threading import Lock

from agent.clock import NS_PER_MS, NS_PER_S, Clock
from agent.http import Collector, Unanswered
from agent.outcome import problem_word
from wire.codec import decode
from wire.fields import WireError
from wire.ndt7_allowance import Ndt7Allowance
from wire.report_words import Direction
from wire.upgrade import BadUpgrade

ASK_DEADLINE_S = 3.0
ASKS_A_SECOND = 5
"""More questions than that are not passed on: strangers must not make the collector busy through us."""

REMEMBERED = 1_000
_TOKEN = re.compile(r"[0-9a-f]{16}")


class Ndt7Grants:
    """Called on the threads of a server; the questions go out on the agent's own `loop`."""

    def __init__(self, collector: Collector, *, token: str, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self._collector = collector
        self._headers = {"Authorization": f"Bearer {token}"}
        self._clock = clock
        self._loop = loop
        self._lock = Lock()
        self._used: OrderedDict[tuple[str, Direction], None] = OrderedDict()
        self._asked_ns: deque[int] = deque(maxlen=ASKS_A_SECOND)

    def allow(self, token: str | None, direction: Direction) -> "LeasedGrant":
        """A grant for the bearer of `token`. Raises `BadUpgrade`: 403 ``no_token``, ``lease_over`` or the collector's
        own word, 409 ``stream_used``, 503 ``busy`` or ``collector_away``."""
        if token is None:
            raise BadUpgrade(403, "no_token")
        if not _TOKEN.fullmatch(token):
            raise BadUpgrade(403, "lease_over")
        with self._lock:
            if (token, direction) in self._used:
                raise BadUpgrade(409, "stream_used")
            now_ns = self._clock.boot_ns()
            if len(self._asked_ns) == ASKS_A_SECOND and now_ns - self._asked_ns[0] < NS_PER_S:
                raise BadUpgrade(503, "busy")
            self._asked_ns.append(now_ns)
        allowance = self._ask(token)
        with self._lock:
            if (token, direction) in self._used:  # a second one asked at the same time
                raise BadUpgrade(409, "stream_used")
            self._used[token, direction] = None
            if len(self._used) > REMEMBERED:
                self._used.popitem(last=False)
        return LeasedGrant(
            most_bytes=allowance.down_bytes if direction == "down" else allowance.up_bytes,
            ends_ns=now_ns + allowance.valid_ms * NS_PER_MS,
            clock=self._clock,
        )

    def _ask(self, token: str) -> Ndt7Allowance:
        question = self._collector.ask("GET", f"/v1/ndt7/{token}", headers=self._headers, deadline_s=ASK_DEADLINE_S)
        try:
            answer = asyncio.run_coroutine_threadsafe(question, self._loop).result(2 * ASK_DEADLINE_S)
        except (Unanswered, TimeoutError, asyncio.CancelledError):
            raise BadUpgrade(503, "collector_away") from None
        except RuntimeError:  # the agent stops
            question.close()
            raise BadUpgrade(503, "collector_away") from None
        if answer.status == 403:
            raise BadUpgrade(403, problem_word(answer) or "lease_over")
        try:
            if answer.status == 200:
                return decode(Ndt7Allowance, answer.body)
        except WireError:
            pass
        raise BadUpgrade(503, "collector_away")


class LeasedGrant:
    """One direction of a lease. What it cost is told to the collector by the agent that tests."""

    def __init__(self, *, most_bytes: int, ends_ns: int, clock: Clock) -> None:
        self.most_bytes = most_bytes
        self._ends_ns = ends_ns
        self._clock = clock

    def is_over(self) -> bool:
        """Whether the lease has run out."""
        return self._clock.boot_ns() >= self._ends_ns

    def done(self, used_bytes: int) -> None:
        """The test has ended; nobody here keeps an account."""
