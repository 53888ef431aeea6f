"""Who may test against an ndt7 server: who has a lease for it, and where the settings open it, anybody."""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Condition

from collector.refusal import Refusal
from collector.throughput.lease_desk import LeaseDesk
from collector.throughput.leases import Held
from collector.throughput.streams import begin
from wire.ndt7.visit import Grant
from wire.report_words import Direction
from wire.upgrade import BadUpgrade

ASK_S = 5.0
"""How long the event loop may take to answer."""

NEXT_S = 1.0
"""How long a test may wait for the end of the one before: M-Lab's clients begin the second direction at once."""

LEAST_OPEN_BYTES = 1_000_000


class Ndt7Access:
    """Asked on the threads of an ndt7 server, answers from the desk's `loop`, which may take `ask_s` for it. Without
    `anybody` a token is needed."""

    def __init__(
        self,
        desk: LeaseDesk,
        loop: asyncio.AbstractEventLoop,
        *,
        anybody: "Anybody | None" = None,
        ask_s: float = ASK_S,
    ) -> None:
        self._desk = desk
        self._loop = loop
        self._anybody = anybody
        self._ask_s = ask_s

    def allow(self, token: str | None, direction: Direction) -> Grant:
        """A grant for the bearer of `token`. Raises `BadUpgrade`: 403 ``no_token``, ``lease_over``, ``budget_spent``,
        409 ``stream_used``, 503 ``busy``."""
        if token is None:
            if self._anybody is None:
                raise BadUpgrade(403, "no_token")
            return self._anybody.allow(direction)
        answer: Future[LeaseGrant] = Future()

        def ask() -> None:
            if not answer.set_running_or_notify_cancel():
                return  # nobody waits any more, so nobody would ever end what is granted
            try:
                answer.set_result(self._of_lease(token, direction))
            except Exception as error:  # noqa: BLE001  # it is raised where the answer is waited for
                answer.set_exception(error)

        try:
            self._loop.call_soon_threadsafe(ask)
        except RuntimeError:  # the loop has ended
            raise BadUpgrade(503, "busy") from None
        try:
            try:
                return answer.result(self._ask_s)
            except TimeoutError:
                if answer.cancel():
                    raise BadUpgrade(503, "busy") from None
                return answer.result()  # it came at the last moment
        except Refusal as error:
            raise BadUpgrade(error.status, error.word) from None

    def _of_lease(self, token: str, direction: Direction) -> "LeaseGrant":
        held = self._desk.held_by_token(token)
        if held.wish.kind != "capacity" or held.wish.inside:  # shown to both servers it would be good for twice as much
            raise Refusal(403, "lease_over", "this lease is for another kind of test, or for another server")
        if not begin(held, direction):
            raise Refusal(409, "stream_used", "a lease allows one stream in each direction")
        counted = self._loop.create_future()
        held.streaming.add(counted)
        return LeaseGrant(
            desk=self._desk,
            held=held,
            direction=direction,
            counted=counted,
            loop=self._loop,
            began_ns=self._desk.elapsed_ns(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseGrant:
    """One direction of a lease. Until `done` the lease's end waits for its count."""

    desk: LeaseDesk
    held: Held
    direction: Direction
    counted: "asyncio.Future[None]"
    loop: asyncio.AbstractEventLoop
    began_ns: int

    @property
    def most_bytes(self) -> int:
        """What the lease allows in this direction."""
        wish = self.held.wish
        return wish.down_limit_bytes if self.direction == "down" else wish.up_limit_bytes

    def is_over(self) -> bool:
        """Whether the lease was given back, or has run out."""
        return self.held.over.is_set() or self.desk.left_s(self.held) <= 0

    def done(self, used_bytes: int) -> None:
        """Count it, on the loop."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self.loop.call_soon_threadsafe(self._count, used_bytes)

    def _count(self, used_bytes: int) -> None:
        if self.direction == "down":
            self.held.down_bytes += used_bytes
        else:
            self.held.up.add((self.desk.elapsed_ns() - self.began_ns) // 1_000_000, used_bytes)
        self.desk.bytes.labels(direction=self.direction).inc(used_bytes)
        self.held.streaming.discard(self.counted)
        if not self.counted.done():
            self.counted.set_result(None)


class Anybody:
    """Tests of whoever comes: one at a time, and so many bytes a day, both directions together. The count is kept in
    memory alone. `today` names the day."""

    def __init__(self, bytes_a_day: int, today: Callable[[], str]) -> None:
        self._bytes_a_day = bytes_a_day
        self._today = today
        self._changed = Condition()
        self._day = ""
        self._used = 0
        self._testing = False

    def allow(self, direction: Direction) -> "OpenGrant":  # noqa: ARG002 - both directions are paid from one budget
        """A grant of what the day still has. Raises `BadUpgrade` 403 ``budget_spent`` or 503 ``busy``."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._testing, NEXT_S):
                raise BadUpgrade(503, "busy")
            day = self._today()
            if day != self._day:
                self._day, self._used = day, 0
            left = self._bytes_a_day - self._used
            if left < LEAST_OPEN_BYTES:
                raise BadUpgrade(403, "budget_spent")
            self._testing = True
            return OpenGrant(self, left)

    def done(self, used_bytes: int) -> None:
        """A test has ended."""
        with self._changed:
            self._used += used_bytes
            self._testing = False
            self._changed.notify()


class OpenGrant:
    """One test of somebody's."""

    def __init__(self, anybody: Anybody, most_bytes: int) -> None:
        self._anybody = anybody
        self.most_bytes = most_bytes

    def is_over(self) -> bool:
        """Never: nobody takes it back."""
        return False

    def done(self, used_bytes: int) -> None:
        """The test has ended."""
        self._anybody.done(used_bytes)
