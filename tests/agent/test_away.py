from hypothesis import given
from hypothesis import strategies as st

from agent.away import AwayTimes
from agent.clock import NS_PER_MS, NS_PER_S
from wire.reports import AwayReport

MINUTE, LOOK, ASLEEP = 60 * NS_PER_S, 2 * NS_PER_S, 9 * NS_PER_S


def told(moments: list[tuple[int, bool]]) -> list[tuple[int, int]]:
    """(start, duration) in milliseconds of the reports for looks at these times in seconds."""
    times = AwayTimes()
    found = []
    for at_s, away in moments:
        for draft in times.note(away, at_s * NS_PER_S, period_ns=MINUTE, asleep_ns=ASLEEP):
            report = draft(seq=1)
            assert isinstance(report, AwayReport)
            found.append((report.boot_ms, report.duration_ms))
    return found


def looks(start_s: int, end_s: int, away: bool) -> list[tuple[int, bool]]:
    return [(at_s, away) for at_s in range(start_s, end_s, 2)]


def test_a_machine_at_its_site_says_nothing() -> None:
    assert told(looks(0, 600, False)) == []


def test_each_period_away_is_a_report_on_the_grid_of_the_others() -> None:
    assert told(looks(30, 182, True)) == [(30_000, 30_000), (60_000, 60_000), (120_000, 60_000)]


def test_coming_back_ends_the_open_period() -> None:
    assert told([*looks(60, 80, True), (80, False), *looks(82, 300, False)]) == [(60_000, 20_000)]


def test_a_sleep_is_in_no_report() -> None:
    assert told([*looks(0, 10, True), (3600, True), *looks(3602, 3662, True)]) == [(0, 8000), (3_600_000, 60_000)]


@given(st.lists(st.tuples(st.integers(1, 200), st.booleans()), min_size=1, max_size=50))
def test_reports_never_overlap_and_never_leave_the_time_that_was_watched(steps: list[tuple[int, bool]]) -> None:
    moments, at_s = [], 0
    for step_s, away in steps:
        at_s += step_s
        moments.append((at_s, away))
    reports = told(moments)

    end_ms = moments[0][0] * 1000
    for start_ms, duration_ms in reports:
        assert start_ms >= end_ms
        assert 0 < duration_ms <= MINUTE // NS_PER_MS
        end_ms = start_ms + duration_ms
    assert end_ms <= at_s * 1000
