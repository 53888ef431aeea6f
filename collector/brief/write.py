"""Writes the page of a week: judged weeks, outlooks and the district in, one `Brief` out. Pure; no face computes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from collector.brief.brief import MOST_ROOMS, Brief, Changed, Correction
from collector.brief.brief_room import brief_room
from collector.brief.fullest_line import fullest_line
from collector.brief.headline import headline, lead
from collector.brief.method import Kept, method
from collector.brief.room_names import place
from collector.brief.standings import standings
from collector.brief.to_do import MOST_TO_DO, to_do
from collector.brief.unknowns import unknowns
from collector.brief.uplink_words import brief_uplink
from collector.district.district import District
from collector.judged_weeks import NamedWeek
from collector.verdict.topology import RoomKey
from collector.verdict.uplinks.load import DISTRICT, site_uplink
from collector.verdict.uplinks.outlook import Outlook
from collector.verdict.week_sentence import VERDICT_WORDS
from collector.verdict.weeks import RoomWeek, Verdict

KEPT = Kept(reports_days=30, bins_days=400, days_days=2190)


def write_brief(
    rooms: Sequence[NamedWeek],
    *,
    week: date,
    district: District,
    made_at: datetime,
    site: str | None = None,
    since: Mapping[RoomKey, date] | None = None,
    before: Sequence[RoomWeek] = (),
    outlooks: Sequence[Outlook] = (),
    corrections: Sequence[Correction] = (),
    kept: Kept = KEPT,
) -> Brief:
    """The page of the week that begins on the Monday `week`, of the district or of one `site`.

    `rooms` are all rooms of that week in the board's order, worst first; those of other sites are left out here, and so
    are other uplinks. `since` are the Mondays of the weeks in which rooms became restricted, `before` some room weeks
    of the week before, to see whether limits or rule changed. `made_at` is aware; the page has
    whole seconds of it. Raises `ValueError` where no room is
    left: a week without lessons has no page.
    """
    mine = tuple(one for one in rooms if site in {None, one.week.site})
    if not mine:
        raise ValueError("a week without lessons has no page")
    names = {one.site: one.name for one in district.sites} | {one.week.site: one.site_name for one in mine}
    lines = [one for one in outlooks if site is None or one.uplink in {DISTRICT, site_uplink(site)}]
    restricted = [one for one in mine if one.week.verdict == "restricted"]
    became = {key: monday for key, monday in (since or {}).items() if site in {None, key[0]}}
    doing = to_do(mine, lines, names)
    return Brief(
        district_name=district.name,
        time_zone=district.time_zone.key,
        site=site,
        site_name=None if site is None else names.get(site, site),
        week=week,
        made_at=made_at.replace(microsecond=0),
        simulated=any(one.simulated for one in mine),
        headline=headline(mine),
        lead=f"{lead(mine)} {fullest_line(lines, names)}",
        judged=mine,
        since=became,
        counts=_counts(mine),
        rooms=tuple(
            brief_room(
                one,
                calendar=district.calendar_of(one.week.site),
                since=became.get((one.week.site, one.week.room)),
            )
            for one in restricted[:MOST_ROOMS]
        ),
        more_rooms=len(restricted[MOST_ROOMS:]),
        at_risk=tuple(place(one) for one in mine if one.week.verdict == "at_risk"),
        bad_minutes=sum(one.week.bad_minutes for one in restricted),
        measured_minutes=sum(one.week.valid_bins * one.week.bin_seconds for one in mine) / 60,
        to_do=doing[:MOST_TO_DO],
        later=doing[MOST_TO_DO:],
        changes=_changes(mine),
        corrections=tuple(corrections),
        uplinks=tuple(brief_uplink(one, names) for one in lines),
        standings=standings(district, site=site),
        unknowns=unknowns(
            mine,
            district,
            site=site,
            outlooks=lines,
            digests_before=frozenset(one.profiles_digest for one in before if one.profiles_digest),
            rules_before=frozenset(one.rule_version for one in before),
        ),
        method=method(mine, district, week=week, site=site, kept=kept),
    )


def _counts(rooms: Sequence[NamedWeek]) -> dict[Verdict, int]:
    counted = Counter(one.week.verdict for one in rooms)
    return {verdict: counted[verdict] for verdict in VERDICT_WORDS}


def _changes(rooms: Sequence[NamedWeek]) -> tuple[Changed, ...]:
    """Into restricted and out of it first, then by how bad it is now."""
    order = list(VERDICT_WORDS)
    changed = [one for one in rooms if one.week.previous not in {None, one.week.verdict}]

    def rank(one: NamedWeek) -> tuple[bool, int, int]:
        before, after = one.week.previous, one.week.verdict
        assert before is not None
        return "restricted" not in {before, after}, order.index(after), order.index(before)

    return tuple(
        Changed(
            site_name=one.site_name,
            room_name=one.room_name,
            before=one.week.previous,
            after=one.week.verdict,
        )
        for one in sorted(changed, key=rank)
    )
