"""What agents ask of the district's services and of their machines' resolvers, and how often.

References and edges ask as often as the district says; rooms, which are many behind one way out, more sparsely.
"""

from urllib.parse import urlsplit

from collector.district.district import District
from collector.district.host import is_address
from collector.settings import Settings
from wire.enrolment import Role, Service, Target

SERVICE_TIMEOUT_MS = 10_000
RESOLVERS = 2
RESOLVER_PORT = 53
RESOLVER_TIMEOUT_MS = 2_000
RESOLVER_INTERVAL_MS = 10_000
ROOM_RESOLVER_INTERVAL_MS = 60_000


def services_for(role: Role, district: District) -> tuple[Service, ...]:
    """The services that an agent in this role asks."""
    return tuple(
        Service(
            alias=one.target,
            host=one.host,
            port=one.port,
            path=one.path,
            interval_ms=(one.room_interval_s if role == "room" else one.every_seconds) * 1000,
            timeout_ms=SERVICE_TIMEOUT_MS,
        )
        for one in district.services
    )


def resolvers_for(role: Role, district: District, settings: Settings) -> tuple[Target, ...]:
    """The resolvers that an agent in this role asks; none where there is no name to ask for."""
    name = name_to_ask(district, settings)
    if name is None:
        return ()
    return tuple(
        Target(
            alias=f"resolver:{number}",
            method="dns",
            host=name,
            port=RESOLVER_PORT,
            tcp_port=None,
            interval_ms=ROOM_RESOLVER_INTERVAL_MS if role == "room" else RESOLVER_INTERVAL_MS,
            timeout_ms=RESOLVER_TIMEOUT_MS,
        )
        for number in range(1, RESOLVERS + 1)
    )


def name_to_ask(district: District, settings: Settings) -> str | None:
    """A name of the district's own: of its first service that has one, else the collector's from outside."""
    from_outside = urlsplit(settings.public_url).hostname if settings.public_url else None
    hosts = (*(one.host for one in district.services), settings.public_host, from_outside)
    return next((one for one in hosts if one and one != "localhost" and not is_address(one)), None)
