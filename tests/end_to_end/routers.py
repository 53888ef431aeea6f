"""Three routers in a row between a room and a target, in both versions of IP. Needs root.

::

    room ── 10.12.1.0/24 ── gateway ── 10.12.2.0/24 ── core ── 10.99.1.0/24 ── border ── 198.51.100.0/24 ── target

Nothing of it can be seen from this machine or reach it.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.end_to_end.namespace import Namespace, namespace

CABLES = (
    ("10.12.1", "2001:db8:12:1"),
    ("10.12.2", "2001:db8:12:2"),
    ("10.99.1", "2001:db8:99:1"),
    ("198.51.100", "2620:fe:1:1"),
)
TARGETS = {4: "198.51.100.2", 6: "2620:fe:1:1::2"}
NAMES = ("room", "gateway", "core", "border", "target")


@dataclass(frozen=True, slots=True)
class Routers:
    """The places, from the room on."""

    room: Namespace
    gateway: Namespace
    core: Namespace
    border: Namespace
    target: Namespace

    @staticmethod
    def silence(place: Namespace) -> None:
        """From now on this router passes packets on and says nothing of its own."""
        _filter(place, "output", "icmp type time-exceeded drop", "icmpv6 type time-exceeded drop")

    @staticmethod
    def drop_all(place: Namespace) -> None:
        """From now on this machine takes nothing in but what finds its neighbours."""
        _filter(place, "input", "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept", "drop")

    @staticmethod
    def bar(place: Namespace) -> None:
        """From now on this router says that it may not pass anything on."""
        _filter(place, "forward", "reject with icmpx type admin-prohibited")

    @staticmethod
    def forgive(place: Namespace) -> None:
        """No filter any more."""
        place.run("nft", "flush", "ruleset")


def _filter(place: Namespace, hook: str, *rules: str) -> None:
    lines = "\n".join((f"type filter hook {hook} priority 0", *rules))
    place.run("nft", "--file", "-", text=f"table inet test {{\nchain {hook} {{\n{lines}\n}}\n}}\n")


@contextmanager
def routers() -> Iterator[Routers]:
    """The row, made and gone."""
    with ExitStack() as made:
        places = [made.enter_context(namespace(name)) for name in NAMES]
        for (v4, v6), near, far in zip(CABLES, places[:-1], places[1:], strict=True):
            near.run("ip", "link", "add", "far", "type", "veth", "peer", "name", "near", "netns", far.name)
            for place, device, end in ((near, "far", 1), (far, "near", 2)):
                place.run("ip", "address", "add", f"{v4}.{end}/24", "dev", device)
                place.run("ip", "-6", "address", "add", f"{v6}::{end}/64", "dev", device, "nodad")
                place.run("ip", "link", "set", device, "up")
        _route(places)
        yield Routers(*places)


def _route(places: list[Namespace]) -> None:
    """Every place sends what lies behind it towards the target, and all else back towards the room."""
    for number, place in enumerate(places):
        if 0 < number < len(places) - 1:
            place.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        ahead, back = number < len(places) - 1, number > 0
        for at, (v4, v6) in enumerate(CABLES):
            if ahead and at > number:
                mine = CABLES[number]
                place.run("ip", "route", "add", f"{v4}.0/24", "via", f"{mine[0]}.2")
                place.run("ip", "-6", "route", "add", f"{v6}::/64", "via", f"{mine[1]}::2")
            elif back and at < number - 1:
                mine = CABLES[number - 1]
                place.run("ip", "route", "add", f"{v4}.0/24", "via", f"{mine[0]}.1")
                place.run("ip", "-6", "route", "add", f"{v6}::/64", "via", f"{mine[1]}::1")
