"""The pages of the board as text: values in, HTML out. They work without JavaScript and need no other server.

The pages hold no inline script, no inline style and nothing from elsewhere, so they work under
``Content-Security-Policy: default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from collector.alerts.incident import Incident
from collector.board.addresses import check_path
from collector.board.answer import answer, freshness, last_lesson_cell
from collector.board.check_words import check_found
from collector.board.environment import render
from collector.board.incidents_page import MOST_ON_FRONT, front_lines
from collector.board.latency_chart import latency_chart
from collector.board.limits import limits
from collector.board.room_list import MOST_TROUBLES, in_order, old, room_list, whole_site, worst_first, worst_of_each
from collector.board.room_weeks import room_weeks
from collector.board.service_words import CERTIFICATE_WARNS_DAYS, incident_lines, site_rows
from collector.board.throughput_chart import throughput_charts
from collector.board.throughput_words import ENDED_WORDS
from collector.board.unknowns import unknowns
from collector.board.uplinks_page import uplink_line
from collector.board.week_list import week_line
from collector.district.calendar import Calendar
from collector.now import DistrictNow, RoomNow, SiteNow
from collector.verdict.flips import Flip
from collector.verdict.need_words import need_sentences
from collector.verdict.room_check import RoomCheck
from collector.verdict.uplinks.outlook import Outlook
from collector.verdict.weeks import RoomWeek

NEWEST_BINS = 24
"""A room's page shows this many bins as numbers: two hours of five-minute bins."""


def district_page(
    district: DistrictNow,
    *,
    now: datetime,
    trouble: str | None = None,
    throughput_off: str | None = None,
    incidents: Sequence[Incident] = (),
    not_told: Sequence[str] = (),
    outlooks: Sequence[Outlook] = (),
) -> str:
    """The page at ``/``: the answer, then the rooms by site. `now` is aware. `trouble` is what keeps the collector from
    taking or judging reports, where something does, `throughput_off` why no throughput is tested, where it is not.
    `incidents` are those that last, `not_told` the channels that could not be told of them. `outlooks` are those of the
    uplinks."""
    sites = in_order(district)
    rooms = tuple(room for site in sites for room in site.rooms)
    lines = front_lines(incidents, district)
    found = answer(district, rooms, now)
    return render(
        "district.html",
        district=district,
        now=now,
        fresh=freshness(rooms, district, now),
        answer=found,
        troubles=worst_of_each(found.troubles),
        more_troubles=len(found.troubles[MOST_TROUBLES:]),
        list=room_list(district, sites, now),
        site_names={site.site: site.name for site in sites},
        collector_trouble=trouble,
        throughput_off=throughput_off,
        week=week_line([room.weeks[-1] for room in rooms if room.weeks]),
        uplinks=uplink_line(district, outlooks),
        service_incidents=incident_lines(district),
        incidents=lines[:MOST_ON_FRONT],
        more_incidents=len(lines[MOST_ON_FRONT:]),
        not_told=not_told,
        simulated_sites=sum(site.simulated for site in sites),
        real_sites=[site.name for site in sites if not site.simulated],
    )


def site_page(district: DistrictNow, site: SiteNow, *, now: datetime) -> str:
    """The page of one site: the answer for it, and all its rooms."""
    ordered = worst_first(site)
    return render(
        "site.html",
        district=district,
        now=now,
        fresh=freshness(ordered.rooms, district, now),
        answer=answer(district, ordered.rooms, now),
        about=(site,),
        site=ordered,
        list=whole_site(district, ordered, now),
        services=site_rows(district.services, site.site),
        certificate_warns_days=CERTIFICATE_WARNS_DAYS,
    )


def room_page(
    district: DistrictNow,
    room: RoomNow,
    *,
    now: datetime,
    throughput_off: str | None = None,
    check: RoomCheck | None = None,
    weeks: Sequence[RoomWeek] | None = (),
    flips: Sequence[Flip] = (),
    calendar: Calendar | None = None,
) -> str:
    """The page of one room: its state and all that says so. `throughput_off` is why no throughput is tested, where it
    is not. `check` is the newest that somebody made there in a browser. `weeks` are its newest weeks, ascending,
    ``None`` where they cannot be read now, `flips` what would change the last of them; `calendar` is its site's."""
    profiles = district.profiles
    site = district.site(room.site)
    newest_first = tuple(reversed(room.bins))
    bins = newest_first[:NEWEST_BINS]
    return render(
        "room.html",
        district=district,
        now=now,
        fresh=freshness((room,), district, now),
        room=room,
        about=(site,) if site else (),
        site=site,
        weeks=None
        if weeks is None
        else room_weeks(
            weeks, room.name, calendar=calendar, profiles=profiles, time_zone=district.time_zone, flips=flips
        ),
        need=need_sentences(room.need, profiles) if room.need else (),
        last_cell=last_lesson_cell(room),
        strip_days=_days(room),
        latency=latency_chart(district, room, profiles, now),
        throughput=throughput_charts(district, room, profiles, now),
        capacity=district.capacity_of(room.site, room.room),
        ended_words=ENDED_WORDS,
        profiles=profiles,
        limits=limits(profiles, next((one for one in newest_first if one.valid), None), room.speaking),
        bins=bins,
        scored=[one for one in profiles if any(one.name == score.profile for of in bins for score in of.scores)],
        all_bins=len(newest_first),
        looked_at={one.started_at for one in room.state.looked_at},
        unknowns=unknowns(room, bins, throughput_off),
        old=old(room, district, now),
        check=check_found(check, profiles, now, district.time_zone) if check else None,
        check_address=None if room.simulated else check_path(room.site, room.room),
        services=[(one.service, seen) for one in district.services if (seen := one.of_room(room.site, room.room))],
        certificate_warns_days=CERTIFICATE_WARNS_DAYS,
    )


def not_found_page(district: DistrictNow, what: Literal["site", "room", "page"], *, now: datetime) -> str:
    """The page for an address that names no site, no room or nothing of ours, whichever `what` says. It does not repeat
    the address."""
    fresh = freshness(district.rooms(), district, now)
    return render("not_found.html", district=district, what=what, now=now, fresh=fresh)


def _days(room: RoomNow) -> list[tuple[str, list[Any]]]:
    days: dict[str, list[Any]] = {}
    for cell in room.strip:
        day = cell.lesson.day
        days.setdefault(f"{day:%A} {day.day} {day:%B}", []).append(cell)
    return list(days.items())
