"""One HTTPS request to a service of the district's list."""

from dataclasses import dataclass
from typing import Literal

from wire.fields import WireError, check_range, check_target
from wire.report_words import MAX_US, STRICT, check_period

ServicePhase = Literal["resolve", "connect", "proxy", "tls", "first_byte"]
ServiceFailure = Literal[
    "no_answer",  # no answer in time, in the phase that is named
    "unreachable",  # the system or a router said that there is no way
    "name_not_resolved",  # the name has no address
    "refused",  # the other side closed or reset the connection
    "proxy_refused",  # the proxy would not connect us
    "bad_certificate",  # the certificate is not for this name, not of a known authority, or not valid now
    "tls_failed",  # no agreement on TLS
    "not_http",  # what came back is no HTTP
    "server_error",  # HTTP 5xx
    "probe_broke",  # our own fault; the agent's log has more
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReport:
    """One HTTPS request to a service of the district's list, in its phases, each in microseconds.

    Without a proxy: `resolve_us` the name, `connect_us` TCP, `tls_us` TLS, `first_byte_us` from the request to the
    answer's first byte. `via_proxy`: `resolve_us` and `connect_us` are the proxy's, `proxy_us` is how long it took to
    connect us, which is where a content filter shows. A phase that was not reached is ``None``; `failed_in` names the
    one that failed, `failure` why. `status` is HTTP's, the proxy's own where that refused. `certificate_days` is how
    long the service's certificate is still valid, negative when it is not any more, ``None`` where it was not seen.
    """

    __pydantic_config__ = STRICT

    kind: Literal["service"] = "service"
    seq: int
    boot_ms: int
    duration_ms: int
    target: str
    method_version: int
    via_proxy: bool
    resolve_us: int | None
    connect_us: int | None
    proxy_us: int | None
    tls_us: int | None
    first_byte_us: int | None
    status: int | None
    certificate_days: int | None
    failure: ServiceFailure | None
    failed_in: ServicePhase | None

    def __post_init__(self) -> None:
        """Refuse what cannot be true. Raises `WireError`."""
        check_period(self.seq, self.boot_ms, self.duration_ms)
        check_target(self.target)
        check_range("method_version", self.method_version, 1, 1000)
        for name in ("resolve_us", "connect_us", "proxy_us", "tls_us", "first_byte_us"):
            check_range(name, getattr(self, name), 0, MAX_US)
        check_range("status", self.status, 100, 599)
        check_range("certificate_days", self.certificate_days, -100_000, 100_000)
        if not self.target.startswith("service:"):
            raise WireError("unknown_target", "the target of a service report is service:NAME")
        if self.proxy_us is not None and not self.via_proxy:
            raise WireError("bad_phase", "proxy_us is there only with via_proxy")
        if (self.failure is None) != (self.failed_in is None and self.first_byte_us is not None):
            raise WireError("bad_failure", "failure and failed_in are there exactly when the request failed")
