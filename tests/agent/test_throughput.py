"""When throughput is tested: days in virtual time."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest

from agent.clock import NS_PER_S, Clock
from agent.fold import Draft
from agent.lease import Granted, NotNow
from agent.throughput import MARGIN, next_moment_ns, run_throughput_tests
from agent.working import AFTER_NS, WorkingTimes
from tests.agent.fakes import AGENT
from tests.agent.reports import latency
from tests.virtual_time import WALL_NS, VirtualLoop, run
from wire.lease import Lease
from wire.version import WIRE_VERSION

HALF_HOUR_NS = 1_800 * NS_PER_S
HALF_HOUR_S = 1_800
LEASE = Lease(version=WIRE_VERSION, lease="a" * 16, valid_ms=20_000, down_bps=8, up_bps=8, down_bytes=5, up_bytes=5)
TEST_S = 12.0


class Desk:
    """Says `words` in turn, the last for ever; ``None`` is a lease."""

    def __init__(self, *words: str | None) -> None:
        self.words = list(words)
        self.asked_s: list[float] = []

    async def ask(self) -> Granted | NotNow:
        self.asked_s.append(asyncio.get_running_loop().time())
        word = self.words.pop(0) if len(self.words) > 1 else self.words[0]
        return NotNow(word=word) if word else Granted(lease=LEASE, ends_ns=2**62)


class School:
    """One agent's loop for some hours."""

    def __init__(self, *words: str | None, interval_ns: int | None = HALF_HOUR_NS, kind: str = "throughput") -> None:
        self.kind = kind
        self.wanted: str | None = None
        self.desk = Desk(*words or (None,))
        self.interval_ns: int | None = interval_ns
        self.allowed: Callable[[], bool] = lambda: self.interval_ns is not None or self.wanted is not None
        self.working = WorkingTimes()
        self.asleep_ns = 0
        self.tested_s: list[float] = []
        self.emitted: list[Draft] = []
        self.breaks: list[bool] = []

    def hours(self, hours: float, **events: Callable[[], None]) -> "School":
        """Let time pass; ``at_90=...`` happens 90 s after the beginning."""

        async def work(loop: VirtualLoop) -> None:
            for name, event in events.items():
                loop.call_at(float(name.removeprefix("at_")), event)

            async def test(_granted: Granted) -> Sequence[Draft]:
                self.tested_s.append((self._clock(loop).wall_ns() - WALL_NS) / NS_PER_S)
                await asyncio.sleep(TEST_S)
                if self.breaks and self.breaks.pop(0):
                    raise ZeroDivisionError("192.0.2.1")
                return [latency()]

            with suppress(TimeoutError):
                async with asyncio.timeout(hours * 3_600):
                    await run_throughput_tests(
                        lambda: self.interval_ns,
                        agent=AGENT,
                        ask=self.desk.ask,
                        test=test,
                        working=self.working,
                        emit=self.emitted.append,
                        clock=self._clock(loop),
                        sleep=asyncio.sleep,
                        kind=self.kind,
                        wanted_now=lambda: self.wanted,
                        allowed=self.allowed,
                    )

        run(work)
        return self

    def _clock(self, loop: VirtualLoop) -> Clock:
        def boot_ns() -> int:
            return loop.ns() + self.asleep_ns

        return Clock(
            boot_ns=boot_ns, precise_ns=loop.ns, wall_ns=lambda: WALL_NS + boot_ns(), synchronised=lambda: True
        )

    def sleep(self, seconds: float) -> Callable[[], None]:
        """The lid is closed for so long: timers stand still, the clocks of the machine do not."""

        def lid() -> None:
            self.asleep_ns += int(seconds * NS_PER_S)

        return lid


def due_s(number: int, interval_s: int = HALF_HOUR_S, kind: str = "throughput") -> float:
    """When the agent's test number `number` from now on is due, in seconds from now."""
    now_ns = WALL_NS
    for _ in range(number + 1):
        now_ns = next_moment_ns(AGENT, interval_s * NS_PER_S, now_ns, kind)
    return (now_ns - WALL_NS) / NS_PER_S


