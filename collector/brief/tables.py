"""Every number of a page as CSV: a file for each table, because a spreadsheet opens one table at a time.

As `collector.csv_file` writes them. Shares are 0..1, times are UTC, what is not known is empty.
"""

import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence

from collector.brief.brief import Brief
from collector.csv_file import Cell, csv_lines
from collector.iso_week import week_text
from collector.judged_weeks import NamedWeek
from collector.verdict.uplinks.load import UplinkWeek
from collector.verdict.uplinks.outlook import Forecast, NoForecast, Outlook
from collector.verdict.week_sentence import VERDICT_WORDS, week_sentence
from wire.report_words import Direction

_DIRECTIONS: tuple[Direction, ...] = ("down", "up")

ROOM_COLUMNS = (
    "week", "site", "site_name", "room", "room_name", "simulated", "verdict", "previous_verdict", "restricted_since",
    "bad_share", "bad_share_at_least", "bad_share_at_most", "bad_minutes", "measured_minutes", "lesson_minutes",
    "bad_days", "measured_days", "lessons", "lessons_hit", "near_threshold", "if_stricter", "if_laxer", "cause",
    "confidence", "budget_line", "worst", "profile", "tests_down_passed", "tests_down", "tests_up_passed", "tests_up",
    "independent_bins", "rule_version", "limits", "sentence",
)  # fmt: skip
UPLINK_COLUMNS = (
    "uplink", "name", "week", "counted_by", "lesson_days", "counted_days", "counted_share", "capacity_mbps",
    "busy_down_mbps", "busy_down_share", "busy_down_hour", "peak_down_mbps", "peak_down_at", "busy_up_mbps",
    "busy_up_share", "busy_up_hour", "peak_up_mbps", "peak_up_at",
)  # fmt: skip
OUTLOOK_COLUMNS = (
    "uplink", "name", "level", "direction", "newest_week", "capacity_mbps", "busy_mbps", "busy_share", "headroom_mbps",
    "forecast_week", "forecast", "forecast_low", "forecast_high", "growth_a_week", "reaches_80_from",
    "reaches_80_until", "no_forecast_because", "known_weeks", "needed_weeks", "scenario_growth_a_year",
    "scenario_80_at",
)  # fmt: skip
STANDING_COLUMNS = (
    "name", "users", "capacity_mbps", "mbps_per_user", "target_mbps_per_user", "target_mbps", "meets", "source", "note",
)  # fmt: skip
PAGE_COLUMNS = ("what", "value", "text")
GUIDANCE = "planning guidance, not a verdict"


def csv_files(brief: Brief) -> dict[str, bytes]:
    """The files by their names: the page, its rooms (all of them), the weeks of its uplinks and what they tell, and the
    capacity beside guidance."""
    return {
        "page.csv": _csv(PAGE_COLUMNS, _page(brief)),
        "rooms.csv": _csv(ROOM_COLUMNS, (_room(one, brief) for one in brief.judged)),
        "uplink-weeks.csv": _csv(
            UPLINK_COLUMNS, (_uplink_week(one.name, week) for one in brief.uplinks for week in one.outlook.weeks)
        ),
        "uplinks.csv": _csv(OUTLOOK_COLUMNS, (row for one in brief.uplinks for row in _outlook(one.name, one.outlook))),
        "capacity.csv": _csv(STANDING_COLUMNS, _standings(brief)),
    }


