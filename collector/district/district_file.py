"""The district as its admin writes it: ``district.toml`` and, beside it, ``rooms.csv``.

``district.toml`` names the district, its time zone, one weekly timetable and its sites; ``rooms.csv``
is what a spreadsheet exports: ``site,room`` and, as far as known, ``name,seats,ap,switch,uplink``. What a room is
called may be any text; addresses and stores know it by its slug.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from collector.district.anchors import MAX_ANCHORS, PACKETS_A_MINUTE, AnchorForm, each_anchor_once
from collector.district.assessments import Assessment
from collector.district.calendar import Calendar, LessonTime
from collector.district.display_name import DisplayName
from collector.district.district import REFLECTOR_PORT, District, Site
from collector.district.host import a_host
from collector.district.mistakes import BadFile, Mistake, line_of, read_toml, validate
from collector.district.networks import Networks
from collector.district.rooms_csv import Room, read_rooms
from collector.district.services import ServiceForm, each_service_once
from collector.district.slug import a_slug, each_once
from collector.district.wanted import did_you_mean

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
LONGEST_ASSESSMENT = timedelta(days=31)
"""Longer is a slip of the pen: nothing would be tested all that time."""

_LESSON = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def _zone(value: str) -> str:
    if value not in available_timezones():
        hint = did_you_mean(value, available_timezones())
        raise ValueError(f'"{value[:60]}" is not an IANA time zone such as America/Chicago{hint}')
    return value


def _lesson(value: str) -> str:
    match = _LESSON.fullmatch(value)
    if not match or (match.group(3) == "24" and match.group(4) != "00"):
        raise ValueError(f'"{value[:60]}" is not a lesson time; write it as "08:00-08:45", 24-hour clock')
    if value[:5] >= value[6:]:
        raise ValueError(f'"{value}" ends before it begins; a lesson lies within one day')
    return value


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_Mbps = Annotated[int, Field(ge=1, le=10_000_000, examples=[1000])]


def _in_order(lessons: list[str]) -> list[str]:
    for earlier, later in pairwise(lessons):
        if later[:5] < earlier[6:]:
            raise ValueError(f'"{later}" begins before "{earlier}" ends; list lessons in order, not overlapping')
    return lessons


class _Timetable(_Strict):
    days: Annotated[list[Weekday], Field(min_length=1, examples=["mon", "tue"])]
    lessons: Annotated[
        list[Annotated[str, AfterValidator(_lesson)]],
        Field(min_length=1, examples=["08:00-08:45", "08:50-09:35"]),
        AfterValidator(_in_order),
    ]


class _Site(_Strict):
    id: Annotated[str, AfterValidator(a_slug)]
    name: DisplayName
    uplink_mbps: _Mbps | None = None
    networks: Networks = []
    reflector: Annotated[str, Field(examples=["10.20.0.9"]), AfterValidator(a_host)] | None = None
    reflector_port: Annotated[int, Field(ge=1, le=65_535)] = REFLECTOR_PORT

    def site(self) -> Site:
        """What it says."""
        return Site(
            site=self.id,
            name=self.name,
            uplink_mbps=self.uplink_mbps,
            networks=tuple(self.networks),
            reflector=self.reflector,
            reflector_port=self.reflector_port,
        )


def _each_once(sites: list[_Site]) -> list[_Site]:
    each_once([one.id for one in sites], "site")
    return sites


def _local(value: datetime) -> datetime:
    if value.tzinfo is not None:
        raise ValueError(f"{value.isoformat()} has a time zone; write the district's local time, without one")
    return value


_Local = Annotated[datetime, Field(examples=[datetime(2026, 4, 14, 8, 30)]), AfterValidator(_local)]  # noqa: DTZ001 - local


class _Assessment(_Strict):
    name: DisplayName
    starts: Annotated[_Local, Field(alias="from")]
    ends: Annotated[_Local, Field(alias="to")]
    sites: Annotated[list[str], Field(min_length=1)] | None = None

    @field_validator("ends")
    @classmethod
    def _after_it_starts(cls, ends: datetime, info: ValidationInfo) -> datetime:
        starts = info.data.get("starts")
        if starts is not None and ends <= starts:
            raise ValueError(f"{ends.isoformat()} is not after {starts.isoformat()}, where it begins")
        if starts is not None and ends - starts > LONGEST_ASSESSMENT:
            days = LONGEST_ASSESSMENT.days
            raise ValueError(f"{ends.isoformat()} is more than {days} days after it begins; list its parts")
        return ends


class _DistrictFile(_Strict):
    name: DisplayName
    time_zone: Annotated[str, AfterValidator(_zone)]
    rooms: Annotated[str, Field(min_length=1)] = "rooms.csv"
    egress_mbps: _Mbps | None = None
    ap_mbps: _Mbps | None = None
    timetable: _Timetable
    sites: Annotated[list[_Site], Field(min_length=1), AfterValidator(_each_once)]
    assessments: list[_Assessment] = []
    anchor_packets_a_minute: Annotated[int, Field(ge=1, le=6_000)] = PACKETS_A_MINUTE
    anchors: Annotated[list[AnchorForm], Field(max_length=MAX_ANCHORS), AfterValidator(each_anchor_once)] = []
    networks: Networks = []
    services: Annotated[list[ServiceForm], AfterValidator(each_service_once)] = []


def load_district(path: Path) -> District:
    """Read ``district.toml`` at `path` and the spreadsheet it names. Raises `BadFile` with every mistake
    of both files."""
    mistakes: list[Mistake] = []
    text, data = read_toml(path)
    try:
        file: _DistrictFile | None = validate(_DistrictFile, data, text=text, file=path.name)
    except BadFile as error:
        file = None
        mistakes += error.mistakes
    csv_name = data.get("rooms", "rooms.csv")
    rooms: tuple[Room, ...] = ()
    if isinstance(csv_name, str):
        try:
            rooms = read_rooms(path.parent / csv_name, known_sites=_site_ids(data))
        except BadFile as error:
            mistakes += error.mistakes
    if file is not None:
        mistakes += _unknown_sites(file.assessments, {one.id for one in file.sites}, text, path.name)
    if mistakes or file is None:
        raise BadFile(mistakes)
    zone = ZoneInfo(file.time_zone)
    lessons = tuple(LessonTime(start=_time(one[:5]), end=_time(one[6:])) for one in file.timetable.lessons)
    return District(
        name=file.name,
        calendar=Calendar(
            time_zone=zone,
            lessons_by_weekday={WEEKDAYS.index(day): lessons for day in file.timetable.days},
        ),
        sites=tuple(one.site() for one in file.sites),
        rooms=rooms,
        egress_mbps=file.egress_mbps,
        ap_mbps=file.ap_mbps,
        assessments=tuple(
            Assessment(
                name=one.name,
                started_at=one.starts.replace(tzinfo=zone).astimezone(UTC),
                ended_at=one.ends.replace(tzinfo=zone).astimezone(UTC),
                sites=frozenset(one.sites or ()),
            )
            for one in file.assessments
        ),
        anchors=tuple(one.anchor() for one in file.anchors),
        anchor_packets_a_minute=file.anchor_packets_a_minute,
        networks=tuple(file.networks),
        services=tuple(one.service() for one in file.services),
    )


def _unknown_sites(assessments: list[_Assessment], known: set[str], text: str, file: str) -> Iterator[Mistake]:
    for number, one in enumerate(assessments):
        for site in sorted(set(one.sites or ()) - known):
            yield Mistake(
                file=file,
                line=line_of(text, ["assessments", number, "sites"]),
                key="assessments.sites",
                text=f'"{site[:60]}" is not a site of this file{did_you_mean(site, known)}',
            )


def _site_ids(data: Mapping[str, object]) -> frozenset[str]:
    sites = data.get("sites")
    listed = sites if isinstance(sites, list) else []
    return frozenset(one["id"] for one in listed if isinstance(one, dict) and isinstance(one.get("id"), str))


def _time(text: str) -> time:
    return time(0) if text == "24:00" else time.fromisoformat(text)
