"""The HTTPS services that a district's lessons need, as its admin lists them in ``district.toml``."""

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from collector.district.display_name import DisplayName
from collector.district.host import a_host
from collector.district.slug import a_slug, each_once
from wire.fields import WireError, check_path

ServiceKind = Literal["lms", "meeting", "test", "other"]
MAX_SERVICES = 20
"""Every agent asks every one of them."""

ROOMS_SPARSER = 3
LONGEST_INTERVAL_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedService:
    """A service by its slug, and what it is called. References ask it every `every_seconds`."""

    service: str
    name: str
    host: str
    port: int = 443
    path: str = "/"
    kind: ServiceKind = "other"
    every_seconds: int = 300

    @property
    def target(self) -> str:
        """The alias under which it is reported."""
        return f"service:{self.service}"

    @property
    def room_interval_s(self) -> int:
        """How often a room asks it, in seconds: rooms are many behind one way out."""
        return min(self.every_seconds * ROOMS_SPARSER, LONGEST_INTERVAL_S)


def _host(value: str) -> str:
    if "/" in value or "?" in value:
        parts = urlsplit(value if "://" in value else f"https://{value}")
        hint = f'; did you mean "{parts.hostname}" with path = "{parts.path or "/"}"?' if parts.hostname else ""
        raise ValueError(f'"{value[:60]}" is more than a host{hint}')
    return a_host(value)


def _path(value: str) -> str:
    try:
        check_path("it", value)
    except WireError:
        raise ValueError(
            f'"{value[:60]}" is not a path; wanted is one such as / or /login, at most 200 characters, without ? and #'
        ) from None
    return value


class ServiceForm(BaseModel):
    """A ``[[services]]`` of the file."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    id: Annotated[str, AfterValidator(a_slug)]
    name: DisplayName | None = None
    host: Annotated[str, Field(min_length=1), AfterValidator(_host)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 443
    path: Annotated[str, AfterValidator(_path)] = "/"
    kind: ServiceKind = "other"
    every_seconds: Annotated[int, Field(ge=60, le=3600)] = 300

    def service(self) -> ListedService:
        """What it says."""
        return ListedService(
            service=self.id,
            name=self.name or self.id,
            host=self.host,
            port=self.port,
            path=self.path,
            kind=self.kind,
            every_seconds=self.every_seconds,
        )


def each_service_once(services: list[ServiceForm]) -> list[ServiceForm]:
    """`services`, if each has its own id and they are not too many. Raises `ValueError`."""
    each_once([one.id for one in services], "service")
    if len(services) > MAX_SERVICES:
        raise ValueError(f"are {len(services)}; every agent asks each of them, so at most {MAX_SERVICES}")
    return services
