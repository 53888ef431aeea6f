"""Who should be heard and is not. A room's PC that sleeps is nobody's trouble; a whole site that falls silent is.

A site is silent when nothing of it has arrived for half an hour of lessons, and somebody must have been awake: its
wired reference, which never sleeps, or three rooms that all vanished within ten minutes, today. Without either, PCs
that sleep and a line that is cut look the same, and nobody is told.

A room is silent when its machine is awake and measures too little to say anything, for two hours of lessons; or when
nothing at all was heard of it for a week of lessons, and its machine did not say that it was taken home.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from collector.alerts.finding import Finding
from collector.alerts.lesson_bins import THIN
from collector.alerts.look import Look, SiteLook
from collector.district.calendar import Calendar
from collector.district.district import District
from collector.now import RoomNow

SITE_SECONDS = 1200.0
SETTLES_SECONDS = 600.0
"""A site is silent after the one, and told of after the other besides: by then others are silent, too, if it is the
district."""

VANISHED_TOGETHER = timedelta(minutes=10)
FEWEST_ROOMS = 3
AWAKE_SECONDS = 7200.0


def silent_site(site: SiteLook, listening_since: datetime) -> Finding | None:
    """The site's silence, if it is silent."""
    bins = site.bins
    many, settled = site.count(SITE_SECONDS), site.count(SITE_SECONDS + SETTLES_SECONDS)
    today = bins.starts[bins.today :]
    if len(today) < many or not site.heard_at or today[-many] < listening_since:
        return None
    heard = max(site.heard_at.values())
    if heard >= today[-many]:
        return None
    vanished = [room for room, at in site.heard_at.items() if heard - at <= VANISHED_TOGETHER]
    if not (site.references & set(vanished)) and (heard < today[0] or len(vanished) < FEWEST_ROOMS):
        return None
    return Finding(
        about=f"site:{site.site}",
        rule="silence",
        severity="critical",
        sites=(site.site,),
        rooms=tuple(sorted((site.site, room) for room in vanished)),
        asked=len(site.now.rooms),
        began_at=heard,
        settled=len(today) >= settled and heard < today[-settled] and today[-settled] >= listening_since,
    )


def silent_rooms(look: Look, district: District, *, after_hours: float) -> Iterator[Finding]:
    """For each site that is heard of its rooms that are silent, as one; a week of lessons is `after_hours`."""
    for site in look.in_session:
        rooms = []
        since = []
        for one in site.now.rooms:
            if (one.site, one.room) in look.away or (one.site, one.room) not in look.with_agents:
                continue
            began = _awake_in_vain(site, one) or _gone(
                one, district.calendar_of(site.site), look.at, after_hours=after_hours
            )
            if began is not None:
                rooms.append((one.site, one.room))
                since.append(began)
        if rooms:
            yield Finding(
                about=f"silent:{site.site}",
                rule="silence",
                severity="minor",
                sites=(site.site,),
                rooms=tuple(rooms),
                asked=len(site.now.rooms),
                began_at=min(since),
            )


def _awake_in_vain(site: SiteLook, room: RoomNow) -> datetime | None:
    """Since when a machine was awake and could say nothing of the network, by two hours' worth of lesson bins."""
    bins = site.bins
    many = bins.count(AWAKE_SECONDS)
    if not room.bins or len(bins.starts) < many or room.bins[-1].started_at < bins.starts[-2]:
        return None
    marks = bins.marks(room.bins)[-many:]
    if 2 * marks.count(THIN) < many or marks.strip(f"{THIN}."):
        return None
    return bins.starts[len(bins.starts) - many + marks.index(THIN)]


def _gone(room: RoomNow, calendar: Calendar, at: datetime, *, after_hours: float) -> datetime | None:
    """Since when nothing was heard of a room, if that is so much lesson time."""
    heard = room.newest_report_at
    if heard is None or not after_hours or at - heard < timedelta(hours=after_hours):
        return None
    left = timedelta(hours=after_hours)
    for lesson in calendar.lessons_between(heard, at):
        left -= min(lesson.ended_at, at) - max(lesson.started_at, heard)
        if left <= timedelta(0):
            return heard
    return None
