"""A machine that is carried from its school to a home and back, and what each network sees of it. Needs root.

::

    district 10.83.0.1 ──┬── 10.83.100.2 school 10.84.1.1 ──┬── 10.84.1.9 reference
                         │                                  └── 10.84.1.20 machine
                         └── 10.83.101.2 home, translates ────── machine, carried there

The district forwards nothing, as a firewall does: from home the collector can be reached and the school cannot.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.end_to_end.namespace import Namespace, cable, namespace

DISTRICT = "10.83.0.1"
SCHOOL_LAN = "10.84.1"
REFERENCE = f"{SCHOOL_LAN}.9"
REFLECTOR_PORT = 8621
COLLECTOR_PORT = 8600


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """The machine, and the networks that it may stand in. `home_lan` is the first three numbers of the home's."""

    district: Namespace
    school: Namespace
    home: Namespace
    reference: Namespace
    machine: Namespace
    home_lan: str

    def plug_in_at_school(self) -> None:
        """Its cable ends in the school's switch."""
        cable(self.school, "desk", self.machine, "net")
        self.school.run("ip", "link", "set", "desk", "master", "lan", "up")
        self._configure(f"{SCHOOL_LAN}.20", f"{SCHOOL_LAN}.1")

    def plug_in_at_home(self) -> None:
        """Its cable ends in the home's router, which counts what comes from it."""
        cable(self.home, "desk", self.machine, "net")
        self.home.run("ip", "address", "add", f"{self.home_lan}.1/24", "dev", "desk")
        self.home.run("ip", "link", "set", "desk", "up")
        self._configure(f"{self.home_lan}.20", f"{self.home_lan}.1")
        self.count_at_home()

    def unplug(self) -> None:
        """Take its cable out, wherever it is."""
        self.machine.run("ip", "link", "delete", "net")

    def cut_uplink(self) -> None:
        """The school is cut off."""
        self.school.run("ip", "link", "set", "uplink", "down")

    def mend_uplink(self) -> None:
        """And is not any more."""
        self.school.run("ip", "link", "set", "uplink", "up")
        self.school.run("ip", "route", "replace", "default", "via", "10.83.100.1")

    def count_at_home(self) -> None:
        """From now on count, from zero, what the machine sends: questions to its site's reflector, packets to the
        collector's HTTP, and the rest."""
        self.home.run(
            "nft",
            "--file",
            "-",
            text=f"""
            table ip seen
            delete table ip seen
            table ip seen {{
                counter questions {{}}
                counter delivery {{}}
                counter rest {{}}
                chain from_the_machine {{
                    type filter hook prerouting priority raw
                    iifname != desk accept
                    ip daddr {REFERENCE} udp dport {REFLECTOR_PORT} counter name questions accept
                    ip daddr {DISTRICT} tcp dport {COLLECTOR_PORT} counter name delivery accept
                    counter name rest
                }}
            }}
            """,
        )

    def counted_at_home(self) -> dict[str, int]:
        """Packets by their kind."""
        listed = json.loads(self.home.run("nft", "--json", "list", "counters", "table", "ip", "seen"))
        counters = (one["counter"] for one in listed["nftables"] if "counter" in one)
        return {one["name"]: one["packets"] for one in counters}

    def _configure(self, address: str, gateway: str) -> None:
        self.machine.run("ip", "address", "add", f"{address}/24", "dev", "net")
        self.machine.run("ip", "link", "set", "net", "up")
        self.machine.run("ip", "route", "add", "default", "via", gateway)


@contextmanager
def carried_machine(home_lan: str) -> Iterator[Carried]:
    """One that is plugged in nowhere yet; gone afterwards. End what runs in it before."""
    with ExitStack() as stack:
        names = ("district", "school", "home", "reference", "machine")
        one = Carried(**{name: stack.enter_context(namespace(name)) for name in names}, home_lan=home_lan)
        one.district.run("ip", "address", "add", f"{DISTRICT}/32", "dev", "lo")
        one.district.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=0")
        for number, (name, router) in enumerate((("school", one.school), ("home", one.home)), start=100):
            cable(one.district, name, router, "uplink")
            for place, device, address in ((one.district, name, 1), (router, "uplink", 2)):
                place.run("ip", "address", "add", f"10.83.{number}.{address}/30", "dev", device)
                place.run("ip", "link", "set", device, "up")
            router.run("ip", "route", "add", "default", "via", f"10.83.{number}.1")
            router.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
        one.district.run("ip", "route", "add", f"{SCHOOL_LAN}.0/24", "via", "10.83.100.2")
        one.home.run(
            "nft",
            "--file",
            "-",
            text="""
            table ip home {
                chain out {
                    type nat hook postrouting priority srcnat
                    oifname uplink masquerade
                }
            }
            """,
        )
        one.school.run("ip", "link", "add", "lan", "type", "bridge")
        one.school.run("ip", "address", "add", f"{SCHOOL_LAN}.1/24", "dev", "lan")
        one.school.run("ip", "link", "set", "lan", "up")
        cable(one.school, "cabinet", one.reference, "net")
        one.school.run("ip", "link", "set", "cabinet", "master", "lan", "up")
        one.reference.run("ip", "address", "add", f"{REFERENCE}/24", "dev", "net")
        one.reference.run("ip", "link", "set", "net", "up")
        one.reference.run("ip", "route", "add", "default", "via", f"{SCHOOL_LAN}.1")
        yield one
