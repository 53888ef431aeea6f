"""The pages of the board as text: values in, HTML out. Needs no JavaScript and no other server.

The pages hold no script, no inline style and nothing from elsewhere, so they work under
``Content-Security-Policy: default-src 'none'; style-src 'self'``.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from collector.board import phrases, strip
from collector.board.answer import STATE_MEANINGS, answer, freshness, last_lesson_cell
from collector.board.limits import limits
from collector.now import DistrictNow, RoomNow, SiteNow
from collector.verdict.bins import VALID_SHARE, RoomBin
from collector.verdict.profiles import Profiles, default_profiles

REFRESH_SECONDS = 15
NEWEST_BINS = 24
"""A room's page shows this many bins: two hours of five-minute bins."""

_HERE = Path(__file__).parent


def district_page(district: DistrictNow, *, now: datetime) -> str:
    """The page at ``/``: the answer, then every room by site. `now` is aware."""
    rooms = tuple(district.rooms())
    on = strip.axis(rooms)
    fresh = freshness(rooms, district, now)
    return _render(
        "district.html",
        district=district,
        now=now,
        fresh=fresh,
        answer=answer(district, now),
        axis=on,
        sites=[_site_view(site, district, on, now) for site in _in_order(district)],
        site_names={site.site: site.name for site in district.sites},
        simulated_sites=sum(site.simulated for site in district.sites),
        real_sites=[site.name for site in district.sites if not site.simulated],
    )


def room_page(district: DistrictNow, room: RoomNow, *, now: datetime, profiles: Profiles | None = None) -> str:
    """The page of one room: its state and all that says so. `profiles` are those in force."""
    held_against = profiles or default_profiles()
    newest_first = tuple(reversed(room.bins))
    return _render(
        "room.html",
        district=district,
        now=now,
        fresh=freshness(district.rooms(), district, now),
        room=room,
        site=next((site for site in district.sites if site.site == room.site), None),
        last_cell=last_lesson_cell(room, district),
        strip_days=_days(room),
        profiles=held_against,
        limits=limits(held_against, next((one for one in newest_first if one.valid), None)),
        bins=newest_first[:NEWEST_BINS],
        all_bins=len(newest_first),
        looked_at={one.started_at for one in room.state.looked_at},
        not_known=_not_known(room, newest_first[:NEWEST_BINS]),
        old=_old(room, district, now),
    )


def not_found_page(district: DistrictNow, *, now: datetime) -> str:
    """The page for an address that names no room. It does not repeat the address."""
    return _render("not_found.html", district=district, now=now, fresh=freshness(district.rooms(), district, now))


@cache
def stylesheet() -> tuple[bytes, str]:
    """The style sheet and the hash that its address carries, so that it may be cached for ever."""
    content = (_HERE / "style.css").read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:12]


def room_path(site: str, room: str) -> str:
    """The address of a room's page. A slash in a name is escaped."""
    return f"/rooms/{quote(site, safe='')}/{quote(room, safe='')}"


def _in_order(district: DistrictNow) -> list[SiteNow]:
    """Measured sites first, then those with trouble."""

    def rank(site: SiteNow) -> tuple[bool, int, int, int]:
        ranks = [_trouble(room, district) for room in site.rooms]
        return (site.simulated, -ranks.count(0), -ranks.count(1), -ranks.count(2))

    return sorted(district.sites, key=rank)


def _trouble(room: RoomNow, district: DistrictNow) -> int:
    """0 for the worst: by state, outside lessons by how the last lesson went."""
    if room.state.state == "no_lesson":
        cell = last_lesson_cell(room, district)
        return 2 if cell is None else ("bad", "degraded", "unknown", "good").index(cell.quality)
    return ("bad", "degraded", "unknown", "ok").index(room.state.state)


