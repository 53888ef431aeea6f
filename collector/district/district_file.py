"""The district as its admin writes it: ``district.toml`` and, beside it, ``rooms.csv``.

``district.toml`` names the district, its time zone, its lessons and its sites; ``rooms.csv``
is what a spreadsheet exports: ``site,room`` and, as far as known, ``name,seats,ap,switch,uplink``. What a room is
called may be any text; addresses and stores know it by its slug.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from collector.district.activities import DEFAULT_ACTIVITIES, ActivityForm, wrong_activities
from collector.district.anchors import MAX_ANCHORS, PACKETS_A_MINUTE, AnchorForm, each_anchor_once
from collector.district.assessments import Assessment
from collector.district.calendar_forms import (
    ClosureForm,
    EarlyReleaseForm,
    OfSites,
    OtherTimetableForm,
    SchoolYearForm,
    Sites,
    TimetableForm,
    of_our_years,
)
from collector.district.display_name import DisplayName
from collector.district.district import REFLECTOR_PORT, District, Site
from collector.district.host import a_host
from collector.district.mistakes import BadFile, Mistake, line_of, read_toml, validate
from collector.district.networks import Networks
from collector.district.own_profiles import own_profiles
from collector.district.rooms_csv import Room, read_rooms
from collector.district.services import ServiceForm, each_service_once
from collector.district.site_calendars import SiteCalendars
from collector.district.slug import a_slug, each_once
from collector.district.time_zone import a_time_zone
from collector.district.wanted import did_you_mean
from collector.verdict.profiles import Profiles, default_profiles

LONGEST_ASSESSMENT = timedelta(days=31)
"""Longer is a slip of the pen: nothing would be tested all that time."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_Mbps = Annotated[int, Field(ge=1, le=10_000_000, examples=[1000])]
_Users = Annotated[int, Field(ge=1, le=10_000_000, examples=[640])]


class _Site(_Strict):
    id: Annotated[str, AfterValidator(a_slug)]
    name: DisplayName
    uplink_mbps: _Mbps | None = None
    users: _Users | None = None
    networks: Networks = []
    reflector: Annotated[str, Field(examples=["10.20.0.9"]), AfterValidator(a_host)] | None = None
    reflector_port: Annotated[int, Field(ge=1, le=65_535)] = REFLECTOR_PORT

    def site(self) -> Site:
        """What it says."""
        return Site(
            site=self.id,
            name=self.name,
            uplink_mbps=self.uplink_mbps,
            users=self.users,
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


_Local = Annotated[
    datetime,
    Field(examples=[datetime(2026, 4, 14, 8, 30)]),  # noqa: DTZ001 - local
    AfterValidator(_local),
    AfterValidator(of_our_years),
]


class _Assessment(_Strict):
    name: DisplayName
    starts: Annotated[_Local, Field(alias="from")]
    ends: Annotated[_Local, Field(alias="to")]
    sites: Sites | None = None

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


class DistrictFile(_Strict):
    """``district.toml``, table by table."""

    name: DisplayName
    time_zone: Annotated[str, AfterValidator(a_time_zone)]
    rooms: Annotated[str, Field(min_length=1)] = "rooms.csv"
    egress_mbps: _Mbps | None = None
    ap_mbps: _Mbps | None = None
    users: _Users | None = None
    timetable: TimetableForm
    timetables: list[OtherTimetableForm] = []
    early_release: list[EarlyReleaseForm] = []
    closures: list[ClosureForm] = []
    school_year: SchoolYearForm | None = None
    sites: Annotated[list[_Site], Field(min_length=1), AfterValidator(_each_once)]
    assessments: list[_Assessment] = []
    anchor_packets_a_minute: Annotated[int, Field(ge=1, le=6_000)] = PACKETS_A_MINUTE
    anchors: Annotated[list[AnchorForm], Field(max_length=MAX_ANCHORS), AfterValidator(each_anchor_once)] = []
    networks: Networks = []
    services: Annotated[list[ServiceForm], AfterValidator(each_service_once)] = []
    profiles: Annotated[str, Field(min_length=1, examples=["profiles.toml"])] | None = None
    activities: list[ActivityForm] = []


def load_district(path: Path, *, today: date | None = None) -> District:
    """Read ``district.toml`` at `path` and the files it names. Raises `BadFile` with every mistake of them. `today` is
    from when on lessons are held against what the time zone skips, where the file bounds no school year."""
    mistakes: list[Mistake] = []
    text, data = read_toml(path)
    try:
        file: DistrictFile | None = validate(DistrictFile, data, text=text, file=path.name)
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
    profiles: Profiles | None = None
    try:
        own = data.get("profiles")
        profiles = own_profiles(path.parent / own, default_profiles()) if isinstance(own, str) else default_profiles()
    except BadFile as error:
        mistakes += error.mistakes
    calendars: SiteCalendars | None = None
    if file is not None:
        if profiles is not None:
            mistakes += wrong_activities(file.activities, profiles.by_name, text, path.name)
        unknown = list(_unknown_sites(file, text, path.name))
        mistakes += unknown
        if not unknown:
            calendars = _calendars(file, today or datetime.now(UTC).date())
            mistakes += calendars.mistakes(text, path.name)
    if mistakes or file is None or calendars is None or profiles is None:
        raise BadFile(mistakes)
    zone = ZoneInfo(file.time_zone)
    calendar, site_calendars = calendars.calendars()
    return District(
        name=file.name,
        calendar=calendar,
        site_calendars=site_calendars,
        sites=tuple(one.site() for one in file.sites),
        rooms=rooms,
        egress_mbps=file.egress_mbps,
        ap_mbps=file.ap_mbps,
        users=file.users,
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
        profiles=profiles,
        activities=tuple(one.activity() for one in file.activities) or DEFAULT_ACTIVITIES,
    )


def _calendars(file: DistrictFile, today: date) -> SiteCalendars:
    return SiteCalendars(
        time_zone=ZoneInfo(file.time_zone),
        timetable=file.timetable,
        others=file.timetables,
        early=file.early_release,
        closures=file.closures,
        school_year=file.school_year,
        sites=[one.id for one in file.sites],
        today=today,
    )


def _unknown_sites(file: DistrictFile, text: str, name: str) -> Iterator[Mistake]:
    known = {one.id for one in file.sites}
    tables: dict[str, Sequence[OfSites]] = {
        "timetables": file.timetables,
        "early_release": file.early_release,
        "closures": file.closures,
        "assessments": file.assessments,
    }
    for table, listed in tables.items():
        for number, one in enumerate(listed):
            for site in sorted(set(one.sites or ()) - known):
                yield Mistake(
                    file=name,
                    line=line_of(text, [table, number, "sites"]),
                    key=f"{table}.sites",
                    text=f'"{site[:60]}" is not a site of this file{did_you_mean(site, known)}',
                )


def _site_ids(data: Mapping[str, object]) -> frozenset[str]:
    sites = data.get("sites")
    listed = sites if isinstance(sites, list) else []
    return frozenset(one["id"] for one in listed if isinstance(one, dict) and isinstance(one.get("id"), str))
