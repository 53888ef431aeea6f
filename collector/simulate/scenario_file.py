"""A scenario as somebody writes it: one TOML file, every mistake in it told at once."""

from collections.abc import Iterator
from datetime import date, time, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from collector.district.calendar import Calendar, LessonTime
from collector.district.calendar_forms import WEEKDAYS, Weekday
from collector.district.display_name import DisplayName
from collector.district.mistakes import BadFile, Mistake, line_of, read_toml, validate
from collector.district.rooms_csv import Room
from collector.district.slug import a_slug, each_once
from collector.district.time_zone import a_time_zone
from collector.district.wanted import did_you_mean
from collector.simulate.bursts import enter_chance
from collector.simulate.kinds import KINDS, Kind
from collector.simulate.scenario import BIN_SECONDS, Fault, MadeSite, Scenario
from collector.verdict.topology import RoomKey

MAX_ROOMS = 500
SHIPPED = files("collector.simulate") / "scenarios"


def _span(value: str) -> str:
    start, dash, end = value.partition("-")
    try:
        good = dash and time.fromisoformat(start) < time.fromisoformat(end) and len(value) == 11
    except ValueError:
        good = False
    if not good:
        raise ValueError(f'"{value[:60]}" is not a time of day; write it as "08:00-09:00", the later one behind')
    return value


def _in_order(spans: list[str]) -> list[str]:
    for earlier, later in pairwise(spans):
        if later[:5] < earlier[6:]:
            raise ValueError(f'"{later}" begins before "{earlier}" ends; list them in order, not overlapping')
    return spans


def _a_monday(value: date) -> date:
    if value.weekday():
        raise ValueError(f"{value} is no Monday; write {value - timedelta(days=value.weekday())}")
    return value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_Spans = Annotated[
    list[Annotated[str, AfterValidator(_span)]], Field(examples=["08:00-09:00"]), AfterValidator(_in_order)
]
_Share = Annotated[float, Field(ge=0, le=1, examples=[0.2])]
_Minutes = Annotated[float, Field(ge=5, le=10_000, examples=[20])]
_Ms = Annotated[float, Field(ge=0, le=30_000, examples=[250])]
_Week = Annotated[int, Field(ge=1, le=60)]
_PerLabel = Annotated[int, Field(ge=1, le=MAX_ROOMS)]


class _Calendar(_Strict):
    time_zone: Annotated[str, AfterValidator(a_time_zone)] = "America/Chicago"
    first_monday: Annotated[date, Field(examples=[date(2026, 8, 17)]), AfterValidator(_a_monday)]
    days: Annotated[list[Weekday], Field(min_length=1, examples=["mon", "tue"])]
    lessons: Annotated[_Spans, Field(min_length=1)]
    closures: list[date] = []
    early_release: list[date] = []
    early_lessons: _Spans = []

    def calendar(self) -> Calendar:
        """What it says."""
        usual, early = _times(self.lessons), _times(self.early_lessons)
        by_date = dict.fromkeys(self.early_release, early) | dict.fromkeys(self.closures, ())
        return Calendar(
            time_zone=ZoneInfo(self.time_zone),
            lessons_by_weekday={WEEKDAYS.index(day): usual for day in self.days},
            lessons_by_date=by_date,
        )


class _Site(_Strict):
    id: Annotated[str, AfterValidator(a_slug)]
    rooms: Annotated[int, Field(ge=1, le=MAX_ROOMS)]
    seats: Annotated[int, Field(ge=1, le=500)] = 28
    rooms_per_ap: _PerLabel = 1
    rooms_per_switch: _PerLabel = 12
    agents_per_room: Annotated[int, Field(ge=1, le=5)] = 1
    reference: bool = True
    uplink_mbps: Annotated[int, Field(ge=1, le=1_000_000)] = 1000

    def site(self) -> MadeSite:
        """What it says."""
        rooms = tuple(
            Room(
                site=self.id,
                room=str(101 + n),
                seats=self.seats,
                ap=f"ap-{n // self.rooms_per_ap + 1}",
                switch=f"sw-{n // self.rooms_per_switch + 1}",
                uplink=f"{self.id}-uplink",
            )
            for n in range(self.rooms)
        )
        return MadeSite(
            site=self.id,
            rooms=rooms,
            reference=self.reference,
            agents=self.agents_per_room,
            uplink_mbps=self.uplink_mbps,
        )


