"""A district that is measured: its collector, an agent in each room, and a reference in each school's cabinet."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.end_to_end.agent_process import AgentFolder
from tests.end_to_end.collector_process import CollectorFolder
from tests.end_to_end.district_network import DistrictNetwork, district_network
from tests.end_to_end.internet import ADDRESS, ADDRESSED, ANCHORS, NAME, NAMED, RESOLVER, Internet, internet
from tests.end_to_end.measured_school import HTTP_PORT, REFLECTOR_PORT, MeasuredSchool
from tests.end_to_end.own_machine import own_machine

AT_ONCE = 3
"""So many agents join at the same time."""

_A_DAY_MS = 86_400_000

DISTRICT_FILE = """\
name = "Test district"
time_zone = "UTC"
anchor_packets_a_minute = 2400

[timetable]
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
lessons = ["00:00-24:00"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredDistrict:
    """`measured` has the agents of rooms and of cabinets by their names, and waits for its `start`."""

    network: DistrictNetwork
    internet: Internet
    measured: MeasuredSchool


@contextmanager
def measured_district(
    sites: Mapping[str, Sequence[str]], folder: Path, **settings: object
) -> Iterator[MeasuredDistrict]:
    """One with these rooms by site, in which nothing runs any more afterwards."""
    with ExitStack() as stack:
        network = stack.enter_context(district_network(sites))
        beyond = stack.enter_context(internet(network.internet, folder))
        collector = CollectorFolder(
            folder / "collector",
            **{
                "host": network.address,
                "port": HTTP_PORT,
                "public_port": HTTP_PORT,
                "reflector_port": REFLECTOR_PORT,
                "behind_proxy": True,
                "reader_password": "correct horse",
                "bin_seconds": 5,
                **settings,
            },
        )
        stack.callback(collector.close)
        _write_district(network, collector)
        network.district.call(collector.start)
        (folder / "resolv.conf").write_text(f"nameserver {RESOLVER}\n")
        over = {**own_machine(folder), "/etc/resolv.conf": folder / "resolv.conf"}
        agents, site_of, joins = {}, {}, []
        for site in network.sites.values():
            for room in (*site.rooms.values(), site.cabinet):
                agent = AgentFolder(folder / room.name, prefix=room.namespace.machine(over))
                stack.callback(agent.close)
                role = "reference" if room is site.cabinet else "room"
                code = partial(collector.code, room.name, role=role, site=site.site)
                joins.append(partial(_join, agent, collector, code, beyond.certificate))
                agents[room.name], site_of[room.name] = agent, site.site
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(lambda join: join(), joins))
        _references_joined_yesterday(collector)
        measured = MeasuredSchool(network.school, collector, agents, site_of)
        with measured.watched():
            yield MeasuredDistrict(network=network, internet=beyond, measured=measured)


def _join(agent: AgentFolder, collector: CollectorFolder, code: Callable[[], str], certificate: Path) -> None:
    agent.join(collector.url, code(), "--insecure-http", "--ca-file", str(certificate))


def _write_district(network: DistrictNetwork, collector: CollectorFolder) -> None:
    """Write ``district.toml`` and ``rooms.csv``."""
    tables, rooms = [DISTRICT_FILE], ["site,room"]
    for site in network.sites.values():
        tables.append(f'[[sites]]\nid = "{site.site}"\nname = "{site.site}"\nreflector = "{site.cabinet.address}"\n')
        rooms += [f"{site.site},{name}" for name in (*site.rooms, site.cabinet.name)]
    tables += [f'[[anchors]]\nid = "{name}"\nhost = "{address}"\n' for name, address in ANCHORS.items()]
    tables += [
        f'[[services]]\nid = "{name}"\nhost = "{host}"\nevery_seconds = 60\n'
        for name, host in ((NAMED, NAME), (ADDRESSED, ADDRESS))
    ]
    (collector.folder / "district.toml").write_text("\n".join(tables))
    (collector.folder / "rooms.csv").write_text("\n".join((*rooms, "")))


def _references_joined_yesterday(collector: CollectorFolder) -> None:
    """A new reference measures to no anchor for a quarter of an hour, until all others know that there is one more."""
    with closing(sqlite3.connect(collector.folder / "data" / "registry.sqlite")) as registry, registry:
        registry.execute("UPDATE agents SET enrolled_ms = enrolled_ms - ? WHERE role = 'reference'", [_A_DAY_MS])
