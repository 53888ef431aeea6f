"""The rooms of the known week: three schools, eight rooms, hostile names."""

from dataclasses import dataclass

OAK_HILL = 'Oak Hill, "North" = 1'
RIVER = "River School"
WEST = "West, the old building"
LAB = 'Lab 1,2 "wet" = \\ \n🎈'


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room, and how many minutes ago its newest trouble began, if it has any now."""

    site: str
    site_name: str
    room: str
    name: str
    state: str
    began_minutes_ago: int = 300


ROOMS = (
    Room(site="oak-hill", site_name=OAK_HILL, room="101", name="Room 101", state="bad", began_minutes_ago=25),
    Room(site="oak-hill", site_name=OAK_HILL, room="lab", name=LAB, state="degraded", began_minutes_ago=120),
    Room(site="oak-hill", site_name=OAK_HILL, room="music", name="Music room", state="ok"),
    Room(site="oak-hill", site_name=OAK_HILL, room="library", name="Library", state="unknown"),
    Room(site="river", site_name=RIVER, room="201", name="Room 201", state="ok"),
    Room(site="river", site_name=RIVER, room="art", name="Art room", state="bad", began_minutes_ago=90),
    Room(site="west", site_name=WEST, room="301", name="Room 301", state="ok"),
    Room(site="west", site_name=WEST, room="302", name="Room 302", state="ok"),
)
