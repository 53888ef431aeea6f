"""Where in its interval an agent tests."""

from hypothesis import given
from hypothesis import strategies as st

from agent.clock import NS_PER_S
from agent.throughput import MARGIN, moment_ns, next_moment_ns
from tests.agent.fakes import AGENT

HALF_HOUR_NS = 1_800 * NS_PER_S

agents = st.integers(0, 2**64 - 1).map(lambda number: f"{number:016x}")
intervals_ns = st.integers(10_000, 86_400_000).map(lambda ms: ms * 1_000_000)


@given(agents, intervals_ns, st.integers(0, 10**9))
def test_a_moment_is_the_same_after_a_restart_and_never_near_the_full_hour(
    agent: str, interval_ns: int, number: int
) -> None:
    moment = moment_ns(agent, interval_ns, number)

    assert moment == moment_ns(agent, interval_ns, number)
    assert interval_ns / MARGIN - 1 <= moment <= interval_ns - interval_ns / MARGIN + 1


def test_moments_differ_between_agents_and_between_intervals() -> None:
    of_agents = {moment_ns(f"{number:016x}", HALF_HOUR_NS, 7) for number in range(200)}
    of_intervals = {moment_ns(AGENT, HALF_HOUR_NS, number) for number in range(200)}

    assert len(of_agents) > 195
    assert len(of_intervals) > 195
    for found in (of_agents, of_intervals):
        quarters = [sum(quarter <= 4 * one / HALF_HOUR_NS < quarter + 1 for one in found) for quarter in range(4)]
        assert all(30 < count < 75 for count in quarters)


@given(agents, intervals_ns, st.integers(0, 4 * 10**18))
def test_the_next_moment_is_the_first_after_now_and_less_than_two_intervals_away(
    agent: str, interval_ns: int, now_ns: int
) -> None:
    found = next_moment_ns(agent, interval_ns, now_ns)

    assert 0 < found - now_ns < 2 * interval_ns
    assert next_moment_ns(agent, interval_ns, found - 1) == found
    after = next_moment_ns(agent, interval_ns, found)
    assert after // interval_ns == found // interval_ns + 1
    assert after - found < 2 * interval_ns
