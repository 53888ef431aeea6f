"""What the page of a week lists: rooms by severity, what changed since the week before, and how much is of each."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from collector.board import phrases
from collector.board.addresses import brief_path, week_path
from collector.iso_week import week_span, week_text
from collector.judged_weeks import NamedWeek
from collector.now import DistrictNow
from collector.verdict.room_state import State
from collector.verdict.week_sentence import VERDICT_MEANINGS, VERDICT_WORDS, tests_text, why_unknown
from collector.verdict.weekly_rule import ALLOWED_SHARE
from collector.verdict.weeks import RoomWeek, Verdict

MOST_ROOMS = 200
"""Rooms that the page of a whole district lists, worst first; a site's own lists all."""
MOST_CHANGES = 12

SHAPES: dict[Verdict, State] = {"restricted": "bad", "at_risk": "degraded", "unknown": "unknown", "ok": "ok"}
"""A verdict has the shape and the colour of the state that is as bad: `unknown` is never that of ``ok``."""

BAR_WIDTH = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A share as drawn, in CSS pixels of `BAR_WIDTH`: the bad part, where its lower bound is, and what is allowed."""

    share: float
    lower: float
    allowed: float = round(BAR_WIDTH * ALLOWED_SHARE, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekRow:
    """One room's line; `bar` is ``None`` where too little was measured."""

    named: NamedWeek
    bar: Bar | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictCount:
    """How many rooms have a verdict, with the shape it is drawn as."""

    verdict: Verdict
    shape: State
    word: str
    count: int
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Rooms whose verdict is another than in the week before: from one to the other."""

    before: Verdict
    after: Verdict
    rooms: tuple[NamedWeek, ...]
    more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteChoice:
    """A site that the page can be narrowed to, and how many of its rooms are restricted."""

    site: str
    name: str
    restricted: int


def verdict_counts(weeks: Iterable[RoomWeek]) -> tuple[VerdictCount, ...]:
    """The counts, worst first, none left out."""
    counts = Counter(one.verdict for one in weeks)
    return tuple(
        VerdictCount(
            verdict=verdict,
            shape=SHAPES[verdict],
            word=word,
            count=counts[verdict],
            meaning=VERDICT_MEANINGS[verdict],
        )
        for verdict, word in VERDICT_WORDS.items()
    )


def headline(weeks: Collection[RoomWeek]) -> str:
    """``3 of 41 rooms were restricted``: never more than is known."""
    counts = Counter(one.verdict for one in weeks)
    rooms = phrases.counted(len(weeks), "room")
    restricted, unknown = counts["restricted"], counts["unknown"]
    if restricted:
        return f"{restricted} of {rooms} {'was' if restricted == 1 else 'were'} restricted"
    if unknown == len(weeks):
        return f"Nothing is known about {rooms}"
    if unknown:
        return f"No room is known to have been restricted; {unknown} of {rooms} unknown"
    return f"None of {rooms} was restricted" if len(weeks) > 1 else "The room was not restricted"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekLine:
    """The newest week in a line of another page: its text, the days it spans, and its headline."""

    week: str
    span: str
    says: str
    path: str
    brief_path: str
    shape: State


def week_line(weeks: Collection[RoomWeek]) -> WeekLine | None:
    """The line of the newest week among `weeks`; ``None`` where none has been judged."""
    monday = max((one.week for one in weeks), default=None)
    if monday is None:
        return None
    weeks = [one for one in weeks if one.week == monday]
    worst = min((list(VERDICT_WORDS).index(one.verdict) for one in weeks), default=0)
    return WeekLine(
        week=week_text(monday),
        span=week_span(monday),
        says=headline(weeks),
        path=week_path(monday),
        brief_path=brief_path(monday, "html"),
        shape=SHAPES[list(VERDICT_WORDS)[worst]],
    )


def week_rows(named: Sequence[NamedWeek]) -> tuple[WeekRow, ...]:
    """The lines, in the order of `named`."""
    return tuple(WeekRow(named=one, bar=bar(one.week), why=_why(one.week)) for one in named)


def bar(week: RoomWeek) -> Bar | None:
    """How much was bad, as drawn; ``None`` where that is not known well enough for a verdict."""
    if week.bad_share is None or week.verdict == "unknown":
        return None
    return Bar(share=round(BAR_WIDTH * week.bad_share, 1), lower=round(BAR_WIDTH * (week.lower or 0), 1))


def changes(named: Sequence[NamedWeek]) -> tuple[Change, ...]:
    """What changed since the week before, what got worst first; rooms that had no week before are not among them."""
    order = list(VERDICT_WORDS)
    found: dict[tuple[Verdict, Verdict], list[NamedWeek]] = {}
    for one in named:
        before, after = one.week.previous, one.week.verdict
        if before is not None and before != after:
            found.setdefault((before, after), []).append(one)
    # Into restricted and out of it first; then by how bad it is now.
    ranked = sorted(found, key=lambda one: ("restricted" not in one, order.index(one[1]), order.index(one[0])))
    return tuple(
        Change(
            before=before,
            after=after,
            rooms=tuple(found[before, after][:MOST_CHANGES]),
            more=len(found[before, after][MOST_CHANGES:]),
        )
        for before, after in ranked
    )


def site_choices(named: Iterable[NamedWeek], district: DistrictNow) -> tuple[SiteChoice, ...]:
    """The sites in the district's order, those that have left it last."""
    restricted: Counter[str] = Counter()
    names: dict[str, str] = {}
    for one in named:
        names.setdefault(one.week.site, one.site_name)
        restricted[one.week.site] += one.week.verdict == "restricted"
    order = [site.site for site in district.sites if site.site in names]
    return tuple(
        SiteChoice(site=site, name=names[site], restricted=restricted[site])
        for site in (*order, *(one for one in names if one not in order))
    )


def _why(week: RoomWeek) -> str:
    """What a line says beside its cause: what it stood on, or why nothing is known."""
    if week.verdict == "unknown":
        return phrases.sentence(why_unknown(week))
    said: list[str] = []
    if week.bad_bins:
        hit = f"{len(week.hit_lessons)} of {phrases.counted(week.lessons, 'lesson')} hit, " if week.lessons else ""
        said.append(f"{hit}{week.bad_days} of {phrases.counted(week.measured_days, 'day')} bad.")
    if week.verdict == "restricted" and week.by_tests and (tests := tests_text(week)):
        said.append(f"Throughput: {tests}.")
    if week.near_threshold:
        said.append("Near threshold.")
    return " ".join(said)
