"""What an agent sends to join a district, and what it is told to do afterwards."""

from dataclasses import dataclass
from typing import Literal

from wire.batch import check_version
from wire.fields import WireError, check_id, check_key, check_path, check_range, check_sha256, check_slug, check_target
from wire.report_words import STRICT
from wire.reports import LatencyMethod

Role = Literal["room", "reference", "edge"]
CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U, so a code survives being read aloud."""
CODE_LENGTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentRequest:
    """An agent asks to join. It made its own token and shows only the digest, so that asking again
    after a lost answer is harmless and the token itself first travels with the first batch."""

    __pydantic_config__ = STRICT

    version: int
    code: str
    token_sha256: str

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_version(self.version)
        normalised_code(self.code)
        check_sha256("token_sha256", self.token_sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """The collector's answer: the agent's random id and the place that the code stands for."""

    version: int
    agent: str
    site: str
    room: str
    role: Role

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_id("agent", self.agent)
        check_slug("site", self.site)
        check_slug("room", self.room)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something to measure to, by alias.

    `host` ``None`` means the collector's own host, or the machine's default gateway for the alias
    ``gateway``. `tcp_port` is where TCP connect time is taken when `method` is ``tcp_connect``, or
    when `method` gets no answer. For ``dns`` the alias is ``resolver:N``, the machine's Nth resolver, and `host` the
    name that is asked for. With `key`, 64 hexadecimal digits, packets are authenticated (RFC 8762, section 4.2.2).
    """

    alias: str
    method: LatencyMethod
    host: str | None
    port: int
    tcp_port: int | None
    interval_ms: int
    timeout_ms: int
    key: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_target(self.alias)
        check_range("port", self.port, 1, 65_535)
        check_range("tcp_port", self.tcp_port, 1, 65_535)
        check_range("interval_ms", self.interval_ms, 100, 3_600_000)
        check_range("timeout_ms", self.timeout_ms, 100, 60_000)
        if self.key is not None:
            check_key("key", self.key)
        if self.alias.startswith("resolver:") != (self.method == "dns"):
            raise WireError("bad_method", "dns is the method of resolver:N, and of nothing else")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """An HTTPS service that the district lists: request `path` of `host` once in each interval."""

    alias: str
    host: str
    port: int
    path: str
    interval_ms: int
    timeout_ms: int

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_target(self.alias)
        check_range("port", self.port, 1, 65_535)
        check_path("path", self.path)
        check_range("interval_ms", self.interval_ms, 10_000, 3_600_000)
        check_range("timeout_ms", self.timeout_ms, 100, 60_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathPlan:
    """How often to trace the way to each of `targets`, which are aliases. `site_networks` and `district_networks` are
    address ranges, such as 10.12.0.0/16, by which a step's role is told."""

    interval_ms: int
    targets: tuple[str, ...]
    site_networks: tuple[str, ...] = ()
    district_networks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_range("path.interval_ms", self.interval_ms, 60_000, 86_400_000)
        for target in self.targets:
            check_target(target)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReflectorPlan:
    """Answer test packets on this UDP port. With `key` only those that are authenticated by it (RFC 8762, section
    4.3.2)."""

    port: int
    key: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_range("reflector.port", self.port, 1, 65_535)
        if self.key is not None:
            check_key("reflector.key", self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ndt7Plan:
    """Serve ndt7 on this TCP port to whoever shows a lease of the collector's."""

    port: int

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_range("ndt7.port", self.port, 1, 65_535)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThroughputPlan:
    """How often to ask for a lease: once in each interval, at a moment of the agent's own in it.

    With `capacity_interval_ms` also for one for a capacity test, as often as that. `capacity_request` names an admin's
    wish for such a test, to be asked for at once, and once for each name.
    """

    interval_ms: int
    capacity_interval_ms: int | None = None
    capacity_request: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_range("throughput.interval_ms", self.interval_ms, 10_000, 86_400_000)
        check_range("throughput.capacity_interval_ms", self.capacity_interval_ms, 10_000, 86_400_000)
        if self.capacity_request is not None:
            check_id("throughput.capacity_request", self.capacity_request)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig:
    """What the collector wants of one agent. `period_ms` is the length of a report; without `throughput` it tests
    none.

    With `presence`, an authenticated target, the agent measures only where that answers: elsewhere it is away from its
    site and says no more than that. `reflector` and `ndt7` are for a ``reference``, which others measure to.
    """

    version: int
    role: Role
    period_ms: int
    push_interval_ms: int
    targets: tuple[Target, ...]
    throughput: ThroughputPlan | None = None
    services: tuple[Service, ...] = ()
    path: PathPlan | None = None
    presence: Target | None = None
    reflector: ReflectorPlan | None = None
    ndt7: Ndt7Plan | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_range("period_ms", self.period_ms, 1000, 3_600_000)
        check_range("push_interval_ms", self.push_interval_ms, 1000, 3_600_000)
        if len({target.alias for target in self.targets}) != len(self.targets):
            raise WireError("double_target", "each target alias stands once")
        if self.presence is not None and self.presence.key is None:
            raise WireError("no_key", "presence is told by an authenticated answer, so it needs a key")


def normalised_code(code: str) -> str:
    """A code as it was made, from what a person typed: upper case, no hyphens or spaces, O as 0,
    I and L as 1. Raises `WireError` ``bad_code`` for anything that cannot be a code."""
    if len(code) > 40:
        raise WireError("bad_code", "that is too long for an enrolment code")
    if not code.isascii():  # upper() would make two letters of one
        raise WireError("bad_code", "an enrolment code has plain letters, digits and hyphens only")
    text = code.upper().replace("-", "").replace(" ", "").replace("O", "0").replace("I", "1").replace("L", "1")
    if len(text) != CODE_LENGTH or any(letter not in CODE_ALPHABET for letter in text):
        raise WireError("bad_code", f"an enrolment code is {CODE_LENGTH} letters and digits, such as 7K2M-9QXD-4TAB")
    return text
