"""What the page does not know, in sentences: it is as much a part of it as what it knows."""

from collections.abc import Callable, Iterator, Sequence

from collector.brief.room_names import are, counted, named
from collector.district.district import District
from collector.judged_weeks import NamedWeek
from collector.verdict.uplinks.load import DISTRICT, site_uplink
from collector.verdict.uplinks.outlook import NoForecast, Outlook


def unknowns(
    rooms: Sequence[NamedWeek],
    district: District,
    *,
    site: str | None,
    outlooks: Sequence[Outlook],
    digests_before: frozenset[str],
    rules_before: frozenset[int],
) -> tuple[str, ...]:
    """What is not known of the week's `rooms`, all of the page. `digests_before` and `rules_before` are the thresholds
    and rules of the week before, empty where there was none."""
    return (
        *_rooms(rooms),
        *_not_judged(rooms, district, site),
        *_changed_limits(rooms, digests_before, rules_before),
        *_lines(rooms, outlooks),
        *_users(district, site),
    )


def _rooms(rooms: Sequence[NamedWeek]) -> Iterator[str]:
    silent = _of(rooms, lambda one: one.week.verdict == "unknown" and not one.week.awake_bins)
    if silent:
        whose = "its measuring machine was" if len(silent) == 1 else "their measuring machines were"
        yield f"Of {counted(len(silent), 'room')} nothing is known, because {whose} silent all week: {named(silent)}."
    little = _of(rooms, lambda one: one.week.verdict == "unknown" and one.week.awake_bins > 0)
    if little:
        yield f"Too little was measured in {counted(len(little), 'room')}: {named(little)}."
    still = _of(rooms, lambda one: one.week.verdict == "unknown" and one.week.standing)
    if still:
        it_has = "it has" if len(still) == 1 else "they have"
        yield (
            f"{counted(len(still), 'room')} had been restricted before; whether {it_has} recovered is not known: "
            f"{named(still)}."
        )
    near = _of(rooms, lambda one: one.week.near_threshold and one.week.verdict != "unknown")
    if near:
        verdict = "The verdict of 1 room is" if len(near) == 1 else f"The verdicts of {len(near):,} rooms are"
        yield f"{verdict} near the limit and would be another if that were a tenth stricter or laxer: {named(near)}."
    no_cause = _of(rooms, lambda one: one.week.verdict == "restricted" and one.week.cause in {None, "undetermined"})
    if no_cause:
        yield f"What restricts {counted(len(no_cause), 'room')} is not determined yet: {named(no_cause)}."
    gone = _of(rooms, lambda one: not one.known)
    if gone:
        yield f"{counted(len(gone), 'room')} of this week {are(len(gone))} no longer in the district: {named(gone)}."


def _not_judged(rooms: Sequence[NamedWeek], district: District, site: str | None) -> Iterator[str]:
    judged = {(one.week.site, one.week.room) for one in rooms}
    missing = sum((one.site, one.room) not in judged for one in district.rooms if site in {None, one.site})
    if missing:
        were = "was" if missing == 1 else "were"
        yield f"{counted(missing, 'room')} had no lessons in this week, or {were} not there yet."


def _changed_limits(
    rooms: Sequence[NamedWeek], digests_before: frozenset[str], rules_before: frozenset[int]
) -> Iterator[str]:
    digests = {one.week.profiles_digest for one in rooms if one.week.profiles_digest}
    if len(digests) > 1:
        yield "The limits changed within this week: rooms were not all judged by the same."
    elif digests and digests_before and digests != digests_before:
        yield "The limits changed since the week before: what changed in rooms may come of that."
    if rules_before and {one.week.rule_version for one in rooms} != rules_before:
        yield "The rule changed since the week before: what changed in rooms may come of that."


def _lines(rooms: Sequence[NamedWeek], outlooks: Sequence[Outlook]) -> Iterator[str]:
    known = {one.uplink for one in outlooks if not _is_uncounted(one)}
    wanted = {site_uplink(one.week.site) for one in rooms}
    missing = len(wanted - known)
    if missing == len(wanted) and DISTRICT not in known:
        yield "Nothing counts what the lines to the Internet carry, so how full they are is not known."
    elif missing:
        lines = "the one line" if len(wanted) == 1 else f"{missing:,} of {len(wanted):,} lines"
        yield f"Nothing counts what {lines} to the schools {'carries' if missing == 1 else 'carry'}."


def _is_uncounted(one: Outlook) -> bool:
    return isinstance(one.forecast, NoForecast) and one.forecast.reason == "not_counted"


def _users(district: District, site: str | None) -> Iterator[str]:
    told = [one.users for one in district.sites if site in {None, one.site}] + (
        [district.users] if site is None else []
    )
    if not any(told):
        yield "How many people use the network is not written in the district's file, so no guidance is beside it."


def _of(rooms: Sequence[NamedWeek], which: Callable[[NamedWeek], bool]) -> list[NamedWeek]:
    return [one for one in rooms if which(one)]