def _site_view(site: SiteNow, district: DistrictNow, on: strip.Axis, now: datetime) -> dict[str, Any]:
    rooms = sorted(site.rooms, key=lambda room: (_trouble(room, district), _natural(room.room)))
    states = [room.state.state for room in rooms]
    return {
        "site": site,
        "fresh": freshness(rooms, district, now),
        "counts": [
            (state, states.count(state))
            for state in ("bad", "degraded", "unknown", "ok", "no_lesson")
            if state in states
        ],
        "rows": [
            {
                "room": room,
                "bars": strip.bars(room, on, now),
                "why": _why(room, district, now),
                "age": room.age_seconds(now),
                "old": _old(room, district, now),
            }
            for room in rooms
        ],
    }


def _why(room: RoomNow, district: DistrictNow, now: datetime) -> str:
    """A row's sentence: outside lessons how the last one went, since the state says nothing then."""
    if room.state.state != "no_lesson":
        return room.evidence
    cell = last_lesson_cell(room, district)
    return f"Last lesson: {phrases.lesson_result(cell, now)}." if cell else "Nothing of the last lesson."


def _old(room: RoomNow, district: DistrictNow, now: datetime) -> bool:
    """Whether a room's data is older than measuring and delivery explain."""
    seconds = room.age_seconds(now)
    return seconds is None or seconds > district.stale_seconds


def _not_known(room: RoomNow, bins: Sequence[RoomBin]) -> list[str]:
    """What the page cannot say, one sentence each."""
    found = ["Throughput is not measured yet: whether the rate is enough is not known."]
    if invalid := sum(not one.valid for one in bins):
        found.append(
            f"{invalid} of the newest {phrases.bins(len(bins))} cannot be judged: less than "
            f"{phrases.share(VALID_SHARE)} of their time was probed."
        )
    if room.state.state in ("bad", "degraded") and room.state.cause == "undetermined":
        found.append("The cause is not determined yet.")
    if bins and bins[0].gateway_p95_ms is None:
        found.append("The room's gateway does not answer, so its own link cannot be told from the rest.")
    if bins and bins[0].method == "tcp_connect":
        found.append("UDP gets no answer, so loss is that of connections and latency is sampled less often.")
    if room.agents == 1:
        found.append("One agent speaks for the whole room: a fault of its machine would look like the room's.")
    return found


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts room 9 before room 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _days(room: RoomNow) -> list[tuple[str, list[Any]]]:
    days: dict[str, list[Any]] = {}
    for cell in room.strip:
        day = cell.lesson.day
        days.setdefault(f"{day:%A} {day.day} {day:%B}", []).append(cell)
    return list(days.items())


def _render(template: str, *, district: DistrictNow, **values: Any) -> str:
    return (
        _environment()
        .get_template(template)
        .render(district=district, bin_length=phrases.length(district.bin_seconds), **values)
    )


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(
        age=phrases.age,
        share=phrases.share,
        loss=phrases.loss,
        latency=phrases.latency,
        counted=phrases.counted,
        lesson_result=phrases.lesson_result,
        minutes=phrases.minutes,
        unbroken=phrases.unbroken,
        troubled_seconds=phrases.troubled_seconds,
        strip_summary=strip.summary,
        cell_text=strip.cell_text,
    )
    made.globals.update(
        clock=phrases.clock,
        clock_seconds=phrases.clock_seconds,
        day_name=phrases.day_name,
        long_day=phrases.long_day,
        since=phrases.since,
        room_path=room_path,
        state_meanings=STATE_MEANINGS,
        state_words=phrases.STATE_WORDS,
        cause_sentences=phrases.CAUSE_SENTENCES,
        cause_words=phrases.CAUSE_WORDS,
        method_words=phrases.METHOD_WORDS,
        failure_words=phrases.FAILURE_WORDS,
        dimension_words=phrases.DIMENSION_WORDS,
        strip_height=strip.HEIGHT,
        refresh_seconds=REFRESH_SECONDS,
        style_address=f"/style.css?v={stylesheet()[1]}",
    )
    return made
