import asyncio
from collections.abc import Awaitable, Callable

from agent.pulse import PATIENCE_S, Pulse


class Loop:
    """Loops on a clock that the test moves: each sleeps until it is woken."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self._woken = asyncio.Event()
        self.pulse = Pulse(self._sleep, lambda: self.now_s)

    async def _sleep(self, _seconds: float) -> None:
        await self._woken.wait()

    def wake(self) -> None:
        """Wake those who sleep now."""
        self._woken.set()
        self._woken = asyncio.Event()


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


def told(story: Callable[[Loop], Awaitable[None]]) -> None:
    async def tell() -> None:
        await story(Loop())

    asyncio.run(tell())


async def measures_for_ever(loop: Loop) -> None:
    while True:
        await loop.pulse.sleep(30)


async def hangs_in_its_work(loop: Loop) -> None:
    await loop.pulse.sleep(30)
    await asyncio.Event().wait()


def test_it_has_begun_when_the_first_loop_is_on_its_way() -> None:
    async def story(loop: Loop) -> None:
        assert not loop.pulse.begun.is_set()
        task = asyncio.create_task(measures_for_ever(loop))
        await settle()
        assert loop.pulse.begun.is_set()
        task.cancel()

    told(story)


def test_a_loop_that_comes_round_is_not_stuck_however_long_it_runs() -> None:
    async def story(loop: Loop) -> None:
        task = asyncio.create_task(measures_for_ever(loop))
        for _ in range(100):
            await settle()
            loop.now_s += 30 + PATIENCE_S
            assert loop.pulse.stuck() is None
            loop.wake()
        task.cancel()

    told(story)


def test_a_loop_that_hangs_in_its_work_is_named_though_the_others_go_on() -> None:
    async def story(loop: Loop) -> None:
        tasks = [asyncio.create_task(one(loop)) for one in (measures_for_ever, hangs_in_its_work)]
        await settle()
        loop.wake()
        await settle()
        loop.now_s += PATIENCE_S
        assert loop.pulse.stuck() is None
        loop.wake()
        await settle()
        loop.now_s += 1
        assert loop.pulse.stuck() == "hangs_in_its_work"
        for task in tasks:
            task.cancel()

    told(story)


def test_a_sleep_that_never_ends_is_stuck() -> None:
    async def story(loop: Loop) -> None:
        task = asyncio.create_task(measures_for_ever(loop))
        await settle()
        loop.now_s += 30 + PATIENCE_S
        assert loop.pulse.stuck() is None
        loop.now_s += 1
        assert loop.pulse.stuck() == "measures_for_ever"
        task.cancel()

    told(story)


def test_a_loop_that_was_ended_is_not_waited_for() -> None:
    async def story(loop: Loop) -> None:
        task = asyncio.create_task(measures_for_ever(loop))
        await settle()
        task.cancel()
        await settle()
        loop.now_s += 10 * PATIENCE_S
        assert loop.pulse.stuck() is None

    told(story)