def test_each_interval_has_one_test_at_its_own_moment() -> None:
    school = School().hours(12)

    assert school.tested_s == pytest.approx([due_s(number) for number in range(len(school.tested_s))], abs=1e-3)
    assert 23 <= len(school.tested_s) <= 25
    assert len(school.emitted) == len(school.tested_s)


def test_a_moment_that_was_slept_over_is_not_made_up_for() -> None:
    school = School()

    school.hours(5, at_60=school.sleep(due_s(1) + 100))

    expected = [due_s(number) for number in range(2, 20)]
    assert school.tested_s == pytest.approx(expected[: len(school.tested_s)], abs=1e-3)
    assert len(school.tested_s) >= 8


def test_a_moment_that_was_not_slept_over_is_met_after_a_sleep() -> None:
    school = School()

    school.hours(1, at_20=school.sleep(due_s(0) - 90))

    assert school.tested_s[0] == pytest.approx(due_s(0), abs=1e-3)


def test_while_another_agent_tests_it_is_asked_again_after_5_to_15_seconds() -> None:
    school = School(*["lease_taken"] * 9, None).hours(0.9)

    gaps = [later - one for one, later in zip(school.desk.asked_s[:9], school.desk.asked_s[1:10], strict=True)]
    assert all(5 <= gap <= 15 for gap in gaps)
    assert school.tested_s[0] == pytest.approx(due_s(0) + sum(gaps), abs=1e-3)


def test_it_is_asked_again_until_the_interval_ends_and_not_longer() -> None:
    school = School("lease_taken").hours(6)

    for asked_s in school.desk.asked_s:
        into_s = (WALL_NS / NS_PER_S + asked_s) % HALF_HOUR_S
        assert into_s >= HALF_HOUR_S / MARGIN - 1
    assert len(school.desk.asked_s) > 6 * 2 * 10
    assert school.tested_s == []


def test_a_machine_that_leaves_its_site_while_another_tests_asks_no_more_and_tests_nothing() -> None:
    school = School(*["lease_taken"] * 3, None)
    leaves_s = due_s(0) + 4

    school.hours(3, **{f"at_{leaves_s}": lambda: setattr(school, "interval_ns", None)})

    assert len(school.desk.asked_s) == 1
    assert school.tested_s == []


def test_a_lease_that_comes_when_the_machine_has_left_its_site_is_not_used() -> None:
    school = School(None)
    ask = school.desk.ask

    async def leaves() -> Granted | NotNow:
        school.interval_ns = None
        return await ask()

    school.desk.ask = leaves  # type: ignore[method-assign]

    assert school.hours(3).tested_s == []


def test_what_another_agent_tested_over_is_not_asked_for_after_a_sleep() -> None:
    school = School("lease_taken", None)

    school.hours(0.8, **{f"at_{due_s(0) + 4}": school.sleep(120)})

    assert school.tested_s == pytest.approx([due_s(1)], abs=1e-3)
    assert len(school.desk.asked_s) == 2


