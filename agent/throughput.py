"""When to test throughput: once in each interval, at a moment that is this agent's own and never the same."""

import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from zlib import crc32

from agent.clock import NS_PER_S, Clock
from agent.fold import Draft
from agent.lease import Granted, NotNow
from agent.schedule import ASLEEP_NS, Emit, Sleep, place_of
from agent.working import WorkingTimes

log = logging.getLogger(__name__)

MARGIN = 30
"""The first and last thirtieth of an interval stay free: at the full hour everybody else tests, too."""

LOOK_AGAIN_S = 60.0
"""How soon to look again at the plan, which may change, and at the clock: a timer stands still while machines sleep."""

TAKEN = "lease_taken"
NOT_WANTED = "not_wanted"
ASK_AGAIN_S = (5.0, 15.0)
"""When another agent tests, ask again after a random wait between these."""

WANTED_S = 1_800.0
"""How long a test that an admin wants is asked for, where others test."""

Ask = Callable[[], Awaitable[Granted | NotNow]]
Test = Callable[[Granted], Awaitable[Sequence[Draft]]]


def moment_ns(agent: str, interval_ns: int, number: int, kind: str = "throughput") -> int:
    """Where in its interval number `number` this agent tests: random between agents, intervals and kinds of test, yet
    the same after a restart."""
    margin_ns = interval_ns // MARGIN
    share = crc32(f"{agent} {kind} {number}".encode()) % 2**16
    return margin_ns + share * (interval_ns - 2 * margin_ns) // 2**16


def next_moment_ns(agent: str, interval_ns: int, now_ns: int, kind: str = "throughput") -> int:
    """The agent's next moment after `now_ns`; both Unix time."""
    number = now_ns // interval_ns
    moments = (one * interval_ns + moment_ns(agent, interval_ns, one, kind) for one in (number, number + 1))
    return next(one for one in moments if one > now_ns)


async def run_throughput_tests(
    interval_ns_now: Callable[[], int | None],
    *,
    agent: str,
    ask: Ask,
    test: Test,
    working: WorkingTimes,
    emit: Emit,
    clock: Clock,
    sleep: Sleep,
    kind: str = "throughput",
    wanted_now: Callable[[], str | None] = lambda: None,
    allowed: Callable[[], bool] | None = None,
) -> None:
    """Ask for a lease once in each interval of the wall clock, and test when there is one, until cancelled.

    The wall clock, because its hours are the school's; a moment that was slept over is not made up for. `wanted_now` is
    the name of a wish to be asked for at once, and once for each name. `allowed` is whether tests are wanted at all, no
    more where the machine has left its site; by default as long as there is an interval. A wish does not tell, for
    it is gone once its lease is given. `test` gives a draft for each direction; a test that breaks harms nothing else.
    """
    word: str | None = None
    met: str | None = None

    def by_interval() -> bool:
        return interval_ns_now() is not None

    while True:
        interval_ns, wanted = interval_ns_now(), wanted_now()
        if wanted not in {None, met}:
            met = wanted
            ends_ns = clock.boot_ns() + int(WANTED_S * NS_PER_S)
        elif interval_ns is None:
            await sleep(LOOK_AGAIN_S)
            continue
        else:
            now_ns = clock.wall_ns()
            due_ns = next_moment_ns(agent, interval_ns, now_ns, kind)
            await sleep(min(LOOK_AGAIN_S, (due_ns - now_ns) / NS_PER_S))
            if not 0 <= clock.wall_ns() - due_ns < interval_ns // MARGIN or interval_ns_now() != interval_ns:
                continue  # not yet, or the machine slept, or its clock was set, or another plan holds now
            ends_ns = clock.boot_ns() + interval_ns - due_ns % interval_ns
        granted = await _ask_until(ends_ns, ask, allowed or by_interval, clock=clock, sleep=sleep)
        if isinstance(granted, NotNow):
            if granted.word != word:
                log.info("no %s test now word=%s", kind, granted.word)
            word = granted.word
            continue
        word = None
        working.begin(clock.boot_ns())
        try:
            for draft in await test(granted):
                emit(draft)
        except Exception as error:  # noqa: BLE001 - a broken test must not end the probes
            log.warning("%s test broke error=%s at=%s", kind, type(error).__name__, place_of(error))
        finally:
            working.end(clock.boot_ns())


async def _ask_until(
    ends_ns: int, ask: Ask, allowed: Callable[[], bool], *, clock: Clock, sleep: Sleep
) -> Granted | NotNow:
    """A lease, however often another agent has it, as long as the interval lasts and the machine is where it was."""
    while True:
        answer = await ask()
        if not allowed():  # a lease that came too late runs out by itself
            return NotNow(word=NOT_WANTED)
        if not isinstance(answer, NotNow) or answer.word != TAKEN:
            return answer
        wait_s = random.uniform(*ASK_AGAIN_S)
        back_ns = clock.boot_ns() + int(wait_s * NS_PER_S)
        if back_ns >= ends_ns:
            return answer
        await sleep(wait_s)
        if clock.boot_ns() > back_ns + ASLEEP_NS:  # it slept, and may be anywhere
            return answer
        if not allowed():
            return NotNow(word=NOT_WANTED)
