"""A calendar for each site, of all that ``district.toml`` says of lessons.

Who says more is right: what is said of a site on a weekday goes before what is said of the site or of the weekday
alone, and that before ``[timetable]``; a closure goes before an early release, which goes before the week. Two that say
as much and do not agree are a mistake, so that the order of tables never decides.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

from collector.district.calendar import Calendar, LessonTime, local_span, skipped_hours
from collector.district.calendar_forms import (
    WEEKDAYS,
    ClosureForm,
    EarlyReleaseForm,
    OfSites,
    OtherTimetableForm,
    SchoolYearForm,
    TimetableForm,
    Weekday,
    lesson_times,
)
from collector.district.mistakes import Mistake, line_of

LOOK_AHEAD = timedelta(days=5 * 366)
"""How far it is asked which hours the time zone skips, where the file bounds no school year."""

Place = tuple[str | int, ...]
"""Where in the file something stands: ``("timetables", 0)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """Lessons, where the file has them, and how much it says of what they are for."""

    lessons: tuple[LessonTime, ...]
    at: Place
    rank: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Year:
    """What is in force at one site, by weekday and by date."""

    week: dict[int, _Said]
    dates: dict[date, _Said]

    def on(self, day: date) -> _Said | None:
        return self.dates.get(day, self.week.get(day.weekday()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wrong:
    """What is wrong at a place of the file. ``{line}`` in `text` is the line of `other`."""

    at: Place
    text: str
    other: Place | None = None


class SiteCalendars:
    """Put the tables together, for sites that are known. `today` is from when on it is asked which hours are skipped,
    where the file bounds no school year."""

    def __init__(
        self,
        *,
        time_zone: ZoneInfo,
        timetable: TimetableForm,
        others: Sequence[OtherTimetableForm] = (),
        early: Sequence[EarlyReleaseForm] = (),
        closures: Sequence[ClosureForm] = (),
        school_year: SchoolYearForm | None = None,
        sites: Sequence[str],
        today: date,
    ) -> None:
        self._zone = time_zone
        self._timetable = timetable
        self._others = others
        self._early = early
        self._closures = closures
        self._bounds = school_year or SchoolYearForm()
        self._wrong: dict[object, _Wrong] = {}
        # Of whom nothing is said in particular, and what holds for sites that the file does not name.
        self._usual = self._year(None)
        self._years = {site: self._year(site) for site in sites}
        self._early_in_vain()
        self._skipped(today)

    def calendars(self) -> tuple[Calendar, Mapping[str, Calendar]]:
        """That of the district, and those of sites that do not keep it."""
        usual = self._calendar(self._usual)
        made = [usual]
        by_site = {}
        for site, year in self._years.items():
            calendar = self._calendar(year)
            same = next((one for one in made if one == calendar), None)
            if same is None:
                made.append(calendar)
            if same is not usual:
                by_site[site] = same or calendar
        return usual, by_site

    def mistakes(self, text: str, file: str) -> Iterator[Mistake]:
        """What contradicts itself or cannot be, with its line in the `text` of `file`."""
        for one in self._wrong.values():
            yield Mistake(
                file=file,
                line=line_of(text, one.at),
                key=".".join(part for part in one.at if isinstance(part, str)),
                text=one.text.replace("{line}", str(line_of(text, one.other or one.at))),
            )

    def _calendar(self, year: _Year) -> Calendar:
        return Calendar(
            time_zone=self._zone,
            lessons_by_weekday={day: said.lessons for day, said in sorted(year.week.items())},
            lessons_by_date={day: said.lessons for day, said in sorted(year.dates.items())},
            first_day=self._bounds.first,
            last_day=self._bounds.last,
        )

    def _year(self, site: str | None) -> _Year:
        week = self._week(site)
        dates = self._released(site, week)
        for number, closure in enumerate(self._closures):
            if _is_of(closure, site):
                dates |= dict.fromkeys(closure.dates(), _Said(lessons=(), at=("closures", number)))
        return _Year(week=week, dates=dates)

    def _week(self, site: str | None) -> dict[int, _Said]:
        base = _Said(lessons=lesson_times(self._timetable.lessons), at=("timetable",))
        found: dict[Weekday, list[_Said]] = {day: [base] for day in self._timetable.days}
        for number, one in enumerate(self._others):
            rank = (one.sites is not None) + (one.days is not None)
            for day in (one.days or self._timetable.days) if _is_of(one, site) else ():
                said = _Said(lessons=lesson_times(one.lessons), at=("timetables", number), rank=rank)
                found.setdefault(day, []).append(said)
        return {WEEKDAYS.index(day): self._most(site, day, of_day) for day, of_day in found.items()}

    def _released(self, site: str | None, week: Mapping[int, _Said]) -> dict[date, _Said]:
        found: dict[date, list[_Said]] = {}
        for number, one in enumerate(self._early):
            for day in one.dates if _is_of(one, site) else ():
                usual = week.get(day.weekday())
                lessons = one.of(usual.lessons if usual else ())
                said = _Said(lessons=lessons, at=("early_release", number), rank=int(one.sites is not None))
                found.setdefault(day, []).append(said)
        return {day: self._most(site, str(day), of_day) for day, of_day in found.items()}

    def _most(self, site: str | None, when: str, found: Sequence[_Said]) -> _Said:
        """The one of `found` that says most."""
        rank = max(one.rank for one in found)
        most = [one for one in found if one.rank == rank]
        for earlier, later in combinations(most, 2):
            if earlier.lessons != later.lessons:
                whose = "every site" if site is None else site
                text = f"gives {whose} other lessons on {when} than line {{line}} does; leave {when} out of one of them"
                if later.at[0] == "timetables" and site is not None and rank == 1:
                    text += f', or add one with sites = ["{site}"] and days = ["{when}"]'
                self._add((earlier.at, later.at), _Wrong(at=later.at, text=text, other=earlier.at))
        return most[0]

    def _early_in_vain(self) -> None:
        """Early releases of days that have no lessons anyway, or have none then."""
        for number, one in enumerate(self._early):
            at: Place = ("early_release", number)
            years = [self._years[site] for site in one.sites] if one.sites else [self._usual, *self._years.values()]
            for day in one.dates:
                if not self._bounds.holds(day):
                    text = f"{day} is outside [school_year]; mend the date, or the year's bounds"
                    self._add((at, "outside"), _Wrong(at=(*at, "dates"), text=text))
                elif one.until:
                    usual = [said.lessons for year in years if (said := year.week.get(day.weekday())) and said.lessons]
                    if not usual:
                        text = f"{day} is a {day:%A} without lessons; mend the date, or list its lessons"
                        self._add((at, "idle"), _Wrong(at=(*at, "dates"), text=text))
                    elif not all(map(one.of, usual)):
                        text = f'"{one.until}" leaves no lesson on {day}; for a day without lessons write [[closures]]'
                        self._add((at, "none"), _Wrong(at=(*at, "until"), text=text))

    def _skipped(self, today: date) -> None:
        """Lessons that begin or end at a time that no clock shows."""
        first = self._bounds.first or today
        for jumps, to in skipped_hours(self._zone, first, self._bounds.last or first + LOOK_AHEAD):
            for year in (self._usual, *self._years.values()):
                for day in {jumps.date(), to.date()}:
                    said = year.on(day) if self._bounds.holds(day) else None
                    for one in said.lessons if said else ():
                        starts, ends = local_span(one, day)
                        if said and (jumps <= starts < to or jumps < ends < to):
                            text = (
                                f'"{one.start:%H:%M}-{one.end:%H:%M}" begins or ends in an hour that {self._zone.key} '
                                f"skips on {day:%A} {day}, from {jumps:%H:%M} to {to:%H:%M}; move the lesson"
                            )
                            self._add((said.at, one), _Wrong(at=said.at, text=text))

    def _add(self, about: object, wrong: _Wrong) -> None:
        # Said once, however many sites and days it is true of.
        self._wrong.setdefault(about, wrong)


def _is_of(one: OfSites, site: str | None) -> bool:
    return one.sites is None or site in one.sites
