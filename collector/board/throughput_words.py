"""What a throughput test found, in words.

A test that held what it was asked for says "at least that much": it never tries to find out how fast the line can go.
"""

from collector.board import phrases
from collector.verdict.evidence import arrived, rate
from collector.verdict.profiles import Profiles
from collector.verdict.room_state import State
from collector.verdict.throughput import ThroughputTest
from wire.reports import EndedBy

ENDED_WORDS: dict[EndedBy, str] = {
    "decided": "decided early",
    "time": "ran its time",
    "rtt": "stopped, because latency rose",
    "bytes": "stopped at its byte limit",
    "lease": "stopped, because its permission ended",
    "peer": "broken off by the other side",
}
"""A word that is not here is shown as it came."""


def outcome(test: ThroughputTest, profiles: Profiles) -> State:
    """``ok`` when every profile has its rate, ``bad`` when one has not, ``unknown`` when the test could not tell."""
    found = [test.enough_for(profile) for profile in profiles.in_force()]
    if False in found:
        return "bad"
    return "ok" if all(found) else "unknown"


def value(test: ThroughputTest) -> str:
    """``0.46 Mbit/s``, ``≥ 1 Mbit/s``, ``could not tell``."""
    if test.failure is not None:
        return phrases.FAILURE_WORDS.get(test.failure, test.failure.replace("_", " "))
    if test.received_bps is not None and test.at_ceiling:
        return f"≥\N{NO-BREAK SPACE}{arrived(test.received_bps)}"
    if test.received_bps is None or test.sustained is None:
        return "could not tell"
    if test.sustained and test.offered_bps is not None:
        return f"≥\N{NO-BREAK SPACE}{rate(test.required_bps)}"
    return arrived(test.received_bps)
