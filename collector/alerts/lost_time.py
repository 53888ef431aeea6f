"""How much of lessons an incident cost, counted while it lasts: by day, because a room's bins are at hand for a day or
two only."""

from dataclasses import replace
from datetime import timedelta

from collector.alerts.incident import Incident
from collector.alerts.look import Look
from collector.verdict.marks import speaks


def lost_time(one: Incident, look: Look) -> Incident:
    """`one` with the bad lesson time of its rooms since it began, together and by local day, in seconds."""
    zone = look.now.time_zone
    days: dict[str, int] = {}
    seen_at = one.seen_at
    for key in one.rooms:
        site = look.sites.get(key[0])
        room = site.rooms.get(key[1]) if site else None
        for bin_ in room.now.bins if room else ():
            if bin_.started_at >= one.began_at - timedelta(seconds=1) and bin_.is_bad and speaks(bin_):
                day = bin_.started_at.astimezone(zone).date().isoformat()
                days[day] = days.get(day, 0) + bin_.seconds
                seen_at = max(seen_at, bin_.started_at + timedelta(seconds=bin_.seconds))
    lost = {day: max(days.get(day, 0), one.lost_s.get(day, 0)) for day in sorted({*days, *one.lost_s})}
    if lost == one.lost_s and seen_at == one.seen_at:
        return one
    return replace(one, lost_s=lost, seen_at=seen_at)
