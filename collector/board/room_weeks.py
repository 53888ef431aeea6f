"""The weeks of one room as its page shows them: the newest in full, those before it in a line each."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from collector.board.addresses import week_path
from collector.board.week_days import WeekDay, week_days
from collector.board.week_list import Bar, bar
from collector.district.calendar import Calendar
from collector.iso_week import week_span, week_text
from collector.verdict.flips import Flip
from collector.verdict.profiles import Profiles
from collector.verdict.week_facts import Fact, facts
from collector.verdict.week_sentence import week_sentence
from collector.verdict.weeks import RoomWeek


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekView:
    """One week of a room. `facts` and `days` are those of the newest alone."""

    judged: RoomWeek
    week: str
    span: str
    path: str
    sentence: str
    bar: Bar | None
    facts: tuple[Fact, ...]
    days: tuple[WeekDay, ...]


def room_weeks(
    weeks: Sequence[RoomWeek],
    name: str,
    *,
    calendar: Calendar | None,
    profiles: Profiles,
    time_zone: ZoneInfo,
    flips: Sequence[Flip] = (),
) -> tuple[WeekView, ...]:
    """The weeks, newest first; `weeks` ascend. `name` is what the room is called, `calendar` its site's; `flips`
    are what would change the newest."""
    calendar = calendar or Calendar(time_zone=time_zone, lessons_by_weekday={})
    newest = weeks[-1] if weeks else None
    return tuple(
        WeekView(
            judged=one,
            week=week_text(one.week),
            span=week_span(one.week),
            path=week_path(one.week),
            sentence=week_sentence(name, one),
            bar=bar(one),
            facts=facts(one, profiles, time_zone=time_zone, flips=flips) if one is newest else (),
            days=week_days(one, calendar) if one is newest else (),
        )
        for one in reversed(weeks)
    )
