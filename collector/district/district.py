"""What the district is: its sites and rooms, when they have lessons, what they judge by and what they measure to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from collector.district.activities import DEFAULT_ACTIVITIES
from collector.district.anchors import PACKETS_A_MINUTE, Anchor
from collector.district.assessments import Assessment, Written
from collector.district.calendar import Calendar
from collector.district.rooms_csv import Room
from collector.district.services import ListedService
from collector.verdict.profiles import Profiles, default_profiles
from collector.verdict.room_need import Activity

REFLECTOR_PORT = 8621


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A school. `simulated` sites exist in the demo only and say so wherever they show. `uplink_mbps` is what its
    uplink carries, the less of the two directions, `users` its students and staff, each ``None`` unknown, `networks`
    its address ranges, none unknown.
    `reflector` is the host of its reference agent, which answers on UDP port `reflector_port`, ``None`` where it has
    none."""

    site: str
    name: str
    simulated: bool = False
    uplink_mbps: int | None = None
    users: int | None = None
    networks: tuple[str, ...] = ()
    reflector: str | None = None
    reflector_port: int = REFLECTOR_PORT


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """Sites in the order of the file, rooms in the order of the spreadsheet. `egress_mbps` is what the district's way
    out carries, `ap_mbps` an access point, each the less of the two directions, `users` its students and staff,
    ``None`` unknown.
    `anchor_packets_a_minute` is what all reference agents together may send to all `anchors`. `networks` are its own
    address ranges that are of no site alone. `site_calendars` are of the sites that do not keep `calendar`. `profiles`
    are what it judges by, `activities` what its rooms have to carry at a time."""

    name: str
    calendar: Calendar
    sites: tuple[Site, ...]
    rooms: tuple[Room, ...]
    egress_mbps: int | None = None
    ap_mbps: int | None = None
    users: int | None = None
    assessments: tuple[Assessment, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    anchor_packets_a_minute: int = PACKETS_A_MINUTE
    networks: tuple[str, ...] = ()
    services: tuple[ListedService, ...] = ()
    site_calendars: Mapping[str, Calendar] = field(default_factory=dict)
    profiles: Profiles = field(default_factory=default_profiles)
    activities: tuple[Activity, ...] = DEFAULT_ACTIVITIES
    _written: Mapping[str, Written] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Look up once what is asked of every bin."""
        written = {
            site.site: Written(one for one in self.assessments if one.concerns(site.site)) for site in self.sites
        }
        object.__setattr__(self, "_written", written)

    @property
    def time_zone(self) -> ZoneInfo:
        """Of all its sites."""
        return self.calendar.time_zone

    def calendar_of(self, site: str) -> Calendar:
        """When that site has lessons."""
        return self.site_calendars.get(site, self.calendar)

    @property
    def calendars(self) -> tuple[Calendar, ...]:
        """Those that its sites keep, each once."""
        found = {id(one): one for one in (self.calendar_of(site.site) for site in self.sites)}
        return tuple(found.values())

    def assessing(self, site: str, start: datetime, end: datetime) -> bool:
        """Whether an assessment is written at `site` in a part of ``[start, end)``."""
        written = self._written.get(site)
        return written is not None and written.within(start, end)

    def has_room(self, site: str, room: str) -> bool:
        """Whether the district knows this room."""
        return any((one.site, one.room) == (site, room) for one in self.rooms)