def _each_site_once(sites: list[_Site]) -> list[_Site]:
    each_once([one.id for one in sites], "site")
    if (rooms := sum(one.rooms for one in sites)) > MAX_ROOMS:
        raise ValueError(f"are {rooms} rooms together; allowed are at most {MAX_ROOMS}")
    return sites


class _Anchors(_Strict):
    names: list[Annotated[str, AfterValidator(a_slug)]] = []


class _Background(_Strict):
    bad_share: _Share = 0.02
    burst_minutes: _Minutes = 15.0
    delay_ms: _Ms = 260.0
    loss: _Share = 0.0


class _Fault(_Strict):
    kind: Kind
    where: Annotated[list[str], Field(min_length=1, examples=["oak-hill/101"])]
    weeks: Annotated[list[_Week], Field(min_length=2, max_length=2, examples=[[2, 10]])]
    hours: _Spans = []
    bad_share: _Share = 1.0
    burst_minutes: _Minutes = 20.0
    delay_ms: _Ms = 0.0
    loss: _Share = 0.0
    to: str | None = None


class _ScenarioFile(_Strict):
    title: DisplayName
    weeks: _Week
    calendar: _Calendar
    sites: Annotated[list[_Site], Field(min_length=1), AfterValidator(_each_site_once)]
    anchors: _Anchors = _Anchors()
    background: _Background = _Background()
    faults: list[_Fault] = []


def shipped() -> list[str]:
    """The names of the scenarios that come with the product."""
    return sorted(one.name.removesuffix(".toml") for one in SHIPPED.iterdir() if one.name.endswith(".toml"))


def find_scenario(name: str) -> Path:
    """The file of a scenario, by its path or by the name of a shipped one. Raises `BadFile` for neither."""
    if name in shipped():
        return Path(str(SHIPPED / f"{name}.toml"))
    path = Path(name)
    if path.suffix != ".toml" and not path.exists():
        text = f'there is no scenario "{name}"; shipped are {", ".join(shipped())}, or name a file.toml'
        raise BadFile([Mistake(file=name, line=1, key="", text=text + did_you_mean(name, shipped()))])
    return path


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file. Raises `BadFile` with every mistake."""
    text, data = read_toml(path)
    file = validate(_ScenarioFile, data, text=text, file=path.name)
    sites = tuple(one.site() for one in file.sites)
    rooms = [room for site in sites for room in site.rooms]
    mistakes = [*_impossible(file, text, path.name), *_unknown_places(file, rooms, text, path.name)]
    if mistakes:
        raise BadFile(mistakes)
    everywhere = tuple((one.site, one.room) for one in rooms)
    background = Fault(
        kind="room_wifi",
        groups=tuple((one,) for one in everywhere),
        sites=frozenset(one.site for one in sites),
        first_week=1,
        last_week=file.weeks,
        hours=(),
        share=file.background.bad_share,
        burst_minutes=file.background.burst_minutes,
        delay_ms=file.background.delay_ms,
        loss=file.background.loss,
    )
    return Scenario(
        name=path.stem,
        title=file.title,
        weeks=file.weeks,
        first_monday=file.calendar.first_monday,
        calendar=file.calendar.calendar(),
        sites=sites,
        anchors=tuple(file.anchors.names),
        background=background,
        faults=tuple(_fault(one, rooms) for one in file.faults),
        source=text,
    )


def _fault(one: _Fault, rooms: list[Room]) -> Fault:
    found = [room for where in one.where for room in rooms if _matches(where, room)]
    return Fault(
        kind=one.kind,
        groups=tuple(_groups(one, rooms)),
        sites=frozenset(room.site for room in found),
        first_week=one.weeks[0],
        last_week=one.weeks[1],
        hours=tuple((time.fromisoformat(span[:5]), time.fromisoformat(span[6:])) for span in one.hours),
        share=one.bad_share,
        burst_minutes=one.burst_minutes,
        delay_ms=one.delay_ms,
        loss=one.loss,
        to=_key(one.to) if one.to else None,
    )


def _groups(one: _Fault, rooms: list[Room]) -> Iterator[tuple[RoomKey, ...]]:
    """What goes bad together. A label names what its rooms share; a site or ``all`` does so only for faults that are
    not a room's own."""
    scope = KINDS[one.kind].scope
    if scope == "district":
        yield tuple((room.site, room.room) for room in rooms)
        return
    for where in one.where:
        found = [(room.site, room.room) for room in rooms if _matches(where, room)]
        if scope == "room" and _is_label(where):
            yield tuple(found)
        elif scope == "room":
            yield from ((key,) for key in found)
        else:
            for site in dict.fromkeys(site for site, _ in found):
                yield tuple(key for key in found if key[0] == site)


