"""When paths are traced: hours in virtual time."""

import asyncio
import itertools
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agent.clock import NS_PER_S
from agent.config import ConfigSource
from agent.fold import Draft
from agent.http import Collector
from agent.path import BAD_EVERY_NS, BAD_P95_US, BadPeriod, trace_paths
from agent.presence import measures_nothing
from agent.pulse import Pulse
from agent.schedule import Sleep
from agent.trace import Broke, Hindrance, Trace
from agent.trace_words import TraceEnd, TraceRequest
from agent.working import AFTER_NS, WorkingTimes
from tests.agent.fakes import AGENT
from tests.agent.reports import latency
from tests.agent.test_trace import config
from tests.virtual_time import VirtualLoop, run
from wire.enrolment import AgentConfig, PathPlan
from wire.histogram import Histogram
from wire.path_report import Hop, PathReport

QUARTER_S = 900
FOUND = Trace(
    hops=(Hop(ttl=1, role="gateway", sent=3, received=3, min_us=80),),
    end=TraceEnd(reached=False, duration_ms=300, failure=None),
)


class School:
    """One agent's loop for some hours, in which each trace takes five seconds."""

    def __init__(self, *targets: str, path: bool = True) -> None:
        plan = PathPlan(interval_ms=QUARTER_S * 1000, targets=targets or ("district",))
        self.config: AgentConfig | None = config(path=plan if path else None)
        self.hindrance: Hindrance | None = None
        self.breaks: list[Exception] = []
        self.traced: list[tuple[str, float]] = []
        self.emitted: list[Draft] = []
        self.working = WorkingTimes()
        self.bad = BadPeriod()
        self.sleep: Sleep = asyncio.sleep

    @property
    def times_s(self) -> list[float]:
        return [at for _, at in self.traced]

    def hours(self, hours: float, **events: Callable[[VirtualLoop], Any]) -> "School":
        """Let time pass; ``at_90=...`` happens 90 s after the beginning."""

        async def work(loop: VirtualLoop) -> None:
            for name, event in events.items():
                loop.call_at(float(name.removeprefix("at_")), event, loop)
            source = ConfigSource(Path("nowhere"), Collector("http://127.0.0.1:1"), token="")
            source.wanted = self.config
            source.here = lambda wanted: self.config or wanted

            async def trace(asked: TraceRequest) -> Trace:
                self.traced.append((asked.target, loop.time()))
                await asyncio.sleep(5.0)
                if self.breaks:
                    raise self.breaks.pop(0)
                return FOUND

            with suppress(TimeoutError):
                async with asyncio.timeout(hours * 3_600):
                    await trace_paths(
                        source,
                        agent=AGENT,
                        collector_host="collector.test",
                        trace=trace,
                        hindrance=lambda: self.hindrance,
                        bad=self.bad,
                        working=self.working,
                        emit=self.emitted.append,
                        clock=loop.clock(),
                        sleep=self.sleep,
                    )

        run(work)
        return self


def bad_period(**changes: Any) -> Draft:
    """Three of sixty were lost."""
    values: dict[str, Any] = {"received": 57, "ipdv_mean_us": None, "histogram": of(57)}
    return partial(latency(), **(values | changes))


def of(fast: int, slow: int = 0) -> str:
    return Histogram.of([12_000] * fast + [1.1 * BAD_P95_US] * slow).to_text()


def test_the_path_is_traced_every_quarter_of_an_hour_at_the_agent_s_own_minute() -> None:
    school = School().hours(3)
    assert len(school.traced) == 12
    assert {round(later - one) for one, later in zip(school.times_s, school.times_s[1:], strict=False)} == {QUARTER_S}


def test_each_target_of_the_plan_has_its_report_one_after_the_other() -> None:
    school = School("district", "gateway").hours(0.3)
    assert [target for target, _ in school.traced] == ["district", "gateway"]
    assert school.times_s[1] - school.times_s[0] == pytest.approx(5.0)
    reports = [draft(seq=seq) for seq, draft in enumerate(school.emitted, start=1)]
    assert [one.target for one in reports if isinstance(one, PathReport)] == ["district", "gateway"]


def test_without_a_plan_nothing_is_traced() -> None:
    assert School(path=False).hours(2).traced == []