@pytest.mark.parametrize("word", ["throughput_off", "no_lesson", "budget_spent", "lease_over", "timeout", "http_503"])
def test_any_other_refusal_is_asked_again_in_the_next_interval_and_said_once(
    word: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        school = School(word).hours(6)

    assert school.desk.asked_s == pytest.approx([due_s(number) for number in range(len(school.desk.asked_s))], abs=1e-3)
    assert 11 <= len(school.desk.asked_s) <= 13
    assert caplog.messages == [f"no throughput test now word={word}"]


def test_without_a_plan_nothing_is_asked() -> None:
    assert School(interval_ns=None).hours(48).desk.asked_s == []


def test_a_plan_that_comes_later_is_followed() -> None:
    school = School(interval_ns=None)

    school.hours(6, at_3600=lambda: setattr(school, "interval_ns", HALF_HOUR_NS))

    assert 9 <= len(school.tested_s) <= 11
    assert min(school.tested_s) > 3_600


def test_a_plan_that_is_taken_back_or_changed_holds_at_once() -> None:
    taken_back = School(interval_ns=86_400 * NS_PER_S)
    taken_back.hours(48, at_300=lambda: setattr(taken_back, "interval_ns", None))
    assert taken_back.desk.asked_s == []

    changed = School(interval_ns=86_400 * NS_PER_S)
    changed.hours(6, at_300=lambda: setattr(changed, "interval_ns", HALF_HOUR_NS))
    assert len(changed.tested_s) >= 11


def test_a_plan_that_ends_just_before_the_moment_asks_for_no_lease() -> None:
    moment_s = (next_moment_ns(AGENT, HALF_HOUR_NS, WALL_NS) - WALL_NS) / NS_PER_S
    school = School()
    school.hours(6, **{f"at_{moment_s - 0.5}": lambda: setattr(school, "interval_ns", None)})

    assert school.desk.asked_s == []


def test_a_test_that_breaks_harms_no_later_one(caplog: pytest.LogCaptureFixture) -> None:
    school = School()
    school.breaks = [False, True, False]

    school.hours(6)

    assert len(school.tested_s) >= 11
    assert len(school.emitted) == len(school.tested_s) - 1
    assert "error=ZeroDivisionError at=test_throughput.py:" in caplog.text
    assert "192.0.2.1" not in caplog.text


def test_each_test_is_remembered_as_working_time_also_one_that_breaks() -> None:
    school = School()
    school.breaks = [False, True]

    school.hours(3)

    for began_s in school.tested_s[:2]:
        began_ns, ended_ns = int(began_s * NS_PER_S), int((began_s + TEST_S) * NS_PER_S)
        assert school.working.cover(began_ns + 1_000)
        assert school.working.cover(ended_ns + AFTER_NS - 1_000)
        assert not school.working.cover(began_ns - 1_000_000)
        assert not school.working.cover(ended_ns + AFTER_NS + 1_000_000)


def test_a_test_that_is_cut_off_by_a_stop_leaves_the_working_times_closed() -> None:
    school = School()

    school.hours((due_s(0) + 5) / 3_600)

    assert len(school.tested_s) == 1
    assert not school.working.cover(int((due_s(0) + 5) * NS_PER_S) + AFTER_NS + 1_000_000)


def test_each_kind_of_test_has_moments_of_its_own_and_none_at_the_full_hour() -> None:
    hours = 24
    school = School(interval_ns=2 * HALF_HOUR_NS, kind="capacity").hours(hours)

    due = [due_s(number, 2 * HALF_HOUR_S, "capacity") for number in range(len(school.tested_s))]
    assert school.tested_s == pytest.approx(due, abs=1e-3)
    assert hours - 1 <= len(due) <= hours + 1
    assert not set(due) & {due_s(number, 2 * HALF_HOUR_S) for number in range(hours)}
    minutes = [(WALL_NS / NS_PER_S + one) % 3_600 / 60 for one in due]
    assert all(2 <= minute < 58 for minute in minutes)
    assert len({int(minute) for minute in minutes}) > hours / 2, "another minute in each hour"


def test_a_wish_that_is_gone_once_its_lease_is_given_is_tested_all_the_same() -> None:
    school = School(interval_ns=None)
    school.wanted = "1" * 16
    school.allowed = lambda: True
    asked = school.desk.ask

    async def ask() -> Granted | NotNow:
        school.wanted = None
        return await asked()

    school.desk.ask = ask  # type: ignore[method-assign]

    assert len(school.hours(0.1).tested_s) == 1


def test_a_test_that_is_wanted_is_asked_for_at_once_and_once_for_each_wish() -> None:
    school = School(interval_ns=None, kind="capacity")

    def want(name: str | None) -> Callable[[], None]:
        return lambda: setattr(school, "wanted", name)

    school.hours(3, at_600=want("1" * 16), at_2400=want(None), at_3600=want("2" * 16))

    assert [600 <= first <= 660 and 3_600 <= second <= 3_660 for first, second in [school.tested_s]] == [True]


def test_a_wish_that_finds_others_testing_is_given_up_after_half_an_hour() -> None:
    school = School("lease_taken", interval_ns=None)
    school.wanted = "1" * 16

    school.hours(3)

    assert len(school.desk.asked_s) > 100
    assert 1_780 < school.desk.asked_s[-1] <= 1_800
