"""What ``district.toml`` says of the calendar, table by table; `site_calendars` puts them together."""

import re
from collections.abc import Sequence
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Annotated, Literal, Protocol, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from collector.district.calendar import LessonTime
from collector.district.display_name import DisplayName

Day = TypeVar("Day", bound=date)

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
LONGEST_CLOSURE = timedelta(days=366)
"""Longer is a slip of the pen: a school that is closed for good is no site."""

_LESSON = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


YEARS = range(2000, 2100)


def of_our_years(day: Day) -> Day:
    """A date or a time that some clock may show. Raises `ValueError`: others are slips of the pen that arithmetic with
    dates does not survive."""
    if day.year not in YEARS:
        raise ValueError(f"{day} lies in the year {day.year}; allowed are {YEARS[0]} to {YEARS[-1]}, so mend the year")
    return day


def _lesson(value: str) -> str:
    match = _LESSON.fullmatch(value)
    if not match or (match.group(3) == "24" and match.group(4) != "00"):
        raise ValueError(f'"{value[:60]}" is not a lesson time; write it as "08:00-08:45", 24-hour clock')
    if value[:5] >= value[6:]:
        raise ValueError(f'"{value}" ends before it begins; a lesson lies within one day, so split it at 24:00')
    return value


def _in_order(lessons: list[str]) -> list[str]:
    for earlier, later in pairwise(lessons):
        if later[:5] < earlier[6:]:
            raise ValueError(f'"{later}" begins before "{earlier}" ends; list lessons in order, not overlapping')
    return lessons


def _time(value: str) -> str:
    if not _TIME.fullmatch(value):
        raise ValueError(f'"{value[:60]}" is not a time; write it as "12:00", 24-hour clock')
    return value


_Lessons = Annotated[
    list[Annotated[str, AfterValidator(_lesson)]],
    Field(examples=["08:00-08:45", "08:50-09:35"]),
    AfterValidator(_in_order),
]
_Days = Annotated[list[Weekday], Field(min_length=1, examples=["mon", "tue"])]
Sites = Annotated[list[str], Field(min_length=1, examples=["oak-hill"])]
_Date = Annotated[date, AfterValidator(of_our_years)]
_A_DAY = date(2026, 10, 14)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class OfSites(Protocol):
    """A table that is of some sites, or without them of all."""

    @property
    def sites(self) -> list[str] | None:
        """Their ids."""
        ...


class TimetableForm(_Table):
    """``[timetable]``: the lessons of every site that nothing else is said of."""

    days: _Days
    lessons: Annotated[_Lessons, Field(min_length=1)]


class OtherTimetableForm(_Table):
    """One of ``[[timetables]]``: other lessons at some sites, on some weekdays, or on some of some; maybe none."""

    sites: Sites | None = None
    days: _Days | None = None
    lessons: _Lessons

    @model_validator(mode="after")
    def _of_something(self) -> "OtherTimetableForm":
        if self.sites is None and self.days is None:
            raise ValueError("has neither sites nor days; say what it is for, or write it as [timetable]")
        return self


class EarlyReleaseForm(_Table):
    """One of ``[[early_release]]``: other lessons on some dates, or the usual ones up to a time."""

    name: DisplayName
    dates: Annotated[list[_Date], Field(min_length=1, examples=[_A_DAY])]
    sites: Sites | None = None
    lessons: Annotated[_Lessons, Field(min_length=1)] | None = None
    until: Annotated[str, AfterValidator(_time)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "EarlyReleaseForm":
        if (self.lessons is None) == (self.until is None):
            raise ValueError(f'"{self.name}" wants either lessons or until = "12:00", and not both')
        return self

    def of(self, usual: tuple[LessonTime, ...]) -> tuple[LessonTime, ...]:
        """The lessons of such a day whose `usual` ones these are. The lesson within which `until` lies ends then."""
        if self.until is None:
            return lesson_times(self.lessons or ())
        until = time.fromisoformat(self.until)
        cut = (one if time(0) < one.end <= until else LessonTime(start=one.start, end=until) for one in usual)
        return tuple(one for one in cut if one.start < until)


class ClosureForm(_Table):
    """One of ``[[closures]]``: days without lessons, both bounds included; without `to` a single one."""

    name: DisplayName
    first: Annotated[_Date, Field(alias="from", examples=[_A_DAY])]
    last: Annotated[_Date | None, Field(alias="to", examples=[_A_DAY])] = None
    sites: Sites | None = None

    @field_validator("last")
    @classmethod
    def _after_it_begins(cls, last: date | None, info: ValidationInfo) -> date | None:
        first = info.data.get("first")
        if last is None or first is None:
            return last
        if last < first:
            raise ValueError(f"{last} is before {first}, where it begins; exchange them, or mend the year")
        if last - first > LONGEST_CLOSURE:
            raise ValueError(f"{last} is more than {LONGEST_CLOSURE.days} days after it begins; mend the year")
        return last

    def dates(self) -> Sequence[date]:
        """Its days."""
        days = ((self.last or self.first) - self.first).days
        return [self.first + timedelta(days=number) for number in range(days + 1)]


class SchoolYearForm(_Table):
    """``[school_year]``: no lesson before its first day and after its last."""

    first: Annotated[_Date | None, Field(alias="from", examples=[_A_DAY])] = None
    last: Annotated[_Date | None, Field(alias="to", examples=[_A_DAY])] = None

    @field_validator("last")
    @classmethod
    def _after_it_begins(cls, last: date | None, info: ValidationInfo) -> date | None:
        first = info.data.get("first")
        if last is not None and first is not None and last < first:
            raise ValueError(f"{last} is before {first}, where it begins; exchange them, or mend the year")
        return last

    def holds(self, day: date) -> bool:
        """Whether `day` is of it."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def lesson_times(lessons: Sequence[str]) -> tuple[LessonTime, ...]:
    """Lessons as the file has them, once they have been checked."""
    return tuple(LessonTime(start=_clock(one[:5]), end=_clock(one[6:])) for one in lessons)


def _clock(text: str) -> time:
    return time(0) if text == "24:00" else time.fromisoformat(text)