def test_a_bad_period_is_traced_at_once_and_at_most_every_five_minutes() -> None:
    calm = School().hours(0.25).times_s
    school = School()

    def notice(_loop: VirtualLoop) -> None:
        school.bad.notice(bad_period())

    events = {f"at_{calm[0] + 60 * minute + 10}": notice for minute in range(1, 11)}
    school.hours(0.5, **events)
    urgent = [at for at in school.times_s if at not in calm and (at - calm[0]) % QUARTER_S > 1]
    assert urgent[0] == pytest.approx(calm[0] + 70)
    assert all(later - one >= BAD_EVERY_NS / NS_PER_S for one, later in itertools.pairwise(urgent))
    assert len(urgent) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"received": 58, "histogram": of(58)},
        {"target": "gateway"},
        {"received": 60, "histogram": of(60)},
        {"sent": 0, "received": 0, "min_us": None, "histogram": "", "working_sent": 3},
    ],
)
def test_a_good_period_and_one_to_elsewhere_are_not_bad(changes: dict[str, Any]) -> None:
    bad = BadPeriod()
    bad.notice(bad_period(**changes))
    assert not bad.seen.is_set()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"received": 0, "min_us": None, "histogram": "", "failure": "no_answer"},
        {"received": 60, "histogram": of(50, slow=10)},
    ],
)
def test_five_percent_of_loss_or_200_ms_are_bad(changes: dict[str, Any]) -> None:
    bad = BadPeriod()
    bad.notice(bad_period(**changes))
    assert bad.seen.is_set()


def test_a_report_that_cannot_be_true_is_nobody_s_reason() -> None:
    bad = BadPeriod()
    bad.notice(bad_period(sent=-1))
    assert not bad.seen.is_set()


def test_no_trace_runs_beside_our_own_throughput_test() -> None:
    (due_s,) = School().hours(0.25).times_s
    school = School()
    test_ends_s = due_s + 30
    school.hours(
        0.5,
        **{
            f"at_{due_s - 5}": lambda loop: school.working.begin(loop.ns()),
            f"at_{test_ends_s}": lambda loop: school.working.end(loop.ns()),
        },
    )
    assert test_ends_s + AFTER_NS / NS_PER_S <= school.times_s[0] < test_ends_s + 15


@pytest.mark.parametrize("at_target", ["gateway", "district"])
def test_a_machine_that_leaves_its_site_traces_nothing_more(at_target: str, caplog: pytest.LogCaptureFixture) -> None:
    (due_s, _) = School("gateway", "district").hours(0.3).times_s
    leaves_s = due_s - 1 if at_target == "gateway" else due_s + 1  # before the first trace, or while it runs
    school = School("gateway", "district")

    def leave(_loop: VirtualLoop) -> None:
        school.config = measures_nothing(config(path=PathPlan(interval_ms=QUARTER_S * 1000, targets=("gateway",))))

    school.hours(1, **{f"at_{leaves_s}": leave})

    assert [target for target, _ in school.traced] == ([] if at_target == "gateway" else ["gateway"])
    assert not caplog.records


def test_a_loop_that_had_no_plan_at_first_is_not_taken_for_stuck() -> None:
    school = School(path=False)
    pulse = Pulse(asyncio.sleep, lambda: asyncio.get_running_loop().time())
    school.sleep = pulse.sleep
    stuck: list[str | None] = []

    def plan(_loop: VirtualLoop) -> None:
        school.config = config(path=PathPlan(interval_ms=QUARTER_S * 1000, targets=("district",)))

    looks = {f"at_{at}": lambda _: stuck.append(pulse.stuck()) for at in (600, 900, 3_000, 7_000)}
    school.hours(2, at_30=plan, **looks)

    assert len(school.traced) >= 7
    assert stuck == [None] * 4


def test_where_it_cannot_be_done_that_is_said_once_and_nothing_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    school = School()
    school.hindrance = "no_scapy"
    with caplog.at_level(logging.INFO):
        school.hours(5)
    assert [record.getMessage() for record in caplog.records] == ["no path is traced here word=no_scapy"]
    assert not school.emitted
    assert not school.traced


def test_traces_that_break_are_said_once_and_harm_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    school = School()
    school.breaks = [Broke("too_much"), ZeroDivisionError("192.0.2.1"), Broke("no_sense")]
    with caplog.at_level(logging.INFO):
        school.hours(1.5)
    assert len(school.emitted) == len(school.traced) - 3 > 0
    (record,) = caplog.records
    assert record.getMessage().startswith("trace broke target=district error=too_much at=")


def test_a_target_that_is_gone_is_said_and_the_others_are_traced(caplog: pytest.LogCaptureFixture) -> None:
    school = School("service:gone", "district").hours(1)
    assert {target for target, _ in school.traced} == {"district"}
    assert [record.getMessage().split(" at=")[0] for record in caplog.records] == [
        "trace broke target=service:gone error=unknown_target"
    ]
