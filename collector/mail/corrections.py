"""What earlier pages said that has turned out otherwise since, by reports that came late: each told once."""

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Protocol

from collector.brief.brief import Correction
from collector.district.district import District
from collector.registry.mailed_verdicts import Said
from collector.verdict.topology import RoomKey
from collector.verdict.weeks import RoomWeek, Verdict


class KeptVerdicts(Protocol):
    """What mailed pages said."""

    def newest_week(self, scope: str | None) -> date | None:
        """The newest week whose page may have been read."""
        ...

    def corrected_in(self, week: date, scope: str | None) -> list[Said]:
        """The corrections that the page of `week` told."""
        ...

    def between(self, first: date, before: date, scope: str | None) -> list[Said]:
        """What readers believe of the weeks from `first` to before `before`."""
        ...


class WeeksBetween(Protocol):
    """What was judged; a store has it."""

    def room_weeks_between(self, first: date, last: date) -> Mapping[RoomKey, Sequence[RoomWeek]]:
        """Per room, its weeks whose Mondays lie from `first` to `last`, both included, ascending."""
        ...


def corrections_for(
    week: date,
    scope: str | None,
    *,
    kept: KeptVerdicts,
    weeks: WeeksBetween,
    district: District,
    keep_reports_days: int,
) -> tuple[Correction, ...]:
    """The corrections of the page of `week` about the site `scope`, ``None`` the district, by week and room.

    Once the page has been mailed these are the ones that it told, and no others, so that whoever gets it later reads
    the same. Before, they are all that differ now from what readers believe, as far back as reports may come late. A
    page that was left out, because a later one was mailed, tells none. Raises what `kept` and `weeks` raise.
    """
    newest = kept.newest_week(scope)
    if newest is not None and newest >= week:
        told = kept.corrected_in(week, scope)
        return tuple(_correction(one, district, mailed=one.before or one.verdict, now=one.verdict) for one in told)
    believed = kept.between(week - _reach(keep_reports_days), week, scope)
    if not believed:
        return ()
    judged = weeks.room_weeks_between(believed[0].week, believed[-1].week)
    now = {(room, one.week): one.verdict for room, found in judged.items() for one in found}
    return tuple(
        _correction(one, district, mailed=one.verdict, now=verdict)
        for one in believed
        if (verdict := now.get((one.room, one.week))) is not None and verdict != one.verdict
    )


def _reach(keep_reports_days: int) -> timedelta:
    """A week that a report of then touches, and one for the week after, which stands on it."""
    return timedelta(weeks=math.ceil(keep_reports_days / 7) + 2)


def _correction(said: Said, district: District, *, mailed: Verdict, now: Verdict) -> Correction:
    site, room = said.room
    return Correction(
        week=said.week,
        site=site,
        room=room,
        site_name=next((one.name for one in district.sites if one.site == site), site),
        room_name=next((one.name for one in district.rooms if (one.site, one.room) == said.room), room),
        mailed=mailed,
        now=now,
    )
