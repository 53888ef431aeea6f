"""Which host a target stands for, and how the way there is traced."""

from agent.trace_words import TraceRequest
from wire.enrolment import AgentConfig
from wire.fields import WireError, check_target
from wire.path_report import TraceMethod

UDP_PORT = 33_434
"""The first of the ports where by custom nobody listens, so that the target says so."""

HTTPS_PORT = 443

A_HOST = "service:any"
"""What a host that somebody named at the terminal is called."""


def request_for(
    text: str, config: AgentConfig | None, *, collector_host: str, method: TraceMethod | None = None
) -> TraceRequest:
    """The trace to a target or a service of `config`, to ``gateway``, which needs none, or to any host. Raises
    `WireError` ``unknown_target`` for an alias that `config` does not have.

    Services and anchors are traced by TCP to the port that they serve, because their networks often drop ping; all
    others by ICMP, because a UDP port where somebody listens answers no stranger.
    """
    target = next((one for one in config.targets if one.alias == text), None) if config else None
    service = next((one for one in config.services if one.alias == text), None) if config else None
    alias = text
    host: str | None = None
    port: int | None = None
    if text == "gateway":
        host = target.host if target is not None else None
    elif target is not None:
        host = collector_host if target.host is None else target.host
        port = target.tcp_port if target.method == "stamp" else target.port
    elif service is not None:
        host, port = service.host, service.port
    elif is_alias(text):
        raise WireError("unknown_target", f"{text} is not among the targets that the collector last asked for")
    else:
        alias, host = A_HOST, text
    chosen: TraceMethod = method or ("tcp" if text.startswith(("service:", "anchor:")) else "icmp")
    return TraceRequest(
        target=alias,
        host=host,
        port=UDP_PORT if chosen == "udp" else port or HTTPS_PORT,
        method=chosen,
        site_networks=config.path.site_networks if config and config.path else (),
        district_networks=config.path.district_networks if config and config.path else (),
    )


def is_alias(text: str) -> bool:
    """Whether `text` has the form of a target's name."""
    try:
        check_target(text)
    except WireError:
        return False
    return True
