"""What a teacher's check of a room found, in words for its page."""

from datetime import datetime
from zoneinfo import ZoneInfo

from collector.board import phrases
from collector.verdict.cause_words import milliseconds
from collector.verdict.evidence import arrived, rate
from collector.verdict.profiles import Profiles
from collector.verdict.room_check import RoomCheck, Why, Word
from collector.verdict.throughput import need_bps

_FOUND: dict[Word, str] = {
    "can": "could carry a {activity}",
    "stutters": "could carry a {activity}, but it may have stuttered",
    "cannot": "could not carry a {activity}",
    "unknown": "could not tell",
}
_WHY: dict[Why, str] = {
    "busy": "others were using the line",
    "near": "too near to the need",
    "far": "round trips were too long to measure the rate",
    "held_back": "something on the way, such as a filter, holds data back",
    "late": "the device or the collector was too busy",
    "broken": "the connection broke off",
    "not_measured": "too few answers came back",
}
ACTIVITIES = {"video_lesson": "video lesson", "cloud_docs_lms": "lesson with cloud documents"}
"""A profile that is not here goes by its label."""


def check_found(check: RoomCheck, profiles: Profiles, now: datetime, zone: ZoneInfo) -> str:
    """``A teacher's check at 10:12: could not carry a video lesson; 0.38 Mbit/s arrived down, needs 1 Mbit/s.``"""
    today = check.at.astimezone(zone).date() == now.astimezone(zone).date()
    when = "" if today else f" on {phrases.day_name(check.at, zone)}"
    profile = profiles.by_name.get(check.profile)
    activity = ACTIVITIES.get(check.profile) or (profile.label if profile else check.profile)
    said = _FOUND[check.answer].format(activity=activity)
    at = f"A teacher\N{RIGHT SINGLE QUOTATION MARK}s check{when} at {phrases.clock(check.at, zone)}"
    told = " Whoever checked asked for help." if check.told else ""
    return f"{at}: {said}{_reason(check, profiles)}.{told}"


def _reason(check: RoomCheck, profiles: Profiles) -> str:
    profile = profiles.by_name.get(check.profile)
    if check.why in ("down", "up") and profile is not None:
        found = check.down if check.why == "down" else check.up
        need = need_bps(profile, check.why)
        return f"; {arrived(found.received_bps or 0)} arrived {check.why}, needs {rate(need)}"
    if check.why == "latency" and check.rtt_p95_ms is not None:
        return f"; 1 in 20 answers took {milliseconds(check.rtt_p95_ms)} or more"
    return "" if check.why is None or check.why not in _WHY else f": {_WHY[check.why]}"