def csv_zip(brief: Brief) -> bytes:
    """These files in one ZIP; of the same page the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as files:
        for name, content in csv_files(brief).items():
            moment = brief.made_at.timetuple()[:6]
            files.writestr(zipfile.ZipInfo(name, date_time=moment), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    return b"".join(csv_lines(columns, rows))


def _page(brief: Brief) -> Iterator[Sequence[Cell]]:
    yield "district", None, brief.district_name
    yield "site", None, brief.site_name
    yield "week", None, week_text(brief.week)
    yield "first_day", None, brief.week.isoformat()
    yield "made_at", None, brief.made_at.isoformat(timespec="seconds")
    yield "simulated", None, "yes" if brief.simulated else "no"
    yield "headline", None, brief.headline
    yield "lead", None, brief.lead
    yield "rooms", len(brief.judged), None
    for verdict, word in VERDICT_WORDS.items():
        yield f"rooms_{verdict}", brief.counts.get(verdict, 0), word
    yield "bad_minutes_in_restricted_rooms", brief.bad_minutes, None
    yield "measured_minutes_in_all_rooms", brief.measured_minutes, None
    for number, doing in enumerate((*brief.to_do, *brief.later), 1):
        yield f"to_do_{number}", doing.bad_minutes, f"{doing.title}. {doing.why}"
    for change in brief.changes:
        before, place = change.before or "new", f"{change.room_name}, {change.site_name}"
        yield "changed", None, f"{place}: {before} to {change.after}"
    for one in brief.corrections:
        place = f"{one.room_name}, {one.site_name}"
        yield "corrected", None, f"{week_text(one.week)}, {place}: {one.mailed} to {one.now}"
    for text in brief.unknowns:
        yield "not_known", None, text
    for text in brief.method:
        yield "method", None, text


def _room(one: NamedWeek, brief: Brief) -> Sequence[Cell]:
    week = one.week
    tests = [week.tests.get(direction) for direction in _DIRECTIONS]
    hours = [(one.passed, one.told) if one else (None, None) for one in tests]
    minutes = week.bin_seconds / 60
    return (
        week_text(week.week), week.site, one.site_name, week.room, one.room_name, one.simulated, week.verdict,
        week.previous, brief.since.get((week.site, week.room)), week.bad_share, week.lower, week.upper,
        week.bad_minutes, week.valid_bins * minutes, week.in_session_bins * minutes, week.bad_days, week.measured_days,
        week.lessons, len(week.hit_lessons), week.near_threshold, week.if_stricter, week.if_laxer, week.cause,
        week.confidence, week.budget_line, week.worst, week.profile, *hours[0], *hours[1],
        week.effective_bins, week.rule_version, week.profiles_digest,
        week_sentence(one.room_name, week),
    )  # fmt: skip


def _uplink_week(name: str, week: UplinkWeek) -> Sequence[Cell]:
    row: list[Cell] = [
        week.uplink, name, week_text(week.week), week.method, week.lesson_days, week.counted_days, week.counted_share,
        week.capacity_mbps,
    ]  # fmt: skip
    for direction in _DIRECTIONS:
        load = week.loads.get(direction)
        row += (
            [load.busy_bps / 1e6, week.busy_share(direction), load.busy_hour, load.peak_bps / 1e6, load.peak_at]
            if load
            else [None] * 5
        )
    return row


def _outlook(name: str, one: Outlook) -> Iterator[Sequence[Cell]]:
    """One row, or one for each scenario."""
    newest = one.newest
    load = newest.loads.get(one.direction) if newest else None
    ahead: list[Cell]
    match one.forecast:
        case Forecast() as told:
            ahead = [told.at_week, told.expected, told.low, told.high, told.slope]
            ahead += [told.crosses_from, told.crosses_until, None, None, None]
        case NoForecast() as refused:
            ahead = [*[None] * 7, refused.reason, refused.known_weeks, refused.needed_weeks]
    now: list[Cell] = [
        one.uplink, name, one.level, one.direction, week_text(newest.week) if newest else None,
        newest.capacity_mbps if newest else None, load.busy_bps / 1e6 if load else None,
        newest.busy_share(one.direction) if newest else None,
        None if one.headroom_bps is None else one.headroom_bps / 1e6,
    ]  # fmt: skip
    for scenario in one.scenarios or (None,):
        growth: list[Cell] = [scenario.growth_a_year, scenario.reaches_at] if scenario else [None, None]
        yield [*now, *ahead, *growth]


def _standings(brief: Brief) -> Iterator[Sequence[Cell]]:
    for one in brief.standings:
        yield (
            one.name, one.users, one.capacity_mbps, one.mbps_per_user, one.target_mbps_per_user, one.target_mbps,
            one.meets, one.source, GUIDANCE,
        )  # fmt: skip
