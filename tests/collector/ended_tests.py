"""Throughput tests that ended some minutes after ten, with what each of them found."""

from datetime import UTC, datetime, timedelta
from typing import Any

from collector.verdict.profiles import default_profiles
from collector.verdict.throughput import ThroughputTest

TEN = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PROFILES = default_profiles().in_force()
VIDEO = default_profiles().by_name["video_lesson"]
DOCS = default_profiles().by_name["cloud_docs_lms"]


def ended(minute: float = 0, **other: Any) -> ThroughputTest:
    """A test that ended so many minutes after ten and found enough."""
    values: dict[str, Any] = {
        "agent": "a" * 16,
        "direction": "down",
        "ended_at": TEN + minute * MINUTE,
        "duration_ms": 4700,
        "required_bps": 1_000_000,
        "offered_bps": 1_250_000,
        "received_bps": 1_240_000,
        "sustained": True,
        "used_bytes": 800_000,
        "ended_by": "decided",
        "idle_rtt_ms": 12.0,
        "working_p95_ms": 14.0,
        "failure": None,
    }
    return ThroughputTest(**(values | other))


def short(minute: float = 0, **other: Any) -> ThroughputTest:
    """One that found too little."""
    return ended(minute, **({"received_bps": 400_000, "sustained": False} | other))


def unsure(minute: float = 0, **other: Any) -> ThroughputTest:
    """One that could not tell."""
    return ended(minute, **({"received_bps": None, "sustained": None} | other))
