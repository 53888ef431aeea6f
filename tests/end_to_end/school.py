"""A school: rooms on cables of their own, each with its own queue, and the district that they all report to.

::

    district 10.83.0.1 ──┬── tbf down ──> 10.83.1.2 room 1    the queue from the district to the room
                         │  <── tbf up ──                     and the queue from the room to the district
                         └── 10.83.2.1 ── 10.83.2.2 room 2    the district's end is the room's gateway

Nothing of it can be seen from this machine or reach it: the district is a namespace, too. Needs root.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from tests.end_to_end.namespace import Namespace, cable, namespace

DISTRICT = "10.83.0.1"
BURST_BYTES = 4_000
"""What a shaped link lets pass at once: two packets and a half, so that a second is not two in a short test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One direction of a link: its rate, and how long the last packet of its full queue waits."""

    bps: int = 3_000_000
    queue_ms: int = 400

    def on(self, place: Namespace, device: str) -> None:
        """Shape what leaves `device`."""
        rate = ("rate", f"{self.bps}bit", "burst", str(BURST_BYTES), "latency", f"{self.queue_ms}ms")
        place.run("tc", "qdisc", "replace", "dev", device, "root", "tbf", *rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A room's link: `down` is towards the room."""

    down: Shape = field(default_factory=Shape)
    up: Shape = field(default_factory=Shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What a room's router saw of one kind of packets from the room, and how much of it it dropped."""

    seen: int
    dropped: int

    @property
    def share(self) -> float:
        """What was dropped of what was seen."""
        return self.dropped / self.seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A machine in a room. Its cable ends in `uplink` there and in `cable` at its router."""

    name: str
    namespace: Namespace
    router: Namespace
    number: int

    @property
    def cable(self) -> str:
        return f"room-{self.number}"

    @property
    def address(self) -> str:
        return f"10.83.{self.number}.2"

    @property
    def gateway(self) -> str:
        return f"10.83.{self.number}.1"

    def connect(self) -> None:
        """Lay the cable."""
        cable(self.router, self.cable, self.namespace, "uplink")
        for place, device, address in (
            (self.router, self.cable, self.gateway),
            (self.namespace, "uplink", self.address),
        ):
            place.run("ip", "address", "add", f"{address}/24", "dev", device)
            place.run("ip", "link", "set", device, "up")
        self.namespace.run("ip", "route", "add", "default", "via", self.gateway)

    def shape(self, link: Link) -> None:
        """Give the link this shape, now or again."""
        link.down.on(self.router, self.cable)
        link.up.on(self.namespace, "uplink")

    def lose(self, permille: int) -> None:
        """From now on lose so many of a thousand packets, at random, on their way from the room to its router."""
        self._filter(f"numgen random mod 1000 >= {permille} accept")

    def block_udp(self) -> None:
        """From now on its router lets no UDP of this room in."""
        self._filter("meta l4proto != udp accept")

    def ignore_at_the_gateway(self, *protocols: str) -> None:
        """From now on the room's gateway takes nothing of these (``icmp``, ``tcp``) that is for itself."""
        self._filter(f"ip daddr != {self.gateway} accept; meta l4proto != {{ {', '.join(protocols)} }} accept")

    def pass_all(self) -> None:
        """Neither lose nor block anything any more; the count is gone."""
        self.router.run("nft", "delete", "table", "inet", self.cable)

    def udp_count(self) -> Count:
        """UDP since something was first lost, blocked or ignored."""
        return self._count("udp")

    def ping_count(self) -> Count:
        """ICMP since then."""
        return self._count("icmp")

    def _count(self, protocol: str) -> Count:
        listed = json.loads(self.router.run("nft", "--json", "list", "counters", "table", "inet", self.cable))
        counters = (one["counter"] for one in listed["nftables"] if "counter" in one)
        packets = {one["name"]: one["packets"] for one in counters}
        return Count(seen=packets[f"{protocol}_seen"], dropped=packets[f"{protocol}_dropped"])

    def _filter(self, rule: str) -> None:
        self.router.run(
            "nft",
            "--file",
            "-",
            text=f"""
            table inet {self.cable}
            delete table inet {self.cable}
            table inet {self.cable} {{
                counter udp_seen {{}}
                counter udp_dropped {{}}
                counter icmp_seen {{}}
                counter icmp_dropped {{}}
                chain from_the_room {{
                    type filter hook prerouting priority raw
                    iifname != {self.cable} accept
                    meta l4proto udp counter name udp_seen
                    meta l4proto icmp counter name icmp_seen
                    {rule}
                    meta l4proto udp counter name udp_dropped
                    meta l4proto icmp counter name icmp_dropped
                    drop
                }}
            }}
            """,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """The district's end of all links, where `address` is, and the rooms by their names."""

    district: Namespace
    rooms: Mapping[str, Room]
    address: str = DISTRICT


@contextmanager
def school(links: Mapping[str, Link]) -> Iterator[School]:
    """One with these rooms, gone afterwards; end what runs in it before."""
    with ExitStack() as stack:
        district = stack.enter_context(namespace("district"))
        district.run("ip", "address", "add", f"{DISTRICT}/32", "dev", "lo")
        rooms = {}
        for number, (name, link) in enumerate(links.items(), start=1):
            inside = stack.enter_context(namespace(name))
            rooms[name] = Room(name=name, namespace=inside, router=district, number=number)
            rooms[name].connect()
            rooms[name].shape(link)
        yield School(district=district, rooms=rooms)
