"""Times, ages, shares and code words as a reader sees them. Local times are the district's."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from collector.district.calendar import Lesson
from collector.now import LessonCell
from collector.verdict.cause_words import milliseconds, where
from collector.verdict.causes import Cause, Located
from collector.verdict.evidence import short_of
from collector.verdict.room_state import State
from wire.reports import LatencyMethod

NOT_MEASURED = "\N{EN DASH}"

STATE_WORDS: dict[State, str] = {
    "bad": "bad",
    "degraded": "degraded",
    "ok": "ok",
    "unknown": "unknown",
    "no_lesson": "no lesson",
}
METHOD_WORDS: dict[LatencyMethod, str] = {
    "stamp": "STAMP over UDP",
    "icmp": "ICMP echo",
    "tcp_connect": "TCP connect",
    "arp": "ARP",
    "dns": "DNS question",
}
FAILURE_WORDS = {
    "no_answer": "no answer",
    "unreachable": "unreachable",
    "name_not_resolved": "its name has no address",
    "no_gateway": "the machine has no default route",
    "refused_to_send": "the system refused to send",
    "server_failed": "the resolver says that it cannot or will not",
    "probe_broke": "the probe broke",
}
"""A word that is not here is shown as it came."""


def clock(instant: datetime, time_zone: ZoneInfo) -> str:
    """``10:31``."""
    return f"{instant.astimezone(time_zone):%H:%M}"


def clock_seconds(instant: datetime, time_zone: ZoneInfo) -> str:
    """``10:31:07``."""
    return f"{instant.astimezone(time_zone):%H:%M:%S}"


def day_name(day: datetime | Lesson, time_zone: ZoneInfo) -> str:
    """``Tue 10 Mar``."""
    date = day.day if isinstance(day, Lesson) else day.astimezone(time_zone).date()
    return f"{date:%a} {date.day} {date:%b}"


def long_day(lesson: Lesson) -> str:
    """``Tuesday 10 March``."""
    return f"{lesson.day:%A} {lesson.day.day} {lesson.day:%B}"


def since(instant: datetime, now: datetime, time_zone: ZoneInfo) -> str:
    """``10:21:04``, with the day when that is not today."""
    at = clock_seconds(instant, time_zone)
    today = instant.astimezone(time_zone).date() == now.astimezone(time_zone).date()
    return at if today else f"{day_name(instant, time_zone)}, {at}"


def age(seconds: float | None) -> str:
    """``4 s``, ``3 min``, ``2 h``, ``5 days``; ``never`` when there is no data."""
    if seconds is None:
        return "never"
    if seconds < 120:
        return f"{seconds:.0f} s"
    span = timedelta(seconds=seconds)
    if span < timedelta(hours=2):
        return f"{span // timedelta(minutes=1)} min"
    if span < timedelta(days=2):
        return f"{span // timedelta(hours=1)} h"
    return f"{span.days} days"


def length(seconds: int) -> str:
    """A bin's length: ``5 minutes``, ``10 seconds``."""
    return counted(seconds, "second") if seconds % 60 else counted(seconds // 60, "minute")


def share(value: float | None, digits: int = 0) -> str:
    """A share 0..1 as percent. Never rounds up to 100 % nor down to 0 %."""
    if value is None:
        return NOT_MEASURED
    percent = value * 100
    step = 10.0**-digits
    if 0 < value < 1:
        percent = min(max(percent, step), 100 - step)
    return f"{percent:.{digits}f} %"


def loss(value: float | None) -> str:
    """Lost packets in percent, ``0`` when none was lost."""
    return "0" if value == 0 else share(value, 1)


def latency(ms: float | None) -> str:
    """A latency with its unit."""
    return NOT_MEASURED if ms is None else milliseconds(ms)


def volume(used_bytes: int) -> str:
    """How much a test cost: ``0.7 MB``. Decimal, as data plans are."""
    return f"{used_bytes / 1e6:.1f} MB" if used_bytes < 1e9 else f"{used_bytes / 1e9:.1f} GB"


def amount(count: int) -> str:
    """Bytes of a budget in two or three digits, decimal, as data plans are: ``1.2 MB``, ``240 MB``, ``2 GB``."""
    value, unit = next(
        ((count / size, unit) for unit, size in (("TB", 1e12), ("GB", 1e9)) if count >= 0.9995 * size),
        (count / 1e6, "MB"),
    )
    return f"{value:.0f} {unit}" if value >= 9.95 else f"{value:.1f} {unit}".replace(".0 ", " ")


def lesson_result(cell: LessonCell, now: datetime) -> str:
    """``bad, 25 of 45 min``: how a lesson went, and how much of what was measured says so."""
    so_far = " so far" if cell.lesson.contains(now) else ""
    if cell.closed_seconds == 0:
        return "unknown, nothing judged yet"
    if cell.quality == "unknown":
        return f"unknown, {minutes(cell.valid_seconds)} of {minutes(cell.closed_seconds)} min measured{so_far}"
    missing = cell.closed_seconds - cell.valid_seconds
    unmeasured = f", {minutes(missing)} min not measured" if missing > 0 else ""
    measured = f"{minutes(cell.valid_seconds)} min"
    if cell.quality != "good":
        measured = f"{minutes(troubled_seconds(cell))} of {measured}"
    if cell.short is not None and cell.quality == "bad":
        measured = f"{measured}, {short_of(cell.short)}" if cell.bad_seconds else short_of(cell.short)
    return f"{cell.quality}, {measured}{so_far}{unmeasured}"


def troubled_seconds(cell: LessonCell) -> int:
    """How much of a lesson had trouble of its kind: a degraded one's bad time is counted too."""
    return cell.bad_seconds + (cell.degraded_seconds if cell.quality == "degraded" else 0)


def minutes(seconds: float) -> str:
    """Seconds as minutes: ``25``, ``0.8``."""
    return f"{seconds / 60:.1f}".removesuffix(".0")


def bins(count: int) -> str:
    """``1 bin``, ``9 bins``."""
    return counted(count, "bin")


def unbroken(text: str) -> str:
    """`text` with each number held together with its unit at the end of a line."""
    units = r"(?<=\d) (?=(?:%|ms|s|min|h|Mbit/s|MB|GB|TB)(?!\w))"
    return re.sub(rf"{units}|(?<=\d h) (?=\d+ min)", "\N{NO-BREAK SPACE}", text)


def sentence(line: str) -> str:
    """A line of the log as a sentence of a page."""
    return f"{upper_first(line)}."


def upper_first(line: str) -> str:
    """`line`, beginning large."""
    return f"{line[:1].upper()}{line[1:]}"


def cause_sentence(cause: Cause, located: Located | None) -> str:
    """``Cause: its Wi-Fi.``"""
    return "Cause not determined yet." if cause == "undetermined" else f"Cause: {where(cause, located)}."


def counted(count: int, noun: str) -> str:
    """``1 room``, ``3 rooms``, ``5,000 rooms``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
