"""A small district: two schools with an uplink each, and one way out to the Internet. Needs root.

::

    room ──┐
    room ──┼─ school ── tbf uplink tbf ──┐
    cabinet┘                             ├── district 10.83.0.1 ── tbf egress tbf ── internet 198.51.100.0/24
    room ──┬─ school ── tbf uplink tbf ──┘
    ...                                      the end with the queue for a direction is the one that sends into it

Each room hangs on a link of its own, as in `school`, whose router is its gateway. In each school's cabinet stands its
reference, on a wide link.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.end_to_end.namespace import Namespace, cable, namespace
from tests.end_to_end.school import DISTRICT, Link, Room, School, Shape

WIDE = Link(down=Shape(bps=50_000_000), up=Shape(bps=50_000_000))
ROOM_LINK = Link(down=Shape(bps=3_000_000), up=Shape(bps=3_000_000))
UPLINK = Link(down=Shape(bps=6_000_000), up=Shape(bps=6_000_000))
EGRESS = Link(down=Shape(bps=4_000_000), up=Shape(bps=4_000_000))

_INTERNET = "198.51.100.0/24"
_ALL_HERE = "10.83.0.0/16"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteNetwork:
    """One school: its router, its rooms by name, and the cabinet of its reference."""

    site: str
    router: Namespace
    rooms: Mapping[str, Room]
    cabinet: Room


@dataclass(frozen=True, slots=True, kw_only=True)
class DistrictNetwork:
    """`district` has the collector's address; `internet` is beyond the way out."""

    district: Namespace
    internet: Namespace
    sites: Mapping[str, SiteNetwork]
    address: str = DISTRICT

    @property
    def school(self) -> School:
        """All rooms with pupils together, seen from the district."""
        rooms = {name: room for site in self.sites.values() for name, room in site.rooms.items()}
        return School(district=self.district, rooms=rooms, address=self.address)


@contextmanager
def district_network(sites: Mapping[str, Sequence[str]]) -> Iterator[DistrictNetwork]:
    """One with these rooms by site, gone afterwards; end what runs in it before. Every room has a name of its own."""
    with ExitStack() as stack:
        district = stack.enter_context(namespace("district"))
        internet = stack.enter_context(namespace("internet"))
        district.run("ip", "address", "add", f"{DISTRICT}/32", "dev", "lo")
        _forward(district)
        _join(district, "egress", internet, "10.83.254", EGRESS)
        district.run("ip", "route", "add", _INTERNET, "via", "10.83.254.2")
        internet.run("ip", "route", "add", _ALL_HERE, "via", "10.83.254.1")
        made = {}
        for number, (site, rooms) in enumerate(sites.items(), start=1):
            router = stack.enter_context(namespace(site))
            _forward(router)
            _join(district, site, router, f"10.83.{100 + number}", UPLINK)
            router.run("ip", "route", "add", "default", "via", f"10.83.{100 + number}.1")
            places = {}
            for index, name in enumerate((*rooms, f"{site}-cabinet"), start=10 * number):
                inside = stack.enter_context(namespace(name))
                room = Room(name=name, namespace=inside, router=router, number=index)
                room.connect()
                room.shape(ROOM_LINK if name in rooms else WIDE)
                district.run("ip", "route", "add", f"10.83.{index}.0/24", "via", f"10.83.{100 + number}.2")
                places[name] = room
            cabinet = places.pop(f"{site}-cabinet")
            made[site] = SiteNetwork(site=site, router=router, rooms=places, cabinet=cabinet)
        yield DistrictNetwork(district=district, internet=internet, sites=made)


def _forward(place: Namespace) -> None:
    place.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")


def _join(here: Namespace, end: str, there: Namespace, net: str, link: Link) -> None:
    """A line of this shape; its two ends are .1 and .2 of `net`, and `down` is from the first to the second."""
    cable(here, end, there, "uplink")
    for place, device, address, shape in ((here, end, 1, link.down), (there, "uplink", 2, link.up)):
        place.run("ip", "address", "add", f"{net}.{address}/30", "dev", device)
        place.run("ip", "link", "set", device, "up")
        shape.on(place, device)
