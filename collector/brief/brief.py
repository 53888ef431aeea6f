"""What the page of a week says, as a value: every face (mail, PDF, text, CSV, API) shows these numbers and no others.

Made by `collector.brief.write`; no face computes. Sentences are plain text in the words of a school, without markup.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from collector.judged_weeks import NamedWeek
from collector.verdict.causes import BudgetLine, Cause, Confidence
from collector.verdict.marks import MarkQuality
from collector.verdict.topology import RoomKey
from collector.verdict.uplinks.outlook import Outlook
from collector.verdict.weeks import RoomWeek, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class StripDay:
    """One day of lessons as a strip: `cells` from the first lesson to the last, breaks left out. Each has `minutes`,
    `CELL_MINUTES` at the least, and is the worst of what was in it. `name` is short, ``Tue``; `summary` says the same.
    """

    name: str
    minutes: float
    cells: tuple[MarkQuality, ...]
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefRoom:
    """One room of the page. `what` says what it was like for a lesson, `cause` where it sits, `pays` who would mend it
    out of which budget, or that this is not known yet, `since` the Monday of the week in which it became restricted,
    ``None`` where that is longer ago than is looked back. `measured` says which share of its lesson time was,
    where that is less than nine tenths.
    """

    site_name: str
    room_name: str
    week: RoomWeek
    what: str
    cause: str
    pays: str
    bad_minutes: float
    since: date | None
    strip: tuple[StripDay, ...]
    simulated: bool = False
    measured: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """One thing to do: `title` is an order in a few words, `why` the rooms and lesson minutes behind it, `options` the
    ways to do it, the cheapest first. `rooms` counts what it would mend."""

    title: str
    why: str
    budget_line: BudgetLine | None
    cause: Cause | None
    confidence: Confidence | None
    rooms: int
    bad_minutes: float
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A room whose verdict is another than the week before; `before` is ``None`` where it is new."""

    site_name: str
    room_name: str
    before: Verdict | None
    after: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A room of an earlier page whose verdict changed after that was mailed, by data that came late. `site` and `room`
    are its slugs."""

    week: date
    site: str
    room: str
    site_name: str
    room_name: str
    mailed: Verdict
    now: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefUplink:
    """One uplink: its name, what is said of it (`says`: load, headroom, level; `ahead`: the forecast or why there is
    none; `scenarios`, each labelled) and what that stands on."""

    name: str
    outlook: Outlook
    says: str
    ahead: str
    scenarios: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Capacity held against published planning guidance: never a verdict. `users` and `capacity_mbps` are of the
    district or the site, `mbps_per_user` is one by the other, `target_mbps_per_user` the guidance's, `least_mbps`
    what that wants for a district however small."""

    name: str
    users: int
    capacity_mbps: int
    mbps_per_user: float
    target_mbps_per_user: float
    source: str
    meets: bool
    least_mbps: int = 0

    @property
    def target_mbps(self) -> float:
        """What the guidance makes for so many users."""
        return max(self.least_mbps, self.users * self.target_mbps_per_user)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """One week of a district, or of one `site` of it, as the page tells it.

    `judged` are all its rooms in the board's order, worst first, and `since` when those that are restricted became so.
    `counts` hold every verdict, `rooms` the restricted ones, at most `MOST_ROOMS`, `more_rooms` how many did not fit,
    `at_risk` the names of those at risk, `changes` what changed, restricted ones first. `to_do` are at most three,
    what mends most first, `later` all others in the same order. Minutes are of lesson time: `bad_minutes` were bad
    in all rooms that are restricted, of `measured_minutes` measured in all rooms. `unknowns` are sentences on what
    is not known. `method` is the footer, line by line: rule and its version, hash of the limits, calendar,
    retention. `simulated` says that some are made up.
    """

    district_name: str
    time_zone: str
    site: str | None
    site_name: str | None
    week: date
    made_at: datetime
    simulated: bool
    headline: str
    lead: str
    counts: Mapping[Verdict, int]
    rooms: tuple[BriefRoom, ...]
    more_rooms: int
    at_risk: tuple[str, ...]
    bad_minutes: float
    measured_minutes: float
    to_do: tuple[Doing, ...]
    changes: tuple[Changed, ...]
    corrections: tuple[Correction, ...]
    uplinks: tuple[BriefUplink, ...]
    standings: tuple[Standing, ...]
    unknowns: tuple[str, ...]
    method: tuple[str, ...]
    judged: tuple[NamedWeek, ...] = ()
    later: tuple[Doing, ...] = ()
    since: Mapping[RoomKey, date] = field(default_factory=dict)


CELL_MINUTES = 5

MOST_ROOMS = 12
"""Rooms that one page names each with its strip; the rest is counted, and stands in the CSV."""