def _matches(where: str, room: Room) -> bool:
    site, _, rest = where.partition("/")
    return where == "all" or (site == room.site and rest in {"", room.room, room.ap, room.switch})


def _is_label(where: str) -> bool:
    return "/ap-" in where or "/sw-" in where


def _impossible(file: _ScenarioFile, text: str, name: str) -> Iterator[Mistake]:
    """Faults that cannot be, by their numbers."""
    calendar = file.calendar
    if calendar.early_release and not calendar.early_lessons:
        what = 'are days of other lessons; say which in early_lessons = ["08:00-09:00"]'
        yield _mistake(text, name, ["calendar", "early_release"], what)
    tables: list[tuple[list[str | int], float, float]] = [
        (["background"], file.background.bad_share, file.background.burst_minutes)
    ]
    tables += [(["faults", n], one.bad_share, one.burst_minutes) for n, one in enumerate(file.faults)]
    for at, share, minutes in tables:
        try:
            enter_chance(share, minutes * 60 / BIN_SECONDS)
        except ValueError:
            least = share / (1 - share) * BIN_SECONDS / 60
            what = f"is too short to fill a bad_share of {share:g}; write {least:.0f} or more"
            yield _mistake(text, name, [*at, "burst_minutes"], what)
    for n, one in enumerate(file.faults):
        first, last = one.weeks
        if not first <= last <= file.weeks:
            what = f"are {first} to {last}; write the first and the last, from 1 to {file.weeks}"
            yield _mistake(text, name, ["faults", n, "weeks"], what)
        if KINDS[one.kind].segment not in {None, "beyond", "resolver"} and not (one.delay_ms or one.loss):
            what = f'of kind "{one.kind}" does nothing; give it delay_ms or loss'
            yield _mistake(text, name, ["faults", n, "kind"], what)
        if one.kind == "moved" and one.to is None:
            yield _mistake(text, name, ["faults", n, "kind"], 'of kind "moved" needs to = "oak-hill/102" or so')
        if one.kind != "moved" and one.to is not None:
            yield _mistake(
                text, name, ["faults", n, "to"], f'is of kind "moved" alone, not of "{one.kind}"; leave it out'
            )


def _unknown_places(file: _ScenarioFile, rooms: list[Room], text: str, name: str) -> Iterator[Mistake]:
    sites = {room.site for room in rooms}
    known = ["all", *sites]
    known += [f"{room.site}/{label}" for room in rooms for label in (room.room, room.ap, room.switch)]
    for n, one in enumerate(file.faults):
        for where in one.where:
            if not any(_matches(where, room) for room in rooms):
                what = f'"{where[:60]}" is no place; write "all", a site, or site/room, site/ap-1, site/sw-1'
                yield _mistake(text, name, ["faults", n, "where"], what + did_you_mean(where, known))
        whole = [where for where in one.where if where == "all"]
        if KINDS[one.kind].scope == "district" and not whole:
            what = f'of kind "{one.kind}" is everybody\'s; write where = ["all"]'
            yield _mistake(text, name, ["faults", n, "where"], what)
        inside = [where for where in one.where if "/" in where]
        if KINDS[one.kind].scope == "site" and inside:
            what = f'"{inside[0]}" is a part of a site, and kind "{one.kind}" is of a whole one; write the site'
            yield _mistake(text, name, ["faults", n, "where"], what)
        if one.to is not None and not any(one.to == f"{room.site}/{room.room}" for room in rooms):
            what = f'"{one.to[:60]}" is no room; write it as site/room{did_you_mean(one.to, known)}'
            yield _mistake(text, name, ["faults", n, "to"], what)


def _mistake(text: str, name: str, at: list[str | int], what: str) -> Mistake:
    key = ".".join(part for part in at if isinstance(part, str))
    return Mistake(file=name, line=line_of(text, at), key=key, text=what)


def _times(spans: list[str]) -> tuple[LessonTime, ...]:
    return tuple(LessonTime(start=time.fromisoformat(one[:5]), end=time.fromisoformat(one[6:])) for one in spans)


def _key(where: str) -> RoomKey:
    site, _, room = where.partition("/")
    return site, room
