"""The limits that panels draw: those that the verdict judges by, from the profiles that are shipped."""

from collector.verdict.bins import DEGRADED_BELOW
from collector.verdict.profiles import default_profiles

LESSONS = default_profiles().in_force()

PROFILES = {profile.name: profile.label for profile in LESSONS}
"""Labels by name."""

GOOD_FROM_QOO = DEGRADED_BELOW

OPTIMAL_MS = min(need.optimal_ms for profile in LESSONS for need in profile.rtt if need.percentile == 95)
UNACCEPTABLE_MS = min(need.unacceptable_ms for profile in LESSONS for need in profile.rtt if need.percentile == 95)
"""Round trips, 95th percentile: the most demanding profile decides, as it does for a room."""

OPTIMAL_LOSS = min(profile.loss.optimal for profile in LESSONS)
UNACCEPTABLE_LOSS = min(profile.loss.unacceptable for profile in LESSONS)
"""Shares, 0..1."""

DOWN_BPS = max(profile.down.bps for profile in LESSONS)
UP_BPS = max(profile.up.bps for profile in LESSONS)
"""Bits per second for one device."""
