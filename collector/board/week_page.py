"""The pages of a judged week: values in, HTML out."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from collector.board.addresses import brief_path, week_path
from collector.board.answer import freshness
from collector.board.environment import render
from collector.board.week_list import (
    MOST_ROOMS,
    changes,
    headline,
    site_choices,
    verdict_counts,
    week_rows,
)
from collector.iso_week import week_span, week_text
from collector.judged_weeks import worst_first
from collector.now import DistrictNow
from collector.verdict.profiles import Profiles
from collector.verdict.topology import RoomKey
from collector.verdict.weeks import RoomWeek


def week_page(
    district: DistrictNow,
    monday: date,
    weeks: Mapping[RoomKey, RoomWeek],
    *,
    newest: date,
    now: datetime,
    profiles: Profiles,
    site: str | None = None,
) -> str:
    """The page of one week: which rooms were restricted and why, all of them or those of `site`. `weeks` are the
    verdicts of all rooms, at least one, `newest` the newest week that was judged. `now` is aware."""
    everyone = worst_first(weeks.values(), district)
    named = [one for one in everyone if site in (None, one.week.site)]
    judged = [one.week for one in named]
    listed = named if site is not None or len(named) <= MOST_ROOMS + 1 else named[:MOST_ROOMS]
    choices = site_choices(everyone, district)
    return render(
        "week.html",
        district=district,
        now=now,
        fresh=freshness(district.rooms(), district, now),
        monday=monday,
        week=week_text(monday),
        span=week_span(monday),
        site=next((one for one in choices if one.site == site), None),
        sites=choices if len(choices) > 1 else (),
        headline=headline(judged),
        counts=verdict_counts(judged),
        changes=changes(named),
        first=not any(one.previous for one in judged),
        rows=week_rows(listed),
        rest=verdict_counts([one.week for one in named[len(listed) :]]) if len(named) > len(listed) else (),
        earlier=week_path(monday - timedelta(weeks=1), site),
        later=week_path(monday + timedelta(weeks=1), site) if monday < newest else None,
        brief={ending: brief_path(monday, ending, site) for ending in ("html", "pdf", "zip")},
        simulated=sum(one.simulated for one in named),
        named=len(named),
        not_judged=sum((one.site, one.room) not in weeks for one in district.rooms() if site in (None, one.site)),
        titles=_titles(judged, profiles),
        digests=sorted({one.profiles_digest for one in judged if one.profiles_digest}),
        rule_version=judged[0].rule_version if judged else None,
    )


def no_week_page(district: DistrictNow, says: str, *, newest: date | None, now: datetime) -> str:
    """The page for a week that is none, is to come or of which nothing was judged, whichever `says` in a sentence; it
    leads to the newest that there is."""
    return render(
        "no_week.html",
        district=district,
        now=now,
        fresh=freshness(district.rooms(), district, now),
        says=says,
        newest=None if newest is None else week_text(newest),
        newest_path=None if newest is None else week_path(newest),
    )


def _titles(judged: Sequence[RoomWeek], profiles: Profiles) -> list[str]:
    names = {one.profile for one in judged if one.profile}
    return sorted(profiles.by_name[name].title if name in profiles.by_name else name for name in names)
