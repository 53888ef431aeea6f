import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest

from agent.clock import NS_PER_S
from agent.fold import Draft
from agent.sample import Probe, Sample
from agent.schedule import WAKING_NS, Job, Tally, measure, next_due_ns, spread_ns
from agent.working import WorkingTimes
from tests.agent.fakes import MovedClock
from wire.reports import LatencyReport

Moved = Callable[[float], Awaitable[None]]


class Run:
    """The loop on a clock that its own sleep moves, with events at moments of that clock."""

    def __init__(self, probe: Callable[[MovedClock], Probe]) -> None:
        self.moved = MovedClock(frozen=True, boot_ns=0)
        self.probe = probe(self.moved)
        self.tally = Tally()
        self.drafts: list[Draft] = []
        self.events: dict[int, Callable[[], None]] = {}

    def until(self, end_s: float) -> list[LatencyReport]:
        job = Job(
            alias="district",
            method="stamp",
            probe=self.probe,
            interval_ns=NS_PER_S,
            first_ns=NS_PER_S // 4,
            period_ns=60 * NS_PER_S,
            timeout_ms=500,
            deadline_s=5,
            intervals_ms={"stamp": 1000, "tcp_connect": 10_000},
        )

        reached = asyncio.Event()

        async def sleep(seconds: float) -> None:
            for _ in range(3):
                await asyncio.sleep(0)  # probes under way go on
            self.moved.boot_ns += int(seconds * NS_PER_S)
            for moment in [one for one in self.events if one <= self.moved.boot_ns]:
                self.events.pop(moment)()
            if self.moved.boot_ns >= end_s * NS_PER_S:
                reached.set()
                await asyncio.Event().wait()

        async def work() -> None:
            loop = asyncio.create_task(
                measure(
                    job,
                    clock=self.moved.clock(),
                    sleep=sleep,
                    emit=self.drafts.append,
                    tally=self.tally,
                    working=WorkingTimes(),
                )
            )
            await reached.wait()
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)

        asyncio.run(work())
        reports = [draft(seq=number) for number, draft in enumerate(self.drafts, start=1)]
        assert all(isinstance(report, LatencyReport) for report in reports)
        return [report for report in reports if isinstance(report, LatencyReport)]


def prompt(moved: MovedClock) -> Probe:
    async def probe() -> tuple[Sample, ...]:
        return (Sample(sent_ns=moved.boot_ns, method="stamp", rtt_ns=1000),)

    return probe


def test_a_full_period_holds_one_probe_an_interval_without_drift() -> None:
    run = Run(prompt)

    reports = run.until(600)

    assert [report.sent for report in reports][:9] == [60] * 9
    assert [report.boot_ms for report in reports][:9] == [250] + [minute * 60_000 for minute in range(1, 9)]
    assert run.tally.skipped_probes == 0


def test_a_stop_reports_the_open_period() -> None:
    (report,) = Run(prompt).until(30)

    assert report.sent in (29, 30)
    assert 29_000 <= report.duration_ms <= 30_500


def test_an_hour_of_sleep_is_skipped_and_no_report_spans_it() -> None:
    run = Run(prompt)

    def lid_closed() -> None:
        run.moved.boot_ns += 3600 * NS_PER_S

    run.events[int(90.5 * NS_PER_S)] = lid_closed

    reports = run.until(3840)

    before, after = reports[:2], reports[2:]
    assert (before[0].boot_ms, before[0].sent) == (250, 60)
    assert before[1].boot_ms + before[1].duration_ms <= 92_000
    assert all(report.boot_ms >= 3_690_000 for report in after)
    assert all(report.received == report.sent for report in reports)
    asleep_s = 3600 + WAKING_NS / NS_PER_S
    assert run.tally.skipped_probes == pytest.approx(asleep_s, abs=2)


def test_a_machine_that_wakes_is_given_time_to_find_its_network() -> None:
    run = Run(prompt)

    def lid_closed() -> None:
        run.moved.boot_ns += 3600 * NS_PER_S

    run.events[30 * NS_PER_S] = lid_closed

    reports = run.until(3720)

    assert reports[1].boot_ms >= 3_640_000
    assert 19 <= reports[1].sent <= 21  # up to the end of that minute


def test_a_busy_machine_skips_what_it_missed_and_goes_on() -> None:
    run = Run(prompt)

    def busy() -> None:
        run.moved.boot_ns += 3 * NS_PER_S

    run.events[10 * NS_PER_S] = busy

    reports = run.until(120)

    assert reports[0].duration_ms == 59_750
    assert reports[0].sent + run.tally.skipped_probes == 60
    assert run.tally.skipped_probes in (2, 3)


def test_a_probe_that_breaks_is_counted_logged_once_and_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(_moved: MovedClock) -> Probe:
        async def probe() -> tuple[Sample, ...]:
            raise ZeroDivisionError("192.0.2.1")

        return probe

    with caplog.at_level(logging.INFO):
        reports = Run(broken).until(130)

    assert [(report.sent, report.failure) for report in reports[:2]] == [(0, "probe_broke")] * 2
    assert len(caplog.records) == 1
    assert "error=ZeroDivisionError at=test_schedule.py:" in caplog.text
    assert "192.0.2.1" not in caplog.text


def test_first_probes_are_spread_over_the_interval_and_the_same_after_a_restart() -> None:
    offsets = [spread_ns(f"{number:016x}", "district", NS_PER_S) for number in range(1000)]

    assert offsets == [spread_ns(f"{number:016x}", "district", NS_PER_S) for number in range(1000)]
    in_tenths = [sum(tenth <= 10 * offset / NS_PER_S < tenth + 1 for offset in offsets) for tenth in range(10)]
    assert all(60 < count < 140 for count in in_tenths)


def test_the_next_due_moment_lies_on_the_shifted_grid() -> None:
    assert next_due_ns(100, 10, 3) == 103
    assert next_due_ns(103, 10, 3) == 103
    assert next_due_ns(104, 10, 3) == 113
